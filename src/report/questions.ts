import type {Account} from './account.ts'
import type {Answered} from './answered.ts'
import {recordsText} from './markdown-text.ts'
import {logQuestions} from './questions-log.ts'
import {leakQuestions} from './questions-leak.ts'
import {peopleQuestions} from './questions-people.ts'

/** Every question, answered from the trail and its evidence alone. The order is that of an interview. */
export function answers(account: Account): Answered[] {
  return [...logQuestions(account), ...leakQuestions(account), ...peopleQuestions(account)]
}

export function questionsText(account: Account): string {
  const {state, mode, log} = account
  const lines = [
    `# Questions about incident ${state.incident_id}`,
    '',
    `${mode === 'sim' ? 'SIMULATED: a drill or a practice tenant. ' : ''}Answers come from the records in \`slice.jsonl\` and the evidence they name; numbers are the records' \`seq\`. What the trail cannot show is said as "not known, because". Times are UTC.`,
    '',
    `Log ${log.origin}, checkpoint of ${log.size} records.`,
  ]
  for (const [index, {question, answer, records}] of answers(account).entries()) {
    lines.push('', `## ${index + 1}. ${question}`, '')
    lines.push(...answer.flatMap((paragraph, i) => (i === 0 ? [paragraph] : ['', paragraph])))
    if (records.length > 0) lines.push('', `See ${recordsText(records)}.`)
  }
  return `${lines.join('\n')}\n`
}
