import type {Cell} from './cell.ts'
import {runCell} from './run-cell.ts'
import type {Verdict} from './run-cell.ts'

/** Plays the cells, so many at a time, in their order; those that are skipped are left out. */
export async function pool(cells: readonly Cell[], workers: number, done: (verdict: Verdict) => void): Promise<void> {
  const left = cells.filter((cell) => cell.skip === undefined)
  const work = async () => {
    for (let cell = left.shift(); cell; cell = left.shift()) done(await runCell(cell))
  }
  await Promise.all(Array.from({length: workers}, work))
}
