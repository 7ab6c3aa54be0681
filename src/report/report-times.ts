import {isSecretRead} from '../incident/secret-reads.ts'
import {reportingClocks} from '../incident/reporting-clocks.ts'
import type {ReportingClocks} from '../incident/reporting-clocks.ts'
import {responseTimes} from '../incident/response-times.ts'
import type {MomentName, ResponseSpan} from '../incident/response-times.ts'
import type {Account} from './account.ts'
import {newestExposure, ofKind, proofRecords} from './account.ts'
import {acts} from './report-acts.ts'
import type {Course} from './report-course.ts'
import {leaked} from './report-leak.ts'

export interface Moment {
  /** Stable name. */
  readonly id: MomentName | 'detected'
  readonly words: string
  readonly at?: string
  /** Present when `at` is not. */
  readonly not_known?: string
  readonly record?: number
}

/** Response times and reporting clocks. */
export interface Times {
  readonly moments: readonly Moment[]
  /** From one moment to another; only those of which both are known. */
  readonly spans: readonly ResponseSpan[]
  /** As of the newest record: whether the rules were old is judged by it. */
  readonly clocks: ReportingClocks
}

const WORDS: readonly (readonly [Moment['id'], string, string])[] = [
  ['leaked', 'leaked', 'nobody said when it leaked'],
  ['detected', 'detected', 'nobody said when it was detected'],
  ['aware', 'known to the responders', 'nobody said when they knew'],
  ['opened', 'incident opened', 'it was not opened'],
  ['first_act', 'first change took effect', 'no change took effect'],
  ['contained', 'no new token for any API', 'not every API is contained'],
  ['proven', 'every claim proven', 'not every claim is proven'],
  ['all_clear', 'all clear, worst case', 'not every API is contained'],
  ['closed', 'incident closed', 'it is not closed'],
]

/** Instants are tenant time, reckoned where the tenant did not date them itself. @param course of the same account */
export function times(account: Account, {rows}: Pick<Course, 'rows'>): Times {
  const {state, records} = account
  const dated = new Map(rows.flatMap((row) => ('record' in row.source ? [[row.source.record, row.at] as const] : [])))
  const exposure = newestExposure(account)
  const opened = ofKind(account, 'incident.open')[0]?.seq
  const closed = ofKind(account, 'incident.close').at(-1)?.seq
  const {moments, spans} = responseTimes(
    {
      ...state,
      opened_at: dated.get(opened ?? -1) ?? state.opened_at,
      ...(state.closed_at === undefined ? {} : {closed_at: dated.get(closed ?? -1) ?? state.closed_at}),
    },
    exposure?.exposure,
  )
  const sources: Partial<Record<Moment['id'], number | undefined>> = {
    opened,
    first_act: acts(account).find((one) => !isSecretRead(one.action) && one.result.startsWith('done'))?.record,
    contained: exposure?.record.seq,
    proven: proofRecords(account).at(-1)?.seq,
    all_clear: exposure?.record.seq,
    closed,
  }
  return {
    moments: WORDS.map(([id, words, because]) => {
      const at = id === 'detected' ? leaked(account).detected_at : moments[id]
      const record = sources[id]
      if (at === undefined) return {id, words, not_known: `not known, because ${because}`}
      return {id, words, at, ...(record === undefined ? {} : {record})}
    }),
    spans,
    clocks: reportingClocks(state, Math.floor(Date.parse(records.at(-1)?.time ?? '') / 1000)),
  }
}
