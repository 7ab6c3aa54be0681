import {randomBytes} from 'node:crypto'

import type {Clock} from '../clock.ts'
import {isCode} from '../errors.ts'
import type {Copies} from './copies.ts'
import {getEvidence, putEvidence} from './evidence.ts'
import type {OpenIntent} from './format/continuity.ts'
import {type DraftOf, hasSession, type Json, type Kind, orderedMembers} from './format/members.ts'
import {correlationIdOf, type StoredRecord} from './format/record.ts'
import {GroupCommit} from './group-commit.ts'
import {blinded} from './keys.ts'
import type {LogState} from './log-state.ts'
import type {LogWriter, Waiting} from './log-writer.ts'
import {type Continues, openLog} from './open.ts'
import {PinoChannel} from './pino-channel.ts'
import {LogProofs} from './proofs.ts'
import {readTrail} from './read-trail.ts'

/** A checkpoint is due at the latest this long after an append. */
const CHECKPOINT_MS = 1000

/** What a caller may append. The records about log, keys and session are the trail's own. */
export type Draft = DraftOf<
  Exclude<Kind, 'log.open' | 'log.recovered' | 'log.close' | 'key.epoch' | 'session.open' | 'session.close'>
>

export interface Appended {
  readonly seq: number
  /** hex leaf hash */
  readonly leaf: string
  readonly time: string
  /** for `X-Correlation-ID`, when the record is an intent: `stanch-` and 56 hex digits */
  readonly correlationId: string
}

/** Who writes, as this machine claims it. */
export interface Identity {
  readonly actor: string
  readonly actor_source: string
  readonly host: string
  readonly os_user: string
  readonly pid: number
  readonly tool: string
  readonly node: string
  readonly platform: string
  /** without secrets */
  readonly argv?: readonly string[] | undefined
  /** SHA-256 of the program's files, where it is known */
  readonly build?: string | undefined
}

export interface TrailOptions {
  /** LOG */
  readonly folder: string
  /** the folder under KEYS that belongs to this log */
  readonly keys: string
  readonly mode: 'real' | 'sim'
  readonly origin?: string | undefined
  /** makes a new log that goes on for one that was closed for writing */
  readonly continues?: Continues | undefined
  readonly clock: Clock
  readonly identity: Identity
  /** where durable records are copied to; closed with the trail */
  readonly copies?: Copies | undefined
}

export interface SignedHead {
  readonly size: number
  /** hex */
  readonly root: string
  /** the signed note */
  readonly text: string
}

/**
 * The trail of one responder on one machine, open for writing. Every append is on the disk when it returns; after an
 * error of the disk nothing can be appended any more, and the caller must stop acting on tenants.
 */
export class Trail {
  readonly folder: string
  readonly mode: 'real' | 'sim'
  readonly origin: string
  readonly vkey: string
  /** this session's id */
  readonly sid: string
  readonly #writer: LogWriter
  readonly #state: LogState
  readonly #blind: Buffer
  readonly #clock: Clock
  readonly #actor: string
  readonly #started: number
  readonly #proofs: LogProofs
  readonly #copies: Copies | undefined
  readonly #group: GroupCommit<Draft, Appended>
  #timer: NodeJS.Timeout | undefined
  #keep = false
  #closed = false

  private constructor(options: TrailOptions, opened: ReturnType<typeof openLog>) {
    this.folder = options.folder
    this.mode = options.mode
    this.origin = opened.state.origin
    this.vkey = opened.vkey
    this.sid = `s-${randomBytes(6).toString('hex')}`
    this.#writer = opened.writer
    this.#state = opened.state
    this.#blind = opened.blind
    this.#clock = options.clock
    this.#actor = options.identity.actor
    this.#started = options.clock.monotonic()
    this.#proofs = new LogProofs(options.folder)
    this.#group = new GroupCommit((drafts) => this.#append(drafts))
    this.#copies = options.copies
  }

  /**
   * Creates the log and its keys when there are none, runs the opening checks, begins a session.
   *
   * @throws {StanchError} the codes of the format's section 12; `config.invalid` for a log of the other mode
   */
  static async open(options: TrailOptions): Promise<Trail> {
    const {folder: log, keys: keysFolder, mode, origin, continues, clock, copies} = options
    let trail: Trail | undefined
    try {
      const channel = await PinoChannel.create((group) => copies?.offer(group))
      trail = new Trail(options, openLog({log, keysFolder, mode, origin, continues, clock, channel}))
      const {actor: _actor, ...identity} = options.identity
      trail.#append([{kind: 'session.open', ...identity}])
    } catch (error) {
      if (trail) trail.#writer.close()
      copies?.close()
      throw error
    }
    return trail
  }

  /** @throws {StanchError} `E_SCHEMA`, `E_TOO_LONG`, `E_SECRET`, `E_EMIT`: nothing was written; others end the trail */
  append(draft: Draft): Appended {
    return this.appendAll([draft])[0]!
  }

