import type {ClientGrant} from '../auth0/resources/client-grant.ts'
import {parseRfc3339, rfc3339} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {earlierChanges} from '../incident/earlier-changes.ts'
import {containedAt} from '../incident/exposure-facts.ts'
import type {ClaimName, PlanStep} from '../incident/plan.ts'
import {tookEffect} from '../incident/replay.ts'
import type {Proof} from '../incident/replay.ts'
import {bodyOf} from '../incident/actions/delete-client-grant.ts'
import {subjectOf} from '../incident/tenant-snapshot.ts'
import {tokenPaths, type TokenPath} from '../incident/token-paths.ts'
import {ANY_API, exposedAudiences} from './exposed-audiences.ts'
import {beginStep, finishStep} from './progress.ts'
import type {Progress} from './progress.ts'
import {readServers} from './observe.ts'
import {readCurrentSecret} from './read-secret.ts'
import {incidentsOf} from './record-mapping.ts'
import {newTokenProbe, secretProbe} from './probes.ts'
import type {ProbeAnswer} from './probes.ts'
import {isLongEnough, LAST_REFUSAL_AFTER, proofOf, prove, proven} from './proving.ts'
import type {Watch} from './proving.ts'
import type {Run} from './run.ts'
import type {Secret} from '../secret.ts'

/** Entries of the tenant's log may carry a time this much before our own reads, seconds. */
const LOG_MARGIN = 60

type Verification = PlanStep & {readonly action: 'verify'}

/** Proves the claims of the plan by probing (`proving.ts`), reads the grants once more, and writes each proof down. */
export async function verify(run: Run, progress: Progress, step: Verification): Promise<void> {
  beginStep(run, progress, step)
  await currentSecret(run, progress, step)
  const started = tenantNow(run)
  const changed = Math.max(progress.grants_changed_at ?? 0, progress.secret_changed_at ?? 0) || started
  const watches = watchesOf(run, progress, step, started)
  const window = progress.plan.verify_window_seconds
  const enough = isLongEnough(window)
  if (!enough) {
    progress.gaps.push({
      code: 'window_too_short',
      what: 'the proof of refusal',
      why: `a verification window of ${window} s ends before the documented propagation does; ${LAST_REFUSAL_AFTER} s is the least`,
    })
  }
  // After a resume the change may be hours old: the window then begins with the first probe.
  await prove({...run, now: () => tenantNow(run)}, watches, Math.max(changed, started), window)
  const proofs = [...watches.map((watch) => proofOf(watch, enough)), ...unprobed(progress, step, watches)]
  for (const watch of watches) contain(progress, step, watch, enough)
  if (step.args.claims.includes('grants_absent')) proofs.push(await grantsAbsent(run, progress, step))
  // Last of all: what somebody changes while we look is seen as long as we look.
  await Promise.all([rereadLifetimes(run, progress, step), rotatedByOthers(run, progress)])
  for (const proof of proofs) record(run, progress, proof)
  const bad = proofs.filter((proof) => proof.verdict !== 'proven').length
  finishStep(run, progress, step, {
    outcome: 'done',
    at: run.journal.now(),
    detail: bad === 0 ? `${proofs.length} of ${proofs.length} proven` : `${proofs.length - bad} of ${proofs.length} proven`,
  })
}

