import {rfc3339Millis} from '../clock.ts'
import type {Secret} from '../secret.ts'
import type {StanchError} from '../errors.ts'
import type {Containment} from '../incident/exposure-facts.ts'
import type {Exposure} from '../incident/exposure.ts'
import type {ActionResult} from '../incident/result.ts'
import type {Plan, PlanStep, StepOutcome} from '../incident/plan.ts'
import type {Operation, Proof} from '../incident/replay.ts'
import type {EvidenceGap, TenantSnapshot} from '../incident/tenant-snapshot.ts'
import type {LeakedToken} from '../incident/policy.ts'
import type {LogFacts} from './log-facts.ts'
import type {LogCoverage} from './log-coverage.ts'
import type {LogSaver} from './log-saver.ts'
import type {DeliveryFact} from './act-trail.ts'
import type {Run} from './run.ts'

/** A plan at work: what is to be done, and what has become of it so far. Everything lasting is in the trail. */
export interface Progress {
  readonly plan: Plan
  readonly plan_sha256: string
  readonly resumes: boolean
  readonly snapshot: TenantSnapshot
  /** As `snapshot`, with the grants that earlier sessions of the incident took. */
  before: TenantSnapshot
  readonly leaked_token?: LeakedToken
  readonly leaked_at?: number
  /** From when on the tenant's log is saved, NumericDate; undefined for as far back as it goes. */
  readonly log_since?: number
  /** The log as far as it is saved, and what was picked out of it. */
  log?: {readonly saver: LogSaver; readonly facts: LogFacts}
  log_coverage?: LogCoverage
  /** What earlier sessions of this incident knew of the exposure. */
  readonly prior?: Exposure
  /** Operations of earlier sessions of this incident, by replay. */
  readonly earlier: readonly Operation[]
  readonly deliveries: readonly {
    readonly op: string
    readonly sink: string
    readonly result: 'ok' | 'failed'
    readonly fingerprint?: string
  }[]
  /** What earlier sessions proved. */
  readonly earlier_proofs: readonly Proof[]
  readonly outcomes: Map<string, StepResult>
  readonly proofs: Proof[]
  readonly gaps: EvidenceGap[]
  /** Proven containment per audience. */
  readonly containment: Map<string, Containment>
  /** Tokens of the leaked client that our own probes minted. Instants are NumericDate. */
  readonly probe_tokens: {audience: string; issued_at: number; expires_at?: number}[]
  /** Tenant time of the newest grant deletion and of the rotation, NumericDate. */
  grants_changed_at?: number
  secret_changed_at?: number
  /** Token lifetimes of the APIs, read again after the last probe, seconds. */
  later_lifetimes?: Readonly<Record<string, number>>
  /** In memory only, for probes. */
  old_secret?: Secret
  new_secret?: Secret
  /** The secret in force is not the one that our rotation made: whether that one is accepted is not known. */
  changed_again?: boolean
  /** Fingerprint of the secret that was in force before the rotation. */
  secret_before?: string
  /** The leaked value was refused already before the rotation: its refusal afterwards proves nothing about that. */
  leaked_is_former?: boolean
  delivery?: DeliveryFact
  /** Why the work ends early although every step has its outcome: a rate limit beyond the budget. */
  stop?: StanchError
}

export interface StepResult {
  readonly outcome: StepOutcome
  readonly seq?: number
  readonly at?: string
  readonly request_id?: string
  /** One short line for the screen. */
  readonly detail?: string
}

/** The acts of the plan in its order, each with its outcome; what was not reached is `not_attempted`. */
export function actionResults(progress: Progress): ActionResult[] {
  return progress.plan.steps.map((step) => actionResult(step, progress.outcomes.get(step.id)))
}

function actionResult(step: PlanStep, result: StepResult | undefined): ActionResult {
  return {
    ...(result?.seq === undefined ? {} : {seq: result.seq}),
    kind: step.action,
    target: step.target,
    outcome: result?.outcome ?? 'not_attempted',
    undo: step.undo,
    ...(result?.request_id === undefined ? {} : {request_id: result.request_id}),
    ...(result?.at === undefined ? {} : {at: result.at}),
  }
}

/** Tells the responder that a step begins. */
export function beginStep(run: Run, progress: Progress, step: PlanStep): void {
  run.responder.notify({kind: 'step_begins', step, number: progress.plan.steps.indexOf(step) + 1, of: progress.plan.steps.length})
}

/** Notes what became of a step and tells the responder. */
export function finishStep(run: Run, progress: Progress, step: PlanStep, result: StepResult): void {
  progress.outcomes.set(step.id, result)
  run.responder.notify({
    kind: 'step_ends',
    step,
    outcome: result.outcome,
    at: rfc3339Millis(run.clock.now()),
    ...(result.detail === undefined ? {} : {detail: result.detail}),
  })
}

/** Number of the next attempt at a step, over all sessions of the incident. */
export function nextTry(progress: Progress, step: PlanStep): number {
  return 1 + progress.earlier.filter((operation) => operation.step === step.id && operation.action === step.action).length
}
