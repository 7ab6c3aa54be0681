import type {LogEntry} from '../auth0/resources/log-entry.ts'
import {StanchError} from '../errors.ts'
import {printable} from '../untrusted.ts'
import {LogCapture} from './log-capture.ts'
import type {CapturedPage} from './log-capture.ts'
import {coverageOf} from './log-coverage.ts'
import type {LogCoverage} from './log-coverage.ts'
import {BLOB, putLines} from './log-lines.ts'
import {captureWindow} from './log-window.ts'
import {rangeTarget, savedRanges} from './saved-log.ts'
import type {Run} from './run.ts'

/**
 * What saving the log may cost. Before the first change it may keep containment waiting this long; what is left then is
 * saved after the last probe. Seconds of work, entries of this run.
 */
export interface LogCaps {
  readonly before: {readonly seconds: number; readonly entries: number}
  readonly after: {readonly seconds: number; readonly entries: number}
}

/** Half a minute is what an attacker may gain by it at most; a tenant with 16 requests a second gives 48,000 entries in it. */
export const LOG_CAPS: LogCaps = {before: {seconds: 30, entries: 50_000}, after: {seconds: 900, entries: 1_000_000}}

/** A blob is written once it is full, and at the latest after this long: what a crash can cost. */
const FLUSH_MS = 2000
/** Nothing is said about what takes less than this; then about this often, milliseconds. */
const SAY_MS = 1000

/** A page that is under way when a cap is reached is waited for this long. */
const LAST_PAGE_SECONDS = 1

/** Saves one tenant's log into one incident's evidence, in as many runs as it takes. */
export class LogSaver {
  readonly #run: Run
  readonly #caps: LogCaps
  readonly #since: number | undefined
  /** Sees every entry that is saved, for what is computed from it. */
  readonly #seen: (entries: Iterable<LogEntry>) => void
  #capture: LogCapture | undefined
  #pending: Promise<CapturedPage | undefined> | undefined
  #oldest: number | undefined
  #lines: string[] = []
  #size = 0
  #from: string | undefined
  #last = ''
  #dates: [string, string] | undefined
  #range: [string, string] | undefined
  #flushed = 0
  #stopped_by: string | undefined
  #caught_up = false
  #taken = 0

  /** @param since NumericDate; undefined for as far back as the tenant has it */
  constructor(run: Run, since: number | undefined, seen: (entries: Iterable<LogEntry>) => void) {
    this.#run = run
    this.#caps = run.log_caps ?? LOG_CAPS
    this.#since = since
    this.#seen = seen
    this.#capture = run.capture
  }

  get caughtUp(): boolean {
    return this.#caught_up
  }

  get stoppedBy(): string | undefined {
    return this.#stopped_by
  }

  /** Date of the last entry that is saved by this run. */
  get until(): string | undefined {
    return this.#range?.[1]
  }

  get entries(): number {
    return this.#taken
  }

