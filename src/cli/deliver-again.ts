import path from 'node:path'

import {systemClock} from '../clock.ts'
import {describeSink, trySink} from '../delivery/sink.ts'
import type {Sink, SinkDeps} from '../delivery/sink.ts'
import {StanchError} from '../errors.ts'
import {handOverAgain, isRotated, readRotated, rotatedSecret} from '../execution/deliver-again.ts'
import type {Rotated} from '../execution/deliver-again.ts'
import {IncidentTrail} from '../execution/incident-trail.ts'
import {listFolder, readBounded} from '../files/read.ts'
import {Secret} from '../secret.ts'
import {quoted} from '../untrusted.ts'
import {pathsOf, recordTokens} from './context.ts'
import type {Connected, Place} from './context.ts'
import {findIncident, openTrailOf} from './incidents.ts'
import type {FoundIncident} from './incidents.ts'

export interface DeliveredAgain {
  readonly incident_id: string
  readonly simulated: boolean
  readonly client_id: string
  /** The file of this machine that held it, or `tenant`. */
  readonly source: string
  readonly sink: string
  readonly result: 'ok' | 'failed'
  readonly detail?: string
  readonly fingerprint: string
  readonly next: readonly string[]
}

/** Longest file that may hold a secret, bytes. */
const MAX_SECRET_FILE = 65_537

/**
 * Hands the secret of an incident's rotation over once more: from the 0600 file in the incident's folder if one holds
 * it, else by reading it from the tenant. The keyed fingerprint decides whether it is the right one.
 *
 * @param connect called only when no file holds it
 */
export async function deliverAgain(
  place: Place,
  incident: string,
  sink: Sink,
  deps: SinkDeps,
  connect: () => Promise<Connected>,
): Promise<DeliveredAgain> {
  const found = findIncident(place, incident)
  await trySink(sink, deps)
  const trail = await openTrailOf(place, found)
  try {
    const journal = new IncidentTrail(trail, found.state.incident_id, found.state.tenant, systemClock)
    const rotated = rotatedSecret(journal, found.state)
    const kept = keptSecret(pathsOf(place).incident(incident), journal, rotated)
    const secret = kept?.secret ?? (await fromTenant(found, journal, rotated, await connect()))
    const delivered = await handOverAgain(journal, rotated, secret, sink, deps)
    const ok = delivered.result === 'ok'
    return {
      incident_id: incident,
      simulated: found.mode === 'sim',
      client_id: rotated.client_id,
      source: kept?.file ?? 'tenant',
      sink: describeSink(sink),
      result: delivered.result,
      ...(delivered.detail === undefined ? {} : {detail: delivered.detail}),
      fingerprint: rotated.fingerprint,
      next: [
        ...(ok ? [] : [`stanch secret deliver --incident ${incident} --deliver SINK`]),
        ...(ok && found.state.last_status === 'partial' ? [`stanch resume ${incident}`] : []),
        ...(ok && kept ? [`delete the copy once the owner has it: ${kept.file}`] : []),
      ],
    }
  } finally {
    trail.close('done')
  }
}

/** The file in the incident's folder that holds this very secret, newest first. Others are left alone. */
function keptSecret(folder: string, journal: IncidentTrail, rotated: Rotated): {secret: Secret; file: string} | undefined {
  for (const name of listFolder(folder)
    .filter((one) => one.startsWith('new-secret-'))
    .toReversed()) {
    const file = path.join(folder, name)
    const text = readBounded(file, MAX_SECRET_FILE).toString('utf8').replace(/\n$/, '')
    if (text === '') continue
    const secret = new Secret(text)
    if (isRotated(journal, rotated, secret)) return {secret, file}
  }
  return undefined
}

async function fromTenant(found: FoundIncident, journal: IncidentTrail, rotated: Rotated, connected: Connected): Promise<Secret> {
  const {state, mode} = found
  if (state.tenant !== connected.origin.host || mode !== connected.mode) {
    throw new StanchError(
      'guard.tenant_moved',
      `Incident ${state.incident_id} is about tenant ${quoted(state.tenant)} (${mode}); this is ${quoted(connected.origin.host)} (${connected.mode}).`,
    )
  }
  await connected.tenant.operator()
  await recordTokens(journal.trail, connected)
  return readRotated(connected.tenant, journal, rotated)
}
