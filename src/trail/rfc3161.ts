import {hash} from 'node:crypto'
import {join} from 'node:path'

import {StanchError} from '../errors.ts'
import {ensureFolder, writeDurably} from '../files/write.ts'
import type {Checkpoint} from './format/checkpoint.ts'
import {type About, keptCheckpoints, recordAnchor} from './anchors.ts'
import {anchorsFolder} from './layout.ts'
import type {Trail} from './trail.ts'

/** Version 1, then the imprint: SHA-256 (2.16.840.1.101.3.4.2.1) with NULL parameters and 32 bytes. RFC 3161, 2.4.1. */
const HEAD = Buffer.from('3043020101' + '3031300d060960864801650304020105000420', 'hex')
/** Kept checkpoints that a response is held against. */
const MOST_KEPT = 10_000

/** SHA-256 of the three lines, hex: what is stamped. */
export function imprintOf(checkpoint: Pick<Checkpoint, 'body'>): string {
  return hash('sha256', checkpoint.body, 'hex')
}

/**
 * A time-stamp request of RFC 3161: 69 bytes that always have the same form, so it is written down and not encoded.
 *
 * @param imprint hex, 32 bytes @param nonce 8 bytes; its first bit is cleared so that it is a positive number of that length
 */
export function timestampRequest(imprint: string, nonce: Uint8Array): Buffer<ArrayBuffer> {
  if (!/^[0-9a-f]{64}$/.test(imprint) || nonce.length !== 8)
    throw new StanchError('internal', 'A time-stamp request takes 32 and 8 bytes.')
  const number = Buffer.from(nonce)
  // DER wants the shortest form: neither a sign bit nor nine leading zero bits.
  number[0] = (number[0]! & 0x3f) | 0x40
  return Buffer.concat([HEAD, Buffer.from(imprint, 'hex'), Buffer.from('0208', 'hex'), number, Buffer.from('0101ff', 'hex')])
}

/** The kept checkpoint that a response is about: the one whose imprint stands in it. Says nothing about signatures. */
export function stampedCheckpoint(log: string, response: Uint8Array): Checkpoint | undefined {
  const bytes = Buffer.from(response.buffer, response.byteOffset, response.byteLength)
  let seen = 0
  for (const checkpoint of keptCheckpoints(log)) {
    if (bytes.includes(Buffer.from(imprintOf(checkpoint), 'hex'))) return checkpoint
    if (++seen >= MOST_KEPT) return undefined
  }
  return undefined
}

/** Keeps a response that was verified as `anchors/<size>.tsr`, and records it. */
export function keepTimestamp(trail: Trail, checkpoint: Checkpoint, response: Uint8Array, about: About = {}): string {
  const file = join(anchorsFolder(trail.folder), `${String(checkpoint.size).padStart(12, '0')}.tsr`)
  ensureFolder(anchorsFolder(trail.folder))
  writeDurably(file, response)
  recordAnchor(trail, checkpoint, 'rfc3161', response, about)
  return file
}
