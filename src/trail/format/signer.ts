import {createPublicKey, type KeyObject, sign} from 'node:crypto'

import {type SignatureType, type VerifierKey, verifierKey} from './vkey.ts'

/** Signs bytes with a key of one name and type. The private key may live anywhere that can do this. */
export interface Signer {
  readonly vkey: VerifierKey
  sign(bytes: Uint8Array): Uint8Array
}

export function signerOf(name: string, type: SignatureType, key: KeyObject): Signer {
  return {vkey: verifierKey(name, type, createPublicKey(key)), sign: (bytes) => sign(null, bytes, key)}
}