/** @param started tenant time now: a change of which nobody knows when it happened counts from here on */
function watchesOf(run: Run, progress: Progress, step: Verification, started: number): Watch[] {
  const watches: Watch[] = []
  const {claims} = step.args
  const base = {run: [], total: 0}
  const old = formerSecret(run, progress)
  const current =
    progress.new_secret ?? (progress.secret_changed_at === undefined ? (progress.old_secret ?? run.leaked) : undefined)
  if (claims.includes('old_secret_refused') && old) {
    watches.push({
      ...base,
      claim: 'old_secret_refused',
      target: step.target,
      wants: 'refusal',
      changed_at: progress.secret_changed_at ?? started,
      probe: secretProbe(run, progress, old),
    })
  }
  if (claims.includes('new_secret_accepted') && progress.new_secret && !progress.changed_again) {
    watches.push({
      ...base,
      claim: 'new_secret_accepted',
      target: step.target,
      wants: 'acceptance',
      changed_at: progress.secret_changed_at ?? started,
      probe: secretProbe(run, progress, progress.new_secret),
    })
  }
  const machine = progress.snapshot.client.grant_types?.includes('client_credentials') ?? true
  if (claims.includes('new_tokens_refused') && current && machine) {
    for (const audience of deletedAudiences(progress)) {
      // A probe that is known to mint a token is not sent: `unprobed` says why the claim does not hold.
      if (anotherWay(progress, audience)) continue
      watches.push({
        ...base,
        claim: 'new_tokens_refused',
        target: `api:${audience}`,
        audience,
        wants: 'refusal',
        changed_at: progress.grants_changed_at ?? started,
        probe: newTokenProbe(run, progress, step, current, audience),
      })
    }
  }
  return watches
}

/** The secret that must be refused: the one that was in force before the rotation, else the leaked value. */
function formerSecret(run: Run, progress: Progress): Secret | undefined {
  const {leaked} = run
  if (!leaked) return progress.old_secret
  const before = progress.secret_before
  const other =
    progress.leaked_is_former === true ||
    (before !== undefined && before !== run.journal.fingerprint(progress.plan.client_id, leaked.reveal()))
  if (!other) return progress.old_secret ?? leaked
  progress.gaps.push({
    code: 'leaked_not_in_force',
    what: 'the leaked value',
    why: "it was not the client's secret before the rotation: it was replaced earlier, mistyped, or is another application's. Its refusal proves nothing about this rotation",
  })
  return progress.old_secret
}

/** Without a rotation nothing has read the secret yet: a request for a token needs one that works. */
async function currentSecret(run: Run, progress: Progress, step: Verification): Promise<void> {
  const asks =
    step.args.claims.includes('new_tokens_refused') &&
    deletedAudiences(progress).some((audience) => !anotherWay(progress, audience))
  const changed = progress.earlier.some(
    (one) => (one.action === 'client_secret.rotate' || one.action === 'client_secret.set') && tookEffect(one),
  )
  // The leaked value serves as long as this incident has not made it a dead one.
  if (!asks || (run.leaked && !changed) || progress.new_secret || progress.old_secret) return
  const read = await readCurrentSecret(run, progress, progress.plan.client_id, 'to ask for a token that must be refused')
  if (!read) return
  const rotated = progress.plan.steps.some(
    (one) => one.action === 'client_secret.rotate' && ['done', 'already'].includes(progress.outcomes.get(one.id)?.outcome ?? ''),
  )
  if (rotated || changed) progress.new_secret = read.secret
  else progress.old_secret = read.secret
}

/** The APIs whose client-subject grant is gone: these are the ones where a refusal can be expected. */
function deletedAudiences(progress: Progress): string[] {
  const gone = progress.plan.steps.filter(
    (step) =>
      step.action === 'client_grant.delete' && ['done', 'already'].includes(progress.outcomes.get(step.id)?.outcome ?? ''),
  )
  return [
    ...new Set(
      gone.flatMap((step) =>
        step.action === 'client_grant.delete' && (step.args.grant.subject_type ?? 'client') === 'client'
          ? [step.args.grant.audience]
          : [],
      ),
    ),
  ]
}

/** Another path takes over once the own grant is gone: a default grant, or a policy that lets every application in. */
function anotherWay({snapshot, plan}: Progress, audience: string): TokenPath | undefined {
  return tokenPaths(snapshot, {steps: plan.steps.filter((step) => step.action === 'client_grant.delete')}).find(
    (path) => path.open && path.audience === audience && path.subject === 'client' && path.via !== 'client_grant',
  )
}

/** Claims that could not even be probed, and why: never left out silently. */
function unprobed(progress: Progress, step: Verification, watches: readonly Watch[]): Proof[] {
  const proofs = notAsked(progress, step, watches)
  if (!step.args.claims.includes('new_tokens_refused')) return proofs
  for (const audience of deletedAudiences(progress)) {
    const path = anotherWay(progress, audience)
    if (!path) continue
    const takes =
      path.via === 'allow_all' ? 'the API lets every application in' : 'the default grant for third-party applications takes over'
    const basis = `${takes}; not probed, because that would mint a token`
    proofs.push({claim: 'new_tokens_refused', target: `api:${audience}`, verdict: 'not_proven', probes: 0, basis})
  }
  return proofs
}

