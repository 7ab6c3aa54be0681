import {blobsOf} from '../trail/format/blobs.ts'
import type {Account} from './account.ts'
import {evidenceOf, newestExposure, numberOf, ofKind, partOf, said, snapshotBefore, textOf} from './account.ts'
import {clearMoves} from '../incident/contained-at.ts'
import type {Plan} from '../incident/plan.ts'
import {signedOffFindings} from '../incident/inventory.ts'
import {isLive} from '../incident/replay.ts'
import {nextByRecord, standing} from '../incident/standing.ts'
import type {ManualStep} from '../incident/standing.ts'
import {newestHunt} from './report-learned.ts'
import {VERDICTS} from './summary.ts'

export interface Verdict {
  /** `contained`, `partial`, `in_doubt`, `planned`, `declined`, `restored`, `unfinished`, `opened` or `closed`. */
  readonly status: string
  /** In the fixed vocabulary. */
  readonly words: string
  readonly live: boolean
}

export interface AllClear {
  readonly state: 'open' | 'clear' | 'not_known'
  readonly worst_case_at?: string
  /** Present while an API still gives tokens: `worst_case_at` is as of `computed_at` and moves with the clock. */
  readonly moves?: true
  /** Where tokens from before the log begins decide it: what it would be without them. */
  readonly ruled_at?: string
  /** Until when tokens live that were seen in the tenant log. */
  readonly observed_at?: string
  readonly computed_at?: string
  readonly basis: string
  /** The record that it was computed in. */
  readonly record?: number
}

/** What has to be on the first screen, besides the gaps. */
export interface Headline {
  readonly incident_id: string
  readonly simulated: boolean
  readonly title?: string
  readonly tenant: string
  readonly client: {readonly client_id?: string; readonly name?: string}
  readonly leak: string
  readonly ticket?: string
  readonly severity?: string
  readonly opened_at: string
  readonly closed_at?: string
  readonly verdict: Verdict
  readonly all_clear: AllClear
  /** Most urgent first. */
  readonly next: readonly string[]
}

/** One thing that could not be seen, and why. */
export interface Gap {
  readonly what: string
  readonly why: string
  /** Absent for a gap of a computation that has no record of its own. */
  readonly record?: number
}

export interface EvidenceRow {
  readonly sha256: string
  readonly record: number
  readonly at: string
  /** The act whose record names it. */
  readonly action: string
}

/** Where the report comes from. */
export interface Source {
  readonly origin: string
  readonly vkey: string
  /** Leaf hash of record 0, hex. */
  readonly first_record: string
  readonly size: number
  /** Hex. */
  readonly root_hash: string
  readonly witnesses: readonly string[]
  readonly anchors: readonly {readonly record: number; readonly type: string; readonly size: number}[]
  readonly tool: string
  readonly node: string
  readonly runbook?: {readonly id: string; readonly version: string; readonly sha256: string}
  readonly plan_sha256?: string
}

/** Besides those of a command's result: how far an incident came whose work has no end yet. */
const STANDINGS: Readonly<Record<string, string>> = {
  ...VERDICTS,
  closed: 'CLOSED',
  unfinished: 'UNFINISHED: the plan was confirmed and its work has no end on record',
  opened: 'OPENED: nothing was changed yet',
}

export function headline(account: Account): Headline {
  const {state, mode} = account
  const client = snapshotBefore(account)?.snapshot.client
  const severity = ofKind(account, 'incident.open', 'incident.update').flatMap((one) => textOf(one, 'severity') ?? [])
  return {
    incident_id: state.incident_id,
    simulated: mode === 'sim',
    ...(state.title === '' ? {} : {title: state.title}),
    tenant: state.tenant,
    client: {
      ...(state.client_id === undefined ? {} : {client_id: state.client_id}),
      ...(client?.name ? {name: client.name} : {}),
    },
    leak: state.leak,
    ...(state.ticket === undefined ? {} : {ticket: state.ticket}),
    ...(severity.length === 0 ? {} : {severity: severity.at(-1) ?? ''}),
    opened_at: state.opened_at,
    ...(state.closed_at === undefined ? {} : {closed_at: state.closed_at}),
    verdict: verdict(account),
    all_clear: allClear(account),
    next: next(account),
  }
}

