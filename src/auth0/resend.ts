import type {Clock} from '../clock.ts'
import {rfc3339} from '../clock.ts'
import {isCode, StanchError} from '../errors.ts'
import type {Logger} from '../logger.ts'
import {judge, type Sent} from './sent.ts'

/**
 * The only place that decides whether a request goes again.
 *
 * Reads: on connection errors, 408, 429 and 5xx, within the budget.
 * Changes: only what certainly did not leave, and 429 (the tenant says that it did nothing), except for the rotation:
 * that one goes again only after a look at the tenant, which is the caller's business.
 */
export interface ResendPolicy {
  readonly clock: Clock
  readonly logger: Logger
  /** Seconds that one call may spend waiting, all waits together. */
  readonly budgetSeconds: number
}

const READ_ATTEMPTS = 5
const CHANGE_ATTEMPTS = 4

/** Seconds before attempt `n + 1` when the tenant named none: 0.5, 1, 2, 4, ... at most 8. */
function backoff(attempt: number): number {
  return Math.min(8, 0.5 * 2 ** (attempt - 1))
}

export async function resendRead<T extends {readonly sent: Sent}>(send: () => Promise<T>, policy: ResendPolicy): Promise<T> {
  return (await repeat(send, policy, READ_ATTEMPTS, readMayRepeat)).last
}

/** @param may `never_on_429` for the rotation */
export async function resendChange<T extends {readonly sent: Sent}>(
  send: () => Promise<T>,
  policy: ResendPolicy,
  may: 'also_on_429' | 'never_on_429',
): Promise<{readonly last: T; readonly attempts: number}> {
  return repeat(send, policy, CHANGE_ATTEMPTS, (sent) => {
    const judged = judge(sent)
    return (judged === 'not_sent' && reachable(sent)) || (judged === 'rate_limited' && may === 'also_on_429')
  })
}

function readMayRepeat(sent: Sent): boolean {
  if (sent.kind === 'not_sent') return reachable(sent)
  if (sent.kind === 'in_doubt') return true
  return sent.status === 408 || sent.status === 429 || sent.status >= 500
}

/** A certificate that does not hold, or no token: the next attempt would fail alike. */
function reachable(sent: Sent): boolean {
  return sent.kind === 'not_sent' && sent.error === undefined
}

async function repeat<T extends {readonly sent: Sent}>(
  send: () => Promise<T>,
  policy: ResendPolicy,
  attempts: number,
  again: (sent: Sent) => boolean,
): Promise<{last: T; attempts: number}> {
  let waited = 0
  for (let attempt = 1; ; attempt++) {
    const last = await send()
    if (attempt >= attempts || !again(last.sent)) return {last, attempts: attempt}
    const named = last.sent.kind === 'answered' ? last.sent.retry_after : undefined
    const seconds = Math.max(backoff(attempt), named ?? 0)
    // A hint beyond the budget is obeyed by stopping, never by coming early.
    if (waited + seconds > policy.budgetSeconds) return {last, attempts: attempt}
    policy.logger.info({attempt, seconds, status: last.sent.kind === 'answered' ? last.sent.status : undefined}, 'sending again')
    await policy.clock.sleep(seconds)
    waited += seconds
  }
}

/** The error for a tenant that asks us to wait longer than the budget. */
export function rateLimited(retryAfter: number | undefined, now: number): StanchError {
  // A hint of centuries is a hint of nothing that a calendar could show.
  const until = retryAfter === undefined || retryAfter > 400 * 86_400 ? undefined : rfc3339(now + retryAfter)
  return new StanchError(
    'auth0.rate_limited',
    until ? `The tenant asks us to wait until ${until}.` : 'The tenant keeps saying that there are too many requests.',
    {
      hint: until
        ? `Nothing more is sent. Run the same command again after ${until}.`
        : 'Nothing more is sent. Run the same command again in a few minutes.',
    },
  )
}

export function isRateLimited(error: unknown): boolean {
  return isCode(error, 'auth0.rate_limited')
}
