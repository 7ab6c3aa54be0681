import path from 'node:path'

import {parseRfc3339, rfc3339Millis, systemClock} from '../clock.ts'
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
import type {LogCaps} from '../execution/log-saver.ts'
import {captureWindow} from '../execution/log-window.ts'
import {observe} from '../execution/observe.ts'
import {snapshotBefore} from '../execution/snapshot-before.ts'
import {tenantNow} from '../execution/verify.ts'
import {incidentsOf} from '../execution/record-mapping.ts'
import type {Responder, TypedDecision} from '../execution/responder.ts'
import {IncidentTrail as Journal} from '../execution/incident-trail.ts'
import type {HandOver, Run} from '../execution/run.ts'
import type {Notifier} from '../execution/notifier.ts'
import {openedNotice, resultNotice} from '../incident/notice.ts'
import {earlierChanges} from '../incident/earlier-changes.ts'
import type {EarlierChange} from '../incident/earlier-changes.ts'
import {
  refuseMissingScopes,
  refuseMovedTenant,
  refuseOwnClient,
  refuseSecondIncident,
  refuseTooMany,
} from '../incident/guardrails.ts'
import type {LeakKind} from '../incident/leak.ts'
import type {Plan} from '../incident/plan.ts'
import type {LeakedToken, PlanChoices, PlanFacts} from '../incident/policy.ts'
import {isChange} from '../incident/policy.ts'
import {tookEffect} from '../incident/replay.ts'
import type {IncidentState} from '../incident/replay.ts'
import type {EvidenceGap} from '../incident/tenant-snapshot.ts'
import {planLines} from '../report/plan-screen.ts'
import type {Secret} from '../secret.ts'
import {sameToken} from '../tokens/jwt.ts'
import {getEvidence} from '../trail/evidence.ts'
import type {Trail} from '../trail/trail.ts'
import {trailFolder} from '../trail/trail-folder.ts'
import {allIncidents} from './incidents.ts'
import {printable, quoted} from '../untrusted.ts'
import {openTrail, recordTokens} from './context.ts'
import type {Connected, Place} from './context.ts'
import {environmentGaps} from './environment-gaps.ts'
import {bareCredential} from './leaked-value.ts'
import {workAlone} from './work-lock.ts'

/** What the person or the flags said about the incident. */
export interface IncidentOptions {
  readonly incident?: string | undefined
  readonly reason?: string | undefined
  readonly ticket?: string | undefined
  readonly aware_at?: string | undefined
  readonly leaked_at?: string | undefined
  /** From when on the tenant's log is saved: RFC 3339, or `all`. */
  readonly since?: string | undefined
  readonly dry_run: boolean
  readonly max_actions: number
  readonly include_own: boolean
  /** Who is told, as `--notify` has it. */
  readonly notify?: readonly string[] | undefined
}

