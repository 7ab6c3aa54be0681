import {PROPAGATION_SECONDS} from './exposure-facts.ts'

/*
 * Our record dates a change by the Date header of its answer: whole seconds, rounded down, at the end of the request. The
 * tenant's log has milliseconds, and Auth0 takes up to 30 s until a change is seen everywhere; it documents that for
 * secrets, and names no figure for grants, for which the same is assumed. So around each change there is a time in which
 * an entry may belong to the state before or after it, and nothing is concluded from which side it falls on.
 */

/** The longest that a request of ours takes, seconds: its answer may be dated this long after what it did. */
const REQUEST_SECONDS = 30

/** NumericDate: nothing that came before this saw the change. @param change NumericDate of its answer */
export function earliestEffect(change: number): number {
  return change - REQUEST_SECONDS
}

/**
 * May an entry of this second still have met the state before the change? Both are rounded down, which keeps their distance
 * within the 30 s: an entry 30.999 s after the answer's second may be one that came 30 s after the change.
 *
 * @param at NumericDate, whole seconds
 */
export function mayPrecede(at: number, change: number): boolean {
  // An entry without a readable date (NaN) may have.
  return !(at > change + PROPAGATION_SECONDS)
}

/** Is this within the time in which either state may have been met? */
export function isAround(at: number, change: number): boolean {
  return at >= earliestEffect(change) && mayPrecede(at, change)
}

/**
 * Did work that ended at `computed` prove containment anew after an alarm? A proof takes longer than the propagation: an
 * alarm that is nearer to its end came in the middle of it.
 */
export function answersAlarm(computed: number | undefined, alarm_at: number): boolean {
  return computed !== undefined && computed - PROPAGATION_SECONDS > alarm_at
}
