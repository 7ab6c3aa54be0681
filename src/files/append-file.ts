import {closeSync, constants, fchmodSync, fdatasyncSync, fstatSync, openSync, readSync, statSync} from 'node:fs'

import {StanchError, systemCode} from '../errors.ts'
import {onDisk, writeAll} from './write.ts'

/** A file that only grows, held open by a writer that notices when it is no longer the file under its name. */
export class AppendFile {
  readonly path: string
  readonly #fd: number
  readonly #dev: bigint
  readonly #ino: bigint

  private constructor(path: string, fd: number) {
    this.path = path
    this.#fd = fd
    const stat = fstatSync(fd, {bigint: true})
    this.#dev = stat.dev
    this.#ino = stat.ino
  }

  /** Opens an existing file. @throws {StanchError} `E_MISSING`, `E_DISK` */
  static open(path: string): AppendFile {
    return onDisk(path, () => {
      try {
        return new AppendFile(path, openSync(path, constants.O_RDWR | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0)))
      } catch (error) {
        if (systemCode(error) === 'ENOENT') throw missing(path)
        throw error
      }
    })
  }

  /** Creates a file that must not exist, 0600. Its name is durable only after a sync of the folder. @throws {StanchError} `E_DISK` */
  static create(path: string): AppendFile {
    return onDisk(path, () => {
      const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
      const fd = openSync(path, flags, 0o600)
      fchmodSync(fd, 0o600)
      return new AppendFile(path, fd)
    })
  }

  /**
   * Compares the open file with the one under its name.
   *
   * @returns its size in bytes, and whether the name leads to another file now
   * @throws {StanchError} `E_MISSING` (deleted, or its folder renamed), `E_REPLACED` (a second name was made for it)
   */
  look(): {size: number; replaced: boolean} {
    let named
    try {
      named = statSync(this.path, {bigint: true})
    } catch (cause) {
      if (systemCode(cause) === 'ENOENT') throw missing(this.path)
      throw new StanchError('E_DISK', `${this.path} cannot be read (${systemCode(cause) ?? 'unknown error'}).`, {cause})
    }
    if (named.dev !== this.#dev || named.ino !== this.#ino) return {size: Number(named.size), replaced: true}
    if (named.nlink !== 1n) throw new StanchError('E_REPLACED', `${this.path} has a second name (hard link).`)
    return {size: Number(named.size), replaced: false}
  }

  /** Up to `length` bytes from `offset`; fewer when the file ends before. @throws {StanchError} `E_DISK` */
  read(offset: number, length: number): Buffer {
    return onDisk(this.path, () => {
      const room = Buffer.allocUnsafe(length)
      let filled = 0
      while (filled < length) {
        const read = readSync(this.#fd, room, filled, length - filled, offset + filled)
        if (read === 0) break
        filled += read
      }
      return room.subarray(0, filled)
    })
  }

  /** Writes at the end, in one call unless the system takes only a part, and syncs the data. @throws {StanchError} `E_DISK` */
  append(bytes: Uint8Array): void {
    onDisk(this.path, () => {
      writeAll(this.#fd, bytes)
      fdatasyncSync(this.#fd)
    })
  }

  close(): void {
    closeSync(this.#fd)
  }
}

function missing(path: string): StanchError {
  return new StanchError('E_MISSING', `${path} is missing: it was deleted or moved.`)
}
