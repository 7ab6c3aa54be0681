import {existsSync} from 'node:fs'

import {Bench} from './bench.ts'
import type {Cell} from './cell.ts'
import {INVARIANTS, lastDocument, lastRecorded} from './invariants.ts'
import {broken, told} from './promises.ts'
import {secondOpinion} from './second-verifier.ts'

export interface Verdict {
  readonly cell: Cell
  readonly problems: readonly string[]
  /** Its processes, one line each. */
  readonly story: readonly string[]
  readonly ms: number
  /** How often it had to be resumed, or begun again. */
  readonly resumes: number
}

const MOST_RESUMES = 3

/** Plays a cell: the faulty run, up to three resumes in a world without faults, then what was promised and the invariants. */
export async function runCell(cell: Cell): Promise<Verdict> {
  const started = performance.now()
  const bench = await Bench.open(cell.bench)
  const problems: string[] = []
  try {
    const injected = cell.arm?.(bench)
    const first = await (cell.play?.(bench) ?? bench.respond({injected: injected ?? undefined}))
    const kept = broken(cell.promised, bench, first)
    bench.front.acts.splice(0)
    bench.front.headers = {}
    cell.mend?.(bench)
    await settle(bench)
    if (kept !== undefined) problems.push(`promise ${kept}`)
    const end = lastDocument(bench)?.status ?? lastRecorded(bench) ?? 'nothing'
    if (end !== 'contained' && !(cell.ends ?? []).includes(end))
      problems.push(`it ended ${end}: ${told(bench.ran.at(-1) ?? first)}`)
    for (const [name, check] of Object.entries(INVARIANTS)) {
      if (cell.exempt?.[name] !== undefined) continue
      const problem = check(bench)
      if (problem !== undefined) problems.push(`${name}: ${problem}`)
    }
    const other = existsSync(bench.trail) && cell.exempt?.['I5'] === undefined ? await secondOpinion(bench.trail) : undefined
    if (other !== undefined) problems.push(`I5: the second verifier: ${other}`)
    const more = cell.also?.(bench)
    if (more !== undefined) problems.push(more)
  } catch (error) {
    problems.push(`the cell itself failed: ${(error as Error).stack?.split('\n').slice(0, 3).join(' ') ?? 'unknown'}`)
  } finally {
    await bench.close()
  }
  const story = bench.ran.map((ran) => `${ran.argv[0]}: ${told(ran)}`)
  return {cell, problems, story, ms: performance.now() - started, resumes: bench.ran.length - 1}
}

/** Resumes until nothing is unfinished. Where no incident was begun, or none that has a plan, the command itself is repeated. */
async function settle(bench: Bench): Promise<void> {
  for (let round = 0; round < MOST_RESUMES; round++) {
    const before = bench.ran.at(-1)
    if (before?.signal === null && before.document?.status === 'contained' && before.code === 0) return
    const ran = await bench.resume()
    const code = ran.document?.error?.code
    // It died when all was done and written down, before it could say so: the trail says it, and opening it has signed it.
    if (code === 'incident.unknown' && before?.document === undefined && lastRecorded(bench) === 'contained') return
    if (code === 'incident.unknown' || code === 'plan.invalid') {
      // Finished before, by its own last word: nothing is left to resume.
      if (code === 'incident.unknown' && lastDocument(bench)?.status === 'contained') return
      // What the hint of the error says.
      const hinted = / --incident (\S+)/.exec(ran.document?.error?.hint ?? '')?.[1]
      await bench.respond({}, hinted === undefined ? [] : ['--incident', hinted])
    }
  }
}
