import type {Plan} from './behaviour.ts'
import type {TenantTime} from './time.ts'

/** A token bucket: `burst` is its size, `perSecond` its refill. */
interface Limit {
  readonly burst: number
  readonly perSecond: number
}

/** Buckets a request is charged to. `management` is the global one and is asked first. */
export type BucketName =
  | 'management'
  | 'authentication'
  | 'jwks'
  | 'read_clients'
  | 'read_logs'
  | 'read_organization_client_grants'
  | 'create_organization_client_grants'

/** @see https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy */
const LIMITS: Readonly<Record<Plan, Partial<Record<BucketName, Limit>>>> = {
  free: {
    management: {burst: 2, perSecond: 2},
    authentication: {burst: 30, perSecond: 30},
    jwks: {burst: 20, perSecond: 20},
  },
  paid: {
    management: {burst: 10, perSecond: 150 / 60},
    read_clients: {burst: 5, perSecond: 100 / 60},
    read_logs: {burst: 10, perSecond: 100 / 60},
    read_organization_client_grants: {burst: 10, perSecond: 100 / 60},
    create_organization_client_grants: {burst: 5, perSecond: 150 / 60},
    authentication: {burst: 25, perSecond: 25},
  },
  enterprise: {
    management: {burst: 50, perSecond: 16},
    read_organization_client_grants: {burst: 10, perSecond: 100 / 60},
    create_organization_client_grants: {burst: 5, perSecond: 150 / 60},
    authentication: {burst: 100, perSecond: 100},
  },
  private: {
    management: {burst: 5_000, perSecond: 5_000},
    authentication: {burst: 10_000, perSecond: 10_000},
  },
}

/** On paid plans these endpoints have budgets of their own and are not charged to the common one. */
const OWN_BUDGET: readonly BucketName[] = ['read_clients', 'read_logs']

export interface Charge {
  readonly allowed: boolean
  readonly bucket: string
  /** `x-ratelimit-*`, and `retry-after` on a refusal. */
  readonly headers: Readonly<Record<string, string>>
}

export class RateLimits {
  readonly #time: TenantTime
  readonly #limits: Partial<Record<BucketName, Limit>>
  readonly #level = new Map<BucketName, {tokens: number; at: number}>()

  constructor(time: TenantTime, plan: Plan) {
    this.#time = time
    this.#limits = LIMITS[plan]
  }

  /** Takes one token from every bucket named, or none when one of them is empty. */
  charge(names: readonly BucketName[]): Charge {
    const own = names.find((name) => OWN_BUDGET.includes(name) && this.#limits[name])
    const buckets = (own ? [own] : names).filter((name) => this.#limits[name])
    const empty = buckets.find((name) => this.#tokens(name) < 1)
    const shown = empty ?? buckets.at(-1)
    if (!shown) return {allowed: true, bucket: '', headers: {}}
    if (!empty) for (const name of buckets) this.#take(name)
    return {allowed: !empty, bucket: shown, headers: this.#headers(shown, empty !== undefined)}
  }

  #tokens(name: BucketName): number {
    const limit = this.#limits[name]
    if (!limit) return Infinity
    const now = this.#time.ms() / 1000
    const level = this.#level.get(name) ?? {tokens: limit.burst, at: now}
    const tokens = Math.min(limit.burst, level.tokens + Math.max(0, now - level.at) * limit.perSecond)
    this.#level.set(name, {tokens, at: now})
    return tokens
  }

  #take(name: BucketName): void {
    const level = this.#level.get(name)
    if (level) level.tokens -= 1
  }

  #headers(name: BucketName, refused: boolean): Record<string, string> {
    const limit = this.#limits[name] ?? {burst: 1, perSecond: 1}
    const tokens = this.#tokens(name)
    const now = this.#time.ms() / 1000
    const untilFull = (limit.burst - tokens) / limit.perSecond
    const headers: Record<string, string> = {
      'x-ratelimit-limit': String(limit.burst),
      'x-ratelimit-remaining': String(Math.max(0, Math.floor(tokens))),
      'x-ratelimit-reset': String(Math.ceil(now + untilFull)),
    }
    if (refused) headers['retry-after'] = String(Math.max(1, Math.ceil((1 - tokens) / limit.perSecond)))
    return headers
  }
}
