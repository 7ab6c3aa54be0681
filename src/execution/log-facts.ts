import type {LogEntry} from '../auth0/resources/log-entry.ts'
import {isExchange} from '../incident/issuance.ts'

/** Entries that are kept in memory; a client with more exchanges than one each 26 s over 30 days is cut, and that is said. */
export const MOST_FACTS = 100_000
/** What is the same in very many entries is held once. */
const REPEATED = [
  'type',
  'description',
  'client_id',
  'client_name',
  'ip',
  'user_agent',
  'audience',
  'scope',
  'fingerprint',
] as const

/** The entry without what it came as, where nothing is read from that later: so much less is held in memory. */
export function withoutBulk(entry: LogEntry): LogEntry {
  return isSetting(entry) ? entry : {...entry, raw: undefined}
}

/** What exposure and consumers are computed from, picked out of a log of any size while it passes by. */
export class LogFacts {
  readonly #clientId: string
  readonly #exchanges = new Map<string, LogEntry>()
  readonly #settings = new Map<string, LogEntry>()
  readonly #texts = new Map<string, string>()

  constructor(clientId: string) {
    this.#clientId = clientId
  }

  see(entries: Iterable<LogEntry>): void {
    for (const entry of entries) {
      if (entry.client_id === this.#clientId && isExchange(entry)) keep(this.#exchanges, this.#shared(entry))
      else if (isSetting(entry)) keep(this.#settings, entry)
    }
  }

  #shared(entry: LogEntry): LogEntry {
    const copy: {-readonly [K in keyof LogEntry]: LogEntry[K]} = {...entry, raw: undefined}
    for (const name of REPEATED) {
      const text = entry[name]
      if (text === undefined) continue
      const known = this.#texts.get(text)
      if (known === undefined) this.#texts.set(text, text)
      else copy[name] = known
    }
    return copy
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
    return this.#exchanges.size >= MOST_FACTS || this.#settings.size >= MOST_FACTS
  }
}

/** Changes of APIs, grants and clients: what a lifetime, and somebody else's response to the leak, can be read from. */
function isSetting({type, request}: LogEntry): boolean {
  return type === 'sapi' && /^\/api\/v2\/(resource-servers|client-grants|clients)\b/.test(request?.path ?? '')
}

function keep(kept: Map<string, LogEntry>, entry: LogEntry): void {
  if (kept.size < MOST_FACTS || kept.has(entry.log_id)) kept.set(entry.log_id, entry)
}

function merged(more: readonly LogEntry[], kept: ReadonlyMap<string, LogEntry>): LogEntry[] {
  const all = new Map([...kept, ...more.map((entry) => [entry.log_id, entry] as const)])
  return [...all.values()].sort((a, b) => (a.date < b.date ? 1 : a.date > b.date ? -1 : 0))
}
