import {TenantTime} from '../incident/reconcile/tenant-time.ts'
import type {StoredRecord} from '../trail/format/record.ts'

/** What one responder's trail or slice says about an incident, and whether it was verified. */
export interface MergeSource {
  readonly origin: string
  readonly records: readonly StoredRecord[]
  readonly verified: boolean
  readonly complete: boolean
  /** of the checkpoint that its records lead to */
  readonly size: number
  readonly root_hash: string
  /** True when its key was known from elsewhere; else it is the one that the trail names itself. */
  readonly pinned: boolean
}

export interface MergedRow {
  /** RFC 3339: of the tenant where it said so, else the machine's time as tenant time. */
  readonly at: string
  /** `tenant`: the Date of its answer; `reckoned`: machine time, corrected by the answers around it; `machine`: as it stands. */
  readonly by: 'tenant' | 'reckoned' | 'machine'
  readonly origin: string
  readonly seq: number
  readonly record: StoredRecord
}

/**
 * The records of several responders in one order. Their machines' clocks may differ; the tenant's answers are dated by
 * one clock, so each trail is laid along that. Records of one trail keep their order whatever its clock said.
 */
export function mergeTimelines(sources: readonly MergeSource[]): MergedRow[] {
  const rows = sources.flatMap(datedRows)
  return rows
    .map((row, index) => ({row, index}))
    .toSorted((a, b) => a.row.ms - b.row.ms || a.index - b.index)
    .map(({row: {ms: _ms, ...row}}) => row)
}

function datedRows({origin, records}: MergeSource): (MergedRow & {ms: number})[] {
  const answers = records.flatMap((record) => {
    const date = answerDate(record)
    return date === undefined ? [] : [{outcome: {at: Date.parse(record.time), date}}]
  })
  const time = answers.length > 0 ? new TenantTime(answers) : undefined
  let last = -Infinity
  return records
    .toSorted((a, b) => a.seq - b.seq)
    .map((record) => {
      const at = Date.parse(record.time)
      const date = answerDate(record)
      const reckoned = date === undefined ? (time?.nearest(at) ?? at) : date * 1000
      last = Math.max(last, Math.round(reckoned))
      // The order of the trail may put an answer behind a reckoned instant: then its time is not the tenant's any more.
      const exact = date !== undefined && Math.floor(last / 1000) === date
      const by = exact ? ('tenant' as const) : time ? ('reckoned' as const) : ('machine' as const)
      return {at: new Date(last).toISOString(), by, origin, seq: record.seq, record, ms: last}
    })
}

/** NumericDate of the tenant's answer, for an outcome that carried one. */
function answerDate(record: StoredRecord): number | undefined {
  const res = record.kind === 'outcome' ? (record['res'] as {date?: unknown} | undefined) : undefined
  const ms = typeof res?.date === 'string' ? Date.parse(res.date) : NaN
  return Number.isFinite(ms) ? Math.floor(ms / 1000) : undefined
}
