import {StanchError} from '../errors.ts'
import {incidentState, lastExposure, planOf} from '../execution/incident.ts'
import type {Worked} from '../execution/incident.ts'
import {IncidentTrail} from '../execution/incident-trail.ts'
import {takenGrants} from '../execution/restore-grants.ts'
import type {Responder} from '../execution/responder.ts'
import type {LeakKind} from '../incident/leak.ts'
import {restorations} from '../incident/actions/restore-client-grant.ts'
import {DEFAULT_CHOICES, reopeningScopes} from '../incident/policy.ts'
import type {Exposure} from '../incident/exposure.ts'
import type {PlanFacts} from '../incident/policy.ts'
import type {IncidentState} from '../incident/replay.ts'
import {parseRfc3339, systemClock} from '../clock.ts'
import type {ClientGrant} from '../auth0/resources/client-grant.ts'
import {openTrail} from './context.ts'
import type {Connected, Place} from './context.ts'
import {runIncident} from './incident-session.ts'
import type {IncidentOptions} from './incident-session.ts'
import {commandPlan} from './plans.ts'

export interface RestoreJob {
  readonly place: Place
  readonly connected: Connected
  readonly incident: string
  readonly beforeAllClear: boolean
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
}

/** Gives back what an incident took. Promise 11 governs it: not while an issued token could use what is given back to undo the containment. */
export async function restoreIncident(job: RestoreJob): Promise<Worked> {
  const remembered = await remember(job)
  const {state, taken, exposure, client_id} = remembered
  if (taken.length === 0)
    throw new StanchError('incident.unknown', `Incident ${job.incident} took no client grant that is not given back already.`)
  refuseTooEarly(
    job,
    state,
    exposure,
    taken.map((grant) => ({id: grant.id, ...grant.body})),
  )
  return runIncident({
    place: job.place,
    connected: job.connected,
    responder: job.responder,
    options: {...job.options, incident: job.incident},
    leak: state.leak as LeakKind,
    client_id,
    choices: DEFAULT_CHOICES,
    interruption: job.interruption,
    audiences: (exposure?.audiences ?? []).map((one) => one.audience),
    onIncident: job.onIncident,
    plan: (facts: PlanFacts) =>
      commandPlan(
        'grant restore',
        state.leak as LeakKind,
        facts,
        DEFAULT_CHOICES,
        restorations(taken, facts.snapshot.management_audience),
      ),
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
    }
  } finally {
    trail.close('done')
  }
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
