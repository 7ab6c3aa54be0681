import type {LogEntry} from '../auth0/resources/log-entry.ts'
import {parseRfc3339} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {PROPAGATION_SECONDS} from '../incident/exposure.ts'
import type {PlanStep} from '../incident/plan.ts'
import type {TenantSnapshot} from '../incident/tenant-snapshot.ts'
import type {Secret} from '../secret.ts'
import {findInSink} from './find-in-sink.ts'
import type {Intended} from './act-trail.ts'
import {finishStep} from './progress.ts'
import type {Progress} from './progress.ts'
import {readCurrentSecret} from './read-secret.ts'
import {deliverNow, reportDelivery} from './rotate-secret.ts'
import type {Run} from './run.ts'
import type {Operation} from '../incident/replay.ts'

/** A rotation that shows no effect must show none this much later too, seconds: the documented propagation and a margin. */
const SECOND_LOOK_SECONDS = PROPAGATION_SECONDS + 5

export type Settlement = 'done' | 'not_done' | 'unreadable'

/**
 * Finds out by looking whether a rotation without an answer happened. Changed fingerprint: it did, and the secret that
 * was read is the new one. Unchanged, twice, 35 s apart: it did not. Without the right to read the secret the old value
 * is probed; if that is dead the rotation happened. Where its secret was not written down before the answer was lost, it is
 * known to nobody here: a question, never a second change.
 *
 * @param made the new secret, where it was made here: whether it is accepted tells, too
 */
export async function settleRotation(
  run: Run,
  progress: Progress,
  step: PlanStep,
  deliverStep: PlanStep | undefined,
  operation: Intended | Operation,
  made?: Secret,
): Promise<Settlement> {
  const clientId = progress.plan.client_id
  const first =
    operation.before === undefined ? undefined : await readCurrentSecret(run, progress, clientId, 'did the rotation take effect?')
  if (first && first.fingerprint !== operation.before) return adopt(run, progress, step, deliverStep, operation, first)
  run.responder.notify({
    kind: 'waits',
    why: 'a second look, once the change would be seen everywhere',
    seconds_left: SECOND_LOOK_SECONDS,
  })
  await run.clock.sleep(SECOND_LOOK_SECONDS)
  if (first) {
    const second = await readCurrentSecret(run, progress, clientId, 'second look: did the rotation take effect?')
    if (second && second.fingerprint !== operation.before) return adopt(run, progress, step, deliverStep, operation, second)
    if (second) {
      run.journal.settle(operation, 'not_done', 'state', {before: operation.before, reads: 2, seconds_apart: SECOND_LOOK_SECONDS})
      finishStep(run, progress, step, {
        outcome: 'not_attempted',
        seq: operation.seq,
        at: run.journal.now(),
        detail: 'settled by looking: the secret did not change',
      })
      return 'not_done'
    }
  }
  if (made) {
    const probe = await run.tenant.probeSecret(clientId, made, authMethodOf(progress))
    if (probe.verdict === 'alive')
      return adopt(run, progress, step, deliverStep, operation, {
        secret: made,
        fingerprint: run.journal.fingerprint(clientId, made.reveal()),
      })
  }
  return probeOld(run, progress, step, deliverStep, operation)
}

async function adopt(
  run: Run,
  progress: Progress,
  step: PlanStep,
  deliverStep: PlanStep | undefined,
  operation: Intended | Operation,
  read: {secret: Secret; fingerprint: string},
): Promise<Settlement> {
  progress.new_secret = read.secret
  progress.secret_changed_at = run.tenant.serverTime() ?? Math.floor(run.clock.now() / 1000)
  const delivery = await deliverNow(run, progress, deliverStep, read.secret, read.fingerprint)
  run.journal.settle(operation, 'ok', 'state', {before: operation.before, after: read.fingerprint})
  if (delivery) run.journal.delivered(operation.op, delivery)
  finishStep(run, progress, step, {
    outcome: 'done',
    seq: operation.seq,
    at: run.journal.now(),
    detail: 'settled by looking: the secret changed; the new one was read',
  })
  reportDelivery(run, progress, deliverStep)
  return 'done'
}

