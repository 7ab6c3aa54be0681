import {correlationIdOf, type StoredRecord} from './record.ts'
import {hasSession} from './members.ts'
import {OpenIntents} from './open-intents.ts'

/** An intent that has no final answer yet. */
export interface OpenIntent {
  readonly seq: number
  readonly op: string
  readonly try: number
  readonly inc?: string | undefined
  readonly corr: string
  /** `sent`: no outcome recorded; `unknown`: the outcome says that nobody knows. */
  readonly state: 'sent' | 'unknown'
}

interface Incident {
  next: number
  closed: boolean
}

export interface StoredContinuity {
  readonly mode: string
  readonly epoch: number
  readonly closed: boolean
  readonly sessions: readonly string[]
  readonly incidents: readonly (readonly [inc: string, next: number, closed: boolean])[]
  readonly open: readonly OpenIntent[]
}

export interface Problem {
  readonly kind: string
  readonly detail: string
}

/**
 * The rules that bind records to one another beyond the chain: numbers within an incident, one answer per intent,
 * one mode per log, known sessions, epochs that count up. The writer asks it before it writes, the verifier while it
 * reads, so that the two cannot disagree. Memory: one entry per incident, session and open intent.
 */
export class Continuity {
  #mode: unknown
  #epoch = 0
  #closed = false
  readonly #sessions = new Set<string>()
  readonly #incidents = new Map<string, Incident>()
  readonly #open = new OpenIntents()

  get epoch(): number {
    return this.#epoch
  }

  openIntents(): OpenIntent[] {
    return this.#open.all().toSorted((a, b) => a.seq - b.seq)
  }

