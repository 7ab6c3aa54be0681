import path from 'node:path'

import type {Bench} from '../bench.ts'
import type {Cell, Promised} from '../cell.ts'
import type {DiskFault} from '../faults.ts'
import {WRITES} from '../steps.ts'
import type {WriteStep} from '../steps.ts'
import {TARGETS} from './kill.ts'

/** Section D: the file system refuses at a write step, and goes on refusing where a real one would. */

interface Refusal {
  readonly error?: string
  readonly moment: DiskFault['moment']
  /** The sink's file is made anew: what is refused there is the opening. */
  readonly atSink?: DiskFault['moment']
  readonly lasts: boolean
}

const REFUSALS: Readonly<Record<string, Refusal>> = {
  'ENOSPC': {error: 'ENOSPC', moment: 'write', lasts: true},
  'EIO on write': {error: 'EIO', moment: 'write', lasts: true},
  'EIO on fsync': {error: 'EIO', moment: 'sync', lasts: false},
  'EROFS': {error: 'EROFS', moment: 'write', atSink: 'open', lasts: true},
  // A file that is open already takes its bytes: every file that is opened after it is refused.
  'EMFILE': {error: 'EMFILE', moment: 'exhaust', atSink: 'open', lasts: true},
  'EDQUOT': {error: 'EDQUOT', moment: 'write', lasts: true},
  'EACCES': {error: 'EACCES', moment: 'write', atSink: 'open', lasts: true},
  'short write': {moment: 'short', lasts: false},
}

const PROMISED: Readonly<Record<WriteStep, readonly Promised[]>> = {
  w1: ['REFUSE'],
  w2: ['STOP'],
  w3: ['STOP'],
  w4: ['STOP'],
  w5: ['OK+W'],
  w6: ['STOP'],
  w7: ['OK+W', 'STOP'],
  w8: ['OK+W', 'STOP'],
}

/** Requests that the failing write had to come before. */
function notSent(step: WriteStep): Cell['also'] {
  const barred = step === 'w2' ? ['n5', 'n6'] : step === 'w4' ? ['n6'] : step === 'w3' ? ['n6'] : []
  if (barred.length === 0) return undefined
  return ({front}: Bench) => {
    const sent = front.arrived.find((one) => one.session === 0 && barred.includes(one.step))
    return sent ? `${sent.method} ${sent.path} was sent although its intent could not be written` : undefined
  }
}

export const diskErrors: readonly Cell[] = WRITES.flatMap((step) =>
  Object.entries(REFUSALS).map(([fault, refusal]): Cell => {
    const fine = refusal.moment === 'short'
    const also = fine ? undefined : notSent(step)
    return {
      id: `D.${step}.${fault.replaceAll(' ', '-')}`,
      section: 'D',
      step,
      fault,
      promised: fine ? ['OK'] : fault === 'EMFILE' && step !== 'w5' ? ['OK+W', 'STOP', 'REFUSE', 'OK'] : PROMISED[step],
      ...(also && fault !== 'EMFILE' ? {also} : {}),
      arm: (bench) => {
        const sink = step === 'w5'
        const folder = sink ? path.dirname(bench.sink) : bench.data
        return {
          disk: {
            ...TARGETS[step],
            moment: sink ? (refusal.atSink ?? refusal.moment) : refusal.moment,
            ...(refusal.error === undefined ? {} : {error: refusal.error}),
            ...(refusal.lasts ? {folder} : {}),
          },
        }
      },
    }
  }),
)
