import {rfc3339} from '../clock.ts'
import {containedAt, PROPAGATION_SECONDS} from '../incident/exposure.ts'
import type {ClaimName, PlanStep} from '../incident/plan.ts'
import type {Proof} from '../incident/replay.ts'
import {bodyOf} from '../incident/actions/delete-client-grant.ts'
import {subjectOf} from '../incident/tenant-snapshot.ts'
import {beginStep, finishStep} from './progress.ts'
import type {Progress} from './progress.ts'
import {newTokenProbe, secretProbe} from './probes.ts'
import type {ProbeAnswer} from './probes.ts'
import type {Run} from './run.ts'

type Verification = PlanStep & {readonly action: 'verify'}

/** A refusal is proven by at least this many well-formed refusals in an unbroken run ... */
const REFUSALS_WANTED = 3
/** ... the last no earlier than this many seconds after the change (Auth0 documents up to 30 s of propagation). */
const LAST_REFUSAL_AFTER = PROPAGATION_SECONDS + 5
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

/**
 * Proves the claims of the plan. Probes go on until every run is long enough, or until one window plus 30 s after the
 * change; then the verdict falls. An acceptance within 30 s of the change is no failure: the run begins anew after it.
 * 429, 5xx, timeouts and answers that are not OAuth prove nothing and do not break a run; they do not lengthen it either.
 */
export async function verify(run: Run, progress: Progress, step: Verification): Promise<void> {
  beginStep(run, progress, step)
  const started = tenantNow(run)
  const changed = Math.max(progress.grants_changed_at ?? 0, progress.secret_changed_at ?? 0) || started
  const watches = watchesOf(run, progress, step, changed)
  // After a resume the change may be hours old: the window then begins with the first probe.
  const deadline = Math.max(changed, started) + progress.plan.verify_window_seconds + PROPAGATION_SECONDS
  const enough = progress.plan.verify_window_seconds >= LAST_REFUSAL_AFTER
  if (!enough) {
    progress.gaps.push({
      code: 'window_too_short',
      what: 'the proof of refusal',
      why: `a verification window of ${progress.plan.verify_window_seconds} s ends before the documented propagation does; 35 s is the least`,
    })
  }
  let waits = 0
  while (watches.length > 0 && !run.interruption.requested) {
    await Promise.all(watches.filter((watch) => !decided(watch, run, enough)).map((watch) => probeOnce(watch)))
    show(run, watches, deadline)
    if (watches.every((watch) => decided(watch, run, enough))) break
    const now = tenantNow(run)
    if (now >= deadline || (!enough && now >= Math.max(changed, started) + progress.plan.verify_window_seconds)) break
    waits += 1
    if (waits > 60) break // bounded, whatever the clocks say
    await wait(run, watches, now, deadline)
  }
  const proofs = [...watches.map((watch) => proofOf(watch, enough)), ...unprobed(progress, step, watches)]
  for (const watch of watches) contain(progress, step, watch, enough)
  if (step.args.claims.includes('grants_absent')) proofs.push(await grantsAbsent(run, progress, step))
  for (const proof of proofs) record(run, progress, proof)
  const bad = proofs.filter((proof) => proof.verdict !== 'proven').length
  finishStep(run, progress, step, {
    outcome: 'done',
    at: run.journal.now(),
    detail: bad === 0 ? `${proofs.length} of ${proofs.length} proven` : `${proofs.length - bad} of ${proofs.length} proven`,
  })
}

