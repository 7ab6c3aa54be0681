import {StanchError} from '../errors.ts'
import {fileStat} from '../files/read.ts'
import {HashLevels} from './format/hash-levels.ts'
import {SEGMENT, segmentPath} from './layout.ts'
import {visitLines} from './hashed-lines.ts'

/**
 * Makes proofs for a log on disk. It reads the log once and what was appended since at each call; 64 bytes of memory
 * for each record. It does not verify what it reads: a proof of altered records leads to no signed root.
 */
export class LogProofs {
  readonly #log: string
  readonly #tree = new HashLevels()
  #segment = 0

  constructor(log: string) {
    this.#log = log
  }

  /** The tree over at least `size` records. @throws {StanchError} `usage.invalid` when the log is shorter */
  upTo(size: number): HashLevels {
    if (this.#tree.size < size) this.#read()
    if (this.#tree.size < size) throw new StanchError('usage.invalid', `The trail has ${this.#tree.size} records, not ${size}.`)
    return this.#tree
  }

  /** Path of record `seq` in the tree of `size`, hex, leaf side first. */
  inclusion(seq: number, size: number): string[] {
    if (!Number.isSafeInteger(seq) || seq < 0 || seq >= size)
      throw new StanchError('usage.invalid', `No record ${seq} in a tree of ${size}.`)
    return this.upTo(size).inclusion(seq, size)
  }

  /** Proof that the tree of `size` extends that of `older`, hex. */
  consistency(older: number, size: number): string[] {
    if (!Number.isSafeInteger(older) || older < 0 || older > size)
      throw new StanchError('usage.invalid', `No tree of ${older} in one of ${size}.`)
    return this.upTo(size).consistency(older, size)
  }

  #read(): void {
    for (;;) {
      const path = segmentPath(this.#log, this.#segment)
      if (!fileStat(path)) return
      let seq = this.#segment
      visitLines(path, (line) => {
        if (seq++ >= this.#tree.size) this.#tree.add(line.leaf)
      })
      if (this.#tree.size < this.#segment + SEGMENT) return
      this.#segment += SEGMENT
    }
  }
}
