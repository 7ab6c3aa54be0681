/*
 * The shapes of log entries, for the examples of the hunts: as recorded from live tenants and as Auth0's schemas of log
 * events say. Ids and addresses are made up; addresses are those reserved for documentation.
 */

type Wire = Readonly<Record<string, unknown>>

/** The people and things of the examples. */
export const EXAMPLE = {
  leaked: 'Lk4Billing5Sync6Client7Secret8xY',
  other: 'Ot5Warehouse6Report7Client8id9zZ',
  explorer: 'Ex6Api7Explorer8Application9id0A',
  dashboard: 'Db7Global8Client9Of0The1Tenant2B',
  own: 'Ow8Stanch9Responder0Client1id2Cc',
  attacker_ip: '203.0.113.66',
  consumer_ip: '198.51.100.7',
  admin_ip: '192.0.2.10',
  attacker_ja4: 't13d1516h2_8daaf6152771_b186095e22b6',
  consumer_ja4: 't13d3112h1_e8f1e7e78f70_6bebaf5329ac',
  canonical: 'acme.eu.auth0.com',
  custom: 'login.acme.example',
  audience: 'https://acme.eu.auth0.com/api/v2/',
  acl: 'acl_FenceFenceFenceFence12',
  own_jti: 'OurOwnTokenJti00000001',
  own_correlation: 'stanch-0123456789abcdef',
  leaked_at: '2026-11-22T01:00:00.000Z',
  contained_at: '2026-11-22T03:00:00.000Z',
} as const

/** An entry with an id made of its time; `minute` is counted from 01:00 UTC of 22 November 2026. */
export function entry(type: string, minute: number, members: Wire = {}): Wire {
  const date = new Date(Date.UTC(2026, 10, 22, 1, 0, 0) + Math.round(minute * 60_000)).toISOString()
  const log_id = `900${date.replaceAll(/\D/g, '')}${'0'.repeat(36)}`
  return {_id: log_id, log_id, date, type, description: '', hostname: EXAMPLE.canonical, isMobile: false, ...members}
}

export interface WriteOptions {
  readonly minute?: number
  readonly description?: string
  readonly client_id?: string
  readonly ip?: string
  readonly body?: unknown
  readonly status?: number
  readonly response?: unknown
  readonly email?: string
  readonly scopes?: readonly string[]
  readonly jti?: string
  readonly correlation_id?: string
  readonly secrets?: readonly string[]
  readonly type?: string
}

/** A successful change through the Management API; by the leaked client from the attacker's address unless said otherwise. */
export function write(method: string, path: string, options: WriteOptions = {}): Wire {
  const ip = options.ip ?? EXAMPLE.attacker_ip
  const {email, jti, correlation_id} = options
  return entry(options.type ?? 'sapi', options.minute ?? 30, {
    description: options.description ?? '',
    client_id: options.client_id ?? EXAMPLE.leaked,
    client_name: '',
    ip,
    user_agent: 'Other 0.0.0 / Other 0.0.0',
    user_id: email === undefined ? null : 'auth0|admin',
    details: {
      request: {
        method,
        path: `/api/v2${path}`,
        query: {},
        userAgent: email === undefined ? 'curl/8.9.1' : 'Mozilla/5.0',
        body: options.body ?? null,
        channel: email === undefined ? 'api' : 'https://manage.auth0.com/',
        ip,
        auth: {
          user: email === undefined ? {} : {user_id: 'auth0|admin', email},
          strategy: 'jwt',
          credentials: {scopes: options.scopes ?? ['read:users'], ...(jti === undefined ? {} : {jti})},
        },
      },
      response: {statusCode: options.status ?? 200, body: options.response ?? {}},
      ...(options.secrets === undefined ? {} : {accessedSecrets: options.secrets}),
    },
    ...(correlation_id === undefined ? {} : {references: {correlation_id}}),
  })
}

/** The same by an administrator through the Dashboard. */
export function byAdmin(method: string, path: string, options: WriteOptions = {}): Wire {
  return write(method, path, {client_id: EXAMPLE.dashboard, ip: EXAMPLE.admin_ip, email: 'ada@acme.example', ...options})
}

/** A client_credentials request: `seccft` issued, `feccft` refused. */
export function token(type: string, minute: number, members: Wire = {}): Wire {
  return entry(type, minute, {
    client_id: EXAMPLE.leaked,
    client_name: 'billing-sync',
    ip: EXAMPLE.attacker_ip,
    user_id: '',
    user_name: '',
    user_agent: 'curl 8.9.1 / Other 0.0.0',
    audience: EXAMPLE.audience,
    ...(type === 'seccft' ? {scope: 'read:users', details: {access_token_jti: `jti-${minute}`}} : {}),
    ...members,
  })
}
