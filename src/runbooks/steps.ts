import type {ArgSpec, ArgValue} from '../incident/actions/template.ts'
import {ACTION_DEFINITIONS} from '../incident/actions/index.ts'
import {ACTIONS} from '../incident/plan.ts'
import type {ActionName} from '../incident/plan.ts'
import {PREDICATES} from '../incident/policy.ts'
import type {PredicateName} from '../incident/policy.ts'
import {printable} from '../untrusted.ts'
import type {Tree} from './front-matter.ts'
import {RUNBOOK_ID} from './runbook.ts'
import type {RunbookProblem, RunbookStep} from './runbook.ts'

type Report = (line: number, message: string) => void

/** More would not be read by anybody at three in the morning. */
const MAX_STEPS = 50
/** Longest text argument, characters. */
const MAX_TEXT = 300
/** What to give back comes from an incident's own snapshot, never from a file. */
const NOT_FOR_RUNBOOKS: readonly ActionName[] = ['client_grant.restore']

/** The `steps` of a runbook. Every problem is reported with its line; steps that cannot be understood are left out. */
export function readSteps(tree: Tree | undefined, line: number): {steps: RunbookStep[]; problems: RunbookProblem[]} {
  const problems: RunbookProblem[] = []
  const report: Report = (at, message) => problems.push({line: at, message})
  if (tree?.kind !== 'list' || tree.items.length === 0) {
    report(tree?.line ?? line, 'steps must be a list with at least one step.')
    return {steps: [], problems}
  }
  if (tree.items.length > MAX_STEPS) report(tree.line, `A runbook has at most ${MAX_STEPS} steps.`)
  const steps = tree.items.slice(0, MAX_STEPS).flatMap((item) => readStep(item, report) ?? [])
  checkIds(steps, report)
  checkRotation(steps, report)
  return {steps, problems}
}

function readStep(tree: Tree, report: Report): RunbookStep | undefined {
  if (tree.kind !== 'map') return void report(tree.line, 'A step must be a map with id and action.')
  refuseUnknown(tree, ['id', 'action', 'when', 'args'], 'A step', report)
  const id = textOf(tree, 'id', report)
  const action = textOf(tree, 'action', report)
  if (id === undefined || action === undefined) return undefined
  if (!RUNBOOK_ID.test(id) || id === 'constructor') {
    return void report(
      tree.line,
      `The step id ${printable(id, 60)} must be lower-case words joined by "-", at most 48 characters.`,
    )
  }
  if (!isAction(action))
    return void report(lineOf(tree, 'action'), `Unknown action ${printable(action, 60)}. Known: ${allowedActions().join(', ')}.`)
  const when = tree.members.has('when') ? textOf(tree, 'when', report) : 'always'
  if (when === undefined) return undefined
  if (!isPredicate(when))
    return void report(lineOf(tree, 'when'), `Unknown condition ${printable(when, 60)}. Known: ${PREDICATES.join(', ')}.`)
  return {id, action, when, args: readArgs(tree, action, report), line: tree.line}
}

function readArgs(step: Tree & {kind: 'map'}, action: ActionName, report: Report): Record<string, ArgValue> {
  const specs = ACTION_DEFINITIONS[action].args
  const tree = step.members.get('args')
  if (tree && tree.kind !== 'map') {
    report(tree.line, 'args must be a map.')
    return {}
  }
  if (tree) refuseUnknown(tree, Object.keys(specs), `The action ${action}`, report)
  const args: Record<string, ArgValue> = {}
  for (const [name, spec] of Object.entries(specs)) {
    const value = tree?.members.get(name)
    if (value) {
      const read = readArg(value, spec, name, report)
      if (read !== undefined) args[name] = read
    } else if (spec.required) {
      report(tree?.line ?? step.line, `The action ${action} needs the argument ${name}.`)
    }
  }
  return args
}

