import {hash, randomBytes} from 'node:crypto'

import {type Clock, rfc3339Millis} from '../clock.ts'
import {isCode, StanchError} from '../errors.ts'
import {AppendFile} from '../files/append-file.ts'
import {lineBlocks} from '../files/line-blocks.ts'
import {Lock} from '../files/lock.ts'
import {fileStat, readIfPresent} from '../files/read.ts'
import {replaceUnsynced, rewriteDurably, syncFolder, writeDurably} from '../files/write.ts'
import {containsLiveSecret, looksLikeSecret} from '../secret.ts'
import {putEvidence} from './evidence.ts'
import {type Checkpoint, parseCheckpoint, signatureProblem, signCheckpoint, type TreeHead} from './format/checkpoint.ts'
import type {Json} from './format/members.ts'
import {leafHash, makeRecord, recordLine, type StoredRecord} from './format/record.ts'
import {writeHead, type LogKeys} from './keys.ts'
import {checkpointPath, keptPath, lockPath, MAX_CHECKPOINT_BYTES, recordsFolder, SEGMENT, segmentPath, tipPath} from './layout.ts'
import type {LogState} from './log-state.ts'
import type {PinoChannel} from './pino-channel.ts'

/** Longest wait for another writer. */
const LOCK_MS = 10_000

/** A record that waits for its place: seq, prev, salt, time and iseq are given under the lock. */
export interface Waiting {
  readonly kind: string
  readonly inc?: string | undefined
  /** the members after `inc` and `iseq`, in writing order */
  readonly members: {readonly [member: string]: Json}
}

export interface Written {
  readonly record: StoredRecord
  readonly line: string
  readonly leaf: string
}

/** After these the log may not be continued by this writer. */
const CLOSES: readonly string[] = ['E_MISSING', 'E_REPLACED', 'E_SHRUNK', 'E_CHAIN', 'E_TAMPERED', 'E_ROLLED_BACK', 'E_FORKED']

/** After these nothing was written and the next append may do better. */
const HARMLESS: readonly string[] = ['E_LOCKED', 'E_SCHEMA', 'E_TOO_LONG', 'E_SECRET', 'E_EMIT']

export function writerLock(log: string): Lock {
  return new Lock(lockPath(log), LOCK_MS)
}

/** Appends to one log on disk, together with other processes that do the same. */
export class LogWriter {
  readonly #log: string
  readonly #keysFolder: string
  readonly #keys: LogKeys
  readonly #lock: Lock
  readonly #channel: PinoChannel
  readonly #clock: Clock
  readonly #state: LogState
  #segment: AppendFile
  /** What `log.recovered` has to say before the next record. */
  #recovered: {readonly [member: string]: Json} | undefined
  #stopped: StanchError | undefined

  constructor(parts: {log: string; keysFolder: string; keys: LogKeys; lock: Lock; channel: PinoChannel; clock: Clock; state: LogState; segment: AppendFile}) {
    this.#log = parts.log
    this.#keysFolder = parts.keysFolder
    this.#keys = parts.keys
    this.#lock = parts.lock
    this.#channel = parts.channel
    this.#clock = parts.clock
    this.#state = parts.state
    this.#segment = parts.segment
  }

