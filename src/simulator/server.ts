import {createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http'
import {createServer as createHttpsServer} from 'node:https'
import type {AddressInfo} from 'node:net'
import type {Clock} from '../clock.ts'
import {StanchError} from '../errors.ts'
import type {Behaviour, Plan} from './behaviour.ts'
import {answerRequest, type Watch} from './dispatch.ts'
import type {Fault} from './faults.ts'
import {tenantKey} from './keys.ts'
import {Random} from './random.ts'
import {scenario} from './scenarios/catalogue.ts'
import type {Practice} from './scenarios/scenario.ts'
import {World} from './state.ts'
import {SimulatedTenant} from './tenant.ts'
import {TenantTime} from './time.ts'

export interface SimulatorOptions {
  /** A name of the catalogue; default `client-secret`. */
  readonly scenario?: string
  /** Same seed, same ids and secrets. Default random. */
  readonly seed?: number
  /** Default: any free port. Always on 127.0.0.1. */
  readonly port?: number
  /** PEM of a certificate for 127.0.0.1 and of its key: the tenant then speaks https. */
  readonly tls?: {readonly key: string; readonly cert: string}
  /** NumericDate at which tenant time stands until it is advanced. Default: follows `clock`. */
  readonly now?: number
  readonly clock: Clock
  /** Given, a change is refused (418) unless this says that its X-Correlation-ID has an intent on disk. */
  readonly intentOnDisk?: (correlationId: string) => boolean
  /** Whose rate limits and log retention; default `enterprise`. */
  readonly plan?: Plan
  readonly faults?: readonly Fault[]
  /** Milliseconds that pass before each answer. */
  readonly roundTripMs?: number
  readonly behaviour?: Partial<Behaviour>
  /** Sees every request at three moments and may hold it or drop it: for tests that kill processes. */
  readonly watch?: Watch
}

export interface Simulator {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  readonly host: string
  readonly scenario: string
  readonly tenant: SimulatedTenant
  readonly practice: Practice
  /** The certificate to trust, when TLS was asked for. */
  readonly ca?: string
  stop(): Promise<void>
}

/**
 * Starts an embedded tenant on loopback.
 *
 * @throws {StanchError} `usage.invalid` for an unknown scenario, `auth0.unreachable` when the port cannot be had
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const chosen = scenario(options.scenario ?? 'client-secret')
  const key = await tenantKey()
  let handler: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.destroy()
  const listener = (request: IncomingMessage, response: ServerResponse) => handler(request, response)
  const server: Server = options.tls
    ? createHttpsServer({key: options.tls.key, cert: options.tls.cert}, listener)
    : createHttpServer(listener)
  const port = await listen(server, options.port ?? 0)
  const host = `127.0.0.1:${port}`
  const origin = `${options.tls ? 'https' : 'http'}://${host}`
  try {
    const world = new World({
      origin,
      plan: options.plan ?? 'enterprise',
      behaviour: options.behaviour ?? {},
      time: new TenantTime(options.clock, options.now),
      random: new Random(options.seed),
      key,
      intentOnDisk: options.intentOnDisk,
    })
    for (const fault of options.faults ?? []) world.faults.add(fault)
    const tenant = new SimulatedTenant(world)
    const practice = await chosen.build(tenant)
    const context = {
      tenant,
      about: {scenario: chosen.name, practice},
      wait: (seconds: number) => options.clock.sleep(seconds),
      roundTripMs: options.roundTripMs ?? 0,
      watch: options.watch,
    }
    handler = (request, response) => void answerRequest(context, request, response)
    const ca = options.tls ? {ca: options.tls.cert} : {}
    return {origin, host, scenario: chosen.name, tenant, practice, ...ca, stop: () => stop(server)}
  } catch (error) {
    await stop(server)
    throw error
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new StanchError('auth0.unreachable', `Port ${port} on 127.0.0.1 cannot be used by the simulated tenant.`, {cause}))
    })
    server.listen({port, host: '127.0.0.1'}, () => resolve((server.address() as AddressInfo).port))
  })
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
