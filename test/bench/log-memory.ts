import {spawn} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'

import {systemClock} from '../../src/clock.ts'
import {savedRanges} from '../../src/execution/saved-log.ts'
import {startSimulator} from '../../src/simulator/server.ts'
import type {Simulator} from '../../src/simulator/server.ts'
import {tellStory} from '../../src/simulator/history/story.ts'
import {hasIntent} from '../../src/trail/intents.ts'
import {trailFolder} from '../../src/trail/trail-folder.ts'
import {MAIN} from '../support/run-stanch.ts'

/*
 * Peak memory of `stanch respond` while it saves a large tenant log: the built program in a process of its own, the tenant
 * in this one. The bound is the promise, 256 MiB; the figure is the kernel's high-water mark of the resident set. Also: each
 * entry is in the evidence once. Ends with "N passed, N failed".
 * `node test/bench/log-memory.ts [ENTRIES]`
 */

const ENTRIES = Number(process.argv[2] ?? 60_000)
const BOUND_MIB = 256
const HOURS = 48
const STORY = {journey: 'J1', seed: 4, host: 'acme.eu.auth0.com', audience: 'https://acme.eu.auth0.com/api/v2/'} as const

interface Shape {
  readonly name: string
  readonly entries: number
  /** Characters of one entry, about. */
  readonly size: number
  /** Every how manieth entry is a token of the leaked client. */
  readonly own: number
}

const SHAPES: readonly Shape[] = [
  {name: 'a busy tenant', entries: ENTRIES, size: 2000, own: 100},
  {name: "every entry a token of the client's own", entries: ENTRIES, size: 2000, own: 1},
  {name: 'entries of 60 kB, pages of 6 MB', entries: Math.ceil(ENTRIES / 20), size: 60_000, own: 100},
]

const folder = mkdtempSync(path.join(tmpdir(), 'stanch-memory-'))
/** Runs inside the program that is measured; `VmHWM` belongs to its own memory, unlike ru_maxrss, which an exec inherits. */
const meter = path.join(folder, 'meter.cjs')
writeFileSync(
  meter,
  `const {readFileSync, writeFileSync} = require('node:fs')
process.on('exit', () => {
  const mark = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))
  writeFileSync(process.env.METER_FILE, mark ? mark[1] : String(process.resourceUsage().maxRSS))
})
`,
)

function fill({tenant, practice}: Simulator, {entries, size, own}: Shape): void {
  const now = Date.now()
  const {scenes} = tellStory({...STORY, now})
  for (let i = 0; i < entries; i++) {
    const event =
      i % own === 0
        ? {
            type: 'seccft',
            client_id: practice.leak.client_id,
            audience: 'https://invoices.acme.example/',
            ip: `203.0.113.${i % 200}`,
            user_agent: 'service 1.0 / Linux 6.8.0',
            scope: 'read:invoices',
            details: {access_token_jti: `jti${String(i).padStart(20, '0')}`},
          }
        : {...scenes[i % scenes.length]?.event, type: 's', user_id: `auth0|${i}`, details: {prompts: 'x'.repeat(size - 600)}}
    tenant.world.logs.add(event, now - HOURS * 3_600_000 + Math.floor((i * HOURS * 3_600_000) / entries))
  }
}

async function measure(shape: Shape, at: string): Promise<void> {
  const data = path.join(at, 'data')
  const trail = path.join(data, 'trail-sim')
  const simulator = await startSimulator({
    clock: systemClock,
    plan: 'enterprise',
    behaviour: {attacker: false, consumer: false, log_delay_seconds: 0},
    intentOnDisk: (correlationId) => hasIntent(trail, correlationId),
  })
  try {
    fill(simulator, shape)
    const {operator, leak} = simulator.practice
    const [leaked, figure] = [path.join(at, 'leaked'), path.join(at, 'figure')]
    writeFileSync(leaked, leak.value)
    const said = ['--leak', 'client-secret', '--client', leak.client_id, '--credential-file', leaked, '--reason', 'bench']
    const sink = ['--deliver', `file:${path.join(data, 'new')}`]
    const child = spawn(process.execPath, ['--require', meter, MAIN, 'respond', ...said, ...sink, '--yes', '--json'], {
      env: {
        PATH: process.env['PATH'],
        METER_FILE: figure,
        STANCH_DATA_DIR: data,
        STANCH_CACHE_DIR: path.join(folder, 'cache'),
        STANCH_CONFIG_DIR: path.join(at, 'config'),
        AUTH0_DOMAIN: simulator.origin,
        AUTH0_CLIENT_ID: operator.client_id,
        AUTH0_CLIENT_SECRET: operator.client_secret,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 600_000,
    })
    let [out, errors] = ['', '']
    child.stdout.on('data', (part: Buffer) => (out += part.toString('utf8')))
    child.stderr.on('data', (part: Buffer) => (errors += part.toString('utf8')))
    const status = await new Promise((resolve) => child.on('close', resolve))
    if (status !== 0) throw new TypeError(`respond ended with ${String(status)}: ${errors.slice(-300)}`)
    const mib = Number(readFileSync(figure, 'utf8')) / 1024
    console.log(`memory    ${shape.name.padEnd(39)} ${shape.entries} entries, peak ${mib.toFixed(0)} MiB (bound ${BOUND_MIB})`)
    if (!(mib <= BOUND_MIB)) throw new TypeError(`${shape.name}: ${mib.toFixed(0)} MiB`)
    const {incident_id: incident} = JSON.parse(out) as {incident_id: string}
    onceEach(simulator, trail, incident)
  } finally {
    await simulator.stop()
  }
}

function onceEach({tenant}: Simulator, trail: string, incident: string): void {
  const folder = trailFolder(trail)
  const saved = savedRanges(folder, incident).flatMap(({sha256}) =>
    String(folder.getEvidence(sha256))
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as {log_id: string}).log_id),
  )
  const known = new Set(saved)
  if (known.size !== saved.length) throw new TypeError(`${saved.length - known.size} entries are in the evidence twice`)
  const missing = tenant.world.logs.readable().filter(({log_id}) => !known.has(String(log_id)))
  // What our own last requests left behind comes after the reading.
  if (missing.length > 20) throw new TypeError(`${missing.length} entries are not in the evidence`)
}

let passed = 0
let failed = 0
for (const [index, shape] of SHAPES.entries()) {
  try {
    await measure(shape, mkdtempSync(path.join(folder, `shape-${index}-`)))
    passed += 1
  } catch (error) {
    failed += 1
    console.log(`FAIL ${(error as Error).message}`)
  }
}
rmSync(folder, {recursive: true, force: true})
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
