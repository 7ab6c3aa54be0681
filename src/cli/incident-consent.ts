import {ask} from '../execution/ask.ts'
import type {TypedDecision} from '../execution/responder.ts'
import type {Run} from '../execution/run.ts'
import {earlierChanges, respondedSince} from '../incident/earlier-changes.ts'
import type {EarlierChange} from '../incident/earlier-changes.ts'
import type {Plan} from '../incident/plan.ts'
import type {PlanFacts} from '../incident/policy.ts'
import {isChange} from '../incident/policy.ts'
import {tookEffect} from '../incident/replay.ts'
import type {IncidentState} from '../incident/replay.ts'
import {planScreen} from '../report/plan-screen.ts'
import {printable} from '../untrusted.ts'
import type {Job} from './incident-job.ts'

/** The one question before anything is changed: the last six characters of the client id, typed. */
export function confirmation(job: Job, facts: PlanFacts, plan: Plan): TypedDecision {
  return {
    id: 'plan.confirm',
    kind: 'typed',
    ask: `Carry out ${changesOf(plan)} on ${plan.mode === 'sim' ? 'SIMULATED' : 'REAL'} tenant ${printable(plan.tenant)}?`,
    screen: planScreen(plan, facts, job.choices),
    why: 'The only confirmation; the audit trail holds it with the hash of this plan.',
    effect: `These steps, in this order.${takes(plan) ? ' Users fail until the new secret or the grants are there.' : ''}`,
    undo: 'Each step shows its own; a rotation has none. Nothing is changed yet.',
    expected: plan.client_id.slice(-6),
    unattended: false,
  }
}

/** Does it take something from those who use the client? */
function takes({steps}: Plan): boolean {
  return steps.some(({action}) => action === 'client_grant.delete' || action === 'client_secret.rotate')
}

/** `steps 2 to 5 (4 changes)`, by the numbers that the screen of the plan gives them; `step 3 (1 change)`. */
function changesOf(plan: Plan): string {
  const shown = plan.steps.filter((step) => step.action !== 'manual')
  const numbers = shown.flatMap((step, index) => (isChange(step) ? [index + 1] : []))
  const [first = 0] = numbers
  const last = numbers.at(-1) ?? first
  if (numbers.length === 0) return 'this plan (no change)'
  if (numbers.length === 1) return `step ${first} (1 change)`
  const unbroken = last - first === numbers.length - 1
  return `steps ${unbroken ? `${first} to ${last}` : numbers.join(', ')} (${numbers.length} changes)`
}

/** Deletions of grants by others that are told one by one, above a question that shares the screen. */
const MOST_TOLD = 2

/** A rotation that somebody else made since the leak is shown with its actor; never a second one unasked. */
export async function askAboutEarlier(
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
  const rotated = found.find((one) => one.what === 'secret_rotated') ?? recordedRotation(plan, facts, leakedAt, incidents, state)
  const deleted = found.filter((one) => one.what === 'grant_deleted')
  for (const one of deleted.slice(0, MOST_TOLD))
    run.responder.notify({
      kind: 'note',
      text: `The tenant log shows a client grant deleted by ${printable(one.actor)} (log ${one.log_id}).`,
    })
  if (deleted.length > MOST_TOLD)
    run.responder.notify({
      kind: 'note',
      text: `And ${deleted.length - MOST_TOLD} more of this client's grants: stanch hunt --client ${plan.client_id}`,
    })
  if (!rotation || !rotated) return []
  const answer = await ask(run, earlierQuestion(rotated))
  if (answer !== 'already') return []
  const next = plan.steps[plan.steps.indexOf(rotation) + 1]
  return [rotation.id, ...(next?.action === 'secret.deliver' ? [next.id] : [])]
}

/**
 * This incident has rotated before; or another one of this machine has, since the leak: the same command was given a second
 * time, or by a second person. After the close of that one it is a new leak. `secret rotate` is a rotation that a person
 * asked for by its name; a runbook that is begun anew is not.
 */
function recordedRotation(
  plan: Plan,
  {snapshot}: PlanFacts,
  leakedAt: number | undefined,
  incidents: readonly IncidentState[],
  state: IncidentState | undefined,
): EarlierChange | undefined {
  if (plan.runbook.id.startsWith('command:')) return undefined
  const own = state && rotationOf(state, 'this incident')
  if (own) return own
  const since = respondedSince(snapshot, leakedAt)
  return incidents
    .filter((one) => one.incident_id !== state?.incident_id && one.closed_at === undefined)
    .filter((one) => one.client_id === plan.client_id && one.tenant === snapshot.tenant)
    .flatMap((one) => rotationOf(one, `incident ${one.incident_id}`) ?? [])
    .findLast(({at}) => at >= since)
}

function rotationOf(state: IncidentState, actor: string): EarlierChange | undefined {
  const done = state.operations.findLast(
    (one) => (one.action === 'client_secret.rotate' || one.action === 'client_secret.set') && tookEffect(one),
  )
  if (!done) return undefined
  const at = done.date ?? Math.floor(Date.parse(done.at) / 1000)
  return {what: 'secret_rotated', log_id: `record ${done.seq} of this trail`, at, actor}
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
