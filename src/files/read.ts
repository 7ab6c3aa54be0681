import {createHash} from 'node:crypto'
import {closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync} from 'node:fs'

import {StanchError, systemCode} from '../errors.ts'

/** What one look at a path shows; symbolic links are followed. `mode` holds the permission bits only. */
export interface FileStat {
  readonly mode: number
  /** bytes */
  readonly size: number
  readonly uid: number
  readonly mtimeMs: number
  readonly kind: 'file' | 'folder' | 'other'
}

/** Undefined when nothing is there, or when a folder on the way may not be entered. */
export function fileStat(path: string): FileStat | undefined {
  let stat
  try {
    stat = statSync(path)
  } catch {
    return undefined
  }
  const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : 'other'
  return {mode: stat.mode & 0o7777, size: stat.size, uid: stat.uid, mtimeMs: stat.mtimeMs, kind}
}

/**
 * The bytes of a regular file, at most `maxBytes`.
 *
 * A FIFO could hang us, a device could be endless: both are refused, and the file is opened without blocking so that
 * the refusal itself cannot hang.
 *
 * @throws {StanchError} `input.unreadable`, `input.too_large`
 */
export function readBounded(path: string, maxBytes: number): Buffer {
  const fd = openToRead(path)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw new StanchError('input.unreadable', `${path} is not a regular file.`)
    if (stat.size > maxBytes) throw tooLarge(path, maxBytes)
    // One byte more than allowed: a file that grows while it is read does not slip through.
    const room = Buffer.allocUnsafe(Math.min(maxBytes, stat.size) + 1)
    let filled = 0
    while (filled < room.length) {
      const read = readSync(fd, room, filled, room.length - filled, filled)
      if (read === 0) return room.subarray(0, filled)
      filled += read
    }
    if (filled > maxBytes) throw tooLarge(path, maxBytes)
    throw new StanchError('input.unreadable', `${path} changed while it was read.`)
  } catch (cause) {
    if (cause instanceof StanchError) throw cause
    throw unreadable(path, cause)
  } finally {
    closeSync(fd)
  }
}

/** As `readBounded`, but undefined when there is no such file. */
export function readIfPresent(path: string, maxBytes: number): Buffer | undefined {
  try {
    return readBounded(path, maxBytes)
  } catch (error) {
    if (error instanceof StanchError && error.code === 'input.unreadable' && systemCode(error.cause) === 'ENOENT')
      return undefined
    throw error
  }
}

const HASH_BLOCK = 1 << 20

/** SHA-256 of a regular file in hex, in flat memory. @throws {StanchError} `input.unreadable` */
export function hashFile(path: string): string {
  const fd = openToRead(path)
  try {
    if (!fstatSync(fd).isFile()) throw new StanchError('input.unreadable', `${path} is not a regular file.`)
    const digest = createHash('sha256')
    const room = Buffer.allocUnsafe(HASH_BLOCK)
    for (let read = readSync(fd, room, 0, HASH_BLOCK, null); read > 0; read = readSync(fd, room, 0, HASH_BLOCK, null))
      digest.update(room.subarray(0, read))
    return digest.digest('hex')
  } catch (cause) {
    if (cause instanceof StanchError) throw cause
    throw unreadable(path, cause)
  } finally {
    closeSync(fd)
  }
}

/** Names in a folder, sorted; an absent folder is an empty one. @throws {StanchError} `input.unreadable` */
export function listFolder(path: string): string[] {
  try {
    return readdirSync(path).toSorted()
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return []
    throw unreadable(path, cause)
  }
}

/** A descriptor to read from; opening a FIFO does not hang. @throws {StanchError} `input.unreadable` */
export function openToRead(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): StanchError {
  return new StanchError('input.unreadable', `${path} cannot be read (${systemCode(cause) ?? 'unknown error'}).`, {cause})
}

function tooLarge(path: string, maxBytes: number): StanchError {
  return new StanchError('input.too_large', `${path} is larger than ${maxBytes} bytes.`)
}
