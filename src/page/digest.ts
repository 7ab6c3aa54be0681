import {sha256 as hash} from '@noble/hashes/sha2.js'

import {bytesOfHex, concat, hexOf, utf8} from '../trail/format/bytes.ts'

/*
 * The hash port of `trail/format` for a browser, in the place of `trail/format/digest.ts`. A library hashes, because the
 * verifier is synchronous and WebCrypto hashes only asynchronously.
 */

const LEFT_AND_RIGHT = Uint8Array.of(1)

/** Hex. A text stands for its UTF-8 bytes. */
export function sha256(input: string | Uint8Array): string {
  return hexOf(hash(typeof input === 'string' ? utf8(input) : input))
}

/** RFC 9162, 2.1.1: SHA-256 over 0x01 and two hashes. */
export function nodeHash(left: string, right: string): string {
  return hexOf(hash(concat(LEFT_AND_RIGHT, bytesOfHex(left), bytesOfHex(right))))
}
