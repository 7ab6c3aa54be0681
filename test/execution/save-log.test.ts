import {deepEqual, equal, ok} from 'node:assert/strict'
import {hash} from 'node:crypto'
import {readFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'

import type {LogCaps} from '../../src/execution/log-saver.ts'
import {savedLog, savedRanges} from '../../src/execution/saved-log.ts'
import type {LogCoverage} from '../../src/execution/log-coverage.ts'
import {rfc3339} from '../../src/clock.ts'
import type {IncidentResult} from '../../src/incident/result.ts'
import {trailFolder} from '../../src/trail/trail-folder.ts'
import {assertInvariants, assertTrail, connectByToken, gapCodes, respond, resume, scene} from '../support/incident.ts'
import type {Document, Scene, SceneOptions} from '../support/incident.ts'
import {Victim} from '../support/victim.ts'

const QUIET = {behaviour: {attacker: false, consumer: false, log_delay_seconds: 0}, plan: 'private'} as const

/** A tenant with so many entries of others in its log, the oldest `hours` old. */
async function busy(
  t: Parameters<typeof scene>[0],
  entries: number,
  options: SceneOptions = {},
  hours = 48,
): Promise<Scene & {folder: ReturnType<typeof trailFolder>; fetched: () => string[]}> {
  const at = await scene(t, {...QUIET, ...options})
  const now = at.tenant.clock.now() * 1000
  for (let i = 0; i < entries; i++)
    at.tenant.world.logs.add(
      {
        type: 's',
        description: 'Successful login',
        client_id: 'somebodyelse',
        ip: '192.0.2.9',
        user_id: `auth0|${i}`,
        details: {prompts: 'x'.repeat(700)},
      },
      now - hours * 3_600_000 + Math.floor((i * hours * 3_600_000) / entries),
    )
  return {
    ...at,
    folder: trailFolder(path.join(at.home.data, 'trail-sim')),
    fetched: () =>
      at.requests.filter((one) => one.path === '/api/v2/logs' && one.query.has('from')).map((one) => one.query.get('from') ?? ''),
  }
}

const ids = (entries: Iterable<{readonly log_id?: unknown}>) => [...entries].map((entry) => String(entry.log_id))
const saved = (at: {folder: ReturnType<typeof trailFolder>}, incident: unknown) => ids(savedLog(at.folder, String(incident)))
const doc = (result: IncidentResult) => result as Document

/** Log ids as they lie in the blobs that were fetched by checkpoint, in the order of the records: nothing is left out here. */
function linesOfRuns(at: {folder: ReturnType<typeof trailFolder>}, incident: string): string[] {
  return savedRanges(at.folder, incident).flatMap(({sha256}) =>
    String(at.folder.getEvidence(sha256))
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as {log_id: string}).log_id),
  )
}

function coverageOf(at: {folder: ReturnType<typeof trailFolder>}, incident: unknown): LogCoverage {
  const record = [...at.folder.records({inc: String(incident)})].findLast((one) => one['action'] === 'tenant_log.coverage')
  return JSON.parse(String(at.folder.getEvidence(String(record?.['evidence'])))) as LogCoverage
}

