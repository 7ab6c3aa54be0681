import {closeSync, constants, existsSync, openSync, unlinkSync, writeSync} from 'node:fs'
import {randomBytes} from 'node:crypto'
import {StanchError, systemCode} from '../errors.ts'

/** A folder in memory that every Linux offers (tmpfs). */
const MEMORY_FOLDER = '/dev/shm'

/** True where `withMemoryFile` can work: Linux with its memory folder. */
export function hasMemoryFolder(): boolean {
  return process.platform === 'linux' && existsSync(MEMORY_FOLDER)
}

/**
 * A descriptor of a nameless file in memory that holds `bytes`, valid while `work` runs. The name is gone before the
 * first byte is written, so that nothing is left to find, whenever the process dies. `E_DISK` when memory is full.
 */
export function withMemoryFile<T>(bytes: Uint8Array, work: (descriptor: number) => T): T {
  const file = `${MEMORY_FOLDER}/.stanch-${randomBytes(12).toString('hex')}`
  let descriptor: number
  try {
    descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
  } catch (error) {
    throw new StanchError('E_DISK', `No file in ${MEMORY_FOLDER} could be made (${systemCode(error) ?? 'unknown'}).`)
  }
  try {
    fill(file, descriptor, bytes)
    return work(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function fill(file: string, descriptor: number, bytes: Uint8Array): void {
  try {
    unlinkSync(file)
    // at a position: the child's first read must begin at byte 0
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at, bytes.length - at, at)
  } catch (error) {
    throw new StanchError('E_DISK', `The file in ${MEMORY_FOLDER} could not be written (${systemCode(error) ?? 'unknown'}).`)
  }
}
