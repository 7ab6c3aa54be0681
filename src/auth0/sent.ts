import type {StanchError} from '../errors.ts'

/** What became of one request on the wire. An answer that never came is a value, not an exception: callers handle all three. */
export type Sent = Answered | NotSent | InDoubt

export interface Answered {
  readonly kind: 'answered'
  readonly status: number
  /** `other`: a body that is not well-formed JSON of a sane size; `cause` says why, by type and length, never by content. */
  readonly form: 'json' | 'empty' | 'other'
  readonly cause?: string
  /** The wire's own error code (`errorCode` of the Management API, `error` of OAuth): `lower_snake_case` only. */
  readonly error?: string
  /** Scopes named by a 403 `insufficient_scope`; any one of them is enough. */
  readonly scopes?: readonly string[]
  /** NumericDate of the Date header. */
  readonly date?: number
  readonly request_id?: string
  /** Seconds until the tenant wants to hear from us again: the later of Retry-After and x-ratelimit-reset. */
  readonly retry_after?: number
  readonly ms: number
}

/** DNS, refused, TLS, no token: certainly no byte of the request left this machine. */
export interface NotSent {
  readonly kind: 'not_sent'
  readonly cause: string
  /** What the caller may throw, where it is more than an unreachable tenant. */
  readonly error?: StanchError
  readonly ms: number
}

/** Bytes left and no answer came that settles what they did. */
export interface InDoubt {
  readonly kind: 'in_doubt'
  readonly cause: string
  /** The status line, where one came before the answer broke off or made no sense. */
  readonly status?: number
  readonly date?: number
  readonly request_id?: string
  readonly ms: number
}

export type Judged = 'done' | 'refused' | 'rate_limited' | 'not_sent' | 'in_doubt'

/**
 * What a changing request may be said to have done. `refused` is a well-formed JSON 4xx other than 408 and 429, nothing
 * else: a redirect, a 5xx, a proxy's error page or a captive portal's 200 leave the effect in doubt.
 */
export function judge(sent: Sent): Judged {
  if (sent.kind !== 'answered') return sent.kind
  if (sent.status >= 200 && sent.status < 300) return sent.form === 'other' ? 'in_doubt' : 'done'
  if (sent.status === 429) return 'rate_limited'
  if (sent.status >= 400 && sent.status < 500 && sent.status !== 408 && sent.form === 'json') return 'refused'
  return 'in_doubt'
}
