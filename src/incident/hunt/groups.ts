import type {LogEntry} from '../../auth0/resources/log-entry.ts'
import type {Actor} from './actors.ts'
import {at} from './condition.ts'
import type {Hit} from './detector.ts'
import type {Hunt} from './hunt.ts'
import {decoded, leftBy, namedClient} from './leavings.ts'

/** Hits of one kind by one actor on one thing: what becomes a finding. */
export interface Group {
  readonly hunt: Hunt
  /** Absent where a hunt counts by client or user. */
  readonly actor?: Actor
  readonly client_id: string
  readonly user?: string
  readonly ip?: string
  /** By our own correlation or token id. */
  readonly ours: boolean
  readonly text: string
  /** A request that changed something. */
  readonly changes: boolean
  readonly object?: {readonly kind: string; readonly id: string}
  readonly remove?: string
  /** Path of the first request. */
  readonly path?: string
  /** The client that the request is about. */
  readonly about_client?: string
  readonly jti?: string
  first_at: string
  last_at: string
  count: number
  readonly log_ids: string[]
  /** When what was left behind was taken away or replaced, and by whom; null is us. */
  closed: {readonly at: string; readonly by: Actor | null} | undefined
}

export interface HitContext {
  readonly actor: Actor | undefined
  readonly ours: boolean
  readonly date: string
  /** `textOf` the entry. */
  readonly text: string
}

/** More kinds of hits are only counted. */
const MAX_GROUPS = 20_000
const MAX_IDS_OF_GROUP = 1000
const MAX_IDS = 200_000

/** The hits of a pass, counted together; bounded, whatever the log holds. */
export class Groups {
  readonly all: Group[] = []
  /** Hits beyond the bound. */
  crowded = 0
  readonly #byKey = new Map<string, Group>()
  /** Method and path of the requests that close an item. */
  readonly #closers = new Map<string, Group[]>()
  #ids = 0

  add(hit: Hit, entry: LogEntry, context: HitContext): void {
    const {hunt, detection} = hit
    const {actor, date, ours, text} = context
    const left = ours ? undefined : leftBy(detection.leaves, entry)
    const by = hunt.group ?? 'actor'
    const user = by === 'user' ? (entry.user_id ?? '') : undefined
    const who = by === 'actor' && actor ? `#${actor.index}` : `${entry.client_id}|${user ?? (by === 'client' ? '' : entry.ip)}`
    const key = `${hunt.id}|${ours}|${who}|${left ? `${left.kind}:${left.id}` : text}`
    let group = this.#byKey.get(key)
    if (!group) {
      if (this.all.length >= MAX_GROUPS) {
        this.crowded++
        return
      }
      const about = namedClient(entry)
      group = {
        hunt,
        ...(actor && by === 'actor' ? {actor} : {}),
        client_id: entry.client_id ?? '',
        ...(user === undefined ? {} : {user}),
        ...(entry.ip === undefined ? {} : {ip: entry.ip}),
        ours,
        text,
        changes: entry.type === 'sapi',
        ...(left ? {object: {kind: left.kind, id: left.id}, remove: left.remove} : {}),
        ...(entry.request?.path === undefined ? {} : {path: entry.request.path}),
        ...(about === undefined ? {} : {about_client: about}),
        ...(entry.request?.jti === undefined ? {} : {jti: entry.request.jti}),
        first_at: date,
        last_at: date,
        count: 0,
        log_ids: [],
        closed: undefined,
      }
      this.#byKey.set(key, group)
      this.all.push(group)
      for (const closer of left?.closers ?? []) this.#closers.set(closer, [...(this.#closers.get(closer) ?? []), group])
    }
    this.#count(group, hit, entry, date)
  }

  #count(group: Group, {earlier}: Hit, {log_id}: LogEntry, date: string): void {
    group.count++
    if (date < group.first_at) group.first_at = date
    if (date > group.last_at) group.last_at = date
    // Done again after it was undone, or by the same request: open again.
    if (group.closed && group.closed.at <= date) group.closed = undefined
    for (const id of earlier) if (!group.log_ids.includes(id)) this.#keep(group, id)
    this.#keep(group, log_id)
  }

  #keep(group: Group, log_id: string): void {
    if (group.log_ids.length >= MAX_IDS_OF_GROUP || this.#ids >= MAX_IDS) return
    group.log_ids.push(log_id)
    this.#ids++
  }

  /**
   * A request that may take away or replace what an earlier one left behind. Called before its own hits are added. Entries
   * come in the order of arrival: one that is late closes nothing that was done since.
   */
  close(entry: LogEntry, by: Actor | null, date: string): void {
    if (this.#closers.size === 0) return
    const closer = closerOf(entry)
    if (closer === undefined) return
    for (const group of this.#closers.get(closer) ?? []) {
      if (date > group.last_at && (group.closed === undefined || date > group.closed.at)) group.closed = {at: date, by}
    }
  }
}

/** What a request may close. A secret that was set closes what a rotation closes. */
function closerOf({request, raw}: LogEntry): string | undefined {
  const {method, path} = request ?? {}
  if (method === undefined || path === undefined) return undefined
  const asked = `${method.toLowerCase()} ${decoded(path)}`
  if (!asked.startsWith(SETTING)) return asked
  return at(raw, ['details', 'request', 'body', 'client_secret'], 0) === undefined ? asked : `post ${decoded(path)}/rotate-secret`
}

const SETTING = 'patch /api/v2/clients/'
