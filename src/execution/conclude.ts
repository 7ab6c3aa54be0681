import type {Exposure} from '../incident/exposure.ts'
import {makesTokens} from '../incident/leak.ts'
import {nextSteps} from '../incident/next.ts'
import {leadsThroughClient, openPaths, openToLeak, reopeningScopes} from '../incident/policy.ts'
import type {Plan, PlanStep} from '../incident/plan.ts'
import {planHash} from '../incident/plan.ts'
import {statusOf} from '../incident/result.ts'
import type {IncidentResult, IncidentStatus} from '../incident/result.ts'
import {subjectOf} from '../incident/tenant-snapshot.ts'
import {reachable, tokenPaths} from '../incident/token-paths.ts'
import type {EvidenceGap, TenantSnapshot} from '../incident/tenant-snapshot.ts'
import {actionResults} from './progress.ts'
import type {Progress} from './progress.ts'
import type {Run} from './run.ts'

/** Turns work into the result that is shown, and writes its status, its gaps and a checkpoint into the trail. */
export function conclude(
  run: Run,
  progress: Progress,
  exposure: Exposure,
  signedOff: readonly string[],
  writable = true,
): IncidentResult {
  const {plan, snapshot} = progress
  notReached(progress)
  newSecretUnknown(progress)
  const actions = actionResults(progress)
  const facts = {snapshot, ...(progress.leaked_token ? {leaked_token: progress.leaked_token} : {})}
  const effective = plan.steps.filter((step) => ['done', 'already'].includes(progress.outcomes.get(step.id)?.outcome ?? ''))
  const deliveryFailed = deliveryIsMissing(progress)
  const restored = plan.steps.some((step) => step.action === 'client_grant.restore')
  const toClient = leadsThroughClient(plan.leak, {...facts, snapshot: progress.before})
  const open = restored || !toClient ? [] : openPaths(facts, effective)
  const untied = progress.gaps.some((gap) => gap.code === 'tie_missing')
  const status = statusOf({
    actions,
    proof: progress.proofs,
    open_paths: open,
    delivery_failed: deliveryFailed,
    restored,
    untied,
    uncontained: exposure.audiences.some((one) => one.contained_at === undefined),
  })
  const reopening = reopeningScopes(progress.before, progress.leaked_token)
  const gaps = uniqueGaps([
    ...exposure.evidence_gaps,
    ...progress.gaps,
    ...selfMade(plan.leak),
    ...open.map((path) => ({code: 'path_open', what: path, why: 'the steps that were carried out do not close it'})),
    ...reopeningGap(reopening, exposure),
  ])
  if (writable) assessed(run, plan.client_id, progress, effective)
  const checkpoint = writable ? writeDown(run, plan.client_id, status, gaps) : undefined
  return {
    incident_id: run.journal.incident,
    status,
    simulated: run.mode === 'sim',
    tenant: snapshot.tenant,
    client: {client_id: plan.client_id, name: snapshot.client.name},
    leak: plan.leak,
    plan_hash: progress.plan_sha256,
    actions,
    proof: progress.proofs,
    exposure: {...exposure, evidence_gaps: gaps},
    ...(progress.delivery ? {delivery: progress.delivery} : {}),
    evidence_gaps: gaps,
    ...(checkpoint ? {audit: checkpoint} : {}),
    next: nextSteps({
      incident_id: run.journal.incident,
      status,
      plan,
      actions,
      exposure,
      gaps,
      proof: progress.proofs,
      open_paths: open,
      left: restored ? [] : grantsLeftAlone(plan, progress.before),
      reopening,
      delivery_failed: deliveryFailed,
      signed_off: signedOff,
      ...(snapshot.operator.client_id === plan.client_id
        ? {own: snapshot.operator.exp === undefined ? {} : {exp: snapshot.operator.exp}}
        : {}),
    }),
  }
}

/** Every path to a token, as it was before the first change and as it is after what was done. */
function assessed({journal}: Run, clientId: string, {before, snapshot}: Progress, steps: readonly PlanStep[]): void {
  const paths = {before: tokenPaths(before), after: tokenPaths(snapshot, {steps})}
  const [was, is] = [reachable(paths.before).length, reachable(paths.after).length]
  journal.observe({
    action: 'assess',
    target: `client:${clientId}`,
    finding: `${was} way(s) to a token before, ${is} after`,
    count: is,
    evidence: journal.evidence({computed_at: journal.now(), ...paths}),
  })
}

/** Grants that a plan which deletes grants did not touch, and what they still allow. */
function grantsLeftAlone(plan: Plan, before: TenantSnapshot): {grant_id: string; text: string}[] {
  const deleted = new Set(plan.steps.flatMap((step) => (step.action === 'client_grant.delete' ? [step.args.grant_id] : [])))
  if (deleted.size === 0) return []
  return before.grants
    .filter((grant) => !deleted.has(grant.id) && (grant.is_system === true || subjectOf(grant) === 'user'))
    .map((grant) => ({
      grant_id: grant.id,
      text: grant.is_system
        ? `system grant ${grant.id} on ${grant.audience} stays: Auth0 does not let anybody delete it`
        : `user grant ${grant.id} on ${grant.audience} stays, and users get tokens by it; --include-user-grants takes it too`,
    }))
}

