import {spawnSync} from 'node:child_process'
import {fileURLToPath} from 'node:url'

import {fuzz, generator, keepVector} from './run.ts'
import {TARGETS} from './targets.ts'

/*
 * The long mode: `FUZZ_RUNS=10000000 node test/fuzz/long.ts`. Goes round all doors in batches, prints every seed before it
 * is used, keeps what failed under test/vectors/fuzz and ends with 1 when anything did. FUZZ_SEED=n makes the same rounds
 * again, FUZZ_ROUND=n the one of that seed, FUZZ_ONLY=name takes one door. Each round is a process of its own: every secret
 * that was ever seen is remembered for as long as a process lives.
 */

const WANTED = Number(process.env['FUZZ_RUNS'] ?? 10_000_000)
const BATCH = 1000
/** Of each input; they are executions like any other. */
const MUTANTS = 9
const only = process.env['FUZZ_ONLY']
const targets = TARGETS.filter(({name}) => only === undefined || name === only)

const seed = process.env['FUZZ_ROUND']
if (seed === undefined) goRound()
else await round(Number(seed))

/** One batch through every door. The last line says how many went through each. */
async function round(number: number): Promise<void> {
  // most inputs are refused, and a stack costs more than the refusal
  Error.stackTraceLimit = 0
  const counts: Record<string, number> = {}
  for (const target of targets) {
    const runs = Math.ceil(BATCH * (target.weight ?? 1))
    const found = await fuzz(target, number, runs, MUTANTS)
    counts[target.name] = runs * (MUTANTS + 1)
    if (!found) continue
    process.exitCode = 1
    process.stderr.write(`BROKEN ${target.name}, seed ${number}: ${found.why}\n  kept as ${keepVector(target.name, found)}\n`)
  }
  process.stdout.write(JSON.stringify(counts))
}

function goRound(): void {
  const first = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 0x7fffffff))
  const seeds = generator(first)
  process.stdout.write(`FUZZ_SEED=${first}, ${targets.length} doors, at least ${WANTED} runs\n`)
  const counts = new Map<string, number>()
  const began = performance.now()
  let [total, rounds, failed] = [0, 0, 0]
  while (total < WANTED) {
    const next = seeds() >>> 1
    process.stdout.write(`round ${++rounds}, seed ${next}: `)
    const ran = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
      env: {...process.env, FUZZ_ROUND: String(next)},
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    })
    if (ran.status !== 0) failed += 1
    if (ran.stdout === '') {
      process.stdout.write(`ended by ${ran.signal ?? `status ${ran.status}`}\n`)
      break
    }
    for (const [name, count] of Object.entries(JSON.parse(ran.stdout) as Record<string, number>)) {
      counts.set(name, (counts.get(name) ?? 0) + count)
      total += count
    }
    process.stdout.write(`${total} runs, ${Math.round(total / ((performance.now() - began) / 1000))}/s\n`)
  }
  for (const [name, count] of counts) process.stdout.write(`${String(count).padStart(10)}  ${name}\n`)
  process.stdout.write(`${rounds - failed} passed, ${failed} failed; ${total} executions\n`)
  process.exitCode = failed === 0 ? 0 : 1
}
