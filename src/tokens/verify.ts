import {createPublicKey, type JsonWebKey} from 'node:crypto'
import {Secret} from '../secret.ts'
import {decodeJwt, isStrictBase64url, numericDate} from './jwt.ts'

export interface SignatureVerdict {
  readonly verdict: 'valid' | 'invalid' | 'unknown'
  readonly reason: string
}

/** What Auth0 signs with; nothing else is even tried. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const MAX_TOKEN = 64 * 1024
const MAX_KEYS = 20

/**
 * Is the token signed by the tenant? Keys come from `jwks` alone: `kid` is a lookup key, and `jwk`, `jku`, `x5u` and
 * `x5c` in the token's own header are never believed. A token that does not say until when and for whom is no access token
 * of Auth0's, whoever signed it: nothing is claimed about one. Whether it has expired or is accepted is another question.
 *
 * @param jwks the key set of the tenant that `issuer` names, as it came
 * @param issuer `https://<domain>/`, with the slash
 */
export async function verifySignature(
  token: Secret | string,
  jwks: unknown,
  options: {readonly issuer: string},
): Promise<SignatureVerdict> {
  const text = token instanceof Secret ? token.reveal() : token
  const parts = text.length <= MAX_TOKEN ? text.split('.') : []
  if (parts.length === 5) return {verdict: 'unknown', reason: 'the token is encrypted'}
  if (parts.length !== 3) return {verdict: 'unknown', reason: 'this is not a JWT'}
  // Lenient readers accept several spellings of one token; a signature over a lenient reading proves too little.
  if (!parts.every(isStrictBase64url)) return {verdict: 'invalid', reason: 'the token is damaged: not strict base64url'}
  const {header, claims, damaged} = decodeJwt(text)
  if (!header || !claims || damaged.length > 0) return {verdict: 'invalid', reason: 'the token is damaged'}
  const {alg, kid} = header
  if (alg === 'none' || parts[2] === '') return {verdict: 'invalid', reason: 'the token is not signed'}
  if (typeof alg === 'string' && /^HS\d{3}$/.test(alg))
    return {verdict: 'unknown', reason: 'signed with a shared secret, which only the API and the tenant hold'}
  if (typeof alg !== 'string' || !ALGORITHMS.includes(alg))
    return {verdict: 'invalid', reason: 'an algorithm that Auth0 does not use'}
  if ('crit' in header || 'b64' in header) return {verdict: 'invalid', reason: 'a header that Auth0 does not use'}
  if (claims['iss'] !== options.issuer) return {verdict: 'unknown', reason: 'issued by another issuer than this tenant'}
  if (numericDate(claims['exp']) === undefined)
    return {verdict: 'unknown', reason: 'it has no exp: not an access token of this tenant'}
  if (!namesAudience(claims['aud'])) return {verdict: 'unknown', reason: 'it has no aud: not an access token of this tenant'}
  const keys = candidates(jwks, alg, kid)
  if (keys === undefined) return {verdict: 'unknown', reason: 'the key set of the tenant is not readable'}
  if (keys.length === 0)
    return {verdict: 'unknown', reason: 'the tenant publishes no such key: it was revoked, or the token is not from here'}
  const {compactVerify} = await import('jose')
  for (const key of keys) {
    try {
      await compactVerify(text, createPublicKey({key, format: 'jwk'}), {algorithms: [alg]})
      return {verdict: 'valid', reason: 'signed by the tenant'}
    } catch {
      continue
    }
  }
  return {verdict: 'invalid', reason: 'the signature does not match the key it names'}
}

function namesAudience(aud: unknown): boolean {
  const all: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  return all.length > 0 && all.every((one) => typeof one === 'string' && one !== '')
}

function candidates(jwks: unknown, alg: string, kid: unknown): JsonWebKey[] | undefined {
  const keys = (jwks as {keys?: unknown} | null | undefined)?.keys
  if (!Array.isArray(keys)) return undefined
  return keys
    .slice(0, MAX_KEYS)
    .filter(
      (key): key is JsonWebKey & {kid?: unknown; use?: unknown} =>
        typeof key === 'object' && key !== null && (key as JsonWebKey).kty === 'RSA',
    )
    .filter(
      (key) =>
        (kid === undefined || key.kid === kid) &&
        (key.use === undefined || key.use === 'sig') &&
        (key['alg'] === undefined || key['alg'] === alg),
    )
    .map(({kty, n, e}) => ({kty, n, e}) as JsonWebKey)
}
