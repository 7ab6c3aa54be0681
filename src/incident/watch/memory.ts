import type {LogEntry} from '../../auth0/resources/log-entry.ts'
import {rfc3339Millis} from '../../clock.ts'
import type {OwnTraces} from '../own-traces.ts'
import {judgeEntry} from './entry.ts'
import type {Sighting} from './entry.ts'
import type {WatchEvent, WatchVerdict} from './event.ts'
import {firstContained} from './facts.ts'
import type {WatchFacts} from './facts.ts'
import {about, count, eventOf, newTally, sentence, tallyKey} from './source-tally.ts'
import type {SourceTally} from './source-tally.ts'

/** Sources that are told apart; later ones are counted together, by verdict. */
export const MAX_SOURCES = 200
/** Things seen once that are remembered, so that they are not reported again; beyond it the oldest are forgotten. */
const MAX_REPORTED = 2000

/** What a watch must not forget, as it stands in the trail's newest checkpoint of it. Plain JSON, bounded. */
export interface SavedWatch {
  readonly v: 1
  /** The last log entry that was read; absent before the first. */
  readonly from?: string
  readonly entries: number
  /** Milliseconds: when the log was last read to its end. */
  readonly read_at?: number
  readonly reported: readonly string[]
  readonly own_ips: readonly string[]
  readonly sources: readonly Omit<SourceTally, 'fresh' | 'fresh_first_at' | 'log_ids'>[]
  /** Credentials of the client at the first look; absent when they cannot be read. */
  readonly credentials?: readonly string[]
  /** NumericDate of the newest alarm, and until when tokens live that were given out since containment. */
  readonly alarm_at?: number
  readonly until?: number
  readonly counts: Readonly<Partial<Record<WatchVerdict, number>>>
}

/** The watch's memory: folds entries and looks into it, and gives out what is to be recorded together with where it stands. */
export class WatchMemory {
  from: string | undefined
  entries = 0
  /** Entries read since the last record. */
  unsaved = 0
  read_at: number | undefined
  credentials: readonly string[] | undefined
  alarm_at: number | undefined
  until: number | undefined
  readonly counts: Partial<Record<WatchVerdict, number>> = {}
  readonly sources = new Map<string, SourceTally>()
  readonly mine: OwnTraces
  readonly #reported: Set<string>
  /** Milliseconds: when the entry before was written. */
  #last: number | undefined
  #waiting: WatchEvent[] = []
  #urgent = false

  constructor(saved?: SavedWatch) {
    this.from = saved?.from
    this.entries = saved?.entries ?? 0
    this.read_at = saved?.read_at
    this.credentials = saved?.credentials
    this.alarm_at = saved?.alarm_at
    this.until = saved?.until
    Object.assign(this.counts, saved?.counts)
    this.mine = {spare: [], ips: new Set(saved?.own_ips), seen: new Set()}
    this.#reported = new Set(saved?.reported)
    for (const one of saved?.sources ?? [])
      this.sources.set(tallyKey(one), {...one, audiences: [...one.audiences], fresh: 0, fresh_first_at: 0, log_ids: []})
  }

  /** True when something waits that must not wait: a new thing, a new source, an alarm. */
  get urgent(): boolean {
    return this.#urgent
  }

  /** True when anything is counted that no record has yet. */
  get pending(): boolean {
    return this.#waiting.length > 0 || [...this.sources.values()].some((one) => one.fresh > 0)
  }

  take(entry: LogEntry, facts: WatchFacts): void {
    this.entries += 1
    this.unsaved += 1
    const dated = this.#dated(entry, facts)
    const sighting = judgeEntry(dated, facts, this.mine)
    if (sighting) this.#see(dated, sighting)
  }

