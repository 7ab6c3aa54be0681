import type {LogEntry} from '../../auth0/resources/log-entry.ts'
import {memberOf, reader} from './condition.ts'
import type {Condition, Sets} from './condition.ts'

/** A value of a set that a condition wants in a field. */
interface Wanted {
  readonly field: string
  readonly values: ReadonlySet<unknown>
}

/**
 * A quick look before conditions that are asked of every entry: most entries hold none of the values that any of them
 * wants. It lets through what may be a hit, and nothing that is one is kept out.
 */
export class Gate {
  readonly #looks: {readonly read: (entry: LogEntry) => unknown; readonly isWanted: (value: unknown) => boolean}[] = []
  #open = false

  /** From now on entries get through that this condition may hold for. */
  admit(condition: Condition | undefined, sets: Sets): void {
    const wanted = condition && wantedBy(condition, sets)
    if (!wanted) this.#open = true
    for (const {field, values} of wanted ?? []) this.#looks.push({read: reader(field), isWanted: memberOf(values)})
  }

  letsThrough(entry: LogEntry): boolean {
    if (this.#open) return true
    for (const {read, isWanted} of this.#looks) {
      const value = read(entry)
      // A list is for the condition to look into.
      if (value !== undefined && (isWanted(value) || typeof value === 'object')) return true
    }
    return false
  }
}

/** The values of which one must stand in its field for the condition to hold; undefined where it does not say. */
function wantedBy(condition: Condition, sets: Sets): readonly Wanted[] | undefined {
  if ('all' in condition) {
    for (const part of condition.all) {
      const wanted = wantedBy(part, sets)
      if (wanted) return wanted
    }
    return undefined
  }
  if ('any' in condition) {
    const parts = condition.any.map((part) => wantedBy(part, sets))
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined
  }
  if ('is' in condition) return [{field: condition.field, values: new Set<unknown>(condition.is)}]
  if (!('among' in condition)) return undefined
  const values = sets[condition.among]
  return values === undefined || values.size === 0 ? [] : [{field: condition.field, values}]
}
