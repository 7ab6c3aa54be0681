import path from 'node:path'

import {parseRfc3339, systemClock} from '../clock.ts'
import type {Operator} from '../auth0/tenant.ts'
import type {Sink} from '../delivery/sink.ts'
import {StanchError, isCode} from '../errors.ts'
import {ask} from '../execution/ask.ts'
import {notCarriedOut} from '../execution/conclude.ts'
import {exposureOf} from '../execution/expose.ts'
import type {IncidentTrail} from '../execution/incident-trail.ts'
import {incidentState, newIncidentId, openIncident, recordPlan, work} from '../execution/incident.ts'
import type {Worked} from '../execution/incident.ts'
import {observe} from '../execution/observe.ts'
import {incidentsOf} from '../execution/record-mapping.ts'
import type {Responder, TypedDecision} from '../execution/responder.ts'
import {IncidentTrail as Journal} from '../execution/incident-trail.ts'
import type {HandOver, Run} from '../execution/run.ts'
import {earlierChanges} from '../incident/earlier-changes.ts'
import type {EarlierChange} from '../incident/earlier-changes.ts'
import {
  refuseMissingScopes,
  refuseMovedTenant,
  refuseOwnClient,
  refuseSecondIncident,
  refuseTooMany,
  stepsWithoutScope,
} from '../incident/guardrails.ts'
import type {LeakKind} from '../incident/leak.ts'
import type {Plan} from '../incident/plan.ts'
import type {LeakedToken, PlanChoices, PlanFacts} from '../incident/policy.ts'
import {isChange} from '../incident/policy.ts'
import type {IncidentState} from '../incident/replay.ts'
import {tookEffect} from '../incident/replay.ts'
import {planLines} from '../report/plan-screen.ts'
import type {Secret} from '../secret.ts'
import type {Trail} from '../trail/trail.ts'
import {printable, quoted} from '../untrusted.ts'
import {openTrail, recordTokens} from './context.ts'
import type {Connected, Place} from './context.ts'

/** What the person or the flags said about the incident. */
export interface IncidentOptions {
  readonly incident?: string | undefined
  readonly reason?: string | undefined
  readonly ticket?: string | undefined
  readonly aware_at?: string | undefined
  readonly leaked_at?: string | undefined
  readonly dry_run: boolean
  readonly max_actions: number
  readonly include_own: boolean
}

export interface Job {
  readonly place: Place
  readonly connected: Connected
  readonly responder: Responder
  readonly options: IncidentOptions
  readonly leak: LeakKind
  readonly client_id: string
  readonly choices: PlanChoices
  /** The leaked secret, where it is at hand. */
  readonly leaked?: Secret
  readonly leaked_token?: LeakedToken
  readonly sink?: Sink
  readonly showOnTerminal?: (secret: Secret) => Promise<void>
  readonly interruption: {requested: boolean}
  /** What to do, from what was observed. May throw guardrail errors: nothing has been changed yet. */
  readonly plan: (facts: PlanFacts, trail: TrailView) => Plan | Promise<Plan>
  /** The plan exists already and must still fit (`execute`, `resume`). */
  readonly fixed?: boolean
  readonly state?: IncidentState
  /** Audiences whose settings are needed although their grants may be gone. */
  readonly audiences?: readonly string[]
  /** The guided flow shows its own screens and asks its own questions before the confirmation. */
  readonly beforeConfirm?: (facts: PlanFacts, plan: Plan) => Promise<void>
  /** Called as soon as the incident has an id. */
  readonly onIncident?: (id: string) => void
}

/** What a plan maker may see of the incident: its state and its evidence. */
export interface TrailView {
  readonly state?: IncidentState
  readonly journal?: IncidentTrail
}

/**
 * One incident from observation to result: observe, plan, guardrails, confirmation, execution. Every command that
 * changes a tenant goes through here, so that none can leave a guardrail out. The trail is closed whatever happens.
 */
export async function runIncident(job: Job): Promise<Worked> {
  refuseLeakedAsOwn(job)
  if (job.options.dry_run) return dryRun(job)
  // The trail is opened while the first answers are on their way. Whether it can be written is known before anything is changed.
  const opening = openTrail(job.place, job.connected.mode)
  opening.catch(() => {})
  try {
    const {operator, facts} = await look(job)
    return await runOn(await opening, job, operator, facts)
  } finally {
    const trail = await opening.catch(() => undefined)
    trail?.close(job.interruption.requested ? 'interrupted' : 'done')
  }
}