function watchesOf(run: Run, progress: Progress, step: Verification, changed: number): Watch[] {
  const watches: Watch[] = []
  const {claims} = step.args
  const base = {changed_at: changed, run: [], total: 0}
  const old = run.leaked ?? progress.old_secret
  const current = progress.new_secret ?? (progress.secret_changed_at === undefined ? (progress.old_secret ?? run.leaked) : undefined)
  if (claims.includes('old_secret_refused') && old) {
    watches.push({...base, claim: 'old_secret_refused', target: step.target, wants: 'refusal', changed_at: progress.secret_changed_at ?? changed, probe: secretProbe(run, progress, old)})
  }
  if (claims.includes('new_secret_accepted') && progress.new_secret) {
    watches.push({...base, claim: 'new_secret_accepted', target: step.target, wants: 'acceptance', changed_at: progress.secret_changed_at ?? changed, probe: secretProbe(run, progress, progress.new_secret)})
  }
  const machine = progress.snapshot.client.grant_types?.includes('client_credentials') ?? true
  if (claims.includes('new_tokens_refused') && current && machine) {
    for (const audience of deletedAudiences(progress)) {
      watches.push({...base, claim: 'new_tokens_refused', target: `api:${audience}`, audience, wants: 'refusal', changed_at: progress.grants_changed_at ?? changed, probe: newTokenProbe(run, progress, step, current, audience)})
    }
  }
  return watches
}

/** The APIs whose client-subject grant is gone: these are the ones where a refusal can be expected. */
function deletedAudiences(progress: Progress): string[] {
  const gone = progress.plan.steps.filter((step) => step.action === 'client_grant.delete' && ['done', 'already'].includes(progress.outcomes.get(step.id)?.outcome ?? ''))
  return [...new Set(gone.flatMap((step) => (step.action === 'client_grant.delete' && (step.args.grant.subject_type ?? 'client') === 'client' ? [step.args.grant.audience] : [])))]
}

async function probeOnce(watch: Watch): Promise<void> {
  const answer = await watch.probe()
  watch.total += 1
  watch.last = answer
  if (answer.verdict === 'no_evidence') return
  const speaksFor = watch.wants === 'refusal' ? answer.verdict === 'refused' : answer.verdict === 'accepted'
  watch.run = speaksFor ? [...watch.run, answer] : []
}

function proven(watch: Watch, enough: boolean): boolean {
  const last = watch.run.at(-1)
  if (!last || !enough) return false
  if (last.at < watch.changed_at + LAST_REFUSAL_AFTER) return false
  return watch.wants === 'acceptance' || watch.run.length >= REFUSALS_WANTED
}

function decided(watch: Watch, run: Run, enough: boolean): boolean {
  return run.interruption.requested || proven(watch, enough)
}

async function wait(run: Run, watches: readonly Watch[], now: number, deadline: number): Promise<void> {
  const broken = watches.some((watch) => watch.last !== undefined && watch.run.length === 0)
  const settled = watches.every((watch) => now >= watch.changed_at + LAST_REFUSAL_AFTER)
  const pace = settled ? SETTLED_INTERVAL : broken ? RETRY_INTERVAL : PROBE_INTERVAL
  const seconds = Math.max(1, Math.min(pace, deadline - now))
  run.responder.notify({kind: 'waits', why: 'until the change must have been seen everywhere', seconds_left: seconds})
  await run.clock.sleep(seconds)
}

function proofOf(watch: Watch, enough: boolean): Proof {
  const first = watch.run[0]
  const last = watch.run.at(-1)
  const contrary = watch.last !== undefined && watch.last.verdict !== 'no_evidence' && watch.run.length === 0
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
  const said = watch.last ? `last answer ${watch.last.status ?? 'none'}${watch.last.error ? ` ${watch.last.error}` : ''}` : 'no answer'
  const run = `${watch.run.length} well-formed ${watch.wants === 'refusal' ? 'refusals' : 'acceptances'} in a row`
  const lag = watch.run.length > 0 ? `, the last ${(watch.run.at(-1) as ProbeAnswer).at - watch.changed_at} s after the change` : ''
  const how = watch.claim === 'new_tokens_refused' ? 'client_credentials request' : 'made-up authorization code, which mints no token'
  return `${run}${lag}; ${said}; by ${how}${verdict === 'proven' ? '' : `; ${watch.wants === 'refusal' ? REFUSALS_WANTED : 1} wanted, the last at least ${LAST_REFUSAL_AFTER} s after the change`}`
}

