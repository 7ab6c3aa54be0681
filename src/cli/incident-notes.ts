import {systemClock} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {IncidentTrail} from '../execution/incident-trail.ts'
import {looksLikeSecret} from '../secret.ts'
import {printable, quoted} from '../untrusted.ts'
import type {Place} from './context.ts'
import {huntItems, manualSteps} from './incident-view.ts'
import {findIncident, openTrailOf} from './incidents.ts'
import type {FoundIncident} from './incidents.ts'

/** Longest note, characters: what the trail takes as one. */
const MAX_NOTE = 4000

export interface Noted {
  readonly incident_id: string
  readonly simulated: boolean
  /** Records of the trail after it. */
  readonly records: number
  readonly root_hash: string
}

/** What became known later. Instants are RFC 3339 or `unknown`. */
export interface Learned {
  readonly ticket?: string | undefined
  readonly aware_at?: string | undefined
  readonly leaked_at?: string | undefined
  readonly title?: string | undefined
  /** RFC 3339: when it was classified as a major incident (DORA), and judged to be material (SEC). */
  readonly major_at?: string | undefined
  readonly material_at?: string | undefined
  /** Manual steps, and items that a hunt found (`hunt.ID`), that a person says are done. */
  readonly done?: readonly string[] | undefined
}

/** Adds a person's words to an incident. @throws usage.invalid when they are too long or nothing */
export async function noteOn(place: Place, incident: string, text: string): Promise<Noted> {
  if (text.trim() === '' || text.length > MAX_NOTE)
    throw new StanchError('usage.invalid', `A note has 1 to ${MAX_NOTE} characters.`)
  refuseSecrets(text)
  return write(place, findIncident(place, incident), (journal) => journal.note(text))
}

/** Adds what was learned later to an incident. @throws usage.invalid when there is nothing to add, or a step that no plan of it has */
export async function learn(place: Place, incident: string, learned: Learned): Promise<Noted> {
  const {ticket, aware_at, leaked_at, title, done = []} = learned
  const members = {
    ...(ticket === undefined ? {} : {ticket: printable(ticket)}),
    ...(aware_at === undefined ? {} : {aware_at}),
    ...(leaked_at === undefined ? {} : {leaked_at}),
  }
  const clocks = Object.entries({classified_major: learned.major_at, judged_material: learned.material_at})
  if (
    Object.keys(members).length === 0 &&
    title === undefined &&
    done.length === 0 &&
    clocks.every(([, at]) => at === undefined)
  ) {
    throw new StanchError('usage.invalid', 'Nothing to add.', {
      hint: 'Give --ticket, --aware-at, --leaked-at, --major-at, --material-at, --title or --done.',
    })
  }
  refuseSecrets(ticket, title)
  const found = findIncident(place, incident)
  refuseUnknownSteps(found, done)
  return write(place, found, (journal) => {
    if (Object.keys(members).length > 0) journal.update(members)
    // The opening keeps its own title; what the incident is called from now on is a decision.
    if (title !== undefined) journal.decision('incident.title', title)
    for (const [name, at] of clocks) if (at !== undefined) journal.decision(`clock.${name}`, at)
    for (const step of done) journal.decision(step.startsWith('hunt.') ? step : `manual.${step}`, 'done')
  })
}

/** What is written here is kept for ever and handed to strangers. */
function refuseSecrets(...texts: readonly (string | undefined)[]): void {
  if (!texts.some((text) => text !== undefined && looksLikeSecret(text))) return
  throw new StanchError('usage.secret_in_argv', 'That holds a token or a private key. Nothing was written.', {
    hint: 'Describe it instead: stanch token inspect shows what can be said about it. The history of the shell now holds it, too.',
  })
}

function refuseUnknownSteps(found: FoundIncident, done: readonly string[]): void {
  const known = [...manualSteps(found).map((step) => step.id), ...huntItems(found)]
  const unknown = done.find((step) => !known.includes(step))
  if (unknown === undefined) return
  throw new StanchError(
    'usage.invalid',
    `Incident ${found.state.incident_id} has no step for people called ${quoted(unknown, 60)}.`,
    {
      hint: known.length === 0 ? 'It has none at all.' : `It has: ${known.join(', ')}`,
    },
  )
}

async function write(place: Place, found: FoundIncident, work: (journal: IncidentTrail) => void): Promise<Noted> {
  const trail = await openTrailOf(place, found)
  try {
    work(new IncidentTrail(trail, found.state.incident_id, found.state.tenant, systemClock))
    const {size, root} = trail.checkpoint()
    return {incident_id: found.state.incident_id, simulated: found.mode === 'sim', records: size, root_hash: root}
  } finally {
    trail.close('done')
  }
}