describe('the tenant log is saved before anything is changed', () => {
  test('far beyond the newest 1,000: each entry once, its hash in the trail, before the first intent', async (t) => {
    const at = await busy(t, 4500)
    const before = ids(at.tenant.logs())
    const {result} = await respond(t, at)
    equal(result.status, 'contained')
    assertInvariants(doc(result))
    assertTrail(at)
    const incident = String(result.incident_id)
    const all = saved(at, incident)
    deepEqual(all, [...new Set(all)].sort(), 'in the order of arrival, none twice')
    const lines = linesOfRuns(at, incident)
    equal(lines.length, new Set(lines).size, 'nor twice in the blobs')
    deepEqual(
      ids(at.tenant.logs()).filter((id) => !all.includes(id)),
      [],
    )
    const records = [...at.folder.records({inc: incident})]
    const first = records.find((one) => one.kind === 'intent' && String(one['action']).startsWith('client_'))
    const early = records.filter((one) => one['action'] === 'tenant_log.save' && one.seq < (first?.seq ?? 0))
    const known = new Set<string>()
    for (const record of early) {
      const blob = readFileSync(path.join(at.home.data, 'trail-sim', 'evidence', String(record['evidence'])))
      equal(hash('sha256', blob, 'hex'), record['evidence'])
      for (const line of blob.toString('utf8').trim().split('\n'))
        known.add(String((JSON.parse(line) as {log_id: string}).log_id))
    }
    deepEqual(
      before.filter((id) => !known.has(id)),
      [],
      'what was there before was saved before the first change',
    )
    equal(gapCodes(result).includes('log_not_whole'), false)
    equal(gapCodes(result).includes('log_saved_after_change'), false)
    const coverage = coverageOf(at, incident)
    equal(coverage.caught_up, true)
    deepEqual(coverage.holes, [])
    equal(coverage.from, '-')
  })

  test('of a small log nothing is asked for once the plan is known: its pages came with the first look', async (t) => {
    const at = await busy(t, 60)
    const {result} = await respond(t, at, {options: {leaked_at: 'unknown'}})
    equal(result.status, 'contained')
    const change = at.requests.findIndex((one) => one.method === 'DELETE')
    const logs = at.requests.slice(0, change).filter((one) => one.path === '/api/v2/logs')
    // the client's newest, changes of settings, the oldest entries, one page by checkpoint
    equal(logs.length, 4, logs.map((one) => one.query.toString()).join(' | '))
  })

  test('only from the leak on where that is known, and from --since where that is said', async (t) => {
    const at = await busy(t, 2400)
    const now = at.tenant.clock.now()
    const {result} = await respond(t, at, {options: {leaked_at: rfc3339(now - 6 * 3600)}})
    const entries = [...savedLog(at.folder, String(result.incident_id))].filter((entry) => entry.type === 's')
    const since = (now - 6 * 3600) * 1000
    const wantedFirst = at.tenant.logs().filter((entry) => entry['type'] === 's' && Date.parse(String(entry['date'])) >= since)
    ok(wantedFirst.length >= 299)
    deepEqual(
      ids(wantedFirst).filter((id) => !ids(entries).includes(id)),
      [],
    )
    ok(entries.length < 300 + 150, `${entries.length} entries: no more than the margin before the leak`)

    const {result: again} = await resume(t, at, String(result.incident_id), {options: {since: rfc3339(now - 24 * 3600)}})
    const all = saved(at, again.incident_id)
    const wanted = at.tenant.logs().filter((entry) => Date.parse(String(entry['date'])) >= (now - 24 * 3600) * 1000)
    deepEqual(
      ids(wanted).filter((id) => !all.includes(id)),
      [],
      'the window that grew is whole',
    )
    deepEqual(coverageOf(at, result.incident_id).holes, [])
    const counted = savedRanges(at.folder, String(result.incident_id)).reduce((sum, blob) => sum + blob.entries, 0)
    ok(counted <= all.length, 'nothing that was saved is saved again')
  })
})

describe('what is too much does not keep containment waiting', () => {
  const caps: LogCaps = {before: {seconds: 30, entries: 1000}, after: {seconds: 900, entries: 1_000_000}}

  test('the cap is said, containment goes ahead, and the rest is saved afterwards', async (t) => {
    const at = await busy(t, 6000)
    const {result} = await respond(t, at, {log_caps: caps})
    equal(result.status, 'contained')
    const gap = result.evidence_gaps.find((one) => one.code === 'log_saved_after_change')
    ok(gap?.why.includes('1000 entries'), gap?.why)
    equal(gapCodes(result).includes('log_not_whole'), false)
    const records = [...at.folder.records({inc: String(result.incident_id)})]
    const first = records.find((one) => one.kind === 'intent' && String(one['action']).startsWith('client_'))?.seq ?? 0
    const early = savedRanges(at.folder, String(result.incident_id)).filter((blob) => blob.seq < first)
    const counted = early.reduce((sum, blob) => sum + blob.entries, 0)
    ok(counted >= 1000 && counted <= 2200, String(counted))
    const all = saved(at, result.incident_id)
    deepEqual(
      ids(at.tenant.logs()).filter((id) => !all.includes(id)),
      [],
    )
    deepEqual(at.fetched(), [...new Set(at.fetched())], 'no page was asked for twice')
  })

  test('what is still left then is a gap that says how to go on, and resume goes on', async (t) => {
    const at = await busy(t, 9000)
    const {result} = await respond(t, at, {log_caps: {before: caps.before, after: {seconds: 900, entries: 1000}}})
    equal(result.status, 'contained')
    const gap = result.evidence_gaps.find((one) => one.code === 'log_not_whole')
    ok(gap?.why.includes(`stanch resume ${String(result.incident_id)}`), gap?.why)
    ok(
      result.next.some((one) => one.startsWith(`stanch resume ${String(result.incident_id)}`)),
      result.next.join('\n'),
    )
    equal(coverageOf(at, result.incident_id).stopped_by, 'count')
    const {result: again} = await resume(t, at, String(result.incident_id))
    equal(gapCodes(again).includes('log_not_whole'), false)
    const all = saved(at, again.incident_id)
    deepEqual(
      ids(at.tenant.logs()).filter((id) => !all.includes(id)),
      [],
    )
    deepEqual(at.fetched(), [...new Set(at.fetched())])
    equal(coverageOf(at, again.incident_id).caught_up, true)
  })

  test('a tenant that gives no second page in time is contained all the same', async (t) => {
    let pages = 0
    const at = await busy(t, 500, {
      watch: (phase, request) =>
        phase === 'arrived' && request.path === '/api/v2/logs' && request.query.has('from') && ++pages === 2
          ? new Promise((resolve) => t.after(() => resolve()))
          : undefined,
    })
    const {result} = await respond(t, at, {log_caps: {before: {seconds: 1, entries: 50_000}, after: caps.after}})
    equal(result.status, 'contained')
    ok(gapCodes(result).includes('log_saved_after_change'))
  })
})

