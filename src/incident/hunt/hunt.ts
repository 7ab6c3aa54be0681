import type {Condition} from './condition.ts'

/** A question to the tenant's log, as data. */
export interface Hunt {
  /** `H1` to `H31`. */
  readonly id: string
  readonly title: string
  readonly question: string
  /** What a hit means, and what it does not. */
  readonly meaning: string
  /**
   * `trace`: a use that leaves nothing behind; alone it never makes anybody hostile. `act`: something that lasts, opens a
   * door, or reads secrets. `note`: worth knowing whoever did it.
   */
  readonly weight: 'trace' | 'act' | 'note'
  readonly detections: readonly Detection[]
  /** By what hits are counted together; default the actor and the object. */
  readonly group?: 'actor' | 'client' | 'user'
  /** Where this comes from, in words. */
  readonly source: string
  readonly examples: {readonly hit: Example; readonly near_miss: Example}
}

export interface Detection {
  /** Event codes; `any` for all. */
  readonly events: readonly string[] | 'any'
  readonly where?: Condition
  /** Only a hit once so many were seen within a time, by one value of a field. */
  readonly at_least?: {readonly count: number; readonly within_seconds: number; readonly by: string; readonly distinct?: string}
  /** Only a hit where the number in `counter` is below one that the same value of `by` has shown before. */
  readonly behind?: {readonly by: string; readonly counter: string}
  readonly leaves?: Leaves
}

/** What an act leaves behind, and how it is taken away again. */
export interface Leaves {
  readonly kind: string
  /** Fields that may hold the id of the object, the first that does counts; else the id in the path. */
  readonly id?: readonly string[]
  /** Where the id stands in the path: a pattern with one group. */
  readonly in_path?: string
  /** With `{id}` for the object: a command of stanch, or a sentence for the Dashboard. */
  readonly remove: string
  /** The path of the object, with `{id}`: a later DELETE of it, or a POST to it where `renewed` says so, closes the item. */
  readonly path?: string
  readonly renewed?: string
}

/** Entries as the tenant's API gives them, with what the example needs said about it. */
export interface Example {
  readonly what: string
  readonly entries: readonly Readonly<Record<string, unknown>>[]
}