  /** All or none, with one lock, one write and one sync. */
  appendAll(drafts: readonly Draft[]): Appended[] {
    return this.#append(drafts)
  }

  /** For many callers at once: those of one turn share a write and a sync. Resolves when the record is on the disk. */
  appendGrouped(draft: Draft): Promise<Appended> {
    return this.#group.add(draft)
  }

  /** Signs the present state, durably; `keep` also stores it among the kept checkpoints. */
  checkpoint(keep = false): SignedHead {
    const {size, root, text} = this.#writer.checkpoint(keep || this.#keep)
    this.#keep = false
    clearTimeout(this.#timer)
    this.#timer = undefined
    return {size, root, text}
  }

  /** Ends the key epoch with a kept checkpoint, its seal: later keys of this machine cannot rewrite what it covers. */
  rotateEpoch(): SignedHead {
    const {size, root, text} = this.#writer.rotateEpoch()
    return {size, root, text}
  }

  /** @see evidence.ts */
  putEvidence(bytes: Uint8Array | string): string {
    return putEvidence(this.folder, bytes)
  }

  getEvidence(sha256: string): Buffer | undefined {
    return getEvidence(this.folder, sha256)
  }

  /** Keyed fingerprint of a value, `hmac-sha256:` and 64 hex digits. */
  blind(tenant: string, target: string, field: string, value: string): string {
    return blinded(this.#blind, tenant, target, field, value)
  }

  /** The records on disk, oldest first. */
  records(filter: {readonly inc?: string | undefined} = {}): Iterable<StoredRecord> {
    return readTrail(this.folder, filter)
  }

  /** Intents without a final answer, of all sessions and processes that this one has seen. */
  openIntents(): OpenIntent[] {
    return this.#state.continuity.openIntents()
  }

  head(): {size: number; root: string} {
    const {size, root} = this.#writer.head()
    return {size, root}
  }

  /** Root of the tree of the first `size` records, hex. */
  rootAt(size: number): string {
    return this.#proofs.upTo(size).root(size)
  }

  /** Inclusion proof of record `seq` in the tree of `size` records: hex, leaf side first (RFC 9162, 2.1.3). */
  proof(seq: number, size = this.head().size): string[] {
    return this.#proofs.inclusion(seq, size)
  }

  /** Proof that the tree of `size` records extends that of `older` (RFC 9162, 2.1.4). */
  consistency(older: number, size = this.head().size): string[] {
    return this.#proofs.consistency(older, size)
  }

  /** Ends the session with a kept checkpoint and lets go of the files. A second call does nothing. */
  close(reason: string): void {
    this.#end([{kind: 'session.close', reason}])
  }

  /** Ends the session and the log: nothing can be appended to it any more. @param next origin of the log that follows */
  closeLog(reason: string, next: string): void {
    this.#end([
      {kind: 'session.close', reason},
      {kind: 'log.close', reason, next},
    ])
  }

  #end(drafts: readonly {readonly kind: string; readonly [member: string]: string}[]): void {
    if (this.#closed) return
    clearTimeout(this.#timer)
    try {
      if (this.#writer.stopped) return
      this.#group.flush()
      this.#append(drafts)
      this.checkpoint(true)
    } finally {
      this.#closed = true
      clearTimeout(this.#timer)
      this.#writer.close()
      this.#copies?.close()
    }
  }

  #append(
    drafts: readonly {readonly kind: string; readonly inc?: string | undefined; readonly [member: string]: unknown}[],
  ): Appended[] {
    const written = this.#writer.append(drafts.map((draft) => this.#waiting(draft)))
    if (drafts.some(({kind}) => kind === 'incident.close')) this.#keep = true
    this.#scheduleCheckpoint()
    return written.map(({record, leaf}) => ({seq: record.seq, leaf, time: record.time, correlationId: correlationIdOf(leaf)}))
  }

  #waiting(draft: {readonly kind: string; readonly inc?: string | undefined; readonly [member: string]: unknown}): Waiting {
    const mono = Math.floor(this.#clock.monotonic() - this.#started)
    const session: Record<string, Json> = hasSession(draft.kind) ? {sid: this.sid, mode: this.mode, mono, actor: this.#actor} : {}
    return {kind: draft.kind, inc: draft.inc, members: orderedMembers(draft, session)}
  }

  /** The wall's timer and not the clock port: against a simulated tenant that one would move the tenant's time. */
  #scheduleCheckpoint(): void {
    if (this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      try {
        this.checkpoint()
      } catch (error) {
        // The writer remembers what stopped it and tells the next append; a busy lock is simply tried again.
        if (isCode(error, 'E_LOCKED')) this.#scheduleCheckpoint()
      }
    }, CHECKPOINT_MS)
    this.#timer.unref()
  }
}
