import {systemClock} from '../../../../src/clock.ts'
import {loopbackCertificate} from '../../../../src/simulator/certificate.ts'
import {EXPIRED, GOOD, KEY, NOT_YET, OTHER_HOST} from '../../../support/certificates.ts'
import type {Bench} from '../bench.ts'
import type {Cell, Promised} from '../cell.ts'
import type {Injected} from '../faults.ts'
import {NETWORK} from '../steps.ts'
import type {NetworkStep} from '../steps.ts'
import {meet, SPOILS, stranger} from '../wire.ts'
import type {Stranger} from '../wire.ts'

/** Section E: 38 faults of HTTP at each network step; those that are starred also with the effect applied, at n5 and n6. */

const TITLES: Readonly<Record<string, string>> = {
  E1: 'connection refused',
  E2: 'ENOTFOUND',
  E3: 'EAI_AGAIN',
  E4: 'network unreachable',
  E5: 'reset before the request is read',
  E6: 'reset after it',
  E7: 'reset in the middle of the body',
  E8: 'answer lost',
  E9: 'connect timeout',
  E10: 'slow head',
  E11: 'slow drip',
  E12: 'endless body',
  E13: 'gzip bomb',
  E14: '100 kB header',
  E15: '400',
  E16: '401',
  E17: '403',
  E18: '404',
  E19: '408',
  E20: '409',
  E21: '429',
  E22: '429, Retry-After 1',
  E23: '429, Retry-After 86400',
  E24: '429, Retry-After that is no number of seconds',
  E25: '500',
  E26: '502',
  E27: '503',
  E28: '504',
  E29: 'cut JSON',
  E30: 'garbage',
  E31: 'empty 200',
  E32: '200 HTML of a captive portal',
  E33: 'wrong shape',
  E34: 'duplicate keys',
  E35: '307 elsewhere',
  E36: 'expired or not yet valid certificate',
  E37: 'certificate of another host',
  E38: 'untrusted certificate',
}

export const STARRED = [
  'E6',
  'E7',
  'E8',
  'E10',
  'E11',
  'E12',
  'E13',
  'E19',
  'E21',
  'E22',
  'E25',
  'E26',
  'E27',
  'E28',
  'E29',
  'E30',
  'E31',
  'E32',
]
const UNSENT: Readonly<Record<string, string>> = {
  E1: 'ECONNREFUSED',
  E2: 'ENOTFOUND',
  E3: 'EAI_AGAIN',
  E4: 'ENETUNREACH',
  E9: 'ETIMEDOUT',
}
const TLS = ['E36', 'E37', 'E38']
const SLOW = ['E10', 'E11']
/** Everything that is slow is ten times faster, waits included. */
const SCALE = 10
const ALWAYS = 1000

const REPEATED = [
  ...Object.keys(UNSENT),
  'E5',
  'E6',
  'E7',
  'E8',
  'E10',
  'E11',
  'E14',
  'E19',
  'E21',
  'E22',
  'E24',
  'E25',
  'E26',
  'E27',
  'E28',
]
const REFUSALS = ['E15', 'E17', 'E18', 'E20']

function promisedAt(step: NetworkStep, fault: string): readonly Promised[] {
  if (step === 'n7') return fault === 'E16' || fault === 'E17' ? ['OK', 'OK+W'] : ['OK+W', 'OK']
  if (step === 'n5' || step === 'n6') return promisedOfChange(step, fault)
  // What the API settings and the last look would have shown becomes a gap: the rest of the account is given all the same.
  const stop: readonly Promised[] = step === 'n4' || step === 'n8' ? ['STOP', 'OK+W'] : ['STOP', 'REFUSE']
  if (REPEATED.includes(fault)) return ['R', ...(step === 'n8' ? (['OK+W'] as const) : [])]
  if (fault === 'E16') return step === 'n1' ? ['REFUSE'] : ['OK']
  if (TLS.includes(fault)) return step === 'n8' ? ['OK+W'] : ['REFUSE']
  return stop
}

function promisedOfChange(step: 'n5' | 'n6', fault: string): readonly Promised[] {
  if (fault in UNSENT) return ['R']
  if (fault === 'E16') return ['OK']
  if (fault === 'E18') return step === 'n5' ? ['READ'] : ['ASK', 'STOP']
  if (REFUSALS.includes(fault)) return ['STOP']
  if (fault === 'E23') return ['STOP']
  if (TLS.includes(fault)) return ['STOP']
  return ['READ']
}

const RETRIED_OK: readonly string[] = [
  'E5',
  'E6',
  'E7',
  'E8',
  'E10',
  'E11',
  'E12',
  'E13',
  'E14',
  'E19',
  'E21',
  'E22',
  'E24',
  'E25',
  'E26',
  'E27',
  'E28',
  'E29',
  'E30',
  'E31',
  'E32',
  'E33',
  'E34',
]

