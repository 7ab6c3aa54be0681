import {hash} from 'node:crypto'

import type {ClientGrantBody} from '../auth0/resources/client-grant.ts'
import type {LeakKind} from './leak.ts'

/** Every act that a plan can hold. The list is closed: a runbook that names another one does not load. */
export const ACTIONS = [
  'tenant_log.save',
  'client_grant.delete',
  'client_grant.restore',
  'client_secret.rotate',
  'secret.deliver',
  'verify',
  'exposure',
  'manual',
] as const

export type ActionName = (typeof ACTIONS)[number]

/** Outcomes of a step, as they stand in results. `already` means: the tenant was in the wanted state before us. */
export type StepOutcome = 'done' | 'already' | 'refused' | 'not_attempted' | 'in_doubt' | 'manual'

/** What `verify` must prove. `grants_absent` is a read; the others are probes. */
export const CLAIMS = ['old_secret_refused', 'new_secret_accepted', 'new_tokens_refused', 'grants_absent'] as const
export type ClaimName = (typeof CLAIMS)[number]

/** The closed list of reasons to stop. The first two always hold, whatever a runbook says. */
export const STOP_REASONS = ['trail_not_written', 'in_doubt', 'refused', 'tenant_moved', 'not_proven'] as const
export type StopReason = (typeof STOP_REASONS)[number]

interface StepBase {
  /** Unique in the plan; the runbook step's id, with the grant id appended where one step became several. */
  readonly id: string
  /** Id of the runbook step that this came from. */
  readonly from: string
  /** `type:id`, as in the trail: `grant:cgr_1`, `client:AbC`. */
  readonly target: string
  /** What undoes it, or "none" and why. Shown before the confirmation. */
  readonly undo: string
  readonly title: string
  /** Any one of these is enough; empty when the step needs none. */
  readonly scopes: readonly string[]
}

export type PlanStep = StepBase &
  (
    | {readonly action: 'tenant_log.save'; readonly args: {readonly client_id: string; readonly entries: number}}
    | {readonly action: 'client_grant.delete'; readonly args: {readonly grant_id: string; readonly grant: ClientGrantBody}}
    | {
        readonly action: 'client_grant.restore'
        readonly args: {readonly was: string; readonly grant: ClientGrantBody; readonly organizations: readonly string[]}
      }
    | {readonly action: 'client_secret.rotate'; readonly args: {readonly client_id: string; readonly method: 'rotate' | 'set'}}
    | {readonly action: 'secret.deliver'; readonly args: {readonly client_id: string}}
    | {
        readonly action: 'verify'
        readonly args: {readonly client_id: string; readonly claims: readonly ClaimName[]; readonly audiences: readonly string[]}
      }
    | {readonly action: 'exposure'; readonly args: {readonly client_id: string; readonly audiences: readonly string[]}}
    | {readonly action: 'manual'; readonly args: {readonly question: string; readonly owner: string}}
  )

/** The reviewable plan. Its hash covers every member but `plan_hash`; it holds no instants, log events or fingerprints. */
export interface Plan {
  readonly version: 1
  readonly mode: 'real' | 'sim'
  readonly tenant: string
  readonly leak: LeakKind
  readonly client_id: string
  readonly runbook: {readonly id: string; readonly version: number; readonly sha256: string}
  readonly steps: readonly PlanStep[]
  /** When carrying it out stops before its end: the runbook's own words, which its SHA-256 covers. */
  readonly stop_when: readonly StopReason[]
  /** Seconds. */
  readonly verify_window_seconds: number
}

/**
 * JSON in the canonical form of RFC 8785, for the values a plan is made of: objects, arrays, strings, booleans, null
 * and whole numbers, whose form in RFC 8785 is that of JSON.stringify. Members are sorted by UTF-16 code units.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`
  }
  return JSON.stringify(value)
}

/** `plan_hash`: SHA-256, 64 hex digits, of the canonical form. The same plan has the same hash on any machine and at any time. */
export function planHash(plan: Plan): string {
  return hash('sha256', canonicalJson(plan), 'hex')
}
