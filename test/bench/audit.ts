import {spawnSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'

import {systemClock} from '../../src/clock.ts'
import {type Appended, type Draft, Trail} from '../../src/trail/trail.ts'
import {IDENTITY} from '../support/trail.ts'
import {ROOT} from '../support/tree.ts'
import {patch} from '../support/dying-disk.ts'

/*
 * Numbers of the audit trail, as medians and ratios of one run: verifying a million records against sha256sum on the
 * same files (by the built program, start-up included), CPU of one append besides its sync, and appends of 64 callers at once. Nothing is asserted: the machine is
 * shared and noisy. RECORDS and BENCH_ROUNDS change the size. Ends with "N passed, N failed", where passed means: measured.
 */

const RECORDS = Number(process.env['RECORDS'] ?? 1_000_000)
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5)
/** Intents that are open at once while the large log is made, as by a fleet. */
const GROUP = 64
const base = mkdtempSync(path.join(process.env['BENCH_DIR'] ?? tmpdir(), 'stanch-bench-audit-'))

const median = (values: readonly number[]): number =>
  [...values].toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
const round = (value: number, digits = 2): string => value.toFixed(digits)

/** What the kernel says of a child that has ended. Node does not ask it. */
const RUSAGE = `import os, sys, subprocess
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss)`

/** User and system time of a command in seconds, and its largest resident set in MB. */
function run(command: readonly string[], expected = 0): {seconds: number; rss: number} {
  const {stdout, stderr} = spawnSync('python3', ['-c', RUSAGE, ...command], {
    encoding: 'utf8',
    env: {...process.env, STANCH_DATA_DIR: path.join(base, 'data')},
  })
  const [exit, seconds, kilobytes] = stdout.trim().split(' ').map(Number)
  if (exit !== expected || seconds === undefined || kilobytes === undefined)
    throw new Error(`${command.join(' ')} ended with ${String(exit)}: ${stderr}`)
  return {seconds, rss: kilobytes / 1024}
}

const act = (i: number) =>
  ({
    op: `op-${i}`,
    try: 1,
    action: 'client_grant.delete',
    tenant: 'acme.eu.auth0.com',
    target: `grant:cgr_${String(i).padStart(16, '0')}`,
  }) as const
const intent = (i: number, inc: string): Draft => ({
  kind: 'intent',
  inc,
  ...act(i),
  req: {method: 'DELETE', path: `/api/v2/client-grants/cgr_${String(i).padStart(16, '0')}`},
  before: `sha256:${'ab'.repeat(32)}`,
  phase: 'contain',
  step: 'grants-off',
  why: 'the leaked client must not get new tokens',
  undo: 'give the grant back',
})
const outcome = (i: number, inc: string, of: Appended): Draft => ({
  kind: 'outcome',
  inc,
  ...act(i),
  intent: of.seq,
  corr: of.correlationId,
  result: 'ok',
  res: {status: 204, ms: 112, date: 'Sun, 22 Nov 2026 03:00:00 GMT'},
})
const opening = (inc: string): Draft => ({
  kind: 'incident.open',
  inc,
  tenant: 'acme.eu.auth0.com',
  title: 'A leaked secret',
  leak: 'client-secret',
  role: 'lead',
})
const open = (name: string): Promise<Trail> =>
  Trail.open({
    folder: path.join(base, name),
    keys: path.join(base, `${name}-keys`),
    mode: 'sim',
    clock: systemClock,
    identity: IDENTITY,
  })

async function generate(): Promise<string> {
  const trail = await open('large')
  const started = performance.now()
  const inc = 'inc-20261122-aaaaaa'
  trail.append(opening(inc))
  for (let i = 0; trail.head().size < RECORDS - 1000; i += GROUP) {
    const intents = trail.appendAll(Array.from({length: GROUP}, (_, j) => intent(i + j, inc)))
    trail.appendAll(intents.map((of, j) => outcome(i + j, inc, of)))
  }
  trail.close('done')
  const seconds = (performance.now() - started) / 1000
  const records = path.join(base, 'large/records')
  const bytes = readdirSync(records).reduce((sum, name) => sum + statSync(path.join(records, name)).size, 0)
  console.log(
    `generated ${trail.head().size} records, ${round(bytes / 2 ** 20, 0)} MiB, in ${round(seconds, 1)} s (groups of ${GROUP})`,
  )
  return path.join(base, 'large')
}

