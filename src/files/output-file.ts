import {createHash, randomBytes} from 'node:crypto'
import {closeSync, constants, fsyncSync, openSync, renameSync} from 'node:fs'
import {basename, dirname, join} from 'node:path'

import {StanchError, systemCode} from '../errors.ts'
import {onDisk, removeFile, syncFolder, writeAll} from './write.ts'

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)

/**
 * A file that is written piece by piece, 0600, and never over an existing one. Unless it is to be read while it grows,
 * it stands under its name only when it is whole.
 */
export class OutputFile {
  readonly #path: string
  readonly #temporary: string | undefined
  readonly #fd: number
  readonly #hash = createHash('sha256')
  #size = 0

  private constructor(path: string, temporary: string | undefined, fd: number) {
    this.#path = path
    this.#temporary = temporary
    this.#fd = fd
  }

  /**
   * @param growing its name is there from the beginning, for somebody who follows it
   * @throws {StanchError} `usage.invalid` when something has that name; `E_DISK`
   */
  static create(path: string, growing: boolean): OutputFile {
    return onDisk(path, () => {
      try {
        // The name is taken at once, also when the content comes from another file in the end.
        const named = openSync(path, NEW_FILE, 0o600)
        if (growing) return new OutputFile(path, undefined, named)
        closeSync(named)
      } catch (cause) {
        if (systemCode(cause) !== 'EEXIST') throw cause
        throw new StanchError('usage.invalid', `${path} exists; it was left alone.`, {cause, hint: 'Name another file.'})
      }
      const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
      try {
        return new OutputFile(path, temporary, openSync(temporary, NEW_FILE, 0o600))
      } catch (error) {
        removeFile(path)
        throw error
      }
    })
  }

  /** @throws {StanchError} `E_DISK` */
  write(text: string): void {
    const bytes = Buffer.from(text)
    onDisk(this.#path, () => writeAll(this.#fd, bytes))
    this.#hash.update(bytes)
    this.#size += bytes.length
  }

  /** Durable under its name. @throws {StanchError} `E_DISK` */
  finish(): {readonly sha256: string; readonly size: number} {
    onDisk(this.#path, () => {
      fsyncSync(this.#fd)
      closeSync(this.#fd)
      if (this.#temporary !== undefined) renameSync(this.#temporary, this.#path)
    })
    syncFolder(dirname(this.#path))
    return {sha256: this.#hash.digest('hex'), size: this.#size}
  }

  /** Leaves nothing behind. */
  abandon(): void {
    try {
      closeSync(this.#fd)
    } catch {
      // closed already
    }
    for (const path of [this.#temporary, this.#path]) if (path !== undefined) removeFile(path)
  }
}
