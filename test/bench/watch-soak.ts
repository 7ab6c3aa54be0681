import {spawn, spawnSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'

import type {LogEntry} from '../../src/auth0/resources/log-entry.ts'
import {openTrail} from '../../src/cli/context.ts'
import {findIncident} from '../../src/cli/incidents.ts'
import {recordReader} from '../../src/cli/watch.ts'
import {rfc3339, systemClock} from '../../src/clock.ts'
import type {Clock} from '../../src/clock.ts'
import {IncidentTrail} from '../../src/execution/incident-trail.ts'
import {watch} from '../../src/execution/watch.ts'
import type {WatchSource} from '../../src/execution/watch-source.ts'
import type {WatchEvent} from '../../src/incident/watch/event.ts'
import type {Exposure} from '../../src/incident/exposure.ts'
import {startSimulator} from '../../src/simulator/server.ts'
import {getEvidence} from '../../src/trail/evidence.ts'
import {hasIntent} from '../../src/trail/intents.ts'
import {readTrail} from '../../src/trail/read-trail.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {placeOf} from '../support/incident.ts'
import {MAIN} from '../support/run-stanch.ts'
import type {Home} from '../support/run-stanch.ts'

/*
 * A watch over 24 hours of a tenant that logs ten million events, killed (SIGKILL) in the middle and begun again: nothing
 * missed, nothing twice, memory flat. The events come from a generator through the watch's own port: over HTTP the
 * embedded tenant would need hours for them. A smaller tenant (2,000 events) is watched over HTTP by the built program,
 * killed and begun again, too. EVENTS changes the size. Ends with "N passed, N failed".
 */

const EVENTS = Number(process.env['EVENTS'] ?? 10_000_000)
const SECONDS = 86_400
const PAGE = 100
/**
 * Growth of the resident set that is allowed, from one tenth of a run to its end, MB. Measured after a collection, with
 * Node's young generation held at its first size (under load it takes up to 96 MB of any program), so that what grows is
 * what the watch holds.
 */
const ALLOWED_MB = 20
/** Every how manieth event is a use of the old secret, a paused log stream, a new application by the leaked client. */
const [USE, STREAM, CLIENT] = [4_999, 100_003, 250_007]
const SOURCES = 50

/** Event `i` (from 0) of the generated tenant; `start` is NumericDate. */
function generated(i: number, start: number, clientId: string): LogEntry {
  const base = {
    log_id: `900${String(i).padStart(53, '0')}`,
    date: new Date((start + ((i + 1) * SECONDS) / EVENTS) * 1000).toISOString(),
    user_agent: 'service 1.0 / Linux 6.8.0',
    ip: `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`,
    raw: {},
  }
  if (i % STREAM === STREAM - 1) return change(base, 'somebody', 'patch', `/api/v2/log-streams/lst_${i}`, {status: 'paused'})
  if (i % CLIENT === CLIENT - 1) return change(base, clientId, 'post', '/api/v2/clients', {}, {client_id: `evil${i}`})
  if (i % USE === USE - 1) {
    return {
      ...base,
      type: 'feccft',
      client_id: clientId,
      ip: `203.0.113.${((i / USE) % SOURCES) | 0}`,
      description: 'Unauthorized',
      audience: 'https://invoices.acme.example/',
    }
  }
  return {
    ...base,
    type: i % 3 === 0 ? 'seccft' : i % 3 === 1 ? 's' : 'seacft',
    client_id: `client${i % 997}`,
    audience: 'https://invoices.acme.example/',
  }
}

function change(
  base: Omit<LogEntry, 'type'>,
  client_id: string,
  method: string,
  where: string,
  body: object,
  made: object = {},
): LogEntry {
  const request = {method, path: where, channel: 'api'}
  return {
    ...base,
    type: 'sapi',
    client_id,
    request,
    raw: {details: {request: {...request, body}, response: {statusCode: 200, body: made}}},
  }
}

/** How many of the generated events the watch must report, by verdict. */
function wanted(): Record<string, number> {
  const counts = {tripwire: 0, log_stream_paused: 0, new_client: 0}
  for (let i = 0; i < EVENTS; i++) {
    if (i % STREAM === STREAM - 1) counts.log_stream_paused++
    else if (i % CLIENT === CLIENT - 1) counts.new_client++
    else if (i % USE === USE - 1) counts.tripwire++
  }
  return counts
}

interface ChildJob {
  readonly home: Home
  readonly incident: string
  readonly client_id: string
  /** NumericDate: when the events begin, and the time at which this run begins. */
  readonly start: number
  readonly now: number
}

/** One watch in a process of its own. Prints `RSS share-of-the-day MB now` every round of an hour. */
async function child(job: ChildJob): Promise<void> {
  const collect = (globalThis as {gc?: () => void}).gc
  const {home, incident, client_id, start} = job
  const place = placeOf(home)
  let now = job.now
  let said = 0
  const clock: Clock = {
    now: () => now * 1000,
    monotonic: () => performance.now(),
    sleep: async (seconds) => {
      now += seconds
      if (now - said < SECONDS / 100) return
      said = now
      collect?.()
      process.stdout.write(
        `RSS ${((now - start) / SECONDS).toFixed(3)} ${(process.memoryUsage.rss() / 1048576).toFixed(1)} ${now}\n`,
      )
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
  const visible = () => Math.min(EVENTS, Math.max(0, Math.floor(((now - start) * EVENTS) / SECONDS)))
  const source: WatchSource = {
    begin: async () => ({from: '9', entries: []}),
    async page(from) {
      const first = from === '9' ? 0 : Number(from.slice(3)) + 1
      const end = Math.min(visible(), first + PAGE)
      const entries: LogEntry[] = []
      for (let i = first; i < end; i++) entries.push(generated(i, start, client_id))
      const next = entries.at(-1)?.log_id
      return {entries, ...(next === undefined ? {} : {next})}
    },
    look: async () => ({at: rfc3339(now), grants: [], credentials: [], not_seen: []}),
  }
  const trail = await openTrail(place, 'sim')
  try {
    const found = findIncident(place, incident)
    const view = await watch(
      {
        journal: new IncidentTrail(trail, incident, found.state.tenant, systemClock),
        clock,
        now: () => now,
        source,
        client_id,
        record: recordReader(trail, found, client_id, () => now),
        onEvent: () => {},
        onView: () => {},
      },
      {interval: 30, once: false},
    )
    process.stdout.write(`END ${view.state} ${view.entries} ${Math.round(process.resourceUsage().maxRSS / 1024)}\n`)
  } finally {
    trail.close('done')
  }
}

interface Ran {
  readonly end?: {readonly state: string; readonly entries: number; readonly peak: number}
  readonly rss: readonly {readonly share: number; readonly mb: number; readonly now: number}[]
}

/** Runs a child, and kills it as soon as it has come to `killAt` (share of the day). */
function runChild(job: ChildJob, killAt = Infinity): Promise<Ran> {
  const process_ = spawn(
    process.execPath,
    ['--expose-gc', '--max-semi-space-size=2', import.meta.filename, '--child', JSON.stringify(job)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const rss: {share: number; mb: number; now: number}[] = []
  let end: Ran['end']
  let rest = ''
  process_.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const [kind, a, b, c] = line.split(' ')
      if (kind === 'END') end = {state: a ?? '', entries: Number(b), peak: Number(c)}
      if (kind !== 'RSS') continue
      rss.push({share: Number(a), mb: Number(b), now: Number(c)})
      if (Number(a) >= killAt) process_.kill('SIGKILL')
    }
  })
  return new Promise((resolve) => process_.once('close', () => resolve({...(end ? {end} : {}), rss})))
}

/** From one tenth of the run on: what was loaded and compiled by then is not growth. */
function growth({rss}: Ran): number {
  const first = rss[Math.floor(rss.length / 10)]?.mb ?? Infinity
  return Math.max(...rss.slice(Math.floor(rss.length / 10)).map(({mb}) => mb)) - first
}

function seenBy(home: Home, incident: string): {counts: Record<string, number>; twice: number; records: number} {
  const trail = path.join(home.data, 'trail-sim')
  const counts: Record<string, number> = {}
  const keys = new Set<string>()
  let twice = 0
  let records = 0
  for (const record of readTrail(trail, {inc: incident})) {
    records++
    if (record['action'] !== 'watch') continue
    const event = JSON.parse(getEvidence(trail, String(record['evidence']))?.toString('utf8') ?? '') as WatchEvent
    counts[event.verdict] = (counts[event.verdict] ?? 0) + event.count
    for (const id of event.log_ids) {
      if (keys.has(id)) twice++
      keys.add(id)
    }
  }
  return {counts, twice, records}
}

let [passed, failed] = [0, 0]
function check(what: string, holds: boolean, figures = ''): void {
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}${figures === '' ? '' : `: ${figures}`}`)
  if (holds) passed++
  else failed++
}

const base = realpathSync(mkdtempSync(path.join(tmpdir(), 'stanch-soak-')))

function homeOf(name: string): Home {
  const folder = path.join(base, name)
  const [data, config, cache] = ['data', 'config', 'cache'].map((one) => path.join(folder, one)) as [string, string, string]
  mkdirSync(data, {recursive: true, mode: 0o700})
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    STANCH_DATA_DIR: data,
    STANCH_CONFIG_DIR: config,
    STANCH_CACHE_DIR: cache,
  }
  return {folder, data, config, cache, env}
}

/** A contained incident on an embedded tenant where nobody acts by himself. */
async function contained(home: Home) {
  const trail = path.join(home.data, 'trail-sim')
  const simulator = await startSimulator({
    clock: systemClock,
    seed: 7,
    intentOnDisk: (id) => hasIntent(trail, id),
    behaviour: {attacker: false, consumer: false},
  })
  const {operator, leak} = simulator.practice
  writeFileSync(path.join(home.folder, 'leaked'), leak.value, {mode: 0o600})
  const env = {
    ...home.env,
    AUTH0_DOMAIN: simulator.origin,
    AUTH0_CLIENT_ID: operator.client_id,
    AUTH0_CLIENT_SECRET: operator.client_secret,
  }
  const words = ['respond', '--yes', '--json', '--leak', leak.kind, '--client', leak.client_id, '--reason', 'soak']
  const when = ['--leaked-at', rfc3339(simulator.tenant.clock.now() - 3600)]
  const more = ['--credential-file', path.join(home.folder, 'leaked'), '--deliver', `file:${path.join(home.folder, 'new')}`]
  const result = JSON.parse(await output([...words, ...when, ...more], env)) as {incident_id: string; exposure: Exposure}
  return {simulator, env, incident: result.incident_id, client_id: leak.client_id, exposure: result.exposure}
}

function output(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  onText?: (text: string, kill: () => void) => void,
): Promise<string> {
  const one = spawn(process.execPath, [MAIN, ...argv], {env, stdio: ['ignore', 'pipe', 'ignore']})
  let text = ''
  one.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
    onText?.(text, () => one.kill('SIGKILL'))
  })
  return new Promise((resolve) => one.once('close', () => resolve(text)))
}

async function generatedDay(): Promise<void> {
  const home = homeOf('day')
  const {simulator, incident, client_id, exposure} = await contained(home)
  await simulator.stop()
  const start = Math.floor(Date.parse(exposure.computed_at) / 1000)
  const job = {home, incident, client_id, start, now: start}
  const began = performance.now()
  const first = await runChild(job, 0.5)
  const killed = first.rss.at(-1)?.now ?? start
  // Time goes on while nobody watches.
  const second = await runChild({...job, now: killed + 120})
  const seconds = (performance.now() - began) / 1000
  const {counts, twice, records} = seenBy(home, incident)
  const want = wanted()
  check('the first watch was killed in the middle', first.end === undefined && first.rss.length > 10)
  check('the second one came to the all clear', second.end?.state === 'clear')
  check('it read every event', second.end?.entries === EVENTS, `${second.end?.entries} of ${EVENTS}`)
  for (const [verdict, count] of Object.entries(want))
    check(`${verdict}: none missed, none twice`, (counts[verdict] ?? 0) === count, `${counts[verdict] ?? 0} of ${count}`)
  check('no log entry stands in two reports', twice === 0)
  for (const [name, ran] of [
    ['before the kill', first],
    ['after it', second],
  ] as const)
    check(
      `memory ${name} grows by at most ${ALLOWED_MB} MB`,
      growth(ran) <= ALLOWED_MB,
      `${growth(ran).toFixed(1)} MB, ${ran.rss.at(-1)?.mb} MB at the end`,
    )
  check('the trail verifies', verifyFolder(path.join(home.data, 'trail-sim')).ok, `${records} records of the incident`)
  check('it never takes more than 256 MiB', (second.end?.peak ?? Infinity) <= 256, `${second.end?.peak} MiB at most`)
  console.log(`     ${EVENTS} events came through the watch's port, made by a generator: not over HTTP, where 2,000 follow`)
  console.log(`     ${EVENTS} events in ${seconds.toFixed(1)} s, ${((seconds * 1e6) / EVENTS).toFixed(2)} us each`)
}

/** The same over HTTP, smaller: the embedded tenant copies its whole log for each page. */
async function overHttp(): Promise<void> {
  const home = homeOf('http')
  const {simulator, env, incident, client_id} = await contained(home)
  const {tenant} = simulator
  let uses = 0
  const add = () => {
    for (let n = 0; n < 20; n++) {
      const hit = n % 7 === 3
      if (hit) uses++
      tenant.world.logs.add({
        type: hit ? 'feccft' : 'seccft',
        description: hit ? 'Unauthorized' : '',
        client_id: hit ? client_id : `client${n}`,
        ip: `203.0.113.${uses % 9}`,
        user_agent: 'curl 8.9.1',
      })
    }
  }
  tenant.world.time.add({
    next: tenant.world.time.ms() + 60_000,
    act() {
      add()
      ;(this as {next: number}).next += 14.4 * 60_000
    },
  })
  const argv = ['watch', incident, '--json', '--interval', '600']
  await output(argv, env, (text, kill) => {
    if (text.split('\n').length > 60) kill()
  })
  const rest = await output(argv, env)
  const {counts, twice} = seenBy(home, incident)
  check(
    'over HTTP: killed, begun again, come to the all clear',
    rest.includes('"type":"ended"') && rest.includes('"state":"clear"'),
  )
  check(
    'over HTTP: none missed, none twice',
    counts['tripwire'] === uses && twice === 0,
    `${counts['tripwire']} of ${uses} uses among ${tenant.logs().length} events`,
  )
  await simulator.stop()
}

if (process.argv[2] === '--child') {
  await child(JSON.parse(process.argv[3] ?? '') as ChildJob)
} else {
  if (spawnSync(process.execPath, [MAIN, '--version']).status !== 0) throw new Error('dist/ is missing: run npm run build first')
  try {
    await generatedDay()
    await overHttp()
  } finally {
    rmSync(base, {recursive: true, force: true})
  }
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}
