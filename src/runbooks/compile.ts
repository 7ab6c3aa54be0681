import {StanchError} from '../errors.ts'
import {closePathSteps} from '../incident/actions/close-path.ts'
import {expandStep} from '../incident/actions/index.ts'
import type {Plan} from '../incident/plan.ts'
import {holds, isChange, openToLeak} from '../incident/policy.ts'
import type {PlanChoices, PlanFacts} from '../incident/policy.ts'
import type {Runbook} from './runbook.ts'

/**
 * The plan that a runbook means for one client of one tenant. Pure: same runbook, facts and choices, same plan and
 * same hash. The order of the steps is the file's order; nothing here reorders them. After them stand the ways to a token
 * that they leave open, as steps for people.
 *
 * @throws {StanchError} `runbook.invalid` when two plan steps would have one id or delete one grant, and what an action refuses:
 * `guard.organization_ties`, `input.invalid`
 */
export function compilePlan(runbook: Runbook, facts: PlanFacts, choices: PlanChoices): Plan {
  const own = runbook.steps.filter((step) => holds(step.when, facts, choices)).flatMap((step) => expandStep(step, facts, choices))
  // A runbook that changes nothing is carried out by people anyway.
  const steps = own.some(isChange) ? [...own, ...closePathSteps(openToLeak(runbook.leak, facts, own))] : own
  const ids = new Set<string>()
  const deleted = new Set<string>()
  for (const {id, action, target} of steps) {
    if (ids.has(id)) throw new StanchError('runbook.invalid', `The runbook ${runbook.id} gives two steps the id ${id}.`)
    ids.add(id)
    if (action !== 'client_grant.delete') continue
    if (deleted.has(target)) throw new StanchError('runbook.invalid', `The runbook ${runbook.id} deletes ${target} twice.`)
    deleted.add(target)
  }
  const {snapshot} = facts
  return {
    version: 1,
    mode: snapshot.mode,
    tenant: snapshot.tenant,
    leak: runbook.leak,
    client_id: snapshot.client.client_id,
    runbook: {id: runbook.id, version: runbook.version, sha256: runbook.sha256},
    steps,
    stop_when: runbook.stop_when,
    verify_window_seconds: choices.verify_window_seconds,
  }
}
