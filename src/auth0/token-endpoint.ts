import {StanchError} from '../errors.ts'
import {Secret} from '../secret.ts'
import {clientAssertion} from '../tokens/assertion.ts'
import {decodeJwt, numericDate} from '../tokens/jwt.ts'
import type {Credential} from './credential.ts'
import type {Origin} from './origin.ts'
import {unexpected} from './resources/reading.ts'
import type {WireRequest} from './transport.ts'
import {quoted} from '../untrusted.ts'

export type ClientCredential = Exclude<Credential, {readonly kind: 'token'}>

export interface TokenRequest {
  readonly audience: string
  readonly scope?: string
  readonly organization?: string
  /** Both are documented; form is what RFC 6749 says. */
  readonly encoding?: 'form' | 'json'
}

export interface GrantedToken {
  readonly token: Secret
  readonly scopes: readonly string[]
  /** Seconds. */
  readonly expires_in: number
  /** NumericDate: the token's own `exp`, else now + `expires_in`. */
  readonly exp: number
  readonly jti?: string
  readonly subject?: string
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** POST /oauth/token with grant_type client_credentials. @param now NumericDate, for the assertion */
export async function clientCredentialsRequest(
  credential: ClientCredential,
  request: TokenRequest,
  origin: Origin,
  now: number,
): Promise<WireRequest> {
  const parameters: Record<string, string> = {grant_type: 'client_credentials', audience: request.audience}
  if (request.scope !== undefined) parameters['scope'] = request.scope
  if (request.organization !== undefined) parameters['organization'] = request.organization
  return credential.kind === 'secret'
    ? tokenRequest(parameters, credential, request.encoding)
    : assertedRequest(parameters, credential, origin, now, request.encoding)
}

/** Any grant, with an assertion signed by the client's private key. @param now NumericDate */
export async function assertedRequest(
  parameters: Readonly<Record<string, string>>,
  client: Extract<Credential, {readonly kind: 'private_key'}>,
  origin: Origin,
  now: number,
  encoding: 'form' | 'json' = 'form',
): Promise<WireRequest> {
  const client_assertion = await clientAssertion({
    client_id: client.client_id,
    audience: origin.issuer,
    private_key_pem: client.private_key_pem,
    alg: client.alg ?? 'RS256',
    ...(client.kid !== undefined && {kid: client.kid}),
    now,
  })
  const proof = {client_id: client.client_id, client_assertion_type: ASSERTION_TYPE, client_assertion}
  return encoded({...parameters, ...proof}, {}, encoding)
}

/** Any grant, with the client's secret in the body or in a Basic header. */
export function tokenRequest(
  parameters: Readonly<Record<string, string>>,
  client: {readonly client_id: string; readonly secret: Secret; readonly method: 'post' | 'basic'},
  encoding: 'form' | 'json' = 'form',
): WireRequest {
  if (client.method === 'basic') {
    const pair = `${formEncoded(client.client_id)}:${formEncoded(client.secret.reveal())}`
    return encoded(parameters, {authorization: `Basic ${Buffer.from(pair).toString('base64')}`}, encoding)
  }
  return encoded({...parameters, client_id: client.client_id, client_secret: client.secret.reveal()}, {}, encoding)
}

function encoded(
  parameters: Readonly<Record<string, string>>,
  headers: Record<string, string>,
  encoding: 'form' | 'json' = 'form',
): WireRequest {
  const form = encoding === 'form'
  return {
    method: 'POST',
    path: '/oauth/token',
    headers: {...headers, 'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json'},
    body: form ? new URLSearchParams(parameters).toString() : JSON.stringify(parameters),
  }
}

/** RFC 6749 section 2.3.1: id and secret are form-encoded before they are joined. */
function formEncoded(value: string): string {
  return new URLSearchParams({v: value}).toString().slice(2)
}

/**
 * The answer that grants a token. The token itself becomes a Secret before anything else is looked at.
 *
 * @throws {StanchError} `auth0.unexpected_answer`
 */
export function parseGranted(body: unknown, now: number): GrantedToken {
  const answer = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  const value = answer['access_token']
  if (typeof value !== 'string' || value === '') throw unexpected('oauth/token.access_token', 'string')
  const token = new Secret(value)
  const expires_in = answer['expires_in']
  if (typeof expires_in !== 'number' || !Number.isFinite(expires_in) || expires_in <= 0 || expires_in > 1e9)
    throw unexpected('oauth/token.expires_in', 'number')
  const type = answer['token_type']
  if (typeof type !== 'string' || !/^bearer$/i.test(type)) throw unexpected('oauth/token.token_type', 'Bearer')
  const scope = answer['scope'] ?? ''
  if (typeof scope !== 'string') throw unexpected('oauth/token.scope', 'string')
  const {claims = {}} = decodeJwt(value)
  return {
    token,
    scopes: scope.split(' ').filter((one) => one !== ''),
    expires_in: Math.floor(expires_in),
    exp: numericDate(claims['exp']) ?? Math.floor(now + expires_in),
    ...(typeof claims['jti'] === 'string' && {jti: claims['jti']}),
    ...(typeof claims['sub'] === 'string' && {subject: claims['sub']}),
  }
}

/** Why the operator client got no token, in words that say what to do. */
export function grantRefused(client_id: string, status: number, error: string | undefined, audience?: string): StanchError {
  const said = `${status}${error === undefined ? '' : ` ${error}`}`
  if (status === 401) {
    return new StanchError('auth0.unauthorized', `The tenant does not accept the credential of client ${client_id} (${said}).`, {
      hint: 'Check the client id, its secret or key, and that the application authenticates the way you configured.',
    })
  }
  if (status === 403 && audience !== undefined) {
    return new StanchError(
      'auth0.unauthorized',
      `The tenant issues no token for ${quoted(audience, 120)} to client ${client_id} (${said}).`,
      {hint: `Has the client a grant for that API? stanch grant list --client ${client_id}`},
    )
  }
  if (status === 403) {
    return new StanchError('auth0.unauthorized', `The tenant issues no Management API token to client ${client_id} (${said}).`, {
      hint: 'Authorise the application for the Management API, and allow it the grant type client_credentials. Behind a custom domain, set the audience of the canonical domain.',
    })
  }
  return new StanchError('auth0.refused', `The tenant refused to issue a token to client ${client_id} (${said}).`)
}
