import type {ClientGrantBody} from '../auth0/resources/client-grant.ts'
import type {LogEntry} from '../auth0/resources/log-entry.ts'
import {parseRfc3339} from '../clock.ts'
import {canonicalJson} from './plan.ts'
import type {SavedGrant} from './actions/restore-client-grant.ts'

/** Somebody made a grant, or changed what it allows, as the tenant log shows it. */
export interface GrantChange {
  readonly what: 'made' | 'changed'
  /** NumericDate. */
  readonly at: number
  /** As the log says: an e-mail address, else a client id. */
  readonly actor: string
  readonly log_id: string
  readonly correlation_id?: string
}

/**
 * Changes of one grant in the log, in the log's order. A creation is told by the id in the recorded answer; where the log
 * does not show one, by the client, the API and the subject type in the recorded request.
 */
export function grantChanges(entries: readonly LogEntry[], id: string, body: ClientGrantBody): GrantChange[] {
  return entries.flatMap((entry) => {
    const at = parseRfc3339(entry.date)
    const what = entry.type === 'sapi' ? changeOf(entry, id, body) : undefined
    if (what === undefined || at === undefined) return []
    const actor = entry.request?.user_email ?? entry.client_id ?? 'unknown'
    const correlation = entry.correlation_id === undefined ? {} : {correlation_id: entry.correlation_id}
    return [{what, at, actor, log_id: entry.log_id, ...correlation}]
  })
}

function changeOf(entry: LogEntry, id: string, body: ClientGrantBody): GrantChange['what'] | undefined {
  const method = (entry.request?.method ?? '').toLowerCase()
  const path = (entry.request?.path ?? '').replace(/\/$/, '')
  if (method === 'patch') return path === `/api/v2/client-grants/${id}` ? 'changed' : undefined
  if (method !== 'post' || path !== '/api/v2/client-grants') return undefined
  const details = member(entry.raw, 'details')
  const made = member(member(member(details, 'response'), 'body'), 'id')
  if (typeof made === 'string') return made === id ? 'made' : undefined
  const asked = member(member(details, 'request'), 'body')
  const same = (name: 'client_id' | 'audience') => member(asked, name) === body[name]
  const subject = member(asked, 'subject_type') ?? 'client'
  return same('client_id') && same('audience') && subject === (body.subject_type ?? 'client') ? 'made' : undefined
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}

/** A grant that was taken and may be the attacker's own work, and how that is known. */
export interface DoubtedGrant {
  readonly grant: SavedGrant
  /** The change in the log; undefined where only two looks of the incident differ. */
  readonly change?: GrantChange
  readonly what: GrantChange['what']
}

export interface GrantHistory {
  /** Bodies by id, as the incident's first look showed them; undefined when no look is on record. */
  readonly first?: ReadonlyMap<string, ClientGrantBody>
  /** NumericDate; undefined when nobody knows when it leaked: then every change in the log counts. */
  readonly leaked_at?: number
  /** Correlation ids of what this machine itself sent. */
  readonly own: ReadonlySet<string>
  /** The tenant log as it is now; what it showed when the grant was taken stands beside the grant. */
  readonly entries: readonly LogEntry[]
}

/** Of the grants taken, those that were made or changed since the leak: they are not given back unasked. */
export function doubtedGrants(taken: readonly SavedGrant[], history: GrantHistory): DoubtedGrant[] {
  const {first, leaked_at: since = -Infinity, own, entries} = history
  return taken.flatMap((grant): DoubtedGrant[] => {
    const changes = [...(grant.changes ?? []), ...grantChanges(entries, grant.id, grant.body)]
    const change = changes.find((one) => one.at >= since && (one.correlation_id === undefined || !own.has(one.correlation_id)))
    if (change) return [{grant, change, what: change.what}]
    if (!first || changes.some((one) => one.correlation_id !== undefined && own.has(one.correlation_id))) return []
    const before = first.get(grant.id)
    if (!before) return [{grant, what: 'made'}]
    return canonicalJson(before) === canonicalJson(grant.body) ? [] : [{grant, what: 'changed'}]
  })
}
