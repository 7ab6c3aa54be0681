import type {Plan} from '../incident/plan.ts'
import type {Account} from './account.ts'
import {evidenceOf, ofKind, partOf, said, seqs, textOf} from './account.ts'
import {unknown} from './answered.ts'
import type {Answered} from './answered.ts'
import {code, recordsText} from './markdown-text.ts'

/** What is asked about people, procedures and decisions. */
export function peopleQuestions(account: Account): Answered[] {
  return [whoActed(account), whoApproved(account), procedure(account), practised(account), told(account), disposition(account)]
}

/** Auth0 gives machine clients a subject of this form: it proves the client, and nobody behind it. */
function isMachine(subject: string): boolean {
  return subject.endsWith('@clients')
}

function whoActed(account: Account): Answered {
  const sessions = ofKind(account, 'session.open')
  const credentials = ofKind(account, 'auth')
  const claimed = [
    ...new Set(
      sessions.map(
        (one) =>
          `${code(textOf(one, 'actor') ?? 'nobody named', 120)} (by ${code(textOf(one, 'actor_source') ?? 'unknown', 20)})`,
      ),
    ),
  ]
  const proven = new Map<string, number[]>()
  for (const record of credentials) {
    const client = code(textOf(record, 'client_id') ?? 'unknown', 80)
    const subject = textOf(record, 'subject')
    const scopes = Array.isArray(record['scopes']) ? record['scopes'].length : 0
    const whom =
      subject === undefined
        ? `whom it proves is ${unknown('its token names no subject')}`
        : isMachine(subject)
          ? `its subject is ${code(subject, 120)}: a machine client, shared by whoever holds its credential, so it proves no human`
          : `its subject is ${code(subject, 120)}: the user whom the tenant signed in`
    const line = `- client ${client} with ${scopes} scope(s); ${whom}`
    proven.set(line, [...(proven.get(line) ?? []), record.seq])
  }
  const human = credentials.some((record) => !isMachine(textOf(record, 'subject') ?? '@clients'))
  return {
    id: 'who_acted',
    question: 'Who acted, and which human does the tenant prove?',
    answer: [
      claimed.length === 0
        ? `Who acted is ${unknown('no session is in the slice')}.`
        : `Claimed by the machine: ${claimed.join(', ')}.`,
      proven.size === 0
        ? `What the tenant proves is ${unknown('no credential is on record')}.`
        : `Proven by the tenant:\n\n${[...proven].map(([line, numbers]) => `${line} (${recordsText(numbers)})`).join('\n')}`,
      human
        ? 'The tenant proves a human for the credentials above that name a user; the others prove none.'
        : `Which human acted is ${unknown('the tenant proves none: a shared machine client stands for anybody who holds its credential')}.`,
    ],
    records: [...seqs(sessions), ...seqs(credentials)],
  }
}

function whoApproved(account: Account): Answered {
  const confirmed = ofKind(account, 'decision').filter((record) => textOf(record, 'question') === 'plan.confirm')
  const approvals = ofKind(account, 'approval')
  return {
    id: 'approved',
    question: 'Who approved?',
    answer: [
      confirmed.length === 0
        ? `Who confirmed the plan is ${unknown('no confirmation is on record')}.`
        : `The plan was answered ${confirmed.map((one) => `${code(JSON.stringify(one['answer']), 20)} by ${code(textOf(one, 'actor') ?? 'nobody named', 120)} at ${one.time} for plan ${code(textOf(one, 'plan_sha256') ?? 'unnamed')} (record ${one.seq})`).join('; ')}.`,
      approvals.length === 0
        ? `A second person's approval is ${unknown('none is on record: the responder alone decided')}.`
        : `Approved by a second person: ${approvals.map((one) => `${code(textOf(one, 'by') ?? '?', 120)} via ${code(textOf(one, 'via') ?? '?', 120)} at ${one.time}, for ${code(textOf(one, 'plan_sha256') ?? textOf(one, 'op') ?? '?')} (record ${one.seq})`).join('; ')}.`,
    ],
    records: [...seqs(confirmed), ...seqs(approvals)],
  }
}

