import {OPERATOR_SCOPES} from '../../../../src/simulator/scenarios/landscape.ts'
import type {BenchOptions, Ran} from '../bench.ts'
import type {Cell, Section} from '../cell.ts'
import type {DiskFault} from '../faults.ts'
import {diskErrors} from './disk.ts'
import {httpFaults, STARRED} from './http.ts'
import {killedOnTheWire, killedWhileWriting} from './kill.ts'

/** Cells of the plan again under other circumstances, and around the confirmation, which the plan has no step for. */

function again(section: Section, cells: readonly Cell[], bench: BenchOptions, more: Partial<Cell> = {}): Cell[] {
  return cells.map((cell) => ({...cell, id: `${section}.${cell.id}`, section, bench: {...cell.bench, ...bench}, ...more}))
}

/**
 * Section M: a management token leaked. Its one grant goes, and the secret is rotated because it could have read it. The old
 * secret did not leak, so nobody has it at hand once the process that read it is gone: that it is refused can then not be
 * proven, and nothing else may be unproven.
 */
export const managementToken: readonly Cell[] = again(
  'M',
  [...killedOnTheWire, ...killedWhileWriting, ...diskErrors, ...httpFaults(['n5', 'n6'])],
  {scenario: 'management-token'},
).map((cell) => ({
  ...cell,
  ends: [...(cell.ends ?? []), 'partial'],
  also: (bench) => onlyTheOldSecret(bench.ran.at(-1)?.document) ?? cell.also?.(bench),
}))

function onlyTheOldSecret(document: Ran['document']): string | undefined {
  if (document?.status !== 'partial' || document.error) return undefined
  const open = document.proof.find((one) => one.verdict !== 'proven' && one.claim !== 'old_secret_refused')
  if (open) return `partial, and ${open.claim} is ${open.verdict}`
  const undone = document.actions.find((one) => one.kind.startsWith('client_') && !['done', 'already'].includes(one.outcome))
  if (undone) return `partial, and ${undone.kind} is ${undone.outcome}`
  return document.next.some((one) => one.includes('--credential-file')) ? undefined : 'the way to the missing proof is not named'
}

/** Of the faults at a rotation those after which nobody knows what it did. */
const UNKNOWN = STARRED.filter((fault) => !['E10', 'E11', 'E12', 'E13'].includes(fault))

/** The new secret was written down whole before the end: then nothing is lost, and nobody is asked. */
const WRITTEN = /w5\.(before-fsync|after-fsync|before-the-name|before-folder-fsync)|w6\./

/**
 * Section N: the responder may not read secrets, so that nobody can look what a rotation did; the leaked value is at hand,
 * and its refusal tells. A new secret that only the lost answer held is lost: that is said, and the ways out are named.
 */
export const withoutReadingSecrets: readonly Cell[] = again(
  'N',
  [
    ...killedOnTheWire.filter(({step}) => step === 'n6'),
    ...killedWhileWriting.filter(({step}) => ['w4', 'w5', 'w6'].includes(step)),
    ...httpFaults(['n6']).filter(
      ({step, id}) => step === 'n6' && (id.endsWith('-applied') || UNKNOWN.some((fault) => id === `E.n6.${fault}`)),
    ),
  ],
  {scopes: OPERATOR_SCOPES.filter((scope) => scope !== 'read:client_keys')},
  {promised: [], ends: ['partial', 'in_doubt'], also: ({ran}) => wayOut(ran.at(-1)?.document)},
).map((cell) => (WRITTEN.test(cell.id) ? {...cell, ends: []} : cell))

/** Whatever is not known at the end has at least two ways out, by name. */
function wayOut(document: {readonly status?: string; readonly next?: readonly string[]} | undefined): string | undefined {
  if (document?.status !== 'partial' && document?.status !== 'in_doubt') return undefined
  return (document.next?.length ?? 0) >= 2 ? undefined : `${document.status}, and ${document.next?.length} ways on are named`
}

const RECORDS: Readonly<Record<string, readonly string[]>> = {
  'the plan': ['"kind":"plan"'],
  'the yes': ['"question":"plan.confirm"'],
  'the snapshot': ['"action":"tenant.snapshot"'],
  'the saved log': ['"action":"tenant_log.save"'],
  "a probe's intent": ['"kind":"intent"', '"action":"token.request"'],
  'the exposure': ['"action":"exposure"'],
  'the status': ['"action":"status"'],
}
const MOMENTS: Readonly<Record<string, DiskFault['moment']>> = {
  'before': 'before',
  'half a record': 'half',
  'before fsync': 'before-sync',
  'after fsync': 'after-sync',
}

/** Section P: killed at records that are no step of the plan's, from the plan itself to the last status. */
export const aroundTheConfirmation: readonly Cell[] = Object.entries(RECORDS).flatMap(([name, record]) =>
  Object.entries(MOMENTS).map(([fault, moment]): Cell => ({
    id: `P.${name}.${fault}`.replaceAll(/[ ']/g, '-'),
    section: 'P',
    step: name,
    fault,
    promised: ['KEEP'],
    arm: () => ({disk: {path: '/records/', record, moment}}),
    also: ({front}) => {
      const before = name === 'the plan' || name === 'the yes' || name === 'the snapshot'
      const sent = front.arrived.find((one) => one.session === 0 && one.changing)
      return before && sent ? `${sent.method} ${sent.path} was sent before ${name} was on disk` : undefined
    },
  })),
)
