import {rfc3339, rfc3339Millis} from '../clock.ts'
import type {SavedBlob} from './saved-log.ts'

/** How far the tenant's log is in the evidence of an incident, as the record `tenant_log.coverage` keeps it. */
export interface LogCoverage {
  /** RFC 3339, tenant time: when the log was read last. */
  readonly computed_at: string
  /** RFC 3339: from when on it was wanted; absent for everything that the tenant has. */
  readonly since?: string
  /** RFC 3339: the oldest entry that the tenant had when it was first asked. */
  readonly oldest_at?: string
  /** Log ids: nothing that arrived between them is missing but for `holes`. */
  readonly from?: string
  readonly last?: string
  /** Dates of the first and last entry of the incident's blobs, as far as this run saw them. */
  readonly first_date?: string
  readonly last_date?: string
  /** Of all runs, and of the blobs they are in. */
  readonly entries: number
  readonly blobs: number
  readonly caught_up: boolean
  /** Why it ended before that: a cap, an interruption, or the code of an error. */
  readonly stopped_by?: string
  /** Stretches between saved runs that were never read. */
  readonly holes: readonly {readonly from: string; readonly to: string}[]
}

/** What one run of saving knows beside the records. */
export interface SavingState {
  /** NumericDate, tenant time. */
  readonly computed_at: number
  /** NumericDate; undefined for everything that the tenant has. */
  readonly since: number | undefined
  /** Milliseconds. */
  readonly oldest_at: number | undefined
  /** RFC 3339: of the first and last entry that this run saved. */
  readonly dates: readonly [string, string] | undefined
  readonly caught_up: boolean
  readonly stopped_by: string | undefined
}

/** @param blobs of all runs, oldest entries first */
export function coverageOf(blobs: readonly SavedBlob[], state: SavingState): LogCoverage {
  const runs: {from: string; last: string}[] = []
  for (const {from, last} of blobs) {
    const run = runs.at(-1)
    if (run && from <= run.last) run.last = last > run.last ? last : run.last
    else runs.push({from, last})
  }
  const {computed_at, since, oldest_at, dates, caught_up, stopped_by} = state
  return {
    computed_at: rfc3339(computed_at),
    ...(since === undefined ? {} : {since: rfc3339(since)}),
    ...(oldest_at === undefined ? {} : {oldest_at: rfc3339Millis(oldest_at)}),
    ...(runs[0] ? {from: runs[0].from} : {}),
    ...(runs.length > 0 ? {last: runs.at(-1)?.last ?? ''} : {}),
    ...(dates ? {first_date: dates[0], last_date: dates[1]} : {}),
    entries: blobs.reduce((sum, {entries}) => sum + entries, 0),
    blobs: blobs.length,
    caught_up,
    ...(stopped_by === undefined ? {} : {stopped_by}),
    holes: runs.slice(1).map((run, index) => ({from: runs[index]?.last ?? '', to: run.from})),
  }
}
