import {clientOf} from './client-lookup.ts'
import {boundCredentialsExist, createCredential} from './credentials.ts'
import {page, pick, wantedFields} from './paging.ts'
import {CREATE_CLIENT, UPDATE_CLIENT} from './request-schemas.ts'
import type {SimClient, World} from './state.ts'
import {invalidBody, validBody} from './validation.ts'
import {apiError, copy, isObject, Refusal, type Answer, type Call, type Caller, type Wire, textOf} from './wire.ts'

const SUMMARY = ['tenant', 'client_id', 'app_type', 'name', 'description']
const SECRET_FIELDS = ['client_secret', 'client_authentication_methods', 'signing_key', 'signing_keys', 'encryption_key']
const DEFAULT_GRANT_TYPES = ['authorization_code', 'implicit', 'refresh_token', 'client_credentials']

/** The client as this caller sees it: which fields show depends on the scopes held. */
export function visible(world: World, client: SimClient, caller: Caller, all = false): Wire {
  const has = (...scopes: string[]) => all || scopes.some((scope) => caller.scopes.includes(scope))
  const secrets = has('read:client_keys', 'read:client_credentials')
  const rest = has('read:clients', 'read:client_keys')
  const secret = client.secret_hidden ? undefined : client.secrets.at(-1)?.value
  const whole: Wire = {tenant: world.name, ...copy(client.wire), ...(secret === undefined ? {} : {client_secret: secret})}
  return Object.fromEntries(
    Object.entries(whole).filter(([name]) => SUMMARY.includes(name) || (SECRET_FIELDS.includes(name) ? secrets : rest)),
  )
}

function select(world: World, client: SimClient, call: Call): Wire {
  const wanted = wantedFields(call.query)
  const wire = visible(world, client, call.caller)
  if (!wanted) return wire
  const has = (...scopes: string[]) => scopes.some((scope) => call.caller.scopes.includes(scope))
  if (wanted.include && !has('read:client_keys', 'read:client_credentials')) {
    if (wanted.names.some((name) => SECRET_FIELDS.includes(name))) throw hiddenField('read:client_keys,read:client_credentials')
  }
  if (wanted.include && !has('read:clients', 'read:client_keys')) {
    if (wanted.names.some((name) => !SUMMARY.includes(name) && !SECRET_FIELDS.includes(name))) {
      throw hiddenField('read:clients,read:client_keys')
    }
  }
  return pick(wire, wanted)
}

function hiddenField(scopes: string): Refusal {
  return new Refusal(apiError(403, `Insufficient scope, expected any of: ${scopes}`, 'insufficient_scope'))
}

export function listClients(world: World, call: Call): Answer {
  const {query} = call
  const wanted = (client: SimClient) => {
    const {wire} = client
    if (query.has('is_first_party') && textOf(wire['is_first_party'], 'true') !== query.get('is_first_party')) return false
    if (query.has('is_global') && textOf(wire['global'], 'false') !== query.get('is_global')) return false
    const types = query.get('app_type')
    return !types || types.split(',').includes(String(wire['app_type']))
  }
  if (query.has('q') && !query.has('take')) {
    throw new Refusal(apiError(400, 'The "q" parameter needs checkpoint pagination.', 'invalid_query_string'))
  }
  const shown = [...world.clients.values()]
    .filter(wanted)
    .map((client) => ({seq: client.seq, wire: withTenant(world, client, call)}))
  const answer = page(world, query, 'clients', shown)
  return {...answer, secrets: JSON.stringify(answer.body).includes('"client_secret"') ? ['client_secret'] : []}
}

/** Recorded: a list with `fields=client_id` carries `tenant` as well. */
function withTenant(world: World, client: SimClient, call: Call): Wire {
  return {tenant: world.name, ...select(world, client, call)}
}

export function getClient(world: World, call: Call): Answer {
  const client = clientOf(world, call.params['id'])
  const wire = select(world, client, call)
  // Recorded: signing_keys stand in every answer on one client, whatever `fields` says.
  const keys = visible(world, client, call.caller)['signing_keys']
  const body = keys === undefined || wantedFields(call.query)?.include === false ? wire : {...wire, signing_keys: keys}
  return {status: 200, body, secrets: 'client_secret' in wire ? ['client_secret'] : []}
}

/** A client as the API makes it from what was sent: the defaults are those of the recordings. */
export function newClient(world: World, body: Wire, client_id?: string): SimClient {
  const {client_secret: _, client_authentication_methods: __, jwt_configuration, ...rest} = body
  const id = client_id ?? (rest['is_first_party'] === false ? world.random.thirdPartyClientId() : world.random.clientId())
  const noninteractive = rest['app_type'] === 'non_interactive' && rest['token_endpoint_auth_method'] !== undefined
  const wire = {
    client_id: id,
    is_first_party: true,
    is_token_endpoint_ip_header_trusted: false,
    oidc_conformant: false,
    jwt_configuration: {
      secret_encoded: false,
      ...(isObject(jwt_configuration) ? jwt_configuration : {lifetime_in_seconds: 36_000}),
    },
    signing_keys: [{cert: certificateText(world), pkcs7: certificateText(world), subject: `/CN=${world.host}`}],
    sso_disabled: false,
    cross_origin_authentication: false,
    cross_origin_auth: false,
    grant_types: DEFAULT_GRANT_TYPES,
    custom_login_page_on: true,
    refresh_token: {
      rotation_type: 'non-rotating',
      expiration_type: 'non-expiring',
      leeway: 0,
      token_lifetime: noninteractive ? 31_557_600 : 2_592_000,
      infinite_token_lifetime: true,
      infinite_idle_token_lifetime: true,
      idle_token_lifetime: noninteractive ? 2_592_000 : 1_296_000,
    },
    ...dropNulls(copy(rest)),
  }
  const client: SimClient = {seq: world.seq(), wire, secrets: [], credentials: new Map(), secret_hidden: false}
  world.clients.set(id, client)
  world.setSecret(client, typeof body['client_secret'] === 'string' ? body['client_secret'] : world.random.clientSecret())
  return client
}

