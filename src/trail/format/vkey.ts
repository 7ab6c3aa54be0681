import {createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify} from 'node:crypto'

import {StanchError} from '../../errors.ts'

/** Signature types of C2SP signed notes that this format uses. */
export const ED25519 = 0x01
/** Timestamped cosignature, tlog-cosignature v1. */
export const COSIGNATURE = 0x04
export type SignatureType = typeof ED25519 | typeof COSIGNATURE

const SPKI = Buffer.from('302a300506032b6570032100', 'hex')
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const NAME = /^[\x21-\x2a\x2c-\x7e]+$/

/** Who signed, and with what: a verifier key of C2SP signed-note. */
export interface VerifierKey {
  readonly name: string
  /** 8 hex digits */
  readonly id: string
  readonly type: SignatureType
  readonly key: KeyObject
  /** the whole text, `name+id+base64` */
  readonly text: string
}

/** Names of keys and origins: printable ASCII, no blank, no `+`. */
export function isKeyName(name: string): boolean {
  return NAME.test(name) && name.length <= 200
}

/** The bytes, if `text` is base64 with padding and nothing else: one spelling per value. */
export function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** @throws {StanchError} `audit.not_verified` ("bad vkey") */
export function parseVkey(text: string): VerifierKey {
  // Two splits only: base64 may itself contain "+".
  const match = text.length > 500 ? null : /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text)
  const material = match ? strictBase64(match[3]!) : undefined
  const type = material?.[0]
  if (!match || material?.length !== 33 || !isKeyName(match[1]!) || (type !== ED25519 && type !== COSIGNATURE))
    throw badVkey(text)
  const vkey = verifierKey(match[1]!, type, publicKeyFromRaw(material.subarray(1)))
  if (vkey.id !== match[2]) throw badVkey(text)
  return vkey
}

export function verifierKey(name: string, type: SignatureType, key: KeyObject): VerifierKey {
  const material = Buffer.concat([Buffer.of(type), rawPublicKey(key)])
  const id = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), material]), 'hex').slice(0, 8)
  return {name, id, type, key, text: `${name}+${id}+${material.toString('base64')}`}
}

export function epochName(origin: string, epoch: number): string {
  return `${origin}/epoch-${epoch}`
}

function publicKeyFromRaw(raw: Uint8Array): KeyObject {
  return createPublicKey({key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki'})
}

function rawPublicKey(key: KeyObject): Buffer {
  return key.export({format: 'der', type: 'spki'}).subarray(SPKI.length)
}

/** Ed25519 private key from its 32-byte seed (RFC 8032). */
export function privateKeyFromSeed(seed: Uint8Array): KeyObject {
  return createPrivateKey({key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8'})
}

/** Signs bytes with a key of one name and type. The private key may live anywhere that can do this. */
export interface Signer {
  readonly vkey: VerifierKey
  sign(bytes: Uint8Array): Buffer
}

export function signerOf(name: string, type: SignatureType, key: KeyObject): Signer {
  return {vkey: verifierKey(name, type, createPublicKey(key)), sign: (bytes) => sign(null, bytes, key)}
}

/** False for a wrong signature as well as for one of the wrong length. */
export function verifySignature(key: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === 64 && verify(null, bytes, key, signature)
}

function badVkey(text: string): StanchError {
  return new StanchError('audit.not_verified', `bad vkey: ${JSON.stringify(text.slice(0, 120))}`)
}
