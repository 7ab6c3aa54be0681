import {systemClock} from '../clock.ts'
import type {CloseItem} from '../incident/close-items.ts'
import {parseRfc3339} from '../clock.ts'
import type {Consumer} from '../incident/consumers.ts'
import type {Exposure} from '../incident/exposure.ts'
import type {HuntResult} from '../incident/hunt/findings.ts'
import {inventoryItems, signedOffFindings} from '../incident/inventory.ts'
import {reportingClocks} from '../incident/reporting-clocks.ts'
import type {ReportingClocks} from '../incident/reporting-clocks.ts'
import {responseTimes} from '../incident/response-times.ts'
import type {ResponseTimes} from '../incident/response-times.ts'
import type {TokenPath} from '../incident/token-paths.ts'
import type {SavedWatch} from '../incident/watch/memory.ts'
import {clockLines, responseLines} from '../report/clock-lines.ts'
import {openItemLines} from '../report/close-lines.ts'
import type {Plan} from '../incident/plan.ts'
import {isLive} from '../incident/replay.ts'
import type {IncidentState, Operation, Proof} from '../incident/replay.ts'
import {nextByRecord, openQuestions, standing} from '../incident/standing.ts'
import type {ManualStep, OnRecord} from '../incident/standing.ts'
import {consumerLines} from '../report/exposure-lines.ts'
import {nextLines, proofLine} from '../report/summary.ts'
import {readTrail} from '../trail/read-trail.ts'
import {printable, quoted} from '../untrusted.ts'
import {evidenceOf} from './incidents.ts'
import type {FoundIncident} from './incidents.ts'

/** One incident in a list. */
export interface IncidentRow {
  readonly incident_id: string
  readonly simulated: boolean
  readonly status: string
  readonly live: boolean
  readonly tenant: string
  readonly client_id?: string
  readonly leak: string
  readonly title: string
  readonly opened_at: string
  readonly closed_at?: string
  readonly ticket?: string
}

/** One incident, by replay of its records. */
export interface IncidentView extends IncidentRow {
  readonly aware_at?: string
  readonly leaked_at?: string
  readonly plan_hash?: string
  readonly confirmed: boolean
  readonly operations: readonly Operation[]
  readonly proof: readonly Proof[]
  readonly deliveries: IncidentState['deliveries']
  readonly signed_off: IncidentState['signed_off']
  readonly evidence_gaps: IncidentState['gaps']
  readonly all_clear?: Exposure['all_clear']
  /** Who uses the client, as it was last written down. */
  readonly consumers?: {readonly computed_at: string; readonly consumers: readonly Consumer[]}
  readonly response_times: ResponseTimes
  readonly reporting_clocks: ReportingClocks
  readonly open_questions: readonly string[]
  /** What a hunt found, open ways to a token and the like: what a close would name besides the steps for people. */
  readonly left_open: readonly CloseItem[]
  readonly next: readonly string[]
  readonly records: number
}

export function incidentRow({state, mode}: FoundIncident): IncidentRow {
  return {
    incident_id: state.incident_id,
    simulated: mode === 'sim',
    status: standing(state),
    live: isLive(state),
    tenant: state.tenant,
    ...(state.client_id === undefined ? {} : {client_id: state.client_id}),
    leak: state.leak,
    title: state.title,
    opened_at: state.opened_at,
    ...(state.closed_at === undefined ? {} : {closed_at: state.closed_at}),
    ...(state.ticket === undefined ? {} : {ticket: state.ticket}),
  }
}

/** Steps for people in every plan of the incident: a later plan (a restore) does not take them back. */
export function manualSteps(found: FoundIncident): ManualStep[] {
  const steps = new Map<string, ManualStep>()
  for (const record of readTrail(found.folder, {inc: found.state.incident_id})) {
    if (record.kind !== 'plan' || typeof record['evidence'] !== 'string') continue
    const plan = evidenceOf<Plan>(found, record['evidence'])
    for (const step of plan?.steps ?? []) if (step.action === 'manual') steps.set(step.id, step)
  }
  return [...steps.values()]
}

/** What the newest hunt found to be removed, as items of a close. */
export function huntItems(found: FoundIncident): string[] {
  const hunt = evidenceOf<HuntResult>(found, found.state.evidence['hunt'])
  return (hunt?.inventory ?? []).map(({id}) => `hunt.${id}`)
}

/** Everything that the incident left open besides the steps for people, by its record and evidence. */
export function leftOpen(found: FoundIncident): CloseItem[] {
  const {state} = found
  const exposure = evidenceOf<Exposure>(found, state.evidence['exposure'])
  const assess = evidenceOf<{after?: readonly TokenPath[]}>(found, state.evidence['assess'])
  const hunt = evidenceOf<HuntResult>(found, state.evidence['hunt'])
  const watch = evidenceOf<SavedWatch>(found, state.evidence['watch.checkpoint'])
  return inventoryItems({
    state,
    removed: signedOffFindings(readTrail(found.folder, {inc: state.incident_id})),
    ...(exposure ? {exposure} : {}),
    ...(assess?.after ? {paths: assess.after} : {}),
    ...(hunt ? {hunt} : {}),
    ...(watch?.alarm_at === undefined ? {} : {alarm_at: watch.alarm_at}),
  })
}

