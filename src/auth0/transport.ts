import type {Agent, Dispatcher, ProxyAgent} from 'undici'
import type {Clock} from '../clock.ts'
import {StanchError} from '../errors.ts'
import type {Logger} from '../logger.ts'
import {printable} from '../untrusted.ts'
import {parseJson} from './json.ts'
import type {Origin} from './origin.ts'
import {count, secondsToWait, type Limits} from './rate-limit.ts'
import type {Sent} from './sent.ts'
import {connectionCause, isTlsFailure} from './wire-errors.ts'

/** Bytes of one decoded answer. Nothing is ever decompressed, so what is counted is what came. */
export const MAX_ANSWER = 1024 * 1024
export const MAX_LOG_PAGE = 8 * 1024 * 1024

const PHASE_MS = 10_000

export interface TransportOptions {
  readonly origin: Origin
  readonly clock: Clock
  readonly logger: Logger
  readonly userAgent: string
  /** `http://proxy.example:3128`; nothing in the environment stands in for it. */
  readonly proxy?: string
  /** PEM of the certificate authorities to trust instead of the built-in ones. */
  readonly ca?: string
  /** Total deadline of one attempt; default 30. */
  readonly requestSeconds?: number
}

export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Path with query, as it goes on the wire; the query never holds a secret. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly maxBytes?: number
}

/** One exchange. `body` is parsed JSON and may hold secrets: parsers take it apart, nobody passes it on. */
export interface Wire {
  readonly sent: Sent
  readonly body?: unknown
  readonly limits?: Limits
  /** The Link header, for checkpoint pages of the tenant log. */
  readonly link?: string
}

/**
 * One request, one attempt, one origin. Strict TLS whatever the environment says, no redirects, no decompression,
 * bounded in bytes and time. Whether a request may go again is decided elsewhere (`resend.ts`).
 */
export class Transport {
  readonly #options: TransportOptions
  readonly #dispatcher: Agent | ProxyAgent
  #serverTime: number | undefined
  #skew: number | undefined

  private constructor(options: TransportOptions, undici: typeof import('undici')) {
    this.#options = options
    this.#dispatcher = createDispatcher(options, undici)
  }

  /** @throws {StanchError} `config.insecure` when the environment or the proxy would undo TLS */
  static async open(options: TransportOptions, env: NodeJS.ProcessEnv = process.env): Promise<Transport> {
    if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0' && !options.origin.loopback) {
      throw new StanchError(
        'config.insecure',
        'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: something here expects certificates not to be checked.',
        {
          hint: 'Unset it and run again. For a private certificate authority use NODE_EXTRA_CA_CERTS.',
        },
      )
    }
    return new Transport(options, await import('undici'))
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy()
  }

  /** NumericDate of the newest Date header seen. */
  get serverTime(): number | undefined {
    return this.#serverTime
  }

  /** Seconds by which the tenant's clock is ahead of ours. */
  get skew(): number | undefined {
    return this.#skew
  }

  async send(request: WireRequest): Promise<Wire> {
    const started = this.#options.clock.monotonic()
    const elapsed = () => Math.round(this.#options.clock.monotonic() - started)
    const seconds = this.#options.requestSeconds ?? 30
    const deadline = AbortSignal.timeout(seconds * 1000)
    let left = false
    let status: number | undefined
    try {
      // Origin and path apart: a URL parser in between would repair what it finds in the path.
      const response = await this.#dispatcher.compose(watchDeparture(() => void (left = true))).request({
        origin: this.#options.origin.origin,
        path: request.path,
        method: request.method,
        signal: deadline,
        headers: {
          'accept': 'application/json',
          'user-agent': this.#options.userAgent,
          ...request.headers,
        },
        body: request.body ?? null,
      })
      status = response.statusCode
      return await this.#receive(request, response, elapsed)
    } catch (error) {
      const cause = deadline.aborted ? `no complete answer within ${seconds} s` : connectionCause(error)
      this.#options.logger.debug({method: request.method, left, cause, ms: elapsed()}, 'no answer')
      if (left) return {sent: {kind: 'in_doubt', cause, ms: elapsed(), ...(status === undefined ? {} : {status})}}
      return {
        sent: {
          kind: 'not_sent',
          cause,
          ms: elapsed(),
          ...(isTlsFailure(error) ? {error: tlsError(this.#options.origin, cause)} : {}),
        },
      }
    }
  }

  async #receive(request: WireRequest, response: Dispatcher.ResponseData, elapsed: () => number): Promise<Wire> {
    const header = (name: string) => {
      const value = response.headers[name]
      return Array.isArray(value) ? value[0] : value
    }
    const date = this.#learnDate(header('date'))
    const read = await readBody(response, request.maxBytes ?? MAX_ANSWER, header('content-encoding'), header('content-type'))
    const reset = count(header('x-ratelimit-reset'))
    const limits = withoutUndefined({
      limit: count(header('x-ratelimit-limit')),
      remaining: count(header('x-ratelimit-remaining')),
      reset,
    })
    const status = response.statusCode
    const wait =
      status === 429 || status === 503
        ? secondsToWait(count(header('retry-after')), reset, date ?? Math.floor(this.#options.clock.now() / 1000))
        : undefined
    const sent: Sent = {
      kind: 'answered',
      status,
      form: read.form,
      ms: elapsed(),
      ...withoutUndefined({
        cause: read.cause,
        error: status >= 400 ? errorCode(read.value) : undefined,
        scopes: status === 403 ? namedScopes(read.value) : undefined,
        date,
        request_id: requestId(header('x-auth0-requestid')),
        retry_after: wait,
      }),
    }
    this.#options.logger.debug(
      {method: request.method, status, form: read.form, ms: sent.ms, request_id: sent.request_id},
      'answer',
    )
    return {sent, body: read.value, limits, ...withoutUndefined({link: header('link')})}
  }

  #learnDate(value: string | undefined): number | undefined {
    const ms = value !== undefined && value.length < 64 ? Date.parse(value) : Number.NaN
    if (!Number.isFinite(ms) || ms < 0) return undefined
    const date = Math.floor(ms / 1000)
    if (this.#serverTime === undefined || date > this.#serverTime) this.#serverTime = date
    this.#skew = Math.round(date - this.#options.clock.now() / 1000)
    return date
  }
}

function createDispatcher(options: TransportOptions, undici: typeof import('undici')): Agent | ProxyAgent {
  // Explicit, because NODE_TLS_REJECT_UNAUTHORIZED=0 switches off whatever does not say so itself.
  const tls = {
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2' as const,
    timeout: PHASE_MS,
    ...(options.ca === undefined ? {} : {ca: options.ca}),
  }
  const shared = {
    // HTTP/2 would repeat refused streams by itself, whatever the method.
    allowH2: false,
    connections: 16,
    pipelining: 1,
    headersTimeout: PHASE_MS,
    bodyTimeout: PHASE_MS,
    keepAliveTimeout: 60_000,
    keepAliveMaxTimeout: 60_000,
  }
  if (options.proxy === undefined) return new undici.Agent({...shared, connect: tls})
  if (options.origin.origin.startsWith('http:')) {
    throw new StanchError('config.insecure', 'A proxy would see every request to a plain http origin in clear.', {
      hint: 'Leave out --proxy for a loopback tenant.',
    })
  }
  const proxy = URL.canParse(options.proxy) ? new URL(options.proxy) : undefined
  if (!proxy || (proxy.protocol !== 'http:' && proxy.protocol !== 'https:')) {
    throw new StanchError('config.invalid', '--proxy takes an http or https URL, for instance http://proxy.example:3128.')
  }
  const {ca: _own, ...proxyTls} = tls
  return new undici.ProxyAgent({...shared, uri: options.proxy, requestTls: tls, proxyTls})
}

/**
 * Tells whether bytes of the request may have left. undici calls `onRequestStart` on a connected socket immediately
 * before it writes; a request that failed without that call was never written.
 */
function watchDeparture(left: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart(controller, context) {
        handler.onRequestStart?.(controller, context)
        if (!controller.aborted) left()
      },
      onRequestUpgrade: (...parts) => handler.onRequestUpgrade?.(...parts),
      onResponseStart: (...parts) => handler.onResponseStart?.(...parts),
      onResponseData: (...parts) => handler.onResponseData?.(...parts),
      onResponseEnd: (...parts) => handler.onResponseEnd?.(...parts),
      onResponseError: (...parts) => handler.onResponseError?.(...parts),
    })
}

