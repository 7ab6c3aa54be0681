import {parseRfc3339} from '../clock.ts'
import {consumersOf} from '../incident/consumers.ts'
import type {Consumer} from '../incident/consumers.ts'
import {PROPAGATION_SECONDS} from '../incident/exposure-facts.ts'
import {computeExposureWindow} from '../incident/exposure.ts'
import type {AudienceFacts, ObservedToken} from '../incident/exposure-facts.ts'
import type {Exposure} from '../incident/exposure.ts'
import {CLIENT_CREDENTIALS} from '../incident/issuance.ts'
import {lifetimeChanges} from '../incident/lifetime-history.ts'
import type {LogReading} from '../incident/log-reading.ts'
import {notBounded} from '../incident/not-bounded.ts'
import {tokenCouldReadSecrets} from '../incident/policy.ts'
import type {PlanFacts} from '../incident/policy.ts'
import type {TenantSnapshot} from '../incident/tenant-snapshot.ts'
import {correlationIdOf, leafOf} from '../trail/format/record.ts'
import {ANY_API, exposedAudiences, lastIssued, unknownAudiences} from './exposed-audiences.ts'
import type {LogCoverage} from './log-coverage.ts'
import {SEARCH_LIMIT} from './observe.ts'
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
      ...(progress.prior ? {prior: progress.prior} : {}),
      probe_tokens: progress.probe_tokens,
      ...(progress.later_lifetimes ? {later_lifetimes: progress.later_lifetimes} : {}),
      ...(progress.leaked_at === undefined ? {} : {leaked_at: progress.leaked_at}),
      ...logReading(progress.log_coverage, progress.log_since),
      ...changeTimes(progress.grants_changed_at, progress.secret_changed_at),
      own_probes: ownProbes(run),
      ...(run.tenant.skewSeconds() === undefined ? {} : {skew: Math.abs(run.tenant.skewSeconds() ?? 0)}),
    },
  )
}

/**
 * When consumers began to be refused, and from when on a token shows that its holder has the new secret: after the
 * propagation nobody gets one with the old secret any more.
 */
export function changeTimes(
  grants: number | undefined,
  secret: number | undefined,
): Pick<ExposureContext, 'changed_at' | 'delivered_at'> {
  const changes = [grants, secret].filter((at) => at !== undefined)
  return {
    ...(changes.length === 0 ? {} : {changed_at: Math.min(...changes)}),
    ...(secret === undefined ? {} : {delivered_at: secret + PROPAGATION_SECONDS}),
  }
}

function ownProbes({journal}: Run): Set<string> {
  const found = new Set<string>()
  for (const record of journal.trail.records({inc: journal.incident}))
    if (record.kind === 'intent' && record['action'] === 'token.request') found.add(correlationIdOf(leafOf(record)))
  return found
}

/** What a coverage record says, as the exposure judges it. @param since NumericDate, where the coverage names none */
export function logReading(coverage: LogCoverage | undefined, since?: number): {log?: LogReading} {
  const readAt = coverage && parseRfc3339(coverage.computed_at)
  if (!coverage || readAt === undefined) return {}
  const from = parseRfc3339(coverage.since ?? '') ?? since
  const oldest = parseRfc3339(coverage.oldest_at ?? '')
  return {
    log: {
      read_at: readAt,
      whole: coverage.caught_up && coverage.holes.length === 0,
      ...(from === undefined ? {} : {from}),
      ...(oldest === undefined ? {} : {oldest_at: oldest}),
    },
  }
}

export interface ExposureContext {
  /** NumericDate, tenant time. */
  readonly now: number
  readonly kind: string
  readonly containment: ReadonlyMap<string, {readonly changed_at: number; readonly first_refusal_at: number}>
  readonly probe_tokens: readonly {readonly audience: string; readonly issued_at: number; readonly expires_at?: number}[]
  readonly leaked_at?: number
  /** What an earlier session of the incident computed: a lifetime that was larger then counts on. */
  readonly prior?: Exposure
  /** Lifetimes as they were read again after the last probe, seconds: the larger of both counts. */
  readonly later_lifetimes?: Readonly<Record<string, number>>
  /** When grants or the secret were changed, and from when on only the new secret can be behind a token; NumericDate. */
  readonly changed_at?: number
  readonly delivered_at?: number
  /** Correlation ids of our own probes. */
  readonly own_probes?: ReadonlySet<string>
  /** How the log was read that is in the snapshot. */
  readonly log?: LogReading
  /** Seconds, absolute. */
  readonly skew?: number
}

