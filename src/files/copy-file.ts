import {constants, realpathSync} from 'node:fs'
import {type FileHandle, open} from 'node:fs/promises'
import {basename, dirname, join, relative, isAbsolute} from 'node:path'

import {StanchError, systemCode} from '../errors.ts'

const LF = 0x0a

/**
 * A file of lines that is only appended to and never waited for: nothing here blocks the process, not even a disk that
 * hangs. Made with 0600; an existing one keeps its mode. Links, FIFOs and devices are refused.
 */
export class CopyFile {
  readonly #handle: FileHandle
  #torn: boolean

  private constructor(handle: FileHandle, torn: boolean) {
    this.#handle = handle
    this.#torn = torn
  }

  /** @throws {StanchError} `E_DISK` */
  static async open(path: string): Promise<CopyFile> {
    const flags =
      constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
    let handle: FileHandle
    try {
      handle = await open(path, flags, 0o600)
    } catch (cause) {
      throw failed(path, cause)
    }
    try {
      const stat = await handle.stat()
      if (!stat.isFile() || stat.nlink !== 1) throw new StanchError('E_DISK', `${path} is no regular file of its own.`)
      const last = Buffer.alloc(1, LF)
      if (stat.size > 0) await handle.read(last, 0, 1, stat.size - 1)
      return new CopyFile(handle, last[0] !== LF)
    } catch (cause) {
      await handle.close().catch(() => {})
      throw cause instanceof StanchError ? cause : failed(path, cause)
    }
  }

  /** Appends whole lines; a line that an earlier failure cut off is ended first. @throws {StanchError} `E_DISK` */
  async append(lines: string): Promise<void> {
    const bytes = Buffer.from(this.#torn ? `\n${lines}` : lines)
    let done = 0
    try {
      while (done < bytes.length) done += (await this.#handle.write(bytes, done, bytes.length - done)).bytesWritten
      this.#torn = false
    } catch (cause) {
      this.#torn = done > 0 ? bytes[done - 1] !== LF : this.#torn
      throw failed('The copy', cause)
    }
  }

  async close(): Promise<void> {
    await this.#handle.close().catch(() => {})
  }
}

/** True when `path` is, or would be made, inside `folder`, whatever links lead there. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(real(folder), join(real(dirname(path)), basename(path)))
  return way === '' || (!way.startsWith('..') && !isAbsolute(way))
}

/** The path without links, as far down as it exists. */
function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return dirname(path) === path ? path : join(real(dirname(path)), basename(path))
  }
}

function failed(what: string, cause: unknown): StanchError {
  return new StanchError('E_DISK', `${what} cannot be written (${systemCode(cause) ?? 'unknown error'}).`, {cause})
}
