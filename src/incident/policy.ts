import {makesTokens, type LeakKind} from './leak.ts'
import type {PlanStep} from './plan.ts'
import {pathGroups, pathSentences, type PathGroup} from './path-sentences.ts'
import type {TenantSnapshot} from './tenant-snapshot.ts'
import {reachable, tokenPaths} from './token-paths.ts'

/** What a plan is computed from. */
export interface PlanFacts {
  readonly snapshot: TenantSnapshot
  /** Present when a token leaked and is at hand. */
  readonly leaked_token?: LeakedToken
}

export interface LeakedToken {
  /** Its `aud`; the tenant's own keys vouched for the token. */
  readonly audiences: readonly string[]
  readonly scopes: readonly string[]
  /** NumericDate. */
  readonly expires_at?: number
  readonly jti?: string
}

/** What the responder chose, by answers or flags. */
export interface PlanChoices {
  /** `--keep-grants`: rotate only. */
  readonly keep_grants: boolean
  /** False with `--no-rotate`. */
  readonly rotate: boolean
  readonly include_user_grants: boolean
  readonly method: 'rotate' | 'set'
  /** Seconds. */
  readonly verify_window_seconds: number
  /** Single-purpose commands narrow the deletion to these grants. */
  readonly only_grants?: readonly string[]
}

export const DEFAULT_CHOICES: PlanChoices = {
  keep_grants: false,
  rotate: true,
  include_user_grants: false,
  method: 'rotate',
  verify_window_seconds: 40,
}

/** The closed list of conditions a runbook step may name in `when`. */
export const PREDICATES = ['always', 'grants_off', 'rotate_wanted', 'user_grants_wanted', 'token_could_read_secrets'] as const
export type PredicateName = (typeof PREDICATES)[number]

/** Scopes that let the holder of a token read a client's new secret or re-open access (design promise 11). */
export const REOPENING_SCOPES = [
  'read:client_keys',
  'read:client_credentials',
  'update:client_keys',
  'create:client_grants',
  'update:client_grants',
] as const

const SECRET_SCOPES = ['read:client_keys', 'read:client_credentials', 'update:client_keys', 'create:clients', 'update:clients']

/** Is the condition true for these facts and choices? */
export function holds(predicate: PredicateName, facts: PlanFacts, choices: PlanChoices): boolean {
  switch (predicate) {
    case 'always':
      return true
    case 'grants_off':
      return !choices.keep_grants
    case 'rotate_wanted':
      return choices.rotate
    case 'user_grants_wanted':
      return choices.include_user_grants
    case 'token_could_read_secrets':
      return choices.rotate && tokenCouldReadSecrets(facts)
  }
}

/** Could a token of this leak have read a client secret? Judged by its own scopes, else by the client's grant on the Management API. */
export function tokenCouldReadSecrets(facts: PlanFacts): boolean {
  const scopes = facts.leaked_token?.scopes
  if (scopes && scopes.length > 0) return scopes.some((scope) => SECRET_SCOPES.includes(scope))
  const {snapshot} = facts
  return snapshot.grants.some(
    (grant) =>
      grant.audience === snapshot.management_audience &&
      (grant.allow_all_scopes === true || (grant.scope ?? []).some((scope) => SECRET_SCOPES.includes(scope))),
  )
}

/** The scopes of promise 11 that the client held on the Management API; empty when an issued token cannot undo containment. */
export function reopeningScopes(
  snapshot: Pick<TenantSnapshot, 'grants' | 'default_grants' | 'management_audience'>,
  token?: LeakedToken,
): string[] {
  // A token that leaked alone and could not get at the secret is the only one that anybody else holds.
  if (token && token.scopes.length > 0 && !token.scopes.some((scope) => SECRET_SCOPES.includes(scope))) {
    return REOPENING_SCOPES.filter((scope) => token.scopes.includes(scope))
  }
  const held = new Set<string>(token?.scopes ?? [])
  for (const grant of [...snapshot.grants, ...snapshot.default_grants]) {
    if (grant.audience !== snapshot.management_audience) continue
    if (grant.allow_all_scopes) return [...REOPENING_SCOPES]
    for (const scope of grant.scope ?? []) held.add(scope)
  }
  return REOPENING_SCOPES.filter((scope) => held.has(scope))
}

/** Steps that change the tenant. */
export function isChange(step: PlanStep): boolean {
  return step.action === 'client_grant.delete' || step.action === 'client_secret.rotate' || step.action === 'client_grant.restore'
}

/** Which of the responder's scopes a step lacks; undefined when it lacks none. */
export function missingScopes(step: PlanStep, held: readonly string[]): readonly string[] | undefined {
  if (step.scopes.length === 0 || step.scopes.some((scope) => held.includes(scope))) return undefined
  return step.scopes
}

/**
 * Paths to a new token that stay open after the plan, in plain words. Empty means: nothing reachable with what leaked,
 * given the client's grant types.
 */
export function openPaths(facts: PlanFacts, steps: readonly PlanStep[]): string[] {
  return pathSentences(reachable(tokenPaths(facts.snapshot, {steps})))
}

/**
 * Does what leaked lead to tokens through the client? Whoever holds nothing but a token gets no other one by the client's
 * grants, unless that token could read the secret.
 */
export function leadsThroughClient(leak: LeakKind, facts: PlanFacts): boolean {
  return !makesTokens(leak) && (leak !== 'management-token' || tokenCouldReadSecrets(facts))
}

/** The open paths that matter for this leak. */
export function openToLeak(leak: LeakKind, facts: PlanFacts, steps: readonly PlanStep[]): PathGroup[] {
  return leadsThroughClient(leak, facts) ? pathGroups(reachable(tokenPaths(facts.snapshot, {steps}))) : []
}
