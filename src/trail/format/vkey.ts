import {StanchError} from '../../errors.ts'
import {base64Of, concat, strictBase64, utf8} from './bytes.ts'
import {sha256} from './digest.ts'
import {type PublicKey, publicKeyFromRaw, rawPublicKey} from './signature.ts'

/** Signature types of C2SP signed notes that this format uses. */
export const ED25519 = 0x01
/** Timestamped cosignature, tlog-cosignature v1. */
export const COSIGNATURE = 0x04
export type SignatureType = typeof ED25519 | typeof COSIGNATURE

const NAME = /^[\x21-\x2a\x2c-\x7e]+$/

/** Who signed, and with what: a verifier key of C2SP signed-note. */
export interface VerifierKey {
  readonly name: string
  /** 8 hex digits */
  readonly id: string
  readonly type: SignatureType
  readonly key: PublicKey
  /** the whole text, `name+id+base64` */
  readonly text: string
}

/** Names of keys and origins: printable ASCII, no blank, no `+`. */
export function isKeyName(name: string): boolean {
  return NAME.test(name) && name.length <= 200
}

/** @throws {StanchError} `audit.not_verified` ("bad vkey") */
export function parseVkey(text: string): VerifierKey {
  // Two splits only: base64 may itself contain "+".
  const match = text.length > 500 ? null : /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text)
  const material = match ? strictBase64(match[3]!) : undefined
  const type = material?.[0]
  if (!match || material?.length !== 33 || !isKeyName(match[1]!) || (type !== ED25519 && type !== COSIGNATURE))
    throw badVkey(text)
  const vkey = named(match[1]!, type, material, publicKeyFromRaw(material.subarray(1)))
  if (vkey.id !== match[2]) throw badVkey(text)
  return vkey
}

export function verifierKey(name: string, type: SignatureType, key: PublicKey): VerifierKey {
  return named(name, type, concat(Uint8Array.of(type), rawPublicKey(key)), key)
}

/** @param material the byte of the type and the 32 of the key */
function named(name: string, type: SignatureType, material: Uint8Array, key: PublicKey): VerifierKey {
  const id = sha256(concat(utf8(`${name}\n`), material)).slice(0, 8)
  return {name, id, type, key, text: `${name}+${id}+${base64Of(material)}`}
}

export function epochName(origin: string, epoch: number): string {
  return `${origin}/epoch-${epoch}`
}

function badVkey(text: string): StanchError {
  return new StanchError('audit.not_verified', `bad vkey: ${JSON.stringify(text.slice(0, 120))}`)
}
