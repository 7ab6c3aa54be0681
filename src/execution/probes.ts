import type {Probe} from '../auth0/tenant.ts'
import {rfc3339} from '../clock.ts'
import type {PlanStep} from '../incident/plan.ts'
import type {Secret} from '../secret.ts'
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
  return async () => {
    const clientId = progress.plan.client_id
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
    const probe = await run.tenant.probeMint(clientId, secret, authMethodOf(progress), audience, intended?.correlation_id)
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
