import {humanDuration, parseRfc3339} from '../clock.ts'
import {breakageOf, consumersOf} from '../incident/consumers.ts'
import {grantsLeft} from '../incident/actions/delete-client-grant.ts'
import {makesTokens} from '../incident/leak.ts'
import {isChange, openPaths, reopeningScopes} from '../incident/policy.ts'
import type {PlanChoices, PlanFacts} from '../incident/policy.ts'
import type {Plan, PlanStep} from '../incident/plan.ts'
import {printable, quoted} from '../untrusted.ts'
import {quotedWithin} from './width.ts'

/** Lines that belong together; on a short screen they give way from their end, but never to fewer than `least`. */
interface Group {
  readonly lines: readonly string[]
  readonly least: number
}

/** The plan as it is shown before the confirmation: every step with its undo, what stays open, what a token can still undo. */
export function planLines(plan: Plan, facts: PlanFacts, choices: PlanChoices): string[] {
  const [, ...below] = planScreen(plan, facts, choices)
  return [
    `Plan for client ${quoted(facts.snapshot.client.name, 30)} on ${plan.mode === 'sim' ? 'SIMULATED' : 'REAL'} tenant ${printable(plan.tenant)}:`,
    ...below.flatMap((one) => (typeof one === 'string' ? [one] : one.lines)),
  ]
}

/** The same in groups, under a question that names the tenant. What a token can undo, and each step that is the only one of its kind, always stays. */
export function planScreen(plan: Plan, facts: PlanFacts, choices: PlanChoices): (string | Group)[] {
  const {snapshot} = facts
  const steps = stepGroups(plan.steps.filter((step) => step.action !== 'manual'))
  const manual = plan.steps.filter((step) => step.action === 'manual').length
  // In one line with the last step: the screen is small.
  if (manual > 0)
    steps.push(steps.length === 0 ? `  ${manual} step(s) for people` : `${lastLine(steps)}; then ${manual} step(s) for people`)
  const stays = grantsLeft(facts, choices, plan.steps)
  const open = makesTokens(plan.leak) ? [] : openPaths(facts, plan.steps)
  const reopening = reopeningScopes(snapshot, facts.leaked_token)
  return [
    `Plan for client ${plan.client_id} ${quotedWithin(snapshot.client.name, 30)}:`,
    ...(snapshot.operator.client_id === plan.client_id
      ? ['  WARNING: you are signed in with this very client. The token you have works on until it ends; you get no other by it.']
      : []),
    ...steps,
    ...(reopening.length > 0 ? [`  an issued token can undo this until the all clear (${reopening.join(', ')})`] : []),
    ...(open.length > 0 ? [`  stays open, ${open.length} way(s) to a token:`] : []),
    {least: 0, lines: open.map((path) => `    ${printable(path, 400)}`)},
    {
      least: open.length > 0 ? 0 : 1,
      lines: stays.map(({grant, why}) => `  stays: grant ${grant.id} on ${printable(grant.audience, 60)} (${why})`),
    },
    {least: 1, lines: breakLines(plan, facts)},
  ]
}

/** Takes the last line of the steps away. */
function lastLine(steps: (string | Group)[]): string {
  const last = steps.pop()
  if (last === undefined || typeof last === 'string') return last ?? ''
  steps.push({...last, lines: last.lines.slice(0, -1)})
  return last.lines.at(-1) ?? ''
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
function stepGroups(steps: readonly PlanStep[]): (string | Group)[] {
  const groups: (string | Group)[] = []
  let alike: string[] = []
  let from = 0
  steps.forEach((step, index) => {
    const text = `  ${index + 1}. ${printable(step.title, 160)}`
    if (!isChange(step)) {
      // Two proofs in a row are one for the eye.
      const again = step.title === steps[index - 1]?.title && typeof groups.at(-1) === 'string'
      if (again) groups.pop()
      groups.push(again ? `  ${index}. and ${index + 1}. ${printable(step.title, 160)}` : text)
      from = index + 1
      return
    }
    alike.push(text)
    const next = steps[index + 1]
    if (next && isChange(next) && next.undo === step.undo) return
    const undo = printable(step.undo, 160)
    if (from === index) groups.push(`${text}  [undo: ${undo}]`)
    else groups.push({lines: alike, least: 2}, `     [undo of ${from + 1} to ${index + 1}: ${undo}]`)
    alike = []
    from = index + 1
  })
  return groups
}

/** What the client can reach and until when tokens for it live: one line an API, the Management API first. */
export function apiLines(facts: PlanFacts): string[] {
  const {snapshot} = facts
  if (snapshot.grants.length === 0) return ['  no client grant at all']
  const own = snapshot.management_audience
  const worstFirst = snapshot.grants.toSorted((a, b) => Number(b.audience === own) - Number(a.audience === own))
  return worstFirst.map((grant) => {
    const server = snapshot.resource_servers[grant.audience]
    const lifetime =
      server?.token_lifetime === undefined
        ? 'lifetime unknown: 30 d assumed'
        : `tokens live ${humanDuration(server.token_lifetime)}`
    const scopes = grant.allow_all_scopes ? 'all scopes' : `${(grant.scope ?? []).length} scope(s)`
    return `  ${printable(server?.name ?? grant.audience, 40)}: ${scopes}, ${lifetime}${(grant.subject_type ?? 'client') === 'user' ? ' (user grant)' : ''}`
  })
}
