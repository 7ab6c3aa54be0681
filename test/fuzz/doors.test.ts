import {equal, ok} from 'node:assert/strict'
import {readFileSync, readdirSync} from 'node:fs'
import {describe, test} from 'node:test'

import {fuzz, once, VECTOR_FOLDER} from './run.ts'
import {TARGETS} from './targets.ts'

/** In a few seconds for all doors; FUZZ_RUNS=n for more, FUZZ_SEED=n for the inputs of an earlier run. test/fuzz/long.ts goes on for hours. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300)
const SEED = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 0x7fffffff))

describe('whatever comes in by a door is taken or refused, in bounded time, and no error says it', () => {
  for (const target of TARGETS) {
    test(target.name, async (t) => {
      const runs = Math.max(30, Math.ceil(RUNS * (target.weight ?? 1)))
      t.diagnostic(`${runs} runs, FUZZ_SEED=${SEED}`)
      equal(JSON.stringify(await fuzz(target, SEED, runs)), undefined, `FUZZ_SEED=${SEED}`)
    })
  }
})

describe('inputs that once broke something', () => {
  const files = readdirSync(VECTOR_FOLDER).filter((name) => name.endsWith('.json'))
  for (const file of files) {
    test(file, async () => {
      const {target, input} = JSON.parse(readFileSync(`${VECTOR_FOLDER}/${file}`, 'utf8')) as {target: string; input: string}
      const door = TARGETS.find(({name}) => name === target)
      ok(door, `there is no door ${target}`)
      await once(door, input)
    })
  }

  test('there are some', () => ok(files.length > 0))
})
