import type {PrivateKeyClient, Probe} from '../auth0/tenant.ts'
import {rfc3339} from '../clock.ts'
import type {PlanStep} from '../incident/plan.ts'
import {Secret} from '../secret.ts'
import {ASSERTION_ALGORITHMS} from '../tokens/assertion.ts'
import {privateKeyPem} from '../tokens/find-key.ts'
import type {Progress} from './progress.ts'
import type {Run} from './run.ts'
import {authMethodOf} from './settle-rotation.ts'
import {tenantNow} from './verify.ts'

/** A tenant to probe, and its time. */
type Where = Pick<Run, 'tenant' | 'clock' | 'mode'>

/** What one probe showed. `at` is tenant time, NumericDate. */
export interface ProbeAnswer {
  readonly verdict: 'refused' | 'accepted' | 'no_evidence'
  readonly at: number
  readonly status?: number
  readonly error?: string
}

/** Is this secret accepted? Asked with a made-up authorization code: 401 means dead, any 403 alive, and no token is minted. */
export function secretProbe(run: Run, progress: Progress, secret: Secret): () => Promise<ProbeAnswer> {
  return clientSecretProbe(run, progress.plan.client_id, authMethodOf(progress), secret)
}

/** As `secretProbe`, for a client that no plan is about. */
export function clientSecretProbe(
  at: Where,
  clientId: string,
  method: 'post' | 'basic',
  secret: Secret,
): () => Promise<ProbeAnswer> {
  return async () => {
    const probe = await at.tenant.probeSecret(clientId, secret, method)
    return answerOf(at, probe, probe.verdict === 'dead' ? 'refused' : probe.verdict === 'alive' ? 'accepted' : 'no_evidence')
  }
}

/**
 * Is a new token for this API refused? Only a client_credentials request can tell. It may mint a token, so each has an
 * intent of its own, and a token that does come back is counted into the exposure.
 */
export function newTokenProbe(
  run: Run,
  progress: Progress,
  step: PlanStep,
  secret: Secret,
  audience: string,
): () => Promise<ProbeAnswer> {
  const clientId = progress.plan.client_id
  const key = keyOf(run, clientId, secret)
  return async () => {
    const signer = await key?.()
    if (signer === null) return {verdict: 'no_evidence', at: tenantNow(run)}
    const [intended] = run.journal.intend([
      {
        action: 'token.request',
        target: `api:${audience}`,
        req: {method: 'POST', path: '/oauth/token'},
        step: step.id,
        phase: 'verify',
        why: 'is a new token refused? If one is issued it counts into the exposure',
        undo: 'none: an issued token lives until its exp',
        plan_sha256: progress.plan_sha256,
      },
    ])
    const correlation = intended?.correlation_id
    const probe = signer
      ? await run.tenant.probeMintByKey(signer, audience, correlation)
      : await run.tenant.probeMint(clientId, secret, authMethodOf(progress), audience, correlation)
    const answer = answerOf(run, probe, verdictOf(probe))
    const unclear = probe.maybe_minted === true
    if (probe.verdict === 'minted' || unclear) {
      // A lost answer may have minted one too: it is counted at the API's full lifetime.
      progress.probe_tokens.push({
        audience,
        issued_at: answer.at,
        ...(probe.token?.exp === undefined ? {} : {expires_at: probe.token.exp}),
      })
    }
    if (intended) {
      const result = probe.verdict === 'minted' ? 'ok' : unclear ? 'unknown' : 'refused'
      const sent =
        probe.status === undefined
          ? ({kind: 'in_doubt', cause: 'no_answer', ms: probe.ms} as const)
          : ({
              kind: 'answered',
              status: probe.status,
              form: 'json',
              ms: probe.ms,
              ...(probe.date === undefined ? {} : {date: probe.date}),
            } as const)
      run.journal.end(intended, sent, result)
      if (result === 'unknown')
        run.journal.settle(intended, 'ok', 'state', {note: 'counted as issued', audience, at: rfc3339(answer.at)})
    }
    return answer
  }
}

/**
 * What leaked may be a private key: then it signs. With which algorithm it is registered is found out with made-up codes,
 * which mint nothing. The function gives null while the key is not taken: such a client is refused whatever its grants.
 */
function keyOf(run: Run, clientId: string, leaked: Secret): (() => Promise<PrivateKeyClient | null>) | undefined {
  const pem = privateKeyPem(leaked.reveal())
  if (pem === undefined) return undefined
  const private_key_pem = new Secret(pem)
  let found: PrivateKeyClient | undefined
  return async () => {
    for (const alg of found ? [] : ASSERTION_ALGORITHMS) {
      const client = {kind: 'private_key', client_id: clientId, private_key_pem, alg} as const
      if ((await run.tenant.probeKey(client)).verdict !== 'alive') continue
      found = client
      break
    }
    return found ?? null
  }
}

/** A secret that is not accepted says nothing about the grant: only a refusal of the client itself does. */
function verdictOf(probe: Probe): ProbeAnswer['verdict'] {
  if (probe.verdict === 'minted') return 'accepted'
  return probe.verdict === 'refused' ? 'refused' : 'no_evidence'
}

function answerOf(run: Where, probe: Probe, verdict: ProbeAnswer['verdict']): ProbeAnswer {
  return {
    verdict,
    at: probe.date ?? tenantNow(run),
    ...(probe.status === undefined ? {} : {status: probe.status}),
    ...(probe.error === undefined ? {} : {error: probe.error}),
  }
}