describe('saving the log goes on where it stopped', () => {
  test('after Ctrl-C: nothing was changed, nothing is fetched twice, nothing is missed', async (t) => {
    const interruption = {requested: false}
    let pages = 0
    const at = await busy(t, 5000, {
      watch: (phase, request) => {
        if (phase === 'arrived' && request.query.has('from') && ++pages === 22) interruption.requested = true
        return undefined
      },
    })
    const stopped = await respond(t, at, {interruption})
    equal(at.tenant.changes().length, 0)
    const incident = String(stopped.result.incident_id)
    const part = saved(at, incident).length
    ok(part > 1500 && part < 5000, String(part))
    interruption.requested = false
    const {result} = await resume(t, at, incident)
    equal(result.status, 'contained')
    const all = saved(at, incident)
    deepEqual(
      ids(at.tenant.logs()).filter((id) => !all.includes(id)),
      [],
    )
    deepEqual(at.fetched(), [...new Set(at.fetched())], 'no page was asked for twice')
    assertTrail(at)
  })

  test('a log that cannot be read is a gap and no obstacle', async (t) => {
    const at = await busy(t, 10)
    const scopes = [
      'read:clients',
      'read:client_keys',
      'update:client_keys',
      'read:client_grants',
      'delete:client_grants',
      'read:resource_servers',
    ]
    const {result} = await respond(t, at, {connected: await connectByToken(t, at, scopes)})
    equal(result.status, 'contained')
    ok(gapCodes(result).includes('log_not_saved'))
  })
})

describe('a killed process', () => {
  test('leaves what it saved: the built binary goes on from there, and contains', async (t) => {
    let pages = 0
    const victim = new Victim((phase, request) => phase === 'arrived' && request.query.has('from') && ++pages === 30)
    const at = await busy(t, 5000, {watch: victim.watch})
    const words = ['respond', '--leak', 'client-secret', '--client', at.client_id, '--credential-file', at.leak.file]
    equal(await victim.run(at, [...words, '--deliver', `file:${at.sink}`, '--reason', 'kill', '--yes', '--json']), 'SIGKILL')
    equal(at.tenant.changes().length, 0)
    const incident = String(at.records().find((one) => one.kind === 'incident.open')?.['inc'])
    const part = saved(at, incident).length
    ok(part > 1000 && part < 5000, String(part))
    const before = at.fetched()
    // Nothing was recorded for pages that the dead process still held; what was recorded is not asked for again.
    const last = savedRanges(at.folder, incident).at(-1)?.last ?? ''
    const resumed = await at.run(['resume', incident, '--yes', '--credential-file', at.leak.file, '--deliver', `file:${at.sink}`])
    equal(resumed.document.status, 'contained', resumed.stderr)
    ok(
      at
        .fetched()
        .slice(before.length)
        .every((from) => from >= last),
    )
    const all = saved(at, incident)
    deepEqual(
      ids(at.tenant.logs()).filter((id) => !all.includes(id)),
      [],
    )
    const lines = linesOfRuns(at, incident)
    deepEqual(lines, [...new Set(lines)].sort(), 'what the dead process had fetched and not recorded is in the evidence once')
  })
})
