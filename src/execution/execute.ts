import {StanchError} from '../errors.ts'
import type {Exposure} from '../incident/exposure.ts'
import type {PlanStep} from '../incident/plan.ts'
import {isChange} from '../incident/policy.ts'
import {inDoubt, tookEffect} from '../incident/replay.ts'
import type {Operation} from '../incident/replay.ts'
import {deleteGrants} from './delete-grants.ts'
import {expose} from './expose.ts'
import {recordConsumers} from './record-consumers.ts'
import {beginStep, finishStep} from './progress.ts'
import type {Progress} from './progress.ts'
import {restoreGrant} from './restore-grants.ts'
import {readBefore, rotateSecret} from './rotate-secret.ts'
import type {Before} from './rotate-secret.ts'
import {finishLog, saveLog} from './save-log.ts'
import {offerNewSecret, settleEarlier} from './settle.ts'
import type {Run} from './run.ts'
import {verify} from './verify.ts'

type Deletion = PlanStep & {readonly action: 'client_grant.delete'}

/**
 * Carries a plan out, in its order: the only road to a changed tenant. What earlier sessions of the incident left in
 * doubt is settled by looking first; steps that took effect are not taken again. A step that ends in doubt stops the
 * changes: nothing more is changed until it is known what happened. Proofs and exposure are given all the same.
 */
export async function execute(run: Run, progress: Progress): Promise<Exposure> {
  await settleEarlier(run, progress)
  const {steps} = progress.plan
  let before: Before | undefined
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index] as PlanStep
    if (run.interruption.requested) break
    if (progress.outcomes.has(step.id)) continue
    if (isChangeBlocked(progress, step)) continue
    switch (step.action) {
      case 'tenant_log.save':
        await saveLog(run, progress, step)
        break
      case 'client_grant.delete': {
        const batch = batchFrom(steps, index, progress)
        const next = steps[index + batch.length]
        // The fingerprint read needs nothing from the deletions: it goes out with them, its intent durable first.
        if (next?.action === 'client_secret.rotate' && !progress.outcomes.has(next.id))
          before = guarded(readBefore(run, progress))
        await deleteGrants(run, progress, batch)
        break
      }
      case 'client_secret.rotate': {
        const follower = steps[index + 1]
        const deliverStep = follower?.action === 'secret.deliver' ? follower : undefined
        await rotateSecret(run, progress, step, deliverStep, before ?? readBefore(run, progress))
        await offerNewSecret(run, progress, step, deliverStep)
        break
      }
      case 'client_grant.restore':
        await restoreGrant(run, progress, step)
        break
      case 'verify':
        await verify(run, progress, step)
        break
      case 'exposure':
        beginStep(run, progress, step)
        finishStep(run, progress, step, {outcome: 'done', at: run.journal.now()})
        break
      case 'secret.deliver':
        // It went with the rotation it follows. Without one there is nothing to hand over.
        break
      case 'manual':
        // Nobody signs off what nobody asked: it stands in `next` until a person says so (stanch incident update --done).
        progress.outcomes.set(step.id, {outcome: 'manual', at: run.journal.now()})
        break
    }
  }
  await (progress.log ? finishLog(run, progress) : readLogAgain(run, progress))
  return concludeExposure(run, progress)
}

/** The deletions that stand together in the plan from `index` on; those that are done already are left out. */
function batchFrom(steps: readonly PlanStep[], index: number, progress: Progress): Deletion[] {
  const batch: Deletion[] = []
  for (const step of steps.slice(index)) {
    if (step.action !== 'client_grant.delete') break
    if (!progress.outcomes.has(step.id)) batch.push(step)
  }
  return batch
}

/** A rejection that nobody awaits yet must not end the process; whoever awaits it later still sees it. */
function guarded(before: Before): Before {
  before.catch(() => {})
  return before
}