function notAsked(progress: Progress, step: Verification, watches: readonly Watch[]): Proof[] {
  const probed = new Set(watches.map((watch) => watch.claim))
  const why: Partial<Record<ClaimName, string>> = {
    old_secret_refused:
      'the old value is not at hand: give it (--credential-file); a credential with read:client_keys can read it only before the rotation',
    new_secret_accepted: 'the new secret is not at hand: the rotation did not happen here, or its answer was lost',
    new_tokens_refused: 'no working secret of the client is at hand to ask with (--credential-file, or read:client_keys)',
  }
  return step.args.claims.flatMap((claim) => {
    const reason = why[claim]
    if (probed.has(claim) || reason === undefined) return []
    if (claim === 'new_tokens_refused' && deletedAudiences(progress).every((audience) => anotherWay(progress, audience)))
      return []
    const earlier = progress.earlier_proofs.filter(
      (proof) => proof.claim === claim && proof.verdict === 'proven' && stillAbout(progress, proof),
    )
    // Of a secret that somebody replaced since, an earlier proof says nothing any more.
    const stale = claim === 'new_secret_accepted' && progress.changed_again === true
    // What this session can't ask again was proven before, and stays on record with the time at which it was.
    if (earlier.length > 0 && !stale) return earlier
    progress.gaps.push({code: 'not_probed', what: claim, why: reason})
    return [{claim, target: step.target, verdict: 'not_proven' as const, probes: 0, basis: reason}]
  })
}

/** A proof speaks for the change it was made after; a later change of the same thing needs one of its own. */
function stillAbout(progress: Progress, proof: Proof): boolean {
  const last = proof.last_at === undefined ? undefined : parseRfc3339(proof.last_at)
  const changed = proof.claim === 'new_tokens_refused' ? progress.grants_changed_at : progress.secret_changed_at
  return last !== undefined && (changed === undefined || last >= changed)
}

/**
 * A lifetime that somebody raised while we worked counts for tokens that were issued meanwhile: the exposure takes the
 * larger of both. What cannot be read now was read before the first change, and stays as it was.
 */
async function rereadLifetimes(run: Run, progress: Progress, step: Verification): Promise<void> {
  const known = step.args.audiences.filter((audience) => progress.before.resource_servers[audience])
  try {
    const servers = await readServers(run.tenant, known, [])
    const lifetimes = Object.entries(servers).flatMap(([audience, server]) =>
      server?.token_lifetime === undefined ? [] : [[audience, server.token_lifetime] as const],
    )
    progress.later_lifetimes = Object.fromEntries(lifetimes)
  } catch (error) {
    if (!(error instanceof StanchError)) throw error
    progress.gaps.push({code: 'lifetime_not_reread', what: 'the lifetimes of the APIs after the last probe', why: error.message})
  }
}

/**
 * No request can say "only if the secret is still this one", so somebody else's rotation between our look and ours cannot
 * be kept out. It stands in the tenant's log, and is told: one of two new secrets is dead.
 */
async function rotatedByOthers(run: Run, progress: Progress): Promise<void> {
  const ours = progress.plan.steps.find((one) => one.action === 'client_secret.rotate')
  if (!ours || progress.outcomes.get(ours.id)?.outcome !== 'done') return
  const {journal} = run
  const own = new Set(
    incidentsOf(journal.trail.records({inc: journal.incident})).flatMap((one) =>
      one.operations.map((each) => each.correlation_id),
    ),
  )
  try {
    const entries = await run.tenant.searchLogs({q: 'type:"sapi"', page: 0, per_page: 100})
    const since = parseRfc3339(progress.snapshot.taken_at)
    const found = earlierChanges(
      {...progress.snapshot, setting_changes: entries},
      since === undefined ? undefined : since - LOG_MARGIN,
      own,
    )
    for (const one of found.filter((each) => each.what === 'secret_rotated')) {
      progress.gaps.push({
        code: 'rotated_by_another',
        what: `a rotation of this secret at ${rfc3339(one.at)} by ${one.actor} (log ${one.log_id})`,
        why: 'it is not one of ours: whoever made it handed out a secret of which only the newer one works',
      })
    }
  } catch (error) {
    // The log is no condition of the proof; that it cannot be read is a gap of the snapshot already.
    if (!(error instanceof StanchError)) throw error
  }
}

