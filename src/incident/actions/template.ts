import type {ActionName, PlanStep} from '../plan.ts'
import type {PlanChoices, PlanFacts, PredicateName} from '../policy.ts'

/** One step as a runbook writes it, before it meets a tenant. */
export interface StepTemplate {
  readonly id: string
  readonly action: ActionName
  readonly when: PredicateName
  readonly args: Readonly<Record<string, ArgValue>>
}

export type ArgValue = string | number | boolean | readonly string[]

/** What an argument may be; `lint` and `parse` check against it, with line numbers. */
export type ArgSpec =
  | {readonly type: 'text'; readonly required: boolean}
  | {readonly type: 'number'; readonly required: boolean; readonly min: number; readonly max: number}
  | {readonly type: 'one_of'; readonly required: boolean; readonly of: readonly string[]}
  | {readonly type: 'some_of'; readonly required: boolean; readonly of: readonly string[]}

/** One kind of act: its typed arguments, and how it becomes plan steps for one tenant. */
export interface ActionDefinition {
  readonly name: ActionName
  readonly args: Readonly<Record<string, ArgSpec>>
  expand(template: StepTemplate, facts: PlanFacts, choices: PlanChoices): PlanStep[]
}

/** The audiences whose new tokens a plan stops: those of the client's own client-subject grants, and of the leaked token. */
export function reachableAudiences(facts: PlanFacts): string[] {
  const {snapshot} = facts
  const found = new Set<string>()
  for (const grant of snapshot.grants) if ((grant.subject_type ?? 'client') === 'client') found.add(grant.audience)
  if (snapshot.client.is_first_party === false) for (const grant of snapshot.default_grants) found.add(grant.audience)
  for (const audience of facts.leaked_token?.audiences ?? []) found.add(audience)
  return [...found].sort()
}