  /**
   * Saves until nothing more is there, a cap is reached, or the responder interrupts. What was taken is on the disk then.
   *
   * @throws interrupted when the transport was; other errors of the tenant end the saving and are told by `stoppedBy`
   */
  async save(when: 'before' | 'after'): Promise<void> {
    const {clock, interruption} = this.#run
    const cap = this.#caps[when]
    const started = clock.monotonic()
    const before = this.#taken
    this.#flushed = started
    this.#stopped_by = undefined
    this.#caught_up = false
    this.#capture ??= this.#goOn()
    let said = started
    try {
      for (;;) {
        const left = cap.seconds - (clock.monotonic() - started) / 1000
        const why = interruption.requested
          ? 'interrupted'
          : left <= 0
            ? 'time'
            : this.#taken - before >= cap.entries
              ? 'count'
              : ''
        if (why !== '') return await this.#stop(this.#capture, why)
        this.#pending ??= this.#capture.next()
        const page = await within(this.#pending, left)
        if (page === 'late') continue
        this.#pending = undefined
        if (page === undefined) {
          this.#caught_up = true
          return
        }
        this.#take(page)
        const now = clock.monotonic()
        if (this.#size >= BLOB || now - this.#flushed >= FLUSH_MS) this.#flush()
        if (now - said >= SAY_MS) {
          said = now
          this.#say(Math.ceil(left), when)
        }
      }
    } catch (error) {
      if (!(error instanceof StanchError) || error.code === 'interrupted' || error.code.startsWith('E_')) throw error
      this.#stopped_by = error.code
    } finally {
      this.#capture?.stop()
      this.#capture = undefined
      this.#pending = undefined
      this.#flush()
    }
  }

  /** Asks for nothing more; what was read ahead is taken, so that it is not read again. */
  async #stop(capture: LogCapture, why: string): Promise<void> {
    this.#stopped_by = why
    capture.stop()
    for (;;) {
      const page = await within(this.#pending ?? capture.next(), LAST_PAGE_SECONDS)
      this.#pending = undefined
      if (page === undefined || page === 'late') return
      this.#take(page)
    }
  }

  /** How far it is, from the records: what other sessions saved is part of it. */
  coverage(now: number): LogCoverage {
    const {journal} = this.#run
    return coverageOf(savedRanges(journal.trail, journal.incident), {
      computed_at: now,
      since: this.#since,
      oldest_at: this.#oldest,
      dates: this.#range,
      caught_up: this.#caught_up,
      stopped_by: this.#stopped_by,
    })
  }

  /** From the last saved checkpoint on; where a stretch before it is missing, that first. */
  #goOn(): LogCapture {
    const {tenant, journal} = this.#run
    return LogCapture.begin(tenant, captureWindow(journal.trail, journal.incident, this.#since, true))
  }

  #take(page: CapturedPage): void {
    this.#oldest ??= this.#capture?.oldest_at
    // A blob holds one run without a gap: where a stretch was saved before, another one begins.
    if (this.#from !== undefined && page.from !== this.#last) this.#flush()
    this.#from ??= page.from
    this.#last = page.last
    this.#taken += page.entries.length
    for (const line of page.lines) this.#lines.push(line)
    this.#size += page.size
    for (const {date} of page.entries) this.#dates = [lesser(this.#dates?.[0], date), greater(this.#dates?.[1], date)]
    this.#seen(page.entries)
  }

  #flush(): void {
    const {journal, clock} = this.#run
    this.#flushed = clock.monotonic()
    if (this.#from === undefined || this.#lines.length === 0) return
    const [first, last] = this.#dates ?? ['', '']
    journal.observe({
      action: 'tenant_log.save',
      target: rangeTarget(this.#from, this.#last),
      finding: `${this.#lines.length} entries by checkpoint, ${first} to ${last}`,
      count: this.#lines.length,
      first_at: printable(first, 40),
      last_at: printable(last, 40),
      evidence: putLines(journal.trail, this.#lines),
    })
    this.#range = [lesser(this.#range?.[0], first), greater(this.#range?.[1], last)]
    this.#lines = []
    this.#size = 0
    this.#from = undefined
    this.#dates = undefined
  }

  #say(left: number, when: 'before' | 'after'): void {
    const until = this.#dates?.[1] ?? this.#range?.[1] ?? ''
    this.#run.responder.notify({
      kind: 'waits',
      why: `saving the tenant log${when === 'before' ? ' before anything is changed' : ''}: ${this.#taken} entries, up to ${until.slice(0, 19)}Z`,
      seconds_left: left,
    })
  }
}

/** A read that hangs must not keep containment waiting. By the wall's time: the tenant's does not pass meanwhile. */
async function within<T>(work: Promise<T>, seconds: number): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), seconds * 1000)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function lesser(a: string | undefined, b: string): string {
  return a === undefined || b < a ? b : a
}

function greater(a: string | undefined, b: string): string {
  return a === undefined || b > a ? b : a
}
