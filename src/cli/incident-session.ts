import path from 'node:path'

import {rfc3339Millis, systemClock} from '../clock.ts'
import type {Operator} from '../auth0/tenant.ts'
import type {Sink} from '../delivery/sink.ts'
import {StanchError, isCode} from '../errors.ts'
import {ask} from '../execution/ask.ts'
import {notCarriedOut} from '../execution/conclude.ts'
import {exposureOf} from '../execution/expose.ts'
import type {IncidentTrail} from '../execution/incident-trail.ts'
import {incidentState, knownContainment, newIncidentId, openIncident, recordPlan, work} from '../execution/incident.ts'
import type {Worked} from '../execution/incident.ts'
import {LogCapture} from '../execution/log-capture.ts'
import {captureWindow} from '../execution/log-window.ts'
import {snapshotBefore} from '../execution/snapshot-before.ts'
import {incidentsOf} from '../execution/record-mapping.ts'
import {IncidentTrail as Journal} from '../execution/incident-trail.ts'
import type {HandOver, Run} from '../execution/run.ts'
import type {Notifier} from '../execution/notifier.ts'
import {openedNotice, resultNotice} from '../incident/notice.ts'
import type {Plan} from '../incident/plan.ts'
import type {PlanFacts} from '../incident/policy.ts'
import type {IncidentState} from '../incident/replay.ts'
import type {Trail} from '../trail/trail.ts'
import {trailFolder} from '../trail/trail-folder.ts'
import {printable} from '../untrusted.ts'
import {openTrail, recordTokens} from './context.ts'
import {workAlone} from './work-lock.ts'
import {admit, refuseLeakedAsOwn, refuseOtherIncident} from './incident-admission.ts'
import {askAboutEarlier, confirmation} from './incident-consent.ts'
import {exposureContext, instantOf, logSince} from './incident-job.ts'
import type {Job, TrailView} from './incident-job.ts'
import {dryRun, environmentOf, look} from './incident-look.ts'

/**
 * One incident from observation to result: observe, plan, guardrails, confirmation, execution. Every command that
 * changes a tenant goes through here, so that none can leave a guardrail out. The trail is closed whatever happens.
 */
export async function runIncident(job: Job): Promise<Worked> {
  refuseLeakedAsOwn(job)
  const notifier = job.options.notify?.length
    ? await (await import('./notify.ts')).notifierOf(job.options.notify, job.place.env)
    : undefined
  if (job.options.dry_run) return dryRun(job)
  const alone = workAlone(job.connected, job.client_id)
  try {
    return await worked(job, notifier)
  } finally {
    alone.close()
  }
}

async function worked(job: Job, notifier: Notifier | undefined): Promise<Worked> {
  // The trail is opened while the first answers are on their way. Whether it can be written is known before anything is changed.
  const opening = openTrail(job.place, job.connected.mode)
  opening.catch(() => {})
  let capture: LogCapture | undefined
  try {
    await job.connected.tenant.operator()
    capture = beginCapture(job)
    const {operator, facts} = await look(job)
    return await runOn(await opening, job, operator, facts, capture, notifier)
  } finally {
    capture?.stop()
    const trail = await opening.catch(() => undefined)
    await notifier?.drain()
    trail?.close(job.interruption.requested ? 'interrupted' : 'done')
  }
}

/** The first pages of the tenant's log come with the answers of the first look, so that a small log costs no time of its own. */
function beginCapture(job: Job): LogCapture | undefined {
  const {connected, options, state} = job
  if (job.saves_log === false) return undefined
  const id = options.incident ?? state?.incident_id
  const trail = id === undefined ? undefined : trailFolder(connected.paths.trail(connected.mode))
  return LogCapture.begin(connected.tenant, captureWindow(trail, id, logSince(job, state), false))
}

async function runOn(
  trail: Trail,
  job: Job,
  operator: Operator,
  facts: PlanFacts,
  capture: LogCapture | undefined,
  notifier: Notifier | undefined,
): Promise<Worked> {
  const {connected, responder, options} = job
  const {tenant, clock, mode} = connected
  const {snapshot} = facts
  const incidents = incidentsOf(trail.records())
  const joined = options.incident ?? job.state?.incident_id
  const state = joined === undefined ? undefined : incidentState(trail, joined)
  refuseOtherIncident(job, facts, incidents, state)
  const id = joined ?? newIncidentId(systemClock)
  const view: TrailView = state ? {state, journal: new Journal(trail, id, snapshot.tenant, systemClock)} : {}
  const plan = await job.plan(facts, view)
  admit(job, plan, facts, state, operator)
  const handOver = await prepareHandOver(job, plan, id)

  const journal = view.journal ?? open(trail, job, snapshot.tenant, id)
  const about = {
    incident_id: id,
    simulated: mode === 'sim',
    tenant: snapshot.tenant,
    client_id: job.client_id,
    leak: state?.leak ?? job.leak,
    ...(options.ticket === undefined ? {} : {ticket: printable(options.ticket)}),
  }
  if (!view.journal) notifier?.notify(journal, openedNotice(about, rfc3339Millis(clock.now())))
  await recordTokens(trail, connected, id)
  for (const one of job.known ?? []) journal.observe({...one, target: `client:${job.client_id}`})
  journal.gaps(environmentOf(job))
  job.onIncident?.(id)
  const run: Run = {
    tenant,
    journal,
    responder,
    clock,
    mode,
    interruption: job.interruption,
    ...(job.leaked ? {leaked: job.leaked} : {}),
    ...(handOver ? {handOver} : {}),
    ...(capture ? {capture} : {}),
    ...(job.log_caps ? {log_caps: job.log_caps} : {}),
  }
  const worked = await confirmAndWork(run, job, facts, plan, state, incidents)
  notifier?.notify(journal, resultNotice(about, worked.result, rfc3339Millis(clock.now())))
  return worked
}

