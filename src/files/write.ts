import {randomBytes} from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import {basename, dirname, join} from 'node:path'

import {StanchError, systemCode} from '../errors.ts'
import {listFolder} from './read.ts'

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
const COPY_BLOCK = 1 << 20
const ERASED_BYTES = 65_536
/** Random for each process, and counted: a fresh name without asking for random bytes at each append to the trail. */
const OWN = randomBytes(4).toString('hex')
let temporaries = 0
const TEMPORARY = /^\..+\.[0-9a-f]{12}\.tmp$/

/** Makes the folder and its missing parents, 0700, each one durable in its parent. @throws {StanchError} `E_DISK` */
export function ensureFolder(path: string): void {
  onDisk(path, () => makeFolder(path))
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, {mode: 0o700})
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EEXIST' && statSync(path).isDirectory()) return
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    makeFolder(dirname(path))
    mkdirSync(path, {mode: 0o700})
  }
  syncFolderRaw(dirname(path))
}

/**
 * Replaces `path` by these bytes, all or nothing: after a crash or power cut the old content or the new is there, and
 * once this returns it is the new. The file's mode is `mode` whatever the umask says.
 *
 * @throws {StanchError} `E_DISK`
 */
export function writeDurably(path: string, bytes: Uint8Array | string, mode = 0o600): void {
  onDisk(path, () => {
    throughTemp(path, mode, (fd) => {
      writeAll(fd, bytes)
      fsyncSync(fd)
    })
    syncFolderRaw(dirname(path))
  })
}

/**
 * Replaces `path` atomically but leaves it to the system when the bytes reach the disk: after a power cut the file may
 * be the old one, empty or missing. For hints that are checked before they are believed.
 *
 * @throws {StanchError} `E_DISK`
 */
export function replaceUnsynced(path: string, bytes: Uint8Array | string): void {
  onDisk(path, () => throughTemp(path, 0o600, (fd) => writeAll(fd, bytes)))
}

/** What `link` says on file systems that have none. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

/**
 * Creates `path` durably and refuses one that exists. Its name appears with the whole content or not at all: a crash
 * leaves at most a temporary file, which `removeTemporaries` knows. @throws {StanchError} `E_DISK`
 */
export function createExclusive(path: string, bytes: Uint8Array | string, mode = 0o600): void {
  onDisk(path, () => {
    const temp = temporaryName(path)
    try {
      fillNew(temp, bytes, mode)
      try {
        linkSync(temp, path)
      } catch (error) {
        if (!NO_LINKS.includes(systemCode(error) ?? '')) throw error
        fillNew(path, bytes, mode)
      }
    } finally {
      removeQuietly(temp)
    }
    syncFolderRaw(dirname(path))
  })
}

function fillNew(path: string, bytes: Uint8Array | string, mode: number): void {
  const fd = openSync(path, NEW_FILE, mode)
  try {
    fchmodSync(fd, mode)
    writeAll(fd, bytes)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Removes what a killed process left of its attempts to make this one file. @throws {StanchError} `E_DISK` */
export function removeTemporaries(path: string): void {
  for (const file of temporariesOf(path)) removeFile(file)
}

/** What a killed process left of its attempts to make this one file. @throws {StanchError} `input.unreadable` */
export function temporariesOf(path: string): string[] {
  const start = `.${basename(path)}.`
  return listFolder(dirname(path))
    .filter((name) => name.startsWith(start) && TEMPORARY.test(name) && name.length === start.length + 16)
    .map((name) => join(dirname(path), name))
}

/**
 * Writes the first `length` bytes of a file anew under the same name. After a failed sync the page cache may show
 * bytes that never reached the disk and are marked clean; only a fresh file puts them there.
 *
 * @throws {StanchError} `E_DISK`
 */
export function rewriteDurably(path: string, length: number): void {
  onDisk(path, () => {
    const from = openSync(path, constants.O_RDONLY)
    try {
      throughTemp(path, 0o600, (fd) => {
        const block = Buffer.allocUnsafe(Math.max(1, Math.min(COPY_BLOCK, length)))
        for (let at = 0; at < length;) {
          const read = readSync(from, block, 0, Math.min(block.length, length - at), at)
          if (read === 0) break
          writeAll(fd, block.subarray(0, read))
          at += read
        }
        fsyncSync(fd)
      })
    } finally {
      closeSync(from)
    }
    syncFolderRaw(dirname(path))
  })
}

/**
 * Renames `from` over `to`, durably, and then overwrites what `to` was: best effort, a disk may keep copies that nobody
 * can reach by name. `from` lies in the same folder and is durable already.
 *
 * @throws {StanchError} `E_DISK`
 */
export function replaceAndErase(from: string, to: string): void {
  onDisk(to, () => {
    const old = openSync(to, constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0))
    try {
      renameSync(from, to)
      // Only when the new name is durable may the old bytes go: a power cut before that brings the old file back.
      syncFolderRaw(dirname(to))
      overwrite(old)
    } finally {
      closeSync(old)
    }
  })
}

/** Overwrites a file and removes it; one that is not there is no error. @throws {StanchError} `E_DISK` */
export function eraseFile(path: string): void {
  onDisk(path, () => {
    let fd: number
    try {
      fd = openSync(path, constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0))
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return
      throw error
    }
    try {
      overwrite(fd)
      unlinkSync(path)
    } finally {
      closeSync(fd)
    }
    syncFolderRaw(dirname(path))
  })
}

