import type {LogEntry} from '../../auth0/resources/log-entry.ts'
import {at, compile, never} from './condition.ts'
import type {ConditionContext, Predicate} from './condition.ts'
import type {Detection, Hunt} from './hunt.ts'

export interface Hit {
  readonly hunt: Hunt
  readonly detection: Detection
  /** Entries before this one that made it a hit, where it takes several. */
  readonly earlier: readonly string[]
}

interface Compiled {
  readonly hit: Hit
  readonly where: Predicate
  readonly burst?: Burst
}

const NO_HITS: readonly Hit[] = []
const NONE: readonly Compiled[] = []

/** All hunts compiled for one incident: by event code, so that most entries cost a look into a map. */
export class Detector {
  readonly #byEvent = new Map<string, Compiled[]>()
  readonly #any: Compiled[] = []

  constructor(hunts: readonly Hunt[], context: ConditionContext) {
    for (const hunt of hunts) {
      for (const detection of hunt.detections) {
        const where = detection.where ? compile(detection.where, context) : always
        if (where === never) continue
        const compiled: Compiled = {
          hit: {hunt, detection, earlier: []},
          where,
          ...(detection.at_least ? {burst: new Burst(detection.at_least)} : {}),
        }
        if (detection.events === 'any') this.#any.push(compiled)
        else for (const event of detection.events) this.#byEvent.set(event, [...(this.#byEvent.get(event) ?? []), compiled])
      }
    }
  }

  /** At most one hit a hunt. */
  hits(entry: LogEntry): readonly Hit[] {
    const first = this.#collect(this.#byEvent.get(entry.type) ?? NONE, entry, NO_HITS)
    return this.#collect(this.#any, entry, first)
  }

  #collect(candidates: readonly Compiled[], entry: LogEntry, before: readonly Hit[]): readonly Hit[] {
    let hits = before
    for (const {hit, where, burst} of candidates) {
      if (!where(entry)) continue
      const earlier = burst === undefined ? hit.earlier : burst.add(entry)
      if (earlier === undefined || hits.some(({hunt}) => hunt === hit.hunt)) continue
      const found = burst === undefined ? hit : {...hit, earlier}
      hits = hits.length === 0 ? [found] : [...hits, found]
    }
    return hits
  }
}

const always: Predicate = () => true

/** Values that are counted at a time; the one that came first goes when there are more. */
const MAX_KEYS = 20_000

/** Counts entries by a value within a time, or how many different values of another field they show. */
class Burst {
  readonly #rule: NonNullable<Detection['at_least']>
  readonly #seen = new Map<string, {ms: number; log_id: string; distinct: string}[]>()

  constructor(rule: NonNullable<Detection['at_least']>) {
    this.#rule = rule
  }

  /** The entries that came before, once there are enough. */
  add(entry: LogEntry): readonly string[] | undefined {
    const {count, within_seconds, by, distinct} = this.#rule
    const key = textAt(entry, by)
    if (key === undefined) return undefined
    const ms = Date.parse(entry.date)
    const one = {ms, log_id: entry.log_id, distinct: distinct === undefined ? entry.log_id : (textAt(entry, distinct) ?? '')}
    const recent = (this.#seen.get(key) ?? []).filter(
      (other) => ms - other.ms <= within_seconds * 1000 && other.distinct !== one.distinct,
    )
    // The newest are enough to know that there were so many.
    const kept = [...recent, one].slice(-count)
    this.#seen.delete(key)
    this.#seen.set(key, kept)
    if (this.#seen.size > MAX_KEYS) this.#seen.delete(this.#seen.keys().next().value ?? key)
    return kept.length < count ? undefined : kept.slice(0, -1).map(({log_id}) => log_id)
  }
}

function textAt(entry: LogEntry, field: string): string | undefined {
  const value = at(entry.raw, field.split('.'), 0)
  return typeof value === 'string' && value !== '' ? value : undefined
}
