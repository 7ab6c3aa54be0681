import {hash} from 'node:crypto'

import {StanchError} from '../errors.ts'
import {LEAK_KINDS, isLeakKind} from '../incident/leak.ts'
import {printable, quoted} from '../untrusted.ts'
import {readFrontMatter} from './front-matter.ts'
import type {Tree} from './front-matter.ts'
import {STOP_REASONS} from '../incident/plan.ts'
import type {StopReason} from '../incident/plan.ts'
import {MAX_RUNBOOK_BYTES, RUNBOOK_ID} from './runbook.ts'
import type {Runbook, RunbookProblem, RunbookStep} from './runbook.ts'
import {readSections} from './sections.ts'
import {readSteps, refuseUnknown, textOf} from './steps.ts'

/**
 * A runbook from the text of its file.
 *
 * @param name how errors call the file; not interpreted
 * @throws {StanchError} `runbook.invalid` naming the first wrong line and how many more there are
 */
export async function parseRunbook(text: string, name: string): Promise<Runbook> {
  const {runbook, problems} = await examineRunbook(text)
  if (runbook) return runbook
  const [first] = problems
  const where = first?.line === undefined ? '' : ` line ${first.line}`
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  throw new StanchError('runbook.invalid', `${quoted(name)}${where}: ${first?.message ?? 'not a runbook.'}${more}`, {
    hint: 'stanch runbook lint shows every problem with its line; the format is in runbooks/README.md.',
  })
}

/** Everything that is wrong with a runbook, by line; with nothing wrong, the runbook. Never throws for bad content. */
export async function examineRunbook(text: string): Promise<{runbook?: Runbook; problems: RunbookProblem[]}> {
  const problems = checkText(text)
  if (problems.length > 0) return {problems}
  // A checkout on Windows ends lines with CR LF. The hash is over the file as it is; the lines are not.
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const end = lines[0] === '---' ? lines.indexOf('---', 1) : -1
  if (end === -1) return {problems: [{line: 1, message: 'A runbook begins with YAML front matter between two lines of "---".'}]}

  const front = await readFrontMatter(lines.slice(1, end).join('\n'), 2)
  const page = readSections(lines.slice(end + 1), end + 2)
  if (!front.tree) return {problems: byLine([...front.problems, ...page.problems])}
  const {head, steps, problems: found} = readHead(front.tree)
  const all = [...found, ...page.problems]

  const stepIds = new Set(steps.map((step) => step.id))
  const sections: Record<string, string> = {}
  for (const section of page.sections) {
    const {id, line} = section
    if (Object.hasOwn(sections, id)) all.push({line, message: `There is already a section for the step ${id}.`})
    else if (!stepIds.has(id))
      all.push({line, message: `No step has the id ${printable(id, 60)}: every section belongs to a step.`})
    if (section.body === '') all.push({line, message: 'This section says nothing: a person must be able to follow it alone.'})
    sections[id] = section.body
  }
  for (const {id, line} of steps) {
    if (!Object.hasOwn(sections, id))
      all.push({line, message: `The step ${id} has no section: add "## ${id}: title" to the page.`})
  }
  if (all.length > 0 || !head) return {problems: byLine(all)}
  return {runbook: {...head, sha256: hash('sha256', text, 'hex'), steps, sections, text}, problems: []}
}

type Head = Pick<Runbook, 'id' | 'version' | 'title' | 'leak' | 'stop_when'>

function readHead(tree: Tree): {head?: Head; steps: RunbookStep[]; problems: RunbookProblem[]} {
  const problems: RunbookProblem[] = []
  const report = (line: number, message: string): void => void problems.push({line, message})
  if (tree.kind !== 'map') {
    report(tree.line, 'The front matter must be a map.')
    return {steps: [], problems}
  }
  refuseUnknown(tree, ['format', 'id', 'version', 'title', 'leak', 'stop_when', 'steps'], 'A runbook', report)
  const number = (name: string, max: number): number | undefined => {
    const member = tree.members.get(name)
    if (member?.kind === 'scalar' && typeof member.value === 'number' && member.value >= 1 && member.value <= max)
      return member.value
    return void report(member?.line ?? tree.line, `${name} must be a whole number from 1 to ${max}.`)
  }
  number('format', 1)
  const version = number('version', 1_000_000)
  const id = textOf(tree, 'id', report)
  if (id !== undefined && !RUNBOOK_ID.test(id))
    report(tree.line, `The id ${printable(id, 60)} must be lower-case words joined by "-".`)
  const title = textOf(tree, 'title', report)
  const leak = textOf(tree, 'leak', report)
  if (leak !== undefined && !isLeakKind(leak)) {
    report(
      tree.members.get('leak')?.line ?? tree.line,
      `Unknown kind of leak ${printable(leak, 60)}. Known: ${LEAK_KINDS.join(', ')}.`,
    )
  }
  const {steps, problems: wrongSteps} = readSteps(tree.members.get('steps'), tree.line)
  problems.push(...wrongSteps)
  const stop_when = readStopReasons(tree, steps, report)
  if (id === undefined || version === undefined || title === undefined || leak === undefined || !isLeakKind(leak))
    return {steps, problems}
  return {head: {id, version, title, leak, stop_when}, steps, problems}
}

function readStopReasons(
  tree: Tree & {kind: 'map'},
  steps: readonly RunbookStep[],
  report: (line: number, message: string) => void,
): StopReason[] {
  const member = tree.members.get('stop_when')
  const changes = steps.some((step) => step.action === 'client_grant.delete' || step.action === 'client_secret.rotate')
  const line = member?.line ?? tree.line
  const items = member?.kind === 'list' ? member.items.map((item) => (item.kind === 'scalar' ? item.value : undefined)) : []
  const reasons = STOP_REASONS.filter((reason) => items.includes(reason))
  if (member && (member.kind !== 'list' || reasons.length !== items.length)) {
    report(line, `stop_when must be a list of different names out of: ${STOP_REASONS.join(', ')}.`)
  } else if (changes) {
    for (const must of STOP_REASONS.slice(0, 2)) {
      if (!reasons.includes(must)) report(line, `A runbook that changes a tenant must list ${must} in stop_when.`)
    }
  }
  return reasons
}

/** What no file may contain, whatever its format: it would be shown on a terminal, or hide something from a reviewer. */
function checkText(text: string): RunbookProblem[] {
  if (Buffer.byteLength(text) > MAX_RUNBOOK_BYTES) return [{message: `The file is larger than ${MAX_RUNBOOK_BYTES / 1024} KiB.`}]
  const problems: RunbookProblem[] = []
  for (const [index, line] of text.replaceAll('\r\n', '\n').split('\n').entries()) {
    if (printable(line, Infinity) !== line) {
      problems.push({line: index + 1, message: 'Contains a tab, a control character or an invisible one.'})
    }
  }
  return problems
}

function byLine(problems: readonly RunbookProblem[]): RunbookProblem[] {
  return [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
}
