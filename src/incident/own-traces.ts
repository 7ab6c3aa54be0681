import type {LogEntry} from '../auth0/resources/log-entry.ts'
import type {IncidentState} from './replay.ts'

/** A request of ours without its correlation id is dated this near to its record, seconds. */
const OWN_SECONDS = 5
/** More addresses than a responder has. */
const MAX_OWN_IPS = 20

/** What our own requests leave in the log. */
export interface OwnTraces {
  /** Own token requests, NumericDate, that no entry accounts for yet: the one that does is taken out. */
  readonly spare: number[]
  /** Addresses that own requests came from, as the tenant saw them. */
  readonly ips: Set<string>
}

/** When the token requests of an incident ended, NumericDate: the tenant's date, else that of the record. */
export function ownTokenRequests({operations}: Pick<IncidentState, 'operations'>): number[] {
  const own = operations.filter((one) => one.action === 'token.request')
  return own.map((one) => one.date ?? Math.floor(Date.parse(one.at) / 1000))
}

/** Learns an address from an entry that carries an id of ours. */
export function noteOwnAddress({ip}: Pick<LogEntry, 'ip'>, {ips}: OwnTraces): void {
  if (ip !== undefined && ips.size < MAX_OWN_IPS) ips.add(ip)
}

/**
 * Is this token request ours although it carries no correlation id? Address and time must fit, and each record accounts
 * for one entry: whoever else asks from our address, in a network that we share, is not taken for us.
 *
 * @param at NumericDate of the entry
 */
export function isOwnTokenRequest(entry: LogEntry, at: number, {spare, ips}: OwnTraces): boolean {
  if (entry.correlation_id !== undefined || entry.ip === undefined || !ips.has(entry.ip)) return false
  const index = spare.findIndex((one) => Math.abs(one - at) <= OWN_SECONDS)
  if (index < 0) return false
  spare.splice(index, 1)
  return true
}
