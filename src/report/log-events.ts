import type {Account} from './account.ts'
import {observed, textOf} from './account.ts'

/** An entry of the tenant's log as a report shows it. */
export interface LogEvent {
  readonly log_id: string
  readonly at: string
  readonly type: string
  readonly what: string
  readonly client_id?: string
  readonly ip?: string
  readonly user_agent?: string
  readonly jti?: string
}

/** What the saved entries about the incident's client say, newest last. */
export interface LogEvents {
  /** Changes made through the Management API, and reads that returned a secret. */
  readonly calls: readonly LogEvent[]
  /** Refused requests for a token. */
  readonly refusals: readonly LogEvent[]
  /** How many of each were left out, the oldest first. */
  readonly omitted: number
  /** False when no tenant log is in the evidence. */
  readonly saved: boolean
}

/** At most so many of each: a page that nobody can read to the end says less. The evidence holds all. */
const MAX_EVENTS = 1000
const CALLS = new Set(['sapi', 'mgmt_api_read'])
/** Failed exchanges: client credentials, code, refresh token, password. */
const REFUSALS = new Set(['feccft', 'feacft', 'fertft', 'ferrt', 'fepft'])

type Members = Readonly<Record<string, unknown>>

/** Reads the saved tenant log, one blob and one line at a time; each entry once. */
export function logEvents(account: Account): LogEvents {
  const records = observed(account, 'tenant_log.save')
  const seen = new Set<string>()
  const calls: LogEvent[] = []
  const refusals: LogEvent[] = []
  for (const record of records) {
    const text = account.blob(textOf(record, 'evidence') ?? '')
    for (const line of linesOf(text ?? '')) {
      const event = eventOf(line, account.state.client_id)
      if (!event || seen.has(event.log_id)) continue
      seen.add(event.log_id)
      if (CALLS.has(event.type)) calls.push(event)
      else refusals.push(event)
    }
  }
  const kept = [calls, refusals].map((list) => list.toSorted((a, b) => (a.at < b.at ? -1 : 1)).slice(-MAX_EVENTS))
  return {
    calls: kept[0]!,
    refusals: kept[1]!,
    omitted: calls.length + refusals.length - kept[0]!.length - kept[1]!.length,
    saved: records.length > 0,
  }
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start)
    yield text.slice(start, end < 0 ? undefined : end)
    if (end < 0) return
    start = end + 1
  }
}

function eventOf(line: string, client: string | undefined): LogEvent | undefined {
  // Most entries are issuances; those stand in the exposure. Not even parsed.
  if (!/"type":\s*"(?:sapi|mgmt_api_read|fe[a-z]{2,4})"/.test(line)) return undefined
  let entry: Members
  try {
    entry = JSON.parse(line) as Members
  } catch {
    return undefined
  }
  const [type, id, at] = [entry['type'], entry['log_id'], entry['date']]
  if (typeof type !== 'string' || typeof id !== 'string' || typeof at !== 'string') return undefined
  if (!CALLS.has(type) && !REFUSALS.has(type)) return undefined
  if (client === undefined || entry['client_id'] !== client) return undefined
  const request = part(part(entry, 'details'), 'request')
  const said = (member: string): string | undefined => {
    const value = entry[member]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const jti = part(part(request, 'auth'), 'credentials')['jti']
  return {
    log_id: id,
    at,
    type,
    what: wordsOf(said('description'), request),
    client_id: client,
    ...(said('ip') === undefined ? {} : {ip: said('ip')!}),
    ...(said('user_agent') === undefined ? {} : {user_agent: said('user_agent')!}),
    ...(typeof jti === 'string' ? {jti} : {}),
  }
}

function wordsOf(description: string | undefined, request: Members): string {
  const [method, path] = [request['method'], request['path']]
  const call = typeof method === 'string' && typeof path === 'string' ? `${method.toUpperCase()} ${path}` : ''
  return [description ?? '', call].filter((one) => one !== '').join(', ') || 'no description'
}

function part(value: Members, member: string): Members {
  const found = value[member]
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Members) : {}
}
