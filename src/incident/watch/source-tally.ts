import type {LogEntry} from '../../auth0/resources/log-entry.ts'
import {rfc3339, rfc3339Millis} from '../../clock.ts'
import {printable} from '../../untrusted.ts'
import type {Sighting} from './entry.ts'
import {MAX_LOG_IDS} from './event.ts'
import type {WatchEvent, WatchVerdict} from './event.ts'

/** APIs of one source that are named. */
const MAX_AUDIENCES = 10

/** One source of token requests, counted. Instants are milliseconds. */
export interface SourceTally {
  readonly key: string
  readonly verdict: WatchVerdict
  readonly what: string
  readonly alarm: boolean
  readonly ip?: string
  readonly user_agent?: string
  readonly fingerprint?: string
  /** The APIs that it asked for, the first ten. */
  readonly audiences: string[]
  /** All entries so far, and those that no record has yet. */
  count: number
  fresh: number
  first_at: number
  last_at: number
  fresh_first_at: number
  log_ids: string[]
  /** NumericDate. */
  until?: number
}

/** @param at milliseconds: the first entry */
export function newTally(
  key: string,
  {verdict, what, alarm}: Sighting,
  at: number,
  who: Pick<SourceTally, 'ip' | 'user_agent' | 'fingerprint'>,
): SourceTally {
  return {
    key,
    verdict,
    what,
    alarm,
    ...who,
    audiences: [],
    count: 0,
    fresh: 0,
    first_at: at,
    last_at: at,
    fresh_first_at: at,
    log_ids: [],
  }
}

/** One more entry of a source. @param at milliseconds */
export function count(tally: SourceTally, entry: LogEntry, {audience, until}: Sighting, at: number): void {
  tally.count += 1
  if (tally.fresh === 0) tally.fresh_first_at = at
  tally.fresh += 1
  tally.first_at = Math.min(tally.first_at, at)
  tally.fresh_first_at = Math.min(tally.fresh_first_at, at)
  tally.last_at = Math.max(tally.last_at, at)
  if (audience !== undefined && tally.audiences.length < MAX_AUDIENCES && !tally.audiences.includes(audience)) {
    tally.audiences.push(audience)
  }
  if (tally.log_ids.length < MAX_LOG_IDS) tally.log_ids.push(entry.log_id)
  if (until !== undefined) tally.until = Math.max(tally.until ?? 0, until)
}

/** What a source did since it was last reported. */
export function eventOf(one: SourceTally): WatchEvent {
  const first = one.count === one.fresh
  return {
    verdict: one.verdict,
    target: `source:${one.ip ?? one.key}`,
    finding: `${one.what}${one.fresh === 1 ? '' : `, ${one.fresh} times`}${first ? '' : ` (${one.count} in all)`}${from(one)}${one.audiences.length === 0 ? '' : ` for ${one.audiences.map((audience) => printable(audience, 80)).join(', ')}`}`,
    alarm: one.alarm,
    count: one.fresh,
    again: !first,
    first_at: rfc3339Millis(one.fresh_first_at),
    last_at: rfc3339Millis(one.last_at),
    log_ids: one.log_ids,
    ...pick(one),
    ...(one.audiences[0] === undefined ? {} : {audience: one.audiences[0]}),
    ...(one.until === undefined ? {} : {until: rfc3339(one.until)}),
  }
}

/** What one tally is for: a source, and what it does. */
export function tallyKey({verdict, what, key}: {verdict: string; what: string; key: string}): string {
  return `${verdict}\n${what}\n${key}`
}

/** What happened, and who did it. */
export function sentence(what: string, entry: LogEntry): string {
  return `${what}${from(entry)}`
}

function from(one: {readonly ip?: string; readonly user_agent?: string; readonly fingerprint?: string}): string {
  const agent = one.user_agent === undefined ? '' : `, ${printable(one.user_agent, 60)}`
  const fingerprint = one.fingerprint === undefined ? '' : `, TLS ${printable(one.fingerprint, 50)}`
  return one.ip === undefined && agent === ''
    ? ''
    : `, from ${printable(one.ip ?? 'an unknown address', 45)}${agent}${fingerprint}`
}

/** Who an entry is about. */
export function about(entry: LogEntry) {
  return {...pick(entry), ...(entry.client_id === undefined ? {} : {client_id: entry.client_id})}
}

function pick(one: {readonly ip?: string; readonly user_agent?: string; readonly fingerprint?: string}) {
  return {
    ...(one.ip === undefined ? {} : {ip: one.ip}),
    ...(one.user_agent === undefined ? {} : {user_agent: one.user_agent}),
    ...(one.fingerprint === undefined ? {} : {fingerprint: one.fingerprint}),
  }
}
