import {parseRfc3339} from '../clock.ts'
import type {LogEntry} from '../auth0/resources/log-entry.ts'
import type {TenantSnapshot} from './tenant-snapshot.ts'

/** A change of the suspect client that the tenant's log shows and this run did not make. */
export interface EarlierChange {
  readonly what: 'secret_rotated' | 'grant_deleted'
  readonly log_id: string
  /** NumericDate. */
  readonly at: number
  /** Who did it, as the log says: an e-mail address, else a client id. */
  readonly actor: string
}

/** Without a known time of the leak, only what happened this recently (seconds) counts as somebody else's response to it. */
const RECENT_SECONDS = 15 * 60

/** From when on (NumericDate) a change counts as a response to this leak. */
export function respondedSince(snapshot: TenantSnapshot, leakedAt: number | undefined): number {
  const now = snapshot.server_time ?? Math.floor(Date.parse(snapshot.taken_at) / 1000)
  return leakedAt ?? now - RECENT_SECONDS
}

/**
 * Rotations of the client's secret and deletions of client grants since the leak, newest first. The log names a deleted
 * grant only by its id, so whose it was cannot be told once it is gone.
 */
export function earlierChanges(
  snapshot: TenantSnapshot,
  leakedAt: number | undefined,
  ownCorrelationIds: ReadonlySet<string>,
): EarlierChange[] {
  const since = respondedSince(snapshot, leakedAt)
  const found: EarlierChange[] = []
  for (const entry of snapshot.setting_changes ?? []) {
    if (entry.type !== 'sapi') continue
    if (entry.correlation_id !== undefined && ownCorrelationIds.has(entry.correlation_id)) continue
    const at = parseRfc3339(entry.date)
    if (at === undefined || at < since) continue
    const what = kindOf(entry, snapshot.client.client_id)
    if (what) found.push({what, log_id: entry.log_id, at, actor: entry.request?.user_email ?? entry.client_id ?? 'unknown'})
  }
  return found.sort((a, b) => b.at - a.at)
}

function kindOf(entry: LogEntry, clientId: string): EarlierChange['what'] | undefined {
  const path = entry.request?.path ?? ''
  const method = (entry.request?.method ?? '').toLowerCase()
  if (method === 'post' && path === `/api/v2/clients/${clientId}/rotate-secret`) return 'secret_rotated'
  if (method === 'delete' && path.startsWith('/api/v2/client-grants/')) return 'grant_deleted'
  return undefined
}
