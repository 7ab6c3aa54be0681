import {createPublicKey, type KeyObject, verify} from 'node:crypto'

/*
 * The signature port: Ed25519 as this room verifies it. The page of an evidence bundle is built from this room with
 * another file in the place of this one (`src/page/signature.ts`).
 */

const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

export type PublicKey = KeyObject

/** @param raw 32 bytes (RFC 8032) */
export function publicKeyFromRaw(raw: Uint8Array): PublicKey {
  return createPublicKey({key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki'})
}

export function rawPublicKey(key: PublicKey): Uint8Array {
  return key.export({format: 'der', type: 'spki'}).subarray(SPKI.length)
}

/** False for a wrong signature as well as for one of the wrong length. */
export function verifySignature(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === 64 && verify(null, bytes, key, signature)
}
