import {parseRfc3339} from '../clock.ts'
import type {LogEntry} from '../auth0/resources/log-entry.ts'

/** A change of an API's token lifetime as the tenant log shows it. */
export interface LifetimeChange {
  /** NumericDate. */
  readonly at: number
  readonly log_id: string
  /** Lifetime after it, seconds; undefined where the log does not show it. */
  readonly seconds?: number
}

/** The tenant's own setting as somebody read it. */
export interface LifetimeReading {
  /** NumericDate. */
  readonly at: number
  readonly seconds: number
}

/** Lifetimes of one API over time. */
export interface LifetimeHistory {
  /** Oldest first. */
  readonly changes: readonly LifetimeChange[]
  readonly readings: readonly LifetimeReading[]
}

/** Around a change tokens may have got the lifetime before it or after it, seconds: propagation, and dates of two entries. */
const UNSHARP = 60

/**
 * The changes of an API in the log: PATCH on it, by its id or its identifier, and its creation. A PATCH whose body shows
 * that it was about something else changes no lifetime; one whose body is not shown may have.
 *
 * @param server its id; undefined when the API could not be read, then only its identifier is known
 */
export function lifetimeChanges(entries: readonly LogEntry[], audience: string, server: string | undefined): LifetimeChange[] {
  const found: LifetimeChange[] = []
  for (const entry of entries) {
    const at = parseRfc3339(entry.date)
    const method = (entry.request?.method ?? '').toLowerCase()
    if (at === undefined || (method !== 'patch' && method !== 'post')) continue
    const path = decoded(entry.request?.path ?? '')
    const {asked, answered} = bodiesOf(entry)
    if (method === 'post') {
      if (path !== '/api/v2/resource-servers' || (answered['identifier'] ?? asked['identifier']) !== audience) continue
    } else {
      if (path !== `/api/v2/resource-servers/${server ?? audience}` && path !== `/api/v2/resource-servers/${audience}`) continue
      if (Object.keys(asked).length > 0 && !Object.hasOwn(asked, 'token_lifetime')) continue
    }
    const seconds = [answered['token_lifetime'], asked['token_lifetime']].find((one) => typeof one === 'number')
    found.push({at, log_id: entry.log_id, ...(typeof seconds === 'number' ? {seconds} : {})})
  }
  return found.sort((a, b) => a.at - b.at || (a.log_id < b.log_id ? -1 : 1))
}

/**
 * The largest lifetime that a token issued between two instants may have got, seconds; undefined where one that was in
 * force then is not known. What stood before the first change is in no log, only in a reading; a reading that is not what the
 * change before it says was changed once more.
 */
export function largestLifetime({changes, readings}: LifetimeHistory, from: number, to: number): number | undefined {
  let largest = 0
  for (let i = -1; i < changes.length; i++) {
    const begins = i < 0 ? -Infinity : (changes[i]?.at ?? 0)
    const ends = changes[i + 1]?.at ?? Infinity
    if (ends + UNSHARP < from || begins - UNSHARP > to) continue
    const read = readings.filter(({at}) => begins < at && at < ends).map(({seconds}) => seconds)
    const said = changes[i]?.seconds
    if (said === undefined && read.length === 0) return undefined
    if (said !== undefined && read.some((seconds) => seconds !== said)) return undefined
    largest = Math.max(largest, said ?? 0, ...read)
  }
  return largest
}

/** Did a change of this API fall between the instants, or so near that it counts? */
export function changedBetween({changes}: LifetimeHistory, from: number, to: number): LifetimeChange[] {
  return changes.filter(({at}) => at + UNSHARP >= from && at - UNSHARP <= to)
}

type Members = Readonly<Record<string, unknown>>

function bodiesOf(entry: LogEntry): {asked: Members; answered: Members} {
  const details = members(members(entry.raw)['details'])
  return {asked: members(members(details['request'])['body']), answered: members(members(details['response'])['body'])}
}

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {}
}

/** API identifiers are URLs, percent-encoded in the path; a malformed one stays as it is. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
