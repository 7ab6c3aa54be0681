import type {LogEntry} from '../auth0/resources/log-entry.ts'
import type {Tenant} from '../auth0/tenant.ts'
import {rfc3339Millis} from '../clock.ts'
import {BEGINNING} from './saved-log.ts'

const PAGE = 100
/** Pages that are read before anybody takes them: what is held in memory while a question is on the screen. */
const AHEAD = 10
/** Entries come in the order of arrival and may be this late, milliseconds. */
const LATE_MS = 10 * 60_000

/** A run of log ids that is saved already: everything after `from` up to `last`. */
export interface SavedRun {
  readonly from: string
  readonly last: string
}

/** Entries that arrived after the log id `from`, up to `last`, without a gap between them. */
export interface CapturedPage extends SavedRun {
  readonly entries: readonly LogEntry[]
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
  readonly #ahead: Promise<IteratorResult<CapturedPage, void>>[] = []
  #stopped = false
  /** Date of the oldest entry that the tenant still has, milliseconds; undefined where that was not asked or there is none. */
  oldest_at: number | undefined

  private constructor(tenant: Tenant, window: CaptureWindow) {
    this.#pages = this.#read(tenant, window)
    for (let page = 0; page < AHEAD; page++) this.#ask()
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
    const page = this.#ahead.shift()
    this.#ask()
    const {value, done} = (await page) ?? {done: true, value: undefined}
    return done ? undefined : (value ?? undefined)
  }

  /** Asks for nothing more. What is on its way is thrown away. */
  stop(): void {
    this.#stopped = true
  }

  #ask(): void {
    const asked = this.#pages.next()
    // Whoever takes the page sees the error; a page that nobody takes must not end the process.
    asked.catch(() => {})
    this.#ahead.push(asked)
  }

  async *#read(tenant: Tenant, window: CaptureWindow): AsyncGenerator<CapturedPage, void, void> {
    const start = await this.#start(tenant, window)
    if (!start) return
    let {from} = start
    let first: readonly LogEntry[] = start.entries
    while (!this.#stopped) {
      const known = window.saved.findLast((run) => run.from <= from && from < run.last)
      if (known) {
        from = known.last
        first = []
        continue
      }
      const {entries: asked, next} = await tenant.logsFrom({from, take: PAGE})
      const ahead = window.saved.find((run) => run.from >= from)
      const fresh = [...first, ...asked.filter((entry) => entry.log_id > from)]
      const entries = ahead ? fresh.filter((entry) => entry.log_id <= ahead.from) : fresh
      const reaches = ahead !== undefined && entries.length < fresh.length
      const newest = newestOf(fresh) ?? from
      const last = reaches ? ahead.from : newest > (next ?? '') ? newest : (next ?? newest)
      if (entries.length > 0) yield {from: first.length > 0 ? BEGINNING : from, last, entries}
      first = []
      if (reaches) {
        from = ahead.last
        continue
      }
      // Tenants that give half of what was asked for exist: such a page says nothing about the end.
      const full = asked.length >= PAGE || asked.length === PAGE / 2
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

function smallest(entries: readonly LogEntry[]): LogEntry | undefined {
  return entries.reduce<LogEntry | undefined>((a, b) => (a === undefined || b.log_id < a.log_id ? b : a), undefined)
}

function newestOf(entries: readonly LogEntry[]): string | undefined {
  return entries.reduce<string | undefined>((a, {log_id}) => (a === undefined || log_id > a ? log_id : a), undefined)
}
