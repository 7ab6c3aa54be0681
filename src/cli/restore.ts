import {StanchError} from '../errors.ts'
import {incidentState, lastExposure, planOf} from '../execution/incident.ts'
import type {Worked} from '../execution/incident.ts'
import {IncidentTrail} from '../execution/incident-trail.ts'
import {takenGrants} from '../execution/restore-grants.ts'
import type {Responder} from '../execution/responder.ts'
import type {LeakKind} from '../incident/leak.ts'
import {bodyOf} from '../incident/actions/delete-client-grant.ts'
import {leftOut, restorations} from '../incident/actions/restore-client-grant.ts'
import type {SavedGrant} from '../incident/actions/restore-client-grant.ts'
import {doubtedGrants} from '../incident/grants-since-leak.ts'
import type {DoubtedGrant, GrantHistory} from '../incident/grants-since-leak.ts'
import {DEFAULT_CHOICES, reopeningScopes} from '../incident/policy.ts'
import type {Exposure} from '../incident/exposure.ts'
import type {PlanFacts} from '../incident/policy.ts'
import type {IncidentState} from '../incident/replay.ts'
import type {TenantSnapshot} from '../incident/tenant-snapshot.ts'
import type {Trail} from '../trail/trail.ts'
import {incidentsOf} from '../execution/record-mapping.ts'
import {printable, quoted} from '../untrusted.ts'
import {parseRfc3339, rfc3339, systemClock} from '../clock.ts'
import type {ClientGrant} from '../auth0/resources/client-grant.ts'
import {openTrail} from './context.ts'
import type {Connected, Place} from './context.ts'
import {runIncident} from './incident-session.ts'
import type {IncidentOptions} from './incident-job.ts'
import {commandPlan} from './plans.ts'

export interface RestoreJob {
  readonly place: Place
  readonly connected: Connected
  readonly incident: string
  readonly beforeAllClear: boolean
  /** Ids of grants that are given back although they were made or changed since the leak. */
  readonly include?: readonly string[]
  readonly responder: Responder
  readonly options: IncidentOptions
  readonly interruption: {requested: boolean}
  readonly onIncident: (id: string) => void
}

interface Remembered {
  readonly state: IncidentState
  readonly taken: ReturnType<typeof takenGrants>
  readonly exposure: Exposure | undefined
  readonly client_id: string
  readonly history: Omit<GrantHistory, 'entries'>
}

/**
 * Gives back what an incident took, but for grants that were made or changed since the leak: those may be the attacker's.
 * Promise 11 governs it: not while an issued token could use what is given back to undo the containment.
 *
 * @throws guard.grant_doubted when nothing else is left to give back
 */
export async function restoreIncident(job: RestoreJob): Promise<Worked> {
  const remembered = await remember(job)
  const {state, taken, exposure, client_id, history} = remembered
  if (taken.length === 0)
    throw new StanchError('incident.unknown', `Incident ${job.incident} took no client grant that is not given back already.`)
  refuseTooEarly(
    job,
    state,
    exposure,
    taken.map((grant) => ({id: grant.id, ...grant.body})),
  )
  refuseUnknown(job, taken)
  let doubted: readonly DoubtedGrant[] = []
  return runIncident({
    place: job.place,
    connected: job.connected,
    responder: job.responder,
    options: {...job.options, incident: job.incident},
    leak: state.leak as LeakKind,
    client_id,
    choices: DEFAULT_CHOICES,
    interruption: job.interruption,
    saves_log: false,
    audiences: (exposure?.audiences ?? []).map((one) => one.audience),
    onIncident: job.onIncident,
    beforeConfirm: async () => {
      // The question that follows shares the screen with these.
      for (const one of doubted.slice(0, 2)) job.responder.notify({kind: 'warning', text: `Left out: ${doubtOf(one)}`})
      if (doubted.length > 2)
        job.responder.notify({
          kind: 'warning',
          text: `Left out, made or changed since the leak: ${doubted.length - 2} grant(s) more. All: stanch grant restore --incident ${job.incident} --dry-run`,
        })
    },
    plan: (facts: PlanFacts) => {
      doubted = doubtedGrants(taken, {...history, entries: facts.snapshot.setting_changes ?? []}).filter(
        ({grant}) => job.include?.includes(grant.id) !== true,
      )
      const out = new Set(doubted.map(({grant}) => grant.id))
      const back = taken.filter((grant) => !out.has(grant.id))
      if (back.length === 0) refuseDoubted(job, doubted)
      return commandPlan('grant restore', state.leak as LeakKind, facts, DEFAULT_CHOICES, [
        ...restorations(back, facts.snapshot.management_audience),
        ...leftOut(doubted, job.incident),
      ])
    },
  })
}

