import type {Finding} from './inspect.ts'
import {decodeJwt, numericDate} from './jwt.ts'

type Claims = Readonly<Record<string, unknown>>

/** What a JWT says it is: who it is for, whose it is, what it may do and until when. The signature is not looked at. */
export function classifyJwt(text: string): Finding {
  const {header, claims, damaged: broken} = decodeJwt(text)
  const damaged = [...broken]
  const parts = text.split('.')
  if (parts.length < 3 || parts[2] === '') damaged.push('signature: missing, or the token was cut')
  if (!claims) {
    return {
      kind: 'unknown',
      type: 'jwt',
      format: 'jwt',
      what: 'a JWT that cannot be read',
      confidence: 'guess',
      reasons: ['its payload cannot be read'],
      ...(header && {header}),
      damaged,
    }
  }
  const audiences = strings(claims['aud'])
  const management = audiences.find((audience) => managementHost(audience) !== undefined)
  const dates = readDates(claims, damaged)
  const named = clientOf(claims, damaged)
  const judged = wholeOr(judge(header ?? {}, claims, audiences, management), broken)
  const issuer = typeof claims['iss'] === 'string' ? hostOf(claims['iss']) : undefined
  const tenant = (management === undefined ? undefined : managementHost(management)) ?? issuer
  const bound = boundTo(claims)
  return {
    ...judged,
    ...(bound && {bound, ...boundWords(judged, bound)}),
    format: 'jwt',
    confidence: damaged.length > 0 && judged.confidence === 'certain' ? 'likely' : judged.confidence,
    ...(header && {header}),
    claims,
    ...(tenant !== undefined && {tenant}),
    ...(named !== undefined && {client_id: named}),
    for_management_api: management !== undefined,
    audiences,
    scopes: scopesOf(claims),
    ...dates,
    damaged,
  }
}

/** A payload that is only read in part says what it holds, never what it lacks. */
function wholeOr(judged: Judged, broken: readonly string[]): Judged {
  if (judged.type !== 'jwt' || !broken.some((line) => line.startsWith('payload'))) return judged
  return {
    ...judged,
    what: 'a damaged JWT: what kind of token it was cannot be said',
    reasons: ['too little of its payload can be read'],
  }
}

/** RFC 9449 (DPoP) and RFC 8705 (mTLS): the confirmation claim names the key that has to be shown with the token. */
function boundTo(claims: Claims): Finding['bound'] {
  const cnf = claims['cnf']
  if (typeof cnf !== 'object' || cnf === null) return undefined
  const {jkt, 'x5t#S256': certificate} = cnf as {jkt?: unknown; 'x5t#S256'?: unknown}
  const known = (one: unknown): one is string => typeof one === 'string' && /^[A-Za-z0-9_-]{43}$/.test(one)
  if (known(jkt)) return {by: 'dpop', thumbprint: jkt}
  return known(certificate) ? {by: 'mtls', thumbprint: certificate} : undefined
}

function boundWords(judged: Judged, {by}: {readonly by: 'dpop' | 'mtls'}): Pick<Judged, 'what' | 'reasons'> {
  const key = by === 'dpop' ? 'a DPoP key' : 'a TLS certificate'
  return {
    what: `${judged.what}, bound to ${key}`,
    reasons: [...judged.reasons, `its cnf names ${key}: an API that checks it refuses whoever has the token alone`],
  }
}

type Judged = Pick<Finding, 'kind' | 'type' | 'what' | 'confidence' | 'reasons' | 'subject_type'>

function judge(header: Claims, claims: Claims, audiences: readonly string[], management: string | undefined): Judged {
  if (header['alg'] === 'HS256' && typeof claims['scopes'] === 'object' && claims['scopes'] !== null) {
    return {
      kind: 'management-token',
      type: 'legacy-token',
      what: 'a legacy token of the Management API',
      confidence: 'likely',
      reasons: [
        'HS256 with a scopes object: signed with the secret of the global client',
        'it has no exp: only rotating the global client secret could end it',
      ],
    }
  }
  const foreign = foreignIssuer(claims, audiences, management)
  if (foreign !== undefined)
    return {
      kind: 'operator-token',
      type: 'operator-token',
      what: 'the token of an administrator who signed in with the Auth0 CLI',
      confidence: foreign.certain ? 'certain' : 'likely',
      reasons: foreign.reasons,
      subject_type: 'user',
    }
  const machine = machineReason(claims)
  if (machine !== undefined) {
    const what =
      management === undefined
        ? 'an access token of a machine client for another API'
        : 'an access token of a machine client for the Management API'
    return {
      kind: management === undefined ? 'unknown' : 'management-token',
      type: 'machine-token',
      what,
      confidence: machine.certain ? 'certain' : 'likely',
      reasons: [machine.reason],
      subject_type: 'client',
    }
  }
  if (isIdToken(header, claims, audiences)) {
    return {
      kind: 'unknown',
      type: 'id-token',
      what: 'an ID token, which opens no API',
      confidence: 'likely',
      reasons: ['its audience is a client, not an API'],
      subject_type: 'user',
    }
  }
  if (typeof claims['sub'] === 'string' && audiences.length > 0) {
    const piped = claims['sub'].includes('|')
    const where = management === undefined ? 'another API' : 'the Management API'
    return {
      kind: 'user-token',
      type: 'user-token',
      what: `an access token of a user for ${where}`,
      confidence: piped ? 'certain' : 'likely',
      reasons: [piped ? 'its sub is a user id' : 'its sub is neither a machine client nor the same as its client'],
      subject_type: 'user',
    }
  }
  return {
    kind: 'unknown',
    type: 'jwt',
    what: "a JWT, but not one of Auth0's access tokens",
    confidence: 'guess',
    reasons: ['it lacks the claims of an access token'],
  }
}

