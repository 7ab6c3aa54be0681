import {humanDuration} from '../clock.ts'
import {grantsLeft} from '../incident/actions/delete-client-grant.ts'
import {isChange, openPaths, reopeningScopes} from '../incident/policy.ts'
import type {PlanChoices, PlanFacts} from '../incident/policy.ts'
import type {Plan} from '../incident/plan.ts'
import {printable, quoted} from '../untrusted.ts'

/** The plan as it is shown before the confirmation: every step with its undo, what stays open, what a token can still undo. */
export function planLines(plan: Plan, facts: PlanFacts, choices: PlanChoices): string[] {
  const {snapshot} = facts
  const lines = [
    `Plan for client ${plan.client_id} ${quoted(snapshot.client.name)} on ${plan.mode === 'sim' ? 'SIMULATED' : 'REAL'} tenant ${printable(plan.tenant)}:`,
  ]
  if (snapshot.operator.client_id === plan.client_id)
    lines.push(
      '  WARNING: you are signed in with this very client. The token you have works on until it ends; you get no other by it.',
    )
  let number = 0
  for (const step of plan.steps) {
    if (step.action === 'manual') continue
    number += 1
    lines.push(`  ${number}. ${printable(step.title, 160)}${isChange(step) ? `  [undo: ${printable(step.undo, 160)}]` : ''}`)
  }
  const manual = plan.steps.filter((step) => step.action === 'manual').length
  if (manual > 0) lines.push(`  then ${manual} step(s) for people, listed at the end`)
  for (const {grant, why} of grantsLeft(facts, choices, plan.steps))
    lines.push(`  stays: grant ${grant.id} on ${printable(grant.audience, 60)} (${why})`)
  for (const path of openPaths(facts, plan.steps)) lines.push(`  stays open: ${printable(path, 400)}`)
  const reopening = reopeningScopes(snapshot, facts.leaked_token)
  if (reopening.length > 0) lines.push(`  an issued token can undo this until the all clear (${reopening.join(', ')})`)
  return lines
}

/** What the client can reach and until when tokens for it live: one line an API. */
export function apiLines(facts: PlanFacts): string[] {
  const {snapshot} = facts
  if (snapshot.grants.length === 0) return ['  no client grant at all']
  return snapshot.grants.slice(0, 8).map((grant) => {
    const server = snapshot.resource_servers[grant.audience]
    const lifetime =
      server?.token_lifetime === undefined
        ? 'lifetime unknown: 30 d assumed'
        : `tokens live ${humanDuration(server.token_lifetime)}`
    const scopes = grant.allow_all_scopes ? 'all scopes' : `${(grant.scope ?? []).length} scope(s)`
    return `  ${printable(server?.name ?? grant.audience, 40)}: ${scopes}, ${lifetime}${(grant.subject_type ?? 'client') === 'user' ? ' (user grant)' : ''}`
  })
}
