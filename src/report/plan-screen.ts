import {humanDuration, parseRfc3339} from '../clock.ts'
import {breakageOf, consumersOf} from '../incident/consumers.ts'
import {grantsLeft} from '../incident/actions/delete-client-grant.ts'
import {isChange, openPaths, reopeningScopes} from '../incident/policy.ts'
import type {PlanChoices, PlanFacts} from '../incident/policy.ts'
import type {Plan, PlanStep} from '../incident/plan.ts'
import {printable, quoted} from '../untrusted.ts'

/** The plan as it is shown before the confirmation: every step with its undo, what stays open, what a token can still undo. */
export function planLines(plan: Plan, facts: PlanFacts, choices: PlanChoices): string[] {
  const {snapshot} = facts
  const lines = [
    `Plan for client ${quoted(snapshot.client.name, 30)} on ${plan.mode === 'sim' ? 'SIMULATED' : 'REAL'} tenant ${printable(plan.tenant)}:`,
  ]
  if (snapshot.operator.client_id === plan.client_id)
    lines.push(
      '  WARNING: you are signed in with this very client. The token you have works on until it ends; you get no other by it.',
    )
  lines.push(...stepLines(plan.steps.filter((step) => step.action !== 'manual')))
  const manual = plan.steps.filter((step) => step.action === 'manual').length
  // In one line with the last step: the screen is small.
  if (manual > 0) lines.push(`${lines.pop() ?? ''}; then ${manual} step(s) for people`)
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
    `  refused at its next token request: ${broken.length} caller(s) in the log, welcome or not`,
    ...broken.slice(0, 2).map(({consumer, at}) => {
      const due = at === undefined ? undefined : (parseRfc3339(at) ?? now) - now
      const when = due === undefined ? 'nobody knows when' : due <= 0 ? 'due now' : `in ${humanDuration(due)}`
      return `    ${when}: ${printable(consumer.ip ?? 'no address', 45)} ${printable(consumer.user_agent ?? '', 40)}`.trimEnd()
    }),
  ]
}

/** A line a step; changes that stand together and are undone in the same way say so once, below the last of them. */
function stepLines(steps: readonly PlanStep[]): string[] {
  const lines: string[] = []
  let from = 0
  steps.forEach((step, index) => {
    const text = `  ${index + 1}. ${printable(step.title, 160)}`
    if (!isChange(step)) {
      lines.push(text)
      from = index + 1
      return
    }
    const next = steps[index + 1]
    if (next && isChange(next) && next.undo === step.undo) {
      lines.push(text)
      return
    }
    const undo = printable(step.undo, 160)
    if (from === index) lines.push(`${text}  [undo: ${undo}]`)
    else lines.push(text, `     [undo of ${from + 1} to ${index + 1}: ${undo}]`)
    from = index + 1
  })
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
