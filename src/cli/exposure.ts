import {StanchError} from '../errors.ts'
import {ANY_API, exposedAudiences, exposureOf} from '../execution/expose.ts'
import {mintedByProbes} from '../execution/incident.ts'
import {containingIncident, containmentOf, grantsTaken} from '../execution/known-containment.ts'
import {observe, readServers} from '../execution/observe.ts'
import {tenantNow} from '../execution/verify.ts'
import type {Exposure} from '../incident/exposure.ts'
import {parseRfc3339} from '../clock.ts'
import type {IncidentState} from '../incident/replay.ts'
import type {EvidenceGap, TenantSnapshot} from '../incident/tenant-snapshot.ts'
import type {Secret} from '../secret.ts'
import {inspectText} from '../tokens/inspect.ts'
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
  const seen = await observe(tenant, question.client_id, mode, clock)
  const incidents = allIncidents(place, [mode]).map((one) => one.state)
  const known = containingIncident(incidents, question.client_id, seen.tenant)
  const folder = connected.paths.trail(mode)
  const snapshot = await asBefore(connected, seen, known, folder)
  const token = await trustedToken(connected, question.client_id, question.leaked)
  const facts = {snapshot, ...(token ? {leaked_token: token} : {})}
  const leakedAt = instantOf(question.leaked_at ?? known?.leaked_at)
  const now = tenantNow({tenant, mode, clock})
  const containment = known
    ? containmentOf(known, seen, [...exposedAudiences(facts, now), ANY_API], instantOf(question.leaked_at))
    : new Map<string, never>()
  const skew = tenant.skewSeconds()
  const exposure = exposureOf(facts, {
    now,
    kind: kindOf(question.leaked, known),
    containment,
    probe_tokens: mintedByProbes(known),
    ...(leakedAt === undefined ? {} : {leaked_at: leakedAt}),
    ...(skew === undefined ? {} : {skew: Math.abs(skew)}),
  })
  return known && containment.size > 0 ? restingOn(exposure, known.incident_id) : exposure
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
