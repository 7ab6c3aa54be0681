import type {LogEntry} from '../../auth0/resources/log-entry.ts'

/** Seconds after which an entry that has not come counts as absent: Auth0 names no figure for the delay of its log. */
export const GRACE_SECONDS = 300
/** The shortest retention of any plan, seconds: what is younger can always be read. */
export const SHORTEST_RETENTION_SECONDS = 86_400

export const RECONCILE_CODES = [
  'SETTLE_OK',
  'SETTLE_NOT_DONE',
  'OTHER_ACTOR',
  'TOO_EARLY',
  'BEYOND_RETENTION',
  'NO_TENANT_ENTRY',
  'WRITE_WITHOUT_AUDIT',
  'SECRET_READ_WITHOUT_AUDIT',
  'TOKEN_WITHOUT_AUDIT',
  'CORRELATION_REUSED',
  'REQUEST_DIFFERS',
  'CLIENT_DIFFERS',
  'EFFECT_BEFORE_INTENT',
  'OUTCOME_CONTRADICTED',
  'UNKNOWN_STANCH_ID',
] as const

/** Codes of the audit format's section 11. MATCHED and MATCHED_ABSENT are counted, not listed. */
export type ReconcileCode = (typeof RECONCILE_CODES)[number]

const IN_ORDER: readonly ReconcileCode[] = ['SETTLE_OK', 'SETTLE_NOT_DONE', 'OTHER_ACTOR']
const UNKNOWABLE: readonly ReconcileCode[] = ['TOO_EARLY', 'BEYOND_RETENTION']

export interface ReconcileFinding {
  readonly code: ReconcileCode
  /** The intent's index in the trail. */
  readonly seq?: number
  readonly log_id?: string
  /** One sentence; holds tenant text. */
  readonly detail: string
}

/** What a request of ours was: with its correlation id it says which entry of the log is ours. */
export type OwnRequest = Pick<RecordedIntent, 'action' | 'target' | 'method' | 'path'>

/** An intent of the trail with what became of it. Instants are machine time, milliseconds, unless said otherwise. */
export interface RecordedIntent {
  readonly seq: number
  readonly at: number
  readonly sid: string
  readonly inc?: string
  readonly op: string
  readonly try: number
  readonly action: string
  readonly target: string
  readonly method: string
  readonly path: string
  readonly correlation_id: string
  readonly before?: string
  readonly outcome?: {
    readonly result: 'ok' | 'failed' | 'refused' | 'unknown'
    readonly at: number
    /** NumericDate of the tenant's answer. */
    readonly date?: number
    /** True when the answer held the secret that was asked for. */
    readonly saw_secret: boolean
  }
  readonly settled?: {readonly result: 'ok' | 'not_done'; readonly by: string}
}

/** An `auth` record: one token of the responder. */
export interface RecordedToken {
  readonly seq: number
  readonly at: number
  readonly sid: string
  readonly client_id: string
  /** NumericDate. */
  readonly exp?: number
  readonly jti?: string
}

/** What the trail says about one tenant; of the whole log, not of a window. */
export interface Recorded {
  readonly intents: readonly RecordedIntent[]
  readonly tokens: readonly RecordedToken[]
  /** When the log began, machine time in milliseconds. */
  readonly opened_at: number
}

/** What other logs of the team say, so that their acts are not taken for a stranger's. */
export interface Peers {
  readonly correlation_ids: ReadonlySet<string>
  readonly tokens: readonly RecordedToken[]
}

/** Instants are tenant time, milliseconds. */
export interface ReconcileFacts {
  readonly recorded: Recorded
  readonly peers: Peers
  /** The client that acts now, besides those of the records. */
  readonly own_client?: string
  /** Entries of the tenant's log from the window's start on. */
  readonly entries: readonly LogEntry[]
  readonly window: {readonly from: number; readonly to: number}
  /** When the last page was fetched. */
  readonly fetched_at: number
  /** False when the fetch ended before the log did. */
  readonly fetched_all: boolean
  /** Date of the oldest entry that can still be read, as far as known. */
  readonly oldest_at?: number
  /** Retention of the tenant's plan, days, where the responder said it. */
  readonly retention_days?: number
  /** Tenant clock minus machine clock now, milliseconds. */
  readonly offset_now: number
  /** Machine time now, milliseconds. */
  readonly machine_now: number
  /** Lifetime of the responder's own tokens, seconds, where known. */
  readonly token_lifetime?: number
  /** The client that the incident is about: whose tokens probes may mint. */
  readonly suspects: readonly string[]
}

export interface Reconciliation {
  /** Intents in the window that are as the tenant's log says, present or rightly absent. */
  readonly matched: number
  readonly findings: readonly ReconcileFinding[]
  /** RFC 3339. */
  readonly window: {readonly from: string; readonly to: string; readonly covered_to: string}
  /** Nothing is left that cannot be known yet, or any more. */
  readonly complete: boolean
}

/** Exit status by the format: in order 0, not knowable (yet) 6, anything else 5. */
export function reconcileVerdict(findings: readonly Pick<ReconcileFinding, 'code'>[]): 'in_order' | 'unknowable' | 'differs' {
  const rest = findings.filter(({code}) => !IN_ORDER.includes(code))
  if (rest.length === 0) return 'in_order'
  return rest.every(({code}) => UNKNOWABLE.includes(code)) ? 'unknowable' : 'differs'
}