export interface Job {
  readonly place: Place
  readonly connected: Connected
  readonly responder: Responder
  readonly options: IncidentOptions
  readonly leak: LeakKind
  readonly client_id: string
  readonly choices: PlanChoices
  /** The leaked value, whatever it is: the responder must not be signed in with it. */
  readonly value?: Secret
  /** The leaked secret, where it is at hand: for probes. */
  readonly leaked?: Secret
  readonly leaked_token?: LeakedToken
  readonly sink?: Sink
  readonly showOnTerminal?: (secret: Secret) => Promise<void>
  readonly interruption: {requested: boolean}
  /** What to do, from what was observed. May throw guardrail errors: nothing has been changed yet. */
  readonly plan: (facts: PlanFacts, trail: TrailView) => Plan | Promise<Plan>
  /** The plan exists already and must still fit (`execute`, `resume`). */
  readonly fixed?: boolean
  /** Going on (`resume`): what earlier sessions did is not done again, and what was confirmed is not asked again. */
  readonly resumes?: boolean
  readonly state?: IncidentState
  /** Audiences whose settings are needed although their grants may be gone. */
  readonly audiences?: readonly string[]
  /** A second responder's approval of the plan, checked before anything was sent. */
  readonly approval?: {readonly by: string; readonly line: string; readonly recorded: boolean}
  /** The guided flow shows its own screens and asks its own questions before the confirmation. */
  readonly beforeConfirm?: (facts: PlanFacts, plan: Plan) => Promise<void>
  /** False where the plan saves no log. */
  readonly saves_log?: boolean
  /** How long saving the tenant's log may take; `LOG_CAPS` where nothing is said. */
  readonly log_caps?: LogCaps
  /** What was found out before the incident was opened: written down as soon as it is. No secret. */
  readonly known?: readonly {readonly action: string; readonly finding: string; readonly verdict?: string}[]
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

/** Reads, the plan and every check that the real run makes: no probe, no record, no change. */
async function dryRun(job: Job): Promise<Worked> {
  const {connected, options} = job
  const {operator, facts} = await look(job)
  const incidents = allIncidents(job.place, [connected.mode]).map((one) => one.state)
  const joined = options.incident ?? job.state?.incident_id
  const state = joined === undefined ? undefined : incidents.find((one) => one.incident_id === joined)
  if (joined !== undefined && !state)
    throw new StanchError('incident.unknown', `There is no incident ${quoted(joined, 40)} in this trail.`, {
      hint: 'List them: stanch incident list',
    })
  refuseOtherIncident(job, facts, incidents, state)
  const plan = await job.plan(facts, state ? {state} : {})
  admit(job, plan, facts, state, operator)
  const folder = connected.paths.trail(connected.mode)
  const before = await snapshotBefore(connected.tenant, (sha256) => getEvidence(folder, sha256), facts.snapshot, state)
  const leakedAt = instantOf(options.leaked_at ?? state?.leaked_at)
  const exposure = exposureOf(
    {...facts, snapshot: before},
    {
      ...exposureContext(job, leakedAt),
      containment: knownContainment(
        {...facts, plan, ...(state ? {state} : {}), ...(leakedAt === undefined ? {} : {leaked_at: leakedAt})},
        before,
      ),
    },
  )
  return {result: notCarriedOut(plan, facts.snapshot, exposure, 'planned'), screen: planLines(plan, facts, job.choices)}
}

async function look(job: Job): Promise<{operator: Operator; facts: PlanFacts}> {
  const {tenant, clock, mode} = job.connected
  const operator = await tenant.operator()
  const seen = await observe(tenant, job.client_id, mode, clock, job.audiences)
  const snapshot = {...seen, gaps: [...environmentOf(job), ...seen.gaps]}
  refuseOwnClient(snapshot, job.options.include_own)
  refuseFuture(job)
  return {operator, facts: {snapshot, ...(job.leaked_token ? {leaked_token: job.leaked_token} : {})}}
}

function environmentOf({place, connected}: Job): EvidenceGap[] {
  return environmentGaps({env: place.env, execArgv: process.execArgv, tls: connected.origin.origin.startsWith('https:')})
}

/** An incident is about one client of one tenant; work on another one, or on a closed one, is another incident. */
function refuseOtherIncident(
  job: Job,
  {snapshot}: PlanFacts,
  incidents: readonly IncidentState[],
  state: IncidentState | undefined,
): void {
  refuseSecondIncident(job.client_id, snapshot.tenant, incidents, state?.incident_id)
  if (!state) return
  const id = state.incident_id
  if (state.tenant !== snapshot.tenant) {
    throw new StanchError(
      'guard.tenant_moved',
      `Incident ${id} is about tenant ${quoted(state.tenant)}; this is ${quoted(snapshot.tenant)}.`,
    )
  }
  if (state.client_id !== undefined && state.client_id !== job.client_id) {
    throw new StanchError(
      'guard.other_client',
      `Incident ${id} is about client ${state.client_id}, not about ${quoted(job.client_id, 64)}. Nothing was changed.`,
      {hint: 'Leave --incident out: another client is another incident.'},
    )
  }
  if (state.closed_at !== undefined) {
    throw new StanchError('guard.incident_closed', `Incident ${id} is closed. Nothing was changed.`, {
      hint: 'Leave --incident out: what happens after its end is another incident.',
    })
  }
}

/** The guardrails of a plan, the same for a look and for the act. */
function admit(job: Job, plan: Plan, {snapshot}: PlanFacts, state: IncidentState | undefined, operator: Operator): void {
  refuseTooMany(plan, job.options.max_actions)
  if (job.fixed) refuseMovedTenant(plan, snapshot, doneSteps(state))
  if (!job.responder.attended) refuseMissingScopes(plan, operator.scopes)
}

/** A leak in the future would take the history out of account. A minute of skew is allowed. */
function refuseFuture(job: Job): void {
  const now = tenantNow(job.connected) + 60
  for (const [flag, text] of [
    ['leaked-at', job.options.leaked_at],
    ['aware-at', job.options.aware_at],
    ['since', job.options.since],
  ] as const) {
    const at = instantOf(text)
    if (at !== undefined && at > now)
      throw new StanchError('usage.invalid', `--${flag} lies in the future of the tenant. Nothing was changed.`)
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

/** NumericDate: from when on the tenant's log is saved. Without a word about it, from the leak on; else all that there is. */
function logSince({options}: Job, state: IncidentState | undefined): number | undefined {
  return instantOf(options.since ?? options.leaked_at ?? state?.leaked_at)
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
    const {size, root, text} = run.journal.trail.checkpoint()
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
  facts: PlanFacts,
  plan: Plan,
  leakedAt: number | undefined,
  incidents: readonly IncidentState[],
  state: IncidentState | undefined,
): Promise<string[]> {
  // Whatever this machine ever intended is its own, also where nobody knows yet what became of it.
  const own = new Set(incidents.flatMap((one) => one.operations.map((operation) => operation.correlation_id)))
  const found = earlierChanges(facts.snapshot, leakedAt, own)
  const rotation = plan.steps.find((step) => step.action === 'client_secret.rotate')
  const rotated = found.find((one) => one.what === 'secret_rotated') ?? ownRotation(plan, state)
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

/**
 * This incident has rotated before. `secret rotate` is a rotation that a person asked for by its name; a runbook that is
 * begun anew is not.
 */
function ownRotation(plan: Plan, state: IncidentState | undefined): EarlierChange | undefined {
  if (plan.runbook.id.startsWith('command:')) return undefined
  const done = state?.operations.findLast(
    (one) => (one.action === 'client_secret.rotate' || one.action === 'client_secret.set') && tookEffect(one),
  )
  if (!done) return undefined
  return {
    what: 'secret_rotated',
    log_id: `record ${done.seq} of this trail`,
    at: done.date ?? Math.floor(Date.parse(done.at) / 1000),
    actor: 'this incident',
  }
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
  const value = job.value ?? job.leaked
  if (job.options.include_own || !value) return
  const own = credential.kind === 'secret' ? credential.secret : credential.kind === 'token' ? credential.token : undefined
  if (!own || !sameToken(own.reveal(), bareCredential(value).reveal())) return
  throw new StanchError('guard.own_credential', 'You are signed in with the very credential that leaked.', {
    hint: 'Sign in with another client, or with a token from the API Explorer. --include-own goes on all the same, and goes last.',
  })
}

function exposureContext(job: Job, leakedAt: number | undefined) {
  return {
    now: tenantNow(job.connected),
    kind: job.leak,
    probe_tokens: [],
    ...(leakedAt === undefined ? {} : {leaked_at: leakedAt}),
  }
}

function doneSteps(state: IncidentState | undefined): Set<string> {
  return new Set((state?.operations ?? []).flatMap((one) => (one.step === undefined ? [] : [one.step])))
}

function instantOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseRfc3339(text)
}