function certificateText(world: World): string {
  return `-----BEGIN CERTIFICATE-----\r\n${world.random.text(64, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')}\r\n-----END CERTIFICATE-----\r\n`
}

function dropNulls(wire: Wire): Wire {
  return Object.fromEntries(Object.entries(wire).filter(([, value]) => value !== null))
}

export async function createClient(world: World, call: Call): Promise<Answer> {
  const body = validBody(call.body, CREATE_CLIENT)
  const methods = body['client_authentication_methods']
  if (isObject(methods)) {
    if (!call.caller.scopes.includes('create:client_credentials')) throw hiddenField('create:client_credentials')
    if (body['token_endpoint_auth_method']) throw exclusive()
  }
  const client = newClient(world, body)
  let shown: Wire | undefined
  if (isObject(methods)) {
    shown = await embedCredentials(world, client, methods)
    client.wire['client_authentication_methods'] = bound(shown)
  }
  return {
    status: 201,
    body: {...visible(world, client, call.caller, true), ...(shown ? {client_authentication_methods: shown} : {})},
    effect: {operation: 'client.create', ids: [client.wire.client_id]},
  }
}

async function embedCredentials(world: World, client: SimClient, methods: Wire): Promise<Wire> {
  const out: Wire = {}
  for (const [method, value] of Object.entries(methods)) {
    const credentials = isObject(value) && Array.isArray(value['credentials']) ? (value['credentials'] as unknown[]) : []
    const made: unknown[] = []
    for (const credential of credentials) made.push(await createCredential(world, client, credential))
    out[method] = {credentials: made}
  }
  return out
}

/** Bound credentials are shown by id only, except in the answer that made them. */
function bound(methods: Wire): Wire {
  return Object.fromEntries(
    Object.entries(methods).map(([method, value]) => {
      const credentials = isObject(value) && Array.isArray(value['credentials']) ? (value['credentials'] as Wire[]) : []
      return [method, {credentials: credentials.map(({id}) => ({id}))}]
    }),
  )
}

const KEY_FIELDS = ['client_secret', 'signing_key', 'signing_keys']

export function updateClient(world: World, call: Call): Answer {
  const client = clientOf(world, call.params['id'])
  const body = validBody(call.body, UPDATE_CLIENT)
  checkUpdateScopes(body, call.caller)
  const methods = body['client_authentication_methods']
  const method = body['token_endpoint_auth_method']
  if (isObject(methods)) {
    if (method === undefined ? client.wire['token_endpoint_auth_method'] : method) throw exclusive()
    boundCredentialsExist(client, methods)
    client.secret_hidden = true
  } else if (methods === null || typeof method === 'string') {
    client.secret_hidden = false
  }
  for (const [name, value] of Object.entries(body)) {
    if (name === 'client_secret') continue
    if (value === null) delete client.wire[name]
    else if (name === 'jwt_configuration') client.wire[name] = {...(client.wire[name] as Wire), ...(value as Wire)}
    else client.wire[name] = copy(value)
  }
  const secret = body['client_secret']
  if (typeof secret === 'string') world.setSecret(client, secret)
  const keys = ['update:client_keys', 'read:client_keys', 'read:client_credentials'].some((s) => call.caller.scopes.includes(s))
  const shown = visible(world, client, call.caller, true)
  if (!keys) for (const name of SECRET_FIELDS) delete shown[name]
  const operation = typeof secret === 'string' ? 'client_secret.set' : 'client.update'
  return {status: 200, body: shown, effect: {operation, ids: [client.wire.client_id]}}
}

function checkUpdateScopes(body: Wire, caller: Caller): void {
  const needs = (name: string): string => {
    if (KEY_FIELDS.includes(name)) return 'update:client_keys'
    if (name === 'client_authentication_methods') return 'update:client_credentials'
    if (name === 'token_vault_privileged_access') return 'update:client_token_vault_privileged_access'
    return 'update:clients'
  }
  const refused = Object.keys(body).filter((name) => !caller.scopes.includes(needs(name)))
  if (refused.length === 0) return
  const text = `Some fields cannot be updated with the permissions granted by the bearer token scopes. The fields are: ['${refused.join("', '")}']`
  throw new Refusal(apiError(403, text, 'insufficient_scope'))
}

function exclusive(): Refusal {
  return invalidBody("'token_endpoint_auth_method and client_authentication_methods exclude each other'")
}

export function deleteClient(world: World, call: Call): Answer {
  const id = call.params['id'] ?? ''
  if (!world.clients.delete(id)) return {status: 204}
  for (const grant of world.grants.values()) if (grant.wire.client_id === id) world.grants.delete(grant.wire.id)
  return {status: 204, effect: {operation: 'client.delete', ids: [id]}}
}

export function rotateSecret(world: World, call: Call): Answer {
  const client = clientOf(world, call.params['id'])
  if (client.wire['client_authentication_methods']) {
    throw invalidBody("'The secret of a client that authenticates with private_key_jwt cannot be rotated'")
  }
  world.setSecret(client, world.random.clientSecret())
  return {
    status: 200,
    body: visible(world, client, call.caller, true),
    effect: {operation: 'client_secret.rotate', ids: [client.wire.client_id]},
  }
}
