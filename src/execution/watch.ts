import {rfc3339} from '../clock.ts'
import type {Clock} from '../clock.ts'
import {isCode, StanchError} from '../errors.ts'
import {GRACE_SECONDS} from '../incident/reconcile/facts.ts'
import type {LogEntry} from '../auth0/resources/log-entry.ts'
import type {LogStream} from '../auth0/resources/log-stream.ts'
import type {IncidentState} from '../incident/replay.ts'
import type {EvidenceGap} from '../incident/tenant-snapshot.ts'
import type {WatchFacts} from '../incident/watch/facts.ts'
import {judgeLook, judgeStreams} from '../incident/watch/look.ts'
import type {WatchMemory} from '../incident/watch/memory.ts'
import {outlookOf} from '../incident/watch/outlook.ts'
import type {RecordedEvent, WatchView} from '../incident/watch/view.ts'
import type {IncidentTrail} from './incident-trail.ts'
import {streamsGap} from './log-streams.ts'
import type {WatchRecord} from './watch-facts.ts'
import {WatchJournal} from './watch-journal.ts'
import type {WatchSource} from './watch-source.ts'

/** While nothing new is seen, this often (seconds) is written down where the reading stands and that a known source goes on. */
const SAVE_SECONDS = 900
/** The same while a long log is caught up with, entries. */
const SAVE_ENTRIES = 50_000
/** What keeps the tenant from answering: the watch goes on, and says since when it is blind. */
const PASSING = ['auth0.unreachable', 'auth0.rate_limited', 'auth0.unexpected_answer', 'auth0.refused'] as const

export interface WatchRun {
  readonly journal: IncidentTrail
  readonly clock: Clock
  /** NumericDate, tenant time. */
  readonly now: () => number
  readonly source: WatchSource
  /** The tenant's log streams, or why they cannot be read; looked at when a watch begins and when it comes to its end. */
  readonly streams?: (state: IncidentState) => Promise<readonly LogStream[] | string>
  readonly client_id: string
  /** The incident as the trail has it now; another session may have worked on it meanwhile. */
  readonly record: () => {
    readonly record: WatchRecord
    readonly facts: WatchFacts
    readonly since: number
    readonly afterwards: readonly string[]
  }
  readonly signal?: AbortSignal
  /** `own` is false for what another watch of the same incident wrote. */
  readonly onEvent: (event: RecordedEvent, own: boolean) => void
  readonly onView: (view: WatchView) => void
}

export interface WatchOptions {
  /** Seconds between two rounds. */
  readonly interval: number
  /** One round and no more. */
  readonly once: boolean
}

/**
 * Watches a client until the all clear: reads the tenant's log to its end and the client's grants and keys, writes what
 * it sees down together with where the reading stands, and waits. A crash between two writes costs the reading since
 * the last one and nothing else: it is read again, and what was written is not written twice.
 *
 * @throws interrupted, with everything written down; auth0.scope_missing without read:logs; the codes of the trail
 */
export async function watch(run: WatchRun, options: WatchOptions): Promise<WatchView> {
  const session = new Watching(run)
  try {
    for (;;) {
      await session.round(!options.once)
      const view = session.view()
      run.onView(view)
      if (view.state === 'clear') {
        const last = await session.finish(view)
        if (last) return last
        continue
      }
      if (options.once) {
        session.save(true)
        return view
      }
      await run.clock.sleep(waitOf(view, options.interval), run.signal)
    }
  } catch (error) {
    if (isCode(error, 'interrupted')) session.save(true)
    throw error
  }
}

/** Not past the next instant at which something changes: the all clear, then the end of the log's delay. */
function waitOf({at, all_clear_at: clear, state}: WatchView, interval: number): number {
  if (clear === undefined || (state !== 'waiting' && state !== 'settling')) return interval
  const left = (Date.parse(clear) - Date.parse(at)) / 1000
  return Math.min(interval, Math.max(1, left > 0 ? left : left + GRACE_SECONDS))
}

class Watching {
  readonly #run: WatchRun
  readonly #journal: WatchJournal
  #memory: WatchMemory
  #seen: ReturnType<WatchRun['record']>
  #open: readonly string[] = []
  #not_seen: readonly EvidenceGap[] = []
  /** The newest look at the log streams, or why there is none. */
  #streams: readonly LogStream[] | string | undefined
  #blind: {readonly since: string; readonly why: string} | undefined
  #saved_at = 0
  /** Another watch of this incident wrote the all clear down. */
  #over = false
  #requests = 0

  constructor(run: WatchRun) {
    this.#run = run
    this.#seen = run.record()
    this.#journal = new WatchJournal(run.journal)
    this.#memory = this.#journal.memory(this.#seen.record.state)
  }