  head(): TreeHead {
    return {origin: this.#state.origin, size: this.#state.size, root: this.#state.frontier.root()}
  }

  /** The error that ended this writer, if one did. */
  get stopped(): StanchError | undefined {
    return this.#stopped
  }

  /** Appends all or none; durable on return. @throws {StanchError} the codes of the format's section 12 */
  append(waiting: readonly Waiting[]): Written[] {
    return this.#exclusively(() => {
      this.#catchUp()
      return this.#write(waiting)
    })
  }

  /** Signs the present state durably; the same text again while nothing was appended. */
  checkpoint(keep: boolean): Checkpoint {
    return this.#exclusively(() => {
      this.#catchUp()
      if (this.#recovered) this.#write([])
      const head = this.head()
      let checkpoint = readCheckpoint(checkpointPath(this.#log))
      if (checkpoint?.size !== head.size || checkpoint.root !== head.root || this.#signatureProblem(checkpoint)) {
        checkpoint = this.#sign(head)
        // Memory first: a crash in between leaves a log that is as large as what is remembered.
        writeHead(this.#keysFolder, head)
        writeDurably(checkpointPath(this.#log), checkpoint.text)
      }
      if (keep && !fileStat(keptPath(this.#log, head.size))) writeDurably(keptPath(this.#log, head.size), checkpoint.text)
      return checkpoint
    })
  }

  /** First look at a log that was just read: whatever no signature covers is put on the disk anew and will be marked. */
  settleTail(): void {
    this.#guarded(() => this.#recoverTail(this.#readSigned()))
  }

  get epochVkey(): string {
    return this.#keys.epoch.vkey.text
  }

  close(): void {
    this.#stopped ??= new StanchError('E_POISONED', 'The trail was closed.')
    this.#segment.close()
    this.#lock.close()
  }

  #exclusively<T>(work: () => T): T {
    if (this.#stopped) throw this.#again(this.#stopped)
    return this.#guarded(() => this.#lock.hold(work))
  }

  #guarded<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      // These leave the log as it was. Everything else ends this writer: no retry, no further append.
      if (error instanceof StanchError && HARMLESS.includes(error.code)) throw error
      this.#stopped = error instanceof StanchError ? error : new StanchError('E_DISK', 'The trail cannot be written.', {cause: error})
      throw this.#stopped
    }
  }

  #again(stopped: StanchError): StanchError {
    return CLOSES.includes(stopped.code) ? stopped : new StanchError('E_POISONED', `The trail cannot be continued: ${stopped.message}`, {cause: stopped, hint: stopped.hint})
  }

  /** Is the file still ours, and has somebody written since? */
  #catchUp(): void {
    const look = this.#segment.look()
    if (look.replaced) this.#adopt()
    else if (look.size < this.#state.offset) throw new StanchError('E_SHRUNK', `${this.#segment.path} is shorter than what was written to it.`)
    else this.#checkLast()
    const full = this.#state.size === this.#state.segment + SEGMENT
    const grown = this.#segment.look().size > this.#state.offset
    if (!grown && !(full && fileStat(segmentPath(this.#log, this.#state.size)))) return
    const signed = this.#readSigned()
    this.#state.fold(this.#log, signed.map((checkpoint) => ({
      what: 'the signed state of another writer', size: checkpoint.size, root: checkpoint.root, behind: 'E_ROLLED_BACK', differs: 'E_FORKED',
    })), 0)
    this.#reopen()
    this.#recoverTail(signed)
  }

  #checkLast(): void {
    const {offset, length} = this.#state.last
    if (length === 0) return
    const line = this.#segment.read(offset, length + 1)
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

  #readSigned(): Checkpoint[] {
    return [tipPath(this.#log), checkpointPath(this.#log)]
      .map((path) => readCheckpoint(path))
      .filter((checkpoint): checkpoint is Checkpoint => checkpoint !== undefined && this.#signatureProblem(checkpoint) === undefined)
  }

  #signatureProblem(checkpoint: Checkpoint): string | undefined {
    if (checkpoint.origin !== this.#state.origin) return 'checkpoint of another log'
    const epoch = this.#state.epochs.inForce(checkpoint.size) ?? this.#keys.epoch.vkey
    return signatureProblem(checkpoint, this.#keys.identity.vkey) ?? signatureProblem(checkpoint, epoch)
  }

  /**
   * Records beyond the signed size mean that a writer died in the middle of an append, or that somebody without keys
   * appended; bytes that are no line are a torn append. The file is written anew, because after a failed sync its end
   * may exist in memory only, and the next append says what was found.
   */
  #recoverTail(signed: readonly Checkpoint[]): void {
    const state = this.#state
    const signedSize = Math.max(0, ...signed.map((checkpoint) => checkpoint.size))
    const torn = this.#segment.read(state.offset, this.#segment.look().size - state.offset)
    if (torn.length === 0 && state.size <= signedSize) return
    // A torn append may hold anything; what looks like a secret is dropped, its digest is kept.
    const sha256 = torn.length > 0 ? storeTorn(this.#log, torn) : undefined
    for (let first = Math.floor(Math.min(signedSize, state.segment) / SEGMENT) * SEGMENT; first <= state.segment; first += SEGMENT) {
      const path = segmentPath(this.#log, first)
      rewriteDurably(path, first === state.segment ? state.offset : (fileStat(path)?.size ?? 0))
    }
    this.#reopen()
    this.#recovered = {
      signed_size: Math.min(signedSize, state.size),
      tail_from: state.size,
      torn_bytes: torn.length,
      ...(sha256 === undefined ? {} : {torn_sha256: sha256}),
    }
  }

  #write(waiting: readonly Waiting[]): Written[] {
    const all = this.#recovered ? [{kind: 'log.recovered', members: this.#recovered}, ...waiting] : waiting
    const group: Written[] = []
    const undo: (() => void)[] = []
    try {
      for (const one of all) {
        const written = this.#build(one, this.#state.size + group.length, group.at(-1)?.leaf ?? this.#state.lastLeaf)
        undo.push(this.#state.continuity.apply(written.record, written.leaf))
        group.push(written)
      }
      if (group.length > 0) this.#channel.emit(group, () => this.#commit(group))
    } catch (error) {
      for (const step of undo.toReversed()) step()
      throw error
    }
    const extra = all.length - waiting.length
    this.#recovered = undefined
    return group.slice(extra)
  }

  #build(one: Waiting, seq: number, prev: string): Written {
    const numbered = one.inc === undefined ? one.members : {inc: one.inc, iseq: this.#state.continuity.nextOf(one.inc), ...one.members}
    const time = rfc3339Millis(this.#clock.now())
    const record = makeRecord({seq, prev, salt: randomBytes(16).toString('base64url'), time, kind: one.kind}, numbered)
    const problem = this.#state.continuity.problem(record)
    if (problem) throw new StanchError('E_SCHEMA', `A ${one.kind} cannot be appended here: ${problem.kind} (${problem.detail}).`)
    const line = recordLine(record)
    // A text that is itself JSON would be escaped twice in the line: look at the texts as they are, too.
    const texts = line.includes('\\') ? [line, ...textsIn(record)] : [line]
    if (texts.some((text) => containsLiveSecret(text) || looksLikeSecret(text))) {
      throw new StanchError('E_SECRET', `A ${one.kind} record would have held a secret; it was not written.`)
    }
    return {record, line, leaf: leafHash(line)}
  }

  #commit(group: readonly Written[]): void {
    const state = this.#state
    for (let next = 0; next < group.length; ) {
      if (state.size === state.segment + SEGMENT) this.#nextSegment()
      const part = group.slice(next, next + state.segment + SEGMENT - state.size)
      this.#segment.append(Buffer.from(part.map(({line}) => `${line}\n`).join('')))
      for (const {record, line, leaf} of part) state.add(record, leaf, Buffer.byteLength(line))
      next += part.length
    }
    replaceUnsynced(tipPath(this.#log), this.#sign(this.head()).text)
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

  #sign(head: TreeHead): Checkpoint {
    return parseCheckpoint(signCheckpoint(head, [this.#keys.identity, this.#keys.epoch], Math.floor(this.#clock.now() / 1000)))
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

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

function storeTorn(log: string, torn: Buffer): string {
  try {
    return putEvidence(log, torn)
  } catch (error) {
    if (!isCode(error, 'E_SECRET')) throw error
    return hash('sha256', torn, 'hex')
  }
}
