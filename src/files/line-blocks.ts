import {closeSync, readSync} from 'node:fs'

import {StanchError} from '../errors.ts'
import {openToRead} from './read.ts'

const BLOCK = 1 << 20
const LF = 0x0a

/** Memory of an earlier `visitBlocks`: one of the next file's would stay around until the garbage is collected. */
let spare: Buffer | undefined

/**
 * Reads a file of lines in blocks that hold whole lines, each ended by LF. Memory is one block, plus what follows the
 * last LF of the file, which is the generator's return value (at most `maxRest` bytes).
 *
 * @param from byte offset of the first line
 * @throws {StanchError} `input.unreadable`; `input.too_large` when more than `maxRest` bytes have no LF
 */
export function* lineBlocks(path: string, from = 0, maxRest = 64 << 20): Generator<Buffer, Buffer, void> {
  const fd = openToRead(path)
  try {
    let rest = Buffer.alloc(0)
    for (let at = from; ;) {
      const block = Buffer.allocUnsafe(BLOCK)
      const read = readSync(fd, block, 0, BLOCK, at)
      if (read === 0) return rest
      at += read
      const bytes = rest.length === 0 ? block.subarray(0, read) : Buffer.concat([rest, block.subarray(0, read)])
      const end = bytes.lastIndexOf(LF) + 1
      if (end > 0) yield bytes.subarray(0, end)
      rest = bytes.subarray(end)
      if (rest.length > maxRest) throw new StanchError('input.too_large', `${path} has a line of more than ${maxRest} bytes.`)
    }
  } finally {
    closeSync(fd)
  }
}

/**
 * As `lineBlocks`, with one piece of memory for all blocks: what `visit` is given is valid only until it returns, and
 * it may write into it.
 *
 * @returns how many bytes follow the last LF
 * @throws {StanchError} `input.unreadable`; `input.too_large` when more than `maxRest` bytes have no LF
 */
export function visitBlocks(path: string, visit: (block: Buffer) => void, maxRest = 64 << 20): number {
  const fd = openToRead(path)
  let room = spare ?? Buffer.allocUnsafe(2 * BLOCK)
  spare = undefined
  try {
    let filled = 0
    for (;;) {
      if (room.length - filled < BLOCK) room = Buffer.concat([room.subarray(0, filled), Buffer.allocUnsafe(room.length)])
      const read = readSync(fd, room, filled, BLOCK, null)
      if (read === 0) return filled
      const end = room.subarray(filled, filled + read).lastIndexOf(LF) + 1
      filled += read
      if (end > 0) {
        const whole = filled - read + end
        visit(room.subarray(0, whole))
        room.copyWithin(0, whole, filled)
        filled -= whole
      }
      if (filled > maxRest) throw new StanchError('input.too_large', `${path} has a line of more than ${maxRest} bytes.`)
    }
  } finally {
    if (room.length === 2 * BLOCK) spare = room
    closeSync(fd)
  }
}

/**
 * The whole lines of a file from its end to its beginning, without their LF. Bytes after the last LF are left out.
 *
 * @throws {StanchError} `input.unreadable`
 */
export function* linesFromEnd(path: string, size: number, blockSize = 65_536): Generator<string, void, void> {
  const fd = openToRead(path)
  try {
    let later = Buffer.alloc(0)
    let torn = true
    for (let at = size; at > 0;) {
      const length = Math.min(blockSize, at)
      at -= length
      const block = Buffer.allocUnsafe(length)
      const read = readSync(fd, block, 0, length, at)
      later = Buffer.concat([block.subarray(0, read), later])
      for (let lf = later.lastIndexOf(LF); lf >= 0; lf = later.lastIndexOf(LF)) {
        if (!torn) yield later.toString('utf8', lf + 1)
        torn = false
        later = later.subarray(0, lf)
      }
    }
    if (!torn) yield later.toString('utf8')
  } finally {
    closeSync(fd)
  }
}
