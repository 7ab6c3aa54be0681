import type {Exposure} from './exposure.ts'
import type {ActionName, StepOutcome} from './plan.ts'
import type {Proof} from './replay.ts'
import type {EvidenceGap} from './tenant-snapshot.ts'

export type IncidentStatus = 'planned' | 'contained' | 'partial' | 'in_doubt' | 'declined' | 'restored'

/** One act of the plan and what became of it. */
export interface ActionResult {
  /** Index of the intent in the trail; absent when nothing was intended. */
  readonly seq?: number
  readonly kind: ActionName
  /** `type:id`, as in the trail. */
  readonly target: string
  readonly outcome: StepOutcome
  readonly undo: string
  readonly request_id?: string
  /** RFC 3339, machine time. */
  readonly at?: string
}

/** The result of every command that changes a tenant. Its member names are a contract (`test/contracts/`). */
export interface IncidentResult {
  readonly incident_id?: string
  readonly status: IncidentStatus
  readonly simulated: boolean
  readonly tenant: string
  readonly client: {readonly client_id: string; readonly name: string}
  readonly leak: string
  readonly plan_hash: string
  readonly actions: readonly ActionResult[]
  readonly proof: readonly Proof[]
  readonly exposure: Exposure
  readonly delivery?: {readonly sink: string; readonly result: 'ok' | 'failed'; readonly fingerprint?: string}
  readonly evidence_gaps: readonly EvidenceGap[]
  readonly audit?: {readonly records: number; readonly size: number; readonly root_hash: string; readonly checkpoint: string}
  /** What to do next, as commands or sentences, most urgent first. */
  readonly next: readonly string[]
}

/**
 * The status, from what was done and what was proven. `contained` never stands beside a proof that is not `proven`,
 * an open path, an API whose containment is not proven, a change that is missing, or a delivery that failed.
 */
export function statusOf(facts: {
  readonly actions: readonly ActionResult[]
  readonly proof: readonly Proof[]
  readonly open_paths: readonly string[]
  readonly delivery_failed: boolean
  readonly restored: boolean
  /** An organisation tie of a grant that was given back is missing. */
  readonly untied?: boolean
  /** An API in the exposure for which containment is not proven. */
  readonly uncontained?: boolean
}): IncidentStatus {
  if (facts.actions.some((action) => action.outcome === 'in_doubt')) return 'in_doubt'
  const changes = facts.actions.filter((action) => isChangeKind(action.kind))
  if (changes.some((action) => action.outcome !== 'done' && action.outcome !== 'already')) return 'partial'
  if (facts.proof.some((proof) => proof.verdict !== 'proven')) return 'partial'
  if (facts.delivery_failed) return 'partial'
  if (facts.restored) return facts.untied ? 'partial' : 'restored'
  // Nothing was asked, so nothing was proven: a plan without a claim contains nothing.
  if (facts.proof.length === 0) return 'partial'
  if (facts.open_paths.length > 0 || facts.uncontained) return 'partial'
  return 'contained'
}

function isChangeKind(kind: ActionName): boolean {
  return kind === 'client_grant.delete' || kind === 'client_secret.rotate' || kind === 'client_grant.restore'
}
