import {parseRfc3339} from '../clock.ts'
import {reachableAudiences} from '../incident/actions/template.ts'
import {MAX_TOKEN_LIFETIME, SKEW_SECONDS} from '../incident/exposure-facts.ts'
import {CLIENT_CREDENTIALS} from '../incident/issuance.ts'
import type {Plan} from '../incident/plan.ts'
import type {PlanFacts} from '../incident/policy.ts'
import type {EvidenceGap, TenantSnapshot} from '../incident/tenant-snapshot.ts'

/** Stands for every API of the tenant, where no grant and no log entry says which ones the credential had tokens for. */
export const ANY_API = '*'

/** The audiences that a plan is about, from the steps that name them. */
export function plannedAudiences(plan: Plan): string[] {
  return [
    ...new Set(plan.steps.flatMap((step) => (step.action === 'exposure' || step.action === 'verify' ? step.args.audiences : []))),
  ]
}

/**
 * The APIs whose tokens may still be out: those of the grants, those of the leaked token, and those that the log has
 * living tokens for. With none of them known, every API may be one: that is said, and never taken for "none".
 */
export function exposedAudiences(facts: PlanFacts, now: number): string[] {
  const {snapshot} = facts
  const found = new Set(reachableAudiences(facts))
  for (const [audience, issued] of lastIssued(snapshot)) {
    const lifetime = snapshot.resource_servers[audience]?.token_lifetime ?? MAX_TOKEN_LIFETIME
    if (issued + lifetime + SKEW_SECONDS > now) found.add(audience)
  }
  return found.size > 0 ? [...found].sort() : [ANY_API]
}

/** When the log says that the newest token of each API was issued, NumericDate. */
export function lastIssued(snapshot: TenantSnapshot): Map<string, number> {
  const last = new Map<string, number>()
  for (const {type, audience, date} of snapshot.log ?? []) {
    if (type !== CLIENT_CREDENTIALS || audience === undefined) continue
    const issued = parseRfc3339(date)
    if (issued !== undefined && issued > (last.get(audience) ?? -Infinity)) last.set(audience, issued)
  }
  return last
}

/** The gap, where no grant and no log entry says which APIs they are. */
export function unknownAudiences(audiences: readonly string[]): EvidenceGap[] {
  if (!audiences.includes(ANY_API)) return []
  const why = 'no client grant is left, and the log at hand shows no living token: for which APIs tokens were issued is not known'
  return [{code: 'audiences_unknown', what: 'the APIs that tokens were issued for', why}]
}
