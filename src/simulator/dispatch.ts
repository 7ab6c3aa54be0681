import type {IncomingMessage, ServerResponse} from 'node:http'
import {control} from './control.ts'
import {discovery} from './discovery.ts'
import {takesEffect} from './faults.ts'
import {readBody, send, sendFaulty} from './http.ts'
import {management} from './management.ts'
import {findRoute, operationOf, type Match} from './routes.ts'
import type {Practice} from './scenarios/scenario.ts'
import type {Change, World} from './state.ts'
import type {SimulatedTenant} from './tenant.ts'
import {tokenEndpoint} from './token-endpoint.ts'
import {apiError, oauthError, Refusal, type Answer} from './wire.ts'

/** A moment in the life of a request: it has arrived; it took effect; its answer has left. */
export type Phase = 'arrived' | 'effect' | 'answered'

/** May wait; `drop` at `arrived` loses the request, at `effect` its answer. */
export type Watch = (phase: Phase, request: Watched) => 'drop' | void | Promise<'drop' | void>

export interface Watched {
  readonly operation: string
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly correlation_id?: string | undefined
  readonly status?: number | undefined
}

export interface Context {
  readonly tenant: SimulatedTenant
  readonly about: {readonly scenario: string; readonly practice: Practice}
  wait(seconds: number): Promise<void>
  readonly roundTripMs: number
  readonly watch?: Watch | undefined
}

/** One HTTP exchange, from the socket to the socket. Never rejects. */
export async function answerRequest(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const {world} = context.tenant
  try {
    await exchange(context, request, response)
  } catch (error) {
    if (response.headersSent) response.destroy()
    else send(world, response, error instanceof Refusal ? error.answer : apiError(500, 'Internal Server Error'))
  }
}

async function exchange(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const {tenant} = context
  const {world} = tenant
  const method = request.method ?? 'GET'
  const url = new URL(request.url ?? '/', world.origin)
  const path = rawPath(request.url ?? '/')
  const body = await readBody(request)
  if (path.startsWith('/.stanch/')) {
    // A web page could make a browser ask for another name that resolves here: only our own name is served.
    if (request.headers.host !== world.host) return send(world, response, apiError(404, 'Not Found'))
    return send(world, response, control(tenant, {method, path, query: url.searchParams, body}, context.about))
  }
  world.time.catchUp()
  const match = path.startsWith('/api/v2/') ? findRoute(method, path) : undefined
  const operation = operationName(path, match, body)
  const correlation_id = header(request, 'x-correlation-id')
  const seen = {operation, method, path, correlation_id}
  const watched = {...seen, query: url.searchParams}
  const change = match && method !== 'GET' ? newChange(world, seen) : undefined
  if ((await context.watch?.('arrived', watched)) === 'drop') return void request.socket.destroy()
  if (context.roundTripMs > 0) await context.wait(context.roundTripMs / 1000)

  const fault = world.faults.take([
    operation,
    ...(match?.route.operation === operation ? [] : [match?.route.operation ?? '']),
    ...groupsOf(path, match),
  ])
  const incoming = {method, path, query: url.searchParams, headers: request.headers, body, ip: '127.0.0.1', correlation_id}
  let answer: Answer | undefined
  if (!fault || takesEffect(fault)) {
    answer = await answerFor(world, incoming, match, change)
    if (change) change.effect = answer.effect !== undefined
    if ((await context.watch?.('effect', {...watched, status: answer.status})) === 'drop') return void request.socket.destroy()
  }
  if (fault?.do === 'slow') await context.wait(fault.seconds ?? 1)
  let status = 0
  if (fault) status = sendFaulty(world, response, fault, answer)
  else if (answer) {
    send(world, response, answer)
    status = answer.status
  }
  if (change) change.status = status
  await context.watch?.('answered', {...watched, status})
}

type Incoming = Parameters<typeof management>[1]

async function answerFor(
  world: World,
  incoming: Incoming,
  match: Match | undefined,
  change: Change | undefined,
): Promise<Answer> {
  const {method, path} = incoming
  if (match) return management(world, incoming, match, change)
  const isToken = method === 'POST' && path === '/oauth/token'
  const found = isToken ? undefined : discovery(world, method, path)
  if (!isToken && !found) return apiError(404, 'Not Found')
  const charge = world.limits.charge([isToken ? 'authentication' : 'jwks'])
  if (!charge.allowed) {
    return {...oauthError(429, 'too_many_requests', 'Global limit has been reached'), headers: charge.headers}
  }
  const answer = found ?? (await tokenEndpoint(world, incoming))
  if (answer.effect) world.recordEffect(answer.effect)
  return {...answer, headers: {...charge.headers, ...answer.headers}}
}

/** The path as it was sent: URL would decode nothing but would fold dots, and ids may hold any character. */
function rawPath(url: string): string {
  return url.split('?')[0] ?? '/'
}

function operationName(path: string, match: Match | undefined, body: unknown): string {
  if (match) return operationOf(match.route, body)
  if (path === '/oauth/token') return 'token'
  if (path === '/.well-known/jwks.json') return 'jwks'
  return path === '/.well-known/openid-configuration' ? 'openid_configuration' : 'unknown'
}

function groupsOf(path: string, match: Match | undefined): readonly string[] {
  return match ? match.route.groups : path === '/oauth/token' ? ['*'] : ['read', '*']
}

function newChange(
  world: World,
  seen: {method: string; path: string; operation: string; correlation_id?: string | undefined},
): Change {
  const change: Change = {at: world.time.now(), ...seen, status: 0, effect: false}
  world.changes.push(change)
  return change
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}