function writeDown(
  run: Run,
  clientId: string,
  status: IncidentStatus,
  gaps: readonly EvidenceGap[],
): NonNullable<IncidentResult['audit']> {
  run.journal.gaps(gaps)
  run.journal.observe({action: 'status', finding: status, target: `client:${clientId}`})
  // Kept: it is shown to be posted, and whoever holds it compares it with a bundle later.
  const {size, root, text} = run.journal.trail.checkpoint(true)
  return {records: size, size, root_hash: root, checkpoint: text}
}

/** Tokens that no log and no `exp` of ours speaks for. */
function selfMade(leak: Plan['leak']): EvidenceGap[] {
  if (!makesTokens(leak)) return []
  const why =
    'whoever holds it makes them himself, with any exp, and Auth0 sees none: it ends when every server of the API verifies with another key'
  return [{code: 'self_made_tokens', what: 'tokens that are signed with the leaked secret', why}]
}

/** A result for a plan that was not carried out: a dry run, or a responder who declined. */
export function notCarriedOut(
  plan: {readonly steps: readonly PlanStep[]} & Parameters<typeof planHash>[0],
  snapshot: TenantSnapshot,
  exposure: Exposure,
  status: Extract<IncidentStatus, 'planned' | 'declined'>,
  extras: Pick<IncidentResult, 'incident_id' | 'audit'> = {},
): IncidentResult {
  const actions = plan.steps.map((step) => ({
    kind: step.action,
    target: step.target,
    outcome: 'not_attempted' as const,
    undo: step.undo,
  }))
  const reopening = reopeningScopes(snapshot)
  // A plan that was declined changes nothing: what it would leave open is not what is open.
  const open = status === 'planned' ? openToLeak(plan.leak, {snapshot}, plan.steps) : []
  const gaps = uniqueGaps([
    ...exposure.evidence_gaps,
    ...selfMade(plan.leak),
    ...open.map(({sentence}) => ({code: 'path_open', what: sentence, why: 'the plan does not close it'})),
    ...reopeningGap(reopening, exposure),
  ])
  return {
    ...extras,
    status,
    simulated: plan.mode === 'sim',
    tenant: snapshot.tenant,
    client: {client_id: plan.client_id, name: snapshot.client.name},
    leak: plan.leak,
    plan_hash: planHash(plan),
    actions,
    proof: [],
    exposure: {...exposure, evidence_gaps: gaps},
    evidence_gaps: gaps,
    next: nextSteps({
      status,
      plan,
      actions,
      exposure,
      gaps,
      proof: [],
      open_paths: [],
      left: [],
      reopening,
      delivery_failed: false,
      signed_off: [],
    }),
  }
}

/** A claim that the work ended before is not proven: what nobody asked for can't make a result look better. */
function notReached(progress: Progress): void {
  for (const step of progress.plan.steps) {
    if (step.action !== 'verify' || progress.outcomes.has(step.id)) continue
    for (const claim of step.args.claims) {
      if (progress.proofs.some((proof) => proof.claim === claim)) continue
      progress.proofs.push({
        claim,
        target: step.target,
        verdict: 'not_proven',
        probes: 0,
        basis: 'the work ended before this was asked',
      })
    }
  }
}

/** A rotation that took effect while nobody here saw its secret: said in every session, until it is handed over. */
function newSecretUnknown(progress: Progress): void {
  if (progress.new_secret !== undefined || progress.delivery !== undefined) return
  const rotated = progress.plan.steps.some(
    (step) => step.action === 'client_secret.rotate' && progress.outcomes.get(step.id)?.outcome === 'done',
  )
  if (!rotated) return
  progress.gaps.push({
    code: 'new_secret_unknown',
    what: 'the new client secret',
    why: 'the rotation took effect but its answer was lost, and this credential cannot read secrets (read:client_keys)',
  })
}

function deliveryIsMissing(progress: Progress): boolean {
  const {steps} = progress.plan
  return steps.some((step, index) => {
    const rotation = steps[index - 1]
    if (step.action !== 'secret.deliver' || !rotation) return false
    const rotated = progress.outcomes.get(rotation.id)?.outcome === 'done'
    return rotated && progress.delivery?.result !== 'ok'
  })
}

function reopeningGap(scopes: readonly string[], exposure: Exposure): EvidenceGap[] {
  if (scopes.length === 0 || exposure.all_clear.state === 'clear') return []
  return [
    {
      code: 'token_can_reopen',
      what: 'what an issued token can still undo',
      why: `a token issued before containment may hold ${scopes.join(', ')}: until the all clear it can read the new secret or give itself access again`,
    },
  ]
}

function uniqueGaps(gaps: readonly EvidenceGap[]): EvidenceGap[] {
  return [...new Map(gaps.map((gap) => [`${gap.code} ${gap.what}`, gap])).values()]
}