/** The built program, start-up included. */
function verifying(folder: string): void {
  const records = path.join(folder, 'records')
  const sums = ['sha256sum', ...readdirSync(records).map((name) => path.join(records, name))]
  const verify = [process.execPath, path.join(ROOT, 'dist/main.js'), 'audit', 'verify', folder, '--json']
  const rounds = Array.from({length: ROUNDS}, () => ({
    sha: run(sums),
    integrity: run([...verify, '--quick'], 6),
    strict: run(verify),
  }))
  console.log(`sha256sum        ${round(median(rounds.map(({sha}) => sha.seconds)))} s CPU`)
  for (const [pass, goal] of [
    ['integrity', 1.5],
    ['strict', 3.5],
  ] as const) {
    const seconds = median(rounds.map((one) => one[pass].seconds))
    const ratio = median(rounds.map((one) => one[pass].seconds / one.sha.seconds))
    const rss = Math.max(...rounds.map((one) => one[pass].rss))
    console.log(
      `verify ${pass.padEnd(9)} ${round(seconds)} s CPU, ratio ${round(ratio)} (goal ${goal}), largest RSS ${round(rss, 0)} MB (goal 200)`,
    )
  }
}

/** The same trail as events for a SIEM. */
function exporting(folder: string): void {
  mkdirSync(path.join(base, 'data'))
  symlinkSync(folder, path.join(base, 'data/trail-sim'))
  for (const format of ['jsonl', 'ocsf']) {
    const {seconds, rss} = run([
      process.execPath,
      path.join(ROOT, 'dist/main.js'),
      'audit',
      'export',
      '--simulated',
      '--format',
      format,
    ])
    console.log(`export ${format.padEnd(9)} ${round(seconds)} s CPU, RSS ${round(rss, 0)} MB (goal 256)`)
  }
}

/** CPU of appends one by one, without the time that the system spends in the sync. */
async function appending(): Promise<void> {
  const trail = await open('single')
  const inc = 'inc-20261122-aaaaaa'
  trail.append(opening(inc))
  const times: number[] = []
  const walls: number[] = []
  for (let r = 0; r < ROUNDS + 1; r++) {
    let syncing = 0
    const restore = patch((name, call) => {
      if (name !== 'fdatasyncSync') return call()
      const before = process.cpuUsage()
      const done = call()
      const used = process.cpuUsage(before)
      syncing += used.user + used.system
      return done
    })
    const count = 300
    const before = process.cpuUsage()
    const wall = performance.now()
    for (let i = 0; i < count; i += 2) {
      const of = trail.append(intent(r * count + i, inc))
      trail.append(outcome(r * count + i, inc, of))
    }
    const used = process.cpuUsage(before)
    restore()
    if (r === 0) continue // the first round warms up
    times.push((used.user + used.system - syncing) / 1000 / count)
    walls.push((performance.now() - wall) / count)
  }
  trail.close('done')
  console.log(
    `append           ${round(median(times), 3)} ms CPU besides the sync (goal 0.2), wall ${round(median(walls), 2)} ms with it`,
  )
}

async function grouped(callers: number): Promise<void> {
  const trail = await open(`grouped-${callers}`)
  const inc = 'inc-20261122-aaaaaa'
  trail.append(opening(inc))
  const rates: number[] = []
  for (let r = 0; r < ROUNDS + 1; r++) {
    const each = 60
    const started = performance.now()
    await Promise.all(
      Array.from({length: callers}, async (_, caller) => {
        for (let i = 0; i < each; i += 2) {
          const n = (r * callers + caller) * each + i
          const of = await trail.appendGrouped(intent(n, inc))
          await trail.appendGrouped(outcome(n, inc, of))
        }
      }),
    )
    if (r > 0) rates.push((callers * each) / ((performance.now() - started) / 1000))
  }
  trail.close('done')
  console.log(
    `${String(callers).padEnd(3)} callers      ${round(median(rates), 0)} records/s${callers === 64 ? ' (goal 10000)' : ''}`,
  )
}

let [passed, failed] = [0, 0]
async function measure(work: () => void | Promise<void>): Promise<void> {
  try {
    await work()
    passed++
  } catch (error) {
    failed++
    console.log(`FAIL ${(error as Error).message}`)
  }
}

try {
  await measure(appending)
  for (const callers of [1, 64, 256]) await measure(() => grouped(callers))
  await measure(async () => {
    const folder = await generate()
    verifying(folder)
    exporting(folder)
  })
} finally {
  rmSync(base, {recursive: true, force: true})
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
