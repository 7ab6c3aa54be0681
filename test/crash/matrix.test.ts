import assert from 'node:assert/strict'
import {suite, test} from 'node:test'

import type {Cell} from './matrix/cell.ts'
import type {Document} from '../support/incident.ts'
import type {Ran} from './matrix/bench.ts'
import {runCell, settle, tooOften} from './matrix/run-cell.ts'
import type {Settled} from './matrix/run-cell.ts'
import {complaints, summary} from './matrix/summary.ts'
import {BESIDE, PLANNED, shortfalls, TABLE} from './matrix/table.ts'

/*
 * A cross-section of the fault matrix; all of it runs by `node test/crash/matrix/run.ts`. Cells that are quick and far apart:
 * of each section every so manieth.
 */
const EVERY = {A: 5, B: 5, C: 17, D: 10, E: 17, F: 14, G: 11, H: 20, I: 8, M: 61, U: 32, N: 25, P: 14} as const
/** They take longest by far: many processes, or time that has to pass on the wall. */
const LEFT_OUT = /stress|E1[01]|TSTP/
/** The terminal itself is gone: no other cell is like these. */
const ALWAYS = ['U.gone.q5', 'U.gone.n6', 'U.gone.unattended.n6']

function crossSection(): Cell[] {
  return (Object.keys(EVERY) as (keyof typeof EVERY)[]).flatMap((section) =>
    [...TABLE, ...BESIDE]
      .filter((cell) => cell.section === section && !LEFT_OUT.test(cell.id))
      .filter(({id}, index) => index % EVERY[section] === 2 || ALWAYS.includes(id)),
  )
}

test(`the fault matrix has every cell that is planned: ${PLANNED}`, () => {
  assert.deepEqual(shortfalls(), [])
  assert.ok(TABLE.length >= PLANNED)
  assert.ok(BESIDE.length >= 400)
})

test('a table that lost a cell is noticed, and so is an id that stands twice', () => {
  assert.match(shortfalls([...TABLE.slice(1), ...BESIDE]).join(), /section A has 31 cells, 32 are planned/)
  assert.match(shortfalls([...TABLE, ...BESIDE.slice(1)]).join(), /section M has 241 cells/)
  assert.match(shortfalls([...TABLE, TABLE[0] as Cell]).join(), /two cells have one id/)
})

test('on Linux a cell that is left out fails the run, and so does a missing verifier', () => {
  const [cell] = TABLE as [Cell]
  const played = {table: [...TABLE, ...BESIDE], wanted: [{...cell, skip: 'no cc'}, cell], second: true}
  assert.deepEqual(complaints({...played, platform: 'linux'}), ['1 cells were skipped on Linux: no cc'])
  assert.deepEqual(complaints({...played, platform: 'darwin'}), [])
  assert.match(complaints({...played, second: false, wanted: [cell], platform: 'linux'}).join(), /second verifier/)
  assert.match(complaints({...played, wanted: [], platform: 'linux'}).join(), /no cell/)
})

test('the summary counts what must be nought', () => {
  const [cell] = TABLE as [Cell]
  const verdict = (...problems: string[]) => ({cell, problems, story: [], ms: 1, resumes: 2})
  const verdicts = [verdict(), verdict('I1: 2 rotations took effect', 'I3: nowhere'), {...verdict('I6: stdout'), resumes: 0}]
  const lines = summary({table: TABLE, wanted: [cell, cell, cell], verdicts, second: true})
  assert.ok(lines.includes('cells 3, passed 1, failed 2, skipped 0'))
  assert.ok(lines.includes('resumed at most 2 times: 1 cells 0 times, 0 cells 1 times, 2 cells 2 times'))
  assert.match(lines.at(-1) ?? '', /^1 lost, 1 blind repeats, 0 unlogged changes, 1 canaries, 0 hangs/)
})

/** A responder whose programs end as told, one after the other; the last one's end is that of all that follow. */
function ending(...statuses: readonly string[]): Settled {
  const ran: Ran[] = []
  const run = () => {
    const status = statuses[Math.min(ran.length, statuses.length - 1)]
    const document = {status, actions: [], proof: [], next: ['stanch resume'], evidence_gaps: []} as unknown as Document
    const made = {argv: [], code: status === 'contained' ? 0 : 6, signal: null, stdout: '', stderr: '', ms: 1, document}
    ran.push(made)
    return Promise.resolve(made)
  }
  void run()
  return {ran, resume: run, respond: run, records: () => []}
}

test('a resume that changed nothing is not one that was needed, and whoever needs a fourth has failed', async () => {
  assert.equal(await settle(ending('contained')), 0)
  assert.equal(await settle(ending('partial')), 0)
  assert.equal(await settle(ending('in_doubt', 'contained')), 1)
  assert.equal(await settle(ending('in_doubt', 'in_doubt', 'partial', 'contained')), 3)
  const often = await settle(ending('in_doubt', 'partial', 'in_doubt', 'partial', 'contained'))
  assert.equal(often, 4)
  assert.equal(tooOften(3), undefined)
  assert.match(tooOften(often) ?? '', /^I4: it took 4 resumes/)
})

suite('a cross-section of the fault matrix', {concurrency: 3}, () => {
  const cells = crossSection()
  assert.ok(cells.length >= 60, `${cells.length} cells`)
  for (const cell of cells) {
    test(
      `${cell.id}: ${cell.fault}; promised ${cell.promised.join(' or ') || 'what the cell says'}`,
      {skip: cell.skip ?? false},
      async () => {
        const {problems, story} = await runCell(cell)
        assert.deepEqual(problems, [], story.join('\n'))
      },
    )
  }
})
