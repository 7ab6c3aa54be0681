import {spawnSync, spawn} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {systemClock} from '../../src/clock.ts'
import {startSimulator} from '../../src/simulator/server.ts'
import {hasIntent} from '../../src/trail/intents.ts'
import {readTrail} from '../../src/trail/read-trail.ts'

/*
 * Two numbers, each as medians and ratios of one run: start-up against bare Node, and time to contain against its
 * critical path. Nothing here is asserted: the machine is shared and noisy. Ends with "N passed, N failed", where
 * passed means: the measurement could be made.
 */

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 15)
const ROUND_TRIP_MS = 100
/** Token; independent reads; dependent reads; all grants and the fingerprint; the read after; the rotate. */
const CRITICAL_PATH = 6
const folder = mkdtempSync(path.join(tmpdir(), 'stanch-bench-'))
const env = {
  ...process.env,
  STANCH_DATA_DIR: path.join(folder, 'data'),
  STANCH_CACHE_DIR: path.join(folder, 'cache'),
  STANCH_CONFIG_DIR: path.join(folder, 'config'),
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function wall(args: readonly string[], input = ''): number {
  const started = performance.now()
  const {status, stderr} = spawnSync(process.execPath, [...args], {env, input})
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr.toString('utf8').slice(0, 300)}`)
  return performance.now() - started
}

/** Interleaved rounds: bare, variant, bare, variant; the ratio is the median of the per-round ratios. */
function startUp(name: string, args: readonly string[], input = ''): void {
  wall(['-e', '0'])
  wall([main, ...args], input)
  const rounds = Array.from({length: ROUNDS}, () => ({bare: wall(['-e', '0']), ours: wall([main, ...args], input)}))
  const ratio = median(rounds.map((one) => one.ours / one.bare))
  console.log(
    `start-up  ${name.padEnd(23)} ${median(rounds.map((one) => one.ours)).toFixed(0)} ms, bare node ${median(rounds.map((one) => one.bare)).toFixed(0)} ms, ratio ${ratio.toFixed(2)} (goal 2.5)`,
  )
}

/** From the first request of the run (the token) until the outcome of its last change is appended. */
async function containOnce(round: number): Promise<number> {
  const data = path.join(folder, `contain-${round}`)
  const trail = path.join(data, 'trail-sim')
  let first: number | undefined
  const simulator = await startSimulator({
    clock: systemClock,
    plan: 'enterprise',
    roundTripMs: ROUND_TRIP_MS,
    behaviour: {attacker: false, consumer: false},
    intentOnDisk: (correlationId) => hasIntent(trail, correlationId),
    watch: (phase, request) => {
      if (phase === 'arrived' && request.path === '/oauth/token') first ??= Date.now()
      return undefined
    },
  })
  try {
    const {operator, leak} = simulator.practice
    const leaked = path.join(folder, 'leaked')
    writeFileSync(leaked, leak.value)
    const args = [
      main,
      'respond',
      '--leak',
      'client-secret',
      '--client',
      leak.client_id,
      '--credential-file',
      leaked,
      '--reason',
      'bench',
      '--deliver',
      `file:${path.join(data, 'new')}`,
      '--yes',
      '--json',
    ]
    const child = spawn(process.execPath, args, {
      env: {
        ...env,
        STANCH_DATA_DIR: data,
        AUTH0_DOMAIN: simulator.origin,
        AUTH0_CLIENT_ID: operator.client_id,
        AUTH0_CLIENT_SECRET: operator.client_secret,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    })
    let errors = ''
    child.stdout.resume()
    child.stderr.on('data', (part: Buffer) => (errors += part.toString('utf8')))
    const status = await new Promise((resolve) => child.on('close', resolve))
    if (status !== 0) throw new Error(`respond ended with ${String(status)}: ${errors.slice(-300)}`)
    const outcome = [...readTrail(trail)].find(
      (record) => record.kind === 'outcome' && record['action'] === 'client_secret.rotate',
    )
    if (!outcome || first === undefined) throw new Error('no outcome of a rotation in the trail')
    return Date.parse(outcome.time) - first
  } finally {
    await simulator.stop()
  }
}

let passed = 0
let failed = 0
async function measure(work: () => void | Promise<void>): Promise<void> {
  try {
    await work()
    passed += 1
  } catch (error) {
    failed += 1
    console.log(`FAIL ${(error as Error).message}`)
  }
}

const sample = fileURLToPath(new URL('sample-token.txt', import.meta.url))
const token = readFileSync(sample, 'utf8')
await measure(() => startUp('--version', ['--version']))
await measure(() => startUp('token inspect --offline', ['token', 'inspect', '--offline', '--file', sample]))
await measure(() => startUp('the same from a pipe', ['token', 'inspect', '--offline'], token))
await measure(async () => {
  const times: number[] = []
  for (let round = 0; round < Math.min(ROUNDS, 7); round++) times.push(await containOnce(round))
  const path = CRITICAL_PATH * ROUND_TRIP_MS
  console.log(
    `contain   3 grants, ${ROUND_TRIP_MS} ms round trip    median ${median(times).toFixed(0)} ms, critical path ${path} ms, ratio ${(median(times) / path).toFixed(2)} (goal 1.25), rounds ${times.join(' ')}`,
  )
})
rmSync(folder, {recursive: true, force: true})
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
