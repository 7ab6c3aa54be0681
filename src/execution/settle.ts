import type {PlanStep} from '../incident/plan.ts'
import {inDoubt, tookEffect} from '../incident/replay.ts'
import type {Operation} from '../incident/replay.ts'
import {ask} from './ask.ts'
import {finishStep} from './progress.ts'
import type {Progress} from './progress.ts'
import {adoptEarlier, countsFor} from './execute.ts'
import {findInSink} from './find-in-sink.ts'
import {handOver} from './hand-over.ts'
import {readCurrentSecret} from './read-secret.ts'
import {rotateSecret} from './rotate-secret.ts'
import {settleRotation} from './settle-rotation.ts'
import type {Run} from './run.ts'

/**
 * Decides by looking what became of every operation that an earlier session left without an answer, and writes the late
 * answer down. Afterwards steps that took effect count as done; what did not happen is tried again under a new intent.
 */
export async function settleEarlier(run: Run, progress: Progress): Promise<void> {
  for (const operation of progress.earlier.filter(inDoubt)) {
    const step = progress.plan.steps.find((one) => one.id === operation.step)
    const settled = await settleOne(run, progress, step, operation)
    if (settled !== undefined) replace(progress, operation, settled)
  }
  adoptEarlier(progress)
  await deliverLate(run, progress)
}

async function settleOne(
  run: Run,
  progress: Progress,
  step: PlanStep | undefined,
  operation: Operation,
): Promise<'ok' | 'not_done' | undefined> {
  run.responder.notify({
    kind: 'note',
    text: `Settling ${operation.action} on ${operation.target} (record ${operation.seq}) by looking at the tenant.`,
  })
  switch (operation.action) {
    case 'client_grant.delete': {
      const id = operation.target.slice('grant:'.length)
      const gone = (await run.tenant.getClientGrant(id)) === undefined
      run.journal.settle(operation, gone ? 'ok' : 'not_done', 'state', {grant: id, present: !gone})
      if (gone) progress.grants_changed_at = Math.max(progress.grants_changed_at ?? 0, run.tenant.serverTime() ?? 0)
      return gone ? 'ok' : 'not_done'
    }
    case 'client_secret.rotate':
    case 'client_secret.set': {
      if (step?.action !== 'client_secret.rotate' || !countsFor(progress, operation))
        return settleByFingerprint(run, progress, operation)
      const next = progress.plan.steps[progress.plan.steps.indexOf(step) + 1]
      const result = await settleRotation(run, progress, step, next?.action === 'secret.deliver' ? next : undefined, operation)
      // Not done: the step is free again. Unreadable with its outcome known: it counts as done, a person decides the rest.
      if (result === 'not_done') progress.outcomes.delete(step.id)
      return result === 'done'
        ? 'ok'
        : result === 'not_done'
          ? 'not_done'
          : progress.outcomes.get(step.id)?.outcome === 'done'
            ? 'ok'
            : undefined
    }
    case 'client_grant.create': {
      if (step?.action !== 'client_grant.restore') return undefined
      const {grant} = step.args
      const found = (
        await run.tenant.listClientGrants({
          ...(grant.client_id === undefined ? {} : {client_id: grant.client_id}),
          audience: grant.audience,
        })
      ).find((one) => (one.subject_type ?? 'client') === (grant.subject_type ?? 'client'))
      run.journal.settle(operation, found ? 'ok' : 'not_done', 'state', {found: found?.id ?? null})
      return found ? 'ok' : 'not_done'
    }
    case 'organization_client_grant.create': {
      run.journal.settle(operation, 'not_done', 'state', {
        note: 'tied again by the restore that follows; a tie that exists answers 409',
      })
      return 'not_done'
    }
    case 'token.request': {
      // Nobody knows whether it minted: it is counted as a token issued when the intent was written.
      const audience = operation.target.slice('api:'.length)
      progress.probe_tokens.push({audience, issued_at: Math.floor(Date.parse(operation.at) / 1000)})
      run.journal.settle(operation, 'ok', 'state', {note: 'counted as issued', audience})
      return 'ok'
    }
    default:
      // A read: it has no effect to be in doubt about.
      run.journal.settle(operation, 'not_done', 'state', {note: 'a read changes nothing'})
      return 'not_done'
  }
}

