import {closeSync, constants, ftruncateSync, fstatSync, lstatSync, openSync, writeSync} from 'node:fs'

import {onDisk} from './write.ts'

/**
 * A small file that is overwritten again and again in place, without a sync and without a new file: a reader beside it,
 * or a power cut, may see a mixture. For hints that are checked before they are believed. Renaming a fresh file over the
 * old one costs several times as much: file systems then write out what they would have kept for later. It is held open,
 * and opened anew when its name leads elsewhere or nowhere. Used under a lock.
 */
export class HintFile {
  readonly #path: string
  #fd: number | undefined
  #dev = 0n
  #ino = 0n

  constructor(path: string) {
    this.#path = path
  }

  /** The file is made, 0600, when it is missing. @throws {StanchError} `E_DISK` */
  overwrite(bytes: Uint8Array): void {
    onDisk(this.#path, () => {
      const {fd, size} = this.#open()
      for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, done)
      if (size > bytes.length) ftruncateSync(fd, bytes.length)
    })
  }

  /** Lets go of the file; the next `overwrite` opens it again. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #open(): {fd: number; size: number} {
    if (this.#fd !== undefined) {
      const named = lstatSync(this.#path, {bigint: true, throwIfNoEntry: false})
      if (named?.ino === this.#ino && named.dev === this.#dev) return {fd: this.#fd, size: Number(named.size)}
      this.close()
    }
    const fd = openSync(this.#path, constants.O_WRONLY | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o600)
    this.#fd = fd
    const {dev, ino, size} = fstatSync(fd, {bigint: true})
    this.#dev = dev
    this.#ino = ino
    return {fd, size: Number(size)}
  }
}
