import {createServer as createHttpServer} from 'node:http'
import type {IncomingMessage, RequestListener, Server, ServerResponse} from 'node:http'
import {createServer as createHttpsServer} from 'node:https'
import type {AddressInfo} from 'node:net'
import {Readable} from 'node:stream'

import {systemClock} from '../../../src/clock.ts'
import {StanchError} from '../../../src/errors.ts'
import {answerRequest} from '../../../src/simulator/dispatch.ts'
import type {Context} from '../../../src/simulator/dispatch.ts'
import {tenantKey} from '../../../src/simulator/keys.ts'
import {Random} from '../../../src/simulator/random.ts'
import {scenario} from '../../../src/simulator/scenarios/catalogue.ts'
import type {Practice} from '../../../src/simulator/scenarios/scenario.ts'
import {World} from '../../../src/simulator/state.ts'
import {SimulatedTenant} from '../../../src/simulator/tenant.ts'
import {TenantTime} from '../../../src/simulator/time.ts'
import {StepCounter} from './steps.ts'
import type {Seen} from './steps.ts'

const ANOTHER = 'another-program'

/** One request as the tenant saw it. */
export interface Arrived {
  readonly step: Seen
  /** Of this step, in this session. */
  readonly nth: number
  /** Number of the stanch process, from 0. */
  readonly session: number
  readonly method: string
  readonly path: string
  readonly correlation: string
  readonly changing: boolean
  /** Was its intent durable when it arrived? Undefined for requests that need none. */
  readonly intended: boolean | undefined
  effect: boolean
  status: number
}

export interface Captured {
  readonly status: number
  readonly headers: Record<string, string | number | readonly string[]>
  readonly text: string
}

/** One exchange in the hands of a fault. */
export interface Exchange {
  readonly seen: Arrived
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Lets the tenant act on it, once; what it would answer. */
  readonly effect: () => Promise<Captured>
  /** Sends an answer. */
  readonly send: (answer: Captured) => void
}

/** Takes over an exchange; `pass` lets it go on as if nothing had been. */
export type Act = (exchange: Exchange) => Promise<'pass' | void> | 'pass' | void

export interface FrontOptions {
  readonly seed: number
  readonly scenario?: string
  readonly intended: (correlation: string) => boolean
  readonly tls?: {readonly key: string; readonly cert: string}
  readonly behaviour?: ConstructorParameters<typeof World>[0]['behaviour']
  /** NumericDate at which tenant time begins and stands but for waits. */
  readonly now?: number
  /** A tenant that does not say that it is simulated. */
  readonly real?: boolean
  /** Every answer closes its connection. */
  readonly close?: boolean
  /** Seconds that the child has waited so far, where it waits by itself. */
  readonly waited?: () => number
}

/** A simulated tenant behind a door at which every request can be met by a fault. */
export class Front {
  readonly origin: string
  readonly tenant: SimulatedTenant
  readonly practice: Practice
  readonly arrived: Arrived[] = []
  /** Asked for every request but the control ones, in order, until one takes it. */
  readonly acts: Act[] = []
  /** Headers of every answer, changed on their way out. */
  headers: Record<string, string> = {}
  session = 0
  /** Changes that another program made through the API. */
  others = 0
  /** A change was made of which the tenant shows nothing to anybody. */
  blind = false
  readonly #options: FrontOptions
  readonly #server: Server
  readonly #context: Context
  #counter: StepCounter
  #counts = new Map<string, number>()
  #advanced = 0

