import {isCode, StanchError} from '../errors.ts'
import {ANY_API, exposedAudiences} from '../execution/exposed-audiences.ts'
import {changeTimes, exposureOf, logReading} from '../execution/expose.ts'
import {lastExposure, mintedByProbes} from '../execution/incident.ts'
import {containingIncident, containmentOf, grantsTaken} from '../execution/known-containment.ts'
import {LogFacts} from '../execution/log-facts.ts'
import type {LogCoverage} from '../execution/log-coverage.ts'
import {observe, readServers, SEARCH_LIMIT} from '../execution/observe.ts'
import {savedLog} from '../execution/saved-log.ts'
import {tenantNow} from '../execution/verify.ts'
import type {Exposure} from '../incident/exposure.ts'
import {parseRfc3339} from '../clock.ts'
import {tookEffect} from '../incident/replay.ts'
import type {IncidentState} from '../incident/replay.ts'
import type {EvidenceGap, TenantSnapshot} from '../incident/tenant-snapshot.ts'
import type {Secret} from '../secret.ts'
import {inspectText} from '../tokens/inspect.ts'
import type {LogReading} from '../incident/log-reading.ts'
import {trailFolder} from '../trail/trail-folder.ts'
import {getEvidence} from '../trail/evidence.ts'
import type {Connected, Place} from './context.ts'
import {allIncidents} from './incidents.ts'
import {trustedToken} from './leaked-value.ts'

export interface ExposureQuestion {
  readonly client_id: string
  /** RFC 3339, or `unknown`. */
  readonly leaked_at?: string | undefined
  readonly leaked?: Secret | undefined
}

/**
 * Until when issued tokens live, seen from now: what the tenant shows, and what an open incident of this machine proved
 * about this client. Only reads are sent, and nothing is written down.
 */
export async function exposureNow(place: Place, connected: Connected, question: ExposureQuestion): Promise<Exposure> {
  const {tenant, mode, clock} = connected
  const [seen, oldest] = await Promise.all([observe(tenant, question.client_id, mode, clock), oldestEntry(connected)])
  const incidents = allIncidents(place, [mode]).map((one) => one.state)
  const known = containingIncident(incidents, question.client_id, seen.tenant)
  const folder = connected.paths.trail(mode)
  const snapshot = withSavedLog(await asBefore(connected, seen, known, folder), known, folder)
  const token = await trustedToken(connected, question.client_id, question.leaked)
  const facts = {snapshot, ...(token ? {leaked_token: token} : {})}
  const leakedAt = instantOf(question.leaked_at ?? known?.leaked_at)
  const now = tenantNow({tenant, mode, clock})
  const containment = known
    ? containmentOf(known, seen, [...exposedAudiences(facts, now), ANY_API], instantOf(question.leaked_at))
    : new Map<string, never>()
  const skew = tenant.skewSeconds()
  const prior = known && lastExposure(trailFolder(folder), known)
  const exposure = exposureOf(facts, {
    ...(prior ? {prior} : {}),
    ...(known ? changesOf(known) : {}),
    ...(seen.log === null ? {} : {log: readingOf(seen, known, folder, now, oldest)}),
    now,
    kind: kindOf(question.leaked, known),
    containment,
    probe_tokens: mintedByProbes(known),
    ...(leakedAt === undefined ? {} : {leaked_at: leakedAt}),
    ...(skew === undefined ? {} : {skew: Math.abs(skew)}),
  })
  return known && containment.size > 0 ? restingOn(exposure, known.incident_id) : exposure
}

/** When the incident changed grants and secret, and the requests of its probes: none of these is a consumer's. */
function changesOf(known: IncidentState) {
  const dates = (...actions: readonly string[]) =>
    known.operations.flatMap((one) =>
      actions.includes(one.action) && tookEffect(one) && one.date !== undefined ? [one.date] : [],
    )
  const probes = known.operations.filter((one) => one.action === 'token.request').map((one) => one.correlation_id)
  return {
    ...changeTimes(dates('client_grant.delete')[0], dates('client_secret.rotate', 'client_secret.set').at(-1)),
    own_probes: new Set(probes),
  }
}

