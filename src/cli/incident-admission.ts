import type {Operator} from '../auth0/tenant.ts'
import {StanchError} from '../errors.ts'
import {tenantNow} from '../execution/verify.ts'
import {refuseMissingScopes, refuseMovedTenant, refuseSecondIncident, refuseTooMany} from '../incident/guardrails.ts'
import type {Plan} from '../incident/plan.ts'
import type {PlanFacts} from '../incident/policy.ts'
import type {IncidentState} from '../incident/replay.ts'
import {sameToken} from '../tokens/jwt.ts'
import {quoted} from '../untrusted.ts'
import {bareCredential} from './leaked-value.ts'
import {instantOf} from './incident-job.ts'
import type {Job} from './incident-job.ts'

/** The leaked credential is not accepted as the responder's own. @throws guard.own_credential */
export function refuseLeakedAsOwn(job: Job): void {
  const {credential} = job.connected
  const value = job.value ?? job.leaked
  if (job.options.include_own || !value) return
  const own = credential.kind === 'secret' ? credential.secret : credential.kind === 'token' ? credential.token : undefined
  if (!own || !sameToken(own.reveal(), bareCredential(value).reveal())) return
  throw new StanchError('guard.own_credential', 'You are signed in with the very credential that leaked.', {
    hint: 'Sign in with another client, or with a token from the API Explorer. --include-own goes on all the same, and goes last.',
  })
}

/** A leak in the future would take the history out of account. A minute of skew is allowed. */
export function refuseFuture(job: Job): void {
  const now = tenantNow(job.connected) + 60
  for (const [flag, text] of [
    ['leaked-at', job.options.leaked_at],
    ['aware-at', job.options.aware_at],
    ['since', job.options.since],
  ] as const) {
    const at = instantOf(text)
    if (at !== undefined && at > now)
      throw new StanchError('usage.invalid', `--${flag} lies in the future of the tenant. Nothing was changed.`)
  }
}

/** An incident is about one client of one tenant; work on another one, or on a closed one, is another incident. */
export function refuseOtherIncident(
  job: Job,
  {snapshot}: PlanFacts,
  incidents: readonly IncidentState[],
  state: IncidentState | undefined,
): void {
  refuseSecondIncident(job.client_id, snapshot.tenant, incidents, state?.incident_id)
  if (!state) return
  const id = state.incident_id
  if (state.tenant !== snapshot.tenant) {
    throw new StanchError(
      'guard.tenant_moved',
      `Incident ${id} is about tenant ${quoted(state.tenant)}; this is ${quoted(snapshot.tenant)}.`,
    )
  }
  if (state.client_id !== undefined && state.client_id !== job.client_id) {
    throw new StanchError(
      'guard.other_client',
      `Incident ${id} is about client ${state.client_id}, not about ${quoted(job.client_id, 64)}. Nothing was changed.`,
      {hint: 'Leave --incident out: another client is another incident.'},
    )
  }
  if (state.closed_at !== undefined) {
    throw new StanchError('guard.incident_closed', `Incident ${id} is closed. Nothing was changed.`, {
      hint: 'Leave --incident out: what happens after its end is another incident.',
    })
  }
}

/** The guardrails of a plan, the same for a look and for the act. */
export function admit(job: Job, plan: Plan, {snapshot}: PlanFacts, state: IncidentState | undefined, operator: Operator): void {
  refuseTooMany(plan, job.options.max_actions)
  if (job.fixed) refuseMovedTenant(plan, snapshot, doneSteps(state))
  if (!job.responder.attended) refuseMissingScopes(plan, operator.scopes)
}

function doneSteps(state: IncidentState | undefined): Set<string> {
  return new Set((state?.operations ?? []).flatMap((one) => (one.step === undefined ? [] : [one.step])))
}