/** The client's grants are read once more after the last probe: one that is there again was put there by somebody else. */
async function grantsAbsent(run: Run, progress: Progress, step: Verification): Promise<Proof> {
  const deletions = progress.plan.steps.filter((one) => one.action === 'client_grant.delete')
  const isGone = (one: PlanStep) => ['done', 'already'].includes(progress.outcomes.get(one.id)?.outcome ?? '')
  const gone = deletions.filter(isGone)
  let grants: Awaited<ReturnType<typeof run.tenant.listClientGrants>>
  try {
    grants = await run.tenant.listClientGrants({client_id: progress.plan.client_id})
  } catch (error) {
    if (!(error instanceof StanchError)) throw error
    // What was probed before is not lost for want of this read.
    progress.gaps.push({code: 'grants_unreadable', what: "the client's grants after the last probe", why: error.message})
    return {
      claim: 'grants_absent',
      target: step.target,
      verdict: 'not_proven',
      probes: 0,
      basis: 'the grants could not be read after the last probe',
    }
  }
  const planned = new Set(deletions.map((one) => one.args.grant_id))
  const paths = new Set(gone.map((one) => `${subjectOf({...one.args.grant, id: ''})} ${one.args.grant.audience}`))
  const back = grants.filter(
    (grant) =>
      !grant.is_system &&
      (gone.some((one) => one.args.grant_id === grant.id) ||
        (!planned.has(grant.id) && paths.has(`${subjectOf(grant)} ${grant.audience}`))),
  )
  // Where nothing had to be deleted, the claim is that nothing is there.
  const left = grants.filter(
    (grant) =>
      !back.includes(grant) &&
      (planned.has(grant.id) ||
        (planned.size === 0 &&
          !grant.is_system &&
          subjectOf(grant) === 'client' &&
          step.args.audiences.includes(grant.audience))),
  )
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
    verdict: back.length + left.length === 0 ? 'proven' : 'failed',
    probes: 1,
    first_at: at,
    last_at: at,
    basis: absenceOf(run, deletions.length, back, left),
  }
}

function absenceOf(run: Run, planned: number, back: readonly ClientGrant[], left: readonly ClientGrant[]): string {
  if (back.length > 0)
    return `there again: ${back.map((grant) => grant.id).join(', ')}, evidence ${run.journal.evidence(back.map((grant) => ({id: grant.id, ...bodyOf(grant)}))).slice(0, 12)}`
  if (left.length > 0) return `not deleted, still there: ${left.map((grant) => grant.id).join(', ')}`
  return planned === 0
    ? "the client's grants were read after the last probe: there is no grant on these APIs"
    : `the client's grants were read after the last probe: none of ${planned} is there`
}

/** A proven refusal dates the containment of the audiences it speaks for. */
function contain(progress: Progress, step: Verification, watch: Watch, enough: boolean): void {
  if (watch.wants !== 'refusal' || !proven(watch, enough)) return
  const first = watch.run[0] as ProbeAnswer
  const containment = {changed_at: watch.changed_at, first_refusal_at: first.at}
  // A dead secret contains whatever it was used for, named or not.
  const audiences =
    watch.audience === undefined
      ? [...exposedAudiences({snapshot: progress.before}, watch.changed_at), ...step.args.audiences, ANY_API]
      : [watch.audience]
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

/** Tenant time now, NumericDate: the machine's clock corrected by the last Date header. */
export function tenantNow(run: Pick<Run, 'clock' | 'mode' | 'tenant'>): number {
  return Math.floor(run.clock.now() / 1000 + (run.mode === 'sim' ? 0 : (run.tenant.skewSeconds() ?? 0)))
}