/** After a step in doubt or a rate limit beyond the budget nothing more is changed; after a refusal or a missing proof only if the runbook lets it. */
function isChangeBlocked(progress: Progress, step: PlanStep): boolean {
  if (!isChange(step)) return false
  if (progress.stop) return true
  const {stop_when} = progress.plan
  const changes = progress.plan.steps.filter(isChange).map((one) => progress.outcomes.get(one.id)?.outcome)
  if (changes.includes('in_doubt')) return true
  if (stop_when.includes('refused') && changes.includes('refused')) return true
  return stop_when.includes('not_proven') && progress.proofs.some((proof) => proof.verdict !== 'proven')
}

/**
 * Tokens that were issued since the first look stand in the log only now. A log that cannot be read any more, or is
 * late, leaves what was seen before; the rule of the all clear does not rest on it.
 */
async function readLogAgain(run: Run, progress: Progress): Promise<void> {
  const {log} = progress.before
  if (log === null || !progress.plan.steps.some((step) => step.action === 'verify' && progress.outcomes.has(step.id))) return
  try {
    const newest = await run.tenant.searchLogs({q: `client_id:"${progress.plan.client_id}"`, page: 0, per_page: 100})
    const known = new Set(log.map((entry) => entry.log_id))
    const late = newest.filter((entry) => !known.has(entry.log_id))
    if (late.length > 0) progress.before = {...progress.before, log: [...late, ...log]}
  } catch (error) {
    if (!(error instanceof StanchError) || error.code === 'interrupted') throw error
    progress.gaps.push({code: 'log_not_read_again', what: 'tokens issued while this was at work', why: error.message})
  }
}

function concludeExposure(run: Run, progress: Progress): Exposure {
  const exposure = expose(run, progress)
  run.journal.observe({
    action: 'exposure',
    target: `client:${progress.plan.client_id}`,
    finding: `all clear ${exposure.all_clear.state}, worst case ${exposure.all_clear.worst_case_at}; ${exposure.all_clear.basis}`,
    evidence: run.journal.evidence(exposure),
  })
  if (exposure.consumers) recordConsumers(run, exposure.computed_at, exposure.consumers)
  return exposure
}

/** Steps whose operation took effect in an earlier session count as done; one that is still in doubt stays so. */
export function adoptEarlier(progress: Progress): void {
  let undated = false
  for (const step of progress.plan.steps) {
    const operations = progress.earlier.filter(
      (operation) => operation.step === step.id && isEffectOf(step, operation) && countsFor(progress, operation),
    )
    const effective = operations.find(tookEffect)
    // A grant that is back but not yet tied to its organisations again is looked at once more.
    if (effective && !(step.action === 'client_grant.restore' && step.args.organizations.length > 0)) {
      progress.outcomes.set(step.id, {outcome: 'done', seq: effective.seq, at: effective.at})
      if (effective.date !== undefined) {
        if (step.action === 'client_secret.rotate') progress.secret_changed_at = effective.date
        if (step.action === 'client_grant.delete')
          progress.grants_changed_at = Math.max(progress.grants_changed_at ?? 0, effective.date)
      } else if (step.action === 'client_grant.delete') {
        undated = true
      }
    }
  }
  // Of a deletion that was settled by looking nobody knows when it happened: then all count from now on, never too early.
  if (undated) delete progress.grants_changed_at
}

/**
 * Work that goes on (`resume`) repeats nothing that took effect. A command that a person types anew means what it says,
 * and was confirmed anew: `secret rotate` in an incident rotates, however often that was done before.
 */
export function countsFor({resumes, plan, plan_sha256}: Progress, operation: Operation): boolean {
  return resumes && (operation.plan_sha256 === plan_sha256 || !plan.runbook.id.startsWith('command:'))
}

function isEffectOf(step: PlanStep, operation: Operation): boolean {
  if (inDoubt(operation)) return false
  if (step.action === 'client_secret.rotate')
    return operation.action === 'client_secret.rotate' || operation.action === 'client_secret.set'
  if (step.action === 'client_grant.restore') return operation.action === 'client_grant.create'
  return operation.action === step.action
}
