import {StanchError} from '../errors.ts'
import {classifyJwt} from './classify-jwt.ts'
import {findJwk, findPem} from './find-key.ts'
import {isClientId, pastedValue, type Pasted} from './pasted.ts'

/** The words of the product for what leaked; `unknown` also stands for what needs no containment. */
export type CredentialKind =
  | 'management-token'
  | 'client-secret'
  | 'private-key'
  | 'user-token'
  | 'refresh-token'
  | 'signing-secret'
  | 'operator-token'
  | 'unknown'

/** What it is by its form, finer than `kind`, which names the response. */
export type CredentialType =
  | 'machine-token'
  | 'user-token'
  | 'id-token'
  | 'operator-token'
  | 'legacy-token'
  | 'encrypted-token'
  | 'opaque-token'
  | 'jwt'
  | 'refresh-token'
  | 'client-secret'
  | 'private-key'
  | 'public-key'
  | 'signing-secret'
  | 'scim-token'
  | 'client-id'
  | 'identifier'
  | 'unknown'

/** What a text says about itself. Never holds the signature, a secret or the text. */
export interface Inspection {
  readonly kind: CredentialKind
  readonly type: CredentialType
  readonly format: 'jwt' | 'jwe' | 'opaque' | 'secret' | 'pem' | 'jwk' | 'client_id' | 'unknown'
  /** One phrase for people: `an access token of a machine client for the Management API`. */
  readonly what: string
  /** `certain`: it says so itself; `likely`: by its shape; `guess`: by its length. Nothing here is verified. */
  readonly confidence: 'certain' | 'likely' | 'guess'
  readonly reasons: readonly string[]
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  /** Host of the tenant the credential belongs to, as far as it says. */
  readonly tenant?: string
  readonly client_id?: string
  readonly subject_type?: 'client' | 'user'
  readonly for_management_api: boolean
  readonly audiences: readonly string[]
  readonly scopes: readonly string[]
  /** NumericDate. */
  readonly issued_at?: number
  /** NumericDate. Absent when the token does not say or never expires. */
  readonly expires_at?: number
  /** The token is of use only to whoever has this key: `cnf` with `jkt` (DPoP) or `x5t#S256` (a TLS certificate). */
  readonly bound?: {readonly by: 'dpop' | 'mtls'; readonly thumbprint: string}
  /** RFC 7638 thumbprint of a key: the `kid` Auth0 gives a credential that was made without one. */
  readonly kid?: string
  /** What is wrong with it, part by part; the rest is what could still be read. */
  readonly damaged: readonly string[]
}

export type Finding = Omit<Inspection, 'for_management_api' | 'audiences' | 'scopes' | 'damaged'> & Partial<Inspection>

/** Longest text that is looked at, characters. */
export const MAX_TEXT = 64 * 1024

/**
 * What a pasted text is, offline. Reads nothing but the text, verifies nothing, and never throws for what is in it.
 *
 * @throws {StanchError} `input.too_large` above 64 KiB, `input.invalid` when there is nothing in it
 */
export function inspectText(text: string): Inspection {
  if (text.length > MAX_TEXT) throw new StanchError('input.too_large', 'That is more than 64 KiB: no token or key is that long.')
  const pasted = pastedValue(text)
  if (pasted.value.trim() === '') throw new StanchError('input.invalid', 'There is nothing to look into.')
  const finding = find(pasted)
  return {
    for_management_api: false,
    audiences: [],
    scopes: [],
    damaged: [],
    ...finding,
    ...(finding.client_id === undefined && pasted.client_id !== undefined && {client_id: pasted.client_id}),
    reasons: [...pasted.notes, ...finding.reasons],
  }
}

/** The credential alone, out of whatever was pasted around it: what a probe or a signature check needs. */
export function credentialIn(text: string): Pasted {
  if (text.length > MAX_TEXT) throw new StanchError('input.too_large', 'That is more than 64 KiB: no token or key is that long.')
  return pastedValue(text)
}

