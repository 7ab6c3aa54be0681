import {fuzz, keepVector} from './run.ts'
import {TARGETS} from './targets.ts'

/*
 * The long mode: `FUZZ_RUNS=10000000 node test/fuzz/long.ts`. Goes round all doors in batches, prints every seed before it
 * is used, keeps what failed under test/vectors/fuzz and ends with 1 when anything did. FUZZ_ONLY=name takes one door.
 */

const WANTED = Number(process.env['FUZZ_RUNS'] ?? 10_000_000)
const BATCH = 500
/** Of each input; they are executions like any other. */
const MUTANTS = 9
const only = process.env['FUZZ_ONLY']
const targets = TARGETS.filter(({name}) => only === undefined || name === only)

const counts = new Map<string, number>()
const broken = new Set<string>()
let total = 0
let round = 0
const began = performance.now()
while (total < WANTED && broken.size < targets.length) {
  const seed = Math.floor(Math.random() * 0x7fffffff)
  round += 1
  for (const target of targets) {
    if (broken.has(target.name)) continue
    const runs = Math.ceil(BATCH * (target.weight ?? 1))
    const found = await fuzz(target, seed, runs, MUTANTS)
    total += runs * (MUTANTS + 1)
    counts.set(target.name, (counts.get(target.name) ?? 0) + runs * (MUTANTS + 1))
    if (found) {
      broken.add(target.name)
      process.stdout.write(`BROKEN ${target.name}, seed ${seed}: ${found.why}\n  kept as ${keepVector(target.name, found)}\n`)
    }
  }
  process.stdout.write(
    `round ${round}, seed ${seed}: ${total} runs, ${Math.round(total / ((performance.now() - began) / 1000))}/s\n`,
  )
}
for (const [name, count] of counts) process.stdout.write(`${String(count).padStart(10)}  ${name}\n`)
process.stdout.write(`${targets.length - broken.size} passed, ${broken.size} failed; ${total} executions\n`)
process.exitCode = broken.size === 0 ? 0 : 1
