import {parseRfc3339, rfc3339} from '../clock.ts'
import type {LogEntry} from '../auth0/resources/log-entry.ts'
import {CLIENT_CREDENTIALS, exchangeOf} from './issuance.ts'
import type {EvidenceGap, TenantSnapshot} from './tenant-snapshot.ts'

const USER_FLOWS = ['authorization_code', 'implicit', 'password', 'http://auth0.com/oauth/grant-type/password-realm']

/**
 * Tokens that the all clear says nothing about: refresh tokens and tokens of users. Named when the client may get them,
 * and when the log shows that it got some, whatever it may now.
 */
export function notBounded(snapshot: TenantSnapshot): EvidenceGap[] {
  const types = snapshot.client.grant_types ?? []
  const issued = (snapshot.log ?? []).filter((entry) => entry.type !== CLIENT_CREDENTIALS && exchangeOf(entry) !== undefined)
  const refreshed = issued.filter((entry) => entry.type === 'sertft')
  const gaps: EvidenceGap[] = []
  if (types.includes('refresh_token') || refreshed.length > 0) {
    gaps.push({
      code: 'refresh_tokens',
      what: 'refresh tokens of this client',
      why: `they are not bounded by the all clear: they live until they are revoked${seen(refreshed, 'exchange(s) of one')}`,
    })
  }
  if (types.some((type) => USER_FLOWS.includes(type)) || issued.length > 0) {
    gaps.push({
      code: 'user_tokens',
      what: 'access tokens of users of this client',
      why: `client grants do not bound them; each lives until its own exp${seen(issued, 'issued')}`,
    })
  }
  return gaps
}

function seen(entries: readonly LogEntry[], what: string): string {
  const last = entries.reduce((at, entry) => Math.max(at, parseRfc3339(entry.date) ?? 0), 0)
  return last === 0 ? '' : `; the log shows ${entries.length} ${what}, the last at ${rfc3339(last)}`
}