function find(pasted: Pasted): Finding {
  const {value} = pasted
  if (value.startsWith('-----BEGIN')) return findPem(value)
  if (value.startsWith('{')) return findJwk(value) ?? unknown()
  const dots = value.split('.').length - 1
  if (value.startsWith('eyJ')) return dots === 4 ? findJwe(value) : classifyJwt(value)
  return byName(pasted) ?? byShape(value) ?? unknown()
}

function byName({value, name = ''}: Pasted): Finding | undefined {
  const said = [`it stood under ${name}`]
  if (/refresh_?token/i.test(name)) return refreshToken(said)
  if (/signing_?secret/i.test(name))
    return {
      kind: 'signing-secret',
      type: 'signing-secret',
      format: 'secret',
      what: 'the signing secret of an API',
      confidence: 'likely',
      reasons: said,
    }
  if (/client_?id$/i.test(name) && isClientId(value)) return clientId(value, said)
  if (/client_?secret|^secret$/i.test(name)) return clientSecret('likely', said)
  return undefined
}

function byShape(value: string): Finding | undefined {
  if (/^v1\.[A-Za-z0-9_-]{20,}$/.test(value)) return refreshToken(['it starts with v1. like the refresh tokens of Auth0'])
  if (/^tok_[A-Za-z0-9]{16}\.[0-9a-f]{64}$/.test(value)) {
    return {
      kind: 'unknown',
      type: 'scim-token',
      format: 'opaque',
      what: 'a SCIM token of a connection',
      confidence: 'likely',
      reasons: ['tok_ with 16 characters, a dot and 64 hex digits'],
    }
  }
  if (/^(cgr|cred|org|con|rol|lst|acl|est|rlp|tep)_[A-Za-z0-9]{16,22}$/.test(value)) {
    return {
      kind: 'unknown',
      type: 'identifier',
      format: 'unknown',
      what: 'an identifier, which opens nothing by itself',
      confidence: 'likely',
      reasons: [`ids of Auth0 start with ${value.split('_')[0]}_`],
    }
  }
  if (isClientId(value))
    return clientId(value, ['32 letters and digits like a client id; an opaque access token can look like this too'])
  if (/^[A-Za-z0-9_-]{64}$/.test(value)) {
    return /^[0-9a-f]{64}$/i.test(value)
      ? clientSecret('guess', ['64 hex digits: a client secret, or only a hash'])
      : clientSecret('likely', ['64 characters of A-Z a-z 0-9 _ - like the client secrets that Auth0 makes'])
  }
  if (/^[A-Za-z0-9_-]{28,48}$/.test(value)) {
    return {
      kind: 'unknown',
      type: 'opaque-token',
      format: 'opaque',
      what: 'an opaque string',
      confidence: 'guess',
      reasons: ["an opaque access token (good for /userinfo only), a refresh token or a secret of the tenant's own making"],
    }
  }
  return undefined
}

function refreshToken(reasons: readonly string[]): Finding {
  return {
    kind: 'refresh-token',
    type: 'refresh-token',
    format: 'opaque',
    what: 'a refresh token',
    confidence: 'likely',
    reasons,
  }
}

function clientSecret(confidence: Finding['confidence'], reasons: readonly string[]): Finding {
  return {kind: 'client-secret', type: 'client-secret', format: 'secret', what: 'a client secret', confidence, reasons}
}

function clientId(value: string, reasons: readonly string[]): Finding {
  return {
    kind: 'unknown',
    type: 'client-id',
    format: 'client_id',
    what: 'a client id, which is no secret',
    confidence: 'likely',
    reasons,
    client_id: value,
  }
}

function unknown(): Finding {
  return {
    kind: 'unknown',
    type: 'unknown',
    format: 'unknown',
    what: 'something we do not recognise',
    confidence: 'guess',
    reasons: ['it has no shape that a credential of Auth0 has'],
  }
}

function findJwe(value: string): Finding {
  const {header, damaged = []} = classifyJwt(value)
  return {
    kind: 'unknown',
    type: 'encrypted-token',
    format: 'jwe',
    what: 'an encrypted access token',
    confidence: 'likely',
    reasons: ['five parts; only the API it is for can read it, so its lifetime is that of the API'],
    ...(header && {header}),
    damaged: damaged.filter((line) => line.startsWith('header')),
  }
}
