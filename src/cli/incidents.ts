import {StanchError} from '../errors.ts'
import {incidentsOf} from '../execution/record-mapping.ts'
import type {IncidentState} from '../incident/replay.ts'
import {getEvidence} from '../trail/evidence.ts'
import {readOrigin, readTrail} from '../trail/read-trail.ts'
import type {Trail} from '../trail/trail.ts'
import {quoted} from '../untrusted.ts'
import {openTrail, pathsOf} from './context.ts'
import type {Place} from './context.ts'

export type Mode = 'real' | 'sim'

/** An incident, and the trail that it stands in. */
export interface FoundIncident {
  readonly mode: Mode
  /** Folder of the trail. */
  readonly folder: string
  readonly state: IncidentState
}

const MODES: readonly Mode[] = ['real', 'sim']

/** Every incident of this machine by replay, oldest first, the real ones first. Changes no byte. */
export function allIncidents(place: Place, modes: readonly Mode[] = MODES): FoundIncident[] {
  return modes.flatMap((mode) => {
    const folder = pathsOf(place).trail(mode)
    return incidentsOf(readTrail(folder)).map((state) => ({mode, folder, state}))
  })
}

/** One incident, in whichever trail it is: ids are unique. @throws incident.unknown */
export function findIncident(place: Place, id: string): FoundIncident {
  for (const mode of MODES) {
    const folder = pathsOf(place).trail(mode)
    const [state] = incidentsOf(readTrail(folder, {inc: id}))
    if (state) return {mode, folder, state}
  }
  throw new StanchError('incident.unknown', `There is no incident ${quoted(id, 40)} on this machine.`, {
    hint: 'List them: stanch incident list',
  })
}

/** The evidence of an incident as JSON; undefined when it has none of that kind, or it is gone. */
export function evidenceOf<T>(found: FoundIncident, sha256: string | undefined): T | undefined {
  const blob = sha256 === undefined ? undefined : getEvidence(found.folder, sha256)
  return blob === undefined ? undefined : (JSON.parse(blob.toString('utf8')) as T)
}

/** How a record names its incident: by number while it is open, as its target once it is closed. */
export function aboutIncident(id: string, closed = false): {inc?: string; target: string} {
  return {...(closed ? {} : {inc: id}), target: `incident:${id}`}
}

/** Opens the trail of an incident for writing. It exists, because the incident stands in it. @throws usage.invalid for a closed incident */
export async function openTrailOf(place: Place, found: FoundIncident): Promise<Trail> {
  const {state, mode, folder} = found
  if (state.closed_at !== undefined) {
    throw new StanchError(
      'usage.invalid',
      `Incident ${state.incident_id} was closed at ${state.closed_at}: its record is complete and nothing is added to it.`,
    )
  }
  if (readOrigin(folder) === undefined) throw new StanchError('E_MISSING', `The trail in ${folder} is gone.`)
  return openTrail(place, mode)
}