/** The rotation of another plan: what it did is found out, its secret is not handed over. Unreadable: it stays in doubt. */
async function settleByFingerprint(run: Run, progress: Progress, operation: Operation): Promise<'ok' | undefined> {
  const read =
    operation.before === undefined
      ? undefined
      : await readCurrentSecret(run, progress, progress.plan.client_id, 'did an earlier rotation take effect?')
  if (!read || read.fingerprint === operation.before) return undefined
  run.journal.settle(operation, 'ok', 'state', {before: operation.before, after: read.fingerprint})
  return 'ok'
}

function replace(progress: Progress, operation: Operation, settled: 'ok' | 'not_done'): void {
  const earlier = progress.earlier as Operation[]
  const index = earlier.indexOf(operation)
  if (index >= 0) earlier[index] = {...operation, settled, settled_by: 'state'}
}

/** A rotation that took effect in an earlier session without a delivery on record: the secret is read again and handed over. */
async function deliverLate(run: Run, progress: Progress): Promise<void> {
  const {steps} = progress.plan
  const index = steps.findIndex((step) => step.action === 'client_secret.rotate')
  const step = steps[index]
  const deliverStep = steps[index + 1]?.action === 'secret.deliver' ? steps[index + 1] : undefined
  if (!step || !deliverStep || progress.outcomes.get(step.id)?.outcome !== 'done' || progress.outcomes.has(deliverStep.id)) return
  const rotation = progress.earlier.find((one) => one.step === step.id && tookEffect(one))
  if (!rotation) return
  if (rotation.before !== undefined) progress.secret_before = rotation.before
  const known = progress.delivery ? undefined : progress.deliveries.findLast((one) => one.op === rotation.op)
  if (known?.result === 'ok' && known.fingerprint !== undefined)
    progress.delivery = {sink: known.sink, result: known.result, fingerprint: known.fingerprint}
  const read = progress.new_secret
    ? undefined
    : ((await readCurrentSecret(run, progress, progress.plan.client_id, 'the new secret, for the proof and the delivery')) ??
      (await findInSink(run, progress, rotation.before)))
  // A secret that somebody else made since is not ours to hand out, and the one that was handed out is dead.
  const ours = rotation.after ?? progress.delivery?.fingerprint
  if (read && ours !== undefined && ours !== read.fingerprint) {
    progress.changed_again = true
    progress.gaps.push({
      code: 'changed_again',
      what: 'the new client secret',
      why: 'it was changed once more after our rotation: find out who (tenant log) before anybody deploys one',
    })
    return
  }
  if (read) progress.new_secret = read.secret
  if (progress.delivery?.result === 'ok') {
    finishStep(run, progress, deliverStep, {outcome: 'done', at: run.journal.now(), detail: `in ${progress.delivery.sink}`})
    return
  }
  if (!read || !run.handOver) return
  const delivery = await handOver(run, run.handOver, read.secret, read.fingerprint)
  progress.delivery = {sink: delivery.sink, result: delivery.result, fingerprint: read.fingerprint}
  run.journal.delivered(rotation.op, progress.delivery)
  finishStep(run, progress, deliverStep, {
    outcome: delivery.result === 'ok' ? 'done' : 'refused',
    at: run.journal.now(),
    detail: `in ${delivery.sink}`,
  })
}

/**
 * The rotation happened and its new secret is known to nobody here. Two ways out, and a person picks: look it up in the
 * Dashboard, or set another secret that is made and sealed here. Nobody there: nothing more is changed.
 */
export async function offerNewSecret(
  run: Run,
  progress: Progress,
  step: PlanStep & {action: 'client_secret.rotate'},
  deliverStep: PlanStep | undefined,
): Promise<void> {
  const unknown = progress.outcomes.get(step.id)?.outcome === 'done' && progress.new_secret === undefined
  if (!unknown || step.args.method === 'set' || !run.responder.attended) return
  const answer = await ask(run, {
    id: 'rotate.unreadable',
    kind: 'choice',
    ask: 'The rotation happened, but its answer was lost and the new secret cannot be read. What now?',
    why: 'The new secret is known to nobody here; whoever runs this client needs one.',
    effect: 'Setting another secret changes it a second time, to a value that is sealed on this machine first.',
    undo: 'none',
    choices: [
      {value: 'leave', label: 'leave it: I will copy the secret from the Dashboard'},
      {value: 'set', label: 'set another secret, made and sealed here'},
    ],
    unattended: 'leave',
  })
  if (answer !== 'set') return
  progress.outcomes.delete(step.id)
  await rotateSecret(run, progress, {...step, args: {...step.args, method: 'set'}}, deliverStep, Promise.resolve(undefined))
}
