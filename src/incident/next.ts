import {humanDuration, parseRfc3339, rfc3339} from '../clock.ts'
import type {Exposure} from './exposure.ts'
import type {Plan, PlanStep} from './plan.ts'
import type {Proof} from './replay.ts'
import type {ActionResult, IncidentStatus} from './result.ts'
import type {EvidenceGap} from './tenant-snapshot.ts'

export interface NextFacts {
  readonly incident_id?: string
  readonly status: IncidentStatus
  readonly plan: Plan
  readonly actions: readonly ActionResult[]
  readonly exposure: Exposure
  readonly gaps: readonly EvidenceGap[]
  readonly proof: readonly Proof[]
  readonly open_paths: readonly string[]
  /** Grants that were left alone, in words. */
  readonly left: readonly {readonly grant_id: string; readonly text: string}[]
  /** Scopes with which an issued token can undo containment (design promise 11). */
  readonly reopening: readonly string[]
  readonly delivery_failed: boolean
  readonly signed_off: readonly string[]
  /** The client that was worked on is the one that the responder is signed in with; NumericDate at which that token ends. */
  readonly own?: {readonly exp?: number}
}

/** What to do next, most urgent first: commands that can be typed as they stand, or one sentence for a human. */
export function nextSteps(facts: NextFacts): string[] {
  const next: string[] = []
  const id = facts.incident_id ?? 'ID'
  const {status} = facts
  if (status === 'planned') return ['carry it out: the same command without --dry-run']
  if (status === 'declined') return ['nothing was changed; start again with: stanch respond']
  if (facts.own && facts.actions.some((action) => isChange(action) && action.outcome !== 'not_attempted')) {
    const until = facts.own.exp === undefined ? 'its end' : rfc3339(facts.own.exp)
    next.push(
      `you are signed in with this very client: the token you have works until ${until}, and you get no other by it. Sign in with another client, or with a token from the API Explorer (AUTH0_API_TOKEN), for everything below`,
    )
  }
  const unfinished = facts.actions.some((action) => isChange(action) && ['in_doubt', 'not_attempted'].includes(action.outcome))
  const rotation = facts.actions.some((action) => action.kind === 'client_secret.rotate' && action.outcome === 'in_doubt')
  const another = `stanch secret rotate --client ${facts.plan.client_id} --incident ${id} --method set --deliver SINK`
  if (rotation) {
    // Looking needs one of two things; without them only a person can decide.
    next.push(
      `stanch resume ${id} --credential-file FILE (the leaked value), or with a credential that may read secrets (read:client_keys)`,
    )
    next.push(`or set another secret, whatever the lost answer did: ${another}`)
  } else if (status === 'in_doubt' || unfinished) next.push(`stanch resume ${id}`)
  const refused = facts.actions.filter((action) => action.outcome === 'refused' && isChange(action))
  for (const action of refused)
    next.push(`by hand, in the Dashboard: ${action.kind} on ${action.target}; the tenant refused it to this credential`)
  const unknown = facts.gaps.some((gap) => gap.code === 'new_secret_unknown')
  // Nobody here ever saw that secret: there is nothing to hand over again.
  if (facts.delivery_failed && !unknown) next.push(`stanch secret deliver --incident ${id} --deliver SINK`)
  if (unknown) {
    next.push(
      `copy the new secret from the Dashboard (Applications > ${facts.plan.client_id} > Credentials), or set another: ${another}`,
    )
  }
  if (facts.gaps.some((gap) => gap.code === 'grant_is_back'))
    next.push(
      `somebody gave the client a grant again: stanch grant list --client ${facts.plan.client_id}, look into the tenant log who it was, then: stanch grant delete --client ${facts.plan.client_id} --all --incident ${id}`,
    )
  if (facts.gaps.some((gap) => gap.code === 'not_probed' && gap.what !== 'new_secret_accepted'))
    next.push(`prove it with the leaked value: stanch resume ${id} --credential-file FILE`)
  next.push(...unproven(facts, id, next))
  if (facts.gaps.some((gap) => gap.code === 'log_not_whole') && !next.some((one) => one.startsWith('stanch resume')))
    next.push(`stanch resume ${id} (goes on saving the tenant log where it stopped)`)
  for (const path of facts.open_paths) next.push(`still open: ${path}`)
  for (const {grant_id, text} of facts.left) {
    if (!facts.open_paths.some((path) => path.includes(grant_id))) next.push(`left alone: ${text}`)
  }
  if (facts.reopening.length > 0 && facts.exposure.all_clear.state === 'open') {
    next.push(
      `an issued token can still undo this (${facts.reopening.join(', ')}) until ${facts.exposure.all_clear.worst_case_at}: rotate again then, with stanch secret rotate --client ${facts.plan.client_id} --deliver SINK`,
    )
  }
  const deleted = facts.actions.some((action) => action.kind === 'client_grant.delete' && action.outcome === 'done')
  const people = facts.plan.steps.flatMap((step) =>
    step.action === 'manual' && !facts.signed_off.includes(step.id) ? [step] : [],
  )
  next.push(
    ...withGiveBack(
      people,
      id,
      deleted && status === 'contained'
        ? `when ${isRotated(facts.actions) ? 'every user has the new secret' : 'the leaked token is dead'}, give the grants back: stanch grant restore --incident ${id}`
        : undefined,
    ),
  )
  if (facts.actions.some((action) => isChange(action) && action.outcome === 'done'))
    next.push(`what was done with it, and what is left to remove: stanch hunt --incident ${id}`)
  if (facts.exposure.all_clear.state === 'open' && (status === 'contained' || status === 'partial'))
    next.push(`until the all clear, who still uses it: stanch watch ${id}`)
  const clearAt = parseRfc3339(facts.exposure.all_clear.worst_case_at)
  const now = parseRfc3339(facts.exposure.computed_at)
  if (facts.exposure.all_clear.state === 'open' && clearAt !== undefined && now !== undefined) {
    next.push(`all clear at ${facts.exposure.all_clear.worst_case_at}, in ${humanDuration(clearAt - now)}`)
  }
  if (status === 'contained' || status === 'restored')
    next.push(`${next.length === 0 ? '' : 'when all of this is done: '}stanch incident close ${id}`)
  return next
}

