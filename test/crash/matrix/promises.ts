import {incidentsOf} from '../../../src/execution/record-mapping.ts'
import {inDoubt} from '../../../src/incident/replay.ts'
import type {Bench, Ran} from './bench.ts'
import type {Promised} from './cell.ts'
import type {Arrived} from './front.ts'

/** What was seen of the first run of a cell. */
interface First {
  readonly bench: Bench
  readonly ran: Ran
  /** Changing requests of the first run. */
  readonly changes: readonly Arrived[]
}

const CHECKS: Readonly<Record<Promised, (first: First) => string | undefined>> = {
  'OK': ({ran}) => (ran.code === 0 && ran.document?.status === 'contained' ? undefined : `not completed: ${told(ran)}`),
  'OK+W': weakness,
  'R': (first) => CHECKS.OK(first) && CHECKS.STOP(first),
  'STOP': stopped,
  'READ': looked,
  'ASK': asked,
  'REFUSE': ({ran, changes}) =>
    ran.signal === null && ran.code > 0 && changes.length === 0
      ? undefined
      : `not refused: ${changes.length} changes were sent, ${told(ran)}`,
  'KEEP': ({ran}) => (ran.signal === 'SIGKILL' ? undefined : `the process was not ended: ${told(ran)}`),
}

/** Undefined when one of the promises was kept. */
export function broken(promised: readonly Promised[], bench: Bench, ran: Ran): string | undefined {
  const first = {bench, ran, changes: bench.front.arrived.filter((one) => one.changing && one.session === 0)}
  if (promised.length === 0) return undefined
  const problems = promised.map((one) => CHECKS[one](first))
  return problems.includes(undefined) ? undefined : problems.map((problem, index) => `${promised[index]}: ${problem}`).join('; ')
}

export function told({code, signal, document, stderr}: Ran): string {
  return `exit ${signal ?? code}, ${document?.status ?? 'no status'}, ${document?.error ? `${document.error.code} ${document.error.message}` : stderr.trim().split('\n').at(-1)}`
}

/** It ended by itself and says what is weak: a gap, a claim that is not proven, an error, and what to do. */
function weakness({ran}: First): string | undefined {
  const {document} = ran
  if (ran.signal !== null || !document) return `no result: ${told(ran)}`
  const weak =
    document.error !== undefined ||
    (document.evidence_gaps ?? []).length > 0 ||
    (document.proof ?? []).some((one) => one.verdict !== 'proven')
  return weak ? undefined : `no weakness is named: ${told(ran)}`
}

/** Ended with an error or a partial result; nothing is left that nobody knows the end of, no target was sent a second change. */
function stopped({bench, ran, changes}: First): string | undefined {
  if (ran.signal !== null || ran.code === 0) return `it went on: ${told(ran)}`
  const twice = changes.find(
    (one, index) => changes.findIndex((other) => other.path === one.path && other.correlation !== one.correlation) > index,
  )
  if (twice) return `${twice.path} was sent again`
  const [incident] = incidentsOf(bench.records()).toReversed()
  const open = incident?.operations.some(
    (one) => inDoubt(one) && !(ran.document?.status === 'in_doubt' || one.action === 'client_secret.read'),
  )
  return open && ran.document?.error === undefined ? 'something is in doubt, and the result does not say so' : undefined
}

/** Between two sends for one target somebody looked, and the first was settled in the trail before the second was intended. */
function looked({bench, ran}: First): string | undefined {
  if (ran.signal !== null && ran.signal !== 'SIGKILL') return told(ran)
  const all = bench.front.arrived
  for (const [index, one] of all.entries()) {
    if (!one.changing) continue
    const again = all.findIndex((other, at) => at > index && other.changing && other.path === one.path)
    if (again === -1) continue
    const looks = all.slice(index + 1, again).filter((other) => other.method === 'GET' || other.step === 'n7')
    if (looks.length === 0) return `${one.path} was sent again without a look`
  }
  const records = bench.records()
  for (const intent of records) {
    if (intent.kind !== 'intent' || !String(intent['action']).startsWith('client_') || intent['action'] === 'client_secret.read')
      continue
    const next = records.find(
      (other) =>
        other.seq > intent.seq &&
        other.kind === 'intent' &&
        other['target'] === intent['target'] &&
        other['action'] === intent['action'],
    )
    if (!next) continue
    const known = records.some(
      (other) =>
        other.seq < next.seq &&
        other['op'] === intent['op'] &&
        (other.kind === 'settle' || (other.kind === 'outcome' && other['result'] !== 'unknown')),
    )
    if (!known) return `record ${intent.seq} was repeated by ${next.seq} before it was settled`
  }
  return undefined
}

/** In doubt, its own exit status, at least two ways out, and no second change. */
function asked({ran, changes}: First): string | undefined {
  const rotations = changes.filter((one) => one.step === 'n6')
  if (rotations.length > 1) return 'it was sent again without a question'
  const {document} = ran
  if (!document || ran.code === 0) return told(ran)
  const ways = document.next.length + (document.error?.hint === undefined ? 0 : 1)
  return ways >= 2 ? undefined : `only ${ways} way on is named: ${told(ran)}`
}
