import type {Clock} from '../clock.ts'
import {StanchError} from '../errors.ts'
import type {Logger} from '../logger.ts'
import type {Secret} from '../secret.ts'
import {errorOf} from './answers.ts'
import type {OperatorToken} from './operator-token.ts'
import type {Origin} from './origin.ts'
import {RateBudget, type Limits} from './rate-limit.ts'
import {resendChange, resendRead, type ResendPolicy} from './resend.ts'
import type {Sent} from './sent.ts'
import type {Transport, Wire, WireRequest} from './transport.ts'

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface ReadOptions {
  /** What is asked for, in words, for errors. */
  readonly what: string
  readonly maxBytes?: number
}

/** `/api/v2/...` of one tenant with the operator's token: who may send what again, and what an unwanted answer means. */
export class ManagementApi {
  readonly #transport: Transport
  readonly #token: OperatorToken
  readonly #origin: Origin
  readonly #clock: Clock
  readonly #policy: ResendPolicy
  readonly #budget: RateBudget
  readonly #sentWith = new WeakMap<Wire, Secret>()
  #limits: Limits = {}

  constructor(transport: Transport, token: OperatorToken, origin: Origin, clock: Clock, logger: Logger, budgetSeconds: number) {
    this.#transport = transport
    this.#token = token
    this.#origin = origin
    this.#clock = clock
    this.#policy = {clock, logger, budgetSeconds}
    this.#budget = new RateBudget(clock, budgetSeconds)
  }

  get limits(): Limits {
    return this.#limits
  }

  /** GET; the parsed body of a 2xx. @throws {StanchError} what `errorOf` makes of everything else */
  async get(path: string, query: Query, options: ReadOptions): Promise<Wire> {
    const wire = await this.look({
      method: 'GET',
      path: withQuery(path, query),
      ...(options.maxBytes !== undefined && {maxBytes: options.maxBytes}),
    })
    const {sent} = wire
    if (sent.kind === 'answered' && sent.status >= 200 && sent.status < 300 && sent.form === 'json') return wire
    throw errorOf(sent, options.what, this.#origin, Math.floor(this.#clock.now() / 1000))
  }

  /** A read as a value: repeated like every read, the token renewed once on 401, and no answer is an exception. */
  async look(request: WireRequest): Promise<Wire> {
    const repeated = () => resendRead(() => this.#attempt(request), this.#policy)
    const wire = await repeated()
    return isUnauthorized(wire.sent) && this.#dropToken(wire) ? repeated() : wire
  }

  /**
   * A change as a value, never an exception. The token is renewed ahead of its expiry and never after a 401: whether
   * a refused change is tried again is the caller's decision, under a new intent.
   */
  async change(request: WireRequest, may: 'also_on_429' | 'never_on_429'): Promise<{wire: Wire; attempts: number}> {
    const {last, attempts} = await resendChange(() => this.#attempt(request), this.#policy, may)
    if (isUnauthorized(last.sent)) this.#dropToken(last)
    return {wire: last, attempts}
  }

  /** True when another token may be had. */
  #dropToken(wire: Wire): boolean {
    const token = this.#sentWith.get(wire)
    return token !== undefined && this.#token.drop(token)
  }

  async #attempt(request: WireRequest): Promise<Wire> {
    let token
    try {
      token = (await this.#token.get()).token
    } catch (error) {
      if (!(error instanceof StanchError)) throw error
      return {sent: {kind: 'not_sent', cause: 'no token', error, ms: 0}}
    }
    const group = bucketOf(request)
    await this.#budget.take(group)
    const wire = await this.#transport.send({
      ...request,
      headers: {...request.headers, authorization: `Bearer ${token.reveal()}`},
    })
    if (wire.limits && wire.sent.kind === 'answered') {
      this.#limits = {...this.#limits, ...wire.limits}
      this.#budget.learn(group, wire.limits, wire.sent.date)
    }
    this.#sentWith.set(wire, token)
    return wire
  }
}

function isUnauthorized(sent: Sent): boolean {
  return sent.kind === 'answered' && sent.status === 401
}

/** Auth0 limits per endpoint; the first path segment and whether it writes comes close to its groups. */
function bucketOf(request: WireRequest): string {
  return `${request.method === 'GET' ? 'read' : 'write'} ${request.path.split(/[/?]/)[3] ?? ''}`
}

export function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.append(name, String(value))
  const text = parameters.toString()
  return text === '' ? path : `${path}?${text}`
}