/** Claims that could not even be probed, and why: never left out silently. */
function unprobed(progress: Progress, step: Verification, watches: readonly Watch[]): Proof[] {
  const probed = new Set(watches.map((watch) => watch.claim))
  const why: Partial<Record<ClaimName, string>> = {
    old_secret_refused: 'the leaked value is not at hand (--credential-file) and this credential cannot read secrets (read:client_keys)',
    new_secret_accepted: 'the new secret is not at hand: the rotation did not happen here, or its answer was lost',
    new_tokens_refused: 'no working secret of the client is at hand to ask with (--credential-file, or read:client_keys)',
  }
  return step.args.claims.flatMap((claim) => {
    const reason = why[claim]
    if (probed.has(claim) || reason === undefined) return []
    if (claim === 'new_tokens_refused' && deletedAudiences(progress).length === 0) return []
    progress.gaps.push({code: 'not_probed', what: claim, why: reason})
    return [{claim, target: step.target, verdict: 'not_proven' as const, probes: 0, basis: reason}]
  })
}

/** The client's grants are read once more after the last probe: one that is there again was put there by somebody else. */
async function grantsAbsent(run: Run, progress: Progress, step: Verification): Promise<Proof> {
  const audiences = new Set(deletedAudiences(progress))
  const gone = new Set(progress.plan.steps.flatMap((one) => (one.action === 'client_grant.delete' ? [one.args.grant_id] : [])))
  const grants = await run.tenant.listClientGrants({client_id: progress.plan.client_id})
  const back = grants.filter((grant) => gone.has(grant.id) || (audiences.has(grant.audience) && subjectOf(grant) === 'client' && !grant.is_system))
  const at = rfc3339(tenantNow(run))
  if (back.length > 0) {
    progress.gaps.push({
      code: 'grant_is_back',
      what: back.map((grant) => `${grant.id} on ${grant.audience}`).join(', '),
      why: 'somebody created it again after it was deleted: find out who before anything else (tenant log), then delete it',
    })
  }
  return {
    claim: 'grants_absent',
    target: step.target,
    verdict: back.length === 0 ? 'proven' : 'failed',
    probes: 1,
    first_at: at,
    last_at: at,
    basis:
      back.length === 0
        ? `the client's grants were read after the last probe: none of ${gone.size} is there`
        : `there again: ${run.journal.evidence(back.map((grant) => ({id: grant.id, ...bodyOf(grant)}))).slice(0, 12)}`,
  }
}

/** A proven refusal dates the containment of the audiences it speaks for. */
function contain(progress: Progress, step: Verification, watch: Watch, enough: boolean): void {
  if (watch.wants !== 'refusal' || !proven(watch, enough)) return
  const first = watch.run[0] as ProbeAnswer
  const containment = {changed_at: watch.changed_at, first_refusal_at: first.at}
  const audiences = watch.audience === undefined ? step.args.audiences : [watch.audience]
  for (const audience of audiences) {
    const known = progress.containment.get(audience)
    if (!known || containedAt(containment) < containedAt(known)) progress.containment.set(audience, containment)
  }
}

function record(run: Run, progress: Progress, proof: Proof): void {
  const index = progress.proofs.findIndex((one) => one.claim === proof.claim && one.target === proof.target)
  if (index >= 0) progress.proofs.splice(index, 1)
  progress.proofs.push(proof)
  run.journal.observe({
    action: `verify.${proof.claim}`,
    finding: proof.basis,
    ...(proof.target === undefined ? {} : {target: proof.target}),
    count: proof.probes,
    ...(proof.first_at === undefined ? {} : {first_at: proof.first_at}),
    ...(proof.last_at === undefined ? {} : {last_at: proof.last_at}),
    verdict: proof.verdict,
  })
}

function show(run: Run, watches: readonly Watch[], deadline: number): void {
  for (const watch of watches) {
    run.responder.notify({
      kind: 'probe',
      claim: watch.audience === undefined ? watch.claim : `${watch.claim} ${watch.audience}`,
      refusals: watch.run.length,
      wanted: watch.wants === 'refusal' ? REFUSALS_WANTED : 1,
      seconds_left: Math.max(0, deadline - tenantNow(run)),
    })
  }
}

/** Tenant time now, NumericDate: the machine's clock corrected by the last Date header. */
export function tenantNow(run: Run): number {
  return Math.floor(run.clock.now() / 1000 + (run.mode === 'sim' ? 0 : (run.tenant.skewSeconds() ?? 0)))
}
