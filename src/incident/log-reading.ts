import {rfc3339} from '../clock.ts'
import type {EvidenceGap} from './tenant-snapshot.ts'

/** After this long an entry of the tenant log is taken to have arrived, seconds. Auth0 documents no figure. */
const LOG_DELAY_SECONDS = 600

/** How far a reading of the tenant log speaks for what happened. Instants are NumericDate, tenant time. */
export interface LogReading {
  /** When it was read last. */
  readonly read_at: number
  /** The oldest entry that the tenant still had; undefined when nobody asked. */
  readonly oldest_at?: number
  /** True when every entry since `from` was read, by checkpoint; false for the newest results of a search. */
  readonly whole: boolean
  /** From when on it was read; undefined for everything that the tenant had. */
  readonly from?: number
}

/**
 * Does the log speak for the whole exposure, from the leak until well after every API is contained? What it cannot have seen is said. Auth0 gives no figure for its delay: after
 * ten minutes an entry is taken to be there.
 */
export function judgeLog(
  log: LogReading,
  {leaked_at: leaked, contained}: {readonly leaked_at?: number; readonly contained: readonly (number | undefined)[]},
  gaps: EvidenceGap[],
): boolean {
  const last = contained.includes(undefined) ? undefined : Math.max(...contained.map((one) => one ?? 0))
  const fresh = last !== undefined && log.read_at >= last + LOG_DELAY_SECONDS
  if (!fresh) {
    gaps.push({
      code: 'log_delay',
      what: `tokens issued shortly before ${rfc3339(log.read_at)}`,
      why: `the tenant log is not real time and was read then; only ${LOG_DELAY_SECONDS / 60} minutes after containment does it speak for all of them`,
    })
  }
  const cut = leaked !== undefined && log.oldest_at !== undefined && log.oldest_at > leaked
  if (cut) {
    gaps.push({
      code: 'log_retention',
      what: `tokens issued between ${rfc3339(leaked)} and ${rfc3339(log.oldest_at ?? 0)}`,
      why: "the tenant log begins after the leak: what is older than the plan's retention (1 to 30 days) is gone",
    })
  }
  if (!log.whole) {
    gaps.push({
      code: 'log_not_read_whole',
      what: 'tokens in stretches of the tenant log that were not read',
      why: 'a search gives the newest 1,000 entries and no more; an incident reads the log from end to end (stanch respond), and goes on where it stopped (stanch resume)',
    })
  }
  const early = leaked !== undefined && (log.from === undefined || log.from <= leaked) && (log.oldest_at ?? Infinity) <= leaked
  return fresh && early && log.whole
}
