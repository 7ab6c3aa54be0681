import type {LogEntry} from '../auth0/resources/log-entry.ts'
import {parseRfc3339, rfc3339, rfc3339Millis, systemClock} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {huntFacts, lookAtInventory} from '../execution/hunt.ts'
import {huntSets, tenantSets} from '../execution/hunt-sets.ts'
import type {HuntSaid} from '../execution/hunt.ts'
import {IncidentTrail} from '../execution/incident-trail.ts'
import {LogSaver} from '../execution/log-saver.ts'
import {windowSince} from '../execution/log-window.ts'
import {recordedOf} from '../execution/recorded.ts'
import type {Responder} from '../execution/responder.ts'
import {savedLog} from '../execution/saved-log.ts'
import {fetchLog} from '../execution/tenant-log.ts'
import {tenantNow} from '../execution/verify.ts'
import type {HuntResult, Verdict} from '../incident/hunt/findings.ts'
import {runHunt} from '../incident/hunt/run.ts'
import type {Secret} from '../secret.ts'
import {inspectText} from '../tokens/inspect.ts'
import {readTrail} from '../trail/read-trail.ts'
import {trailFolder} from '../trail/trail-folder.ts'
import type {Trail} from '../trail/trail.ts'
import {quoted} from '../untrusted.ts'
import {recordTokens} from './context.ts'
import type {Connected, Place} from './context.ts'
import {allIncidents, findIncident, openTrailOf} from './incidents.ts'
import type {FoundIncident} from './incidents.ts'
import {knownAddresses} from './known-addresses.ts'
import {parseMoment} from './moment.ts'
import {refuseOtherTenant} from './reconcile.ts'

export interface HuntQuestion {
  readonly incident?: string | undefined
  readonly client_id?: string | undefined
  /** As a person says it: RFC 3339, or 2h, 30m. */
  readonly since?: string | undefined
  readonly leaked_at?: string | undefined
  readonly leaked?: Secret | undefined
  /** Addresses and networks of the team. */
  readonly known: readonly string[]
}

/** A question, and who is told what happens meanwhile. */
export interface HuntWork {
  readonly question: HuntQuestion
  readonly responder: Responder
  readonly interruption: {requested: boolean}
}

export type Hunted = HuntResult & {
  readonly incident_id?: string
  readonly tenant: string
  readonly simulated: boolean
  /** Evidence with this result; absent where nothing could be written down. */
  readonly evidence?: string
}

/** Days back from now, where nobody says since when and there is no saved log. */
const DEFAULT_DAYS = 30

/** Which incident a hunt is about: the one that was named, else the newest about the client that was named. */
export function huntedIncident(
  place: Place,
  {incident, client_id}: HuntQuestion,
  connected?: Connected,
): FoundIncident | undefined {
  if (incident !== undefined) return findIncident(place, incident)
  const all = allIncidents(place, connected ? [connected.mode] : undefined).filter(
    ({state}) =>
      (client_id === undefined ? state.closed_at === undefined : state.client_id === client_id) &&
      (connected === undefined || state.tenant === connected.origin.host),
  )
  if (client_id === undefined && all.length > 1)
    throw new StanchError(
      'incident.ambiguous',
      `${all.length} incidents are open: ${all.map(({state}) => state.incident_id).join(', ')}.`,
      {hint: 'Name one: stanch hunt --incident ID'},
    )
  return all.at(-1)
}

/**
 * Goes through the saved log of an incident, and, connected, through what the tenant has since. What it finds is written
 * down in the incident, unless that is closed. Changes nothing in the tenant.
 *
 * @throws usage.invalid with neither an incident nor a client and a tenant to ask
 */
export async function huntNow(
  place: Place,
  {question, responder, interruption}: HuntWork,
  connected?: Connected,
): Promise<Hunted> {
  const found = huntedIncident(place, question, connected)
  if (found && connected) refuseOtherTenant(found, connected)
  const client_id = question.client_id ?? found?.state.client_id
  if (client_id === undefined || (!found && !connected))
    throw new StanchError(
      'usage.invalid',
      'There is nothing to hunt in: no incident is on this machine, and no tenant was named.',
      {
        hint: 'stanch hunt --incident ID, or with a connection: stanch hunt --client ID',
      },
    )
  const said = saidBy(question, client_id)
  const trail = found !== undefined && found.state.closed_at === undefined ? await openTrailOf(place, found) : undefined
  let reason = 'failed'
  try {
    const hunted = await huntIn({question, responder, interruption}, said, found, trail, connected)
    reason = 'done'
    return hunted
  } finally {
    trail?.close(reason)
  }
}

function saidBy(question: HuntQuestion, client_id: string): HuntSaid {
  const token = question.leaked ? inspectText(question.leaked.reveal()) : undefined
  const jti = token?.claims?.['jti']
  return {
    client_id,
    leaked_at: question.leaked_at,
    token: {
      ...(typeof jti === 'string' ? {jti} : {}),
      ...(token?.issued_at === undefined ? {} : {issued_at: token.issued_at}),
    },
    isKnown: question.known.length > 0 ? knownAddresses(question.known) : undefined,
  }
}

