import {createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject} from 'node:crypto'
import {StanchError} from '../errors.ts'
import {isStrictBase64url} from './jwt.ts'

const MAX_KEY_TEXT = 64 * 1024
const MAX_SEALED = 256 * 1024

/**
 * Refuses what cannot receive a sealed delivery: an unreadable key, a private one, one made for signing only.
 *
 * @param text PEM (SPKI, PKCS#1 or a certificate) or JWK
 * @throws {StanchError} `sink.invalid`
 */
export function checkPublicKey(text: string): void {
  algorithmFor(publicKey(text))
}

/**
 * `plaintext` as compact JWE (A256GCM) to the owner of `key`: RSA-OAEP-256, or ECDH-ES for P-256, P-384, P-521 and X25519.
 *
 * @throws {StanchError} `sink.invalid`
 */
export async function sealTo(key: string, plaintext: string): Promise<string> {
  const recipient = publicKey(key)
  const alg = algorithmFor(recipient)
  const {CompactEncrypt} = await import('jose')
  return new CompactEncrypt(new TextEncoder().encode(plaintext))
    .setProtectedHeader({alg, enc: 'A256GCM', typ: 'stanch-delivery'})
    .encrypt(recipient)
}

/** Opens what `sealTo` made. @throws {StanchError} `delivery.unreadable`, whatever the reason: wrong key, cut, altered */
export async function openSealed(jwe: string, key: string): Promise<string> {
  const owner = privateKey(key)
  const sealed = jwe.trim()
  const unreadable = () =>
    new StanchError('delivery.unreadable', 'This delivery does not open with this key: it is for another key, or it was altered.')
  const parts = sealed.length > MAX_SEALED ? [] : sealed.split('.')
  if (parts.length !== 5)
    throw new StanchError('delivery.unreadable', 'This is not a sealed delivery: a compact JWE has five parts.')
  // A lenient reader takes several spellings of one delivery; what was made here has one.
  if (!parts.every(isStrictBase64url)) throw unreadable()
  const {compactDecrypt} = await import('jose')
  try {
    const {plaintext} = await compactDecrypt(sealed, owner, {
      keyManagementAlgorithms: ['RSA-OAEP-256', 'ECDH-ES'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    return new TextDecoder('utf-8', {fatal: true}).decode(plaintext)
  } catch {
    throw unreadable()
  }
}

function publicKey(text: string): KeyObject {
  const refuse = (why: string, hint?: string) =>
    new StanchError('sink.invalid', `The recipient's key cannot be used: ${why}.`, {hint})
  if (text.length > MAX_KEY_TEXT) throw refuse('it is larger than 64 KiB')
  const jwk = asJwk(text)
  // node:crypto would derive the public half by itself; whoever passes a private key here is about to share it.
  if (/PRIVATE KEY/.test(text) || (jwk && 'd' in jwk))
    throw refuse('it is a private key', 'Pass the public half, and take care of where the private one has been.')
  if (jwk?.kty === 'oct') throw refuse('it is a shared secret')
  try {
    return jwk ? createPublicKey({key: jwk, format: 'jwk'}) : createPublicKey(text)
  } catch {
    throw refuse('it is neither a PEM public key or certificate nor a JWK')
  }
}

function privateKey(text: string): KeyObject {
  if (text.length > MAX_KEY_TEXT) throw new StanchError('delivery.unreadable', 'The key is larger than 64 KiB.')
  const jwk = asJwk(text)
  try {
    return jwk ? createPrivateKey({key: jwk, format: 'jwk'}) : createPrivateKey(text)
  } catch {
    throw new StanchError('delivery.unreadable', 'The key is neither a PEM private key without a passphrase nor a private JWK.')
  }
}

function algorithmFor(key: KeyObject): 'RSA-OAEP-256' | 'ECDH-ES' {
  const details = key.asymmetricKeyDetails
  if (key.asymmetricKeyType === 'rsa' && (details?.modulusLength ?? 0) >= 2048) return 'RSA-OAEP-256'
  if (key.asymmetricKeyType === 'x25519') return 'ECDH-ES'
  if (key.asymmetricKeyType === 'ec' && ['prime256v1', 'secp384r1', 'secp521r1'].includes(details?.namedCurve ?? ''))
    return 'ECDH-ES'
  throw new StanchError(
    'sink.invalid',
    `The recipient's key cannot be used: ${key.asymmetricKeyType ?? 'its type'} keys do not encrypt, or this one is too short.`,
    {
      hint: 'Use RSA of at least 2048 bits, P-256, P-384, P-521 or X25519.',
    },
  )
}

function asJwk(text: string): JsonWebKey | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null && typeof (value as JsonWebKey).kty === 'string'
      ? (value as JsonWebKey)
      : undefined
  } catch {
    return undefined
  }
}
