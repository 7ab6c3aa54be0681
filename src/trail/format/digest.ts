import {hash} from 'node:crypto'

/*
 * The hash port: SHA-256 as this room needs it. The page of an evidence bundle is built from this room with another file
 * in the place of this one (`src/page/digest.ts`), because a browser hashes only asynchronously.
 */

/** Hex. A text stands for its UTF-8 bytes. */
export function sha256(input: string | Uint8Array): string {
  return hash('sha256', input, 'hex')
}

const node = Buffer.alloc(65, 1)

/** RFC 9162, 2.1.1: SHA-256 over 0x01 and two hashes. Hex in, hex out: in Node several times faster than buffers. */
export function nodeHash(left: string, right: string): string {
  node.write(left, 1, 'hex')
  node.write(right, 33, 'hex')
  return hash('sha256', node, 'hex')
}