/** Without a readable secret: is the leaked one dead? A made-up authorization code asks that without minting a token. */
async function probeOld(
  run: Run,
  progress: Progress,
  step: PlanStep,
  deliverStep: PlanStep | undefined,
  operation: Intended | Operation,
): Promise<Settlement> {
  const old = progress.old_secret ?? run.leaked
  const clientId = progress.plan.client_id
  if (old) {
    const probe = await run.tenant.probeSecret(progress.plan.client_id, old, authMethodOf(progress))
    // Accepted 35 s after: it is still the secret in force, so nothing was changed.
    if (probe.verdict === 'alive') {
      run.journal.settle(operation, 'not_done', 'state', {probe: 'old secret still alive', status: probe.status ?? 0})
      finishStep(run, progress, step, {
        outcome: 'not_attempted',
        seq: operation.seq,
        at: run.journal.now(),
        detail: 'settled by looking: the old secret still works',
      })
      return 'not_done'
    }
    // A value that was not in force before the rotation is refused whatever became of it: only a known one tells.
    if (probe.verdict === 'dead' && operation.before === run.journal.fingerprint(clientId, old.reveal())) {
      const read =
        (await readCurrentSecret(run, progress, clientId, 'the old secret is dead: which one is in force?')) ??
        (await findInSink(run, progress, operation.before))
      if (read && read.fingerprint !== operation.before) return adopt(run, progress, step, deliverStep, operation, read)
      // It happened, and its secret is known to nobody here. What to do about that is a person's decision.
      run.journal.settle(operation, 'ok', 'state', {probe: 'old secret dead', status: probe.status ?? 0})
      progress.secret_changed_at = run.tenant.serverTime() ?? Math.floor(run.clock.now() / 1000)
      finishStep(run, progress, step, {
        outcome: 'done',
        seq: operation.seq,
        at: run.journal.now(),
        detail: 'settled by a probe: the old secret is dead; the new one is not known here',
      })
      return 'unreadable'
    }
  }
  return byTenantLog(run, progress, step, deliverStep, operation)
}

/** The last way to know: the tenant logs a rotation that took effect with our correlation id. Its silence proves nothing. */
async function byTenantLog(
  run: Run,
  progress: Progress,
  step: PlanStep,
  deliverStep: PlanStep | undefined,
  operation: Intended | Operation,
): Promise<Settlement> {
  const clientId = progress.plan.client_id
  let entries: readonly LogEntry[] = []
  try {
    entries = await run.tenant.searchLogs({q: 'type:"sapi"', page: 0, per_page: 100})
  } catch (error) {
    if (!(error instanceof StanchError)) throw error
  }
  const entry = entries.find((one) => one.correlation_id === operation.correlation_id)
  if (!entry) {
    finishStep(run, progress, step, {
      outcome: 'in_doubt',
      seq: operation.seq,
      at: run.journal.now(),
      detail: 'no answer, and the secret cannot be read',
    })
    return 'unreadable'
  }
  const read =
    (await readCurrentSecret(run, progress, clientId, 'the tenant log has the rotation: which secret is in force?')) ??
    (await findInSink(run, progress, operation.before))
  if (read) return adopt(run, progress, step, deliverStep, operation, read)
  run.journal.settle(operation, 'ok', 'tenant-log', {log_id: entry.log_id, date: entry.date})
  progress.secret_changed_at = parseRfc3339(entry.date) ?? run.tenant.serverTime() ?? Math.floor(run.clock.now() / 1000)
  finishStep(run, progress, step, {
    outcome: 'done',
    seq: operation.seq,
    at: run.journal.now(),
    detail: 'settled by the tenant log; the new secret is not known here',
  })
  return 'unreadable'
}

/** How the client sends its secret. Basic only where the client says so; a probe must authenticate as it does. */
export function authMethodOf(progress: {readonly snapshot: Pick<TenantSnapshot, 'client'>}): 'post' | 'basic' {
  return progress.snapshot.client.token_endpoint_auth_method === 'client_secret_basic' ? 'basic' : 'post'
}
