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
  /** Programs of the same responder after the first, up to the one after which nothing changed any more. */
  readonly resumes: number
}

/** What is promised: nobody has to resume more often. */
export const MOST_RESUMES = 3
/** A cell that needs more has failed; how many it needs is of interest for a while. */
const PATIENCE = MOST_RESUMES + 3

/** As much of a bench as resuming needs. */
export type Settled = Pick<Bench, 'ran' | 'resume' | 'respond' | 'records'>

/** Plays a cell: the faulty run, resumes in a world without faults, then what was promised and the invariants. */
export async function runCell(cell: Cell): Promise<Verdict> {
  const started = performance.now()
  const bench = await Bench.open(cell.bench)
  const problems: string[] = []
  let resumes = 0
  try {
    const injected = cell.arm?.(bench)
    const first = await (cell.play?.(bench) ?? bench.respond({injected: injected ?? undefined}))
    const kept = broken(cell.promised, bench, first)
    bench.front.acts.splice(0)
    bench.front.headers = {}
    cell.mend?.(bench)
    resumes = await settle(bench)
    const often = tooOften(resumes)
    if (often !== undefined) problems.push(often)
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
  return {cell, problems, story, ms: performance.now() - started, resumes}
}

/** A sentence when it had to be resumed more often than is promised. */
export function tooOften(resumes: number): string | undefined {
  return resumes > MOST_RESUMES ? `I4: it took ${resumes} resumes, at most ${MOST_RESUMES} are promised` : undefined
}

/**
 * Resumes until nothing is unfinished, or a resume changes nothing any more. How many programs that took: those after which
 * nothing changed are not counted, and a second responder's were never started here.
 */
export async function settle(bench: Settled): Promise<number> {
  let [started, needed] = [0, 0]
  while (started < PATIENCE) {
    const before = bench.ran.at(-1)
    if (before?.signal === null && before.document?.status === 'contained' && before.code === 0) break
    if (started >= MOST_RESUMES && needed < started) break
    const stood = standing(bench)
    const ran = await bench.resume()
    started += 1
    const code = ran.document?.error?.code
    // It died when all was done and written down, before it could say so: the trail says it, and opening it has signed it.
    if (code === 'incident.unknown' && before?.document === undefined && lastRecorded(bench) === 'contained') return started
    if (code === 'incident.unknown' || code === 'plan.invalid') {
      // Finished before, by its own last word: nothing is left to resume.
      if (code === 'incident.unknown' && lastDocument(bench)?.status === 'contained') break
      // What the hint of the error says.
      const hinted = / --incident (\S+)/.exec(ran.document?.error?.hint ?? '')?.[1]
      await bench.respond({}, hinted === undefined ? [] : ['--incident', hinted])
      started += 1
    }
    if (standing(bench) !== stood) needed = started
  }
  return needed
}

/** What is so by the last result and by the trail: whatever a resume can bring forward. */
function standing(bench: Settled): string {
  const said = lastDocument(bench)
  return JSON.stringify([
    said?.status,
    said?.actions.map(({kind, outcome}) => [kind, outcome]),
    said?.proof?.map(({claim, verdict}) => [claim, verdict]),
    said?.delivery?.result,
    lastRecorded(bench),
  ])
}
