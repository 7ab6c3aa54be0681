import {rfc3339} from '../clock.ts'
import type {Consumer} from './consumers.ts'
import {judgeLog} from './log-reading.ts'
import type {LogReading} from './log-reading.ts'
import {changedBetween, largestLifetime} from './lifetime-history.ts'
import type {LifetimeChange, LifetimeHistory, LifetimeReading} from './lifetime-history.ts'
import type {EvidenceGap} from './tenant-snapshot.ts'

/** Longest lifetime that Auth0 lets an API have, seconds (30 days): assumed where the real one cannot be read. */
export const MAX_TOKEN_LIFETIME = 2_592_000
/** Clock skew that verifiers of tokens are assumed to allow, seconds. */
export const SKEW_SECONDS = 60
/** Auth0 documents up to this many seconds until a change is seen everywhere. */
export const PROPAGATION_SECONDS = 30

/** What is known of one API that the credential could get tokens for. Instants are NumericDate in tenant time. */
export interface AudienceFacts {
  readonly audience: string
  readonly name?: string
  /** Largest reading of the lifetime that is in force now, seconds; undefined when it could not be read. */
  readonly token_lifetime?: number
  /** All readings of it, with their time; without them `token_lifetime` is one of now. */
  readonly readings?: readonly LifetimeReading[]
  /** Changes of the lifetime that the log shows, oldest first. */
  readonly lifetime_changes?: readonly LifetimeChange[]
  /** How the credential got tokens for it, in plain words. */
  readonly paths: readonly string[]
  readonly containment?: Containment
}

/** The proof that no new token is issued for an audience. */
export interface Containment {
  /** Tenant time of the change. */
  readonly changed_at: number
  /** Tenant time of the first refusal of the proving run. */
  readonly first_refusal_at: number
}

export interface ObservedToken {
  readonly audience: string
  readonly jti?: string
  readonly issued_at: number
  readonly ip?: string
  readonly user_agent?: string
  readonly log_id?: string
}

export interface ExposureFacts {
  readonly client_id: string
  readonly computed_at: number
  readonly audiences: readonly AudienceFacts[]
  /** Issuance events of the tenant log; null when the log could not be read. */
  readonly observed: readonly ObservedToken[] | null
  /** The leaked token itself, where it is at hand. */
  readonly leaked_token?: {readonly audience: string; readonly expires_at: number; readonly jti?: string}
  /** True when only that token leaked, and it could not have been used to get at the client's secret. */
  readonly token_only?: boolean
  /** Tokens that our own probes minted for the leaked client. */
  readonly probe_tokens: readonly {readonly audience: string; readonly expires_at?: number; readonly issued_at: number}[]
  /** When the credential leaked, NumericDate; undefined when nobody knows. */
  readonly leaked_at?: number
  /** Date of the oldest log entry at hand, NumericDate. */
  readonly log_from?: number
  /** How the log was read that the tokens were seen in. */
  readonly log?: LogReading
  /** Absolute clock difference between this machine and the tenant, seconds. */
  readonly machine_skew?: number
  readonly gaps: readonly EvidenceGap[]
}

export interface AudienceExposure {
  readonly audience: string
  readonly name: string
  readonly contained_at?: string
  readonly token_lifetime_seconds: number
  /** `log`: the largest that the tenant log shows for the exposure, which is not the one in force now. */
  readonly lifetime_source: 'tenant' | 'log' | 'assumed_max' | 'policy'
  readonly paths: readonly string[]
  readonly tokens: readonly {
    readonly jti?: string
    readonly issued_at: string
    readonly expires_at: string
    readonly ip?: string
    readonly user_agent?: string
    readonly log_id?: string
    /** Where the lifetime in force when it was issued is not known, the longest one was counted. */
    readonly assumed?: true
    /** The token that leaked: `expires_at` is its own `exp`. */
    readonly leaked?: true
  }[]
  /** Tokens that our own probes minted and that are counted. */
  readonly probe_tokens?: number
  /** Changes of the lifetime during the exposure that the log shows. */
  readonly lifetime_changes?: readonly {readonly at: string; readonly seconds?: number; readonly log_id: string}[]
  readonly observed_until?: string
  readonly worst_case_until: string
}

export interface Exposure {
  readonly client_id: string
  readonly computed_at: string
  readonly audiences: readonly AudienceExposure[]
  readonly all_clear: {
    readonly state: 'open' | 'clear'
    readonly worst_case_at: string
    /** The leaked token's own `exp`, where it is at hand. */
    readonly exact_at?: string
    /** When the last token expires that the tenant log shows, or that a probe of ours minted. */
    readonly observed_at?: string
    /** True when the log speaks for the whole exposure: from the leak until well after containment, without a gap. */
    readonly observed_complete?: boolean
    readonly basis: string
  }
  readonly evidence_gaps: readonly EvidenceGap[]
  /** Who gets tokens as the client, and how they stand; absent where the log could not be read. */
  readonly consumers?: readonly Consumer[]
}

/**
 * Until when tokens that were already issued stay valid (design promise 5): per audience, containment + the largest
 * lifetime in force + skew; over all audiences the latest. Never earlier than the last live token could be, and no
 * later than that rule. With containment unproven the state stays `open` and the instant moves with the clock.
 *
 * Pure: same facts, same answer.
 */
