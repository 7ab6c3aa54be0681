import {createPublicKey, X509Certificate} from 'node:crypto'
import {clientOf} from './client-lookup.ts'
import {CREATE_CREDENTIAL, UPDATE_CREDENTIAL} from './request-schemas.ts'
import type {SimClient, SimCredential, World} from './state.ts'
import {invalidBody, validBody} from './validation.ts'
import {apiError, copy, isObject, Refusal, type Answer, type Call, type Wire} from './wire.ts'

const MAX_CREDENTIALS = 2

function noCredential(): Refusal {
  return new Refusal(apiError(404, 'The credential does not exist', 'inexistent_credential'))
}

/** Adds a key to a client. It does nothing until the client's authentication methods name it. */
export async function createCredential(world: World, client: SimClient, body: unknown): Promise<Wire> {
  const wish = validBody(body, CREATE_CREDENTIAL)
  const pem = typeof wish['pem'] === 'string' ? wish['pem'] : undefined
  const subject = wish['subject_dn']
  if (wish['credential_type'] !== 'cert_subject_dn' && pem === undefined) throw invalidBody("'Missing required property: pem'")
  const key = pem === undefined ? undefined : readKey(pem)
  const now = new Date(world.time.ms()).toISOString()
  const expires = expiry(wish, key?.certificate)
  const wire = {
    id: world.random.credentialId(),
    credential_type: wish['credential_type'],
    ...(key ? {kid: wish['kid'] ?? (await thumbprint(key.spki)), alg: wish['alg'] ?? 'RS256'} : {}),
    ...(wish['name'] === undefined ? {} : {name: wish['name']}),
    ...(typeof subject === 'string' ? {subject_dn: subject} : {}),
    created_at: now,
    updated_at: now,
    ...(expires === undefined ? {} : {expires_at: expires}),
  } as Wire as SimCredential['wire']
  client.credentials.set(wire.id, {wire, pem: key?.spki ?? ''})
  return copy(wire)
}

function readKey(pem: string): {spki: string; certificate: X509Certificate | undefined} {
  try {
    const certificate = pem.includes('BEGIN CERTIFICATE') ? new X509Certificate(pem) : undefined
    const key = certificate ? certificate.publicKey : createPublicKey(pem)
    return {spki: key.export({type: 'spki', format: 'pem'}).toString(), certificate}
  } catch {
    throw invalidBody("'Object didn't pass validation for format pem' on property pem")
  }
}

async function thumbprint(spki: string): Promise<string> {
  const {calculateJwkThumbprint} = await import('jose')
  return calculateJwkThumbprint(createPublicKey(spki).export({format: 'jwk'}) as Record<string, string>)
}

function expiry(wish: Wire, certificate: X509Certificate | undefined): string | undefined {
  if (typeof wish['expires_at'] === 'string') return instant(wish['expires_at'])
  if (wish['parse_expiry_from_cert'] === true && certificate) return new Date(certificate.validTo).toISOString()
  return undefined
}

function instant(text: string): string {
  const ms = Date.parse(text)
  if (!Number.isFinite(ms)) throw invalidBody("'Object didn't pass validation for format date-time' on property expires_at")
  return new Date(ms).toISOString()
}

export function boundCredentialsExist(client: SimClient, methods: Wire): void {
  for (const value of Object.values(methods)) {
    const credentials = isObject(value) && Array.isArray(value['credentials']) ? (value['credentials'] as Wire[]) : []
    for (const {id} of credentials) {
      if (!client.credentials.has(String(id))) throw invalidBody(`'Credential ${String(id)} does not exist'`)
    }
  }
}

/** A plain array: this list has no pages, `include_totals` is ignored. */
export function listCredentials(world: World, call: Call): Answer {
  const client = clientOf(world, call.params['client_id'])
  return {status: 200, body: [...client.credentials.values()].map(({wire}) => copy(wire))}
}

function credentialOf(world: World, call: Call): SimCredential {
  const credential = clientOf(world, call.params['client_id']).credentials.get(call.params['credential_id'] ?? '')
  if (!credential) throw noCredential()
  return credential
}

export function getCredential(world: World, call: Call): Answer {
  return {status: 200, body: copy(credentialOf(world, call).wire)}
}

export async function postCredential(world: World, call: Call): Promise<Answer> {
  const client = clientOf(world, call.params['client_id'])
  if (client.credentials.size >= MAX_CREDENTIALS && isKeyed(call.body)) {
    throw new Refusal(apiError(400, `A client can have at most ${MAX_CREDENTIALS} credentials.`, 'operation_not_supported'))
  }
  const wire = await createCredential(world, client, call.body)
  return {
    status: 201,
    body: wire,
    effect: {operation: 'client_credential.create', ids: [String(wire['id']), client.wire.client_id]},
  }
}

function isKeyed(body: unknown): boolean {
  return isObject(body) && body['credential_type'] === 'public_key'
}

export function patchCredential(world: World, call: Call): Answer {
  const credential = credentialOf(world, call)
  const {expires_at} = validBody(call.body, UPDATE_CREDENTIAL)
  if (expires_at === null) delete credential.wire['expires_at']
  else if (typeof expires_at === 'string') credential.wire['expires_at'] = instant(expires_at)
  credential.wire['updated_at'] = new Date(world.time.ms()).toISOString()
  return {
    status: world.behaviour.patch_status,
    body: copy(credential.wire),
    effect: {operation: 'client_credential.update', ids: [credential.wire.id]},
  }
}

export function deleteCredential(world: World, call: Call): Answer {
  const id = call.params['credential_id'] ?? ''
  const client = world.clients.get(call.params['client_id'] ?? '')
  const inUse = JSON.stringify(client?.wire['client_authentication_methods'] ?? {}).includes(`"${id}"`)
  if (inUse) throw new Refusal(apiError(400, 'The credential is in use by the client.', 'operation_not_supported'))
  if (!client?.credentials.delete(id)) return {status: 204}
  return {status: 204, effect: {operation: 'client_credential.delete', ids: [id, client.wire.client_id]}}
}