interface ReadBody {
  readonly form: 'json' | 'empty' | 'other'
  readonly value?: unknown
  readonly cause?: string
}

async function readBody(
  response: Dispatcher.ResponseData,
  max: number,
  encoding: string | undefined,
  type: string | undefined,
): Promise<ReadBody> {
  const refuse = (cause: string): ReadBody => {
    // The socket goes with it: nobody reads the rest.
    response.body.on('error', () => undefined).destroy()
    return {form: 'other', cause}
  }
  if (response.statusCode >= 300 && response.statusCode < 400) return refuse('a redirect')
  // None was asked for; decoding one is how 200 kB become 200 MB.
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity')
    return refuse('a compressed body that nobody asked for')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > max) return refuse(`a body of more than ${max} bytes`)
    chunks.push(chunk)
  }
  if (size === 0) return {form: 'empty'}
  const plainType = printable(type?.split(';')[0]?.trim().toLowerCase() ?? '', 40)
  if (!/^application\/([a-z0-9.+-]+\+)?json$/.test(plainType))
    return {form: 'other', cause: `${size} bytes of ${plainType === '' ? 'no stated type' : plainType}`}
  const parsed = parseJson(Buffer.concat(chunks, size))
  return 'problem' in parsed ? {form: 'other', cause: parsed.problem} : {form: 'json', value: parsed.value}
}

/** The wire's own name for an error (`insufficient_scope`), if it has that shape. Free text and secrets do not have it. */
function errorCode(body: unknown): string | undefined {
  const named = (key: string) => {
    const value = (body as Record<string, unknown> | null | undefined)?.[key]
    return typeof value === 'string' && value.length <= 50 && /^[a-z]+(?:_[a-z0-9]+)*$/.test(value) ? value : undefined
  }
  return named('errorCode') ?? named('error')
}

function namedScopes(body: unknown): readonly string[] | undefined {
  const message = (body as {message?: unknown} | null | undefined)?.message
  if (typeof message !== 'string' || message.length > 2000 || !/insufficient.scope/i.test(message)) return undefined
  const scopes = message.match(/\b[a-z]{2,20}:[a-z][a-z0-9_]{1,60}\b/g)
  return scopes === null ? undefined : [...new Set(scopes)].slice(0, 20)
}

function requestId(value: string | undefined): string | undefined {
  return value !== undefined && /^[A-Za-z0-9_-]{1,64}$/.test(value) ? value : undefined
}

function tlsError(origin: Origin, cause: string): StanchError {
  return new StanchError('auth0.insecure', `The certificate of ${origin.host} does not hold: ${cause}. No credential was sent.`, {
    hint: "Check the domain and this machine's clock. A private certificate authority goes into NODE_EXTRA_CA_CERTS.",
  })
}

function withoutUndefined<T extends object>(value: T): {[K in keyof T]?: Exclude<T[K], undefined>} {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