/** By `gty` first, then the suffix of `sub`, then `sub` equal to the client: never by the suffix alone. */
function machineReason(claims: Claims): {readonly reason: string; readonly certain: boolean} | undefined {
  const {gty, sub} = claims
  const client = claims['azp'] ?? claims['client_id']
  if (gty === 'client-credentials') return {reason: 'its gty is client-credentials', certain: true}
  if (typeof gty === 'string' && gty !== '') return undefined
  if (typeof sub !== 'string') return undefined
  if (sub.endsWith('@clients') && !sub.includes('|'))
    return {reason: 'it has no gty, but its sub ends in @clients', certain: false}
  if (typeof client === 'string' && sub === client) return {reason: 'its sub is its own client', certain: false}
  return undefined
}

/** A token for this tenant's Management API that another tenant issued: Auth0's own, to its command line tool. */
function foreignIssuer(
  claims: Claims,
  audiences: readonly string[],
  management: string | undefined,
): {readonly reasons: string[]; readonly certain: boolean} | undefined {
  if (management === undefined || !Array.isArray(claims['aud']) || claims['gty'] === 'client-credentials') return undefined
  const issuer = typeof claims['iss'] === 'string' ? hostOf(claims['iss']) : undefined
  const tenant = managementHost(management)
  if (issuer === undefined || tenant === undefined || issuer === tenant) return undefined
  const auth0Own = /^auth0\.(?:[a-z0-9-]+\.)?auth0\.com$/.test(issuer)
  // Another issuer outside auth0.com is the custom domain of the same tenant.
  if (!auth0Own && !issuer.endsWith('.auth0.com')) return undefined
  const reasons = [
    `issued by ${auth0Own ? "Auth0's own tenant" : 'another tenant'} for this tenant's Management API`,
    'there is no grant to delete and no secret to rotate for it',
  ]
  return {reasons, certain: auth0Own && audiences.length > 0}
}

function isIdToken(header: Claims, claims: Claims, audiences: readonly string[]): boolean {
  if (header['typ'] === 'at+jwt' || 'scope' in claims || 'permissions' in claims) return false
  return audiences.length > 0 && audiences.every((audience) => !audience.includes(':') && !audience.includes('/'))
}

function clientOf(claims: Claims, damaged: string[]): string | undefined {
  const {sub} = claims
  const fromSub = typeof sub === 'string' && sub.endsWith('@clients') ? sub.slice(0, -'@clients'.length) : undefined
  if (fromSub !== undefined && !isClientName(fromSub)) damaged.push('sub: holds characters that no client id has')
  for (const candidate of [claims['azp'], claims['client_id'], fromSub]) {
    if (typeof candidate === 'string' && isClientName(candidate)) return candidate
  }
  return undefined
}

/** Ids that Auth0 makes, and the https URLs that name clients with a metadata document. */
function isClientName(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text) || /^https:\/\/[A-Za-z0-9.-]+(?:\/[A-Za-z0-9._~/-]*)?$/.test(text)
}

function readDates(claims: Claims, damaged: string[]): {issued_at?: number; expires_at?: number} {
  const issued = numericDate(claims['iat'])
  const expires = numericDate(claims['exp'])
  if ('iat' in claims && issued === undefined) damaged.push('iat: not a date')
  if ('exp' in claims && expires === undefined) damaged.push('exp: not a date')
  if (issued !== undefined && expires !== undefined && issued > expires) damaged.push('iat: lies after exp')
  return {...(issued !== undefined && {issued_at: issued}), ...(expires !== undefined && {expires_at: expires})}
}

function scopesOf(claims: Claims): string[] {
  const scope = typeof claims['scope'] === 'string' ? claims['scope'].split(' ') : strings(claims['scope'])
  const all = [...scope, ...strings(claims['permissions'])].filter((one) => one !== '')
  return [...new Set(all)].slice(0, 1000)
}

/** Well-formed: what has half a surrogate pair in it could not be asked for. */
function strings(value: unknown): string[] {
  return [value].flat().flatMap((one) => (typeof one === 'string' ? [one.toWellFormed()] : []))
}

/** Host of `https://<domain>/api/v2/`; plain http for a tenant on loopback. */
function managementHost(audience: string): string | undefined {
  return /^(?:https:\/\/([A-Za-z0-9.-]{1,253}(?::\d{1,5})?)|http:\/\/((?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?))\/api\/v2\/$/
    .exec(audience)
    ?.slice(1)
    .find(Boolean)
    ?.toLowerCase()
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) && /^https?:/.test(url) ? new URL(url).host : undefined
}
