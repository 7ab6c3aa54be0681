import {parseRfc3339} from '../clock.ts'
import {lifetimeChanged} from '../incident/earlier-changes.ts'
import {computeExposureWindow} from '../incident/exposure.ts'
import type {AudienceExposure, AudienceFacts, Containment, Exposure, ObservedToken} from '../incident/exposure.ts'
import {reachableAudiences} from '../incident/actions/template.ts'
import {tokenCouldReadSecrets} from '../incident/policy.ts'
import type {PlanFacts} from '../incident/policy.ts'
import type {Plan} from '../incident/plan.ts'
import {subjectOf} from '../incident/tenant-snapshot.ts'
import type {TenantSnapshot} from '../incident/tenant-snapshot.ts'
import type {Progress} from './progress.ts'
import type {Run} from './run.ts'
import {tenantNow} from './verify.ts'

/** Computes the exposure of an incident at work from what was observed, proven and probed. */
export function expose(run: Run, progress: Progress): Exposure {
  return exposureOf(
    {snapshot: progress.before, ...(progress.leaked_token ? {leaked_token: progress.leaked_token} : {})},
    {
      now: tenantNow(run),
      kind: progress.plan.leak,
      containment: progress.containment,
      audiences: plannedAudiences(progress.plan),
      ...(progress.prior ? {prior: progress.prior} : {}),
      probe_tokens: progress.probe_tokens,
      ...(progress.leaked_at === undefined ? {} : {leaked_at: progress.leaked_at}),
      ...(run.tenant.skewSeconds() === undefined ? {} : {skew: Math.abs(run.tenant.skewSeconds() ?? 0)}),
    },
  )
}

export interface ExposureContext {
  /** NumericDate, tenant time. */
  readonly now: number
  readonly kind: string
  readonly containment: ReadonlyMap<string, {readonly changed_at: number; readonly first_refusal_at: number}>
  readonly probe_tokens: readonly {readonly audience: string; readonly issued_at: number; readonly expires_at?: number}[]
  readonly leaked_at?: number
  /** Audiences that the plan was made for: their grants may be gone by now, their tokens are not. */
  readonly audiences?: readonly string[]
  /** What the incident knew before this run. */
  readonly prior?: PriorExposure
  /** Seconds, absolute. */
  readonly skew?: number
  /** APIs that no grant shows any more although the tenant log has tokens for them. */
  readonly seen_in_log?: readonly string[]
}

/** The audiences that a plan is about, from the steps that name them. */
export function plannedAudiences(plan: Plan): string[] {
  return [...new Set(plan.steps.flatMap((step) => (step.action === 'exposure' || step.action === 'verify' ? step.args.audiences : [])))]
}

/** An earlier run's exposure. Its containment still stands where the leaked secret was proven dead; grants alone can come back. */
export interface PriorExposure {
  readonly exposure: Exposure
  readonly secret_dead: boolean
}

/** Exposure from a snapshot alone: the `exposure` command asks this before anything was done. */
export function exposureOf(facts: PlanFacts, context: ExposureContext): Exposure {
  const {snapshot, leaked_token: token} = facts
  const tokenOnly = context.kind === 'management-token' && token?.expires_at !== undefined && !tokenCouldReadSecrets(facts)
  const audiences = tokenOnly ? [] : [...new Set([...reachableAudiences(facts), ...(context.seen_in_log ?? [])])].sort()
  const observed = observedTokens(snapshot)
  const dates = (snapshot.log ?? []).map((entry) => parseRfc3339(entry.date)).filter((date) => date !== undefined)
  return computeExposureWindow({
    client_id: snapshot.client.client_id,
    computed_at: context.now,
    audiences: audiences.map((audience) => audienceFacts(snapshot, audience, context)),
    observed,
    ...(token?.expires_at === undefined ? {} : {leaked_token: {audience: token.audiences[0] ?? snapshot.management_audience, expires_at: token.expires_at}}),
    token_only: tokenOnly,
    probe_tokens: context.probe_tokens,
    ...(context.leaked_at === undefined ? {} : {leaked_at: context.leaked_at}),
    ...(dates.length > 0 ? {log_from: Math.min(...dates)} : {}),
    ...(context.skew === undefined ? {} : {machine_skew: context.skew}),
    gaps: notBounded(snapshot),
  })
}

function audienceFacts(snapshot: TenantSnapshot, audience: string, context: ExposureContext): AudienceFacts {
  const server = snapshot.resource_servers[audience]
  const before = context.prior?.exposure.audiences.find((one) => one.audience === audience)
  const containment = context.containment.get(audience) ?? priorContainment(before, snapshot, context)
  const lifetime = server?.token_lifetime ?? (before?.lifetime_source === 'tenant' ? before.token_lifetime_seconds : undefined)
  const paths = snapshot.grants
    .filter((grant) => grant.audience === audience)
    .map((grant) => `client grant ${grant.id} (${grant.subject_type ?? 'client'}${grant.allow_all_scopes ? ', all scopes' : ''})`)
  return {
    audience,
    ...((server?.name ?? before?.name) === undefined ? {} : {name: server?.name ?? before?.name ?? audience}),
    ...(lifetime === undefined ? {} : {token_lifetime: lifetime}),
    ...(lifetimeChanged(snapshot, audience, context.leaked_at) ? {lifetime_changed: true} : {}),
    paths: paths.length > 0 ? paths : [context.seen_in_log?.includes(audience) ? 'a grant that is gone; the tenant log has its tokens' : 'the leaked token itself'],
    ...(containment ? {containment} : {}),
  }
}

/** Containment that an earlier run proved: by the dead secret it stands, by a missing grant only as long as none is there. */
function priorContainment(before: AudienceExposure | undefined, snapshot: TenantSnapshot, context: ExposureContext): Containment | undefined {
  const at = before?.contained_at === undefined ? undefined : parseRfc3339(before.contained_at)
  if (at === undefined) return undefined
  const open = snapshot.grants.some((grant) => grant.audience === before?.audience && subjectOf(grant) === 'client')
  return open && !context.prior?.secret_dead ? undefined : {changed_at: at, first_refusal_at: at}
}

/** Issuance events of the log at hand. */
function observedTokens(snapshot: TenantSnapshot): ObservedToken[] | null {
  if (snapshot.log === null) return null
  return snapshot.log.flatMap((entry) => {
    const issued = parseRfc3339(entry.date)
    if (entry.type !== 'seccft' || entry.audience === undefined || issued === undefined) return []
    return [
      {
        audience: entry.audience,
        issued_at: issued,
        ...(entry.access_token_jti === undefined ? {} : {jti: entry.access_token_jti}),
        ...(entry.ip === undefined ? {} : {ip: entry.ip}),
        ...(entry.user_agent === undefined ? {} : {user_agent: entry.user_agent}),
        log_id: entry.log_id,
      },
    ]
  })
}

/** Tokens that this window says nothing about are named. */
function notBounded(snapshot: TenantSnapshot) {
  const types = snapshot.client.grant_types ?? []
  const gaps = [...snapshot.gaps]
  if (types.includes('refresh_token')) {
    gaps.push({code: 'refresh_tokens', what: 'refresh tokens of this client', why: 'they are not bounded by the all clear: they live until they are revoked'})
  }
  if (types.some((type) => ['authorization_code', 'implicit', 'password', 'http://auth0.com/oauth/grant-type/password-realm'].includes(type))) {
    gaps.push({code: 'user_tokens', what: 'access tokens of users of this client', why: 'client grants do not bound them; each lives until its own exp'})
  }
  return gaps
}
