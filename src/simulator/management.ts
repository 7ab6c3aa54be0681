import type {IncomingHttpHeaders} from 'node:http'
import {authenticate} from './bearer.ts'
import {references} from './issue.ts'
import type {Match} from './routes.ts'
import type {Change, World} from './state.ts'
import {apiError, isObject, Refusal, type Answer, type Call, type Caller, type Wire} from './wire.ts'

export interface Incoming {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** Reads the body; refuses what is too long or no JSON. */
  readonly body: unknown
  readonly ip: string
  readonly correlation_id?: string | undefined
}

/** One request to the Management API: intent, token, budget, scope, endpoint, log. */
export async function management(world: World, incoming: Incoming, match: Match, change: Change | undefined): Promise<Answer> {
  const {route, params} = match
  let charged: Readonly<Record<string, string>> = {}
  try {
    if (change && !logged(world, incoming, change)) return unlogged(world)
    const caller = await authenticate(world, incoming.headers.authorization)
    const charge = world.limits.charge(route.buckets)
    charged = charge.headers
    if (!charge.allowed) return {...limited(world, caller, charge.bucket), headers: charged}
    if (!route.scopes.some((scope) => caller.scopes.includes(scope))) {
      const text = `Insufficient scope, expected any of: ${route.scopes.join(',')}`
      return {...apiError(403, text, 'insufficient_scope'), headers: charged}
    }
    const call: Call = {...incoming, params, caller}
    const answer = await route.handle(world, call)
    if (readsUnlogged(world, call, answer)) return unlogged(world)
    if (answer.effect) {
      world.recordEffect(answer.effect)
      world.score.look()
    }
    log(world, call, match, answer)
    return {...answer, headers: {...charged, ...answer.headers}}
  } catch (error) {
    if (error instanceof Refusal) return {...error.answer, headers: {...charged, ...error.answer.headers}}
    throw error
  }
}

/** With the intent port given, a change without an intent on disk at this very moment is refused and counted. */
function logged(world: World, incoming: Incoming, change: Change): boolean {
  if (!world.intentOnDisk) return true
  change.logged = incoming.correlation_id !== undefined && world.intentOnDisk(incoming.correlation_id)
  return change.logged
}

/** A read that shows a secret and says which intent it belongs to is held to its word. */
function readsUnlogged(world: World, call: Call, answer: Answer): boolean {
  if (!world.intentOnDisk || !call.correlation_id || !answer.secrets?.length) return false
  return !world.intentOnDisk(call.correlation_id)
}

function unlogged(world: World): Answer {
  world.unlogged++
  return apiError(418, 'No intent on disk carries this correlation id.', 'stanch_unlogged')
}

function limited(world: World, caller: Caller, bucket: string): Answer {
  world.logs.add({
    type: 'api_limit',
    description: 'Global limit has been reached',
    client_id: caller.client_id,
    hostname: world.host,
    details: {limit: {bucket, global: bucket === 'management'}},
  })
  return apiError(429, 'Global limit has been reached', 'too_many_requests')
}

function log(world: World, call: Call, {route}: Match, answer: Answer): void {
  const changed = route.method !== 'GET' && answer.status < 300
  const secrets = answer.secrets ?? []
  if (!changed && secrets.length === 0) return
  world.logs.add({
    type: changed ? 'sapi' : 'mgmt_api_read',
    description: route.title,
    client_id: call.caller.client_id,
    client_name: '',
    ip: call.ip,
    hostname: world.host,
    user_agent: call.headers['user-agent'] ?? '',
    user_id: null,
    details: {
      request: {
        method: call.method.toLowerCase(),
        path: call.path,
        query: Object.fromEntries(call.query),
        userAgent: call.headers['user-agent'] ?? '',
        body: withoutSecrets(call.body),
        channel: 'api',
        ip: call.ip,
        auth: {
          user: {},
          strategy: 'jwt',
          credentials: {scopes: call.caller.scopes, ...(call.caller.jti ? {jti: call.caller.jti} : {})},
        },
      },
      response: {statusCode: answer.status, body: changed ? withoutSecrets(answer.body ?? {}) : {}},
      ...(secrets.length > 0 ? {accessedSecrets: secrets} : {}),
    },
    isMobile: false,
    ...references(call),
  })
}

const HIDDEN = ['client_secret', 'signing_secret', 'signing_keys', 'pem']

/** Tenant logs never hold secrets. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (!isObject(value)) return value ?? null
  const out: Wire = {}
  for (const [name, inner] of Object.entries(value)) if (!HIDDEN.includes(name)) out[name] = withoutSecrets(inner)
  return out
}
