import {type Clock, rfc3339Millis} from '../clock.ts'
import {StanchError} from '../errors.ts'
import type {AppendFile} from '../files/append-file.ts'
import {HintFile} from '../files/hint-file.ts'
import {Lock} from '../files/lock.ts'
import {fileStat} from '../files/read.ts'
import {writeDurably} from '../files/write.ts'
import {containsLiveSecret, looksLikeSecret} from '../secret.ts'
import {isRotationDue, finishRotation, nextEpoch} from './epoch-rotation.ts'
import {signCheckpoint, type TreeHead} from './format/checkpoint.ts'
import type {Json} from './format/members.ts'
import {leafHash, makeRecord, recordLine} from './format/record.ts'
import type {LogKeys} from './keys.ts'
import {checkpointPath, keptPath, lockPath, tipPath} from './layout.ts'
import {LogFiles, readCheckpoint, type Written} from './log-files.ts'
import type {LogState} from './log-state.ts'
import {writeCache} from './log-cache.ts'
import {writeHead} from './memory.ts'
import type {PinoChannel} from './pino-channel.ts'
import {Salts} from './salts.ts'

/** Longest wait for another writer. */
const LOCK_MS = 10_000

export interface SignedState extends TreeHead {
  /** the signed note */
  readonly text: string
}

/** A record that waits for its place: seq, prev, salt, time and iseq are given under the lock. */
export interface Waiting {
  readonly kind: string
  readonly inc?: string | undefined
  /** the members after `inc` and `iseq`, in writing order */
  readonly members: {readonly [member: string]: Json}
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
  readonly #files: LogFiles
  readonly #tip: HintFile
  readonly #salts = new Salts()
  #stopped: StanchError | undefined

  constructor(parts: {
    log: string
    keysFolder: string
    keys: LogKeys
    lock: Lock
    channel: PinoChannel
    clock: Clock
    state: LogState
    segment: AppendFile
  }) {
    this.#log = parts.log
    this.#keysFolder = parts.keysFolder
    this.#keys = parts.keys
    this.#lock = parts.lock
    this.#channel = parts.channel
    this.#clock = parts.clock
    this.#state = parts.state
    this.#files = new LogFiles(parts.log, parts.state, parts.segment)
    this.#tip = new HintFile(tipPath(parts.log))
  }

  head(): TreeHead {
    return {origin: this.#state.origin, size: this.#state.size, root: this.#state.frontier.root()}
  }

  /** The error that ended this writer, if one did. */
  get stopped(): StanchError | undefined {
    return this.#stopped
  }

  /**
   * Appends all or none; durable on return. An epoch that is over ends before the first of them, and after the end of
   * an incident.
   *
   * @throws {StanchError} the codes of the format's section 12
   */
  append(waiting: readonly Waiting[]): Written[] {
    return this.#exclusively(() => {
      this.#catchUp()
      if (isRotationDue(this.#state, this.#clock.now())) this.#rotate()
      const written = this.#write(waiting)
      if (waiting.some(({kind}) => kind === 'incident.close')) this.#rotate()
      return written
    })
  }

  /** Ends the key epoch: what was written so far can no longer be rewritten with the keys of this machine. */
  rotateEpoch(): SignedState {
    return this.#exclusively(() => {
      this.#catchUp()
      this.#rotate()
      return this.#checkpoint(true)
    })
  }

  /** Signs the present state durably; the same text again while nothing was appended. */
  checkpoint(keep: boolean): SignedState {
    return this.#exclusively(() => {
      this.#catchUp()
      if (this.#files.recovered) this.#write([])
      return this.#checkpoint(keep)
    })
  }

  #checkpoint(keep: boolean): SignedState {
    const head = this.head()
    const newest = readCheckpoint(checkpointPath(this.#log))
    let text = newest?.text
    if (text === undefined || newest?.size !== head.size || newest.root !== head.root || this.#state.signatureProblem(newest)) {
      text = signCheckpoint(head, [this.#keys.identity, this.#keys.epoch], this.#now())
      // Memory first: a crash in between leaves a log that is as large as what is remembered.
      writeHead(this.#keysFolder, head)
      writeDurably(checkpointPath(this.#log), text)
    }
    if (keep && !fileStat(keptPath(this.#log, head.size))) writeDurably(keptPath(this.#log, head.size), text)
    if (keep) writeCache(this.#log, this.#keys.blind, this.#state)
    return {...head, text}
  }

  /** First look at a log that was just read: whatever no signature covers is marked, a half rotation is ended. */
  settle(): void {
    this.#guarded(() => {
      this.#files.settleTail()
      finishRotation(this.#rotation())
    })
  }

  #catchUp(): void {
    this.#files.catchUp()
    // Another process began an epoch, or died while it did.
    if (this.#state.epochs.current()?.text !== this.#keys.epoch.vkey.text && this.#state.size > 0)
      finishRotation(this.#rotation())
  }

  #rotate(): void {
    const rotation = this.#rotation()
    this.#write([{kind: 'key.epoch', members: nextEpoch(rotation)}])
    finishRotation(rotation)
  }

  #rotation() {
    return {log: this.#log, keysFolder: this.#keysFolder, keys: this.#keys, state: this.#state, now: this.#now()}
  }

  #now(): number {
    return Math.floor(this.#clock.now() / 1000)
  }

  get epochVkey(): string {
    return this.#keys.epoch.vkey.text
  }

  close(): void {
    this.#stopped ??= new StanchError('E_POISONED', 'The trail was closed.')
    this.#files.close()
    this.#tip.close()
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
      this.#stopped = asTrailError(error)
      throw this.#stopped
    }
  }

  #again(stopped: StanchError): StanchError {
    return CLOSES.includes(stopped.code)
      ? stopped
      : new StanchError('E_POISONED', `The trail cannot be continued: ${stopped.message}`, {cause: stopped, hint: stopped.hint})
  }

  #write(waiting: readonly Waiting[]): Written[] {
    const all = this.#files.recovered ? [{kind: 'log.recovered', members: this.#files.recovered}, ...waiting] : waiting
    const group: Written[] = []
    const undo: (() => void)[] = []
    try {
      for (const one of all) {
        const written = this.#build(one, this.#state.size + group.length, group.at(-1)?.leaf ?? this.#state.lastLeaf)
        this.#state.continuity.apply(written.record, written.leaf, undo)
        group.push(written)
      }
      if (group.length > 0) {
        this.#channel.emit(group, () => {
          this.#files.write(group)
          // The epoch line alone: the tip is for the next writer of this log, who knows the key.
          this.#tip.overwrite(Buffer.from(signCheckpoint(this.head(), [this.#keys.epoch], this.#now())))
        })
      }
    } catch (error) {
      for (const step of undo.toReversed()) step()
      throw error
    }
    const extra = all.length - waiting.length
    this.#files.recovered = undefined
    return group.slice(extra)
  }

  #build(one: Waiting, seq: number, prev: string): Written {
    const numbered =
      one.inc === undefined ? one.members : {inc: one.inc, iseq: this.#state.continuity.nextOf(one.inc), ...one.members}
    const time = rfc3339Millis(this.#clock.now())
    const record = makeRecord({seq, prev, salt: this.#salts.next(), time, kind: one.kind}, numbered)
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
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

/** An error of the disk that came up while reading is E_DISK like one of writing: the trail cannot be trusted to grow. */
export function asTrailError(error: unknown): StanchError {
  if (error instanceof StanchError && !error.code.startsWith('input.')) return error
  return new StanchError('E_DISK', error instanceof StanchError ? error.message : 'The trail cannot be written.', {cause: error})
}
