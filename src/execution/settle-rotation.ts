import type {LogEntry} from '../auth0/resources/log-entry.ts'
import {parseRfc3339} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {PROPAGATION_SECONDS} from '../incident/exposure-facts.ts'
import type {PlanStep, StepOutcome} from '../incident/plan.ts'
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

/** A rotation of which nobody knows what it did. */
interface Unsettled {
  readonly run: Run
  readonly progress: Progress
  readonly step: PlanStep
  readonly deliverStep: PlanStep | undefined
  readonly operation: Intended | Operation
}

interface ReadSecret {
  readonly secret: Secret
  readonly fingerprint: string
}

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
  const open = {run, progress, step, deliverStep, operation}
  const clientId = progress.plan.client_id
  const first =
    operation.before === undefined ? undefined : await readCurrentSecret(run, progress, clientId, 'did the rotation take effect?')
  if (first && first.fingerprint !== operation.before) return adopt(open, first)
  run.responder.notify({
    kind: 'waits',
    why: 'a second look, once the change would be seen everywhere',
    seconds_left: SECOND_LOOK_SECONDS,
  })
  await run.clock.sleep(SECOND_LOOK_SECONDS)
  if (first) {
    const second = await readCurrentSecret(run, progress, clientId, 'second look: did the rotation take effect?')
    if (second && second.fingerprint !== operation.before) return adopt(open, second)
    if (second) {
      run.journal.settle(operation, 'not_done', 'state', {before: operation.before, reads: 2, seconds_apart: SECOND_LOOK_SECONDS})
      finish(open, 'not_attempted', 'settled by looking: the secret did not change')
      return 'not_done'
    }
  }
  if (made) {
    const probe = await run.tenant.probeSecret(clientId, made, authMethodOf(progress))
    if (probe.verdict === 'alive')
      return adopt(open, {secret: made, fingerprint: run.journal.fingerprint(clientId, made.reveal())})
  }
  return probeOld(open)
}

async function adopt(open: Unsettled, read: ReadSecret): Promise<Settlement> {
  const {run, progress, deliverStep, operation} = open
  progress.new_secret = read.secret
  progress.secret_changed_at = run.tenant.serverTime() ?? Math.floor(run.clock.now() / 1000)
  const delivery = await deliverNow(run, progress, deliverStep, read.secret, read.fingerprint)
  run.journal.settle(operation, 'ok', 'state', {before: operation.before, after: read.fingerprint})
  if (delivery) run.journal.delivered(operation.op, delivery)
  finish(open, 'done', 'settled by looking: the secret changed; the new one was read')
  reportDelivery(run, progress, deliverStep)
  return 'done'
}

/** Without a readable secret: is the leaked one dead? A made-up authorization code asks that without minting a token. */
async function probeOld(open: Unsettled): Promise<Settlement> {
  const {run, progress, operation} = open
  const old = progress.old_secret ?? run.leaked
  const clientId = progress.plan.client_id
  if (!old) return byTenantLog(open)
  const probe = await run.tenant.probeSecret(clientId, old, authMethodOf(progress))
  // Accepted 35 s after: it is still the secret in force, so nothing was changed.
  if (probe.verdict === 'alive') {
    run.journal.settle(operation, 'not_done', 'state', {probe: 'old secret still alive', status: probe.status ?? 0})
    finish(open, 'not_attempted', 'settled by looking: the old secret still works')
    return 'not_done'
  }
  // A value that was not in force before the rotation is refused whatever became of it: only a known one tells.
  if (probe.verdict !== 'dead' || operation.before !== run.journal.fingerprint(clientId, old.reveal())) return byTenantLog(open)
  const read = await secretInForce(open, 'the old secret is dead: which one is in force?')
  if (read && read.fingerprint !== operation.before) return adopt(open, read)
  // It happened, and its secret is known to nobody here. What to do about that is a person's decision.
  run.journal.settle(operation, 'ok', 'state', {probe: 'old secret dead', status: probe.status ?? 0})
  progress.secret_changed_at = run.tenant.serverTime() ?? Math.floor(run.clock.now() / 1000)
  finish(open, 'done', 'settled by a probe: the old secret is dead; the new one is not known here')
  return 'unreadable'
}

/** The last way to know: the tenant logs a rotation that took effect with our correlation id. Its silence proves nothing. */
async function byTenantLog(open: Unsettled): Promise<Settlement> {
  const {run, progress, operation} = open
  let entries: readonly LogEntry[] = []
  try {
    entries = await run.tenant.searchLogs({q: 'type:"sapi"', page: 0, per_page: 100})
  } catch (error) {
    if (!(error instanceof StanchError)) throw error
  }
  const entry = entries.find((one) => one.correlation_id === operation.correlation_id)
  if (!entry) {
    finish(open, 'in_doubt', 'no answer, and the secret cannot be read')
    return 'unreadable'
  }
  const read = await secretInForce(open, 'the tenant log has the rotation: which secret is in force?')
  if (read) return adopt(open, read)
  run.journal.settle(operation, 'ok', 'tenant-log', {log_id: entry.log_id, date: entry.date})
  progress.secret_changed_at = parseRfc3339(entry.date) ?? run.tenant.serverTime() ?? Math.floor(run.clock.now() / 1000)
  finish(open, 'done', 'settled by the tenant log; the new secret is not known here')
  return 'unreadable'
}

/** As the tenant shows it, or as it was handed over before the answer was lost. */
async function secretInForce({run, progress, operation}: Unsettled, why: string): Promise<ReadSecret | undefined> {
  return (
    (await readCurrentSecret(run, progress, progress.plan.client_id, why)) ?? (await findInSink(run, progress, operation.before))
  )
}

function finish({run, progress, step, operation}: Unsettled, outcome: StepOutcome, detail: string): void {
  finishStep(run, progress, step, {outcome, seq: operation.seq, at: run.journal.now(), detail})
}

/** How the client sends its secret. Basic only where the client says so; a probe must authenticate as it does. */
export function authMethodOf(progress: {readonly snapshot: Pick<TenantSnapshot, 'client'>}): 'post' | 'basic' {
  return progress.snapshot.client.token_endpoint_auth_method === 'client_secret_basic' ? 'basic' : 'post'
}
