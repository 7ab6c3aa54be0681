import type {Client} from '../auth0/resources/client.ts'
import type {ClaimName} from '../incident/plan.ts'
import type {Proof} from '../incident/replay.ts'
import {usesKey} from '../incident/tenant-snapshot.ts'
import type {EvidenceGap} from '../incident/tenant-snapshot.ts'
import type {Secret} from '../secret.ts'
import {clientSecretProbe} from './probes.ts'
import {isLongEnough, LAST_REFUSAL_AFTER, proofOf, prove} from './proving.ts'
import type {Watch} from './proving.ts'
import type {Run} from './run.ts'
import {authMethodOf} from './settle-rotation.ts'
import {tenantNow} from './verify.ts'

const METHOD_UNREADABLE = 'method_unreadable'

export interface SecretCheck {
  readonly client: Client
  readonly old: Secret
  /** The new secret, where it is at hand. */
  readonly current?: Secret
  /** Seconds. */
  readonly window: number
}

/**
 * Is the old secret refused, and the new one accepted? Probes that mint no token, nothing changed, nothing recorded.
 * Nobody says when the secret was changed, so it counts as changed now: that can only make the proof take longer.
 */
export async function checkSecret(
  run: Pick<Run, 'tenant' | 'clock' | 'mode' | 'responder' | 'interruption'>,
  check: SecretCheck,
): Promise<{proof: Proof[]; gaps: EvidenceGap[]}> {
  const {client, window} = check
  const started = tenantNow(run)
  const method = authMethodOf({snapshot: {client}})
  const watch = (claim: ClaimName, wants: Watch['wants'], secret: Secret): Watch => ({
    claim,
    target: `client:${client.client_id}`,
    wants,
    changed_at: started,
    probe: clientSecretProbe(run, client.client_id, method, secret),
    run: [],
    total: 0,
  })
  const watches = [
    watch('old_secret_refused', 'refusal', check.old),
    ...(check.current ? [watch('new_secret_accepted', 'acceptance', check.current)] : []),
  ]
  await prove({...run, now: () => tenantNow(run)}, watches, started, window)
  const gaps = gapsOf(client, window)
  const blind = gaps.some((gap) => gap.code === METHOD_UNREADABLE)
  return {proof: watches.map((one) => withheld(proofOf(one, isLongEnough(window)), blind)), gaps}
}

/** A refusal of a secret that may have been sent the wrong way is no proof that it is dead. */
function withheld(proof: Proof, blind: boolean): Proof {
  if (!blind || proof.claim !== 'old_secret_refused' || proof.verdict !== 'proven') return proof
  return {...proof, verdict: 'not_proven', basis: `${proof.basis}; but how the client sends its secret could not be read`}
}

function gapsOf(client: Client, window: number): EvidenceGap[] {
  const gaps: EvidenceGap[] = []
  if (!isLongEnough(window)) {
    gaps.push({
      code: 'window_too_short',
      what: 'the proof of refusal',
      why: `a verification window of ${window} s ends before the documented propagation does; ${LAST_REFUSAL_AFTER} s is the least`,
    })
  }
  if (usesKey(client)) {
    gaps.push({
      code: 'uses_key',
      what: 'the secret of this client',
      why: 'the client proves itself with a key: every secret is refused, and what leaked may be the key',
    })
  } else if (client.token_endpoint_auth_method === undefined) {
    gaps.push({
      code: METHOD_UNREADABLE,
      what: 'how the client sends its secret',
      why: 'it could not be read (read:clients); a secret that is sent the wrong way may be refused although it is alive',
    })
  }
  return gaps
}
