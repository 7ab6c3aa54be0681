import {accessSync, closeSync, constants, openSync, readSync, realpathSync, statfsSync} from 'node:fs'

/** Most bytes of a file of the kernel that are read. */
const MAX_BYTES = 65_536

/** Text of a file that the kernel makes up as it is read (`/proc/...`; its size is said to be 0). Undefined where there is none. */
export function kernelFile(path: string): string | undefined {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY)
  } catch {
    return undefined
  }
  try {
    const room = Buffer.alloc(MAX_BYTES)
    let filled = 0
    while (filled < MAX_BYTES) {
      const read = readSync(fd, room, filled, MAX_BYTES - filled, null)
      if (read === 0) break
      filled += read
    }
    return room.toString('utf8', 0, filled)
  } catch {
    return undefined
  } finally {
    closeSync(fd)
  }
}

/** Bytes that this user may still write on the file system of `folder`. Undefined when nobody says. */
export function freeBytes(folder: string): number | undefined {
  try {
    const {bavail, bsize} = statfsSync(folder)
    return bavail * bsize
  } catch {
    return undefined
  }
}

/** True when this user may make files in `folder`, as far as its mode says. Writes nothing. */
export function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The path without symbolic links; as it is where that cannot be found out. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
