import {closeSync, constants, fchmodSync, openSync, statSync} from 'node:fs'
import type {DatabaseSync} from 'node:sqlite'

import {StanchError, systemCode} from '../errors.ts'
import {onDisk} from './write.ts'

/** SQLite's result code for a lock that another connection holds. */
const SQLITE_BUSY = 5
const MAX_REOPEN = 10

/**
 * An exclusive lock between processes (and between two holders in one process) that the kernel releases when its
 * process dies. It is SQLite's own file lock: Node has no other one. The file holds no data.
 */
export class Lock {
  readonly #path: string
  readonly #timeoutMs: number
  #database: DatabaseSync | undefined
  #inode = 0n
  #held = false

  constructor(path: string, timeoutMs: number) {
    this.#path = path
    this.#timeoutMs = timeoutMs
  }

  /** Runs `work` while no other holder can; inside it the same holder may hold again. @throws {StanchError} `E_LOCKED`, `E_DISK`, `E_MISSING` */
  hold<T>(work: () => T): T {
    if (this.#held) return work()
    const database = this.#acquire()
    this.#held = true
    try {
      return work()
    } finally {
      this.#held = false
      // Nothing was written in the transaction; there is nothing to lose by ending it.
      if (database.isTransaction) database.exec('ROLLBACK')
    }
  }

  /** Takes it until `close`, or until this process dies. @throws {StanchError} `E_LOCKED`, `E_DISK`, `E_MISSING` */
  take(): void {
    this.#acquire()
    this.#held = true
  }

  close(): void {
    this.#held = false
    this.#database?.close()
    this.#database = undefined
  }

  #acquire(): DatabaseSync {
    for (let attempt = 0; attempt < MAX_REOPEN; attempt++) {
      const fresh = this.#database === undefined
      const database = this.#open()
      try {
        // Nothing is ever written, yet SQLite would make and remove a journal file each time: four times the cost.
        if (fresh) database.exec('PRAGMA journal_mode=MEMORY')
        database.exec('BEGIN EXCLUSIVE')
        if (inodeOf(this.#path) === this.#inode) return database
      } catch (cause) {
        if ((cause as {errcode?: unknown}).errcode === SQLITE_BUSY) {
          if (fresh) this.close()
          throw this.#busy(cause)
        }
        if (inodeOf(this.#path) === this.#inode) throw this.#failed(cause)
      }
      // Somebody removed or replaced the file: the lock of the old one is worth nothing, no other process looks at it.
      this.close()
    }
    throw new StanchError('E_LOCKED', `${this.#path} is being replaced again and again.`)
  }

  #open(): DatabaseSync {
    if (this.#database) return this.#database
    createPrivate(this.#path)
    try {
      const {DatabaseSync: Database} = loadSqlite()
      this.#inode = inodeOf(this.#path)
      this.#database = new Database(this.#path, {timeout: this.#timeoutMs})
    } catch (cause) {
      throw this.#failed(cause)
    }
    return this.#database
  }

  #busy(cause: unknown): StanchError {
    return new StanchError('E_LOCKED', `${this.#path} is held by another process.`, {
      cause,
      hint: 'Another stanch is writing. Wait until it is done, then repeat this step.',
    })
  }

  #failed(cause: unknown): StanchError {
    return new StanchError('E_DISK', `${this.#path} cannot be used as a lock.`, {cause})
  }
}

/** One-off form of `Lock`. `timeoutMs` is the longest wait. @throws {StanchError} `E_LOCKED`, `E_DISK` */
export function withLock<T>(path: string, timeoutMs: number, work: () => T): T {
  const lock = new Lock(path, timeoutMs)
  try {
    return lock.hold(work)
  } finally {
    lock.close()
  }
}

/**
 * Loaded at the first lock and not at the top: only commands that write the trail pay for it. Node 22 announces on
 * standard error that the module is experimental; of its interface the lock uses what has not changed since.
 */
function loadSqlite(): typeof import('node:sqlite') {
  // oxlint-disable-next-line typescript/unbound-method -- it is put back, not called
  const {emitWarning} = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}

function inodeOf(path: string): bigint {
  try {
    return statSync(path, {bigint: true}).ino
  } catch {
    return -1n
  }
}

/**
 * SQLite would create the file with the umask's mode. An existing file is not opened here: closing a descriptor
 * drops every POSIX lock that this process holds on that file.
 */
function createPrivate(path: string): void {
  onDisk(path, () => {
    let fd: number
    try {
      fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return
      if (systemCode(error) === 'ENOENT')
        throw new StanchError('E_MISSING', `The folder of ${path} is missing: it was deleted or moved.`)
      throw error
    }
    fchmodSync(fd, 0o600)
    closeSync(fd)
  })
}
