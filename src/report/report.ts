import type {Account} from './account.ts'
import {acts, claims} from './report-acts.ts'
import type {Act, Claim} from './report-acts.ts'
import {course} from './report-course.ts'
import type {Course} from './report-course.ts'
import {evidenceList, gapList, headline, sourceOf} from './report-head.ts'
import type {EvidenceRow, Gap, Headline, Source} from './report-head.ts'
import {learned} from './report-learned.ts'
import type {Learned} from './report-learned.ts'
import {leaked} from './report-leak.ts'
import type {Leaked} from './report-leak.ts'
import {people} from './report-people.ts'
import type {People} from './report-people.ts'
import {times} from './report-times.ts'
import type {Times} from './report-times.ts'
import {limitTo} from './report-views.ts'
import type {View} from './report-views.ts'

/** What cannot be said, and why: stands wherever something else would. */
export interface NotKnown {
  readonly not_known: string
}

/**
 * The report of one incident, in its JSON form; every other form is a view of this. Pure: the same trail and evidence
 * give the same bytes. Instants are RFC 3339 UTC, durations seconds. A section that a view leaves out is absent and is
 * named in `left_out`.
 */
export interface Report extends Headline, Partial<Learned> {
  readonly format: 'stanch-report/1'
  readonly view: View
  /** What this view leaves out, in sentences; empty in the war room's. */
  readonly left_out: readonly string[]
  readonly evidence_gaps: readonly Gap[]
  readonly leaked: Leaked
  readonly claims: readonly Claim[]
  readonly acts?: readonly Act[]
  readonly course: Course
  readonly times: Times
  readonly people?: People
  readonly evidence?: readonly EvidenceRow[]
  readonly source?: Source
}

/** @param view who reads it: what it leaves out is not in the result at all */
export function incidentReport(account: Account, view: View = 'war-room'): Report {
  const told = course(account)
  const whole: Report = {
    format: 'stanch-report/1',
    view: 'war-room',
    left_out: [],
    ...headline(account),
    evidence_gaps: gapList(account),
    leaked: leaked(account),
    claims: claims(account),
    acts: acts(account),
    ...learned(account),
    course: told,
    times: times(account, told),
    people: people(account),
    evidence: evidenceList(account),
    source: sourceOf(account),
  }
  return limitTo(whole, view, account)
}

export function isNotKnown(value: object | undefined): value is NotKnown {
  return value !== undefined && 'not_known' in value
}
