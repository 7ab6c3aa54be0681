import {leftBehind} from '../delivery/left-behind.ts'
import type {Secret} from '../secret.ts'
import type {Progress} from './progress.ts'
import type {Run} from './run.ts'
import {authMethodOf} from './settle-rotation.ts'

/**
 * The new secret, where an earlier session had written it down before it died and nobody here may read it at the tenant:
 * one that the tenant accepts, and that is not the one before, is the one in force.
 *
 * @param before fingerprint of the secret before the rotation
 */
export async function findInSink(
  run: Run,
  progress: Pick<Progress, 'plan' | 'snapshot'>,
  before: string | undefined,
): Promise<{secret: Secret; fingerprint: string} | undefined> {
  if (!run.handOver) return undefined
  const {client_id} = progress.plan
  for (const secret of leftBehind(run.handOver.sink, run.handOver.fallback)) {
    const fingerprint = run.journal.fingerprint(client_id, secret.reveal())
    if (fingerprint === before) continue
    const probe = await run.tenant.probeSecret(client_id, secret, authMethodOf(progress))
    if (probe.verdict === 'alive') return {secret, fingerprint}
  }
  return undefined
}