async function huntIn(
  work: HuntWork,
  said: HuntSaid,
  found: FoundIncident | undefined,
  trail: Trail | undefined,
  connected: Connected | undefined,
): Promise<Hunted> {
  const {question} = work
  const operator = await connected?.tenant.operator()
  if (connected && trail) await recordTokens(trail, connected)
  const source = trail ?? (found ? trailFolder(found.folder) : undefined)
  const id = found?.state.incident_id
  const saved = () => (source && id !== undefined ? savedLog(source, id) : [])
  const journal = trail && found ? new IncidentTrail(trail, found.state.incident_id, found.state.tenant, systemClock) : undefined
  const cut = connected && journal ? await saveNewer(work, connected, journal) : undefined
  const fetched = connected && !journal ? await fetchWindow(question, said, connected) : []
  const tenant = found?.state.tenant ?? connected?.origin.host ?? ''
  const folder = connected?.paths.trail(connected.mode) ?? found?.folder
  const records = trail?.records() ?? (folder === undefined ? [] : readTrail(folder))
  const entries = () => wanted(question, connected, joined(saved(), fetched))
  const recorded = recordedOf(records, tenant)
  const said_by_tenant = await tenantSets(connected?.tenant)
  const raw = runHunt({
    entries,
    facts: huntFacts(said, recorded, found?.state, (sha256) => source?.getEvidence(sha256)),
    sets: {...huntSets(recorded, question.known, operator?.client_id), ...said_by_tenant.sets},
    computed_at: rfc3339(connected ? tenantNow(connected) : Math.floor(systemClock.now() / 1000)),
  })
  const looked = connected ? await lookAtInventory(connected.tenant, raw) : offline(raw)
  const whole = cut === undefined ? looked : notWhole(looked, cut)
  const result = {...whole, not_seen: [...whole.not_seen, ...said_by_tenant.not_seen]}
  const evidence = journal?.evidence(result)
  journal?.observe({
    action: 'hunt',
    target: `client:${said.client_id}`,
    finding: `${countOf(result, 'hostile')} hostile, ${countOf(result, 'suspect')} suspect, ${result.inventory.length} thing(s) left behind`,
    count: result.findings.length,
    ...(evidence === undefined ? {} : {evidence}),
  })
  return {
    ...(id === undefined ? {} : {incident_id: id}),
    tenant,
    simulated: (connected?.mode ?? found?.mode) === 'sim',
    ...(evidence === undefined ? {} : {evidence}),
    ...result,
  }
}

/** Adds to the incident's evidence what arrived since. @returns why that is not all, if it is not */
async function saveNewer(work: HuntWork, connected: Connected, journal: IncidentTrail): Promise<string | undefined> {
  const {tenant, clock, mode} = connected
  const since = windowSince(journal.trail, journal.incident, sinceOf(work.question, connected))
  const saver = new LogSaver(
    {tenant, clock, mode, journal, responder: work.responder, interruption: work.interruption},
    since,
    () => {},
  )
  await saver.save('after')
  return saver.caughtUp ? undefined : (saver.stoppedBy ?? 'interrupted')
}

/** The tenant's log of the window, where there is no incident to keep it in. */
async function fetchWindow(question: HuntQuestion, said: HuntSaid, connected: Connected): Promise<readonly LogEntry[]> {
  const leaked = said.leaked_at === undefined ? undefined : parseRfc3339(said.leaked_at)
  const from = sinceOf(question, connected) ?? (leaked ?? tenantNow(connected)) - DEFAULT_DAYS * 86_400
  return (await fetchLog(connected.tenant, {putEvidence: () => ''}, from * 1000)).entries
}

/** Each entry once, in the order of arrival: what was fetched begins before the saved log ends. */
function* joined(saved: Iterable<LogEntry>, fetched: readonly LogEntry[]): Generator<LogEntry, void, void> {
  let last = ''
  for (const entry of saved) {
    last = entry.log_id
    yield entry
  }
  for (const entry of fetched) if (entry.log_id > last) yield entry
}

function* wanted(question: HuntQuestion, connected: Connected | undefined, entries: Iterable<LogEntry>) {
  const from = sinceOf(question, connected)
  const date = from === undefined ? '' : rfc3339Millis(from * 1000)
  for (const entry of entries) if (entry.date >= date) yield entry
}

/** @throws usage.invalid */
function sinceOf({since}: HuntQuestion, connected: Connected | undefined): number | undefined {
  if (since === undefined) return undefined
  const at = parseMoment(since, connected ? tenantNow(connected) : Math.floor(systemClock.now() / 1000))
  if (typeof at === 'number') return at
  throw new StanchError('usage.invalid', `${quoted(since, 40)} is no moment. Give an RFC 3339 instant, or 2h, 30m, 14:05 (UTC).`)
}

function countOf(result: HuntResult, verdict: Verdict): number {
  return result.findings.filter((one) => one.verdict === verdict).length
}

function notWhole(result: HuntResult, why: string): HuntResult {
  const gap = {what: 'the newest entries of the tenant log', why: `not all of them were read (${why}): hunt again`}
  return {...result, not_seen: [gap, ...result.not_seen]}
}

function offline(result: HuntResult): HuntResult {
  const gap = {
    what: 'what arrived since the log was saved, and whether things are still there',
    why: 'no connection to the tenant was given',
  }
  return {...result, not_seen: [...result.not_seen, gap]}
}