function verdict(account: Account): Verdict {
  const {state} = account
  const status = standing(state)
  const end = ofKind(account, 'incident.close').at(-1)
  const words =
    status === 'closed'
      ? `CLOSED as ${textOf(end, 'disposition') ?? 'not said'}; the last work ended ${(VERDICTS as Record<string, string>)[state.last_status ?? ''] ?? 'without a verdict'}`
      : (STANDINGS[status] ?? status)
  return {status, words, live: isLive(state)}
}

function allClear(account: Account): AllClear {
  const found = newestExposure(account)
  if (!found) return {state: 'not_known', basis: 'not known, because no exposure was computed in this incident'}
  const {exposure, record} = found
  const {state, worst_case_at, ruled_at, observed_at, basis} = exposure.all_clear
  return {
    state,
    worst_case_at,
    ...(clearMoves(exposure) ? {moves: true as const} : {}),
    ...(ruled_at === undefined ? {} : {ruled_at}),
    ...(observed_at === undefined ? {} : {observed_at}),
    computed_at: exposure.computed_at,
    basis,
    record: record.seq,
  }
}

/** Steps for people in every plan of the incident: a later plan (a restore) does not take them back. */
export function manualStepsOf(account: Account): ManualStep[] {
  const steps = new Map<string, ManualStep>()
  for (const record of ofKind(account, 'plan')) {
    const plan = evidenceOf<Plan>(account, textOf(record, 'evidence'))
    for (const step of plan?.steps ?? []) if (step.action === 'manual') steps.set(step.id, step)
  }
  return [...steps.values()]
}

function next(account: Account): string[] {
  const exposure = newestExposure(account)?.exposure
  const hunt = newestHunt(account)
  const removed = signedOffFindings(account.records)
  return nextByRecord(account.state, {
    manual: manualStepsOf(account),
    ...(exposure ? {exposure} : {}),
    ...('not_known' in hunt ? {} : {left_behind: hunt.inventory.filter(({id}) => !removed.has(`hunt.${id}`)).length}),
  })
}

export function gapList(account: Account): Gap[] {
  const gaps = new Map<string, Gap>()
  for (const record of ofKind(account, 'gap')) {
    const [what, why] = [textOf(record, 'what') ?? 'not said', textOf(record, 'why') ?? 'not said']
    gaps.set(`${what}\n${why}`, {what, why, record: record.seq})
  }
  for (const {what, why} of newestExposure(account)?.exposure.evidence_gaps ?? [])
    if (!gaps.has(`${what}\n${why}`)) gaps.set(`${what}\n${why}`, {what, why})
  return [...gaps.values()]
}

export function evidenceList(account: Account): EvidenceRow[] {
  return account.records.flatMap((record) =>
    blobsOf(record).map((sha256) => ({
      sha256,
      record: record.seq,
      at: record.time,
      action: textOf(record, 'action') ?? record.kind,
    })),
  )
}

export function sourceOf(account: Account): Source {
  const {log, records} = account
  const session = records.find((one) => one.kind === 'session.open')
  const {id, version, sha256} = partOf(
    records.findLast((one) => one.kind === 'plan'),
    'runbook',
  )
  return {
    origin: log.origin,
    vkey: log.vkey,
    first_record: log.first,
    size: log.size,
    root_hash: log.root,
    witnesses: log.witnesses,
    anchors: ofKind(account, 'anchor').map((one) => ({
      record: one.seq,
      type: textOf(one, 'type') ?? 'unknown',
      size: numberOf(one, 'size') ?? 0,
    })),
    tool: textOf(session, 'tool') ?? 'unknown',
    node: textOf(session, 'node') ?? 'unknown',
    ...(typeof id === 'string' ? {runbook: {id, version: said(version), sha256: said(sha256)}} : {}),
    ...(account.state.plan === undefined ? {} : {plan_sha256: account.state.plan.sha256}),
  }
}
