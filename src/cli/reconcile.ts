import path from 'node:path'

import {systemClock} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {peersOf} from '../execution/recorded.ts'
import {reconcileTrail} from '../execution/reconcile.ts'
import type {Responder} from '../execution/responder.ts'
import type {Peers, Reconciliation} from '../incident/reconcile/facts.ts'
import {reconcileVerdict} from '../incident/reconcile/facts.ts'
import {readOrigin} from '../trail/read-trail.ts'
import type {Trail} from '../trail/trail.ts'
import {quoted} from '../untrusted.ts'
import {openTrail, pathsOf, recordTokens} from './context.ts'
import type {Connected, Place} from './context.ts'
import {aboutIncident, findIncident} from './incidents.ts'
import type {FoundIncident} from './incidents.ts'
import {parseMoment} from './moment.ts'
import {readPeer} from './peer-trail.ts'

export interface ReconcileQuestion {
  readonly incident?: string | undefined
  /** As a person says it. */
  readonly since?: string | undefined
  readonly wait: boolean
  readonly retention_days?: number | undefined
  /** Folders with logs or slices of others of the team. */
  readonly also?: readonly string[] | undefined
}

export interface Reconciled extends Reconciliation {
  readonly tenant: string
  readonly simulated: boolean
  readonly incident_id?: string
}

/** Compares this machine's trail with the log of the connected tenant. @throws usage.invalid when there is no trail to compare */
export async function reconcileNow(
  place: Place,
  connected: Connected,
  question: ReconcileQuestion,
  responder: Pick<Responder, 'notify'>,
  interruption: {readonly requested: boolean},
): Promise<Reconciled> {
  const {mode, origin} = connected
  const folder = pathsOf(place).trail(mode)
  const found = question.incident === undefined ? undefined : findIncident(place, question.incident)
  if (found) refuseOtherTenant(found, connected)
  if (readOrigin(folder) === undefined) {
    throw new StanchError(
      'usage.invalid',
      `There is no ${mode === 'sim' ? 'simulated' : 'real'} trail on this machine to compare with the tenant's log.`,
    )
  }
  const since = sinceOf(question.since, connected)
  const peers = peersFrom(question.also ?? [], origin.host)
  await connected.tenant.operator()
  const trail = await openTrail(place, mode)
  try {
    return await reconcileWith(
      trail,
      connected,
      {...question, since, peers, closed: found?.state.closed_at !== undefined, up_to_now: question.wait},
      responder,
      interruption,
    )
  } finally {
    trail.close(interruption.requested ? 'interrupted' : 'done')
  }
}

/** The same with a trail that is open already. */
export async function reconcileWith(
  trail: Trail,
  connected: Connected,
  question: Pick<ReconcileQuestion, 'incident' | 'wait' | 'retention_days'> & {
    readonly since?: number | undefined
    readonly peers: Peers
    readonly closed?: boolean
    readonly up_to_now?: boolean
  },
  responder: Pick<Responder, 'notify'>,
  interruption: {readonly requested: boolean},
): Promise<Reconciled> {
  await connected.tenant.operator()
  await recordTokens(trail, connected)
  const {incident, since, wait, retention_days, peers, closed, up_to_now = false} = question
  const found = await reconcileTrail(
    {tenant: connected.tenant, trail, responder, clock: connected.clock, machine: systemClock, interruption},
    {
      wait,
      up_to_now,
      peers,
      ...(incident === undefined ? {} : {incident, about: aboutIncident(incident, closed)}),
      ...(since === undefined ? {} : {since}),
      ...(retention_days === undefined ? {} : {retention_days}),
    },
  )
  return {
    tenant: connected.origin.host,
    simulated: connected.mode === 'sim',
    ...(incident === undefined ? {} : {incident_id: incident}),
    ...found,
  }
}

export function reconcileExit(found: Pick<Reconciliation, 'findings'>): number {
  return {in_order: 0, unknowable: 6, differs: 5}[reconcileVerdict(found.findings)]
}

/** @throws guard.tenant_moved */
export function refuseOtherTenant({state, mode}: FoundIncident, connected: Connected): void {
  if (state.tenant === connected.origin.host && mode === connected.mode) return
  throw new StanchError(
    'guard.tenant_moved',
    `Incident ${state.incident_id} is about tenant ${quoted(state.tenant)} (${mode}); this is ${quoted(connected.origin.host)} (${connected.mode}).`,
  )
}

function sinceOf(text: string | undefined, connected: Connected): number | undefined {
  if (text === undefined) return undefined
  const at = parseMoment(text, Math.floor(connected.clock.now() / 1000))
  if (typeof at === 'number') return at
  throw new StanchError('usage.invalid', `${quoted(text, 40)} is no moment. Give an RFC 3339 instant, or 2h, 30m, 14:05 (UTC).`)
}

/** Each verified. @throws input.unreadable for a folder that holds neither a log nor a slice; audit.not_verified */
export function peersFrom(folders: readonly string[], tenant: string): Peers {
  return peersOf(
    folders.map((folder) => readPeer(path.resolve(folder)).records),
    tenant,
  )
}
