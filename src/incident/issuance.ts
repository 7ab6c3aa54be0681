import type {LogEntry} from '../auth0/resources/log-entry.ts'

/**
 * Log event types that say that a client got a token, and what kind of exchange it was.
 *
 * @see https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes
 */
const ISSUED: Readonly<Record<string, string>> = {
  seccft: 'client credentials',
  seacft: 'authorization code',
  sdeleacft: 'delegated authorization code',
  sertft: 'refresh token',
  sepft: 'password',
  seoobft: 'password and out-of-band challenge',
  seotpft: 'password and one-time code',
  sercft: 'password and recovery code',
  sepkoobft: 'passkey and out-of-band challenge',
  sepkotpft: 'passkey and one-time code',
  sepkrcft: 'passkey and recovery code',
  sede: 'device code',
  sens: 'native social login',
  secte: 'custom token exchange',
  seta: 'Token Vault',
  sd: 'delegation',
  ciba_exchange_succeeded: 'backchannel',
  idjag_exchange_succeeded: 'identity assertion',
  success_on_behalf_of_token_exchange: 'on behalf of a user',
}

const REFUSED = new Set([
  'feccft',
  'feacft',
  'fdeleacft',
  'fertft',
  'ferrt',
  'fepft',
  'feoobft',
  'feotpft',
  'fercft',
  'fepotpft',
  'fede',
  'fens',
  'fecte',
  'feta',
  'fd',
  'ciba_exchange_failed',
  'idjag_exchange_failed',
  'jwt_bearer_exchange_failed',
  'failed_on_behalf_of_token_exchange',
])

/** The one exchange that gives the client a token of its own; all others give it tokens of users. */
export const CLIENT_CREDENTIALS = 'seccft'
export const CLIENT_CREDENTIALS_REFUSED = 'feccft'

/** The exchange in words, when the entry says that a token was issued. */
export function exchangeOf(entry: Pick<LogEntry, 'type'>): string | undefined {
  return Object.hasOwn(ISSUED, entry.type) ? ISSUED[entry.type] : undefined
}

/** Does the entry say that a token was issued or refused? */
export function isExchange(entry: Pick<LogEntry, 'type'>): boolean {
  return Object.hasOwn(ISSUED, entry.type) || REFUSED.has(entry.type)
}

export function isRefusal(entry: Pick<LogEntry, 'type'>): boolean {
  return REFUSED.has(entry.type)
}
