import {existsSync, mkdirSync, readFileSync} from 'node:fs'
import path from 'node:path'

import {hasIntent} from '../../../../src/trail/intents.ts'
import {verifyFolder} from '../../../../src/trail/verify-folder.ts'
import type {Bench, Ran} from '../bench.ts'
import type {Cell} from '../cell.ts'
import {NETWORK} from '../steps.ts'
import type {NetworkStep} from '../steps.ts'

/** Section I: a second responder does all of its work while the first waits at a step; on the same machine or on another one. */

const HOSTS = ['same host', 'two hosts'] as const
const PLANS = ['same plan', 'conflicting plan'] as const

function second(
  bench: Bench,
  host: (typeof HOSTS)[number],
  plan: (typeof PLANS)[number],
  number = 2,
): {argv: string[]; env: Record<string, string>} {
  const sink = path.join(path.dirname(bench.sink), `new-secret-${number}`)
  const data = path.join(bench.folder, `data-${number}`)
  if (host === 'two hosts') mkdirSync(data, {mode: 0o700})
  const words = [
    '--client',
    bench.client,
    '--deliver',
    `file:${sink}`,
    '--reason',
    'the other responder',
    '--credential-file',
    bench.leaked,
    '--yes',
    '--json',
  ]
  return {
    argv: plan === 'same plan' ? ['respond', '--leak', 'client-secret', ...words] : ['secret', 'rotate', ...words],
    env: host === 'two hosts' ? {STANCH_DATA_DIR: data} : {},
  }
}

/** A second rotation is legal only if the responder who ended last was told of the other: by a question, a guard or a gap. */
function nobodyUnaware(bench: Bench): string | undefined {
  const count = bench.front.tenant.count('client_secret.rotate', bench.client)
  return count <= 1 || bench.ran.some(isTold) ? undefined : `${count} rotations, and nobody was told of the other one`
}

function isTold({stdout, stderr}: Ran): boolean {
  return /leaked_not_in_force|rotated_by_another|was rotated at|rotation\.already/.test(`${stdout} ${stderr}`)
}

/** Of all who rotated only the one who came first may know of no other. */
function onlyFirstUntold(bench: Bench, others: readonly Ran[]): string | undefined {
  const untold = [...bench.ran, ...others].filter(
    (one) =>
      one.document?.actions?.some(({kind, outcome}) => kind === 'client_secret.rotate' && outcome === 'done') && !isTold(one),
  )
  return untold.length <= 1 ? undefined : `${untold.length} responders rotated and were not told of another rotation`
}

function current(bench: Bench): string | undefined {
  const wanted = `${bench.front.tenant.secretOf(bench.client)}\n`
  const files = [
    ...bench.deliveries(),
    ...Array.from({length: 60}, (_, index) => path.join(path.dirname(bench.sink), `new-secret-${index}`)),
  ]
  return files.some((file) => existsSync(file) && readFileSync(file, 'utf8') === wanted)
    ? undefined
    : 'nobody holds the secret in force'
}

const TOGETHER = {
  I1: 'two responders may rotate twice if one is told; checked in the cell',
  I3: 'the secret in force may be in the sink of the other; checked in the cell',
}

function beside(step: NetworkStep, host: (typeof HOSTS)[number], plan: (typeof PLANS)[number]): Cell {
  const place: {folder?: string} = {}
  const others: Ran[] = []
  return {
    id: `I.${step}.${host.replaceAll(' ', '-')}.${plan.replaceAll(' ', '-')}`,
    section: 'I',
    step,
    fault: `a second responder, ${host}, ${plan}`,
    promised: ['OK', 'OK+W', 'STOP', 'REFUSE'],
    ends: ['partial', 'declined', 'nothing'],
    exempt: TOGETHER,
    bench: {
      intended: (correlation) =>
        ['data', 'data-2'].some(
          (name) => place.folder !== undefined && hasIntent(path.join(place.folder, name, 'trail-sim'), correlation),
        ),
    },
    play: async (bench) => {
      place.folder = bench.folder
      let begun = false
      bench.front.acts.push(async ({seen}): Promise<'pass'> => {
        if (begun || seen.step !== step) return 'pass'
        begun = true
        const {argv, env} = second(bench, host, plan)
        others.push(await bench.start(argv, {env}))
        return 'pass'
      })
      return bench.respond()
    },
    also: (bench) => {
      const other = others[0]
      if (!other) return 'the second responder never began'
      if (other.signal !== null || !other.document)
        return `the second responder ended with ${other.signal ?? other.code} and no document`
      const trail = path.join(bench.folder, 'data-2', 'trail-sim')
      if (existsSync(trail)) {
        const {ok, complete, findings} = verifyFolder(trail)
        if (!ok || !complete) return `the second trail does not verify: ${JSON.stringify(findings.slice(0, 1))}`
      }
      return nobodyUnaware(bench) ?? current(bench)
    },
  }
}

/** Many at once on one machine. */
function stress(count: number): Cell {
  const others: Ran[] = []
  return {
    id: `I.stress.${count}`,
    section: 'I',
    step: 'stress',
    fault: `${count} responders at once on one machine`,
    promised: ['OK', 'OK+W', 'STOP', 'REFUSE'],
    ends: ['partial', 'declined', 'nothing'],
    exempt: {...TOGETHER, I9: `${count} processes share two processors`},
    play: async (bench) => {
      const first = bench.respond()
      const waiting = Array.from({length: count - 1}, (_, index) => index + 2)
      const work = async () => {
        for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
          const {argv, env} = second(bench, 'same host', 'same plan', number)
          others.push(await bench.start(argv, {env}))
        }
      }
      await Promise.all(Array.from({length: Math.min(10, count - 1)}, work))
      return first
    },
    also: (bench) => {
      const lost = others.find((one) => one.signal !== null || !one.document)
      if (lost) return `one responder ended with ${lost.signal ?? lost.code} and no document`
      const defect = others.find((one) => one.document?.error?.code === 'internal')
      if (defect) return 'one responder stopped because of a defect'
      return onlyFirstUntold(bench, others) ?? current(bench)
    },
  }
}

export const twoResponders: readonly Cell[] = [
  ...NETWORK.flatMap((step) => HOSTS.flatMap((host) => PLANS.map((plan) => beside(step, host, plan)))),
  stress(10),
  stress(50),
]