/** The step after which the grants can go back. */
const DEPLOYED = 'deploy-new-secret'

/** The steps for people, and giving back right behind the one that it waits for, else behind all of them. */
export function withGiveBack(
  steps: readonly (PlanStep & {readonly action: 'manual'})[],
  incident: string,
  giveBack: string | undefined,
): string[] {
  const lines = steps.map(
    (step) => `${step.args.owner}: ${step.args.question} (then: stanch incident update ${incident} --done ${step.id})`,
  )
  if (giveBack === undefined) return lines
  const behind = steps.findIndex((step) => step.id === DEPLOYED)
  return lines.toSpliced(behind === -1 ? lines.length : behind + 1, 0, giveBack)
}

function isRotated(actions: readonly ActionResult[]): boolean {
  return actions.some(({kind, outcome}) => kind === 'client_secret.rotate' && (outcome === 'done' || outcome === 'already'))
}

/** What closes a claim that does not hold, where nothing above closes it already. */
function unproven({plan, proof, gaps, actions, open_paths}: NextFacts, id: string, said: readonly string[]): string[] {
  const next: string[] = []
  const has = (code: string) => gaps.some((gap) => gap.code === code)
  const alive = proof.some((one) => one.claim === 'old_secret_refused' && one.verdict === 'failed')
  if (alive && isRotated(actions))
    next.push(
      `the old secret is still accepted: stanch resume ${id} --credential-file FILE asks again; if it still is, it was set back: look into the tenant log and rotate again`,
    )
  if (has('window_too_short')) {
    next.push(
      `prove it with enough time, changing nothing: stanch secret verify --client ${plan.client_id} --credential-file FILE`,
    )
  } else if (
    proof.some((one) => one.verdict === 'not_proven' && !(one.probes === 0 && open_paths.length > 0)) &&
    !has('not_probed') &&
    !said.some((one) => one.startsWith('stanch resume'))
  ) {
    next.push(`stanch resume ${id} (asks again for what is not proven; what is done is not done again)`)
  }
  return next
}

function isChange(action: ActionResult): boolean {
  return action.kind.startsWith('client_')
}