function procedure(account: Account): Answered {
  const plans = ofKind(account, 'plan')
  const question = 'Was the procedure the approved version?'
  if (plans.length === 0) return {id: 'procedure', question, answer: [unknown('no plan is on record')], records: []}
  const lines = plans.map((record) => {
    const {id, version, sha256} = partOf(record, 'runbook')
    return typeof id === 'string'
      ? `- plan ${code(textOf(record, 'plan_sha256') ?? '?')} was made from runbook ${code(id, 80)}, version ${code(said(version), 20)}, SHA-256 ${code(said(sha256))} (record ${record.seq})`
      : `- plan ${code(textOf(record, 'plan_sha256') ?? '?')}: its runbook is ${unknown('the record names none')} (record ${record.seq})`
  })
  return {
    id: 'procedure',
    question,
    answer: [
      lines.join('\n'),
      `Whether your organisation had approved that version is ${unknown('no approval of a runbook is kept in the trail: compare its SHA-256 with the approved file (`sha256sum`)')}.`,
    ],
    records: seqs(plans),
  }
}

function practised(account: Account): Answered {
  const {practised: drill} = account
  return {
    id: 'practised',
    question: 'When was it last practised?',
    answer: [
      drill
        ? `${code(drill.leak, 40)} was practised at ${drill.at} in drill ${code(drill.incident_id, 60)}, the last one on this machine that began before the incident. Drills have a log of their own, with its own checkpoint; ask for its bundle.`
        : unknown("this machine's log of drills holds none that began before the incident"),
    ],
    records: [],
  }
}

function told(account: Account): Answered {
  const {signed_off: done} = account.state
  const records = ofKind(account, 'decision').filter((record) => textOf(record, 'question')?.startsWith('manual.'))
  const steps = new Map<string, {owner: string; question: string}>()
  for (const record of ofKind(account, 'plan')) {
    const plan = evidenceOf<Plan>(account, textOf(record, 'evidence'))
    for (const step of plan?.steps ?? []) if (step.action === 'manual') steps.set(step.id, step.args)
  }
  const lines = [...steps].map(
    ([id, {owner, question}]) =>
      `- ${code(owner, 60)}: ${code(question, 300)}: ${done[id] === undefined ? 'open' : `signed off (${code(done[id], 60)})`}`,
  )
  return {
    id: 'told',
    question: 'Who was told, and what was left to people?',
    answer: [
      lines.length === 0 ? `What was left to people is ${unknown('the plan has no step for them')}.` : lines.join('\n'),
      records.length === 0
        ? `Whether anybody was told is ${unknown('nobody has signed one of these steps off')}.`
        : `Signed off: ${recordsText(seqs(records))}. What was written to them is kept by those who sent it.`,
    ],
    records: [...seqs(ofKind(account, 'plan')), ...seqs(records)],
  }
}

function disposition(account: Account): Answered {
  const question = 'How was it evaluated and concluded: disposition, cause, lessons?'
  const end = ofKind(account, 'incident.close').at(-1)
  const opened = ofKind(account, 'incident.open')
  if (!end)
    return {
      id: 'disposition',
      question,
      answer: [
        unknown('the incident was not closed when this was made: disposition, cause and lessons are recorded with its end'),
      ],
      records: seqs(opened),
    }
  const said = (what: string, member: string): string => {
    const value = textOf(end, member)
    return value === undefined
      ? `${what} is ${unknown('nobody said it when the incident was closed')}.`
      : `${what}: ${code(value, 1000)}.`
  }
  return {
    id: 'disposition',
    question,
    answer: [
      said('The disposition', 'disposition'),
      said('The cause', 'cause'),
      said('What was learned', 'lessons'),
      said('A summary', 'summary'),
    ],
    records: [...seqs(opened), end.seq],
  }
}
