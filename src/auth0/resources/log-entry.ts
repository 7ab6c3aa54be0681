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
  for (const name of NEEDED) if (typeof entry[name] !== 'string') throw unexpected(`saved log.${name}`, 'string')
  return entryOf(entry)
}

const NEEDED = ['log_id', 'date', 'type'] as const

/**
 * All members always, so that every entry has the same shape: going through a million of them costs half as much. What
 * was not said is undefined.
 */
function entryOf(entry: Members): LogEntry {
  const details = members(entry['details'])
  const request = members(details['request'])
  const {scope} = entry
  const status = members(details['response'])['statusCode']
  const secrets = details['accessedSecrets']
  const security = members(entry['security_context'])
  const found: {readonly [K in keyof Required<LogEntry>]: LogEntry[K] | undefined} = {
    log_id: entry['log_id'] as string,
    date: entry['date'] as string,
    type: entry['type'] as string,
    description: said(entry['description']),
    client_id: said(entry['client_id']),
    client_name: said(entry['client_name']),
    ip: said(entry['ip']),
    user_agent: said(entry['user_agent']),
    user_id: said(entry['user_id']),
    audience: said(entry['audience']),
    scope: said(Array.isArray(scope) ? scope.filter((one) => typeof one === 'string').join(' ') : scope),
    fingerprint: said(security['ja4']) ?? said(security['ja3']),
    correlation_id: said(members(entry['references'])['correlation_id']),
    access_token_jti: said(details['access_token_jti']),
    request: request === NOTHING || isEmpty(request) ? undefined : requestOf(request),
    response_status: typeof status === 'number' ? status : undefined,
    accessed_secrets: Array.isArray(secrets) ? secrets.filter((one) => typeof one === 'string') : undefined,
    raw: entry,
  }
  return found as LogEntry
}

type Request = NonNullable<LogEntry['request']>

function requestOf(request: Members): Request {
  const auth = members(request['auth'])
  const found: {readonly [K in keyof Required<Request>]: Request[K] | undefined} = {
    method: said(request['method']),
    path: said(request['path']),
    channel: said(request['channel']),
    ip: said(request['ip']),
    jti: said(members(auth['credentials'])['jti']),
    user_email: said(members(auth['user'])['email']),
    user_agent: said(request['userAgent']),
  }
  return found as Request
}

type Members = Readonly<Record<string, unknown>>

const NOTHING: Members = {}

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : NOTHING
}

function isEmpty(value: Members): boolean {
  for (const _ in value) return false
  return true
}

/** Only what was said: strings that are not empty. */
function said(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
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
