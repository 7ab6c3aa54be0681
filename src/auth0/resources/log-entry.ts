import * as v from 'valibot'
import {foreign, id, read, text} from './reading.ts'

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
  const {log_id, date, type} = read(schema, value, at)
  const raw = withoutSecrets(value)
  const entry = raw as Members
  const details = members(entry['details'])
  const request = members(details['request'])
  const auth = members(request['auth'])
  const status = members(details['response'])['statusCode']
  const secrets = details['accessedSecrets']
  return {
    log_id,
    date,
    type,
    ...said({
      description: entry['description'],
      client_id: entry['client_id'],
      client_name: entry['client_name'],
      ip: entry['ip'],
      user_agent: entry['user_agent'],
      user_id: entry['user_id'],
      audience: entry['audience'],
      scope: Array.isArray(entry['scope']) ? entry['scope'].filter((one) => typeof one === 'string').join(' ') : entry['scope'],
      correlation_id: members(entry['references'])['correlation_id'],
      access_token_jti: details['access_token_jti'],
    }),
    ...(Object.keys(request).length > 0 && {
      request: said({
        method: request['method'],
        path: request['path'],
        channel: request['channel'],
        ip: request['ip'],
        jti: members(auth['credentials'])['jti'],
        user_email: members(auth['user'])['email'],
      }),
    }),
    ...(typeof status === 'number' && {response_status: status}),
    ...(Array.isArray(secrets) && {accessed_secrets: secrets.filter((one) => typeof one === 'string')}),
    raw,
  }
}

type Members = Readonly<Record<string, unknown>>

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {}
}

/** Only what was said: strings that are not empty. */
function said<K extends string>(values: Readonly<Record<K, unknown>>): {[P in K]?: string} {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => typeof value === 'string' && value !== '')) as {
    [P in K]?: string
  }
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
