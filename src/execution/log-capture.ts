import type {LogEntry} from '../auth0/resources/log-entry.ts'
import type {Tenant} from '../auth0/tenant.ts'
import {rfc3339Millis} from '../clock.ts'
import {withoutBulk} from './log-facts.ts'
import {evidenceLine} from './log-lines.ts'
import {BEGINNING} from './saved-log.ts'

const PAGE = 100
/** A page of more characters is a sign that the next ones should hold fewer entries. */
const WIDE_PAGE = 2 << 20
/** What is read before anybody takes it, and held in memory while a question is on the screen: pages, characters. */
const AHEAD = {pages: 10, size: 4 << 20} as const
/** Entries come in the order of arrival and may be this late, milliseconds. */
const LATE_MS = 10 * 60_000

/** A run of log ids that is saved already: everything after `from` up to `last`. */
export interface SavedRun {
  readonly from: string
  readonly last: string
}

/** Entries that arrived after the log id `from`, up to `last`, without a gap between them. */
export interface CapturedPage extends SavedRun {
  /** `raw` only where something is read from it later. */
  readonly entries: readonly LogEntry[]
  /** The same entries as they are kept in evidence, and how many characters that is. */
  readonly lines: readonly string[]
  readonly size: number
}

export interface CaptureWindow {
  /** Tenant time, milliseconds; undefined: as far back as the tenant keeps its log. */
  readonly since?: number
  /** Oldest first. Nothing of these is asked for again. */
  readonly saved: readonly SavedRun[]
  /** Go on after the last saved run, wherever the first begins. */
  readonly goes_on: boolean
  /** Only an empty page ends it; else a short one does, which costs one request less. */
  readonly thorough: boolean
}

/**
 * Reads a tenant's log by checkpoint: without the limit of a search, in the order of arrival. It begins at once and reads
 * some pages ahead, so that the first ones come with the answers of other reads.
 */
export class LogCapture {
  readonly #pages: AsyncGenerator<CapturedPage, void, void>
  readonly #held: CapturedPage[] = []
  #size = 0
  /** A page that is on its way. */
  #asked: Promise<void> | undefined
  #ended = false
  #error: Error | undefined
  #stopped = false
  /** Date of the oldest entry that the tenant still has, milliseconds; undefined where that was not asked or there is none. */
  oldest_at: number | undefined

  private constructor(tenant: Tenant, window: CaptureWindow) {
    this.#pages = this.#read(tenant, window)
    this.#ask()
  }

  static begin(tenant: Tenant, window: CaptureWindow): LogCapture {
    return new LogCapture(tenant, window)
  }

  /**
   * The next page, or undefined when there is nothing more at this moment.
   *
   * @throws {StanchError} as every read of the tenant; nothing can be taken afterwards
   */
  async next(): Promise<CapturedPage | undefined> {
    for (;;) {
      const page = this.#held.shift()
      if (page) {
        this.#size -= page.size
        this.#ask()
        return page
      }
      if (this.#ended) break
      await this.#asked
    }
    const error = this.#error
    this.#error = undefined
    if (error !== undefined) throw error
    return undefined
  }

  /** Asks for nothing more. What is on its way is thrown away. */
  stop(): void {
    this.#stopped = true
  }

  /** Reads on while there is room. Whoever takes the pages sees an error; where nobody does, it must not end the process. */
  #ask(): void {
    if (this.#asked || this.#ended || this.#held.length >= AHEAD.pages || this.#size >= AHEAD.size) return
    this.#asked = this.#pages
      .next()
      .then(({value}) => {
        if (!value) {
          this.#ended = true
          return
        }
        this.#held.push(value)
        this.#size += value.size
      })
      .catch((error: Error) => {
        this.#ended = true
        this.#error = error
      })
      .finally(() => {
        this.#asked = undefined
        this.#ask()
      })
  }

  async *#read(tenant: Tenant, window: CaptureWindow): AsyncGenerator<CapturedPage, void, void> {
    const start = await this.#start(tenant, window)
    if (!start) return
    let {from} = start
    let first: readonly LogEntry[] = start.entries
    let take = PAGE
    while (!this.#stopped) {
      const known = window.saved.findLast((run) => run.from <= from && from < run.last)
      if (known) {
        from = known.last
        first = []
        continue
      }
      const {entries: asked, next} = await tenant.logsFrom({from, take})
      const ahead = window.saved.find((run) => run.from >= from)
      const fresh = [...first, ...asked.filter((entry) => entry.log_id > from)]
      const entries = ahead ? fresh.filter((entry) => entry.log_id <= ahead.from) : fresh
      const reaches = ahead !== undefined && entries.length < fresh.length
      const newest = newestOf(fresh) ?? from
      const last = reaches ? ahead.from : newest > (next ?? '') ? newest : (next ?? newest)
      // Tenants that give half of what was asked for exist: such a page says nothing about the end.
      const full = asked.length >= take || asked.length === take >> 1
      if (entries.length > 0) {
        const page = captured(first.length > 0 ? BEGINNING : from, last, entries)
        if (page.size > WIDE_PAGE) take = Math.max(1, take >> 1)
        yield page
      }
      first = []
      if (reaches) {
        from = ahead.last
        continue
      }
      if (asked.length === 0 || last === from || (!window.thorough && !full)) return
      from = last
    }
  }

  /** The checkpoint to go on from, and what comes with it: nothing where the log is empty. */
  async #start(tenant: Tenant, window: CaptureWindow): Promise<{from: string; entries: LogEntry[]} | undefined> {
    const {since, saved} = window
    const end = saved.at(-1)
    if (window.goes_on && end) return {from: end.last, entries: []}
    const [oldest, before] = await Promise.all([
      tenant.searchLogs({q: 'date:[1970-01-01 TO *]', page: 0, per_page: PAGE, sort: 'date:1'}),
      since === undefined
        ? []
        : tenant.searchLogs({q: `date:[* TO ${rfc3339Millis(since - LATE_MS)}]`, page: 0, per_page: PAGE, sort: 'date:-1'}),
    ])
    const oldestAt = Date.parse(oldest[0]?.date ?? '')
    if (Number.isFinite(oldestAt)) this.oldest_at = oldestAt
    const from = smallest(before)
    if (from) return {from: from.log_id, entries: []}
    const first = smallest(oldest)
    return first && {from: first.log_id, entries: [first]}
  }
}

function captured(from: string, last: string, entries: readonly LogEntry[]): CapturedPage {
  const lines = entries.map(evidenceLine)
  const size = lines.reduce((sum, line) => sum + line.length + 1, 0)
  return {from, last, entries: entries.map(withoutBulk), lines, size}
}

function smallest(entries: readonly LogEntry[]): LogEntry | undefined {
  return entries.reduce<LogEntry | undefined>((a, b) => (a === undefined || b.log_id < a.log_id ? b : a), undefined)
}

function newestOf(entries: readonly LogEntry[]): string | undefined {
  return entries.reduce<string | undefined>((a, {log_id}) => (a === undefined || log_id > a ? log_id : a), undefined)
}