  /** Reads everything once. What keeps the tenant from answering ends the round, not the watch. */
  async round(streams: boolean): Promise<void> {
    const {now} = this.#run
    try {
      await this.#readLog()
      await this.#look()
      if (streams && this.#streams === undefined) await this.#lookAtStreams()
      this.#blind = undefined
    } catch (error) {
      if (!(error instanceof StanchError) || !PASSING.some((code) => code === error.code)) throw error
      this.#blind ??= {since: rfc3339(now()), why: error.message}
    }
    this.save(false)
  }

  view(): WatchView {
    const {journal, client_id, now} = this.#run
    const {record, afterwards} = this.#seen
    const memory = this.#memory
    const sources = [...memory.sources.values()]
    const at = now()
    const outlook = outlookOf({
      incident_id: journal.incident,
      client_id,
      ...(record.exposure ? {exposure: record.exposure} : {}),
      now: at,
      ...(memory.read_at === undefined ? {} : {read_at: memory.read_at}),
      ...(memory.alarm_at === undefined ? {} : {alarm_at: memory.alarm_at}),
      ...(memory.until === undefined ? {} : {until: memory.until}),
      open: this.#open,
      tripped: sources.filter(({verdict}) => verdict === 'tripwire').length,
      failing: sources.filter(({verdict, what}) => verdict === 'adoption' && what.includes('old secret')).length,
      afterwards,
    })
    return {
      incident_id: journal.incident,
      client_id,
      ...outlook,
      at: rfc3339(at),
      ...(memory.read_at === undefined ? {} : {read_until: rfc3339(memory.read_at / 1000)}),
      entries: memory.entries,
      counts: {...memory.counts},
      sources,
      not_seen: [streamsGap(this.#streams), ...this.#not_seen],
      ...(this.#blind ? {blind: this.#blind} : {}),
    }
  }

  /**
   * Writes down what waits, with where the reading stands: one append, so that both or neither are on the disk. Where
   * another watch of this incident was faster, what it wrote is taken over, and what waits here is read again.
   */
  save(always: boolean): 'saved' | 'overtaken' {
    const {now, onEvent} = this.#run
    const memory = this.#memory
    const due = memory.urgent || memory.unsaved >= SAVE_ENTRIES || (now() - this.#saved_at >= SAVE_SECONDS && memory.unsaved > 0)
    if (!due && !(always && (memory.pending || memory.unsaved > 0))) return 'saved'
    this.#refresh()
    if (this.#journal.isBehind(this.#seen.record.state)) {
      this.#follow()
      return 'overtaken'
    }
    const read = memory.unsaved
    const flushed = memory.flush()
    this.#saved_at = now()
    for (const event of this.#journal.write(flushed, read)) onEvent(event, true)
    return 'saved'
  }

  /**
   * The last event: nothing that was issued lives any more. Where another watch of this incident was faster, its word counts
   * if it was the same; else undefined: what it wrote is taken over, and the tenant is looked at again.
   */
  async finish(view: WatchView): Promise<WatchView | undefined> {
    if (Array.isArray(this.#streams)) await this.#lookAtStreams()
    const at = view.all_clear_at ?? view.at
    this.#memory.report({
      verdict: 'clear',
      target: `client:${view.client_id}`,
      finding: `all clear since ${at}; the tenant log was read up to ${view.read_until ?? 'unknown'}`,
      alarm: false,
      count: 1,
      again: false,
      first_at: at,
      last_at: at,
      log_ids: [],
      client_id: view.client_id,
    })
    if (this.save(true) === 'saved') return this.view()
    return this.#over ? view : undefined
  }

  /** What another watch of this incident saw is shown, and gone on from. */
  #follow(): void {
    for (const event of this.#journal.newer()) {
      this.#run.onEvent(event, false)
      this.#over ||= event.verdict === 'clear'
    }
    this.#memory = this.#journal.memory(this.#seen.record.state)
    this.#requests = 0
  }

  #refresh(): WatchFacts {
    this.#seen = this.#run.record()
    const {facts} = this.#seen
    this.#memory.mine.spare.push(...facts.own_token_requests.slice(this.#requests))
    this.#requests = facts.own_token_requests.length
    return facts
  }

  /** Entries are judged by the record as it is after they were read: whatever of ours they show stands in it by then. */
  async #readLog(): Promise<void> {
    const {source, now, signal} = this.#run
    const begun = now()
    if (this.#memory.from === undefined) {
      const {from, entries} = await source.begin(this.#seen.since)
      this.#take(entries)
      this.#memory.from = from
    }
    for (let from = this.#memory.from; from !== undefined; from = this.#memory.from) {
      if (signal?.aborted) throw new StanchError('interrupted', 'Interrupted while reading the tenant log.')
      const {entries, next} = await source.page(from)
      this.#take(entries)
      if (entries.length === 0 || next === undefined || next === from) break
      this.#memory.from = next
      this.save(false)
    }
    // What arrived while we were reading was asked for after this instant.
    this.#memory.read_at = begun * 1000
  }

  #take(entries: readonly LogEntry[]): void {
    if (entries.length === 0) return
    const facts = this.#refresh()
    for (const entry of entries) this.#memory.take(entry, facts)
  }

  async #look(): Promise<void> {
    const {source, client_id} = this.#run
    const look = await source.look(client_id, this.#seen.facts.third_party)
    const facts = this.#refresh()
    const memory = this.#memory
    if (look.credentials) memory.credentials ??= look.credentials
    const {events, open} = judgeLook(look, facts, memory.credentials)
    for (const event of events) memory.report(event)
    this.#open = open
    this.#not_seen = look.not_seen
  }

  async #lookAtStreams(): Promise<void> {
    const {streams, now} = this.#run
    if (!streams) return
    this.#streams = await streams(this.#seen.record.state)
    if (typeof this.#streams !== 'string')
      for (const event of judgeStreams(this.#streams, rfc3339(now()))) this.#memory.report(event)
  }
}
