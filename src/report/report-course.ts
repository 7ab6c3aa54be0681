import {isSecretRead} from '../incident/secret-reads.ts'
import {clearMoves, containedAt} from '../incident/contained-at.ts'
import type {StoredRecord} from '../trail/format/record.ts'
import type {Account} from './account.ts'
import {newestExposure, numberOf, textOf} from './account.ts'
import {logEvents} from './log-events.ts'
import {mergeTimelines} from './merge.ts'
import {hunted} from './report-learned.ts'
import {leaked} from './report-leak.ts'
import {plainWords} from './timeline.ts'

/** Where a row comes from: a record of the trail, or an entry of the tenant's log. */
export type RowSource = {readonly record: number} | {readonly log_id: string}

/** `ours`: what the responders did to the tenant; `asked`: their probes and reads; `book`: what the trail says of itself. */
export type Lane = 'leak' | 'issued' | 'holder' | 'refused' | 'ours' | 'asked' | 'proof' | 'book'

export interface CourseRow {
  /** RFC 3339. */
  readonly at: string
  /** Whose clock: the tenant's, the machine's reckoned as the tenant's by the answers around it, or the machine's. */
  readonly clock: 'tenant' | 'reckoned' | 'machine'
  readonly lane: Lane
  /** False for what only somebody who looks closely wants: probes, issuances, intents that have their outcome. */
  readonly main: boolean
  readonly what: string
  readonly source: RowSource
  readonly verdict?: string
  readonly ip?: string
}

/** A token that was seen in the tenant's log: a bar that ends at its `exp`. */
export interface TokenBar {
  readonly audience: string
  readonly issued_at: string
  readonly expires_at: string
  readonly jti?: string
  readonly ip?: string
  readonly user_agent?: string
  readonly log_id?: string
}

export interface Course {
  readonly window: {
    readonly from?: string
    /** No new token since; absent while not every API is contained. */
    readonly contained_at?: string
    /** The all clear; absent while it moves with the clock. */
    readonly until?: string
  }
  /** Oldest first. */
  readonly rows: readonly CourseRow[]
  readonly tokens: readonly TokenBar[]
  /** Issuances, calls and refusals in the evidence that are not among the rows or the tokens. */
  readonly omitted: number
  /** Whose acts the calls of this credential are. */
  readonly holder: string
}

/** Newest tokens that are listed. */
const MAX_TOKENS = 1000

export function course(account: Account): Course {
  const exposure = newestExposure(account)?.exposure
  const log = logEvents(account)
  const issued = (exposure?.audiences ?? [])
    .flatMap((one) => one.tokens.map((token) => ({audience: one.audience, ...token})))
    .toSorted((a, b) => compare(a.issued_at, b.issued_at) || compare(a.log_id ?? '', b.log_id ?? ''))
  const tokens = issued.slice(-MAX_TOKENS)
  const contained = containedAt(exposure)
  const from = leaked(account).leaked_at
  const findings = hunted(account)
  const rows: CourseRow[] = [
    ...recordRows(account),
    ...log.calls.map((one) => logRow(one, 'holder', findings.get(one.log_id))),
    ...log.refusals.map((one) => logRow(one, 'refused', findings.get(one.log_id))),
    ...tokens.flatMap((one) => (one.log_id === undefined ? [] : [issuedRow(one, one.log_id, findings.get(one.log_id))])),
  ]
  return {
    window: {
      ...(from === undefined ? {} : {from}),
      ...(contained === undefined ? {} : {contained_at: contained}),
      ...(exposure && !clearMoves(exposure) ? {until: exposure.all_clear.worst_case_at} : {}),
    },
    rows: endsOfRuns(
      rows
        .map((row, index) => ({row, index, ms: Date.parse(row.at)}))
        .toSorted((a, b) => a.ms - b.ms || a.index - b.index)
        .map(({row}) => row),
    ),
    tokens,
    omitted: log.omitted + issued.length - tokens.length,
    holder:
      findings.size > 0
        ? 'each is judged by the hunt'
        : log.saved
          ? "whose they are, the holder's or the owner's, is not known, because no hunt is on record"
          : 'not known, because no tenant log is in the evidence',
  }
}

/** Of tokens issued, or refused, one after the other to one address, the first and the last are main. */
function endsOfRuns(rows: readonly CourseRow[]): CourseRow[] {
  const main = rows.filter((row) => row.main)
  const inner = new Set(main.filter((row, index) => sameRun(main[index - 1], row) && sameRun(row, main[index + 1])))
  return rows.map((row) => (inner.has(row) ? {...row, main: false} : row))
}

function sameRun(one: CourseRow | undefined, other: CourseRow | undefined): boolean {
  if (one === undefined || other === undefined || (one.lane !== 'issued' && one.lane !== 'refused')) return false
  return one.lane === other.lane && one.ip === other.ip && one.verdict === other.verdict
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function recordRows(account: Account): CourseRow[] {
  const answered = new Set(account.records.flatMap((one) => (one.kind === 'outcome' ? numberOf(one, 'intent') : undefined) ?? []))
  const source = {
    origin: account.log.origin,
    records: account.records,
    verified: true,
    complete: true,
    size: 0,
    root_hash: '',
    pinned: true,
  }
  return mergeTimelines([source]).map(({at, by, seq, record}) => {
    const verdict = textOf(record, 'verdict')
    return {
      at,
      clock: by,
      lane: laneOf(record),
      main: ['ours', 'proof'].includes(laneOf(record)) ? !answered.has(seq) : ['gap', 'note'].includes(record.kind),
      what: plainWords(record),
      source: {record: seq},
      ...(verdict === undefined ? {} : {verdict}),
    }
  })
}

function laneOf(record: StoredRecord): Lane {
  const action = textOf(record, 'action') ?? ''
  switch (record.kind) {
    case 'intent':
    case 'outcome':
      return action === 'token.request' || isSecretRead(action) ? 'asked' : 'ours'
    case 'settle':
    case 'deliver':
    case 'decision':
    case 'approval':
    case 'incident.open':
    case 'incident.close':
      return 'ours'
    case 'observe':
      return action.startsWith('verify.') ? 'proof' : action === 'watch' ? 'refused' : 'asked'
    default:
      return 'book'
  }
}

function logRow(event: ReturnType<typeof logEvents>['calls'][number], lane: Lane, verdict: string | undefined): CourseRow {
  return {
    at: event.at,
    clock: 'tenant',
    lane,
    main: verdict !== 'ours' && verdict !== 'expected',
    what: `${lane === 'refused' ? 'refused: ' : ''}${event.what} (${event.type})`,
    source: {log_id: event.log_id},
    ...(verdict === undefined ? {} : {verdict}),
    ...(event.ip === undefined ? {} : {ip: event.ip}),
  }
}

function issuedRow(token: TokenBar, log_id: string, verdict: string | undefined): CourseRow {
  return {
    at: token.issued_at,
    clock: 'tenant',
    lane: 'issued',
    main: verdict === 'hostile' || verdict === 'suspect',
    what: `token issued for ${token.audience}, lives until ${token.expires_at}`,
    source: {log_id},
    ...(verdict === undefined ? {} : {verdict}),
    ...(token.ip === undefined ? {} : {ip: token.ip}),
  }
}
