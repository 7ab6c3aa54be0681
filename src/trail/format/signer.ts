import {createPrivateKey, createPublicKey, type KeyObject, sign} from 'node:crypto'

import {type SignatureType, type VerifierKey, verifierKey} from './vkey.ts'

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Signs bytes with a key of one name and type. The private key may live anywhere that can do this. */
export interface Signer {
  readonly vkey: VerifierKey
  sign(bytes: Uint8Array): Uint8Array
}

export function signerOf(name: string, type: SignatureType, key: KeyObject): Signer {
  return {vkey: verifierKey(name, type, createPublicKey(key)), sign: (bytes) => sign(null, bytes, key)}
}

/** Ed25519 private key from its 32-byte seed (RFC 8032). */
export function privateKeyFromSeed(seed: Uint8Array): KeyObject {
  return createPrivateKey({key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8'})
}
