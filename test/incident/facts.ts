import type {LogEntry} from '../../src/auth0/resources/log-entry.ts'
import type {Plan, PlanStep} from '../../src/incident/plan.ts'
import type {TenantSnapshot} from '../../src/incident/tenant-snapshot.ts'
import {choices, facts} from '../support/runbooks.ts'
import {compilePlan} from '../../src/runbooks/compile.ts'
import {parseRunbook} from '../../src/runbooks/parse.ts'
import {shippedText} from '../support/runbooks.ts'
import type {PlanChoices} from '../../src/incident/policy.ts'

const RUNBOOK = await parseRunbook(shippedText('client-secret'), 'client-secret.md')

/** The plan of the shipped runbook for the machine client of `facts`. */
export function aPlan(changed: Partial<PlanChoices> = {}, snapshot: Partial<TenantSnapshot> = {}): Plan {
  const made = facts()
  return compilePlan(RUNBOOK, {...made, snapshot: {...made.snapshot, ...snapshot}}, choices(changed))
}

export function aSnapshot(changed: Partial<TenantSnapshot> = {}): TenantSnapshot {
  return {...facts().snapshot, ...changed}
}

export function changesOf(plan: Plan): PlanStep[] {
  return plan.steps.filter((step) => step.action === 'client_grant.delete' || step.action === 'client_secret.rotate')
}

/** An event of the tenant log about a change through the Management API. */
export function change(method: string, path: string, at: number, more: Partial<LogEntry> = {}): LogEntry {
  const entry = {
    log_id: `log_${at}`,
    date: new Date(at * 1000).toISOString(),
    type: 'sapi',
    client_id: 'somebody',
    request: {method, path},
    raw: {},
    ...more,
  }
  return entry as unknown as LogEntry
}
