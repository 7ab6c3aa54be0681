import {systemClock} from '../clock.ts'
import {logId} from '../trail/layout.ts'
import {StanchError} from '../errors.ts'
import {readBounded} from '../files/read.ts'
import {readOrigin, readTrail} from '../trail/read-trail.ts'
import {addCosignature, cosign, rosterVkeys, witnessRequest} from '../trail/witness.ts'
import {openTrail, pathsOf} from './context.ts'
import type {Place} from './context.ts'
import {aboutIncident, findIncident} from './incidents.ts'
import type {Mode} from './incidents.ts'

const MAX_ROSTER = 1 << 20

export interface WitnessRequest {
  readonly origin: string
  readonly old: number
  readonly size: number
  /** What the witness is sent. */
  readonly message: string
}

export interface WitnessSigned {
  readonly origin: string
  readonly size: number
  readonly root_hash: string
  readonly line: string
  readonly witness_vkey: string
}

export interface WitnessAdded {
  readonly size: number
  readonly root_hash: string
  readonly witness: string
}

/** @param old size that the witness signed last; default: of the newest countersignature on record */
export async function requestWitness(place: Place, mode: Mode, old: number | undefined): Promise<WitnessRequest> {
  mustExist(place, mode)
  const trail = await openTrail(place, mode)
  try {
    const from = old ?? lastCosigned(trail.folder)
    const message = witnessRequest(trail, from)
    return {origin: trail.origin, old: from, size: Number(message.split('\n\n')[1]?.split('\n')[1]), message}
  } finally {
    trail.close('done')
  }
}

export async function signAsWitness(place: Place, mode: Mode, message: string, vkey: string | undefined): Promise<WitnessSigned> {
  const trail = await openTrail(place, mode)
  try {
    const keys = pathsOf(place).keys(logId(trail.origin))
    const signed = cosign(keys, trail.origin, message, vkey, Math.floor(systemClock.now() / 1000))
    const {origin, size, root} = signed
    trail.append({kind: 'witness.cosigned', origin, size, root})
    return {origin, size, root_hash: root, line: signed.line, witness_vkey: signed.vkey}
  } finally {
    trail.close('done')
  }
}

export async function addWitness(
  place: Place,
  mode: Mode,
  pasted: string,
  keys: {readonly vkey?: string | undefined; readonly roster?: string | undefined; readonly incident?: string | undefined},
): Promise<WitnessAdded> {
  const vkeys = [
    ...(keys.vkey === undefined ? [] : [keys.vkey]),
    ...(keys.roster === undefined ? [] : rosterVkeys(readBounded(keys.roster, MAX_ROSTER).toString('utf8'))),
  ]
  if (vkeys.length === 0) {
    throw new StanchError('usage.missing_flag', 'Whose signature should it be?', {
      hint: 'Give the key of the witness (--vkey), or the roster (--roster FILE).',
    })
  }
  const found = keys.incident === undefined ? undefined : findIncident(place, keys.incident)
  if (!found) mustExist(place, mode)
  const trail = await openTrail(place, found?.mode ?? mode)
  try {
    const about = found ? aboutIncident(found.state.incident_id, found.state.closed_at !== undefined) : {}
    const {size, root, witness} = addCosignature(trail, pasted, vkeys, about)
    return {size, root_hash: root, witness}
  } finally {
    trail.close('done')
  }
}

/** @throws usage.invalid */
export function mustExist(place: Place, mode: Mode): void {
  if (readOrigin(pathsOf(place).trail(mode)) !== undefined) return
  throw new StanchError('usage.invalid', `There is no ${mode === 'sim' ? 'simulated' : 'real'} trail on this machine.`)
}

function lastCosigned(folder: string): number {
  let size = 0
  for (const record of readTrail(folder))
    if (record.kind === 'anchor' && record['type'] === 'cosignature') size = Math.max(size, Number(record['size']))
  return size
}
