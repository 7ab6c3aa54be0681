import type {EvidenceGap} from '../tenant-snapshot.ts'
import type {WatchEvent, WatchVerdict} from './event.ts'
import type {SourceTally} from './source-tally.ts'
import type {Outlook} from './outlook.ts'

/** An event with the record that it stands in. */
export interface RecordedEvent extends WatchEvent {
  /** Index of its record in the trail. */
  readonly seq: number
}

/** What a watch shows between its events. Instants are RFC 3339 UTC, tenant time. */
export interface WatchView extends Outlook {
  readonly incident_id: string
  readonly client_id: string
  readonly at: string
  /** Until when the log was read; absent before the first time. */
  readonly read_until?: string
  readonly entries: number
  /** Things reported so far, of all sessions. */
  readonly counts: Readonly<Partial<Record<WatchVerdict, number>>>
  /** Who asked for tokens since containment. */
  readonly sources: readonly Readonly<SourceTally>[]
  readonly not_seen: readonly EvidenceGap[]
  /** Since when the tenant does not answer, and why. */
  readonly blind?: {readonly since: string; readonly why: string}
}
