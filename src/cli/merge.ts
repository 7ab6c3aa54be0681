import path from 'node:path'

import {recordLines} from '../report/audit-lines.ts'
import {mergeTimelines} from '../report/merge.ts'
import type {MergedRow, MergeSource} from '../report/merge.ts'
import type {StoredRecord} from '../trail/format/record.ts'
import {printable} from '../untrusted.ts'
import type {FoundIncident} from './incidents.ts'
import {readPeer} from './peer-trail.ts'

/** Two responders open their incidents about one leak within this long. */
const DAY_MS = 86_400_000

/** One incident as several responders recorded it. */
export interface Merged {
  readonly sources: readonly Omit<MergeSource, 'records'>[]
  readonly rows: readonly MergedRow[]
}

/**
 * One timeline of an incident from this machine's trail and those of others, each verified on its own.
 *
 * @param folders logs or slices @param vkeys keys of their logs, from the roster
 * @throws input.unreadable for what is neither; audit.not_verified for one that does not verify: it is not mixed in
 */
export function mergeWith(found: FoundIncident, folders: readonly string[], vkeys: readonly string[]): Merged {
  const own = sourceOf(found.folder, found, vkeys)
  const sources = [own, ...folders.map((folder) => sourceOf(path.resolve(folder), found, vkeys))]
  return {sources: sources.map(({records: _records, ...about}) => about), rows: mergeTimelines(sources)}
}

function sourceOf(folder: string, found: FoundIncident, vkeys: readonly string[]): MergeSource {
  const {origin, records, verdict, pinned} = readPeer(folder, vkeys)
  return {
    origin,
    records: [...ofIncident(records, found)],
    verified: true,
    complete: verdict.complete,
    size: verdict.size,
    root_hash: verdict.root_hash,
    pinned,
  }
}

/** The incident's own records; in another's log also those of their incident about the same client of the same tenant. */
function* ofIncident(records: Iterable<StoredRecord>, {state}: FoundIncident): Generator<StoredRecord> {
  const ids = new Set([state.incident_id])
  for (const record of records) {
    const {inc} = record
    if (typeof inc !== 'string') continue
    const same = record['tenant'] === state.tenant && record['target'] === `client:${state.client_id ?? ''}`
    if (record.kind === 'incident.open' && same && Date.parse(record.time) >= Date.parse(state.opened_at) - DAY_MS) ids.add(inc)
    if (ids.has(inc)) yield record
  }
}

/** The merged timeline for people: when by the tenant's clock, whose record, what. */
export function mergedLines({sources, rows}: Merged, mode: 'real' | 'sim'): string[] {
  return [
    'Sources, each verified on its own:',
    ...sources.map(
      (one) =>
        `  ${printable(one.origin, 120)}: ${one.size} records, root ${one.root_hash.slice(0, 16)}...${one.complete ? '' : ', incomplete'}${one.pinned ? '' : ', key not known from elsewhere (--vkey)'}`,
    ),
    "Timeline, by the tenant's clock (~ reckoned from the machine's):",
    ...rows.map(
      (row) =>
        `  ${row.by === 'tenant' ? ' ' : '~'}${row.at.slice(0, 19)}Z ${printable(row.origin, 60)}#${row.seq} ${shortOf(row, mode)}`,
    ),
  ]
}

/** Kind, act and target: number, time and mode stand before it. */
function shortOf({record}: MergedRow, mode: 'real' | 'sim'): string {
  const [head = '', ...rest] = recordLines(record, mode)
  const act = head.split(mode === 'sim' ? '  SIM   ' : '  REAL  ')[1] ?? head
  return printable([act, ...rest].map((line) => line.trim().replace(/\s+/g, ' ')).join('; '), 200)
}
