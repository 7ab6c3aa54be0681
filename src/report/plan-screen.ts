import {humanDuration, parseRfc3339} from '../clock.ts'
import {breakageOf, consumersOf} from '../incident/consumers.ts'
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
  lines.push(...breakLines(plan, facts))
  const reopening = reopeningScopes(snapshot, facts.leaked_token)
  if (reopening.length > 0) lines.push(`  an issued token can undo this until the all clear (${reopening.join(', ')})`)
  return lines
}

/** Who will get no token any more, and from when on: at most three lines. */
function breakLines(plan: Plan, {snapshot}: PlanFacts): string[] {
  if (snapshot.log === null) return []
  const now = snapshot.server_time ?? Math.floor(Date.parse(snapshot.taken_at) / 1000)
  const lifetimes = Object.entries(snapshot.resource_servers).flatMap(([audience, server]) =>
    server?.token_lifetime === undefined ? [] : [[audience, server.token_lifetime] as const],
  )
  const inTime = snapshot.log.toSorted((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
  const consumers = consumersOf(inTime, {client_id: plan.client_id, now, lifetimes: Object.fromEntries(lifetimes)})
  const broken = breakageOf(consumers, {
    rotated: plan.steps.some((step) => step.action === 'client_secret.rotate'),
    audiences: new Set(plan.steps.flatMap((step) => (step.action === 'client_grant.delete' ? [step.args.grant.audience] : []))),
  })
  if (broken.length === 0) return []
  return [
    `  breaks at its next token request: ${broken.length} user(s) of this client in the log`,
    ...broken.slice(0, 2).map(({consumer, at}) => {
      const due = at === undefined ? undefined : (parseRfc3339(at) ?? now) - now
      const when = due === undefined ? 'nobody knows when' : due <= 0 ? 'due now' : `in ${humanDuration(due)}`
      return `    ${when}: ${printable(consumer.ip ?? 'no address', 45)} ${printable(consumer.user_agent ?? '', 40)}`.trimEnd()
    }),
  ]
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
