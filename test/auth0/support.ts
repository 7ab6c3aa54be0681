import type {Clock} from '../../src/clock.ts'
import type {Credential} from '../../src/auth0/credential.ts'
import {parseOrigin} from '../../src/auth0/origin.ts'
import {Tenant, type TenantOptions} from '../../src/auth0/tenant.ts'
import {silentLogger} from '../../src/logger.ts'
import {Secret} from '../../src/secret.ts'
import type {Answer, Arrived, FaultServer} from '../support/fault-server.ts'
import {json} from '../support/fault-server.ts'

/** A clock whose waits take no time and are written down, seconds each. */
export function instantClock(start = Date.UTC(2026, 10, 22)): Clock & {readonly slept: number[]} {
  let now = start
  const slept: number[] = []
  return {
    slept,
    now: () => now,
    monotonic: () => now,
    sleep: async (seconds) => {
      slept.push(seconds)
      now += seconds * 1000
    },
  }
}

export const OPERATOR: Credential = {
  kind: 'secret',
  client_id: 'OperatorClientOperatorClientOper',
  secret: new Secret('operator-secret-canary-0123456789'),
  method: 'post',
}

/** A token that looks like one of Auth0; nobody verifies its signature here. */
export function jwt(
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {alg: 'RS256', typ: 'JWT', kid: 'k1'},
): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(claims)}.c2lnbmF0dXJl`
}

/** The token endpoint's answer; `scope` decides what reads ask for. */
export function granted(scope = 'read:clients read:client_grants', lifetime = 86_400, jti = 'jti-1'): Answer {
  return json(200, {access_token: jwt({jti, sub: 'op@clients', scope}), expires_in: lifetime, token_type: 'Bearer', scope})
}

/** Answers the token endpoint by itself, so that tests queue only what comes after it. */
export function withToken(server: FaultServer, ...answers: readonly Answer[]): void {
  const queue = [...answers]
  server.answer((request, response) => {
    if (request.path === '/oauth/token' && !request.body.includes('authorization_code')) return granted()(request, response)
    const next = queue.length > 1 ? queue.shift() : queue[0]
    next?.(request, response)
  })
}

export function tenantAt(server: FaultServer, options: Partial<TenantOptions> = {}): Promise<Tenant> {
  return Tenant.connect({
    origin: parseOrigin(server.origin),
    credential: OPERATOR,
    clock: instantClock(),
    logger: silentLogger,
    userAgent: 'stanch/test',
    ...options,
  })
}

/** Requests to the Management API, the token endpoint left out. */
export function apiRequests(server: FaultServer): Arrived[] {
  return server.arrived.filter(({path}) => path.startsWith('/api/v2/'))
}
