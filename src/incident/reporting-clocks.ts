import {parseRfc3339, rfc3339} from '../clock.ts'
import {CLOCKS_AS_OF, REPORTING_RULES} from './reporting-clocks-data.ts'
import type {ClockStart, ReportingRule} from './reporting-clocks-data.ts'
import type {IncidentState} from './replay.ts'

/** One duty's clock in this incident. Without `due_at` it has not begun, or nobody said when; `basis` says which. */
export interface ReportingClock {
  readonly regime: string
  readonly what: string
  readonly starts_at?: string
  readonly due_at?: string
  /** From what the deadline is reckoned, and how. */
  readonly basis: string
  readonly source: string
}

export interface ReportingClocks {
  /** Always there: no legal advice, and the date of the rules. */
  readonly note: string
  /** RFC 3339 date of the rules. */
  readonly as_of: string
  /** Present when the rules are older than twelve months. */
  readonly warning?: string
  readonly items: readonly ReportingClock[]
}

/** Where nobody said when they knew. */
export const UNSAID =
  'of which nobody said when it was: reckoned from the opening of the incident, so it may be earlier (incident update --aware-at)'

type Starts = Pick<IncidentState, 'aware_at' | 'opened_at' | 'clock_starts'>

/**
 * The deadlines that may apply, each with its basis. The clock starts at awareness, not at confirmation; where nobody
 * said when that was, the opening of the incident stands in, and the basis says that the deadline may be earlier.
 *
 * @param now NumericDate: how old the rules are is judged by it, nothing else
 */
export function reportingClocks(state: Starts, now: number): ReportingClocks {
  return {
    note: `not legal advice: whether a duty applies, and from when it counts, is for a lawyer to say; rules as of ${CLOCKS_AS_OF}`,
    as_of: CLOCKS_AS_OF,
    ...(now >= addMonths(parseRfc3339(`${CLOCKS_AS_OF}T00:00:00Z`) ?? 0, 12)
      ? {warning: `the rules were last read on ${CLOCKS_AS_OF}, more than twelve months ago: check them before you rely on them`}
      : {}),
    items: REPORTING_RULES.map((rule) => clockOf(rule, state)),
  }
}

function clockOf(rule: ReportingRule, state: Starts): ReportingClock {
  const {starts_at, said} = startOf(rule.start, state)
  const start = starts_at === undefined ? undefined : parseRfc3339(starts_at)
  const base = {regime: rule.regime, what: rule.what, source: rule.source}
  const note = rule.note === undefined ? '' : `; ${rule.note}`
  if (start === undefined) return {...base, basis: `${words(rule)} ${said}${note}`}
  return {...base, starts_at: rfc3339(start), due_at: rfc3339(dueAt(rule, start)), basis: `${words(rule)} ${said}${note}`}
}

function startOf(start: ClockStart, {aware_at, opened_at, clock_starts}: Starts): {starts_at?: string; said: string} {
  if (start === 'aware') {
    if (aware_at !== undefined && aware_at !== 'unknown') return {starts_at: aware_at, said: 'after awareness'}
    return {
      starts_at: opened_at,
      said: `after awareness, ${UNSAID}`,
    }
  }
  const at = clock_starts[start]
  const event = start === 'classified_major' ? 'classification as major' : 'the judgement that it is material'
  if (at !== undefined) return {starts_at: at, said: `after ${event}`}
  return {
    said: `after ${event}, which is not on record (incident update ${start === 'classified_major' ? '--major-at' : '--material-at'})`,
  }
}

function words({within}: ReportingRule): string {
  if (within.hours === 0) return 'at once'
  if (within.hours !== undefined) return `${within.hours} h`
  if (within.days !== undefined) return `${within.days} days`
  if (within.months !== undefined) return within.months === 1 ? '1 month' : `${within.months} months`
  return `${within.business_days ?? 0} business days`
}

function dueAt({within}: ReportingRule, start: number): number {
  if (within.months !== undefined) return addMonths(start, within.months)
  if (within.business_days !== undefined) return addBusinessDays(start, within.business_days)
  return start + (within.hours ?? 0) * 3600 + (within.days ?? 0) * 86_400
}

/** The same day of a later month, or its last one. */
function addMonths(start: number, months: number): number {
  const date = new Date(start * 1000)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + months)
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(day, last))
  return Math.floor(date.getTime() / 1000)
}

/** Monday to Friday, UTC, at the same time of day. */
function addBusinessDays(start: number, days: number): number {
  let at = start
  for (let left = days; left > 0;) {
    at += 86_400
    const day = new Date(at * 1000).getUTCDay()
    if (day !== 0 && day !== 6) left--
  }
  return at
}
