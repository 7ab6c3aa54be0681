import type {LogEntry} from '../../auth0/resources/log-entry.ts'
import {compile, never, reader} from './condition.ts'
import type {Condition, ConditionContext, Predicate} from './condition.ts'
import {Gate} from './gate.ts'
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
  /** Where one entry alone is no hit. */
  readonly memory?: Remembering
}

/** The detections of one event: those that ask for a path by its first segment, and the rest. */
interface Bucket {
  readonly bySegment: Map<string, Compiled[]>
  readonly rest: Compiled[]
}

const API = '/api/v2/'

function segmentOf(path: string | undefined): string {
  if (path === undefined || !path.startsWith(API)) return ''
  const end = path.indexOf('/', API.length)
  return end < 0 ? path.slice(API.length) : path.slice(API.length, end)
}

/** The first segments of which a condition needs one; undefined where it does not say. */
export function segmentsOf(condition: Condition): ReadonlySet<string> | undefined {
  if ('all' in condition) {
    for (const part of condition.all) {
      const found = segmentsOf(part)
      if (found) return found
    }
    return undefined
  }
  if ('any' in condition) {
    const parts = condition.any.map(segmentsOf)
    return parts.every((part) => part !== undefined) ? new Set(parts.flatMap((part) => [...part])) : undefined
  }
  if (!('matches' in condition) || condition.field !== 'details.request.path') return undefined
  const rest = condition.matches.startsWith(`^${API}`) ? condition.matches.slice(API.length + 1) : ''
  const group = /^\(([^()]*)\)/.exec(rest)?.[1]
  const segments = (group ?? rest).split(group === undefined ? '\n' : '|').map((one) => WHOLE_SEGMENT.exec(one)?.[1])
  return segments.every((one) => one !== undefined) ? new Set(segments) : undefined
}

/** A segment that the pattern ends: by a slash, by its own end, or by a group that begins with a slash. */
const WHOLE_SEGMENT = /^([a-z-]+)(?:\/|\$|$|\(\/)/

const NO_HITS: readonly Hit[] = []

/** All hunts compiled for one incident: by event code, so that most entries cost a look into a map. */
export class Detector {
  readonly #byEvent = new Map<string, Bucket>()
  readonly #any: Compiled[] = []
  readonly #gate = new Gate()

  constructor(hunts: readonly Hunt[], context: ConditionContext) {
    for (const hunt of hunts) {
      for (const detection of hunt.detections) {
        const where = detection.where ? compile(detection.where, context) : always
        if (where === never) continue
        const compiled: Compiled = {
          hit: {hunt, detection, earlier: []},
          where,
          ...(detection.at_least ? {memory: new Burst(detection.at_least)} : {}),
          ...(detection.behind ? {memory: new Behind(detection.behind)} : {}),
        }
        if (detection.events === 'any') {
          this.#any.push(compiled)
          this.#gate.admit(detection.where, context.sets)
        } else for (const event of detection.events) this.#file(event, detection, compiled)
      }
    }
  }

  /** At most one hit a hunt. */
  hits(entry: LogEntry): readonly Hit[] {
    const bucket = this.#byEvent.get(entry.type)
    let hits = NO_HITS
    if (bucket) {
      const {request} = entry
      const sharp = request === undefined ? undefined : bucket.bySegment.get(segmentOf(request.path))
      if (sharp) hits = this.#collect(sharp, entry, hits)
      hits = this.#collect(bucket.rest, entry, hits)
    }
    return this.#gate.letsThrough(entry) ? this.#collect(this.#any, entry, hits) : hits
  }

  #file(event: string, {where}: Detection, compiled: Compiled): void {
    let bucket = this.#byEvent.get(event)
    if (!bucket) this.#byEvent.set(event, (bucket = {bySegment: new Map(), rest: []}))
    const segments = where && segmentsOf(where)
    if (!segments) bucket.rest.push(compiled)
    for (const segment of segments ?? []) {
      const there = bucket.bySegment.get(segment)
      if (there) there.push(compiled)
      else bucket.bySegment.set(segment, [compiled])
    }
  }

  #collect(candidates: readonly Compiled[], entry: LogEntry, before: readonly Hit[]): readonly Hit[] {
    let hits = before
    for (const {hit, where, memory} of candidates) {
      if (!where(entry)) continue
      const earlier = memory === undefined ? hit.earlier : memory.add(entry)
      if (earlier === undefined || hits.some(({hunt}) => hunt === hit.hunt)) continue
      const found = memory === undefined ? hit : {...hit, earlier}
      hits = hits.length === 0 ? [found] : [...hits, found]
    }
    return hits
  }
}

const always: Predicate = () => true

/** Values that are counted at a time; the one that came first goes when there are more. */
const MAX_KEYS = 20_000

interface Remembering {
  /** The entries before this one that make it a hit; undefined where it is none. */
  add(entry: LogEntry): readonly string[] | undefined
}

/** Counts entries by a value within a time, or how many different values of another field they show. */
class Burst implements Remembering {
  readonly #rule: NonNullable<Detection['at_least']>
  readonly #by: (entry: LogEntry) => string | undefined
  readonly #distinct: (entry: LogEntry) => string | undefined
  readonly #seen = new Map<string, {ms: number; log_id: string; distinct: string}[]>()

  constructor(rule: NonNullable<Detection['at_least']>) {
    this.#rule = rule
    this.#by = textReader(rule.by)
    this.#distinct = rule.distinct === undefined ? ({log_id}) => log_id : textReader(rule.distinct)
  }

  add(entry: LogEntry): readonly string[] | undefined {
    const {count, within_seconds} = this.#rule
    const key = this.#by(entry)
    if (key === undefined) return undefined
    const ms = Date.parse(entry.date)
    const one = {ms, log_id: entry.log_id, distinct: this.#distinct(entry) ?? ''}
    const recent = (this.#seen.get(key) ?? []).filter(
      (other) => ms - other.ms <= within_seconds * 1000 && other.distinct !== one.distinct,
    )
    // The newest are enough to know that there were so many.
    const kept = [...recent, one].slice(-count)
    keep(this.#seen, key, kept)
    return kept.length < count ? undefined : kept.slice(0, -1).map(({log_id}) => log_id)
  }
}

/** Remembers the highest number that each value has shown: one below it, dated after it, is the copy of an older state. */
class Behind implements Remembering {
  readonly #by: (entry: LogEntry) => string | undefined
  readonly #counter: (entry: LogEntry) => unknown
  readonly #highest = new Map<string, {ms: number; log_id: string; count: number}>()

  constructor(rule: NonNullable<Detection['behind']>) {
    this.#by = textReader(rule.by)
    this.#counter = reader(rule.counter)
  }

  add(entry: LogEntry): readonly string[] | undefined {
    const key = this.#by(entry)
    if (key === undefined) return undefined
    const count = this.#counter(entry)
    if (typeof count !== 'number') return undefined
    const ms = Date.parse(entry.date)
    const highest = this.#highest.get(key)
    if (highest && count < highest.count) return ms > highest.ms ? [highest.log_id] : undefined
    if (!highest || count > highest.count) keep(this.#highest, key, {ms, log_id: entry.log_id, count})
    return undefined
  }
}

/** Sets a value, as the newest of a bounded number. */
function keep<T>(kept: Map<string, T>, key: string, value: T): void {
  kept.delete(key)
  kept.set(key, value)
  if (kept.size > MAX_KEYS) kept.delete(kept.keys().next().value ?? key)
}

function textReader(field: string): (entry: LogEntry) => string | undefined {
  const read = reader(field)
  return (entry) => {
    const value = read(entry)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
}
