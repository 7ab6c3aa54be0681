import {parseRfc3339, rfc3339} from '../../clock.ts'
import type {Exposure} from '../exposure.ts'
import {answersAlarm} from '../change-window.ts'
import {GRACE_SECONDS} from '../reconcile/facts.ts'

/**
 * `clear`: nothing issued lives any more, and the log was read to that instant and over its delay. `settling`: the
 * instant has passed, entries may be late. `waiting`: contained, tokens live. `open`: containment is not proven.
 * `alarm`: it was, and something undid it.
 */
export type WatchState = 'clear' | 'settling' | 'waiting' | 'open' | 'alarm'

export interface Outlook {
  readonly state: WatchState
  /** RFC 3339, tenant time; absent while containment is not proven. */
  readonly all_clear_at?: string
  /** Seconds until then, 0 when it has passed. */
  readonly left_seconds?: number
  /** The most urgent act, as a command or a sentence. */
  readonly next: string
}

export interface OutlookFacts {
  readonly incident_id: string
  readonly client_id: string
  /** The newest of the record. */
  readonly exposure?: Exposure
  /** NumericDate, tenant time. */
  readonly now: number
  /** Milliseconds: when the log was last read to its end. */
  readonly read_at?: number
  /** NumericDate of the newest alarm, and until when tokens live that were given out since containment. */
  readonly alarm_at?: number
  readonly until?: number
  /** What stands in the tenant now that should not. */
  readonly open: readonly string[]
  /** Sources that asked for tokens with the old credential, and those of them that are consumers. */
  readonly tripped: number
  readonly failing: number
  /** What the record says comes after the all clear. */
  readonly afterwards: readonly string[]
}

/** Where the incident stands and what comes next. Pure; the instants are the record's, never guessed. */
export function outlookOf(facts: OutlookFacts): Outlook {
  const {exposure, now, incident_id: id, client_id: client} = facts
  const proven = exposure !== undefined && exposure.audiences.every((one) => one.contained_at !== undefined)
  const clearAt = proven ? Math.max(parseRfc3339(exposure.all_clear.worst_case_at) ?? Infinity, facts.until ?? 0) : undefined
  const times =
    clearAt === undefined || !Number.isFinite(clearAt)
      ? {}
      : {all_clear_at: rfc3339(clearAt), left_seconds: Math.max(0, clearAt - now)}
  const computed = exposure === undefined ? undefined : parseRfc3339(exposure.computed_at)
  // Work that proved containment anew after the alarm has answered it; what stands in the tenant now is always open.
  const unanswered = facts.alarm_at !== undefined && !answersAlarm(computed, facts.alarm_at)
  if (facts.open.length > 0) {
    return {
      state: 'alarm',
      ...times,
      next: `take it away: stanch grant delete --client ${client} --all --incident ${id} (${facts.open[0]})`,
    }
  }
  if (unanswered) return {state: 'alarm', ...times, next: `contain it again: stanch respond --incident ${id}`}
  if (!proven || clearAt === undefined || !Number.isFinite(clearAt))
    return {state: 'open', next: `prove the containment: stanch resume ${id}`}
  if (now < clearAt) return {state: 'waiting', ...times, next: waiting(facts)}
  const readTo = facts.read_at === undefined ? 0 : facts.read_at / 1000
  if (readTo < clearAt + GRACE_SECONDS) {
    return {state: 'settling', ...times, next: 'nothing to do: entries of the tenant log may still be late'}
  }
  return {state: 'clear', ...times, next: facts.afterwards[0] ?? `stanch incident close ${id}`}
}

function waiting({failing, tripped, incident_id: id}: OutlookFacts): string {
  if (failing > 0)
    return `give the new secret to the consumers that still use the old one (${failing}): stanch secret deliver --incident ${id} --deliver SINK`
  if (tripped > 0) return `look into who used the old secret (they are refused): stanch hunt --incident ${id}`
  return 'nothing to do: wait for the all clear'
}
