import {createHmac, generateKeyPair, sign, constants, type KeyObject} from 'node:crypto'
import {promisify} from 'node:util'

const generate = promisify(generateKeyPair)

export interface SigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly jwk: Readonly<Record<string, unknown>>
}

export async function newRsaKey(): Promise<{privateKey: KeyObject; publicKey: KeyObject}> {
  return generate('rsa', {modulusLength: 2048})
}

let current: Promise<SigningKey> | undefined

/**
 * The tenant's RS256 key, 2,048 bits, made fresh by every process and kept for its life: making one takes up to half a
 * second, and a test process starts many tenants.
 */
export function tenantKey(): Promise<SigningKey> {
  current ??= makeKey()
  return current
}

/** A key that no tenant publishes: what a forged token is signed with. */
export async function makeKey(): Promise<SigningKey> {
  const {privateKey, publicKey} = await newRsaKey()
  const {calculateJwkThumbprint} = await import('jose')
  const {kty, n, e} = publicKey.export({format: 'jwk'})
  const thumbprint = await calculateJwkThumbprint({kty, n, e} as Record<string, string>)
  const kid = thumbprint.slice(0, 21)
  return {kid, privateKey, publicKey, jwk: {alg: 'RS256', kty, use: 'sig', n, e, kid}}
}

const DIGEST: Readonly<Record<string, string>> = {RS256: 'RSA-SHA256', RS512: 'RSA-SHA512', PS256: 'RSA-SHA256'}

/**
 * A compact JWS. Synchronous, because the attacker and the consumer act while the tenant's clock is being moved and
 * nothing may come between.
 */
export function signToken(
  key: SigningKey,
  claims: Readonly<Record<string, unknown>>,
  options: {alg: string; typ: string; hmacSecret?: string | undefined},
): string {
  const head = options.alg === 'HS256' ? {alg: 'HS256', typ: options.typ} : {alg: options.alg, typ: options.typ, kid: key.kid}
  const input = `${encode(head)}.${encode(claims)}`
  if (options.alg === 'HS256') {
    return `${input}.${createHmac('sha256', options.hmacSecret ?? '')
      .update(input)
      .digest('base64url')}`
  }
  const padding = options.alg === 'PS256' ? {padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32} : {}
  return `${input}.${sign(DIGEST[options.alg] ?? 'RSA-SHA256', Buffer.from(input), {key: key.privateKey, ...padding}).toString('base64url')}`
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
