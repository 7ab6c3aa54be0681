import type {OwnRequest} from '../reconcile/facts.ts'

/** What a finding is held to be. `unknown`: nobody can say from the log whether it was meant. */
export type Verdict = 'ours' | 'expected' | 'suspect' | 'hostile' | 'unknown'

/** Worst first. */
export const VERDICTS: readonly Verdict[] = ['hostile', 'suspect', 'unknown', 'expected', 'ours']

export interface Finding {
  /** `H1` to `H31`. */
  readonly hunt: string
  readonly verdict: Verdict
  readonly what: string
  /** Why this verdict, in words. */
  readonly because: string
  /** RFC 3339: the first of the entries. */
  readonly at: string
  readonly last_at: string
  /** Entries of this kind by this actor; `log_ids` may hold fewer. */
  readonly count: number
  readonly log_ids: readonly string[]
  readonly client_id?: string
  readonly ip?: string
  readonly user_agent?: string
  readonly fingerprint?: string
  readonly jti?: string
  readonly user?: string
  readonly object?: {readonly kind: string; readonly id: string}
  /** The act that removes what is left: a command of stanch, or a sentence for the Dashboard. */
  readonly remove?: string
}

export interface InventoryItem {
  /** The same from hunt to hunt: `H10:credential:cred_...`. */
  readonly id: string
  readonly what: string
  readonly hunt: string
  readonly object?: {readonly kind: string; readonly id: string}
  readonly remove: string
  readonly log_ids: readonly string[]
}

export interface HuntResult {
  /** RFC 3339. */
  readonly computed_at: string
  /** Clients that count as compromised: the leaked one first, then what the pivot found. */
  readonly client_ids: readonly string[]
  readonly clients: readonly CompromisedClient[]
  readonly suspects: {
    readonly ips: readonly string[]
    readonly fingerprints: readonly string[]
    readonly user_agents: readonly string[]
    readonly jtis: readonly string[]
  }
  readonly findings: readonly Finding[]
  readonly inventory: readonly InventoryItem[]
  readonly not_seen: readonly {readonly what: string; readonly why: string}[]
  /** Entries that were looked at. */
  readonly entries: number
  /** RFC 3339: what the log at hand covers; absent when it is empty. */
  readonly covers?: {readonly from: string; readonly to: string}
  /** How often the log was gone through until nothing new came. */
  readonly rounds: number
}

export interface CompromisedClient {
  readonly client_id: string
  readonly how: 'leaked' | 'secret_read' | 'planted' | 'credential_set' | 'granted' | 'same_address' | 'same_fingerprint'
  /** RFC 3339 with milliseconds: whoever was seen with it before is known; absent when nobody knows. */
  readonly since?: string
}

/** What the hunt is told about the incident. Instants are tenant time, RFC 3339 with milliseconds. */
export interface HuntFacts {
  readonly clients: readonly CompromisedClient[]
  /** Since when newcomers are looked at; absent when nobody knows when it leaked. */
  readonly leaked_at?: string
  readonly contained_at?: string
  /** When the secret of the leaked client was replaced by us: the Date header of the answer, whole seconds. */
  readonly rotated_at?: string
  /** `jti` of the leaked token, where it has one. */
  readonly leaked_jti?: string
  /** Only a token leaked: nobody can ask for another one with it, so who does is not the thief by that. */
  readonly token_only?: boolean
  /** When we probed with made-up codes, which no record counts: such refusals at our own address in these spans are ours. */
  readonly probed: readonly {readonly from: string; readonly to: string}[]
  /** Our own requests by correlation id. */
  readonly own_requests?: ReadonlyMap<string, OwnRequest>
  /** When our own token requests were answered, NumericDate: each accounts for one entry at our own address. */
  readonly own_token_requests?: readonly number[]
  /** Addresses that somebody of the team named as known. */
  readonly isKnown?: (ip: string) => boolean
}
