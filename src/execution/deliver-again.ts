import type {Tenant} from '../auth0/tenant.ts'
import {deliver, describeSink} from '../delivery/sink.ts'
import type {Delivered, Sink, SinkDeps} from '../delivery/sink.ts'
import {StanchError} from '../errors.ts'
import {tookEffect} from '../incident/replay.ts'
import type {IncidentState, Operation} from '../incident/replay.ts'
import type {Secret} from '../secret.ts'
import type {IncidentTrail} from './incident-trail.ts'
import {readCurrentSecret} from './read-secret.ts'

/** The rotation whose secret is to be handed over, and the fingerprint that says which secret that is. */
export interface Rotated {
  readonly operation: Operation
  readonly client_id: string
  readonly fingerprint: string
}

/** @throws delivery.unreadable when the incident changed no secret, or the new one was never seen here */
export function rotatedSecret(journal: IncidentTrail, state: IncidentState): Rotated {
  const operation = state.operations.findLast(
    (one) => (one.action === 'client_secret.rotate' || one.action === 'client_secret.set') && tookEffect(one),
  )
  if (!operation)
    throw new StanchError(
      'delivery.unreadable',
      `Incident ${state.incident_id} changed no secret: there is nothing to hand over.`,
    )
  const fingerprint =
    operation.after ??
    state.deliveries.findLast((one) => one.op === operation.op)?.fingerprint ??
    settledFingerprint(journal, operation.op)
  const client_id = operation.target.replace(/^client:/, '')
  if (fingerprint !== undefined) return {operation, client_id, fingerprint}
  throw new StanchError('delivery.unreadable', 'The new secret of this rotation was never seen on this machine.', {
    hint: `Copy it from the Dashboard, or set another: stanch secret rotate --client ${client_id} --incident ${state.incident_id} --method set --deliver SINK`,
  })
}

/** A rotation whose answer was lost has its fingerprint in the evidence of what settled it. */
function settledFingerprint(journal: IncidentTrail, op: string): string | undefined {
  for (const record of journal.trail.records({inc: journal.incident})) {
    if (record.kind !== 'settle' || record['op'] !== op || typeof record['evidence'] !== 'string') continue
    const blob = journal.trail.getEvidence(record['evidence'])
    const after = blob === undefined ? undefined : (JSON.parse(blob.toString('utf8')) as {after?: unknown}).after
    if (typeof after === 'string') return after
  }
  return undefined
}

/** Is this the secret that the rotation made? */
export function isRotated(journal: IncidentTrail, rotated: Rotated, secret: Secret): boolean {
  return journal.fingerprint(rotated.client_id, secret.reveal()) === rotated.fingerprint
}

/**
 * The rotation's secret, read from the tenant, with its intent durable first.
 *
 * @throws auth0.scope_missing when this credential cannot read secrets; guard.tenant_moved when the tenant has another one by now
 */
export async function readRotated(tenant: Tenant, journal: IncidentTrail, rotated: Rotated): Promise<Secret> {
  const read = await readCurrentSecret({tenant, journal}, {}, rotated.client_id, 'to hand the new secret over again')
  if (!read) {
    throw new StanchError('auth0.scope_missing', 'The new secret could not be read with this credential (read:client_keys).', {
      hint: 'Copy it from the Dashboard, or connect with a credential that may read it.',
    })
  }
  if (read.fingerprint === rotated.fingerprint) return read.secret
  throw new StanchError(
    'guard.tenant_moved',
    'The client has another secret by now than this rotation made. Nothing was handed over.',
    {
      hint: 'Somebody rotated it again: look at the tenant log and at stanch incident list.',
    },
  )
}

/** Hands it over and writes down where it went, whichever way that ended. */
export async function handOverAgain(
  journal: IncidentTrail,
  rotated: Rotated,
  secret: Secret,
  sink: Sink,
  deps: SinkDeps,
): Promise<Delivered> {
  const delivered = await deliver(sink, secret, deps)
  journal.delivered(rotated.operation.op, {sink: describeSink(sink), result: delivered.result, fingerprint: rotated.fingerprint})
  return delivered
}
