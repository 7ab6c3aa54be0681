import {page, pick, wantedFields} from './paging.ts'
import {CREATE_RESOURCE_SERVER, UPDATE_RESOURCE_SERVER} from './request-schemas.ts'
import type {SimResourceServer, World} from './state.ts'
import {invalidBody, validBody} from './validation.ts'
import {apiError, copy, isObject, Refusal, type Answer, type Call, type Wire} from './wire.ts'

function serverOf(world: World, id: string | undefined): SimResourceServer {
  const server = world.resourceServer(id ?? '')
  if (!server) throw new Refusal(apiError(404, 'The resource server does not exist', 'inexistent_resource_server'))
  return server
}

/** The key that encrypts an API's tokens is shown without its PEM; `signing_secret` of an HS256 API is shown, unasked. */
function shown(server: SimResourceServer): Wire {
  const wire = copy(server.wire) as Wire
  const encryption = wire['token_encryption']
  if (isObject(encryption) && isObject(encryption['encryption_key'])) delete encryption['encryption_key']['pem']
  return wire
}

export function listResourceServers(world: World, call: Call): Answer {
  const identifiers = call.query.getAll('identifiers')
  const wanted = wantedFields(call.query)
  const found = [...world.resourceServers.values()]
    .filter(({wire}) => identifiers.length === 0 || identifiers.includes(wire.identifier))
    .map((server) => ({seq: server.seq, wire: pick(shown(server), wanted)}))
  return page(world, call.query, 'resource_servers', found, false)
}

export function getResourceServer(world: World, call: Call): Answer {
  const server = serverOf(world, call.params['id'])
  return {status: 200, body: pick(shown(server), wantedFields(call.query))}
}

/** An API with the defaults of the recordings. */
export function newResourceServer(world: World, body: Wire): SimResourceServer {
  const wire = {
    id: world.random.resourceServerId(),
    signing_alg: 'RS256',
    allow_offline_access: false,
    token_lifetime: 86_400,
    token_lifetime_for_web: 7_200,
    skip_consent_for_verifiable_first_party_clients: false,
    subject_type_authorization: {user: {policy: 'allow_all'}, client: {policy: 'require_client_grant'}},
    ...(copy(body) as {identifier: string}),
  } as SimResourceServer['wire']
  signingSecret(world, wire)
  const server: SimResourceServer = {seq: world.seq(), wire}
  world.resourceServers.set(wire.id, server)
  return server
}

function signingSecret(world: World, wire: Wire): void {
  if (wire['signing_alg'] !== 'HS256') {
    delete wire['signing_secret']
    return
  }
  wire['signing_secret'] ??= world.random.opaque(32)
  world.everySecret.add(String(wire['signing_secret']))
}

export function createResourceServer(world: World, call: Call): Answer {
  const body = validBody(call.body, CREATE_RESOURCE_SERVER)
  checkPlan(world, body)
  for (const {wire} of world.resourceServers.values()) {
    if (wire.identifier === body['identifier']) {
      throw new Refusal(apiError(409, 'A resource server with the same identifier already exists.', 'resource_server_conflict'))
    }
  }
  const server = newResourceServer(world, body)
  return {status: 201, body: shown(server), effect: {operation: 'resource_server.create', ids: [server.wire.id]}}
}

/** Members that only the large plans have. */
const UPGRADE = ['consent_policy', 'token_encryption']

function checkPlan(world: World, body: Wire): void {
  if (world.plan === 'enterprise' || world.plan === 'private') return
  const asked = UPGRADE.filter((name) => body[name] !== undefined && body[name] !== null)
  if (asked.length === 0) return
  const text = `Please upgrade your subscription to use ${asked.join(', ')}.`
  throw new Refusal(apiError(403, text, 'feature_not_enabled'))
}

/** What may be changed on the Management API's own entry. */
const SYSTEM_MAY_CHANGE = [
  'token_lifetime',
  'token_lifetime_for_web',
  'skip_consent_for_verifiable_first_party_clients',
  'authorization_policy',
  'subject_type_authorization',
]

export function updateResourceServer(world: World, call: Call): Answer {
  const server = serverOf(world, call.params['id'])
  const body = validBody(call.body, UPDATE_RESOURCE_SERVER)
  checkPlan(world, body)
  if (server.wire['is_system'] === true) checkSystem(body)
  const web = Number(body['token_lifetime_for_web'] ?? 0)
  if (web > Number(body['token_lifetime'] ?? server.wire['token_lifetime'])) {
    throw invalidBody("'token_lifetime_for_web must not be greater than token_lifetime'")
  }
  for (const [name, value] of Object.entries(body)) {
    if (value === null) delete server.wire[name]
    else if (name === 'subject_type_authorization') server.wire[name] = {...(server.wire[name] as Wire), ...(value as Wire)}
    else server.wire[name] = copy(value)
  }
  signingSecret(world, server.wire)
  return {
    status: world.behaviour.patch_status,
    body: shown(server),
    effect: {operation: 'resource_server.update', ids: [server.wire.id]},
  }
}

function checkSystem(body: Wire): void {
  const refused = Object.keys(body).some((name) => !SYSTEM_MAY_CHANGE.includes(name))
  const policies = body['subject_type_authorization']
  if (refused || (isObject(policies) && 'client' in policies)) {
    throw new Refusal(apiError(400, 'System resource servers cannot be patched.', 'operation_not_supported'))
  }
}

export function deleteResourceServer(world: World, call: Call): Answer {
  const server = world.resourceServer(call.params['id'] ?? '')
  if (!server) return {status: 204}
  if (server.wire['is_system'] === true) {
    throw new Refusal(apiError(400, 'System resource servers cannot be deleted.', 'operation_not_supported'))
  }
  world.resourceServers.delete(server.wire.id)
  for (const grant of world.grants.values()) {
    if (grant.wire.audience === server.wire.identifier) world.grants.delete(grant.wire.id)
  }
  return {status: 204, effect: {operation: 'resource_server.delete', ids: [server.wire.id]}}
}
