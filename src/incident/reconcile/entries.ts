import type {LogEntry} from '../../auth0/resources/log-entry.ts'
import type {OwnRequest, RecordedIntent} from './facts.ts'

export const WRITE = 'sapi'
export const SECRET_READ = 'mgmt_api_read'
export const TOKEN = 'seccft'

/** An entry that can be matched, with its date in milliseconds. */
export interface Dated {
  readonly entry: LogEntry
  readonly at: number
}

/** Entries of the matched kinds, oldest first, each once. */
export function datedEntries(entries: readonly LogEntry[]): Dated[] {
  const unique = new Map<string, Dated>()
  for (const entry of entries) {
    if (entry.type !== WRITE && entry.type !== SECRET_READ && entry.type !== TOKEN) continue
    const at = Date.parse(entry.date)
    if (Number.isFinite(at)) unique.set(entry.log_id, {entry, at})
  }
  return [...unique.values()].toSorted((a, b) => a.at - b.at || (a.entry.log_id < b.entry.log_id ? -1 : 1))
}

/** The kind of entry that an intent leaves behind. */
export function expectedType(intent: RecordedIntent): string {
  if (intent.action === 'token.request') return TOKEN
  return intent.method.toUpperCase() === 'GET' ? SECRET_READ : WRITE
}

/** Method without case, path as the server reads it. */
export function sameRequest(intent: OwnRequest, entry: LogEntry): boolean {
  if (entry.type === TOKEN) return intent.action === 'token.request' && entry.audience === audienceOf(intent)
  const {method, path} = entry.request ?? {}
  return (
    method !== undefined &&
    path !== undefined &&
    method.toUpperCase() === intent.method.toUpperCase() &&
    decoded(path) === decoded(intent.path)
  )
}

export function audienceOf(intent: OwnRequest): string {
  return intent.target.replace(/^api:/, '')
}

/** What an entry did, for a sentence. */
export function whatOf(entry: LogEntry): string {
  const {method, path} = entry.request ?? {}
  return method === undefined ? (entry.description ?? entry.type) : `${method.toUpperCase()} ${path ?? ''}`.trim()
}

function decoded(path: string): string {
  const bare = path.split('?')[0] ?? path
  try {
    return decodeURIComponent(bare)
  } catch {
    return bare
  }
}
