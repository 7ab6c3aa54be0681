import {everyScope, reachOf, type Reach} from '../auth0/reach.ts'
import {rfc3339} from '../clock.ts'
import {observe} from '../execution/observe.ts'
import {tenantNow} from '../execution/verify.ts'
import type {LeakKind} from '../incident/leak.ts'
import {pathSentences} from '../incident/path-sentences.ts'
import {planHash} from '../incident/plan.ts'
import type {PlanChoices} from '../incident/policy.ts'
import {subjectOf, usesKey} from '../incident/tenant-snapshot.ts'
import type {EvidenceGap, TenantSnapshot} from '../incident/tenant-snapshot.ts'
import {reachable, tokenPaths} from '../incident/token-paths.ts'
import type {TokenPath} from '../incident/token-paths.ts'
import {compilePlan} from '../runbooks/compile.ts'
import type {Connected, Place} from './context.ts'
import {runbookFor} from './runbook-folder.ts'

/** Every path to a token, now and as a plan would leave it. Its member names are a contract (`test/contracts/`). */
export interface Assessment {
  readonly client_id: string
  /** RFC 3339, tenant time. */
  readonly computed_at: string
  readonly leak: LeakKind
  readonly runbook: string
  readonly plan_hash: string
  readonly before: readonly TokenPath[]
  readonly after: readonly TokenPath[]
  /** What stays open after the plan, in words, each with what closes it. */
  readonly stays_open: readonly string[]
  /** What a token of this client can do at the Management API, and what follows. */
  readonly reach: Reach
  readonly evidence_gaps: readonly EvidenceGap[]
  readonly next: readonly string[]
}

export interface AssessQuestion {
  readonly client_id: string
  readonly leak?: LeakKind | undefined
  readonly runbook?: string | undefined
  readonly choices: PlanChoices
}

/** Only reads are sent, and nothing is written down. The leak, unless it is said, is what the client proves itself with. */
export async function assess(
  place: Place,
  connected: Connected,
  question: AssessQuestion,
): Promise<{assessment: Assessment; snapshot: TenantSnapshot}> {
  const {tenant, mode, clock} = connected
  const snapshot = await observe(tenant, question.client_id, mode, clock)
  const leak = question.leak ?? (usesKey(snapshot.client) ? 'private-key' : 'client-secret')
  const runbook = await runbookFor(place.config.root, leak, question.runbook)
  const plan = compilePlan(runbook, {snapshot}, question.choices)
  const after = tokenPaths(snapshot, plan)
  const open = pathSentences(reachable(after))
  const assessment = {
    client_id: snapshot.client.client_id,
    computed_at: rfc3339(tenantNow({tenant, mode, clock})),
    leak,
    runbook: runbook.id,
    plan_hash: planHash(plan),
    before: tokenPaths(snapshot),
    after,
    stays_open: open,
    reach: reachOf(managementScopes(snapshot)),
    // What the log does not show has no part in which ways there are.
    evidence_gaps: snapshot.gaps.filter((gap) => !gap.code.startsWith('log_')),
    next: [
      `stanch plan --leak ${leak} --client ${snapshot.client.client_id} -o plan.json`,
      ...(open.length > 0 ? [`stanch runbook show ${runbook.id}`] : []),
    ],
  }
  return {assessment, snapshot}
}

/** What the client's grants allow at the Management API, in its own name. */
export function managementScopes({grants, default_grants, management_audience, client}: TenantSnapshot): string[] {
  const all = [...grants, ...(client.is_first_party === false ? default_grants : [])].filter(
    (grant) => grant.audience === management_audience && subjectOf(grant) === 'client',
  )
  return all.some((grant) => grant.allow_all_scopes) ? everyScope() : [...new Set(all.flatMap((grant) => grant.scope ?? []))]
}