/** Reads and a plan: no probe, no record, no change. */
async function dryRun(job: Job): Promise<Worked> {
  const {facts} = await look(job)
  const plan = await job.plan(facts, {})
  return {result: notCarriedOut(plan, facts.snapshot, exposureBefore(job, facts), 'planned')}
}

async function look(job: Job): Promise<{operator: Operator; facts: PlanFacts}> {
  const {tenant, clock, mode} = job.connected
  const operator = await tenant.operator()
  const snapshot = await observe(tenant, job.client_id, mode, clock, job.audiences)
  refuseOwnClient(snapshot, job.options.include_own)
  return {operator, facts: {snapshot, ...(job.leaked_token ? {leaked_token: job.leaked_token} : {})}}
}

async function runOn(trail: Trail, job: Job, operator: Operator, facts: PlanFacts): Promise<Worked> {
  const {connected, responder, options} = job
  const {tenant, clock, mode} = connected
  const {snapshot} = facts
  const incidents = incidentsOf(trail.records())
  const joined = options.incident ?? job.state?.incident_id
  refuseSecondIncident(job.client_id, snapshot.tenant, incidents, joined)
  const state = joined === undefined ? undefined : incidentState(trail, joined)
  if (state && state.tenant !== snapshot.tenant) {
    throw new StanchError(
      'guard.tenant_moved',
      `Incident ${state.incident_id} is about tenant ${quoted(state.tenant)}; this is ${quoted(snapshot.tenant)}.`,
    )
  }
  const id = joined ?? newIncidentId(systemClock)
  const view: TrailView = state ? {state, journal: new Journal(trail, id, snapshot.tenant, systemClock)} : {}
  const plan = await job.plan(facts, view)
  refuseTooMany(plan, options.max_actions)
  if (job.fixed) refuseMovedTenant(plan, snapshot, doneSteps(state))
  if (!responder.attended) refuseMissingScopes(plan, operator.scopes)
  const handOver = await prepareHandOver(job, plan, id)

  await recordTokens(trail, connected)
  const journal = view.journal ?? open(trail, job, snapshot.tenant, id)
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
  }
  return confirmAndWork(run, job, facts, plan, state, incidents)
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
  const sha256 = recordPlan(run.journal, plan, state)
  await job.beforeConfirm?.(facts, plan)
  const resumed = state?.confirmed === true && state.plan?.sha256 === sha256
  let agreed = resumed
  let failure: unknown
  if (!resumed) {
    try {
      agreed = await ask(run, confirmation(job, facts, plan), sha256)
    } catch (error) {
      failure = error
      run.journal.decision('plan.confirm', isCode(error, 'interrupted') ? 'interrupted' : 'no', {plan_sha256: sha256})
    }
  }
  if (!agreed) {
    run.journal.observe({action: 'status', finding: 'declined', target: `client:${plan.client_id}`})
    const {size, root, text} = run.journal.trail.checkpoint()
    const audit = {records: size, size, root_hash: root, checkpoint: text}
    const result = notCarriedOut(plan, snapshot, exposureBefore(job, facts), 'declined', {
      incident_id: run.journal.incident,
      audit,
    })
    const refusal =
      failure ??
      (run.responder.attended
        ? undefined
        : new StanchError('consent.missing', 'Nobody said yes to this plan. Nothing was changed.', {
            hint: 'Add --yes to carry it out, or --dry-run to look at it.',
          }))
    return {result, ...(refusal === undefined ? {} : {failure: refusal})}
  }
  const already = resumed ? [] : await askAboutEarlier(run, job, facts, plan, incidents)
  const leakedAt = instantOf(job.options.leaked_at ?? state?.leaked_at)
  return work(run, {
    plan,
    snapshot,
    ...(job.leaked_token ? {leaked_token: job.leaked_token} : {}),
    ...(leakedAt === undefined ? {} : {leaked_at: leakedAt}),
    ...(state ? {state} : {}),
    already,
  })
}