export function incidentView(found: FoundIncident): IncidentView {
  const {state} = found
  const exposure = evidenceOf<Exposure>(found, state.evidence['exposure'])
  const consumers = evidenceOf<NonNullable<IncidentView['consumers']>>(found, state.evidence['consumers'])
  const record: OnRecord = {
    manual: manualSteps(found),
    ...(exposure ? {exposure} : {}),
    left_behind: leftOpen(found).filter(({item}) => item.startsWith('hunt.')).length,
  }
  return {
    ...incidentRow(found),
    ...(state.aware_at === undefined ? {} : {aware_at: state.aware_at}),
    ...(state.leaked_at === undefined ? {} : {leaked_at: state.leaked_at}),
    ...(state.plan === undefined ? {} : {plan_hash: state.plan.sha256}),
    confirmed: state.confirmed,
    operations: state.operations,
    proof: state.proofs,
    deliveries: state.deliveries.map(({op, sink, result, fingerprint, at}) => ({
      op,
      sink,
      result,
      ...(fingerprint === undefined ? {} : {fingerprint}),
      at,
    })),
    signed_off: state.signed_off,
    evidence_gaps: state.gaps,
    ...(exposure ? {all_clear: exposure.all_clear} : {}),
    ...(consumers ? {consumers} : {}),
    response_times: responseTimes(state, exposure),
    reporting_clocks: reportingClocks(state, Math.floor(systemClock.now() / 1000)),
    open_questions: openQuestions(state, record),
    left_open: state.closed_at === undefined ? leftOpen(found) : [],
    next: nextByRecord(state, record),
    records: state.records,
  }
}

export function incidentLines(view: IncidentView): string[] {
  const lines = [
    `Incident:   ${view.incident_id} (${view.simulated ? 'SIMULATED' : 'REAL'}), ${view.status}`,
    `What:       ${printable(view.title, 200)} (${printable(view.leak, 40)})`,
    `Where:      client ${printable(view.client_id ?? 'unknown', 120)} of tenant ${quoted(view.tenant)}`,
    `When:       opened ${view.opened_at}; leaked ${view.leaked_at ?? 'unknown'}; known ${view.aware_at ?? 'unknown'}${view.closed_at === undefined ? '' : `; closed ${view.closed_at}`}`,
  ]
  if (view.ticket !== undefined) lines.push(`Ticket:     ${printable(view.ticket, 200)}`)
  if (view.plan_hash !== undefined)
    lines.push(`Plan:       ${view.plan_hash}${view.confirmed ? ', confirmed' : ', not confirmed'}`)
  if (view.operations.length > 0) lines.push('Operations:', ...operationLines(view.operations))
  if (view.proof.length > 0) lines.push('Proofs:', ...view.proof.map((proof) => proofLine(proof)))
  for (const one of view.deliveries)
    lines.push(`New secret: ${one.result === 'ok' ? 'in' : 'NOT handed over; in'} ${printable(one.sink, 300)}`)
  if (view.all_clear)
    lines.push(
      `All clear:  ${view.all_clear.state === 'clear' ? 'since' : 'not before'} ${view.all_clear.worst_case_at}, as it was last computed${view.client_id === undefined ? '' : `; now: stanch exposure --client ${printable(view.client_id, 64)}`}`,
    )
  lines.push(...responseLines(view.response_times), ...(view.closed_at === undefined ? clockLines(view.reporting_clocks) : []))
  if (view.consumers) lines.push(...consumerLines(view.consumers.consumers, parseRfc3339(view.consumers.computed_at) ?? 0))
  if (view.evidence_gaps.length > 0)
    lines.push(
      'Not known:',
      ...unique(view.evidence_gaps.map((gap) => `  - ${printable(gap.what, 160)}: ${printable(gap.why, 400)}`)),
    )
  if (view.open_questions.length > 0)
    lines.push('Open questions:', ...view.open_questions.map((question) => `  - ${printable(question, 400)}`))
  if (view.left_open.length > 0) lines.push('Left open:', ...openItemLines(view.left_open))
  if (view.next.length > 0) lines.push('Next:', ...nextLines(view.next).flat())
  return lines
}

/** One line an operation; a probe that was repeated with the same answer stands once. */
function operationLines(operations: readonly Operation[]): string[] {
  const times = new Map<string, {first: Operation; count: number}>()
  for (const one of operations) {
    const what = `${printable(one.action, 60)} ${printable(one.target, 120)}: ${operationWord(one)}`
    const known = times.get(what)
    if (known && one.action === 'token.request') known.count += 1
    else times.set(known ? `${what} (record ${one.seq})` : what, {first: one, count: 1})
  }
  return [...times].map(
    ([what, {first, count}]) =>
      `  #${first.seq} ${first.at.slice(0, 19).replace('T', ' ')}Z ${what}${count > 1 ? `, ${count} times` : ''}`,
  )
}

function operationWord(operation: Operation): string {
  if (operation.settled !== undefined) return `${operation.settled === 'ok' ? 'done' : 'not done'}, settled by looking`
  if (operation.result === 'ok') return 'done'
  if (operation.result === 'refused') return `refused${operation.status === undefined ? '' : ` (${operation.status})`}`
  return operation.result === 'failed' ? 'did not leave' : 'IN DOUBT'
}

function unique(lines: readonly string[]): string[] {
  return [...new Set(lines)]
}
