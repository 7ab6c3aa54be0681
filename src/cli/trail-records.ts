import {rfc3339Millis, systemClock} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {KINDS} from '../trail/format/members.ts'
import type {StoredRecord} from '../trail/format/record.ts'
import {readTrail} from '../trail/read-trail.ts'
import {quoted} from '../untrusted.ts'
import {pathsOf} from './context.ts'
import type {Place} from './context.ts'
import {findIncident} from './incidents.ts'
import type {Mode} from './incidents.ts'
import {parseMoment} from './moment.ts'

export interface RecordFilter {
  readonly incident?: string | undefined
  readonly kind?: string | undefined
  readonly since?: string | undefined
  readonly simulated?: boolean | undefined
}

/** Records of a trail as a stream, and which trail it is. @throws usage.invalid | incident.unknown */
export function trailRecords(place: Place, filter: RecordFilter): {folder: string; mode: Mode; records: Iterable<StoredRecord>} {
  const {incident, kind} = filter
  if (kind !== undefined && !Object.hasOwn(KINDS, kind)) {
    throw new StanchError('usage.invalid', `${quoted(kind, 40)} is no kind of record.`, {
      hint: `One of: ${Object.keys(KINDS).join(', ')}`,
    })
  }
  const since = sinceOf(filter.since)
  const mode = incident === undefined ? (filter.simulated ? 'sim' : 'real') : findIncident(place, incident).mode
  if (incident !== undefined && filter.simulated && mode !== 'sim')
    throw new StanchError('usage.invalid', `Incident ${incident} is a real one; leave --simulated out.`)
  const folder = pathsOf(place).trail(mode)
  return {folder, mode, records: filtered(readTrail(folder, {inc: incident}), kind, since)}
}

function* filtered(
  records: Iterable<StoredRecord>,
  kind: string | undefined,
  since: string | undefined,
): Generator<StoredRecord> {
  for (const record of records) {
    if (kind !== undefined && record.kind !== kind) continue
    if (since !== undefined && record.time < since) continue
    yield record
  }
}

/** As records write their time, so that text compares like time. */
function sinceOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const at = parseMoment(text, Math.floor(systemClock.now() / 1000))
  if (typeof at === 'number') return rfc3339Millis(at * 1000)
  throw new StanchError('usage.invalid', `${quoted(text, 40)} is no moment. Give an RFC 3339 instant, or 2h, 30m, 14:05 (UTC).`)
}