/** Exposure from a snapshot alone: the `exposure` command asks this before anything was done. */
export function exposureOf(facts: PlanFacts, context: ExposureContext): Exposure {
  const {snapshot, leaked_token: token} = facts
  const tokenOnly = context.kind === 'management-token' && token?.expires_at !== undefined && !tokenCouldReadSecrets(facts)
  // Whoever has a token that cannot read secrets has no other by it, at hand or not: only its own API counts.
  const audiences = tokenOnly
    ? []
    : context.kind === 'management-token' && !tokenCouldReadSecrets(facts)
      ? [snapshot.management_audience]
      : exposedAudiences(facts, context.now)
  const observed = observedTokens(snapshot)
  const dates = (snapshot.log ?? []).map((entry) => parseRfc3339(entry.date)).filter((date) => date !== undefined)
  const consumers = consumersSeen(snapshot, context)
  const exposure = computeExposureWindow({
    client_id: snapshot.client.client_id,
    computed_at: context.now,
    audiences: audiences.map((audience) => audienceFacts(snapshot, audience, context)),
    observed,
    ...(token?.expires_at === undefined
      ? {}
      : {
          leaked_token: {
            audience: token.audiences[0] ?? snapshot.management_audience,
            expires_at: token.expires_at,
            ...(token.jti === undefined ? {} : {jti: token.jti}),
          },
        }),
    token_only: tokenOnly,
    probe_tokens: context.probe_tokens,
    ...(context.leaked_at === undefined ? {} : {leaked_at: context.leaked_at}),
    ...logFrom(snapshot, dates, context.log),
    ...(context.log ? {log: context.log} : {}),
    ...(context.skew === undefined ? {} : {machine_skew: context.skew}),
    gaps: [...snapshot.gaps, ...notBounded(snapshot), ...unknownAudiences(audiences)],
  })
  return consumers ? {...exposure, consumers} : exposure
}

/** Who uses the client, from the log at hand; undefined where it could not be read. */
export function consumersSeen(
  snapshot: TenantSnapshot,
  context: Pick<ExposureContext, 'now' | 'changed_at' | 'delivered_at' | 'own_probes'>,
): Consumer[] | undefined {
  if (snapshot.log === null) return undefined
  const lifetimes = Object.entries(snapshot.resource_servers).flatMap(([audience, server]) =>
    server?.token_lifetime === undefined ? [] : [[audience, server.token_lifetime] as const],
  )
  return consumersOf(
    snapshot.log.toSorted((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0)),
    {
      client_id: snapshot.client.client_id,
      now: context.now,
      lifetimes: Object.fromEntries(lifetimes),
      ...(context.changed_at === undefined ? {} : {changed_at: context.changed_at}),
      ...(context.delivered_at === undefined ? {} : {delivered_at: context.delivered_at}),
      ...(context.own_probes ? {own: context.own_probes} : {}),
    },
  )
}

function audienceFacts(snapshot: TenantSnapshot, audience: string, context: ExposureContext): AudienceFacts {
  const server = snapshot.resource_servers[audience]
  const before = context.prior?.audiences.find((one) => one.audience === audience)
  const containment = context.containment.get(audience)
  const readings = [
    {at: snapshot.server_time ?? context.now, seconds: server?.token_lifetime},
    {at: context.now, seconds: server ? context.later_lifetimes?.[audience] : undefined},
    {
      at: parseRfc3339(context.prior?.computed_at ?? '') ?? context.now,
      seconds: before?.lifetime_source === 'tenant' ? before.token_lifetime_seconds : undefined,
    },
  ].flatMap(({at, seconds}) => (seconds === undefined ? [] : [{at, seconds}]))
  const changes = lifetimeChanges(snapshot.setting_changes ?? [], audience, server?.id)
  const paths = snapshot.grants
    .filter((grant) => grant.audience === audience)
    .map((grant) => `client grant ${grant.id} (${grant.subject_type ?? 'client'}${grant.allow_all_scopes ? ', all scopes' : ''})`)
  return {
    audience,
    name: audience === ANY_API ? 'any API of this tenant' : (server?.name ?? before?.name ?? audience),
    ...(readings.length === 0 ? {} : {token_lifetime: Math.max(...readings.map(({seconds}) => seconds)), readings}),
    ...(changes.length > 0 ? {lifetime_changes: changes} : {}),
    paths:
      paths.length > 0
        ? paths
        : [
            audience === ANY_API
              ? 'no grant is left that says for which APIs tokens were issued'
              : lastIssued(snapshot).has(audience)
                ? 'a grant that is gone; the tenant log has its tokens'
                : 'the leaked token itself',
          ],
    ...(containment ? {containment} : {}),
  }
}

/**
 * From when on changes of API settings would be seen: what the search gave whole reaches back to the oldest entry of the
 * tenant; one that was cut begins with its own oldest entry, and one with a hole says nothing.
 */
function logFrom(snapshot: TenantSnapshot, dates: readonly number[], log: LogReading | undefined): {log_from?: number} {
  if (snapshot.setting_changes === null || snapshot.gaps.some((gap) => gap.code === 'log_incomplete')) return {}
  const settings = snapshot.setting_changes.map((entry) => parseRfc3339(entry.date)).filter((date) => date !== undefined)
  const cut = settings.length >= SEARCH_LIMIT
  const from = cut ? settings : [...settings, ...dates, ...(log?.oldest_at === undefined ? [] : [log.oldest_at])]
  return from.length === 0 ? {} : {log_from: from.reduce((a, b) => Math.min(a, b))}
}

/** Issuance events of the log at hand. */
function observedTokens(snapshot: TenantSnapshot): ObservedToken[] | null {
  if (snapshot.log === null) return null
  return snapshot.log.flatMap((entry) => {
    const issued = parseRfc3339(entry.date)
    if (entry.type !== CLIENT_CREDENTIALS || entry.audience === undefined || issued === undefined) return []
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