  /** All that it remembers, to go on from later. */
  stored(): StoredContinuity {
    return {
      mode: String(this.#mode),
      epoch: this.#epoch,
      closed: this.#closed,
      sessions: [...this.#sessions],
      incidents: [...this.#incidents].map(([inc, {next, closed}]) => [inc, next, closed]),
      open: this.openIntents(),
    }
  }

  static of(stored: StoredContinuity): Continuity {
    const continuity = new Continuity()
    continuity.#mode = stored.mode
    continuity.#epoch = stored.epoch
    continuity.#closed = stored.closed
    for (const sid of stored.sessions) continuity.#sessions.add(sid)
    for (const [inc, next, closed] of stored.incidents) continuity.#incidents.set(inc, {next, closed})
    for (const intent of stored.open) continuity.#open.put(intent)
    return continuity
  }

  /** Number that the next record of this incident gets. */
  nextOf(inc: string): number {
    return this.#incidents.get(inc)?.next ?? 0
  }

  /** What is wrong with this record as the next one; nothing is remembered. */
  problem(record: StoredRecord): Problem | undefined {
    if (this.#closed) return {kind: 'record after the end', detail: 'log.close is the last record of a log'}
    return (
      this.#logProblem(record) ?? this.#sessionProblem(record) ?? this.#incidentProblem(record) ?? this.#operationProblem(record)
    )
  }

  #logProblem(record: StoredRecord): Problem | undefined {
    if ((record.seq === 0) !== (record.kind === 'log.open'))
      return {kind: 'bad envelope', detail: 'log.open is record 0 and only that'}
    if (record.kind === 'key.epoch' && record['epoch'] !== this.#epoch + 1) {
      return {kind: 'key epoch out of order', detail: `epoch ${String(record['epoch'])} follows epoch ${this.#epoch}`}
    }
    return undefined
  }

  #sessionProblem(record: StoredRecord): Problem | undefined {
    const {sid, mode, kind} = record
    if (mode !== undefined && this.#mode !== undefined && mode !== this.#mode) {
      return {kind: 'mode differs', detail: `${JSON.stringify(mode)} in a log of mode ${JSON.stringify(this.#mode)}`}
    }
    if (!hasSession(kind)) return undefined
    if (typeof sid !== 'string' || mode === undefined) return {kind: 'bad envelope', detail: `${kind} without sid and mode`}
    if (kind !== 'session.open' && !this.#sessions.has(sid))
      return {kind: 'unknown session', detail: `no session.open for ${JSON.stringify(sid)}`}
    return undefined
  }

  #incidentProblem(record: StoredRecord): Problem | undefined {
    const {inc, iseq} = record
    if (inc === undefined && iseq === undefined) return undefined
    const gap = (detail: string) => ({kind: 'iseq gap', detail})
    if (typeof inc !== 'string' || typeof iseq !== 'number') return gap('inc and iseq stand together')
    const known = this.#incidents.get(inc)
    if (known?.closed) return gap(`${JSON.stringify(inc)} was closed`)
    if (iseq !== (known?.next ?? 0)) return gap(`${JSON.stringify(inc)} has ${iseq} where ${known?.next ?? 0} is due`)
    if ((iseq === 0) !== (record.kind === 'incident.open')) return gap(`${JSON.stringify(inc)} does not begin with incident.open`)
    return undefined
  }

  #operationProblem(record: StoredRecord): Problem | undefined {
    const {op} = record
    switch (record.kind) {
      case 'intent': {
        const earlier = this.#open.ofOp(op)
        return (
          earlier && {kind: 'intent before the last one was settled', detail: `record ${earlier.seq} of ${earlier.op} is open`}
        )
      }
      case 'outcome': {
        const intent = this.#open.ofSeq(record['intent'])
        if (!intent || intent.state !== 'sent' || intent.op !== op || intent.try !== record['try']) {
          return {kind: 'outcome without an open intent', detail: `intent ${String(record['intent'])} of ${String(op)}`}
        }
        if (record['corr'] !== intent.corr)
          return {kind: 'outcome without an open intent', detail: 'its correlation id is not that of the intent'}
        return undefined
      }
      case 'settle': {
        const intent = this.#open.ofSeq(record['intent'])
        return intent?.op === op && intent !== undefined
          ? undefined
          : {kind: 'outcome without an open intent', detail: `settle of intent ${String(record['intent'])} of ${String(op)}`}
      }
      default:
        return undefined
    }
  }

  /** Remembers a record. Tolerant of one that has a problem, so that a verifier can go on. @param undo gets what takes it back */
  apply(record: StoredRecord, leaf: string, undo?: (() => void)[]): void {
    if (record['inc'] !== undefined) this.#count(record, undo)
    switch (record.kind) {
      case 'log.open':
        this.#mode = record['mode']
        break
      case 'log.close':
        this.#closed = true
        undo?.push(() => void (this.#closed = false))
        break
      case 'key.epoch':
        this.#countEpoch(record, undo)
        break
      case 'session.open':
        if (typeof record['sid'] === 'string') this.#sessions.add(record['sid'])
        break
      case 'intent':
        this.#begin(record, leaf, undo)
        break
      case 'outcome':
      case 'settle':
        this.#answer(record, undo)
        break
      default:
    }
  }

  #count(record: StoredRecord, undo: (() => void)[] | undefined): void {
    const {inc, iseq} = record
    if (typeof inc !== 'string') return
    const before = this.#incidents.get(inc)
    const next = (typeof iseq === 'number' ? iseq : (before?.next ?? 0)) + 1
    const closed = record.kind === 'incident.close' || (before?.closed ?? false)
    undo?.push(before ? this.#restore(inc, {...before}) : () => void this.#incidents.delete(inc))
    if (before) Object.assign(before, {next, closed})
    else this.#incidents.set(inc, {next, closed})
  }

  #restore(inc: string, before: Incident): () => void {
    return () => void this.#incidents.set(inc, before)
  }

  #countEpoch(record: StoredRecord, undo: (() => void)[] | undefined): void {
    const before = this.#epoch
    if (typeof record['epoch'] === 'number') this.#epoch = record['epoch']
    undo?.push(() => void (this.#epoch = before))
  }

  #begin(record: StoredRecord, leaf: string, undo: (() => void)[] | undefined): void {
    const intent: OpenIntent = {
      seq: record.seq,
      op: String(record['op']),
      try: Number(record['try']),
      inc: typeof record['inc'] === 'string' ? record['inc'] : undefined,
      corr: correlationIdOf(leaf),
      state: 'sent',
    }
    this.#open.put(intent)
    undo?.push(() => this.#open.remove(intent))
  }

  #answer(record: StoredRecord, undo: (() => void)[] | undefined): void {
    const before = this.#open.ofSeq(record['intent'])
    if (!before) return
    if (record.kind === 'outcome' && record['result'] === 'unknown') this.#open.put({...before, state: 'unknown'})
    else this.#open.remove(before)
    undo?.push(() => this.#open.put(before))
  }
}