/** Date of the oldest entry that the tenant still has, NumericDate. */
async function oldestEntry({tenant}: Connected): Promise<number | undefined> {
  try {
    const [oldest] = await tenant.searchLogs({q: 'date:[1970-01-01 TO *]', page: 0, per_page: 1, sort: 'date:1'})
    return oldest && parseRfc3339(oldest.date)
  } catch (error) {
    // What cannot be read is a gap of the observation already.
    if (isCode(error, 'auth0.scope_missing') || isCode(error, 'auth0.unexpected_answer')) return undefined
    throw error
  }
}

/** What the incident saved of the log counts beside what a search gives now: retention may have taken it since. */
function withSavedLog(snapshot: TenantSnapshot, known: IncidentState | undefined, folder: string): TenantSnapshot {
  if (!known || snapshot.log === null) return snapshot
  const facts = new LogFacts(snapshot.client.client_id)
  const gaps: EvidenceGap[] = []
  try {
    facts.see(savedLog(trailFolder(folder), known.incident_id))
  } catch (error) {
    if (!(error instanceof StanchError)) throw error
    gaps.push({code: 'saved_log_unreadable', what: `the log that incident ${known.incident_id} saved`, why: error.message})
  }
  return {
    ...snapshot,
    log: facts.clientLog(snapshot.log),
    setting_changes: snapshot.setting_changes === null ? null : facts.settingChanges(snapshot.setting_changes),
    gaps: [...snapshot.gaps, ...gaps],
  }
}

/** A search that gave less than its limit gave everything; else it is the saved log that speaks, until it was read. */
function readingOf(
  seen: TenantSnapshot,
  known: IncidentState | undefined,
  folder: string,
  now: number,
  oldest: number | undefined,
): LogReading {
  const blob = known && getEvidence(folder, known.evidence['tenant_log.coverage'] ?? '')
  const coverage = blob ? (JSON.parse(blob.toString('utf8')) as LogCoverage) : undefined
  const saved = logReading(coverage).log
  const first = saved?.oldest_at ?? oldest
  const began = first === undefined ? {} : {oldest_at: first}
  if ((seen.log?.length ?? 0) < SEARCH_LIMIT) return {read_at: now, whole: true, ...began}
  return saved ? {...saved, ...began} : {read_at: now, whole: false, ...began}
}

/** The snapshot with the grants that the incident took, and the lifetimes of their APIs: tokens for them are still out. */
async function asBefore(
  connected: Connected,
  seen: TenantSnapshot,
  known: IncidentState | undefined,
  folder: string,
): Promise<TenantSnapshot> {
  const present = new Set(seen.grants.map((grant) => grant.id))
  const taken = known ? grantsTaken(known, (sha256) => getEvidence(folder, sha256)).filter((grant) => !present.has(grant.id)) : []
  const missing = [...new Set(taken.map((grant) => grant.audience))].filter(
    (audience) => !Object.hasOwn(seen.resource_servers, audience),
  )
  const gaps: EvidenceGap[] = []
  const servers = await readServers(connected.tenant, missing, gaps)
  return {
    ...seen,
    grants: [...seen.grants, ...taken],
    resource_servers: {...seen.resource_servers, ...servers},
    gaps: [...seen.gaps, ...gaps],
  }
}

/** Says what the containment rests on, and what it does not speak for. */
function restingOn(exposure: Exposure, incident: string): Exposure {
  return {
    ...exposure,
    all_clear: {...exposure.all_clear, basis: `${exposure.all_clear.basis} Containment as proven in incident ${incident}.`},
    evidence_gaps: [
      ...exposure.evidence_gaps,
      {
        code: 'other_leak',
        what: `a leak after incident ${incident}`,
        why: 'containment counts for what leaked then; if something leaked again, say when (--leaked-at)',
      },
    ],
  }
}

function kindOf(leaked: Secret | undefined, known: IncidentState | undefined): string {
  const kind = leaked ? inspectText(leaked.reveal()).kind : undefined
  return kind === undefined || kind === 'unknown' ? (known?.leak ?? 'client-secret') : kind
}

function instantOf(text: string | undefined): number | undefined {
  if (text === undefined || text === 'unknown') return undefined
  const at = parseRfc3339(text)
  if (at === undefined)
    throw new StanchError('usage.invalid', 'This must be an RFC 3339 instant such as 2026-11-22T03:00:00Z, or unknown.')
  return at
}