async function confirmAndWork(
  run: Run,
  job: Job,
  facts: PlanFacts,
  plan: Plan,
  state: IncidentState | undefined,
  incidents: readonly IncidentState[],
): Promise<Worked> {
  const {snapshot} = facts
  const leakedAt = instantOf(job.options.leaked_at ?? state?.leaked_at)
  const sha256 = recordPlan(run.journal, plan, state)
  if (job.approval?.recorded === false) run.journal.approval(sha256, job.approval.by, `before: ${job.approval.line}`)
  await job.beforeConfirm?.(facts, plan)
  const resumed = job.resumes === true && state?.confirmed === true && state.plan?.sha256 === sha256
  let agreed = resumed
  let already: string[] = []
  let failure: unknown
  if (!resumed) {
    try {
      already = await askAboutEarlier(run, facts, plan, leakedAt, incidents, state)
      agreed = await ask(run, confirmation(job, facts, plan), sha256)
    } catch (error) {
      failure = error
      run.journal.decision('plan.confirm', isCode(error, 'interrupted') ? 'interrupted' : 'no', {plan_sha256: sha256})
    }
  }
  if (!agreed) {
    run.journal.observe({action: 'status', finding: 'declined', target: `client:${plan.client_id}`})
    const {size, root, text} = run.journal.trail.checkpoint(true)
    const audit = {records: size, size, root_hash: root, checkpoint: text}
    const before = await snapshotBefore(run.tenant, (hash) => run.journal.trail.getEvidence(hash), snapshot, state)
    const containment = knownContainment(
      {...facts, plan, ...(state ? {state} : {}), ...(leakedAt === undefined ? {} : {leaked_at: leakedAt})},
      before,
    )
    const exposure = exposureOf({...facts, snapshot: before}, {...exposureContext(job, leakedAt), containment})
    const result = notCarriedOut(plan, snapshot, exposure, 'declined', {incident_id: run.journal.incident, audit})
    const refusal =
      failure ??
      (run.responder.attended
        ? undefined
        : new StanchError('consent.missing', 'Nobody said yes to this plan. Nothing was changed.', {
            hint: 'Add --yes to carry it out, or --dry-run to look at it.',
          }))
    return {result, ...(refusal === undefined ? {} : {failure: refusal})}
  }
  const since = logSince(job, state)
  return work(run, {
    plan,
    snapshot,
    resumes: job.resumes ?? false,
    ...(job.leaked_token ? {leaked_token: job.leaked_token} : {}),
    ...(leakedAt === undefined ? {} : {leaked_at: leakedAt}),
    ...(since === undefined ? {} : {log_since: since}),
    ...(state ? {state} : {}),
    already,
  })
}

function open(trail: Trail, job: Job, tenant: string, id: string): IncidentTrail {
  const {options} = job
  return openIncident(trail, tenant, systemClock, id, {
    title: options.reason ?? `${job.leak} of client ${job.client_id}`,
    leak: job.leak,
    client_id: job.client_id,
    ...(options.ticket === undefined ? {} : {ticket: printable(options.ticket)}),
    ...(options.aware_at === undefined ? {} : {aware_at: options.aware_at}),
    ...(options.leaked_at === undefined ? {} : {leaked_at: options.leaked_at}),
  })
}

/** The sink is tried before the confirmation; what cannot take the secret is said while nothing has been changed. */
async function prepareHandOver(job: Job, plan: Plan, id: string): Promise<HandOver | undefined> {
  if (!plan.steps.some((step) => step.action === 'secret.deliver')) return undefined
  const {ensureFolder} = await import('../files/write.ts')
  const {trySink} = await import('../delivery/sink.ts')
  const folder = job.connected.paths.incident(id)
  ensureFolder(folder)
  const fallback: Sink = {
    kind: 'file',
    path: path.join(folder, `new-secret-${new Date(systemClock.now()).toISOString().replaceAll(/[:.]/g, '')}`),
  }
  const deps = {env: job.place.env, ...(job.showOnTerminal ? {showOnTerminal: job.showOnTerminal} : {})}
  const sink = job.sink ?? fallback
  await trySink(sink, deps, {fresh: job.state === undefined})
  return {sink, fallback, deps}
}