function overwrite(fd: number): void {
  writeAll(fd, randomBytes(Math.min(ERASED_BYTES, fstatSync(fd).size)))
  fsyncSync(fd)
}

/** Moves a file or folder to a new name in the same folder that nothing has yet; durable. @throws {StanchError} `E_DISK` */
export function moveAside(from: string, to: string): void {
  onDisk(to, () => {
    if (statSync(to, {throwIfNoEntry: false})) throw new StanchError('E_DISK', `${to} exists already.`)
    renameSync(from, to)
    syncFolderRaw(dirname(to))
  })
}

/** Removes a file; one that is not there is no error. @throws {StanchError} `E_DISK` */
export function removeFile(path: string): void {
  onDisk(path, () => {
    try {
      unlinkSync(path)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
    }
  })
}

/**
 * Removes the temporary files that a killed process left in a folder. Only for folders that are written under a lock,
 * held by the caller: elsewhere it might be somebody's file on its way. @throws {StanchError} `E_DISK`
 */
export function removeLeftovers(folder: string): void {
  for (const name of listFolder(folder)) if (TEMPORARY.test(name)) removeFile(join(folder, name))
}

/** Makes the names in a folder durable. @throws {StanchError} `E_DISK` */
export function syncFolder(path: string): void {
  onDisk(path, () => syncFolderRaw(path))
}

/** Writes, syncs and removes 64 kB in `folder`: is there room, and may we? @throws {StanchError} `E_DISK` */
export function writableProbe(folder: string): void {
  const path = join(folder, `.probe.${randomBytes(6).toString('hex')}.tmp`)
  onDisk(folder, () => {
    try {
      const fd = openSync(path, NEW_FILE, 0o600)
      try {
        writeAll(fd, Buffer.alloc(65_536))
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
    } finally {
      removeQuietly(path)
    }
  })
}

/** Runs `work` and turns the system's error into E_DISK with the path and the error's name. */
export function onDisk<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof StanchError) throw cause
    const code = systemCode(cause)
    throw new StanchError('E_DISK', `${path} cannot be written (${code ?? 'unknown error'}).`, {
      cause,
      hint:
        code === 'ENOSPC' || code === 'EDQUOT' ? 'The disk is full: free some space, or name another data folder.' : undefined,
    })
  }
}

/** Writes every byte, going on after a short write. `fd` is positioned or opened for appending. */
export function writeAll(fd: number, bytes: Uint8Array | string): void {
  const all = typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes
  for (let done = 0; done < all.length;) done += writeSync(fd, all, done, all.length - done)
}

function temporaryName(path: string): string {
  temporaries = (temporaries + 1) % 0x10000
  return join(dirname(path), `.${basename(path)}.${OWN}${temporaries.toString(16).padStart(4, '0')}.tmp`)
}

function throughTemp(path: string, mode: number, fill: (fd: number) => void): void {
  const temp = temporaryName(path)
  try {
    const fd = openSync(temp, NEW_FILE, mode)
    try {
      fchmodSync(fd, mode)
      fill(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temp, path)
  } catch (error) {
    removeQuietly(temp)
    throw error
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // It was never made, or the disk is gone: the error that brought us here is the one that matters.
  }
}

function syncFolderRaw(path: string): void {
  // Windows has no sync of a folder.
  if (process.platform === 'win32') return
  const fd = openSync(path, constants.O_RDONLY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
