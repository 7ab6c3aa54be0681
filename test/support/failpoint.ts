import fs from 'node:fs'
import {syncBuiltinESMExports} from 'node:module'
import path from 'node:path'

/*
 * Loaded into a child with `--import`: ends it with SIGKILL at one moment, named by STANCH_FAILPOINT. Nothing of this is
 * in the program itself.
 *
 *   after-intent:ACTION    the intent is on disk, the request has not left
 *   before-outcome:ACTION  the answer is there, its record is not
 *   half-outcome:ACTION    as before, with the first half of the record written
 *   before-delivery:PATH   the new secret is in memory only
 */

const [moment, subject] = split(process.env['STANCH_FAILPOINT'] ?? '')
let armed = false

const {writeSync, fdatasyncSync, fsyncSync, openSync} = fs

function split(text: string): [string, string] {
  const colon = text.indexOf(':')
  return [text.slice(0, colon), text.slice(colon + 1)]
}

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  // The signal may be delivered a moment later: nothing more may happen until then.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  throw new Error('unreachable')
}

function isRecord(data: unknown, kind: string): boolean {
  const text =
    typeof data === 'string'
      ? data
      : Buffer.isBuffer(data) || data instanceof Uint8Array
        ? Buffer.from(data).toString('utf8')
        : ''
  return text.split('\n').some((line) => line.includes(`"kind":"${kind}"`) && line.includes(`"action":"${subject}"`))
}

fs.writeSync = ((fd: number, data: string | Uint8Array, ...rest: unknown[]) => {
  if (moment === 'after-intent' && isRecord(data, 'intent')) armed = true
  if (moment === 'before-outcome' && isRecord(data, 'outcome')) die()
  if (moment === 'half-outcome' && isRecord(data, 'outcome')) {
    const bytes = Buffer.from(data)
    writeSync(fd, bytes.subarray(0, Math.floor(bytes.length / 2)))
    die()
  }
  return (writeSync as (...args: unknown[]) => number)(fd, data, ...rest)
}) as typeof fs.writeSync

fs.fdatasyncSync = (fd) => {
  fdatasyncSync(fd)
  if (armed) die()
}

fs.fsyncSync = (fd) => {
  fsyncSync(fd)
  if (armed) die()
}

fs.openSync = ((file: fs.PathLike, ...rest: unknown[]) => {
  // The file may be made under a temporary name beside its own.
  const name = String(file)
  if (
    moment === 'before-delivery' &&
    path.dirname(name) === path.dirname(subject) &&
    path.basename(name).includes(path.basename(subject))
  )
    die()
  return (openSync as (...args: unknown[]) => number)(file, ...rest)
}) as typeof fs.openSync

syncBuiltinESMExports()