function readArg(tree: Tree, spec: ArgSpec, name: string, report: Report): ArgValue | undefined {
  const refuse = (wanted: string): undefined => report(tree.line, `The argument ${name} must be ${wanted}.`) as undefined
  const value = tree.kind === 'scalar' ? tree.value : undefined
  switch (spec.type) {
    case 'text':
      if (typeof value !== 'string' || value.trim() === '' || value.length > MAX_TEXT)
        return refuse(`text of 1 to ${MAX_TEXT} characters`)
      return value
    case 'number':
      if (typeof value !== 'number' || value < spec.min || value > spec.max)
        return refuse(`a whole number from ${spec.min} to ${spec.max}`)
      return value
    case 'one_of':
      return typeof value === 'string' && spec.of.includes(value) ? value : refuse(`one of: ${spec.of.join(', ')}`)
    case 'some_of': {
      const items = tree.kind === 'list' ? tree.items.map((item) => (item.kind === 'scalar' ? item.value : undefined)) : []
      const known = items.filter((item) => typeof item === 'string' && spec.of.includes(item)) as string[]
      if (known.length === 0 || known.length !== items.length || new Set(known).size !== known.length) {
        return refuse(`a list of different names out of: ${spec.of.join(', ')}`)
      }
      return known
    }
  }
}

function checkIds(steps: readonly RunbookStep[], report: Report): void {
  const seen = new Map<string, number>()
  for (const {id, line} of steps) {
    const first = seen.get(id)
    if (first === undefined) seen.set(id, line)
    else report(line, `The step id ${id} is already used on line ${first}.`)
  }
}

/**
 * A rotation nobody receives takes the client down for good, and a second rotation throws the first secret away:
 * at most one, and after it a delivery under the very same condition.
 */
function checkRotation(steps: readonly RunbookStep[], report: Report): void {
  const rotations = steps.filter((step) => step.action === 'client_secret.rotate')
  for (const step of rotations.slice(1))
    report(step.line, 'A runbook rotates at most once: a second rotation discards the secret of the first.')
  const [rotation] = rotations
  const deliveries = steps.filter((step) => step.action === 'secret.deliver')
  for (const step of deliveries) {
    if (!rotation || steps.indexOf(step) < steps.indexOf(rotation))
      report(step.line, 'A delivery must stand after the rotation whose secret it hands over.')
  }
  if (!rotation) return
  const [delivery] = deliveries
  if (!delivery) report(rotation.line, 'After client_secret.rotate there must be a secret.deliver, or nobody has the new secret.')
  else if (delivery.when !== rotation.when)
    report(delivery.line, `The delivery must have the condition of the rotation: when: ${rotation.when}.`)
}

/** Reports members of a map that are not in the list. */
export function refuseUnknown(tree: Tree & {kind: 'map'}, known: readonly string[], what: string, report: Report): void {
  for (const [name, member] of tree.members) {
    if (!known.includes(name))
      report(member.line, `${what} has no ${printable(name, 60)}. Known: ${known.join(', ') || 'nothing'}.`)
  }
}

/** A member that must be text of one line, or undefined after a report. */
export function textOf(tree: Tree & {kind: 'map'}, name: string, report: Report): string | undefined {
  const member = tree.members.get(name)
  if (member?.kind === 'scalar' && typeof member.value === 'string') {
    if (member.value.trim() !== '' && member.value.length <= MAX_TEXT && !member.value.includes('\n')) return member.value
  }
  return void report(member?.line ?? tree.line, `${name} must be text of one line, 1 to ${MAX_TEXT} characters.`)
}

function lineOf(tree: Tree & {kind: 'map'}, name: string): number {
  return tree.members.get(name)?.line ?? tree.line
}

function allowedActions(): ActionName[] {
  return ACTIONS.filter((action) => !NOT_FOR_RUNBOOKS.includes(action))
}

function isAction(text: string): text is ActionName {
  return (allowedActions() as readonly string[]).includes(text)
}

function isPredicate(text: string): text is PredicateName {
  return (PREDICATES as readonly string[]).includes(text)
}