/** A single fault at a change that is settled by looking ends contained in the same run: nobody has to come back for it. */
function alsoAt(step: NetworkStep, fault: string, effect: boolean): Cell['also'] {
  if (step === 'n7' && fault !== 'E16' && fault !== 'E17' && !SLOW.includes(fault)) return noEvidence
  if ((step !== 'n5' && step !== 'n6') || !RETRIED_OK.includes(fault)) return undefined
  return ({ran, front, kind}) => {
    const first = ran[0]
    if (first?.code !== 0)
      return `one fault at a change was not settled in the same run: exit ${first?.code} ${first?.document?.status}`
    const sent = front.arrived.filter((one) => one.session === 0 && one.step === step).length
    // A leaked token is good for one API: one grant goes.
    const wanted = (step === 'n5' && kind === 'client-secret' ? 3 : 1) + (effect ? 0 : 1)
    if (sent === wanted) return undefined
    // A deletion that got 429 goes again under the same intent (design, promise 2): it can be repeated without harm.
    if (effect && step === 'n5' && (fault === 'E21' || fault === 'E22') && sent === wanted + 1) return undefined
    return effect || fault !== 'E8' ? `${sent} requests of the kind were sent, ${wanted} wanted` : undefined
  }
}

/** Answers that prove nothing were all there was: then nothing that needs a probe is proven. */
function noEvidence({ran}: Bench): string | undefined {
  const proven = (ran[0]?.document?.proof ?? []).filter((one) => one.verdict === 'proven' && one.claim !== 'grants_absent')
  return proven.length === 0 ? undefined : `${proven[0]?.claim} was called proven by answers that prove nothing`
}

function cellOf(step: NetworkStep, fault: string, effect: boolean): Cell {
  const times = step === 'n7' && fault !== 'E16' && fault !== 'E17' ? (SLOW.includes(fault) ? 3 : ALWAYS) : 1
  const base = {
    id: `E.${step}.${fault}${effect ? '-applied' : ''}`,
    section: 'E' as const,
    step,
    fault: `${TITLES[fault]}${effect ? ', effect applied' : ''}`,
    promised: promisedAt(step, fault),
  }
  const also = alsoAt(step, fault, effect)
  if (fault === 'E35') return {...base, ...elsewhere(step, times, also)}
  if (TLS.includes(fault)) return {...base, ...badCertificate(step, fault)}
  const unsent = UNSENT[fault]
  if (unsent !== undefined) {
    return {...base, bench: {close: true}, arm: () => ({connect: {step, times, error: unsent}}), ...(also ? {also} : {})}
  }
  return {
    ...base,
    ...(also ? {also} : {}),
    arm: (bench): Injected | void => {
      const spoil = SPOILS[fault]
      if (spoil) bench.front.acts.push(meet(step, effect, times, spoil))
      if (SLOW.includes(fault)) return {time: {scale: SCALE}}
    },
  }
}

function elsewhere(step: NetworkStep, times: number, also: Cell['also']): Partial<Cell> {
  let other: Stranger | undefined
  return {
    play: async (bench) => {
      other = await stranger()
      const location = `http://127.0.0.1:${other.port}${step === 'n1' || step === 'n7' ? '/oauth/token' : '/api/v2/x'}`
      bench.front.acts.push(
        meet(step, false, times, ({response}) => void response.writeHead(307, {location, 'content-length': 0}).end()),
      )
      return bench.respond()
    },
    also: (bench) => {
      other?.close()
      if ((other?.bytes() ?? 1) !== 0) return 'the other origin was told something'
      return also?.(bench)
    },
  }
}

/** At one step every connection leads to a server whose certificate does not hold. */
function badCertificate(step: NetworkStep, fault: string): Partial<Cell> {
  let other: Stranger | undefined
  return {
    bench: {tls: {key: KEY, cert: GOOD}, close: true},
    play: async (bench) => {
      const expired = Number(step.slice(1)) % 2 === 0 ? NOT_YET : EXPIRED
      const tls =
        fault === 'E38' ? await loopbackCertificate(systemClock.now()) : {key: KEY, cert: fault === 'E36' ? expired : OTHER_HOST}
      other = await stranger(tls)
      return bench.respond({injected: {connect: {step, times: ALWAYS, port: other.port}}})
    },
    also: () => {
      other?.close()
      return (other?.bytes() ?? 1) === 0 ? undefined : 'a server whose certificate does not hold was told something'
    },
  }
}

/** Cells of their own at every call: some remember a server. */
export function httpFaults(steps: readonly NetworkStep[] = NETWORK): readonly Cell[] {
  return [
    ...steps.flatMap((step) => Object.keys(TITLES).map((fault) => cellOf(step, fault, false))),
    ...(['n5', 'n6'] as const).flatMap((step) => STARRED.map((fault) => cellOf(step, fault, true))),
  ]
}
