import type {Operator} from '../auth0/tenant.ts'
import {StanchError} from '../errors.ts'
import {notCarriedOut} from '../execution/conclude.ts'
import {observe} from '../execution/observe.ts'
import {exposureOf} from '../execution/expose.ts'
import {knownContainment} from '../execution/incident.ts'
import type {Worked} from '../execution/incident.ts'
import {snapshotBefore} from '../execution/snapshot-before.ts'
import {refuseOwnClient} from '../incident/guardrails.ts'
import type {PlanFacts} from '../incident/policy.ts'
import type {EvidenceGap} from '../incident/tenant-snapshot.ts'
import {planLines} from '../report/plan-screen.ts'
import {getEvidence} from '../trail/evidence.ts'
import {allIncidents} from './incidents.ts'
import {quoted} from '../untrusted.ts'
import {environmentGaps, openInspector} from './environment-gaps.ts'
import {admit, refuseFuture, refuseOtherIncident} from './incident-admission.ts'
import {exposureContext, instantOf} from './incident-job.ts'
import type {Job} from './incident-job.ts'
import {patiently} from './patience.ts'

/** What the tenant shows now, with the refusals that need no plan. @throws guard.own_client, usage.invalid */
export async function look(job: Job): Promise<{operator: Operator; facts: PlanFacts}> {
  const {tenant, clock, mode} = job.connected
  const say = (text: string) => job.responder.notify({kind: 'note', text})
  const operator = await patiently('signing in', tenant.operator(), say)
  const seen = await patiently('looking at the tenant', observe(tenant, job.client_id, mode, clock, job.audiences), say)
  const snapshot = {...seen, gaps: [...environmentOf(job), ...seen.gaps]}
  refuseOwnClient(snapshot, job.options.include_own)
  refuseFuture(job)
  return {operator, facts: {snapshot, ...(job.leaked_token ? {leaked_token: job.leaked_token} : {})}}
}

/** What the environment of this process takes from a proof. */
export function environmentOf({place, connected}: Job): EvidenceGap[] {
  return environmentGaps({
    env: place.env,
    execArgv: process.execArgv,
    inspector: openInspector(),
    tls: connected.origin.origin.startsWith('https:'),
  })
}

/** Reads, the plan and every check that the real run makes: no probe, no record, no change. */
export async function dryRun(job: Job): Promise<Worked> {
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
