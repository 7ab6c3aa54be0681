import {StanchError} from '../errors.ts'
import type {Appended} from '../trail/trail.ts'
import {printable} from '../untrusted.ts'
import type {Place} from './context.ts'
import {openTrail} from './context.ts'
import type {FoundIncident} from './incidents.ts'
import {readOrigin} from '../trail/read-trail.ts'

/** A file that left the trail. */
export interface HandedOut {
  /** who gets it, or where it was put */
  readonly to: string
  readonly form: string
  readonly sha256: string
  /** bytes */
  readonly size: number
}

/**
 * The link in the chain of custody: an `export` record, appended when the file is on the disk. A closed incident takes no
 * more records, so its exports are recorded beside it, with the incident as their target.
 */
export async function recordExport(place: Place, found: FoundIncident, out: HandedOut): Promise<Appended> {
  const {state, mode, folder} = found
  if (readOrigin(folder) === undefined) throw new StanchError('E_MISSING', `The trail in ${folder} is gone.`)
  const closed = state.closed_at !== undefined
  const trail = await openTrail(place, mode)
  try {
    const appended = trail.append({
      kind: 'export',
      ...(closed ? {} : {inc: state.incident_id}),
      target: `incident:${state.incident_id}`,
      to: printable(out.to, 400),
      form: out.form,
      sha256: out.sha256,
      size: out.size,
    })
    trail.checkpoint()
    return appended
  } finally {
    trail.close('done')
  }
}
