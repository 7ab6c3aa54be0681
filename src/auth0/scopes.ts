import {SCOPES} from './scopes-data.ts'

export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const

export type Severity = (typeof SEVERITIES)[number]

export type Risk =
  | 'reveals_secrets'
  | 'persistence'
  | 'user_takeover'
  | 'destroys'
  | 'hides_tracks'
  | 'reads_data'
  | 'escalates'
  | 'weakens_defences'
  | 'tampers'
  | 'self_only'

export interface ScopeRisk {
  readonly severity: Severity
  readonly risk: readonly Risk[]
  /** One line for a responder: what a thief does with it. */
  readonly means: string
}

/** What a scope of the Management API lets its holder do. Unknown scopes are judged by their verb, never as harmless. */
export function scopeRisk(scope: string): ScopeRisk {
  const known = Object.hasOwn(SCOPES, scope) ? SCOPES[scope] : undefined
  if (known) return {severity: known[0], risk: known[1], means: known[2]}
  if (scope.startsWith('read:')) return {severity: 'medium', risk: ['reads_data'], means: 'unknown scope'}
  if (scope.startsWith('delete:')) return {severity: 'high', risk: ['destroys'], means: 'unknown scope'}
  return {severity: 'high', risk: ['tampers'], means: 'unknown scope'}
}

/** Scopes by consequence, the worst first; equals by name. */
export function rankScopes(scopes: Iterable<string>): ({readonly scope: string} & ScopeRisk)[] {
  return [...new Set(scopes)]
    .map((scope) => ({scope, ...scopeRisk(scope)}))
    .toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || (a.scope < b.scope ? -1 : 1))
}
