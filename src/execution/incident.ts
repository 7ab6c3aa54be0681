import {randomInt} from 'node:crypto'

import {rfc3339, rfc3339Millis} from '../clock.ts'
import type {Clock} from '../clock.ts'
import {StanchError} from '../errors.ts'
import type {Operator} from '../auth0/tenant.ts'
import type {Containment} from '../incident/exposure-facts.ts'
import type {LeakKind} from '../incident/leak.ts'
import {canonicalJson, planHash} from '../incident/plan.ts'
import type {Plan} from '../incident/plan.ts'
import type {IncidentResult} from '../incident/result.ts'
import {inDoubt, isLive} from '../incident/replay.ts'
import type {IncidentState} from '../incident/replay.ts'
import type {LeakedToken} from '../incident/policy.ts'
import type {TenantSnapshot} from '../incident/tenant-snapshot.ts'
import type {Trail} from '../trail/trail.ts'
import {conclude} from './conclude.ts'
import {containmentOf} from './known-containment.ts'
import {snapshotBefore} from './snapshot-before.ts'
import {execute} from './execute.ts'
import {ANY_API, exposedAudiences} from './exposed-audiences.ts'
import {consumersSeen, expose} from './expose.ts'
import {recordConsumers} from './record-consumers.ts'
import {tenantNow} from './verify.ts'
import type {Exposure} from '../incident/exposure.ts'
import {IncidentTrail} from './incident-trail.ts'
import type {Progress} from './progress.ts'
import {eventOf, incidentsOf} from './record-mapping.ts'
import {replay} from '../incident/replay.ts'
import type {Run} from './run.ts'

/** What is said when an incident is opened. Instants are RFC 3339 or "unknown". */
export interface Opening {
  readonly title: string
  readonly leak: LeakKind
  readonly client_id: string
  readonly ticket?: string
  readonly aware_at?: string
  readonly leaked_at?: string
}

/** A new incident id: `inc-YYYYMMDD-` and six random characters without look-alikes. */
export function newIncidentId(clock: Clock): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'
  const tail = Array.from({length: 6}, () => alphabet[randomInt(alphabet.length)]).join('')
  return `inc-${rfc3339Millis(clock.now()).slice(0, 10).replaceAll('-', '')}-${tail}`
}

/** Opens an incident in the trail: its first record, before anything else is done for it. */
export function openIncident(trail: Trail, tenant: string, clock: Clock, id: string, opening: Opening): IncidentTrail {
  const journal = new IncidentTrail(trail, id, tenant, clock)
  journal.open({
    target: `client:${opening.client_id}`,
    title: opening.title,
    leak: opening.leak,
    role: 'lead',
    ...(opening.ticket === undefined ? {} : {ticket: opening.ticket}),
    ...(opening.aware_at === undefined ? {} : {aware_at: opening.aware_at}),
    ...(opening.leaked_at === undefined ? {} : {leaked_at: opening.leaked_at}),
  })
  return journal
}

/** Writes down which credential acts: what the token proves, as against the actor, which is claimed. */
export function recordAuth(trail: Trail, tenant: string, operator: Operator, incident?: string): void {
  trail.append({
    kind: 'auth',
    ...(incident === undefined ? {} : {inc: incident}),
    tenant,
    client_id: operator.client_id ?? 'none',
    scopes: [...operator.scopes],
    exp: operator.exp ?? 0,
    ...(operator.jti === undefined ? {} : {jti: operator.jti}),
    ...(operator.subject === undefined ? {} : {subject: operator.subject}),
  })
}

/** An incident's state, by replay of its own records. @throws incident.unknown */
export function incidentState(trail: Trail, id: string): IncidentState {
  const events = function* () {
    for (const record of trail.records({inc: id})) {
      const event = eventOf(record)
      if (event) yield event
    }
  }
  const state = replay(id, events())
  if (!state)
    throw new StanchError('incident.unknown', `There is no incident ${id} in this trail.`, {
      hint: 'List them: stanch incident list',
    })
  return state
}

/** The incident that `resume` without an id means: the only unfinished one. @throws incident.unknown | incident.ambiguous */
export function unfinishedIncident(trail: Trail): IncidentState {
  const live = incidentsOf(trail.records()).filter((one) => isLive(one))
  const [only, ...others] = live
  if (!only)
    throw new StanchError('incident.unknown', 'No incident in this trail is unfinished.', {
      hint: 'List them all: stanch incident list',
    })
  if (others.length > 0) {
    throw new StanchError(
      'incident.ambiguous',
      `${live.length} incidents are unfinished: ${live.map((one) => one.incident_id).join(', ')}.`,
      {
        hint: 'Name one: stanch resume ID',
      },
    )
  }
  return only
}

/** The plan that an incident was confirmed with, from its evidence. @throws plan.invalid */
export function planOf(trail: Trail, state: IncidentState): Plan {
  const blob = state.plan ? trail.getEvidence(state.plan.evidence) : undefined
  if (!blob)
    throw new StanchError('plan.invalid', `Incident ${state.incident_id} has no plan on record: it ended before one was made.`, {
      hint: `Take it up again: stanch respond --incident ${state.incident_id}`,
    })
  const plan = JSON.parse(blob.toString('utf8')) as Plan
  if (planHash(plan) !== state.plan?.sha256)
    throw new StanchError('plan.hash_mismatch', 'The plan in the evidence is not the one that was confirmed.')
  return plan
}

export interface Work {
  readonly plan: Plan
  readonly snapshot: TenantSnapshot
  readonly leaked_token?: LeakedToken
  readonly leaked_at?: number
  /** From when on the tenant's log is saved, NumericDate; undefined for as far back as it goes. */
  readonly log_since?: number
  /** State by replay, when the incident goes on. */
  readonly state?: IncidentState
  /** True for `resume`: what earlier sessions did is not done again. A command that was typed anew means what it says. */
  readonly resumes: boolean
  /** Steps that somebody else's change made unnecessary, after the responder said so. */
  readonly already?: readonly string[]
}