  /** An entry whose date nobody can read is no reason to miss what it says: entries arrive in order, so it is as old as the one before. */
  #dated(entry: LogEntry, facts: WatchFacts): LogEntry {
    const at = Date.parse(entry.date)
    if (Number.isFinite(at)) {
      this.#last = at
      return entry
    }
    const before = this.#last ?? this.read_at ?? (firstContained(facts) ?? 0) * 1000
    return {...entry, date: rfc3339Millis(before)}
  }

  /** Something seen in the tenant's state: reported once. */
  report(event: WatchEvent): void {
    const key = `${event.verdict} ${event.target}`
    if (this.#reported.has(key)) return
    this.#reported.add(key)
    if (this.#reported.size > MAX_REPORTED) this.#reported.delete(this.#reported.values().next().value ?? '')
    if (event.alarm) this.#alarm(Date.parse(event.last_at) / 1000)
    this.#waiting.push(event)
    this.#urgent = true
  }

  /** Everything that is to be recorded now, and what the watch knows after it. Whoever takes it writes both or neither. */
  flush(): {events: WatchEvent[]; saved: SavedWatch} {
    const events = [...this.#waiting]
    for (const one of this.sources.values()) {
      if (one.fresh === 0) continue
      // A consumer that goes on as it should is news once; how often it came is in what is saved.
      if (one.verdict !== 'adoption' || one.count === one.fresh) events.push(eventOf(one))
      one.fresh = 0
      one.log_ids = []
    }
    for (const {verdict, count} of events) this.counts[verdict] = (this.counts[verdict] ?? 0) + count
    this.#waiting = []
    this.#urgent = false
    this.unsaved = 0
    return {events, saved: this.#save()}
  }

  #see(entry: LogEntry, sighting: Sighting): void {
    const at = Date.parse(entry.date)
    if (sighting.source === undefined) {
      this.report({
        ...about(entry),
        verdict: sighting.verdict,
        target: sighting.target,
        finding: sentence(sighting.what, entry),
        alarm: sighting.alarm,
        count: 1,
        again: false,
        first_at: rfc3339Millis(at),
        last_at: rfc3339Millis(at),
        log_ids: [entry.log_id],
      })
      return
    }
    count(this.#tallyOf(entry, sighting, at), entry, sighting, at)
    if (sighting.until !== undefined) this.until = Math.max(this.until ?? 0, sighting.until)
    if (sighting.alarm) {
      this.#alarm(at / 1000)
      this.#urgent = true
    }
  }

  /** Beyond the bound a source is not told from the next one; what it did is still counted. */
  #tallyOf(entry: LogEntry, sighting: Sighting, at: number): SourceTally {
    const {verdict, what, source = ''} = sighting
    const own = this.sources.get(tallyKey({verdict, what, key: source}))
    if (own) return own
    const full = this.sources.size >= MAX_SOURCES
    const key = full ? 'further sources' : source
    const rest = full ? this.sources.get(tallyKey({verdict, what, key})) : undefined
    if (rest) return rest
    const tally = newTally(key, sighting, at, full ? {} : about(entry))
    this.sources.set(tallyKey(tally), tally)
    this.#urgent = true
    return tally
  }

  #alarm(at: number): void {
    this.alarm_at = Math.max(this.alarm_at ?? 0, Math.floor(at))
  }

  #save(): SavedWatch {
    return {
      v: 1,
      ...(this.from === undefined ? {} : {from: this.from}),
      entries: this.entries,
      ...(this.read_at === undefined ? {} : {read_at: this.read_at}),
      reported: [...this.#reported],
      own_ips: [...this.mine.ips],
      sources: [...this.sources.values()].map(({fresh: _fresh, fresh_first_at: _first, log_ids: _ids, ...kept}) => kept),
      ...(this.credentials === undefined ? {} : {credentials: this.credentials}),
      ...(this.alarm_at === undefined ? {} : {alarm_at: this.alarm_at}),
      ...(this.until === undefined ? {} : {until: this.until}),
      counts: {...this.counts},
    }
  }
}
