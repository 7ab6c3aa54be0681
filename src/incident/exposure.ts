import {rfc3339} from '../clock.ts'
import {audienceExposure} from './audience-exposure.ts'
import type {Consumer} from './consumers.ts'
import {containedAt, MAX_TOKEN_LIFETIME, SKEW_SECONDS} from './exposure-facts.ts'
import type {ExposureFacts} from './exposure-facts.ts'
import {judgeLog} from './log-reading.ts'
import type {EvidenceGap} from './tenant-snapshot.ts'

/** The longest lifetime, as people read it. */
const DAYS = MAX_TOKEN_LIFETIME / 86_400

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
  /** Tokens that the log shows beyond those in `tokens`: the ones that end first are left out. They count all the same. */
  readonly tokens_not_listed?: number
  /** Tokens that our own probes minted and that are counted. */
  readonly probe_tokens?: number
  /** Changes of the lifetime during the exposure that the log shows. */
  readonly lifetime_changes?: readonly {readonly at: string; readonly seconds?: number; readonly log_id: string}[]
  readonly observed_until?: string
  /**
   * Until when tokens may live that were issued before the log at hand begins: a larger lifetime may have stood then, and
   * 30 days are counted. Only where that is later than all else.
   */
  readonly older_until?: string
  readonly worst_case_until: string
}

export interface Exposure {
  readonly client_id: string
  readonly computed_at: string
  readonly audiences: readonly AudienceExposure[]
  readonly all_clear: {
    readonly state: 'open' | 'clear'
    readonly worst_case_at: string
    /** Where tokens from before the log begins decide `worst_case_at`: what it would be without them. */
    readonly ruled_at?: string
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
 * lifetime in force + skew; over all audiences the latest. Where the log does not reach back to the leak, a larger lifetime
 * may have stood before it: tokens from then count with the longest that Auth0 allows. Never earlier than the last live
 * token could be, and no later than that rule. With containment unproven the state stays `open` and the instant moves with the clock.
 *
 * Pure: same facts, same answer.
 */
export function computeExposureWindow(facts: ExposureFacts): Exposure {
  const gaps = [...facts.gaps]
  const audiences = facts.audiences.map((one) => audienceExposure(one, facts, gaps))
  if (facts.observed === null) {
    gaps.push({code: 'log_unreadable', what: 'tokens that were issued', why: 'the tenant log could not be read (read:logs)'})
  }
  addHistoryGap(
    facts,
    audiences.map((one) => one.older ?? -Infinity),
    gaps,
  )
  addListGap(
    audiences.map((one) => one.view),
    gaps,
  )
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

  const leaked = facts.leaked_token ? [facts.leaked_token.expires_at + (facts.token_only ? 0 : SKEW_SECONDS)] : []
  const instants = [...audiences.map((one) => one.until), ...leaked]
  const worst = instants.length > 0 ? Math.max(...instants) : facts.computed_at + MAX_TOKEN_LIFETIME + SKEW_SECONDS
  const ruled = Math.max(...audiences.map((one) => one.ruled), ...leaked)
  const older = instants.length > 0 && ruled < worst
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
      ...(older ? {ruled_at: rfc3339(ruled)} : {}),
      ...(facts.leaked_token ? {exact_at: rfc3339(facts.leaked_token.expires_at)} : {}),
      ...(observed.length > 0 ? {observed_at: rfc3339(Math.max(...observed))} : {}),
      ...(observedComplete === undefined ? {} : {observed_complete: observedComplete}),
      basis: basisOf(facts, contained, older),
    },
    evidence_gaps: gaps,
  }
}

/** A lifetime that was larger before the log begins leaves tokens alive for longer: said where that decides. */
function addHistoryGap(facts: ExposureFacts, older: readonly number[], gaps: EvidenceGap[]): void {
  const latest = Math.max(...older)
  if (latest === -Infinity) return
  const begins = facts.log_from === undefined ? undefined : `the log at hand begins at ${rfc3339(facts.log_from)}`
  const because =
    begins === undefined
      ? 'no log at hand shows them'
      : facts.leaked_at === undefined
        ? `${begins}, and nobody said when it leaked (--leaked-at)`
        : `${begins}, after the leak`
  gaps.push({
    code: 'lifetime_history',
    what: 'token lifetimes before the log begins',
    why: `${because}: a lifetime may have been larger then, so tokens from before are counted with ${DAYS} days, until ${rfc3339(latest)}`,
  })
}

/** Very many tokens are counted, not listed. */
function addListGap(audiences: readonly AudienceExposure[], gaps: EvidenceGap[]): void {
  const left = audiences.reduce((sum, one) => sum + (one.tokens_not_listed ?? 0), 0)
  if (left === 0) return
  gaps.push({
    code: 'tokens_not_listed',
    what: `${left} token(s) that the log shows`,
    why: 'they are counted, but not listed one by one: of each API those that live longest are',
  })
}

function basisOf(facts: ExposureFacts, contained: boolean, older: boolean): string {
  const skew =
    facts.machine_skew !== undefined && facts.machine_skew > 300
      ? ` This machine's clock differs from the tenant's by ${facts.machine_skew} s; tenant time counts.`
      : ''
  if (facts.token_only && facts.leaked_token) return `the leaked token's own exp.${skew}`
  const before = older
    ? ` Tokens from before the log at hand begins are counted with ${DAYS} days, the longest that Auth0 allows.`
    : ''
  if (!contained) return `not contained yet: counted from now, it moves with the clock.${before}${skew}`
  return `containment + largest token lifetime + ${SKEW_SECONDS} s of clock skew, over every API the credential could reach, in tenant time.${before}${skew}`
}
