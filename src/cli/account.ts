import {incidentsOf} from '../execution/record-mapping.ts'
import type {Account} from '../report/account.ts'
import {getEvidence} from '../trail/evidence.ts'
import {parseCheckpoint, type Checkpoint} from '../trail/format/checkpoint.ts'
import {leafOf, type StoredRecord} from '../trail/format/record.ts'
import {sliceRecords} from '../trail/format/slice.ts'
import {signedCheckpoints} from '../trail/checkpoints.ts'
import {readTrail} from '../trail/read-trail.ts'
import {StanchError} from '../errors.ts'
import {pathsOf} from './context.ts'
import type {Place} from './context.ts'
import type {FoundIncident} from './incidents.ts'

/** Every record of a trail, as often as somebody asks. */
export function allRecords(folder: string): Iterable<StoredRecord> {
  return {[Symbol.iterator]: () => readTrail(folder)}
}

/** An incident for a report: everything on record, signed or not yet. Changes no byte. */
export function accountNow(place: Place, found: FoundIncident): Account {
  const newest = signedCheckpoints(found.folder).at(-1)
  if (!newest)
    throw new StanchError('audit.not_verified', `The trail in ${found.folder} has no checkpoint.`, {
      hint: 'Run: stanch audit verify',
    })
  const records = sliceRecords(allRecords(found.folder), found.state.incident_id)
  return accountOf(place, found, newest.text, records, (sha256) => getEvidence(found.folder, sha256)?.toString('utf8'))
}

/**
 * @param checkpoint the signed note that the account names
 * @param records of the slice; the state is replayed from them
 */
export function accountOf(
  place: Place,
  found: FoundIncident,
  checkpoint: string,
  records: readonly StoredRecord[],
  blob: Account['blob'],
): Account {
  const {origin, size, root, signatures} = parseCheckpoint(checkpoint)
  const [state] = incidentsOf(records)
  const [zero] = records
  if (!state || !zero)
    throw new StanchError('incident.unknown', `No signed record of ${found.state.incident_id} is in this trail.`)
  const practised = lastDrill(place, state)
  return {
    state,
    records,
    mode: found.mode,
    log: {
      origin,
      vkey: String(zero['vkey']),
      first: leafOf(zero),
      size,
      root,
      witnesses: witnessNames({origin, signatures}),
      recovered: recoveredIn(found.folder, size),
    },
    ...(practised ? {practised} : {}),
    blob,
  }
}

/** Names of others in the lines of a checkpoint. What they signed is for whoever holds their keys to say. */
export function witnessNames({origin, signatures}: Pick<Checkpoint, 'origin' | 'signatures'>): string[] {
  const names = new Set(signatures.map(({name}) => name))
  return [...names].filter((name) => name !== origin && !name.startsWith(`${origin}/epoch-`))
}

function recoveredIn(folder: string, size: number): number[] {
  const seqs: number[] = []
  for (const record of readTrail(folder)) if (record.kind === 'log.recovered' && record.seq < size) seqs.push(record.seq)
  return seqs
}

/** The newest incident on a simulated tenant of this machine that began before this one did. */
function lastDrill(place: Place, state: Account['state']): Account['practised'] {
  const drills = incidentsOf(readTrail(pathsOf(place).trail('sim')))
  const last = drills.findLast((one) => one.incident_id !== state.incident_id && one.opened_at < state.opened_at)
  return last && {incident_id: last.incident_id, at: last.opened_at, leak: last.leak}
}
