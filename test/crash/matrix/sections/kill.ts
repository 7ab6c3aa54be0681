import type {Bench} from '../bench.ts'
import type {Cell} from '../cell.ts'
import type {DiskFault, Injected} from '../faults.ts'
import {NETWORK, WRITES} from '../steps.ts'
import type {NetworkStep, WriteStep} from '../steps.ts'

/** Section A: the process is killed at a point of the network. */

const POINTS = ['before send', 'sent, no effect', 'effect, no answer', 'answer, no record'] as const

function armAt(bench: Bench, step: NetworkStep, effect: boolean): void {
  bench.front.acts.push(async ({seen, effect: act, response}) => {
    if (seen.step !== step || seen.nth !== 1) return 'pass'
    if (effect) await act()
    await bench.kill()
    response.destroy()
    return undefined
  })
}

export const killedOnTheWire: readonly Cell[] = NETWORK.flatMap((step) =>
  POINTS.map((fault): Cell => {
    const halt = fault === 'before send' ? 'before-send' : fault === 'answer, no record' ? 'answered' : undefined
    return {
      id: `A.${step}.${fault.replaceAll(/, | /g, '-')}`,
      section: 'A',
      step,
      fault,
      promised: ['KEEP'],
      arm: (bench): Injected | void => {
        if (halt) return {halt: {step, moment: halt}}
        return armAt(bench, step, fault === 'effect, no answer')
      },
    }
  }),
)

/** Where each write of the main flow goes, and what is written. */
export const TARGETS: Readonly<Record<WriteStep, Pick<DiskFault, 'path' | 'record' | 'nth'>>> = {
  w1: {path: '/records/', record: ['"kind":"incident.open"']},
  w2: {path: '/records/', record: ['"kind":"intent"', '"action":"client_grant.delete"']},
  w3: {path: '/records/', record: ['"kind":"outcome"', '"action":"client_grant.delete"']},
  w4: {path: '/records/', record: ['"kind":"intent"', '"action":"client_secret.rotate"']},
  w5: {path: '/hand-over/.new-secret.'},
  w6: {path: '/records/', record: ['"kind":"outcome"', '"action":"client_secret.rotate"']},
  w7: {path: '/records/', record: ['"kind":"observe"', '"action":"verify.']},
  w8: {path: '/.checkpoint.', nth: 3},
}

/** Section B: the process is killed at a point of a write. The sink gets its name by a link and not by a rename, which would replace. */
export const killedWhileWriting: readonly Cell[] = WRITES.flatMap((step) => {
  const moments: [string, DiskFault['moment']][] = [
    ['before', 'before'],
    ['half a record', 'half'],
    ['before fsync', 'before-sync'],
    ['after fsync', 'after-sync'],
  ]
  if (step === 'w5') moments.push(['before the name', 'before-rename'], ['before folder fsync', 'before-folder-sync'])
  return moments.map(([fault, moment]): Cell => ({
    id: `B.${step}.${fault.replaceAll(/, | /g, '-')}`,
    section: 'B',
    step,
    fault,
    promised: ['KEEP'],
    arm: () => ({disk: {...TARGETS[step], moment}}),
  }))
})
