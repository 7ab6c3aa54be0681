import {hexOf} from '../trail/format/bytes.ts'
import {sha256} from './digest.ts'

/*
 * The signature port of `trail/format` for a browser, in the place of `trail/format/signature.ts`. WebCrypto answers only
 * asynchronously and the verifier is synchronous, so what it asks is collected first, answered by WebCrypto, and looked
 * up when it asks again. A question without an answer is a signature that is not valid.
 */

/** 32 bytes (RFC 8032). */
export type PublicKey = Uint8Array<ArrayBuffer>

interface Question {
  readonly id: string
  readonly key: PublicKey
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly signature: Uint8Array<ArrayBuffer>
}

const asked = new Map<string, Question>()
const answers = new Map<string, boolean>()

export function publicKeyFromRaw(raw: Uint8Array): PublicKey {
  return new Uint8Array(raw)
}

export function rawPublicKey(key: PublicKey): Uint8Array {
  return key
}

/** As far as WebCrypto was asked: see above. */
export function verifySignature(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false
  const id = `${hexOf(key)} ${sha256(bytes)} ${hexOf(signature)}`
  const answer = answers.get(id)
  if (answer === undefined) asked.set(id, {id, key, bytes: new Uint8Array(bytes), signature: new Uint8Array(signature)})
  return answer ?? false
}

/** Answers what was asked so far. @returns why this browser cannot; undefined when it did */
export async function answerSignatures(): Promise<string | undefined> {
  const {subtle} = globalThis.crypto ?? {}
  if (!subtle) return 'this browser offers no WebCrypto to a page from the disk'
  for (const {id, key, bytes, signature} of asked.values()) {
    try {
      const imported = await subtle.importKey('raw', key, 'Ed25519', false, ['verify'])
      answers.set(id, await subtle.verify('Ed25519', imported, signature, bytes))
    } catch (error) {
      // A point that is none is a key that nothing verifies by; a browser without Ed25519 says NotSupportedError.
      if (error instanceof DOMException && error.name === 'NotSupportedError')
        return 'this browser has no Ed25519 in its WebCrypto'
      answers.set(id, false)
    }
  }
  asked.clear()
  return undefined
}
