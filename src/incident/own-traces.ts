import type {LogEntry} from '../auth0/resources/log-entry.ts'
import {audienceOf, sameRequest} from './reconcile/entries.ts'
import type {OwnRequest} from './reconcile/facts.ts'
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
  /** Correlation ids of ours that an entry carried already. */
  readonly seen: Set<string>
}

/** When the token requests of an incident ended, NumericDate: the tenant's date, else that of the record. */
export function ownTokenRequests({operations}: Pick<IncidentState, 'operations'>): number[] {
  const own = operations.filter((one) => one.action === 'token.request')
  return own.map((one) => one.date ?? Math.floor(Date.parse(one.at) / 1000))
}

/**
 * Does this entry carry a correlation id of ours for the first time? Whoever reads the tenant's log can read our ids and
 * send them with requests of his own: each counts once.
 */
export function isFirstOfId({correlation_id: id, type}: LogEntry, own: {has(id: string): boolean}, {seen}: OwnTraces): boolean {
  if (id === undefined || !own.has(id)) return false
  // A read is repeated by the transport when its answer was lost; each repetition is logged.
  if (seen.has(id) && type !== 'mgmt_api_read') return false
  seen.add(id)
  return true
}

/**
 * Is this entry what a request of ours leaves behind: the same request, by a client of ours?
 *
 * @param clients of the responder; empty when nobody knows them
 */
export function fitsRequest(request: OwnRequest, entry: LogEntry, clients: ReadonlySet<string>): boolean {
  if (entry.type === 'seccft' || entry.type === 'feccft')
    return request.action === 'token.request' && (entry.audience ?? audienceOf(request)) === audienceOf(request)
  return sameRequest(request, entry) && (clients.size === 0 || clients.has(entry.client_id ?? ''))
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
