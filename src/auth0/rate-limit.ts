import type {Clock} from '../clock.ts'

/** What the x-ratelimit headers of one answer said. */
export interface Limits {
  readonly limit?: number
  readonly remaining?: number
  /** NumericDate at which the bucket is expected to be full again. */
  readonly reset?: number
}

/** A header that is a plain count, else undefined: garbage, dates and negative numbers mean "nothing was said". */
export function count(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,10}$/.test(value.trim()) ? Number(value) : undefined
}

/**
 * Seconds until the tenant wants to hear from us again: the later of Retry-After and x-ratelimit-reset.
 * Undefined when neither header makes sense.
 *
 * @param now NumericDate of the answer, by the server's own Date header where it has one
 */
export function secondsToWait(retryAfter: number | undefined, reset: number | undefined, now: number): number | undefined {
  if (retryAfter === undefined && reset === undefined) return undefined
  return Math.max(0, retryAfter ?? 0, reset === undefined ? 0 : reset - now)
}

interface Bucket {
  remaining: number
  /** Local milliseconds at which it is expected to be full again. */
  fullAt: number
}

/**
 * Spaces requests before the tenant has to say 429. Limits are per endpoint group, so each group has its own bucket;
 * what was never told is not guessed.
 */
export class RateBudget {
  readonly #clock: Clock
  readonly #longest: number
  readonly #buckets = new Map<string, Bucket>()
  #queue: Promise<void> = Promise.resolve()

  /** @param longest seconds: a bucket that fills later than this is not waited for, the tenant's own answer decides */
  constructor(clock: Clock, longest: number) {
    this.#clock = clock
    this.#longest = longest
  }

  /** Waits until a request of this group may go. One at a time: parallel waiters would each wait, and then all go at once. */
  take(group: string): Promise<void> {
    const turn = this.#queue.then(() => this.#wait(group))
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  async #wait(group: string): Promise<void> {
    const bucket = this.#buckets.get(group)
    if (!bucket) return
    if (bucket.remaining > 0) {
      bucket.remaining--
      return
    }
    this.#buckets.delete(group)
    const seconds = (bucket.fullAt - this.#clock.now()) / 1000
    if (seconds > 0 && seconds <= this.#longest) await this.#clock.sleep(seconds)
  }

  /** @param date NumericDate of the answer, which `reset` is measured against so that clock skew does not matter */
  learn(group: string, limits: Limits, date: number | undefined): void {
    if (limits.remaining === undefined || limits.reset === undefined) return
    const now = this.#clock.now()
    this.#buckets.set(group, {remaining: limits.remaining, fullAt: now + (limits.reset - (date ?? now / 1000)) * 1000})
  }
}
