import {existsSync, readFileSync} from 'node:fs'
import path from 'node:path'

import {exitOf} from '../../../src/cli/exit-codes.ts'
import {incidentsOf} from '../../../src/execution/record-mapping.ts'
import {withLock} from '../../../src/files/lock.ts'
import {lockPath} from '../../../src/trail/layout.ts'
import {verifyFolder} from '../../../src/trail/verify-folder.ts'
import {filesOf, findCanaries} from '../../support/canaries.ts'
import type {Bench, Ran} from './bench.ts'

/** The longest that one process may take, milliseconds of the wall. */
const BUDGET = 20_000

type Check = (bench: Bench) => string | undefined

/** The eleven invariants of the plan, section 3.4: each gives a sentence when it does not hold. */
export const INVARIANTS: Readonly<Record<string, Check>> = {
  I1: oneRotation,
  I2: everyChangeIntended,
  I3: secretInHand,
  I4: terminal,
  I5: trailVerifies,
  I6: noCanary,
  I7: exitAgrees,
  I8: nothingLeft,
  I9: inTime,
  I10: allClearNotEarly,
  I11: oneDocument,
}

function oneRotation({front, client}: Bench): string | undefined {
  const count = front.tenant.count('client_secret.rotate', client) - front.others
  return count <= 1 ? undefined : `${count} rotations took effect`
}

function everyChangeIntended(bench: Bench): string | undefined {
  const changes = bench.front.arrived.filter((one) => one.changing)
  const bare = changes.find((one) => one.intended !== true)
  if (bare) return `${bare.method} ${bare.path} arrived without a durable intent`
  if (bench.front.tenant.unlogged() > 0) return 'the tenant refused a request without an intent'
  const records = [...bench.records(), ...bench.otherRecords()]
  const intents = records.filter(
    (one) => one.kind === 'intent' && /^client_(grant\.delete|secret\.rotate)$/.test(String(one['action'])),
  )
  const different = new Set(changes.map((one) => one.correlation)).size
  return different <= intents.length ? undefined : `${different} changes, ${intents.length} intents`
}

function secretInHand(bench: Bench): string | undefined {
  const {front, client} = bench
  if (front.tenant.count('client_secret.rotate', client) === 0) return undefined
  if (!front.tenant.world.clients.has(client) || front.blind) return undefined
  const current = `${front.tenant.secretOf(client)}\n`
  const held = bench.deliveries().some((file) => existsSync(file) && readFileSync(file, 'utf8') === current)
  if (held) return undefined
  const said = lastDocument(bench)
  const codes = said?.evidence_gaps?.map((gap) => gap.code) ?? []
  const unproven = said?.proof?.some((one) => one.claim === 'new_secret_accepted' && one.verdict !== 'proven')
  const told =
    unproven === true ||
    said?.status === 'in_doubt' ||
    codes.includes('new_secret_unknown') ||
    said?.delivery?.result === 'failed'
  return told ? undefined : 'the new secret is nowhere, and nobody says so'
}

function terminal(bench: Bench): string | undefined {
  const last = bench.ran.at(-1)
  const said = lastDocument(bench)
  if (!last || last.signal !== null) return 'the last run did not end by itself'
  if (!said) {
    // Nothing was ever begun: the error is the whole of it, as long as it is one that tells what to do.
    const touched = bench.front.arrived.some((one) => one.changing)
    if (lastRecorded(bench) === 'contained') return undefined
    return !touched && last.document?.error ? undefined : `no result was ever shown; the last run ended with ${last.code}`
  }
  if (said.status !== 'contained' && said.next.length === 0) return 'not contained, and no way on is named'
  const incident = incidentsOf(bench.records()).find((one) => one.incident_id === said.incident_id)
  if (incident?.last_status !== undefined && incident.last_status !== said.status)
    return `the trail ends with ${incident.last_status}, the document says ${said.status}`
  return undefined
}

/** The status that the trail ends with. */
export function lastRecorded(bench: Pick<Bench, 'records'>): string | undefined {
  return incidentsOf(bench.records()).at(-1)?.last_status
}

