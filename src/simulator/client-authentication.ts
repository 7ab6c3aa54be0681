import {createPublicKey} from 'node:crypto'
import type {SimClient, World} from './state.ts'
import {oauthError, type Answer, type Wire} from './wire.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** Seconds. */
const MAX_ASSERTION_LIFETIME = 300
const SKEW = 10
const MAX_ASSERTION_BYTES = 2048
const ASSERTION_ALGS = ['RS256', 'RS384', 'PS256']

export type Authenticated = {client: SimClient} | {client?: SimClient | undefined; refusal: Answer}

/** Who sends a token request, and whether it proved it. A wrong method counts as a wrong secret. */
export async function authenticateClient(world: World, body: Wire, authorization: string | undefined): Promise<Authenticated> {
  if (typeof body['client_assertion'] === 'string') return byAssertion(world, body)
  const basic = basicCredentials(authorization)
  const client_id = basic?.client_id ?? text(body['client_id'])
  if (!client_id) return {refusal: oauthError(401, 'invalid_client', 'Missing client_id')}
  const client = world.clients.get(client_id)
  if (!client) return {refusal: refused(world)}
  const method = client.wire['token_endpoint_auth_method']
  if (method === 'none') return {client}
  if (client.wire['client_authentication_methods']) return {client, refusal: refused(world)}
  const wrongWay = (method === 'client_secret_post' && basic) || (method === 'client_secret_basic' && !basic)
  const secret = basic?.secret ?? text(body['client_secret'])
  if (wrongWay || !secret || !world.secretAccepted(client, secret)) return {client, refusal: refused(world)}
  return {client}
}

function refused(world: World): Answer {
  return oauthError(401, world.behaviour.token_refusal, 'Unauthorized')
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function basicCredentials(authorization: string | undefined): {client_id: string; secret: string} | undefined {
  const match = /^basic\s+([A-Za-z0-9+/=_-]+)$/i.exec(authorization ?? '')
  if (!match?.[1]) return undefined
  const decoded = Buffer.from(match[1], 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  return colon < 0 ? undefined : {client_id: decoded.slice(0, colon), secret: decoded.slice(colon + 1)}
}

async function byAssertion(world: World, body: Wire): Promise<Authenticated> {
  const assertion = String(body['client_assertion'])
  const {decodeJwt, jwtVerify} = await import('jose')
  if (body['client_assertion_type'] !== ASSERTION_TYPE) {
    return {refusal: oauthError(401, 'invalid_client', 'Unsupported client_assertion_type')}
  }
  if (assertion.length > MAX_ASSERTION_BYTES) return {refusal: oauthError(401, 'invalid_client', 'Client assertion is too long')}
  let client: SimClient | undefined
  try {
    client = world.clients.get(String(decodeJwt(assertion).iss))
  } catch {
    return {refusal: oauthError(401, 'invalid_client', 'Failed to verify client assertion')}
  }
  const failed = (why: string): Authenticated => ({client, refusal: oauthError(401, 'invalid_client', why)})
  if (!client) return failed('Failed to verify client assertion')
  for (const key of boundKeys(world, client)) {
    try {
      const {payload} = await jwtVerify(assertion, createPublicKey(key.pem), {
        algorithms: ASSERTION_ALGS.filter((alg) => alg === key.alg),
        issuer: client.wire.client_id,
        subject: client.wire.client_id,
        audience: world.issuer,
        requiredClaims: ['iat', 'exp', 'jti'],
        clockTolerance: SKEW,
        currentDate: new Date(world.time.ms()),
      })
      if ((payload.exp ?? 0) - (payload.iat ?? 0) > MAX_ASSERTION_LIFETIME) return failed('Client assertion lives too long')
      const used = `${client.wire.client_id} ${payload.jti}`
      if (world.usedAssertions.has(used)) return failed('Client assertion was used before')
      world.usedAssertions.set(used, payload.exp ?? 0)
      return {client}
    } catch {
      // The next key may fit: a client holds up to two.
    }
  }
  return failed('Failed to verify client assertion')
}

/** The public keys by which the client may authenticate: bound to it and not expired. */
export function boundKeys(world: World, client: SimClient): {id: string; pem: string; alg: string}[] {
  const methods = client.wire['client_authentication_methods'] as
    | {private_key_jwt?: {credentials?: {id: string}[]}}
    | null
    | undefined
  const now = world.time.ms()
  return (methods?.private_key_jwt?.credentials ?? []).flatMap(({id}) => {
    const credential = client.credentials.get(id)
    const expires = credential?.wire['expires_at']
    if (!credential || (typeof expires === 'string' && Date.parse(expires) <= now)) return []
    return [{id, pem: credential.pem, alg: String(credential.wire.alg ?? 'RS256')}]
  })
}
