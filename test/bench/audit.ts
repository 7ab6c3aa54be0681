import {spawnSync} from 'node:child_process'
import {generateKeyPairSync} from 'node:crypto'
import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import {loadavg, tmpdir} from 'node:os'
import path from 'node:path'

import {systemClock} from '../../src/clock.ts'
import {HintFile} from '../../src/files/hint-file.ts'
import {signCheckpoint} from '../../src/trail/format/checkpoint.ts'
import {signerOf} from '../../src/trail/format/signer.ts'
import {COSIGNATURE} from '../../src/trail/format/vkey.ts'
import {type Appended, type Draft, Trail} from '../../src/trail/trail.ts'
import {IDENTITY, opening} from '../support/trail.ts'
import {ROOT} from '../support/tree.ts'

/*
 * Numbers of the audit trail, as medians and ratios of one run: verifying a million records against sha256sum on the
 * same files (by the built program, start-up included), CPU of one append besides its sync, and appends of 64 callers at once. Nothing is asserted: the machine is
 * shared and noisy. RECORDS and BENCH_ROUNDS change the size. Ends with "N passed, N failed", where passed means: measured.
 */

const RECORDS = Number(process.env['RECORDS'] ?? 1_000_000)
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5)
/** Appends of one round. */
const APPENDS = 100
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
  const short = verify.with(4, path.join(base, 'single'))
  const startUps = Array.from({length: ROUNDS}, () => run(short).seconds)
  console.log(`verify start-up  ${round(median(startUps))} s CPU, in both of these: a trail of some thousand records`)
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

interface Cost {
  readonly cpu: number
  readonly wall: number
}

/** What `work` costs each of `times` repetitions: CPU of this process (user and system, all its threads) and time on the wall, ms. */
function cost(times: number, work: (i: number) => void): Cost {
  const [cpu, wall] = [process.cpuUsage(), performance.now()]
  for (let i = 0; i < times; i++) work(i)
  const {user, system} = process.cpuUsage(cpu)
  return {cpu: (user + system) / 1000 / times, wall: (performance.now() - wall) / times}
}

/** Appends after which the engine has compiled what it will; what they cost is said, too. */
const FIRST = 1000

/**
 * CPU of appends one by one against that of writing and syncing bytes of the same length and nothing else, in turns on the
 * same disk: each sync lets the processor go, and whatever runs after it finds cold caches. What a signed tip costs, a
 * part of every append, is measured in the same way.
 */
async function appending(): Promise<void> {
  const trail = await open('single')
  const inc = 'inc-20261122-aaaaaa'
  trail.append(opening(inc))
  const bare = openSync(path.join(base, 'bare'), 'a')
  const hint = new HintFile(path.join(base, 'tip'))
  const signer = signerOf('stanch.local/0123456789abcdef/epoch-1', COSIGNATURE, generateKeyPairSync('ed25519').privateKey)
  const head = {origin: 'stanch.local/0123456789abcdef', size: 1000, root: 'ab'.repeat(32)}
  const rounds: {sync: Cost; append: Cost; tip: Cost}[] = []
  for (let r = 0; r < FIRST / APPENDS + 4 * ROUNDS; r++) {
    const length = Math.round(statSync(path.join(base, 'single/records/000000000000.jsonl')).size / trail.head().size)
    const line = Buffer.alloc(length, 'x')
    const synced = () => {
      writeSync(bare, line)
      fdatasyncSync(bare)
    }
    const kinds = {
      sync: () => cost(APPENDS, synced),
      append: () => {
        let of: Appended | undefined
        return cost(APPENDS, (i) => {
          const n = r * APPENDS + i - (i % 2)
          of = trail.append(of === undefined ? intent(n, inc) : outcome(n, inc, of))
          if (i % 2 === 1) of = undefined
        })
      },
      tip: () =>
        cost(APPENDS, () => {
          synced()
          hint.overwrite(Buffer.from(signCheckpoint(head, [signer], 1_790_000_000)))
        }),
    }
    const names = ['sync', 'append', 'tip'] as const
    const round: Partial<Record<(typeof names)[number], Cost>> = {}
    for (let k = 0; k < names.length; k++) {
      const name = names[(r + k) % names.length]!
      round[name] = kinds[name]()
    }
    rounds.push(round as Required<typeof round>)
  }
  closeSync(bare)
  hint.close()
  trail.close('done')
  const [first, later] = [rounds.slice(0, FIRST / APPENDS), rounds.slice(FIRST / APPENDS)]
  const besides = later.map(({append, sync}) => append.cpu - sync.cpu)
  const of = (pick: (one: (typeof rounds)[number]) => number, some = later) => round(median(some.map(pick)), 3)
  console.log(
    `append           ${round(median(besides), 3)} ms CPU besides a write and sync (goal 0.2; lowest of ${besides.length} rounds ${round(Math.min(...besides), 3)}), ` +
      `${of(({append}) => append.cpu)} with it, wall ${of(({append}) => append.wall)} ms; the first ${FIRST} of a process ${of(({append, sync}) => append.cpu - sync.cpu, first)}`,
  )
  console.log(
    `  of it          ${of(({tip, sync}) => tip.cpu - sync.cpu)} ms CPU for the signed tip; beside it ${of(({sync}) => sync.cpu)} ms for the bare write and sync, load ${round(loadavg()[0] ?? 0, 1)}`,
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