/** The newest result of an incident, with or without an error beside it. */
export function lastDocument(bench: Pick<Bench, 'ran'>): NonNullable<Ran['document']> | undefined {
  return bench.ran.map((one) => one.document).findLast((document) => document?.status !== undefined)
}

function trailVerifies(bench: Bench): string | undefined {
  if (!existsSync(bench.trail)) return bench.front.arrived.some((one) => one.changing) ? 'there is no trail' : undefined
  const {ok, complete, findings} = verifyFolder(bench.trail)
  return ok && complete ? undefined : `the trail does not verify: ${JSON.stringify(findings.slice(0, 2))}`
}

/** In no spelling, part or packing: what was printed, and every file but the deliveries and the leak itself. */
function noCanary(bench: Bench): string | undefined {
  const bytes = (name: string, text: string) => ({name, bytes: Buffer.from(text)})
  const isSink = (file: string) =>
    path.dirname(file) === path.dirname(bench.sink) && /^new-secret(-\d+)?$/.test(path.basename(file))
  const sinks = [...filesOf(bench.folder)].map(({name}) => path.join(bench.folder, name)).filter(isSink)
  const places = [
    ...bench.ran.flatMap((one, index) => [
      bytes(`stdout of run ${index}`, one.stdout),
      bytes(`stderr of run ${index}`, one.stderr),
    ]),
    ...filesOf(bench.folder, [bench.leaked, ...bench.deliveries(), ...sinks]),
  ]
  const found = findCanaries(bench.front.tenant.knownSecrets(), places)
  return found.length === 0 ? undefined : `of the tenant's secrets: ${found.slice(0, 3).join('; ')}`
}

function exitAgrees(bench: Bench): string | undefined {
  for (const [index, {document, code, signal}] of bench.ran.entries()) {
    if (signal !== null || (document?.status === undefined && document?.error === undefined)) continue
    const wanted = document.error?.exit ?? exitOf(document)
    if (code !== wanted) return `run ${index} ended with ${code}, its document says ${wanted}`
    if (document.error?.code === 'internal') return `run ${index} stopped because of a defect: ${document.error.message}`
  }
  return undefined
}

function nothingLeft(bench: Bench): string | undefined {
  const group = bench.child?.pid
  if (group !== undefined) {
    try {
      process.kill(-group, 0)
      return 'a process of the last run is left'
    } catch {
      // Nobody there: as it should be.
    }
  }
  if (!existsSync(lockPath(bench.trail))) return undefined
  try {
    withLock(lockPath(bench.trail), 500, () => undefined)
    return undefined
  } catch (error) {
    return `the lock of the trail is not free: ${(error as Error).message}`
  }
}

function inTime(bench: Bench): string | undefined {
  const slow = bench.ran.find((one) => one.ms > BUDGET)
  return slow ? `a run took ${Math.round(slow.ms / 1000)} s` : undefined
}

function allClearNotEarly(bench: Bench): string | undefined {
  const said = lastDocument(bench)
  if (!said?.exposure || said.status === 'declined' || said.status === 'planned') return undefined
  const clear = Date.parse(said.exposure.all_clear.worst_case_at) / 1000
  const last = lastToken(bench)
  return clear >= last ? undefined : `the all clear is ${last - clear} s too early`
}

/** NumericDate at which the last token expires that the tenant ever issued to the suspect client, whoever holds it. */
function lastToken({front: {tenant}, client}: Bench): number {
  const lifetimes = new Map(
    tenant.resourceServers().map((server) => [String(server['identifier']), Number(server['token_lifetime'] ?? 86_400)]),
  )
  const issued = tenant.logs().filter((entry) => entry['type'] === 'seccft' && entry['client_id'] === client)
  return Math.max(
    0,
    ...issued.map(
      (entry) => Math.floor(Date.parse(String(entry['date'])) / 1000) + (lifetimes.get(String(entry['audience'])) ?? 0),
    ),
  )
}

function oneDocument(bench: Bench): string | undefined {
  for (const [index, ran] of bench.ran.entries()) {
    if (ran.signal !== null || !ran.argv.includes('--json')) continue
    if (!ran.document)
      return `run ${index} printed no JSON document (exit ${ran.code}): ${ran.stdout.slice(0, 200)} ${ran.stderr.slice(-400)}`
  }
  return undefined
}
