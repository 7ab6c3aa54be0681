import type {LogEntry} from '../auth0/resources/log-entry.ts'
import {isExchange} from '../incident/issuance.ts'

/** Entries that are kept in memory; a client with more exchanges than one each 13 s over 30 days is cut, and that is said. */
const MOST = 200_000

/** What exposure and consumers are computed from, picked out of a log of any size while it passes by. */
export class LogFacts {
  readonly #clientId: string
  readonly #exchanges = new Map<string, LogEntry>()
  readonly #settings = new Map<string, LogEntry>()

  constructor(clientId: string) {
    this.#clientId = clientId
  }

  see(entries: Iterable<LogEntry>): void {
    for (const entry of entries) {
      if (entry.client_id === this.#clientId && isExchange(entry)) keep(this.#exchanges, {...entry, raw: undefined})
      else if (isSetting(entry)) keep(this.#settings, entry)
    }
  }

  /** Token exchanges of the client, and those of `more` that were not seen, newest first. */
  clientLog(more: readonly LogEntry[]): LogEntry[] {
    return merged(more, this.#exchanges)
  }

  /** Changes of APIs, grants and clients, and those of `more` that were not seen, newest first. */
  settingChanges(more: readonly LogEntry[]): LogEntry[] {
    return merged(more, this.#settings)
  }

  /** True when there were more than are kept. */
  get cut(): boolean {
    return this.#exchanges.size >= MOST || this.#settings.size >= MOST
  }
}

/** Changes of APIs, grants and clients: what a lifetime, and somebody else's response to the leak, can be read from. */
function isSetting({type, request}: LogEntry): boolean {
  return type === 'sapi' && /^\/api\/v2\/(resource-servers|client-grants|clients)\b/.test(request?.path ?? '')
}

function keep(kept: Map<string, LogEntry>, entry: LogEntry): void {
  if (kept.size < MOST || kept.has(entry.log_id)) kept.set(entry.log_id, entry)
}

function merged(more: readonly LogEntry[], kept: ReadonlyMap<string, LogEntry>): LogEntry[] {
  const all = new Map([...kept, ...more.map((entry) => [entry.log_id, entry] as const)])
  return [...all.values()].sort((a, b) => (a.date < b.date ? 1 : a.date > b.date ? -1 : 0))
}