export function computeExposureWindow(facts: ExposureFacts): Exposure {
  const gaps = [...facts.gaps]
  const audiences = facts.audiences.map((one) => audienceExposure(one, facts, gaps))
  if (facts.observed === null) {
    gaps.push({code: 'log_unreadable', what: 'tokens that were issued', why: 'the tenant log could not be read (read:logs)'})
  }
  addHistoryGap(facts, gaps)
  const instantsContained = facts.audiences.map((one) => (one.containment ? containedAt(one.containment) : undefined))
  const observedComplete =
    facts.log !== undefined &&
    facts.observed !== null &&
    facts.token_only !== true &&
    judgeLog(
      facts.log,
      {contained: instantsContained, ...(facts.leaked_at === undefined ? {} : {leaked_at: facts.leaked_at})},
      gaps,
    )

  const instants = audiences.map((one) => one.until)
  if (facts.leaked_token) instants.push(facts.leaked_token.expires_at + (facts.token_only ? 0 : SKEW_SECONDS))
  const worst = instants.length > 0 ? Math.max(...instants) : facts.computed_at + MAX_TOKEN_LIFETIME + SKEW_SECONDS
  const observed = audiences.flatMap((one) => (one.observed === undefined ? [] : [one.observed]))
  const contained = facts.audiences.every((one) => one.containment !== undefined)
  // Nothing to be contained is only an answer where a token alone leaked: then its own exp counts.
  const known = facts.audiences.length > 0 || (facts.token_only === true && facts.leaked_token !== undefined)
  const clear = known && contained && facts.computed_at >= worst
  return {
    client_id: facts.client_id,
    computed_at: rfc3339(facts.computed_at),
    audiences: audiences.map((one) => one.view),
    all_clear: {
      state: clear ? 'clear' : 'open',
      worst_case_at: rfc3339(worst),
      ...(facts.leaked_token ? {exact_at: rfc3339(facts.leaked_token.expires_at)} : {}),
      ...(observed.length > 0 ? {observed_at: rfc3339(Math.max(...observed))} : {}),
      ...(observedComplete === undefined ? {} : {observed_complete: observedComplete}),
      basis: basisOf(facts, contained),
    },
    evidence_gaps: gaps,
  }
}

/** Containment as the rule counts it: the first refusal of the proving run, or change + 30 s, whichever is earlier. */
export function containedAt(containment: Containment): number {
  return Math.min(Math.max(containment.first_refusal_at, containment.changed_at), containment.changed_at + PROPAGATION_SECONDS)
}

function audienceExposure(
  audience: AudienceFacts,
  facts: ExposureFacts,
  gaps: EvidenceGap[],
): {view: AudienceExposure; until: number; observed: number | undefined} {
  const contained = audience.containment ? containedAt(audience.containment) : undefined
  const {lifetime, source, changes} = lifetimeOf(audience, facts, contained ?? facts.computed_at, gaps)
  // A probe of ours that minted a token extends the exposure: it is counted like any other token.
  const probes = facts.probe_tokens
    .filter((token) => token.audience === audience.audience)
    .map((token) => token.expires_at ?? token.issued_at + lifetime)
  const rule = (contained ?? facts.computed_at) + lifetime
  const until = Math.max(rule, ...probes) + SKEW_SECONDS

  const tokens = (facts.observed ?? [])
    .filter((token) => token.audience === audience.audience)
    .map((token) => tokenOf(token, audience, facts.leaked_token))
  const expiries = [...tokens.map((token) => token.expires), ...probes]
  const observed = expiries.length > 0 ? expiries.reduce((a, b) => Math.max(a, b)) : undefined
  return {
    until,
    observed,
    view: {
      audience: audience.audience,
      name: audience.name ?? audience.audience,
      ...(contained === undefined ? {} : {contained_at: rfc3339(contained)}),
      token_lifetime_seconds: lifetime,
      lifetime_source: source,
      paths: audience.paths,
      tokens: tokens.map((token) => token.view),
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

/** A lifetime that was larger before the log begins would leave tokens alive for longer: say until when. */
function addHistoryGap(facts: ExposureFacts, gaps: EvidenceGap[]): void {
  if (facts.token_only) return
  if (facts.leaked_at !== undefined && facts.log_from !== undefined && facts.log_from <= facts.leaked_at) return
  if (facts.audiences.length === 0 || facts.audiences.every((one) => one.token_lifetime === undefined)) return
  const latest = Math.max(...facts.audiences.map((one) => (one.containment ? containedAt(one.containment) : facts.computed_at)))
  gaps.push({
    code: 'lifetime_history',
    what: 'token lifetimes before the log begins',
    why:
      `${facts.leaked_at === undefined ? 'nobody said when it leaked' : 'the log at hand does not reach back to the leak'}: ` +
      `if a lifetime was larger then, a token could live until ${rfc3339(latest + MAX_TOKEN_LIFETIME + SKEW_SECONDS)} at the latest`,
  })
}

function basisOf(facts: ExposureFacts, contained: boolean): string {
  const skew =
    facts.machine_skew !== undefined && facts.machine_skew > 300
      ? ` This machine's clock differs from the tenant's by ${facts.machine_skew} s; tenant time counts.`
      : ''
  if (facts.token_only && facts.leaked_token) return `the leaked token's own exp.${skew}`
  if (!contained) return `not contained yet: counted from now, it moves with the clock.${skew}`
  return `containment + largest token lifetime + ${SKEW_SECONDS} s of clock skew, over every API the credential could reach, in tenant time.${skew}`
}
