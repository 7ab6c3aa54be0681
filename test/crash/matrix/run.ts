/*
 * The fault matrix: `node test/crash/matrix/run.ts [--section A,B] [--cell BEGINNING] [--shard 1/4] [--every N] [--workers 2]
 * [--seed 7] [--verbose]`. The seed is that of the tenant: its ids and secrets.
 * Needs the built program (npm run build). Prints what failed, a line per section, and the sums.
 */
import {parseArgs} from 'node:util'

import {MORE, SECTIONS} from './cell.ts'
import type {Section} from './cell.ts'
import {pool} from './pool.ts'
import type {Verdict} from './run-cell.ts'
import {hasSecondVerifier} from './second-verifier.ts'
import {controls} from './sections/controls.ts'
import {complaints, summary} from './summary.ts'
import {BESIDE, TABLE} from './table.ts'

const {values} = parseArgs({
  options: {
    section: {type: 'string'},
    cell: {type: 'string'},
    every: {type: 'string', default: '1'},
    shard: {type: 'string', default: '1/1'},
    seed: {type: 'string', default: '7'},
    workers: {type: 'string', default: '2'},
    verbose: {type: 'boolean', default: false},
  },
})

process.env['STANCH_MATRIX_SEED'] = values.seed
const [shard = 1, shards = 1] = values.shard.split('/').map(Number)
const planned: Readonly<Record<Section, number>> = {...SECTIONS, ...MORE}
const table = [...TABLE, ...BESIDE]
const all = values.cell?.includes('X.') ? [...table, ...controls] : table
const wanted = all
  .filter(
    (cell) =>
      (values.section === undefined || values.section.split(',').includes(cell.section)) &&
      (values.cell === undefined || values.cell.split(',').some((part) => cell.id.startsWith(part))),
  )
  .filter((_, index) => index % Number(values.every) === 0)
  .filter((_, index) => index % shards === shard - 1)

const started = performance.now()
const verdicts: Verdict[] = []
await pool(wanted, Number(values.workers), (verdict) => {
  verdicts.push(verdict)
  if (verdict.problems.length > 0 || values.verbose) {
    process.stdout.write(
      `${verdict.problems.length > 0 ? 'FAILED' : 'ok'} ${verdict.cell.id} (${verdict.cell.fault}) ${Math.round(verdict.ms)} ms, resumed ${verdict.resumes} times\n`,
    )
    for (const problem of verdict.problems) process.stdout.write(`    ${problem}\n`)
    for (const line of verdict.story) process.stdout.write(`    . ${line}\n`)
  }
})

for (const section of Object.keys(planned) as Section[]) {
  const cells = wanted.filter((cell) => cell.section === section)
  if (cells.length === 0) continue
  const done = verdicts.filter(({cell}) => cell.section === section)
  const failed = done.filter(({problems}) => problems.length > 0).length
  const seconds = Math.round(done.reduce((sum, {ms}) => sum + ms, 0) / 1000)
  process.stdout.write(
    `section ${section}: ${cells.length} cells (${planned[section]} planned), ${done.length - failed} passed, ${failed} failed, ${cells.length - done.length} skipped, ${seconds} s of work\n`,
  )
}
for (const line of summary({table, wanted, verdicts, second: hasSecondVerifier})) process.stdout.write(`${line}\n`)
const faults = complaints({table, wanted, second: hasSecondVerifier, platform: process.platform})
for (const line of faults) process.stdout.write(`FAIL ${line}\n`)
const failed = verdicts.filter(({problems}) => problems.length > 0).length
process.stdout.write(`${Math.round((performance.now() - started) / 1000)} s\n`)
process.stdout.write(`${verdicts.length - failed} passed, ${failed + faults.length} failed\n`)
process.exitCode = failed + faults.length === 0 ? 0 : 1
process.exit()
