import {isAscii, isUtf8} from 'node:buffer'
import {hash} from 'node:crypto'

import {visitBlocks} from '../files/line-blocks.ts'
import {leafHashOfBytes} from './format/record.ts'

const LF = 0x0a

/** A line of a log where it lies in memory; valid only while its visitor runs. */
export class HashedLine {
  #block: Buffer = Buffer.alloc(0)
  #from = 0
  #end = 0
  #encoding: 'latin1' | 'utf8' | undefined
  /** hex leaf hash of its bytes */
  leaf = ''

  set(block: Buffer, from: number, end: number, encoding: 'latin1' | 'utf8' | undefined, leaf: string): void {
    this.#block = block
    this.#from = from
    this.#end = end
    this.#encoding = encoding
    this.leaf = leaf
  }

  /** bytes without LF */
  get length(): number {
    return this.#end - this.#from
  }

  /** A copy of the bytes, without LF. */
  bytes(): Buffer {
    return Buffer.from(this.#block.subarray(this.#from, this.#end))
  }

  /** Undefined when the bytes are not UTF-8. */
  text(): string | undefined {
    if (this.#encoding !== undefined) return this.#block.toString(this.#encoding, this.#from, this.#end)
    const bytes = this.#block.subarray(this.#from, this.#end)
    return isUtf8(bytes) ? bytes.toString('utf8') : undefined
  }

  /** `length` bytes from `from`, fewer where the line ends, one character each. */
  part(from: number, length: number): string {
    const start = this.#from + from
    return this.#block.toString('latin1', Math.min(start, this.#end), Math.min(start + length, this.#end))
  }
}

/**
 * Visits the whole lines of a file with their leaf hashes. The hash is taken where the line lies: the LF before it is
 * overwritten by the 0x00 that a leaf begins with, which saves copying every record.
 *
 * @returns how many bytes follow the last LF
 */
export function visitLines(path: string, visit: (line: HashedLine) => void): number {
  const line = new HashedLine()
  return visitBlocks(path, (block) => {
    const encoding = isAscii(block) ? 'latin1' : isUtf8(block) ? 'utf8' : undefined
    for (let from = 0; from < block.length;) {
      const end = block.indexOf(LF, from)
      line.set(block, from, end, encoding, leafAt(block, from, end))
      visit(line)
      from = end + 1
    }
  })
}

function leafAt(block: Buffer, from: number, end: number): string {
  if (from === 0) return leafHashOfBytes(block.subarray(0, end))
  block[from - 1] = 0
  return hash('sha256', block.subarray(from - 1, end), 'hex')
}