  private constructor(options: FrontOptions, server: Server, origin: string, tenant: SimulatedTenant, practice: Practice) {
    this.#options = options
    this.#server = server
    this.origin = origin
    this.tenant = tenant
    this.practice = practice
    this.#context = {
      tenant,
      about: {scenario: options.scenario ?? 'client-secret', practice},
      wait: () => Promise.resolve(),
      roundTripMs: 0,
    }
    this.#counter = new StepCounter(practice.operator.client_id)
  }

  static async open(options: FrontOptions): Promise<Front> {
    const holder: {front?: Front} = {}
    const listener: RequestListener = (request, response) => {
      if (holder.front) holder.front.#take(request, response).catch(() => response.destroy())
      else response.destroy()
    }
    const server = options.tls
      ? createHttpsServer({...options.tls}, listener)
      : createHttpServer({maxHeaderSize: 1 << 18}, listener)
    server.keepAliveTimeout = 60_000
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const {port} = server.address() as AddressInfo
    const origin = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`
    const world = new World({
      origin,
      plan: 'private',
      behaviour: options.behaviour ?? {},
      time: new TenantTime(systemClock, options.now),
      random: new Random(options.seed),
      key: await tenantKey(),
      intentOnDisk: (correlation) => correlation === ANOTHER || options.intended(correlation),
    })
    const tenant = new SimulatedTenant(world)
    const practice = await scenario(options.scenario ?? 'client-secret').build(tenant)
    holder.front = new Front(options, server, origin, tenant, practice)
    return holder.front
  }

  /** From here on requests are another process's. */
  nextSession(): void {
    this.session += 1
    this.#counter = new StepCounter(this.practice.operator.client_id)
    this.#counts = new Map()
  }

  /** A change by another program of this tenant's owner: logged by the tenant, recorded by nobody here. */
  async asAnother(method: string, path: string): Promise<void> {
    const {tenant} = this
    const token = tenant.issueToken({client_id: this.practice.operator.client_id})
    const request = Object.assign(Readable.from([]), {
      method,
      url: path,
      headers: {'authorization': `Bearer ${token}`, 'x-correlation-id': ANOTHER},
      socket: {destroy: () => undefined},
    })
    const {status} = await capture((response) => answerRequest(this.#context, request as unknown as IncomingMessage, response))
    if (status >= 300) throw new StanchError('internal', `the other program got ${status}`)
    this.others += 1
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request)
    const path = request.url ?? '/'
    this.#followChild()
    if (path.startsWith('/.stanch/')) {
      if (this.#options.real) return void response.writeHead(404, {'content-type': 'application/json'}).end('{"statusCode":404}')
      return answerRequest(this.#context, replayed(request, body), response)
    }
    const seen = this.#note(request, path, body)
    let done: Promise<Captured> | undefined
    const effect = () => (done ??= this.#effect(request, body, seen))
    const send = (answer: Captured) => {
      seen.status = answer.status
      response.writeHead(answer.status, {
        ...answer.headers,
        ...this.headers,
        'content-length': Buffer.byteLength(answer.text),
        ...(this.#options.close ? {connection: 'close'} : {}),
      })
      response.end(answer.text)
    }
    const exchange: Exchange = {seen, request, response, effect, send}
    for (const act of this.acts) if ((await act(exchange)) !== 'pass') return
    send(await effect())
  }

  #followChild(): void {
    const waited = this.#options.waited?.() ?? 0
    if (waited <= this.#advanced) return
    this.tenant.clock.advance(waited - this.#advanced)
    this.#advanced = waited
  }

  #note(request: IncomingMessage, path: string, body: string): Arrived {
    const method = request.method ?? 'GET'
    const step = this.#counter.step({method, path, body})
    const nth = (this.#counts.get(step) ?? 0) + 1
    this.#counts.set(step, nth)
    const header = request.headers['x-correlation-id']
    const correlation = Array.isArray(header) ? (header[0] ?? '') : (header ?? '')
    const changing = method !== 'GET' && path.startsWith('/api/v2/')
    const seen: Arrived = {
      step,
      nth,
      session: this.session,
      method,
      path,
      correlation,
      changing,
      intended: changing ? this.#options.intended(correlation) : undefined,
      effect: false,
      status: 0,
    }
    this.arrived.push(seen)
    return seen
  }

  async #effect(request: IncomingMessage, body: string, seen: Arrived): Promise<Captured> {
    const before = this.tenant.world.effects.length
    const captured = await capture((response) => answerRequest(this.#context, replayed(request, body), response))
    seen.effect = this.tenant.world.effects.length > before
    return captured
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** The same request again, with its body still to be read. */
function replayed(request: IncomingMessage, body: string): IncomingMessage {
  const again = Readable.from(body === '' ? [] : [Buffer.from(body)])
  return Object.assign(again, {
    method: request.method,
    url: request.url,
    headers: request.headers,
    socket: {destroy: () => undefined},
  }) as unknown as IncomingMessage
}

async function capture(work: (response: ServerResponse) => Promise<void>): Promise<Captured> {
  const answer: {status: number; headers: Captured['headers']; text: string} = {status: 0, headers: {}, text: ''}
  const response = {
    headersSent: false,
    writeHead(status: number, headers: Captured['headers']) {
      Object.assign(answer, {status, headers})
      response.headersSent = true
      return response
    },
    end(text?: string) {
      answer.text = text ?? ''
    },
    destroy() {},
  }
  await work(response as unknown as ServerResponse)
  return answer
}
