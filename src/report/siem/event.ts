import type {StoredRecord} from '../../trail/format/record.ts'

/** One record of a trail on its way to another system. */
export interface TrailEvent {
  /** Name of the log. */
  readonly origin: string
  readonly record: StoredRecord
  /** The record's bytes as text, without LF. */
  readonly line: string
  /** Hex leaf hash of the line. With origin and seq it makes the copy an anchor: it fixes this record and all before it. */
  readonly leaf: string
  readonly mode: 'real' | 'sim'
  readonly around: Surroundings
}

/** What earlier records of the same log say about this one. */
export interface Surroundings {
  /** The `session.open` of its session. */
  readonly session?: StoredRecord
  /** The newest `auth` of its session: what the tenant proves about who acts, beside `actor`, which is claimed. */
  readonly auth?: StoredRecord
  /** For an outcome or a settle: its intent. */
  readonly intent?: StoredRecord
  /** For a record of an incident: its `incident.open`. */
  readonly opening?: StoredRecord
}

/** Sessions, open incidents and unanswered intents that are remembered at once; beyond it the oldest is forgotten. */
const MOST_REMEMBERED = 4096

/** Remembers, while a log is read once from its beginning, what its later records refer to. Flat memory. */
export class Remembered {
  readonly #sessions = new Map<string, {open?: StoredRecord; auth?: StoredRecord}>()
  readonly #intents = new Map<number, StoredRecord>()
  readonly #openings = new Map<string, StoredRecord>()

  /** The surroundings of the next record, which is remembered in its turn. */
  take(record: StoredRecord): Surroundings {
    const {kind} = record
    const sid = textOf(record, 'sid')
    const inc = textOf(record, 'inc')
    const session = sid === '' ? {} : (this.#sessions.get(sid) ?? {})
    if (kind === 'session.open') remember(this.#sessions, sid, {open: record})
    if (kind === 'auth') remember(this.#sessions, sid, {...session, auth: record})
    if (kind === 'incident.open') remember(this.#openings, inc, record)
    if (kind === 'intent') remember(this.#intents, record.seq, record)
    const answers = kind === 'outcome' || kind === 'settle' ? numberOf(record, 'intent') : undefined
    const intent = answers === undefined ? undefined : this.#intents.get(answers)
    const opening = kind === 'incident.open' ? undefined : this.#openings.get(inc)
    if (kind === 'settle' || (kind === 'outcome' && record['result'] !== 'unknown')) this.#intents.delete(answers ?? -1)
    if (kind === 'session.close') this.#sessions.delete(sid)
    if (kind === 'incident.close') this.#openings.delete(inc)
    return {
      ...(session.open ? {session: session.open} : {}),
      ...(session.auth ? {auth: session.auth} : {}),
      ...(intent ? {intent} : {}),
      ...(opening ? {opening} : {}),
    }
  }
}

function remember<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= MOST_REMEMBERED) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}

type Members = Readonly<Record<string, unknown>>

/** A text member; empty when it is none. */
export function textOf(members: Members, name: string): string {
  const value = members[name]
  return typeof value === 'string' ? value : ''
}

/** An integer member. */
export function numberOf(members: Members, name: string): number | undefined {
  const value = members[name]
  return Number.isSafeInteger(value) ? (value as number) : undefined
}

/** A member that is an object; empty when it is none. */
export function partOf(members: Members, name: string): Members {
  const value = members[name]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {}
}

/** Milliseconds since 1970 of the record's own time. */
export function instantOf(record: StoredRecord): number {
  return Date.parse(record.time)
}

/** `origin#seq`: names the record among all logs. */
export function eventId(event: TrailEvent): string {
  return `${event.origin}#${event.record.seq}`
}

/** What was done: the record's own action, or that of the intent which it answers. Empty for kinds that do nothing. */
export function actionOf(event: TrailEvent): string {
  return textOf(event.record, 'action') || (event.around.intent ? textOf(event.around.intent, 'action') : '')
}

/** Target of the act; a settle may leave it to its intent. */
export function targetOf(event: TrailEvent): string {
  return textOf(event.record, 'target') || (event.around.intent ? textOf(event.around.intent, 'target') : '')
}

/** The tenant's domain, where the record, its intent or its incident names one. */
export function tenantOf(event: TrailEvent): string {
  const {intent, opening} = event.around
  return textOf(event.record, 'tenant') || (intent ? textOf(intent, 'tenant') : '') || (opening ? textOf(opening, 'tenant') : '')
}

/** `ok`, `refused`, `failed`, `unknown`, `not_done`; `intended` for an intent; empty for all else. */
export function resultOf(event: TrailEvent): string {
  const {kind} = event.record
  if (kind === 'intent') return 'intended'
  return kind === 'outcome' || kind === 'settle' || kind === 'deliver' ? textOf(event.record, 'result') : ''
}

/** One sentence of our own words: no text that somebody else chose is in it. */
export function messageOf(event: TrailEvent): string {
  const {record} = event
  const action = actionOf(event)
  const act = /^[a-z][a-z0-9_.-]{0,63}$/.test(action) ? ` ${action}` : ''
  const result = resultOf(event)
  return `${event.mode === 'sim' ? '[SIMULATED] ' : ''}stanch ${record.kind}${act}${result === '' ? '' : `: ${result}`}`
}

/** How bad it is that this happened, in a scale that every format maps: most records are mere facts. */
export function weightOf(event: TrailEvent): 'info' | 'low' | 'medium' | 'high' {
  const {kind} = event.record
  switch (resultOf(event)) {
    case 'unknown':
      return 'high'
    case 'failed':
    case 'refused':
    case 'not_done':
      return 'medium'
  }
  if (kind === 'observe' && event.record['verdict'] === 'failed') return 'high'
  return kind === 'gap' || kind === 'log.recovered' ? 'low' : 'info'
}

/** What goes into an event: scalars, lists and objects, with members that may turn out to say nothing. */
export type EventJson = string | number | boolean | undefined | readonly EventJson[] | EventMembers
export interface EventMembers {
  readonly [member: string]: EventJson
}

/** Without members that say nothing: undefined, empty text, empty lists and objects that would be empty. */
export function filled(value: EventMembers): EventMembers {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]): [string, EventJson][] => {
      if (typeof member !== 'object') return member === undefined || member === '' ? [] : [[name, member]]
      if (Array.isArray(member)) return member.length === 0 ? [] : [[name, member]]
      const inner = filled(member as EventMembers)
      return Object.keys(inner).length === 0 ? [] : [[name, inner]]
    }),
  )
}
