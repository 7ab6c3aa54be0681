import {hash} from 'node:crypto'
import {join} from 'node:path'

import {StanchError} from '../errors.ts'
import {fileStat, readBounded} from '../files/read.ts'
import {ensureFolder, writeDurably} from '../files/write.ts'
import {containsLiveSecret, looksLikeSecret} from '../secret.ts'
import {evidenceFolder} from './layout.ts'

/** Largest blob that is read back. */
const MAX_BLOB = 256 << 20
const SHA256 = /^[0-9a-f]{64}$/

/**
 * Stores a blob under its SHA-256; durable on return. The same bytes are stored once.
 *
 * @returns the digest in hex, for a record to refer to
 * @throws {StanchError} `E_SECRET` when it holds a live secret or something shaped like a token or private key; `E_DISK`
 */
export function putEvidence(log: string, bytes: Uint8Array | string): string {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  if (containsLiveSecret(text) || looksLikeSecret(text)) {
    throw new StanchError('E_SECRET', 'A piece of evidence holds a secret and was not stored.')
  }
  const sha256 = hash('sha256', bytes, 'hex')
  const path = join(evidenceFolder(log), sha256)
  // The size tells a whole blob from a foreign file of that name; the content is checked when it is read.
  if (fileStat(path)?.size === Buffer.byteLength(bytes)) return sha256
  ensureFolder(evidenceFolder(log))
  writeDurably(path, bytes)
  return sha256
}

/** Undefined when it is not there. @throws {StanchError} `E_TAMPERED` when its bytes are not those of its name */
export function getEvidence(log: string, sha256: string): Buffer | undefined {
  const path = join(evidenceFolder(log), sha256)
  if (!SHA256.test(sha256) || !fileStat(path)) return undefined
  const bytes = readBounded(path, MAX_BLOB)
  if (hash('sha256', bytes, 'hex') !== sha256) throw new StanchError('E_TAMPERED', `The evidence ${sha256} was changed.`)
  return bytes
}
