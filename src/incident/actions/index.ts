import type {ActionName, PlanStep} from '../plan.ts'
import type {PlanChoices, PlanFacts} from '../policy.ts'
import {computeExposure} from './compute-exposure.ts'
import {deleteClientGrant} from './delete-client-grant.ts'
import {deliverSecret} from './deliver-secret.ts'
import {manual} from './manual.ts'
import {restoreClientGrant} from './restore-client-grant.ts'
import {rotateClientSecret} from './rotate-client-secret.ts'
import {saveTenantLog} from './save-tenant-log.ts'
import type {ActionDefinition, StepTemplate} from './template.ts'
import {verifyContainment} from './verify-containment.ts'

/** Every act there is, by name. A runbook may name any of them but `client_grant.restore`. */
export const ACTION_DEFINITIONS: Readonly<Record<ActionName, ActionDefinition>> = {
  'tenant_log.save': saveTenantLog,
  'client_grant.delete': deleteClientGrant,
  'client_grant.restore': restoreClientGrant,
  'client_secret.rotate': rotateClientSecret,
  'secret.deliver': deliverSecret,
  verify: verifyContainment,
  exposure: computeExposure,
  manual,
}

/** One runbook step as plan steps: none when there is nothing to do, several when there is one per grant. */
export function expandStep(template: StepTemplate, facts: PlanFacts, choices: PlanChoices): PlanStep[] {
  return ACTION_DEFINITIONS[template.action].expand(template, facts, choices)
}
