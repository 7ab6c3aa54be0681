import type {LogEntry} from '../auth0/resources/log-entry.ts'
import type {Tenant} from '../auth0/tenant.ts'
import {rfc3339Millis} from '../clock.ts'
import type {Trail} from '../trail/trail.ts'
import {BLOB, evidenceLine, putLines} from './log-lines.ts'

const PAGE = 100
/** 100,000 entries; a busier window is reconciled in parts. */
const MAX_PAGES = 1000
/** Entries come in the order of arrival and may be this late, milliseconds. */
const LATE_MS = 10 * 60_000

export interface FetchedLog {
  /** From the start on; some before it, too. */
  readonly entries: readonly LogEntry[]
  /** False when there are more than were fetched. */
  readonly all: boolean
  /** Milliseconds; undefined when the log is empty. */
  readonly oldest_at?: number
  /** SHA-256 of the blobs with what was fetched. */
  readonly evidence: readonly string[]
}

/**
 * Everything that arrived in the tenant's log since an instant, by checkpoint: without the limit of a search, in the
 * order of arrival. Where that begins is found by a search on the date. Each page is kept as evidence.
 *
 * @param since tenant time, milliseconds
 * @throws auth0.scope_missing without read:logs
 */
export async function fetchLog(
  tenant: Tenant,
  trail: Pick<Trail, 'putEvidence'>,
  since: number,
  interrupted: () => boolean = () => false,
): Promise<FetchedLog> {
  const [oldest] = await tenant.searchLogs({q: 'date:[1970-01-01 TO *]', page: 0, per_page: 1, sort: 'date:1'})
  const first = await firstPage(tenant, since)
  const entries = [...first.entries]
  const kept = new Evidence(trail)
  kept.add(first.entries)
  let from = first.from
  let all = first.from === undefined
  for (let page = 0; page < MAX_PAGES && !all && !interrupted(); page++) {
    const {entries: next, next: checkpoint} = await tenant.logsFrom({...(from === undefined ? {} : {from}), take: PAGE})
    kept.add(next)
    entries.push(...next)
    all = next.length === 0 || checkpoint === undefined || checkpoint === from
    from = checkpoint
  }
  const oldestAt = oldest === undefined ? NaN : Date.parse(oldest.date)
  return {entries, all, ...(Number.isFinite(oldestAt) ? {oldest_at: oldestAt} : {}), evidence: kept.end()}
}

/**
 * The log id to go on from. The newest entries before the start are looked up, with a margin for those that came late;
 * the smallest of their ids is where the reading begins. With none before it, the reading begins at the oldest there is.
 */
async function firstPage(tenant: Pick<Tenant, 'searchLogs'>, since: number): Promise<{entries: LogEntry[]; from?: string}> {
  const before = rfc3339Millis(since - LATE_MS)
  const older = await tenant.searchLogs({q: `date:[* TO ${before}]`, page: 0, per_page: PAGE, sort: 'date:-1'})
  if (older.length > 0) return {entries: [], from: smallest(older)}
  const page = await tenant.searchLogs({q: `date:[${before} TO *]`, page: 0, per_page: PAGE, sort: 'date:1'})
  return page.length === 0 ? {entries: []} : {entries: page, from: smallest(page)}
}

/**
 * Where to read on from so that everything since an instant comes: a log id, and the entry of that id where it belongs
 * to what is wanted. Without an id the log is empty.
 *
 * @param since tenant time, milliseconds
 */
export async function checkpointBefore(
  tenant: Pick<Tenant, 'searchLogs'>,
  since: number,
): Promise<{readonly from?: string; readonly entries: readonly LogEntry[]}> {
  const {entries, from} = await firstPage(tenant, since)
  return {...(from === undefined ? {} : {from}), entries: entries.filter((entry) => entry.log_id === from)}
}

function smallest(entries: readonly LogEntry[]): string {
  return entries.map(({log_id}) => log_id).reduce((a, b) => (a < b ? a : b))
}

/** Pages as JSON lines, in blobs. */
class Evidence {
  readonly #trail: Pick<Trail, 'putEvidence'>
  readonly #blobs: string[] = []
  #lines: string[] = []
  #size = 0

  constructor(trail: Pick<Trail, 'putEvidence'>) {
    this.#trail = trail
  }

  add(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      const line = evidenceLine(entry)
      this.#lines.push(line)
      this.#size += line.length + 1
    }
    if (this.#size >= BLOB) this.#put()
  }

  end(): readonly string[] {
    if (this.#lines.length > 0) this.#put()
    return this.#blobs
  }

  #put(): void {
    this.#blobs.push(putLines(this.#trail, this.#lines))
    this.#lines = []
    this.#size = 0
  }
}
