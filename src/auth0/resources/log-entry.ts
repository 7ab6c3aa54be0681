import * as v from 'valibot'
import {foreign, id, read, text, unexpected} from './reading.ts'

/**
 * One entry of the tenant log. Absent, null and "" all mean "not said" and become undefined here.
 * `raw` keeps the entry as it came, for evidence; tenant logs hold personal data, never tokens or secrets.
 */
export interface LogEntry {
  readonly log_id: string
  /** RFC 3339, as the tenant wrote it. */
  readonly date: string
  readonly type: string
  readonly description?: string
  readonly client_id?: string
  readonly client_name?: string
  readonly ip?: string
  readonly user_agent?: string
  readonly user_id?: string
  readonly audience?: string
  readonly scope?: string
  /** `security_context.ja4`, else `ja3`: how the caller's TLS library says hello. */
  readonly fingerprint?: string
  /** `references.correlation_id`: the X-Correlation-ID of the request. */
  readonly correlation_id?: string
  /** `details.access_token_jti` of an issuance event. */
  readonly access_token_jti?: string
  /** `details.request`, for events of Management API calls; `method` in lower case as recorded. */
  readonly request?: {
    readonly method?: string
    readonly path?: string
    readonly channel?: string
    readonly ip?: string
    readonly jti?: string
    readonly user_email?: string
    /** `userAgent`, as the caller sent it; the entry's own agent is what Auth0 made of it. */
    readonly user_agent?: string
  }
  readonly response_status?: number
  /** `details.accessedSecrets`, for instance `["client_secret"]`. */
  readonly accessed_secrets?: readonly string[]
  readonly raw: unknown
}

const schema = v.object({log_id: id, date: text, type: text})

/**
 * Only id, date and type must fit: the rest differs from event to event and from year to year, and an entry that
 * surprises us is evidence all the same.
 *
 * @throws {StanchError} `auth0.unexpected_answer`
 */
export function parseLogEntry(value: unknown, at = 'log'): LogEntry {
  read(schema, value, at)
  return entryOf(withoutSecrets(value) as Members)
}

/**
 * An entry that was saved: it was checked and its secrets were dropped before it became evidence.
 *
 * @throws {StanchError} `auth0.unexpected_answer` without id, date or type
 */
export function savedLogEntry(value: unknown): LogEntry {
  const entry = members(value)
  for (const name of ['log_id', 'date', 'type'])
    if (typeof entry[name] !== 'string') throw unexpected(`saved log.${name}`, 'string')
  return entryOf(entry)
}

function entryOf(entry: Members): LogEntry {
  const details = members(entry['details'])
  const request = members(details['request'])
  const status = members(details['response'])['statusCode']
  const secrets = details['accessedSecrets']
  const security = members(entry['security_context'])
  const found: Mutable<LogEntry> = {
    log_id: String(entry['log_id']),
    date: String(entry['date']),
    type: String(entry['type']),
    raw: entry,
  }
  for (const name of PLAIN) {
    const value = entry[name]
    if (typeof value === 'string' && value !== '') found[name] = value
  }
  const {scope} = entry
  say(found, 'scope', Array.isArray(scope) ? scope.filter((one) => typeof one === 'string').join(' ') : scope)
  say(found, 'fingerprint', security['ja4'] || security['ja3'])
  say(found, 'correlation_id', members(entry['references'])['correlation_id'])
  say(found, 'access_token_jti', details['access_token_jti'])
  if (Object.keys(request).length > 0) found.request = requestOf(request)
  if (typeof status === 'number') found.response_status = status
  if (Array.isArray(secrets)) found.accessed_secrets = secrets.filter((one) => typeof one === 'string')
  return found
}

function requestOf(request: Members): NonNullable<LogEntry['request']> {
  const auth = members(request['auth'])
  const found: Mutable<NonNullable<LogEntry['request']>> = {}
  for (const name of ['method', 'path', 'channel', 'ip'] as const) say(found, name, request[name])
  say(found, 'user_agent', request['userAgent'])
  say(found, 'jti', members(auth['credentials'])['jti'])
  say(found, 'user_email', members(auth['user'])['email'])
  return found
}

const PLAIN = ['description', 'client_id', 'client_name', 'ip', 'user_agent', 'user_id', 'audience'] as const

type Mutable<T> = {-readonly [K in keyof T]: T[K]}
type Members = Readonly<Record<string, unknown>>

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {}
}

/** Only what was said: strings that are not empty. */
function say<K extends string>(found: {[P in K]?: string}, name: K, value: unknown): void {
  if (typeof value === 'string' && value !== '') found[name] = value
}

/** Auth0 does not say whether request and response bodies in its log are masked; what goes into evidence is. */
const SECRET_MEMBERS = new Set([
  'client_secret',
  'signing_secret',
  'signing_key',
  'signing_keys',
  'encryption_key',
  'client_assertion',
  'access_token',
  'refresh_token',
  'id_token',
  'password',
  'httpAuthorization',
  'splunkToken',
  'datadogApiKey',
])

function withoutSecrets(value: unknown): unknown {
  if (typeof value === 'string') return foreign(value)
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      foreign(key),
      SECRET_MEMBERS.has(key) && member !== null ? '[dropped]' : withoutSecrets(member),
    ]),
  )
}
