import {rfc3339Millis} from '../clock.ts'
import type {IncidentState} from '../incident/replay.ts'
import type {WatchEvent} from '../incident/watch/event.ts'
import {WatchMemory} from '../incident/watch/memory.ts'
import type {SavedWatch} from '../incident/watch/memory.ts'
import type {RecordedEvent} from '../incident/watch/view.ts'
import type {IncidentTrail} from './incident-trail.ts'

/** Records of where the reading stands. */
const CHECKPOINT = 'watch.checkpoint'

/** A watch in the incident's trail: what it saw, and where its reading stands, written together and found again. */
export class WatchJournal {
  readonly #journal: IncidentTrail
  /** The checkpoint that this watch goes on from, by the SHA-256 of its evidence, and the newest record that it knows. */
  #checkpoint: string | undefined
  #seq = -1

  constructor(journal: IncidentTrail) {
    this.#journal = journal
    for (const record of journal.trail.records({inc: journal.incident})) this.#seq = record.seq
  }

  /** What the newest checkpoint remembers. */
  memory(state: IncidentState): WatchMemory {
    this.#checkpoint = state.evidence[CHECKPOINT]
    return new WatchMemory(this.#evidence<SavedWatch>(this.#checkpoint))
  }

  /** True when another watch of this incident has written a checkpoint since. */
  isBehind(state: IncidentState): boolean {
    return state.evidence[CHECKPOINT] !== this.#checkpoint
  }

  /** One append, so that both or neither are on the disk. @param read entries since the last one */
  write({events, saved}: {events: readonly WatchEvent[]; saved: SavedWatch}, read: number): RecordedEvent[] {
    const journal = this.#journal
    const checkpoint = journal.evidence(saved)
    const records = journal.observeAll([
      ...events.map((event) => observation(event, journal.evidence(event))),
      {
        action: CHECKPOINT,
        target: `tenant_log:${saved.from ?? 'begin'}`,
        finding: `the tenant log was read up to here, ${saved.entries} entries in all`,
        count: read,
        evidence: checkpoint,
      },
    ])
    this.#checkpoint = checkpoint
    this.#seq = records.at(-1)?.seq ?? this.#seq
    return events.map((event, index) => ({...event, seq: records[index]?.seq ?? -1}))
  }

  /** What another watch of this incident wrote meanwhile. */
  *newer(): Generator<RecordedEvent, void, void> {
    for (const record of this.#journal.trail.records({inc: this.#journal.incident})) {
      if (record.seq <= this.#seq) continue
      this.#seq = record.seq
      const event = record['action'] === 'watch' ? this.#evidence<WatchEvent>(record['evidence']) : undefined
      if (event) yield {...event, seq: record.seq}
    }
  }

  #evidence<T>(sha256: unknown): T | undefined {
    const blob = typeof sha256 === 'string' ? this.#journal.trail.getEvidence(sha256) : undefined
    return blob ? (JSON.parse(blob.toString('utf8')) as T) : undefined
  }
}

function observation(event: WatchEvent, evidence: string) {
  const {verdict, target, finding, count, first_at, last_at} = event
  return {action: 'watch', target, finding, verdict, count, first_at: millis(first_at), last_at: millis(last_at), evidence}
}

function millis(instant: string): string {
  return rfc3339Millis(Date.parse(instant))
}
