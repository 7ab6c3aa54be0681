import {randomBytes} from 'node:crypto'
import type {Clock} from '../clock.ts'
import type {Secret} from '../secret.ts'
import type {Sent} from './sent.ts'
import type {Credential} from './credential.ts'
import type {Origin} from './origin.ts'
import {assertedRequest, parseGranted, tokenRequest} from './token-endpoint.ts'
import type {Transport, Wire, WireRequest} from './transport.ts'

/**
 * What one request to the token endpoint says about a credential. One answer proves nothing; a run of them may.
 *
 * `dead`: the secret is not accepted. `alive`: it is. `refused`: the secret is accepted, but the client grant or the
 * grant type is gone. `minted`: a token was issued. `no_evidence`: everything else, always.
 */
export interface Probe {
  readonly verdict: 'dead' | 'alive' | 'refused' | 'minted' | 'no_evidence'
  /** Why a mint was refused; `policy` stands beside `no_evidence`. */
  readonly refusal?: 'no_grant' | 'grant_type' | 'policy'
  readonly status?: number
  /** OAuth error code. */
  readonly error?: string
  /** NumericDate of the Date header. */
  readonly date?: number
  /** Seconds; with 429. */
  readonly retry_after?: number
  readonly ms: number
  readonly token?: {readonly exp?: number; readonly jti?: string}
  /** The request left and no answer came: a token may have been issued all the same. */
  readonly maybe_minted?: true
}

export interface ProbedClient {
  readonly client_id: string
  readonly secret: Secret
  readonly method: 'post' | 'basic'
}

/**
 * Asks for an exchange of an authorization code that was never issued: the client authenticates before the code is
 * looked at, and no token can come of it.
 */
export async function probeSecret(transport: Transport, client: ProbedClient, correlation: string | undefined): Promise<Probe> {
  return judgeCode(await send(transport, madeUpCode(), client, correlation))
}

export type PrivateKeyClient = Extract<Credential, {readonly kind: 'private_key'}>

/** The same for a client that proves itself with a private key. @param now NumericDate */
export async function probeKey(transport: Transport, client: PrivateKeyClient, origin: Origin, now: number): Promise<Probe> {
  return judgeCode(await transport.send(await assertedRequest(madeUpCode(), client, origin, now)))
}

function madeUpCode(): Record<string, string> {
  const code = `stanch-${randomBytes(16).toString('hex')}`
  return {grant_type: 'authorization_code', code, redirect_uri: 'https://stanch.invalid/'}
}

/** No grant has this id: whoever asks for it is authenticated first and then shown nothing. */
const NO_GRANT = 'cgr_0000000000000000'

/**
 * Does the Management API still take this token? Asks for a client grant that does not exist: 401 is the token's own refusal;
 * 404, or 403 for a missing scope, come after it was taken. No data is read and no log entry is left.
 */
export async function probeToken(transport: Transport, token: Secret): Promise<Probe> {
  const headers = {authorization: `Bearer ${token.reveal()}`}
  const {sent} = await transport.send({method: 'GET', path: `/api/v2/client-grants/${NO_GRANT}`, headers})
  if (sent.kind !== 'answered' || sent.form !== 'json') return {verdict: 'no_evidence', ms: sent.ms}
  const {status, error, date, ms} = sent
  const common = {status, ms, ...(error !== undefined && {error}), ...(date !== undefined && {date})}
  if (status === 401) return {verdict: 'dead', ...common}
  const taken =
    status === 200 || status === 404 || (status === 403 && (error === 'insufficient_scope' || sent.scopes !== undefined))
  return {verdict: taken ? 'alive' : 'no_evidence', ...common}
}

function judgeCode(wire: Wire): Probe {
  const told = evidence(wire)
  if ('verdict' in told) return told
  const {status, error, common} = told
  if (status === 401 && (error === 'access_denied' || error === 'invalid_client')) return {verdict: 'dead', ...common}
  if (status === 403) return {verdict: 'alive', ...common}
  return {verdict: 'no_evidence', ...common}
}

/** Asks for a token by client_credentials. Only where no other probe can tell: what it mints lives until its `exp`. */
export async function probeMint(
  transport: Transport,
  client: ProbedClient,
  audience: string,
  clock: Clock,
  correlation: string | undefined,
): Promise<Probe> {
  return judgeMint(await send(transport, {grant_type: 'client_credentials', audience}, client, correlation), audience, clock)
}

