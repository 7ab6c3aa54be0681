import type {JsonWebKey, KeyObject} from 'node:crypto'
import type {Finding} from './inspect.ts'

/** A PEM block: a private key, or something public. */
export function findPem(value: string): Finding {
  const label = /^-----BEGIN ([A-Z0-9 ]+)-----/.exec(value)?.[1] ?? ''
  if (!label.endsWith('PRIVATE KEY')) {
    return {
      kind: 'unknown',
      type: 'public-key',
      format: 'pem',
      what: 'a public key or certificate, which is no secret',
      confidence: 'certain',
      reasons: [`a PEM block ${label}`],
      ...thumbprint(() => crypto().createPublicKey(value)),
    }
  }
  const encrypted = label.startsWith('ENCRYPTED') || value.includes('ENCRYPTED')
  const print = encrypted ? {} : thumbprint(() => crypto().createPrivateKey(value))
  return {
    kind: 'private-key',
    type: 'private-key',
    format: 'pem',
    what: encrypted ? 'a private key under a passphrase' : 'a private key',
    confidence: 'certain',
    reasons: [`a PEM block ${label}`],
    ...print,
    ...(!encrypted && print.kid === undefined && {damaged: ['the key inside cannot be read']}),
  }
}

/** A JSON Web Key or a set of them; undefined when it is other JSON. */
export function findJwk(value: string): Finding | undefined {
  const jwk = firstKey(value) as JsonWebKey | undefined
  if (typeof jwk?.kty !== 'string') return undefined
  if (jwk.kty === 'oct')
    return {
      kind: 'signing-secret',
      type: 'signing-secret',
      format: 'jwk',
      what: 'a shared signing secret',
      confidence: 'likely',
      reasons: ['a JWK of kty oct'],
    }
  if (!('d' in jwk))
    return {
      kind: 'unknown',
      type: 'public-key',
      format: 'jwk',
      what: 'a public key, which is no secret',
      confidence: 'certain',
      reasons: ['a JWK without a private part'],
      ...thumbprint(() => crypto().createPublicKey({key: jwk, format: 'jwk'})),
    }
  return {
    kind: 'private-key',
    type: 'private-key',
    format: 'jwk',
    what: 'a private key',
    confidence: 'certain',
    reasons: ['a JWK with its private part'],
    ...thumbprint(() => crypto().createPrivateKey({key: jwk, format: 'jwk'})),
  }
}

/** The private key of a PEM block or a JWK as PKCS#8 PEM; undefined when it cannot be read without more. */
export function privateKeyPem(text: string): string | undefined {
  const {createPrivateKey} = crypto()
  try {
    const key = text.startsWith('{')
      ? createPrivateKey({key: firstKey(text) as JsonWebKey, format: 'jwk'})
      : createPrivateKey(text)
    return key.export({type: 'pkcs8', format: 'pem'}).toString()
  } catch {
    return undefined
  }
}

function firstKey(text: string): unknown {
  const parsed = parse(text)
  return Array.isArray(parsed?.['keys'])
    ? (parsed['keys'] as unknown[]).find((one) => typeof one === 'object' && one !== null)
    : parsed
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** RFC 7638, SHA-256 over the required members of the public key in lexicographic order. */
function thumbprint(load: () => KeyObject): {readonly kid?: string} {
  try {
    const key = load()
    const jwk = (key.type === 'private' ? crypto().createPublicKey(key) : key).export({format: 'jwk'})
    const members =
      jwk.kty === 'RSA'
        ? {e: jwk.e, kty: jwk.kty, n: jwk.n}
        : jwk.kty === 'EC'
          ? {crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y}
          : {crv: jwk.crv, kty: jwk.kty, x: jwk.x}
    return {kid: crypto().createHash('sha256').update(JSON.stringify(members)).digest('base64url')}
  } catch {
    return {}
  }
}

/** Only keys need it; a token is decoded without, and the fastest command should stay fast. */
function crypto() {
  return process.getBuiltinModule('node:crypto')
}