/** A result, and the error that ended the work early, if one did: the document is the result either way. */
export interface Worked {
  readonly result: IncidentResult
  readonly failure?: unknown
  /** The plan for people, where it was only looked at. */
  readonly screen?: readonly string[]
}

/** Writes the plan down, so that it can be asked about, carried out and gone on with. Returns its hash. */
export function recordPlan(journal: IncidentTrail, plan: Plan, state?: IncidentState): string {
  const sha256 = planHash(plan)
  if (state?.plan?.sha256 !== sha256) journal.plan(sha256, canonicalJson(plan), plan.runbook)
  return sha256
}

/** Carries a recorded and confirmed plan out, proves it and concludes. An error on the way ends the changes, not the account of them. */
export async function work(run: Run, job: Work): Promise<Worked> {
  const sha256 = planHash(job.plan)
  const {journal} = run
  const before = await snapshotBefore(run.tenant, (sha256) => journal.trail.getEvidence(sha256), job.snapshot, job.state)
  const snapshotEvidence = journal.evidence(withoutLog(job.snapshot))
  journal.observe({
    action: 'tenant.snapshot',
    target: `client:${job.plan.client_id}`,
    finding: `${job.snapshot.grants.length} grants, ${job.snapshot.log?.length ?? 'no'} log entries`,
    evidence: snapshotEvidence,
  })
  const now = tenantNow(run)
  const consumers = consumersSeen(before, {now})
  if (consumers) recordConsumers(run, rfc3339(now), consumers)
  const progress: Progress = {
    plan: job.plan,
    plan_sha256: sha256,
    resumes: job.resumes,
    snapshot: job.snapshot,
    before,
    ...(job.leaked_token ? {leaked_token: job.leaked_token} : {}),
    ...(job.leaked_at === undefined ? {} : {leaked_at: job.leaked_at}),
    ...(job.log_since === undefined ? {} : {log_since: job.log_since}),
    ...priorExposure(run.journal.trail, job.state),
    earlier: [...(job.state?.operations ?? [])],
    deliveries: job.state?.deliveries ?? [],
    earlier_proofs: job.state?.proofs ?? [],
    outcomes: new Map(
      (job.already ?? []).map((step) => [
        step,
        {outcome: 'already' as const, at: journal.now(), detail: 'somebody else did it; see the decision on record'},
      ]),
    ),
    proofs: [],
    gaps: [],
    containment: knownContainment(job, before),
    probe_tokens: mintedByProbes(job.state),
  }
  const signedOff = Object.keys(job.state?.signed_off ?? {})
  try {
    const exposure = await execute(run, progress)
    return {result: conclude(run, progress, exposure, signedOff), ...(progress.stop ? {failure: progress.stop} : {})}
  } catch (failure) {
    // The trail may be what failed: then the account is given, but no longer written.
    const writable = !(failure instanceof StanchError && failure.code.startsWith('E_'))
    return {result: conclude(run, progress, expose(run, progress), signedOff, writable), failure}
  }
}

/** The exposure as an earlier session of this incident computed it. */
export function lastExposure(trail: Pick<Trail, 'getEvidence'>, state: IncidentState): Exposure | undefined {
  const sha256 = state.evidence['exposure']
  const blob = sha256 === undefined ? undefined : trail.getEvidence(sha256)
  return blob ? (JSON.parse(blob.toString('utf8')) as Exposure) : undefined
}

function priorExposure(trail: Trail, state: IncidentState | undefined): {prior?: Exposure} {
  const prior = state ? lastExposure(trail, state) : undefined
  return prior ? {prior} : {}
}

/** Tokens that probes of earlier sessions minted, or may have minted: they stay in the exposure. */
export function mintedByProbes(state: IncidentState | undefined): {audience: string; issued_at: number}[] {
  return (state?.operations ?? [])
    .filter(
      (one) =>
        one.action === 'token.request' &&
        one.target.startsWith('api:') &&
        !inDoubt(one) &&
        (one.result === 'ok' || one.settled === 'ok'),
    )
    .map((one) => ({audience: one.target.slice('api:'.length), issued_at: one.date ?? Math.floor(Date.parse(one.at) / 1000)}))
}

/** What earlier sessions proved about containment. A grant that this plan gives back opens its API again, unless the secret is dead. */
export function knownContainment(
  {state, plan, snapshot, leaked_token, leaked_at}: Pick<Work, 'state' | 'plan' | 'snapshot' | 'leaked_token' | 'leaked_at'>,
  before: TenantSnapshot,
): Map<string, Containment> {
  if (!state) return new Map()
  const givenBack = plan.steps.flatMap((step) =>
    step.action === 'client_grant.restore' ? [{...step.args.grant, id: step.args.was}] : [],
  )
  const now = before.server_time ?? Math.floor(Date.parse(before.taken_at) / 1000)
  const audiences = [...exposedAudiences({snapshot: before, ...(leaked_token ? {leaked_token} : {})}, now), ANY_API]
  return containmentOf(state, {...snapshot, grants: [...snapshot.grants, ...givenBack]}, audiences, leaked_at)
}

/** The log is saved by its own step; the snapshot names only how much of it was seen. */
function withoutLog(snapshot: TenantSnapshot): unknown {
  return {
    ...snapshot,
    log: snapshot.log === null ? null : snapshot.log.length,
    setting_changes: snapshot.setting_changes === null ? null : snapshot.setting_changes.length,
  }
}
