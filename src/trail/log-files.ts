import {hash} from 'node:crypto'

import {isCode, StanchError} from '../errors.ts'
import {AppendFile} from '../files/append-file.ts'
import {lineBlocks} from '../files/line-blocks.ts'
import {fileStat, readIfPresent} from '../files/read.ts'
import {rewriteDurably, syncFolder} from '../files/write.ts'
import {putEvidence} from './evidence.ts'
import {type Checkpoint, parseCheckpoint} from './format/checkpoint.ts'
import type {Json} from './format/members.ts'
import {leafHash, type StoredRecord} from './format/record.ts'
import {checkpointPath, MAX_CHECKPOINT_BYTES, recordsFolder, SEGMENT, segmentPath, tipPath} from './layout.ts'
import type {LogState} from './log-state.ts'

export interface Written {
  readonly record: StoredRecord
  readonly line: string
  readonly leaf: string
}

interface Signed {
  readonly checkpoint: Checkpoint
  readonly believed: () => boolean
}

/** The open segment of a log and what is known of the log, kept in step with what other writers do. Used under the lock. */
export class LogFiles {
  readonly #log: string
  readonly #state: LogState
  #segment: AppendFile
  /** what this writer wrote last, ending with its newest record */
  #written = Buffer.alloc(0)
  /** What `log.recovered` has to say before the next record. */
  recovered: {readonly [member: string]: Json} | undefined

  constructor(log: string, state: LogState, segment: AppendFile) {
    this.#log = log
    this.#state = state
    this.#segment = segment
  }

  /** First look at a log that was just read: whatever no signature covers is put on the disk anew and will be marked. */
  settleTail(): void {
    this.#recoverTail(this.#readSigned())
  }

  close(): void {
    this.#segment.close()
  }

  /** Is the file still ours, and has somebody written since? */
  catchUp(): void {
    const look = this.#segment.look()
    if (look.replaced) this.#adopt()
    else if (look.size < this.#state.offset)
      throw new StanchError('E_SHRUNK', `${this.#segment.path} is shorter than what was written to it.`)
    else this.#checkLast()
    const full = this.#state.size === this.#state.segment + SEGMENT
    // After an adoption the offset is that of the new file; the size is the same look's.
    const grown = look.size > this.#state.offset
    if (!grown && !(full && fileStat(segmentPath(this.#log, this.#state.size)))) return
    const signed = this.#readSigned()
    this.#state.fold(
      this.#log,
      signed.map(({checkpoint, believed}) => ({
        what: 'the signed state of another writer',
        size: checkpoint.size,
        root: checkpoint.root,
        behind: 'E_ROLLED_BACK',
        differs: 'E_FORKED',
        believed,
      })),
      0,
    )
    this.#reopen()
    this.#recoverTail(signed)
  }

  #checkLast(): void {
    const {offset, length} = this.#state.last
    if (length === 0) return
    const line = this.#segment.read(offset, length + 1)
    // The same bytes have the same hash; after the record of another writer they differ, and the hash decides.
    if (this.#written.subarray(-(length + 1)).equals(line)) return
    if (line.at(-1) !== 0x0a || leafHash(line.toString('utf8', 0, length)) !== this.#state.lastLeaf) {
      throw new StanchError('E_CHAIN', `Record ${this.#state.size - 1} is not what was written.`)
    }
  }

  /** Another file has the segment's name. Good, if a writer recovered and our last record is still there in its place. */
  #adopt(): void {
    const state = this.#state
    const index = state.size - 1 - state.segment
    let seen = 0
    let offset = 0
    if (index >= 0) {
      for (const block of lineBlocks(this.#segment.path)) {
        for (let from = 0; from < block.length && seen <= index; seen++) {
          const end = block.indexOf(0x0a, from)
          if (seen === index && leafHash(block.toString('utf8', from, end)) === state.lastLeaf) {
            state.last = {offset: offset + from, length: end - from}
            state.offset = offset + end + 1
            this.#reopen()
            return
          }
          from = end + 1
        }
        if (seen > index) break
        offset += block.length
      }
    }
    throw new StanchError('E_REPLACED', `${this.#segment.path} was replaced by another file.`)
  }

  #reopen(): void {
    this.#segment.close()
    this.#segment = AppendFile.open(segmentPath(this.#log, this.#state.segment))
  }

  /** Signed states of the log; whether they are ours is known only when the records before them are. */
  #readSigned(): Signed[] {
    return [tipPath(this.#log), checkpointPath(this.#log)].flatMap((path, i) => {
      const checkpoint = readCheckpoint(path)
      return checkpoint ? [{checkpoint, believed: () => this.#state.signatureProblem(checkpoint, i === 0) === undefined}] : []
    })
  }

  /**
   * Records beyond the signed size mean that a writer died in the middle of an append, or that somebody without keys
   * appended; bytes that are no line are a torn append. The file is written anew, because after a failed sync its end
   * may exist in memory only, and the next append says what was found.
   */
  #recoverTail(signed: readonly Signed[]): void {
    const state = this.#state
    const signedSize = Math.max(0, ...signed.filter(({believed}) => believed()).map(({checkpoint}) => checkpoint.size))
    const torn = this.#segment.read(state.offset, this.#segment.look().size - state.offset)
    if (torn.length === 0 && state.size <= signedSize) return
    // A torn append may hold anything; what looks like a secret is dropped, its digest is kept.
    const sha256 = torn.length > 0 ? storeTorn(this.#log, torn) : undefined
    for (
      let first = Math.floor(Math.min(signedSize, state.segment) / SEGMENT) * SEGMENT;
      first <= state.segment;
      first += SEGMENT
    ) {
      const path = segmentPath(this.#log, first)
      rewriteDurably(path, first === state.segment ? state.offset : (fileStat(path)?.size ?? 0))
    }
    this.#reopen()
    this.recovered = {
      signed_size: Math.min(signedSize, state.size),
      tail_from: state.size,
      torn_bytes: torn.length,
      ...(sha256 === undefined ? {} : {torn_sha256: sha256}),
    }
  }

  /** Writes a group at the end and syncs it, through as many segments as it takes. */
  write(group: readonly Written[]): void {
    const state = this.#state
    for (let next = 0; next < group.length;) {
      if (state.size === state.segment + SEGMENT) this.#nextSegment()
      const part = group.slice(next, next + state.segment + SEGMENT - state.size)
      const bytes = Buffer.from(part.map(({line}) => `${line}\n`).join(''))
      this.#segment.append(bytes)
      this.#written = bytes
      for (const {record, line, leaf} of part) state.add(record, leaf, Buffer.byteLength(line))
      next += part.length
    }
  }

  #nextSegment(): void {
    const path = segmentPath(this.#log, this.#state.size)
    // An empty one may be left from a writer that died right here.
    const next = fileStat(path)?.size === 0 ? AppendFile.open(path) : AppendFile.create(path)
    syncFolder(recordsFolder(this.#log))
    this.#segment.close()
    this.#segment = next
    this.#state.enterSegment(this.#state.size)
  }
}

/** Undefined when it is missing, empty or not a checkpoint. */
export function readCheckpoint(path: string): Checkpoint | undefined {
  try {
    const bytes = readIfPresent(path, MAX_CHECKPOINT_BYTES)
    return bytes && parseCheckpoint(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

function storeTorn(log: string, torn: Buffer): string {
  try {
    return putEvidence(log, torn)
  } catch (error) {
    if (!isCode(error, 'E_SECRET')) throw error
    return hash('sha256', torn, 'hex')
  }
}
