import type {Secret} from '../secret.ts'
import {judge} from '../auth0/sent.ts'
import type {Progress} from './progress.ts'
import type {Run} from './run.ts'

const SCOPES = ['read:client_keys', 'read:client_credentials']

/** Can the responder's credential read a client's secret at all? */
export function mayReadSecret(held: readonly string[]): boolean {
  return SCOPES.some((scope) => held.includes(scope))
}

/**
 * The fingerprint read: the client's current secret, in memory only, so that a change of it can be seen. It returns a
 * secret and writes a `mgmt_api_read` entry into the tenant's log, so it has an intent like a change.
 * Undefined when the scope is missing or no usable answer came; that is never a reason to go on as if it had.
 */
export async function readCurrentSecret(
  run: Pick<Run, 'tenant' | 'journal'>,
  progress: Partial<Pick<Progress, 'plan_sha256'>>,
  clientId: string,
  why: string,
): Promise<{secret: Secret; fingerprint: string} | undefined> {
  const operator = await run.tenant.operator()
  if (!mayReadSecret(operator.scopes)) return undefined
  const [intended] = run.journal.intend([
    {
      action: 'client_secret.read',
      target: `client:${clientId}`,
      req: {method: 'GET', path: `/api/v2/clients/${clientId}`},
      phase: 'rotate',
      why,
      undo: 'nothing to undo: a read; the tenant logs it',
      ...(progress.plan_sha256 === undefined ? {} : {plan_sha256: progress.plan_sha256}),
    },
  ])
  if (!intended) return undefined
  const {sent, secret} = await run.tenant.readSecret(clientId, intended.correlation_id)
  const judged = judge(sent)
  if (judged !== 'done' || !secret) {
    run.journal.end(
      intended,
      sent,
      judged === 'refused' ? 'refused' : judged === 'not_sent' ? 'failed' : judged === 'done' ? 'ok' : 'unknown',
    )
    // A read has no effect to be in doubt about: what it would have shown is simply not known.
    if (judged === 'in_doubt' || judged === 'rate_limited')
      run.journal.settle(intended, 'not_done', 'state', {note: 'a read changes nothing'})
    return undefined
  }
  const fingerprint = run.journal.fingerprint(clientId, secret.reveal())
  run.journal.end(intended, sent, 'ok', {after: fingerprint})
  return {secret, fingerprint}
}