/** The one question before anything is changed: the last six characters of the client id, typed. */
function confirmation(job: Job, facts: PlanFacts, plan: Plan): TypedDecision {
  const changes = plan.steps.filter(isChange).length
  const {client} = facts.snapshot
  return {
    id: 'plan.confirm',
    kind: 'typed',
    ask: `Carry out ${changes} change(s) on ${plan.mode === 'sim' ? 'SIMULATED' : 'REAL'} tenant ${printable(plan.tenant)}, client ${client.client_id} ${quoted(client.name, 40)}?`,
    screen: planLines(plan, facts, job.choices),
    why: 'Nothing has been changed yet. This is the only confirmation; it stands in the audit trail with the hash of the plan.',
    effect:
      'The steps are carried out in this order. Users of this client stop getting tokens until they have the new secret or the grants are back.',
    undo: 'Each step shows its own. A rotation cannot be undone.',
    expected: plan.client_id.slice(-6),
    unattended: false,
  }
}

/** A rotation that somebody else made since the leak is shown with its actor; never a second one unasked. */
async function askAboutEarlier(
  run: Run,
  job: Job,
  facts: PlanFacts,
  plan: Plan,
  incidents: readonly IncidentState[],
): Promise<string[]> {
  const own = new Set(incidents.flatMap((one) => one.operations.filter(tookEffect).map((operation) => operation.correlation_id)))
  const found = earlierChanges(facts.snapshot, instantOf(job.options.leaked_at), own)
  const rotation = plan.steps.find((step) => step.action === 'client_secret.rotate')
  const rotated = found.find((one) => one.what === 'secret_rotated')
  for (const one of found.filter((each) => each.what === 'grant_deleted'))
    run.responder.notify({
      kind: 'note',
      text: `The tenant log shows a client grant deleted by ${printable(one.actor)} (log ${one.log_id}).`,
    })
  if (!rotation || !rotated) return []
  const answer = await ask(run, earlierQuestion(rotated))
  if (answer !== 'already') return []
  const next = plan.steps[plan.steps.indexOf(rotation) + 1]
  return [rotation.id, ...(next?.action === 'secret.deliver' ? [next.id] : [])]
}

function earlierQuestion(rotated: EarlierChange) {
  return {
    id: 'rotation.already',
    kind: 'choice' as const,
    ask: `This secret was rotated at ${new Date(rotated.at * 1000).toISOString()} by ${printable(rotated.actor)} (log ${rotated.log_id}). Is that the response to this leak?`,
    why: 'A second rotation would kill the secret that they handed out.',
    effect: 'already: the secret is left as it is and only proven dead. again: it is rotated now.',
    undo: 'none for a rotation',
    choices: [
      {value: 'already', label: 'yes: leave the secret as it is'},
      {value: 'again', label: 'no: rotate it again'},
    ],
    unattended: 'already',
  }
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

/** The leaked credential is not accepted as the responder's own. @throws guard.own_credential */
function refuseLeakedAsOwn(job: Job): void {
  const {credential} = job.connected
  if (job.options.include_own || !job.leaked) return
  const own = credential.kind === 'secret' ? credential.secret : credential.kind === 'token' ? credential.token : undefined
  if (!own?.equals(job.leaked)) return
  throw new StanchError('guard.own_credential', 'You are signed in with the very credential that leaked.', {
    hint: 'Sign in with another client, or with a token from the API Explorer. --include-own goes on all the same, and goes last.',
  })
}

function exposureBefore(job: Job, facts: PlanFacts) {
  const leakedAt = instantOf(job.options.leaked_at)
  return exposureOf(facts, {
    now: Math.floor(job.connected.clock.now() / 1000),
    kind: job.leak,
    containment: new Map(),
    probe_tokens: [],
    ...(leakedAt === undefined ? {} : {leaked_at: leakedAt}),
  })
}

function doneSteps(state: IncidentState | undefined): Set<string> {
  return new Set((state?.operations ?? []).flatMap((one) => (one.step === undefined ? [] : [one.step])))
}

function instantOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseRfc3339(text)
}

/** Steps that this credential cannot take, for the guided flow: it offers the rest. */
export function whatIsMissing(plan: Plan, held: readonly string[]) {
  return stepsWithoutScope(plan, held)
}
