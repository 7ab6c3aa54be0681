import {createPrivateKey, randomUUID, type KeyObject} from 'node:crypto'
import {StanchError} from '../errors.ts'
import type {Secret} from '../secret.ts'

/** All that Auth0 takes for a client's key. */
export const ASSERTION_ALGORITHMS = ['RS256', 'RS384', 'PS256'] as const
export type AssertionAlgorithm = (typeof ASSERTION_ALGORITHMS)[number]

export interface AssertionOptions {
  readonly client_id: string
  /** `https://<domain>/`, with the slash. */
  readonly audience: string
  readonly private_key_pem: Secret
  /** As registered with the credential. */
  readonly alg: AssertionAlgorithm
  readonly kid?: string
  /** NumericDate. */
  readonly now: number
}

/**
 * A client assertion for private_key_jwt, valid for 60 seconds and for one use.
 *
 * @throws {StanchError} `config.invalid` when the key is not an RSA private key of at least 2048 bits
 * @see https://www.rfc-editor.org/rfc/rfc7523#section-3
 */
export async function clientAssertion(options: AssertionOptions): Promise<string> {
  const key = rsaPrivateKey(options.private_key_pem)
  const {SignJWT} = await import('jose')
  return new SignJWT({})
    .setProtectedHeader({alg: options.alg, typ: 'JWT', ...(options.kid === undefined ? {} : {kid: options.kid})})
    .setIssuer(options.client_id)
    .setSubject(options.client_id)
    .setAudience(options.audience)
    .setJti(randomUUID())
    .setIssuedAt(options.now)
    .setExpirationTime(options.now + 60)
    .sign(key)
}

/** node:crypto reads PKCS#8 and PKCS#1 alike; jose's own importer refuses the latter. */
function rsaPrivateKey(pem: Secret): KeyObject {
  const invalid = (why: string) =>
    new StanchError('config.invalid', `The private key of the operator client cannot be used: ${why}.`)
  let key: KeyObject
  try {
    key = createPrivateKey(pem.reveal())
  } catch {
    throw invalid('it is not a PEM private key without a passphrase')
  }
  if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048)
    throw invalid('Auth0 takes RSA keys of at least 2048 bits')
  return key
}
