import {rfc3339, systemClock} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {incidentState} from '../execution/incident.ts'
import {IncidentTrail} from '../execution/incident-trail.ts'
import {lookAtStreams} from '../execution/log-streams.ts'
import {tenantNow} from '../execution/verify.ts'
import {watch} from '../execution/watch.ts'
import {watchFacts, watchRecord, workBegan} from '../execution/watch-facts.ts'
import {tenantSource} from '../execution/watch-source.ts'
import {eventOf} from '../execution/record-mapping.ts'
import type {IncidentEvent} from '../incident/events.ts'
import {watchNotice} from '../incident/notice.ts'
import type {NoticeAbout} from '../incident/notice.ts'
import type {RecordedEvent, WatchView} from '../incident/watch/view.ts'
import {replay} from '../incident/replay.ts'
import type {IncidentState} from '../incident/replay.ts'
import {nextByRecord} from '../incident/standing.ts'
import {logBytes} from '../trail/read-trail.ts'
import {TrailReader} from '../trail/reader.ts'
import type {Trail} from '../trail/trail.ts'
import {recordTokens} from './context.ts'
import type {Connected, Place} from './context.ts'
import {manualSteps} from './incident-view.ts'
import {allIncidents, findIncident, openTrailOf} from './incidents.ts'
import type {FoundIncident} from './incidents.ts'
import {refuseOtherTenant} from './reconcile.ts'

export interface WatchJob {
  readonly place: Place
  readonly connected: Connected
  readonly incident?: string | undefined
  /** Seconds between two rounds. */
  readonly interval: number
  readonly once: boolean
  /** Who is told, as `--notify` has it. */
  readonly notify?: readonly string[]
  readonly signal: AbortSignal
  readonly onIncident: (found: FoundIncident) => void
  readonly onEvent: (event: RecordedEvent) => void
  readonly onView: (view: WatchView) => void
}

/**
 * Watches an incident's client until the all clear; the events go into the trail.
 *
 * @throws incident.unknown | incident.ambiguous without exactly one to watch; interrupted; guard.tenant_moved
 */
export async function watchIncident(job: WatchJob): Promise<WatchView> {
  const {place, connected} = job
  const found = job.incident === undefined ? onlyIncident(place, connected) : findIncident(place, job.incident)
  refuseOtherTenant(found, connected)
  const client_id = found.state.client_id
  if (client_id === undefined) {
    throw new StanchError('usage.invalid', `Incident ${found.state.incident_id} names no client: there is nothing to watch.`)
  }
  const notifier = job.notify?.length ? await (await import('./notify.ts')).notifierOf(job.notify, place.env) : undefined
  const trail = await openTrailOf(place, found)
  let reason = 'done'
  try {
    job.onIncident(found)
    await connected.tenant.operator()
    await recordTokens(trail, connected, found.state.incident_id)
    const now = () => tenantNow(connected)
    const journal = new IncidentTrail(trail, found.state.incident_id, found.state.tenant, systemClock)
    const about = noticeAbout(found, client_id)
    return await watch(
      {
        journal,
        clock: connected.clock,
        now,
        source: tenantSource(connected.tenant, connected.clock, now, job.signal),
        streams: (state) => lookAtStreams({tenant: connected.tenant, journal}, state),
        client_id,
        record: recordReader(trail, found, client_id, now),
        signal: job.signal,
        onEvent: (event, own) => {
          job.onEvent(event)
          if (own) notifier?.notify(journal, watchNotice(about, event, rfc3339(now())))
        },
        onView: job.onView,
      },
      {interval: job.interval, once: job.once},
    )
  } catch (error) {
    reason = job.signal.aborted ? 'interrupted' : 'failed'
    throw error
  } finally {
    await notifier?.drain()
    trail.close(reason)
  }
}

/** Observations that say nothing which a watch's judgement rests on: its own, and who was told. */
const SILENT: readonly string[] = ['watch', 'watch.checkpoint', 'notify']

function noticeAbout({state, mode}: FoundIncident, client_id: string): NoticeAbout {
  const {incident_id, tenant, leak, ticket} = state
  return {incident_id, simulated: mode === 'sim', tenant, client_id, leak, ...(ticket === undefined ? {} : {ticket})}
}

/** The incident as the trail has it: what was appended since the last time is folded in, by whomever. */
export function recordReader(trail: Trail, found: FoundIncident, clientId: string, now: () => number) {
  const id = found.state.incident_id
  const needle = `"inc":${JSON.stringify(id)}`
  const reader = new TrailReader(trail.folder)
  const read = (sha256: string) => trail.getEvidence(sha256)
  const news = () => {
    const events: IncidentEvent[] = []
    for (const {record} of reader.available((line) => line.includes(needle))) {
      const event = record['inc'] === id ? eventOf(record) : undefined
      if (event) events.push(event)
    }
    return events
  }
  const make = (state: IncidentState) => {
    if (state.closed_at !== undefined)
      throw new StanchError('guard.incident_closed', `Incident ${id} was closed meanwhile: its watch ends with it.`)
    const record = watchRecord(state, read)
    const steps = nextByRecord(state, {manual: manualSteps({...found, state})})
    const begun = workBegan(record)
    return {
      record,
      facts: {...watchFacts(record, clientId, read), ...(begun === undefined ? {} : {since: begun})},
      since: begun ?? now(),
      afterwards: [...steps.filter((step) => !step.startsWith('all clear')), `stanch incident close ${id}`],
    }
  }
  let made: ReturnType<typeof make> | undefined
  let bytes = -1
  return () => {
    const size = logBytes(trail.folder)
    if (made && size === bytes) return made
    const events = news()
    bytes = size
    const state = replay(id, events, made?.record.state) ?? incidentState(trail, id)
    made =
      made && events.every((event) => event.kind === 'observed' && SILENT.includes(event.action))
        ? {...made, record: {...made.record, state}}
        : make(state)
    return made
  }
}

/** The one incident of this tenant that has something to watch. */
function onlyIncident(place: Place, {mode, origin}: Connected): FoundIncident {
  const open = allIncidents(place, [mode]).filter(({state}) => state.tenant === origin.host && isWatchable(state))
  const [only, ...others] = open
  if (!only) {
    throw new StanchError('incident.unknown', `No open incident of tenant ${origin.host} is on this machine.`, {
      hint: 'List them all: stanch incident list',
    })
  }
  if (others.length > 0) {
    throw new StanchError(
      'incident.ambiguous',
      `${open.length} incidents of this tenant are open: ${open.map(({state}) => state.incident_id).join(', ')}.`,
      {hint: 'Name one: stanch watch ID'},
    )
  }
  return only
}

function isWatchable(state: IncidentState): boolean {
  return state.closed_at === undefined && !(state.declined && state.operations.length === 0)
}
