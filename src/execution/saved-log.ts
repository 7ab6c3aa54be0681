import {savedLogEntry} from '../auth0/resources/log-entry.ts'
import type {LogEntry} from '../auth0/resources/log-entry.ts'
import {StanchError} from '../errors.ts'
import type {StoredRecord} from '../trail/format/record.ts'

/** Where saved entries are read from: a trail that is open, or the folder of one (`trailFolder`). */
export interface SavedLogSource {
  records(filter: {readonly inc?: string | undefined}): Iterable<StoredRecord>
  getEvidence(sha256: string): Buffer | undefined
}

/** A blob of saved entries: everything that arrived after the log id `from`, up to `last`. */
export interface SavedBlob {
  readonly seq: number
  readonly sha256: string
  readonly entries: number
  readonly from: string
  readonly last: string
}

/** Stands for the log id before the oldest entry of the tenant; sorts before every log id. */
export const BEGINNING = '-'

/** How the target of a `tenant_log.save` record names the run of log ids that its blob holds without a gap. */
const RANGE = /^tenant_log:([!-~]{1,600}?)\.\.([!-~]{1,600})$/

/** The target of a blob that was fetched by checkpoint. */
export function rangeTarget(from: string, last: string): string {
  return `tenant_log:${from}..${last}`
}

/** The blobs of an incident that were fetched by checkpoint, oldest entries first. */
export function savedRanges(trail: Pick<SavedLogSource, 'records'>, incidentId: string): SavedBlob[] {
  return [...blobRecords(trail, incidentId)].filter((one): one is SavedBlob => one.from !== undefined).sort(byFrom)
}

/**
 * Every entry that was saved for an incident, in the order of arrival, each log id once. Memory is that of the blobs which
 * overlap, whatever the size of the log: blobs by checkpoint follow each other, a search's blob lies across them.
 *
 * @throws {StanchError} `E_MISSING` when a blob is not on this machine, `E_TAMPERED` when it is not the one that was saved
 */
export function* savedLog(trail: SavedLogSource, incidentId: string): Generator<LogEntry, void, void> {
  const waiting = [...blobRecords(trail, incidentId)].map((one) => ranged(trail, one)).filter((one) => one.entries > 0)
  waiting.sort(byFrom)
  let active: {entries: readonly LogEntry[]; at: number}[] = []
  let next = 0
  let given = ''
  for (;;) {
    let head = smallest(active)
    for (let blob = waiting[next]; blob && (head === undefined || blob.from <= head); blob = waiting[++next]) {
      active.push({entries: entriesOf(trail, blob.sha256), at: 0})
      head = smallest(active)
    }
    if (head === undefined) return
    for (const cursor of active) {
      const entry = cursor.entries[cursor.at]
      if (entry?.log_id !== head) continue
      if (head !== given) {
        given = head
        yield entry
      }
      while (cursor.entries[cursor.at]?.log_id === head) cursor.at++
    }
    if (active.some((cursor) => cursor.at >= cursor.entries.length))
      active = active.filter((cursor) => cursor.at < cursor.entries.length)
  }
}

function smallest(active: readonly {entries: readonly LogEntry[]; at: number}[]): string | undefined {
  let head: string | undefined
  for (const {entries, at} of active) {
    const id = entries[at]?.log_id
    if (id !== undefined && (head === undefined || id < head)) head = id
  }
  return head
}

function byFrom(a: {readonly from: string}, b: {readonly from: string}): number {
  return a.from < b.from ? -1 : a.from > b.from ? 1 : 0
}

type Unranged = Pick<SavedBlob, 'seq' | 'sha256' | 'entries'> & {from?: string; last?: string}

/** The newest record of a blob counts: the same bytes may have been saved twice. */
function blobRecords(trail: Pick<SavedLogSource, 'records'>, incidentId: string): Iterable<Unranged> {
  const found = new Map<string, Unranged>()
  for (const record of trail.records({inc: incidentId})) {
    if (record.kind !== 'observe' || record['action'] !== 'tenant_log.save') continue
    const {evidence: sha256, count, target} = record
    if (typeof sha256 !== 'string') continue
    const range = typeof target === 'string' ? RANGE.exec(target) : null
    const [, from, last] = range ?? []
    found.set(sha256, {
      seq: record.seq,
      sha256,
      entries: typeof count === 'number' ? count : 1,
      ...(from === undefined || last === undefined ? {} : {from, last}),
    })
  }
  return found.values()
}

/** A blob that came from a search says nothing about its ids: it is looked into once. */
function ranged(trail: SavedLogSource, blob: Unranged): SavedBlob {
  const {from, last} = blob
  if (from !== undefined && last !== undefined) return {...blob, from, last}
  if (blob.entries === 0) return {...blob, from: '', last: ''}
  const entries = entriesOf(trail, blob.sha256)
  return {...blob, entries: entries.length, from: entries[0]?.log_id ?? '', last: entries.at(-1)?.log_id ?? ''}
}

/** The entries of one blob, in the order of their ids. */
function entriesOf(trail: SavedLogSource, sha256: string): LogEntry[] {
  const blob = trail.getEvidence(sha256)
  if (!blob)
    throw new StanchError('E_MISSING', `The evidence ${sha256} with saved log entries is not on this machine.`, {
      hint: "Nothing was concluded from the rest. Bring the incident's evidence back, or save the log again: stanch resume",
    })
  const entries: LogEntry[] = []
  for (const line of blob.toString('utf8').split('\n')) if (line !== '') entries.push(entryOf(line, sha256))
  let sorted = true
  for (let i = 1; i < entries.length && sorted; i++) sorted = (entries[i - 1]?.log_id ?? '') <= (entries[i]?.log_id ?? '')
  return sorted ? entries : entries.sort((a, b) => (a.log_id < b.log_id ? -1 : a.log_id > b.log_id ? 1 : 0))
}

function entryOf(line: string, sha256: string): LogEntry {
  try {
    return savedLogEntry(JSON.parse(line))
  } catch (cause) {
    throw new StanchError('E_SCHEMA', `The evidence ${sha256} holds a line that is no log entry.`, {cause})
  }
}
