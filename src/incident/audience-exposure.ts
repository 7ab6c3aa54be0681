import {rfc3339} from '../clock.ts'
import {containedAt, MAX_TOKEN_LIFETIME, PROPAGATION_SECONDS, SKEW_SECONDS} from './exposure-facts.ts'
import type {AudienceFacts, ExposureFacts, ObservedToken} from './exposure-facts.ts'
import type {AudienceExposure} from './exposure.ts'
import {changedBetween, largestLifetime} from './lifetime-history.ts'
import type {LifetimeChange, LifetimeHistory} from './lifetime-history.ts'
import type {EvidenceGap} from './tenant-snapshot.ts'

/** Tokens that are listed for one API; a machine that asks once a minute has 43,200 in the 30 days of a log. */
const LISTED = 10_000

/** What stands in one API's tokens, and the instants that the whole is computed from. */
interface OfAudience {
  readonly view: AudienceExposure
  /** NumericDate, with skew. */
  readonly until: number
  /** NumericDate, with skew: what `until` is by the lifetimes that the tenant and its log show. */
  readonly ruled: number
  /** NumericDate, with skew; only where it is what decides `until`. */
  readonly older?: number
  readonly observed: number | undefined
}

/** Tokens of one API, by the rule, as the log shows them, and as older ones may live. */
export function audienceExposure(audience: AudienceFacts, facts: ExposureFacts, gaps: EvidenceGap[]): OfAudience {
  const contained = audience.containment ? containedAt(audience.containment) : undefined
  const {lifetime, source, changes} = lifetimeOf(audience, facts, contained ?? facts.computed_at, gaps)
  // A probe of ours that minted a token extends the exposure: it is counted like any other token.
  const probes = facts.probe_tokens
    .filter((token) => token.audience === audience.audience)
    .map((token) => token.expires_at ?? token.issued_at + lifetime)
  const end = contained ?? facts.computed_at
  const ruled = Math.max(end + lifetime, ...probes) + SKEW_SECONDS
  const before = issuedUnseen(facts, end)
  const older = before === undefined ? -Infinity : before + MAX_TOKEN_LIFETIME + SKEW_SECONDS
  const until = Math.max(ruled, older)

  const tokens = (facts.observed ?? [])
    .filter((token) => token.audience === audience.audience)
    .map((token) => tokenOf(token, audience, facts.leaked_token))
  const expiries = [...tokens.map((token) => token.expires), ...probes]
  const observed = expiries.length > 0 ? expiries.reduce((a, b) => Math.max(a, b)) : undefined
  const listed = tokens.length > LISTED ? tokens.toSorted((a, b) => b.expires - a.expires).slice(0, LISTED) : tokens
  return {
    until,
    ruled,
    ...(older > ruled ? {older} : {}),
    observed,
    view: {
      audience: audience.audience,
      name: audience.name ?? audience.audience,
      ...(contained === undefined ? {} : {contained_at: rfc3339(contained)}),
      token_lifetime_seconds: lifetime,
      lifetime_source: source,
      paths: audience.paths,
      tokens: listed.map((token) => token.view),
      ...(listed.length < tokens.length ? {tokens_not_listed: tokens.length - listed.length} : {}),
      ...(probes.length > 0 ? {probe_tokens: probes.length} : {}),
      ...(changes.length > 0
        ? {
            lifetime_changes: changes.map(({at, seconds, log_id}) => ({
              at: rfc3339(at),
              ...(seconds === undefined ? {} : {seconds}),
              log_id,
            })),
          }
        : {}),
      ...(observed === undefined ? {} : {observed_until: rfc3339(observed)}),
      ...(older > ruled ? {older_until: rfc3339(older)} : {}),
      worst_case_until: rfc3339(until),
    },
  }
}

/** The largest lifetime that a token issued during the exposure may have got, and where it is known from. */
function lifetimeOf(
  audience: AudienceFacts,
  facts: ExposureFacts,
  to: number,
  gaps: EvidenceGap[],
): {lifetime: number; source: AudienceExposure['lifetime_source']; changes: readonly LifetimeChange[]} {
  const history = historyOf(audience)
  const from = facts.leaked_at ?? -Infinity
  const changes = changedBetween(history, from, to)
  if (audience.token_lifetime === undefined) {
    gaps.push({
      code: 'lifetime_unreadable',
      what: `token lifetime of ${audience.audience === '*' ? 'the APIs that tokens were issued for' : audience.audience}`,
      why: 'the API could not be read (read:resource_servers): 30 days, the longest that Auth0 allows, are assumed',
    })
    return {lifetime: MAX_TOKEN_LIFETIME, source: 'assumed_max', changes}
  }
  const largest = largestLifetime(history, from, to)
  if (largest === undefined) {
    gaps.push({
      code: 'lifetime_changed',
      what: `token lifetime of ${audience.audience}`,
      why: 'the log shows a change of this API during the exposure; what stood before or after it is not in the log: 30 days are assumed',
    })
    return {lifetime: MAX_TOKEN_LIFETIME, source: 'assumed_max', changes}
  }
  return {lifetime: largest, source: largest === audience.token_lifetime ? 'tenant' : 'log', changes}
}

function historyOf({token_lifetime, readings, lifetime_changes}: AudienceFacts): LifetimeHistory {
  const now = token_lifetime === undefined ? [] : [{at: Number.MAX_SAFE_INTEGER, seconds: token_lifetime}]
  return {changes: lifetime_changes ?? [], readings: readings ?? now}
}

/** A token that the log shows, with an expiry of its own: what was in force when it was issued, not what is now. */
function tokenOf(
  token: ObservedToken,
  audience: AudienceFacts,
  leaked: ExposureFacts['leaked_token'],
): {expires: number; view: AudienceExposure['tokens'][number]} {
  const isLeaked = leaked?.jti !== undefined && token.jti === leaked.jti && leaked.audience === audience.audience
  const lifetime = largestLifetime(historyOf(audience), token.issued_at, token.issued_at)
  const expires = isLeaked ? leaked.expires_at : token.issued_at + (lifetime ?? MAX_TOKEN_LIFETIME)
  return {
    expires,
    view: {
      ...(token.jti === undefined ? {} : {jti: token.jti}),
      issued_at: rfc3339(token.issued_at),
      expires_at: rfc3339(expires),
      ...(token.ip === undefined ? {} : {ip: token.ip}),
      ...(token.user_agent === undefined ? {} : {user_agent: token.user_agent}),
      ...(token.log_id === undefined ? {} : {log_id: token.log_id}),
      ...(lifetime === undefined && !isLeaked ? {assumed: true as const} : {}),
      ...(isLeaked ? {leaked: true as const} : {}),
    },
  }
}

/**
 * The last instant of which nobody can say which lifetime a token got then: shortly after the log at hand begins, no later
 * than containment. Undefined where the log reaches back to the leak, or where only a token leaked whose end is known.
 *
 * @param end containment, or now; NumericDate
 */
function issuedUnseen({token_only, leaked_at, log_from}: ExposureFacts, end: number): number | undefined {
  if (token_only === true) return undefined
  if (log_from === undefined) return end
  // A change that the log no longer shows was in force everywhere this much later.
  const seen = log_from + PROPAGATION_SECONDS
  return leaked_at !== undefined && seen <= leaked_at ? undefined : Math.min(end, seen)
}
