import type {LogReading} from './log-reading.ts'
import type {LifetimeChange, LifetimeReading} from './lifetime-history.ts'
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

/** Containment as the rule counts it: the first refusal of the proving run, or change + 30 s, whichever is earlier. */
export function containedAt(containment: Containment): number {
  return Math.min(Math.max(containment.first_refusal_at, containment.changed_at), containment.changed_at + PROPAGATION_SECONDS)
}
