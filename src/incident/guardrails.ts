import {StanchError} from '../errors.ts'
import {quoted} from '../untrusted.ts'
import type {Plan} from './plan.ts'
import type {IncidentState} from './replay.ts'
import {isLive} from './replay.ts'
import {isChange, missingScopes} from './policy.ts'
import {bodyOf} from './actions/delete-client-grant.ts'
import {canonicalJson} from './plan.ts'
import {subjectOf} from './tenant-snapshot.ts'
import type {TenantSnapshot} from './tenant-snapshot.ts'

/**
 * The responder is not locked out: the own client is not touched without `--include-own`.
 * @throws guard.own_client
 */
export function refuseOwnClient(snapshot: TenantSnapshot, includeOwn: boolean): void {
  const own = snapshot.operator.client_id
  if (includeOwn || own === undefined || own !== snapshot.client.client_id) return
  throw new StanchError(
    'guard.own_client',
    `Client ${own} is the one you are signed in with: you would saw off your own branch.`,
    {
      hint: 'Sign in with another client, or pass --include-own to accept losing access when your token ends.',
    },
  )
}

/** @throws guard.too_many_actions when the plan changes more than `max` things. */
export function refuseTooMany(plan: Plan, max: number): void {
  const changes = plan.steps.filter(isChange).length
  if (changes <= max) return
  throw new StanchError('guard.too_many_actions', `The plan makes ${changes} changes; the cap is ${max}. Nothing was changed.`, {
    hint: `Look at the plan (--dry-run), then raise the cap: --max-actions ${changes}.`,
  })
}

/** @throws guard.live_incident when another incident works on this client and is not finished. */
export function refuseSecondIncident(clientId: string, tenant: string, incidents: readonly IncidentState[], own?: string): void {
  const other = incidents.find(
    (one) => one.client_id === clientId && one.tenant === tenant && one.incident_id !== own && isLive(one),
  )
  if (!other) return
  throw new StanchError('guard.live_incident', `Incident ${other.incident_id} on client ${clientId} is not finished.`, {
    hint: `Go on with it: stanch resume ${other.incident_id}. To add to it: --incident ${other.incident_id}.`,
  })
}

/** Steps that the responder's credential cannot take, with the scopes they lack. */
export function stepsWithoutScope(
  plan: Plan,
  held: readonly string[],
): {step: string; title: string; scopes: readonly string[]}[] {
  return plan.steps.filter(isChange).flatMap((step) => {
    const scopes = missingScopes(step, held)
    return scopes ? [{step: step.id, title: step.title, scopes}] : []
  })
}

/** @throws auth0.scope_missing naming each step and its scope, before anything is changed. */
export function refuseMissingScopes(plan: Plan, held: readonly string[]): void {
  const missing = stepsWithoutScope(plan, held)
  if (missing.length === 0) return
  const scopes = [...new Set(missing.flatMap((one) => one.scopes))]
  throw new StanchError(
    'auth0.scope_missing',
    `This credential lacks ${scopes.join(', ')} for: ${missing.map((one) => one.title).join('; ')}. Nothing was changed.`,
    {
      hint: 'Give the client the scope, use another credential, or run the guided flow: it does what this credential can and lists the rest.',
    },
  )
}

/** Every API that the client could get tokens for when the plan was made. */
function knownAudiences(plan: Plan): Set<string> {
  return new Set(
    plan.steps.flatMap((step) => (step.action === 'verify' || step.action === 'exposure' ? step.args.audiences : [])),
  )
}

/**
 * A plan made earlier is carried out exactly or not at all.
 * @throws guard.tenant_moved naming what is different now
 */
export function refuseMovedTenant(plan: Plan, snapshot: TenantSnapshot, done: ReadonlySet<string>): void {
  const moved = (what: string): never => {
    throw new StanchError('guard.tenant_moved', `The tenant is no longer as the plan expects: ${what}. Nothing was changed.`, {
      hint: 'Make a new plan: stanch plan; for an incident that is open already: stanch respond --incident ID.',
    })
  }
  if (plan.tenant !== snapshot.tenant) moved(`the plan is for ${quoted(plan.tenant)}, this is ${quoted(snapshot.tenant)}`)
  if (plan.mode !== snapshot.mode) moved(`the plan is for a ${plan.mode === 'sim' ? 'simulated' : 'real'} tenant`)
  if (plan.client_id !== snapshot.client.client_id) moved(`the plan is for client ${plan.client_id}`)
  const planned = new Set<string>()
  const taken = new Set<string>()
  for (const step of plan.steps) {
    if (step.action !== 'client_grant.delete') continue
    planned.add(step.args.grant_id)
    taken.add(step.args.grant.audience)
    const now = snapshot.grants.find((grant) => grant.id === step.args.grant_id)
    if (now && canonicalJson(bodyOf(now)) !== canonicalJson(step.args.grant)) moved(`grant ${now.id} was changed`)
    if (!now && !done.has(step.id)) moved(`grant ${step.args.grant_id} is gone`)
  }
  if (planned.size === 0) return
  // A plan that takes some of the grants knew of the others: their APIs stand in what it proves and computes.
  const known = knownAudiences(plan)
  const added = snapshot.grants.find(
    (grant) =>
      !planned.has(grant.id) &&
      subjectOf(grant) === 'client' &&
      !grant.is_system &&
      (taken.has(grant.audience) || !known.has(grant.audience)),
  )
  if (added) moved(`the client has another grant, ${added.id}, on ${quoted(added.audience)}`)
}
