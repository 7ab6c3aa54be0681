import {setImmediate} from 'node:timers/promises'

import {rfc3339Millis, systemClock} from '../clock.ts'
import {isCode, StanchError} from '../errors.ts'
import {KINDS} from '../trail/format/members.ts'
import type {StoredRecord} from '../trail/format/record.ts'
import {readTrail, segmentFiles} from '../trail/read-trail.ts'
import {type ReadRecord, TrailReader} from '../trail/reader.ts'
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
  readonly until?: string | undefined
  readonly simulated?: boolean | undefined
}

/** What was asked for, checked, and which trail it is in. */
export interface TrailQuestion {
  readonly folder: string
  readonly mode: Mode
  readonly incident: string | undefined
  readonly matches: (record: StoredRecord) => boolean
}

/** Seconds between two looks at a trail that is followed. */
const POLL_SECONDS = 0.5
/** Records between two turns of the event loop, in which signals are heard. */
const TURN = 256

/** @throws usage.invalid | incident.unknown */
export function trailQuestion(place: Place, filter: RecordFilter): TrailQuestion {
  const {incident, kind} = filter
  if (kind !== undefined && !Object.hasOwn(KINDS, kind)) {
    throw new StanchError('usage.invalid', `${quoted(kind, 40)} is no kind of record.`, {
      hint: `One of: ${Object.keys(KINDS).join(', ')}`,
    })
  }
  const since = momentOf(filter.since)
  const until = momentOf(filter.until)
  const mode = incident === undefined ? (filter.simulated ? 'sim' : 'real') : findIncident(place, incident).mode
  if (incident !== undefined && filter.simulated && mode !== 'sim')
    throw new StanchError('usage.invalid', `Incident ${incident} is a real one; leave --simulated out.`)
  return {
    folder: pathsOf(place).trail(mode),
    mode,
    incident,
    matches: (record) =>
      (kind === undefined || record.kind === kind) &&
      (since === undefined || record.time >= since) &&
      (until === undefined || record.time <= until) &&
      (incident === undefined || record['inc'] === incident),
  }
}

/**
 * What to say where there is no trail: nothing was recorded is no finding about records. Undefined where there is one.
 */
export function noTrailLines(place: Place, mode: Mode): string[] | undefined {
  const paths = pathsOf(place)
  if (segmentFiles(paths.trail(mode)).length > 0) return undefined
  const simulated = mode === 'real' && segmentFiles(paths.trail('sim')).length > 0
  return [
    `There is no ${mode === 'sim' ? 'SIMULATED' : 'REAL'} trail on this machine: nothing was recorded here yet.`,
    ...(simulated ? ['A SIMULATED one, of drills, is here: add --simulated'] : []),
    `  looked in ${paths.trail(mode)}`,
  ]
}

/** The records that a question is about, as they stand on the disk, right or wrong. */
export function* trailRecords(question: TrailQuestion): Generator<StoredRecord> {
  for (const record of readTrail(question.folder, {inc: question.incident})) if (question.matches(record)) yield record
}

/**
 * All records of a trail in order, from the first, checked for their place in the chain; with `follow` it goes on with
 * what is appended, until the signal. Yields undefined whenever there is nothing more for now.
 *
 * @param wanted @see TrailReader.available
 */
export async function* trailStream(
  folder: string,
  options: {readonly follow: boolean; readonly signal: AbortSignal; readonly wanted?: (line: string) => boolean},
): AsyncGenerator<ReadRecord | undefined, void, void> {
  const reader = new TrailReader(folder)
  const {signal, follow, wanted} = options
  for (let seen = 0; ;) {
    for (const one of reader.available(wanted)) {
      if (signal.aborted) return
      yield one
      if (++seen % TURN === 0) await setImmediate()
    }
    yield undefined
    if (!follow || signal.aborted) return
    try {
      await systemClock.sleep(POLL_SECONDS, signal)
    } catch (error) {
      if (isCode(error, 'interrupted')) return
      throw error
    }
  }
}

/** As records write their time, so that text compares like time. */
function momentOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const at = parseMoment(text, Math.floor(systemClock.now() / 1000))
  if (typeof at === 'number') return rfc3339Millis(at * 1000)
  throw new StanchError('usage.invalid', `${quoted(text, 40)} is no moment. Give an RFC 3339 instant, or 2h, 30m, 14:05 (UTC).`)
}
