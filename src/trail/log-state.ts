import {StanchError} from '../errors.ts'
import {lineBlocks} from '../files/line-blocks.ts'
import {fileStat} from '../files/read.ts'
import {type Checkpoint, signatureProblem} from './format/checkpoint.ts'
import {Continuity} from './format/continuity.ts'
import {Epochs} from './format/epochs.ts'
import {leafHash, NO_PREVIOUS, parseRecord, type StoredRecord} from './format/record.ts'
import {Frontier} from './format/tree.ts'
import {parseVkey, type VerifierKey} from './format/vkey.ts'
import {SEGMENT, segmentPath} from './layout.ts'

/** Somebody signed or remembers this root for this size. */
export interface Claim {
  readonly what: string
  readonly size: number
  readonly root: string
  /** when the log is smaller */
  readonly behind: 'E_ROLLED_BACK'
  /** when the log has another root at that size */
  readonly differs: 'E_TAMPERED' | 'E_FORKED'
  /** asked when the records up to its size are known, or the log has ended before: false makes it say nothing */
  readonly believed?: (() => boolean) | undefined
}

/** What a writer knows of a log after reading it up to `offset` of the segment that begins at `segment`. */
export class LogState {
  frontier = new Frontier()
  continuity = new Continuity()
  epochs = new Epochs()
  origin = ''
  vkey = ''
  mode = ''
  lastLeaf = NO_PREVIOUS
  /** index of the first record of the open segment */
  segment = 0
  /** bytes of the open segment that are whole records */
  offset = 0
  /** where the last record lies in it; length 0 when the segment is empty */
  last = {offset: 0, length: 0}

  #identity: VerifierKey | undefined

  get size(): number {
    return this.frontier.size
  }

  /**
   * What is wrong with the signatures of a checkpoint of this log, if anything.
   *
   * @param tip the identity line may be missing in a tip
   */
  signatureProblem(checkpoint: Checkpoint, tip = false): string | undefined {
    if (checkpoint.origin !== this.origin) return 'checkpoint of another log'
    this.#identity ??= parseVkey(this.vkey)
    const epoch = this.epochs.inForce(checkpoint.size)
    const byIdentity = signatureProblem(checkpoint, this.#identity)
    const problem = tip && byIdentity?.startsWith('no signature') ? undefined : byIdentity
    return problem ?? (epoch ? signatureProblem(checkpoint, epoch) : 'no signature by the epoch in force')
  }

  /**
   * Folds in what the files hold beyond what is known, through as many segments as there are. Stops at bytes that
   * are no whole line: the caller finds them behind `offset`.
   *
   * @param trusted records below this index are vouched for by a signed claim; only their hashes are checked here
   * @throws {StanchError} `E_CHAIN`, or the code of the claim that does not hold
   */
  fold(log: string, claims: readonly Claim[], trusted: number): void {
    const due = claims.filter((claim) => claim.size >= this.size).toSorted((a, b) => a.size - b.size)
    this.#settle(due)
    for (;;) {
      const path = segmentPath(log, this.segment)
      if (!this.#foldFile(path, due, trusted)) break
      if (this.size !== this.segment + SEGMENT || !fileStat(segmentPath(log, this.size))) break
      this.enterSegment(this.size)
    }
    for (const claim of due) {
      if (claim.believed?.() === false) continue
      throw new StanchError(
        claim.behind,
        `The log has ${this.size} records, but ${claim.what} has ${claim.size}: it was cut or rolled back.`,
      )
    }
  }

  enterSegment(first: number): void {
    this.segment = first
    this.offset = 0
    this.last = {offset: 0, length: 0}
  }

  /** Takes one record that is known to be right; `bytes` is its length without LF. */
  add(record: StoredRecord, leaf: string, bytes: number): void {
    this.frontier.add(leaf)
    this.lastLeaf = leaf
    this.last = {offset: this.offset, length: bytes}
    this.offset += bytes + 1
    if (record.kind === 'log.open') this.#begin(record)
    if (record.kind === 'log.open' || record.kind === 'key.epoch') {
      const problem = this.epochs.announce(record, this.origin)
      if (problem !== undefined) throw new StanchError('E_CHAIN', `Record ${record.seq}: ${problem}.`)
    }
  }

  #begin(record: StoredRecord): void {
    if (record['format'] !== 'stanch-audit/1') {
      throw new StanchError(
        'E_CHAIN',
        `The log has the format ${JSON.stringify(record['format'])}; this program knows stanch-audit/1.`,
      )
    }
    this.origin = String(record['origin'])
    this.vkey = String(record['vkey'])
    this.mode = String(record['mode'])
  }

  /** @returns false when it stopped at a torn line */
  #foldFile(path: string, due: Claim[], trusted: number): boolean {
    // Files of one write are re-read from the last whole line, so a block always begins with a line.
    for (const block of lineBlocks(path, this.offset)) {
      for (let from = 0; from < block.length;) {
        const end = block.indexOf(0x0a, from)
        const bytes = block.subarray(from, end)
        // A power cut may leave zeros where a write was on its way: no JSON has them, so this is a torn line too.
        if (this.size >= trusted && bytes.includes(0)) return false
        this.#foldLine(bytes, due, trusted)
        from = end + 1
      }
    }
    return true
  }

  #foldLine(bytes: Buffer, due: Claim[], trusted: number): void {
    const seq = this.size
    if (seq >= this.segment + SEGMENT) throw new StanchError('E_CHAIN', `The segment of record ${this.segment} is too long.`)
    const line = decode(bytes, seq)
    const record = seq < trusted ? lenient(line, seq) : strict(line, seq, this.lastLeaf)
    if (seq >= trusted) {
      const problem = this.continuity.problem(record)
      if (problem) throw new StanchError('E_CHAIN', `Record ${seq}: ${problem.kind} (${problem.detail}).`)
    }
    const leaf = leafHash(line)
    this.continuity.apply(record, leaf)
    this.add(record, leaf, bytes.length)
    this.#settle(due)
  }

  #settle(due: Claim[]): void {
    for (let claim = due[0]; claim && claim.size === this.size; claim = due[0]) {
      if (this.frontier.root() !== claim.root && claim.believed?.() !== false) {
        throw new StanchError(
          claim.differs,
          `The first ${this.size} records are not those of ${claim.what}: the log was ${claim.differs === 'E_FORKED' ? 'forked' : 'changed'}.`,
        )
      }
      due.shift()
    }
  }
}

const utf8 = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true})

function decode(bytes: Buffer, seq: number): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new StanchError('E_CHAIN', `Record ${seq}: not in canonical form: not UTF-8.`)
  }
}

function lenient(line: string, seq: number): StoredRecord {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && (value as StoredRecord).seq === seq) return value as StoredRecord
  } catch {
    // reported below
  }
  throw new StanchError('E_TAMPERED', `Record ${seq} was changed.`)
}

function strict(line: string, seq: number, prev: string): StoredRecord {
  let record: StoredRecord
  try {
    record = parseRecord(line)
  } catch (cause) {
    throw new StanchError('E_CHAIN', `Record ${seq}: ${(cause as Error).message}`, {cause})
  }
  if (record.seq !== seq) throw new StanchError('E_CHAIN', `Record ${seq}: bad envelope: seq is ${record.seq}.`)
  if (record.prev !== prev) throw new StanchError('E_CHAIN', `Record ${seq}: prev does not match.`)
  return record
}
