import {sha256 as hash} from '@noble/hashes/sha2.js'

import {fillFromHex, hexOf, utf8} from '../trail/format/bytes.ts'

/*
 * The hash port of `trail/format` for a browser, in the place of `trail/format/digest.ts`. A library hashes, because the
 * verifier is synchronous and WebCrypto hashes only asynchronously.
 */

/** Hex. A text stands for its UTF-8 bytes. */
export function sha256(input: string | Uint8Array): string {
  return hexOf(hash(typeof input === 'string' ? utf8(input) : input))
}

const node = new Uint8Array(65).fill(1)
/** The paths of neighbours share nearly all of their nodes: each is hashed once. Bounded, since a hostile file may share none. */
const nodes = new Map<string, string>()
const MAX_NODES = 50_000

/** RFC 9162, 2.1.1: SHA-256 over 0x01 and two hashes. */
export function nodeHash(left: string, right: string): string {
  const both = left + right
  const known = nodes.get(both)
  if (known !== undefined) return known
  fillFromHex(node, 1, left)
  fillFromHex(node, 33, right)
  const made = hexOf(hash(node))
  if (nodes.size >= MAX_NODES) nodes.clear()
  nodes.set(both, made)
  return made
}
