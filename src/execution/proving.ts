import type {Clock} from '../clock.ts'
import {rfc3339} from '../clock.ts'
import {PROPAGATION_SECONDS} from '../incident/exposure-facts.ts'
import type {ClaimName} from '../incident/plan.ts'
import type {Proof} from '../incident/replay.ts'
import type {ProbeAnswer} from './probes.ts'
import type {Responder} from './responder.ts'

/** A refusal is proven by at least this many well-formed refusals in an unbroken run ... */
const REFUSALS_WANTED = 3
/** ... the last no earlier than this many seconds after the change (Auth0 documents up to 30 s of propagation). */
export const LAST_REFUSAL_AFTER = PROPAGATION_SECONDS + 5
/** Seconds between two rounds of probes. With three refusals in a row the third falls after 35 s. */
const PROBE_INTERVAL = 18
/** A broken run is taken up again at this pace, seconds. */
const RETRY_INTERVAL = 10
/** Once the propagation is over there is nothing to wait for but three separate answers, seconds. */
const SETTLED_INTERVAL = 2

/** One thing to prove by probing, and the unbroken run of answers that speak for it. */
export interface Watch {
  readonly claim: ClaimName
  readonly target: string
  readonly audience?: string
  /** What proves the claim: a refusal, or an acceptance. */
  readonly wants: 'refusal' | 'acceptance'
  /** Tenant time of the change that this is about. */
  readonly changed_at: number
  readonly probe: () => Promise<ProbeAnswer>
  run: ProbeAnswer[]
  last?: ProbeAnswer
  total: number
}

/** What probing needs besides the probes: time, somebody who watches, and a way to stop. */
export interface Proving {
  readonly clock: Clock
  readonly responder: Pick<Responder, 'notify'>
  readonly interruption: {readonly requested: boolean}
  /** Tenant time, NumericDate. */
  readonly now: () => number
}

/** A window that ends before the documented propagation does can prove nothing. */
export function isLongEnough(windowSeconds: number): boolean {
  return windowSeconds >= LAST_REFUSAL_AFTER
}

/**
 * Probes until every run is long enough, or until one window plus 30 s after the change; then the verdict falls. An
 * acceptance within 30 s of the change is no failure: the run begins anew after it. 429, 5xx, timeouts and answers that
 * are not OAuth prove nothing and do not break a run; they do not lengthen it either.
 *
 * @param from tenant time of the newest change, or of the first probe where that is later
 */
export async function prove(proving: Proving, watches: readonly Watch[], from: number, windowSeconds: number): Promise<void> {
  const deadline = from + windowSeconds + PROPAGATION_SECONDS
  const enough = isLongEnough(windowSeconds)
  let waits = 0
  while (watches.length > 0 && !proving.interruption.requested) {
    await Promise.all(watches.filter((watch) => !decided(watch, proving, enough)).map((watch) => probeOnce(watch)))
    show(proving, watches, deadline)
    if (watches.every((watch) => decided(watch, proving, enough))) break
    const now = proving.now()
    if (now >= deadline || (!enough && now >= from + windowSeconds)) break
    waits += 1
    if (waits > 60) break // bounded, whatever the clocks say
    await wait(proving, watches, now, deadline)
  }
}

export function proven(watch: Watch, enough: boolean): boolean {
  const last = watch.run.at(-1)
  if (!last || !enough) return false
  if (last.at < watch.changed_at + LAST_REFUSAL_AFTER) return false
  return watch.wants === 'acceptance' || watch.run.length >= REFUSALS_WANTED
}

export function proofOf(watch: Watch, enough: boolean): Proof {
  const first = watch.run[0]
  const last = watch.run.at(-1)
  // Within the documented propagation a contrary answer is no failure, however short the window was.
  const contrary =
    watch.last !== undefined &&
    watch.last.verdict !== 'no_evidence' &&
    watch.run.length === 0 &&
    watch.last.at > watch.changed_at + PROPAGATION_SECONDS
  const verdict = proven(watch, enough) ? 'proven' : contrary ? 'failed' : 'not_proven'
  return {
    claim: watch.claim,
    target: watch.target,
    verdict,
    probes: watch.total,
    ...(first ? {first_at: rfc3339(first.at)} : {}),
    ...(last ? {last_at: rfc3339(last.at)} : {}),
    basis: basisOf(watch, verdict),
  }
}

function basisOf(watch: Watch, verdict: Proof['verdict']): string {
  const said = watch.last
    ? `last answer ${watch.last.status ?? 'none'}${watch.last.error ? ` ${watch.last.error}` : ''}`
    : 'no answer'
  const run = `${watch.run.length} well-formed ${watch.wants === 'refusal' ? 'refusals' : 'acceptances'} in a row`
  const lag =
    watch.run.length > 0 ? `, the last ${(watch.run.at(-1) as ProbeAnswer).at - watch.changed_at} s after the change` : ''
  const how =
    watch.claim === 'new_tokens_refused' ? 'client_credentials request' : 'made-up authorization code, which mints no token'
  return `${run}${lag}; ${said}; by ${how}${verdict === 'proven' ? '' : `; ${watch.wants === 'refusal' ? REFUSALS_WANTED : 1} wanted, the last at least ${LAST_REFUSAL_AFTER} s after the change`}`
}

async function probeOnce(watch: Watch): Promise<void> {
  const answer = await watch.probe()
  watch.total += 1
  watch.last = answer
  if (answer.verdict === 'no_evidence') return
  const speaksFor = watch.wants === 'refusal' ? answer.verdict === 'refused' : answer.verdict === 'accepted'
  watch.run = speaksFor ? [...watch.run, answer] : []
}

function decided(watch: Watch, proving: Proving, enough: boolean): boolean {
  return proving.interruption.requested || proven(watch, enough)
}

async function wait(proving: Proving, watches: readonly Watch[], now: number, deadline: number): Promise<void> {
  const broken = watches.some((watch) => watch.last !== undefined && watch.run.length === 0)
  const settled = watches.every((watch) => now >= watch.changed_at + LAST_REFUSAL_AFTER)
  const pace = settled ? SETTLED_INTERVAL : broken ? RETRY_INTERVAL : PROBE_INTERVAL
  const seconds = Math.max(1, Math.min(pace, deadline - now))
  proving.responder.notify({kind: 'waits', why: 'until the change must have been seen everywhere', seconds_left: seconds})
  await proving.clock.sleep(seconds)
}

function show(proving: Proving, watches: readonly Watch[], deadline: number): void {
  for (const watch of watches) {
    proving.responder.notify({
      kind: 'probe',
      claim: watch.audience === undefined ? watch.claim : `${watch.claim} ${watch.audience}`,
      refusals: watch.run.length,
      wanted: watch.wants === 'refusal' ? REFUSALS_WANTED : 1,
      seconds_left: Math.max(0, deadline - proving.now()),
    })
  }
}
