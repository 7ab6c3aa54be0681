import {StanchError} from '../errors.ts'
import {lineBlocks} from '../files/line-blocks.ts'
import {fileStat} from '../files/read.ts'
import {leafHash, NO_PREVIOUS, parseRecord, type StoredRecord} from './format/record.ts'
import {SEGMENT, segmentPath} from './layout.ts'

/** A record with its bytes and what they hash to. */
export interface ReadRecord {
  readonly record: StoredRecord
  /** without LF */
  readonly line: string
  /** hex leaf hash */
  readonly leaf: string
}

const utf8 = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true})

/**
 * Reads a log from record 0 and remembers where it stopped, so that it can be asked again for what was appended since,
 * by this process or others. Takes no lock and changes no byte. Memory is one block of a file.
 *
 * It checks that each record is the next one of the chain, because what it gives out is passed on as a copy; it checks
 * no signature: that is `verifyFolder`.
 */
export class TrailReader {
  readonly #log: string
  #next = 0
  #segment = 0
  #offset = 0
  #leaf = NO_PREVIOUS

  constructor(log: string) {
    this.#log = log
  }

  /** Records read so far. */
  get records(): number {
    return this.#next
  }

  /** Hex leaf hash of the last record that was read. */
  get lastLeaf(): string {
    return this.#leaf
  }

  /**
   * The whole lines that are on the disk now and were not read yet. A torn last line is left for the next time.
   *
   * @param wanted looks at the text of a line; others are checked for their place, but neither parsed nor given out
   * @throws {StanchError} `E_CHAIN` for a line that is not the next record; `E_SHRUNK` when the file lost what was read
   */
  *available(wanted: (line: string) => boolean = () => true): Generator<ReadRecord, void, void> {
    for (;;) {
      const path = segmentPath(this.#log, this.#segment)
      const stat = fileStat(path)
      if (!stat) {
        if (this.#offset > 0) throw new StanchError('E_MISSING', `${path} is missing: it was deleted or moved.`)
        return
      }
      if (stat.size < this.#offset) throw new StanchError('E_SHRUNK', `${path} is shorter than what was read from it.`)
      for (const block of lineBlocks(path, this.#offset)) {
        for (let from = 0; from < block.length;) {
          const end = block.indexOf(0x0a, from)
          const line = this.#take(block.subarray(from, end))
          this.#offset += end + 1 - from
          if (wanted(line)) yield {record: recordOf(line, this.#next - 1), line, leaf: this.#leaf}
          from = end + 1
        }
      }
      if (this.#next < this.#segment + SEGMENT) return
      this.#segment = this.#next
      this.#offset = 0
    }
  }

  /** A canonical line begins with its number and the leaf hash before it: no need to parse what is only passed by. */
  #take(bytes: Buffer): string {
    let line: string
    try {
      line = utf8.decode(bytes)
    } catch (cause) {
      throw broken(this.#next, 'it is not UTF-8', cause)
    }
    if (this.#next >= this.#segment + SEGMENT) throw broken(this.#next, 'its segment is too long')
    if (!line.startsWith(`{"v":1,"seq":${this.#next},"prev":"${this.#leaf}",`))
      throw broken(this.#next, 'it does not follow the record before it')
    this.#leaf = leafHash(line)
    this.#next++
    return line
  }
}

function recordOf(line: string, seq: number): StoredRecord {
  try {
    return parseRecord(line)
  } catch (cause) {
    throw broken(seq, (cause as Error).message.replace(/\.$/, ''), cause)
  }
}

function broken(seq: number, why: string, cause?: unknown): StanchError {
  return new StanchError('E_CHAIN', `Record ${seq} cannot be passed on: ${why}.`, {cause, hint: 'Run: stanch audit verify'})
}
