import {parseRfc3339} from '../clock.ts'
import type {Account} from './account.ts'
import {containedAt, newestExposure, ofKind, proofRecords, textOf} from './account.ts'
import {acts} from './report-acts.ts'
import type {Course} from './report-course.ts'
import {leaked} from './report-leak.ts'

export interface Moment {
  /** Stable name. */
  readonly id: 'leaked' | 'detected' | 'aware' | 'opened' | 'first_act' | 'contained' | 'proven' | 'all_clear' | 'closed'
  readonly words: string
  readonly at?: string
  /** Present when `at` is not. */
  readonly not_known?: string
  readonly record?: number
}

/** A reporting duty's clock, as it was computed in this incident. */
export interface ReportingClock {
  readonly regime: string
  readonly what: string
  readonly starts_at?: string
  readonly due_at?: string
  readonly basis: string
}

/** Response times and reporting clocks. */
export interface Times {
  readonly moments: readonly Moment[]
  /** From one moment to another, seconds; `not_known` where one of them is missing. */
  readonly spans: readonly {
    readonly words: string
    readonly from: Moment['id']
    readonly to: Moment['id']
    readonly seconds?: number
    readonly not_known?: string
  }[]
  readonly clocks: {readonly not_known?: string; readonly note?: string; readonly items: readonly ReportingClock[]}
}

const SPANS: readonly (readonly [Moment['id'], Moment['id'], string])[] = [
  ['leaked', 'contained', 'usable for new tokens'],
  ['aware', 'first_act', 'until the first act'],
  ['opened', 'first_act', 'from the opening to the first act'],
  ['opened', 'contained', 'from the opening to containment'],
  ['opened', 'proven', 'from the opening to the last proof'],
  ['contained', 'all_clear', 'from containment to the all clear'],
]

/** Instants are tenant time, reckoned where the tenant did not date them itself. @param course of the same account */
export function times(account: Account, {rows}: Pick<Course, 'rows'>): Times {
  const dated = new Map(rows.flatMap((row) => ('record' in row.source ? [[row.source.record, row.at] as const] : [])))
  const moments = momentsOf(account, dated)
  const at = new Map(moments.map((one) => [one.id, one]))
  return {
    moments,
    spans: SPANS.map(([from, to, words]) => {
      const [start, end] = [seconds(at.get(from)), seconds(at.get(to))]
      if (start !== undefined && end !== undefined) return {words, from, to, seconds: Math.max(0, end - start)}
      const missing = start === undefined ? at.get(from) : at.get(to)
      return {words, from, to, not_known: missing?.not_known ?? 'not known, because a moment is missing'}
    }),
    clocks: {not_known: 'not known, because no reporting clocks were computed in this incident', items: []},
  }
}

function seconds(moment: Moment | undefined): number | undefined {
  return moment?.at === undefined ? undefined : parseRfc3339(moment.at)
}

function momentsOf(account: Account, dated: ReadonlyMap<number, string>): Moment[] {
  const {state} = account
  const told = leaked(account)
  const exposure = newestExposure(account)
  const first = acts(account).find((one) => one.action !== 'client_secret.read' && one.result.startsWith('done'))
  const proofs = proofRecords(account)
  const proven = proofs.length > 0 && proofs.every((record) => textOf(record, 'verdict') === 'proven')
  const lastProof = proofs
    .flatMap((record) => textOf(record, 'last_at') ?? [])
    .toSorted()
    .at(-1)
  const end = ofKind(account, 'incident.close').at(-1)
  const opened = ofKind(account, 'incident.open')[0]
  const unsaid = (what: string) => `not known, because nobody said when it ${what}`
  return [
    moment('leaked', 'leaked', told.leaked_at, unsaid('leaked')),
    moment('detected', 'detected', told.detected_at, unsaid('was detected')),
    moment('aware', 'known to the responders', told.aware_at, 'not known, because nobody said when they knew'),
    moment('opened', 'incident opened', dated.get(opened?.seq ?? -1) ?? state.opened_at, '', opened?.seq),
    moment('first_act', 'first change took effect', first?.at, 'not known, because no change took effect', first?.record),
    moment(
      'contained',
      'no new token for any API',
      containedAt(exposure?.exposure),
      (exposure?.exposure.audiences.length ?? 0) > 0
        ? 'not known, because not every API is contained'
        : 'not known, because no API is on record',
      exposure?.record.seq,
    ),
    moment(
      'proven',
      'every claim proven',
      proven ? lastProof : undefined,
      proofs.length === 0 ? 'not known, because nothing was proven' : 'not known, because not every claim is proven',
      proofs.at(-1)?.seq,
    ),
    moment(
      'all_clear',
      'all clear, worst case',
      exposure?.exposure.all_clear.worst_case_at,
      'not known, because no exposure was computed',
      exposure?.record.seq,
    ),
    moment('closed', 'incident closed', dated.get(end?.seq ?? -1), 'not known, because it is not closed', end?.seq),
  ]
}

function moment(id: Moment['id'], words: string, at: string | undefined, otherwise: string, record?: number): Moment {
  if (at === undefined || at === 'unknown') return {id, words, not_known: otherwise}
  return {id, words, at, ...(record === undefined ? {} : {record})}
}