/** In words, with who and when where the log says so. */
function doubtOf({grant, what, change}: DoubtedGrant): string {
  const how = change
    ? `${what} at ${rfc3339(change.at)} by ${printable(change.actor)} (log ${printable(change.log_id)})`
    : `${what} while the incident was under way`
  return `grant ${grant.id} on ${quoted(grant.body.audience, 80)} was ${how}.`
}

/** @throws guard.grant_doubted */
function refuseDoubted(job: RestoreJob, doubted: readonly DoubtedGrant[]): never {
  throw new StanchError(
    'guard.grant_doubted',
    `What is left to give back was made or changed since the leak: ${doubted.map(doubtOf).join(' ')} Nothing was changed.`,
    {
      hint: `If it is yours, name it: stanch grant restore --incident ${job.incident} ${doubted.map(({grant}) => `--include-grant ${grant.id}`).join(' ')}`,
    },
  )
}

/** @throws usage.invalid for a grant that this incident did not take, or gave back already */
function refuseUnknown({include = [], incident}: RestoreJob, taken: readonly SavedGrant[]): void {
  const unknown = include.find((id) => !taken.some((grant) => grant.id === id))
  if (unknown === undefined) return
  throw new StanchError('usage.invalid', `Incident ${incident} holds no grant ${quoted(unknown, 40)} to give back.`, {
    hint: `It holds: ${taken.map((grant) => grant.id).join(', ')}`,
  })
}

/** What the trail knows of the incident: read in a session of its own, so that a dry run needs nothing else. */
async function remember(job: RestoreJob): Promise<Remembered> {
  const trail = await openTrail(job.place, job.connected.mode)
  try {
    const state = incidentState(trail, job.incident)
    const journal = new IncidentTrail(trail, job.incident, state.tenant, systemClock)
    const client_id = state.client_id ?? planOf(trail, state).client_id
    return {
      state,
      client_id,
      taken: takenGrants({journal}, state.operations),
      exposure: lastExposure(trail, state),
      history: historyOf(trail, state, job.options.leaked_at),
    }
  } finally {
    trail.close('done')
  }
}

/** What the trail knows of the past of grants: the incident's first look, the time of the leak, and this machine's own changes. */
function historyOf(trail: Trail, state: IncidentState, told: string | undefined): Remembered['history'] {
  const leakedAt = parseRfc3339(told ?? state.leaked_at ?? 'unknown')
  const own = incidentsOf(trail.records()).flatMap((one) => one.operations.map((operation) => operation.correlation_id))
  const first = firstLook(trail, state.incident_id)
  return {
    own: new Set(own),
    ...(first ? {first} : {}),
    ...(leakedAt === undefined ? {} : {leaked_at: leakedAt}),
  }
}

function firstLook(trail: Trail, incident: string): GrantHistory['first'] {
  for (const record of trail.records({inc: incident})) {
    if (record.kind !== 'observe' || record['action'] !== 'tenant.snapshot') continue
    const blob = trail.getEvidence(String(record['evidence']))
    if (!blob) return undefined
    const {grants} = JSON.parse(blob.toString('utf8')) as TenantSnapshot
    return new Map(grants.map((grant) => [grant.id, bodyOf(grant)]))
  }
  return undefined
}

/** @throws guard.all_clear_pending */
function refuseTooEarly(
  job: RestoreJob,
  state: IncidentState,
  exposure: Exposure | undefined,
  grants: readonly ClientGrant[],
): void {
  if (job.beforeAllClear) return
  const clearAt = exposure ? parseRfc3339(exposure.all_clear.worst_case_at) : undefined
  if (clearAt !== undefined && job.connected.clock.now() / 1000 >= clearAt) return
  const reopening = reopeningScopes({grants, default_grants: [], management_audience: job.connected.tenant.audience})
  if (reopening.length === 0) return
  throw new StanchError(
    'guard.all_clear_pending',
    `A token issued before containment may hold ${reopening.join(', ')}: until the all clear (${exposure?.all_clear.worst_case_at ?? 'unknown'}) it can read the new secret or give itself access.`,
    {
      hint: `Wait for the all clear, rotate once more then, and restore after it; or add --restore-before-all-clear. Incident ${state.incident_id}.`,
    },
  )
}