/** The same for a client that proves itself with a private key. */
export async function probeMintByKey(
  transport: Transport,
  client: PrivateKeyClient,
  where: {readonly audience: string; readonly origin: Origin; readonly clock: Clock},
  correlation: string | undefined,
): Promise<Probe> {
  const {audience, origin, clock} = where
  const parameters = {grant_type: 'client_credentials', audience}
  const request = await assertedRequest(parameters, client, origin, Math.floor(clock.now() / 1000))
  return judgeMint(await transport.send(correlated(request, correlation)), audience, clock)
}

function judgeMint(wire: Wire, audience: string, clock: Clock): Probe {
  const told = evidence(wire)
  if ('verdict' in told) return wire.sent.kind === 'in_doubt' || isSuccess(wire.sent) ? {...told, maybe_minted: true} : told
  const {status, error, common} = told
  if (status >= 200 && status < 300) return minted(wire, common, clock)
  if (status === 401 && (error === 'access_denied' || error === 'invalid_client')) return {verdict: 'dead', ...common}
  if (status === 403 && error === 'unauthorized_client') return {verdict: 'refused', refusal: 'grant_type', ...common}
  // The wording changed before, and both known ones name the client-grant.
  if (status === 403 && error === 'access_denied' && /client-grant/.test(description(wire, audience)))
    return {verdict: 'refused', refusal: 'no_grant', ...common}
  // An Action, an organization rule or a missing API also says no, and may say yes to the next request: no proof.
  if (status === 401 || status === 403) return {verdict: 'no_evidence', refusal: 'policy', ...common}
  return {verdict: 'no_evidence', ...common}
}

function minted(wire: Wire, common: Common, clock: Clock): Probe {
  try {
    const granted = parseGranted(wire.body, clock.now() / 1000)
    return {verdict: 'minted', ...common, token: {exp: granted.exp, ...(granted.jti !== undefined && {jti: granted.jti})}}
  } catch {
    return {verdict: 'no_evidence', ...common, maybe_minted: true}
  }
}

interface Common {
  readonly status?: number
  readonly error?: string
  readonly date?: number
  readonly retry_after?: number
  readonly ms: number
}

/** Only a well-formed answer that speaks OAuth is evidence: an error with a code, or a 2xx object. */
function evidence(wire: Wire): Probe | {status: number; error: string | undefined; common: Common} {
  const {sent} = wire
  if (sent.kind !== 'answered')
    return {
      verdict: 'no_evidence',
      ms: sent.ms,
      ...(sent.kind === 'in_doubt' && sent.status !== undefined && {status: sent.status}),
    }
  const {status, error, date, retry_after, ms} = sent
  const common = {
    status,
    ms,
    ...(error !== undefined && {error}),
    ...(date !== undefined && {date}),
    ...(retry_after !== undefined && {retry_after}),
  }
  const speaksOAuth = sent.form === 'json' && (isSuccess(sent) || (error !== undefined && oauthError(wire.body) === error))
  return speaksOAuth ? {status, error, common} : {verdict: 'no_evidence', ...common}
}

function isSuccess(sent: Sent): boolean {
  return sent.kind === 'answered' && sent.status >= 200 && sent.status < 300
}

/** The `error` member of RFC 6749 section 5.2. The Management API's own shape carries a `statusCode` beside it. */
function oauthError(body: unknown): unknown {
  return typeof body === 'object' && body !== null && !('statusCode' in body) ? (body as {error?: unknown}).error : undefined
}

/** The tenant's own words, without the API's name: whoever chose that could have put the words of a refusal into it. */
function description(wire: Wire, audience: string): string {
  const text = (wire.body as {error_description?: unknown} | null | undefined)?.error_description
  return typeof text === 'string' ? text.slice(0, 10_000).replaceAll(audience, '') : ''
}

function send(
  transport: Transport,
  parameters: Readonly<Record<string, string>>,
  client: ProbedClient,
  correlation: string | undefined,
): Promise<Wire> {
  return transport.send(correlated(tokenRequest(parameters, client), correlation))
}

function correlated(request: WireRequest, correlation: string | undefined): WireRequest {
  return correlation === undefined ? request : {...request, headers: {...request.headers, 'x-correlation-id': correlation}}
}
