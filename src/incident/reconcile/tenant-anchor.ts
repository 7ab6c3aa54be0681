import type {LogEntry} from '../../auth0/resources/log-entry.ts'
import type {Reconciliation, ReconcileFacts} from './facts.ts'

/** An intent that stands in the tenant's own log under its correlation id. */
export interface TenantAnchor {
  /** of the intent */
  readonly seq: number
  readonly correlation_id: string
  readonly entry: LogEntry
}

/**
 * The newest intent whose correlation id, the hash of its record, is in exactly one entry of the tenant's log that the
 * comparison found in order. It fixes that record, and through its `prev` every one before it, at the time of the entry.
 */
export function tenantAnchor({recorded, entries}: ReconcileFacts, {findings}: Reconciliation): TenantAnchor | undefined {
  const byId = new Map<string, LogEntry | 'reused'>()
  for (const entry of entries) {
    const id = entry.correlation_id
    if (id !== undefined) byId.set(id, byId.has(id) ? 'reused' : entry)
  }
  const doubted = new Set(findings.flatMap(({code, seq}) => (code === 'SETTLE_OK' || seq === undefined ? [] : [seq])))
  for (const {seq, correlation_id} of recorded.intents.toReversed()) {
    const entry = byId.get(correlation_id)
    if (entry !== undefined && entry !== 'reused' && !doubted.has(seq)) return {seq, correlation_id, entry}
  }
  return undefined
}
