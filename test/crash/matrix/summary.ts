import type {Cell} from './cell.ts'
import type {Verdict} from './run-cell.ts'
import {PLANNED, shortfalls} from './table.ts'

export interface Played {
  readonly table: readonly Cell[]
  readonly wanted: readonly Cell[]
  readonly verdicts: readonly Verdict[]
  /** Is there a second verifier on this machine? */
  readonly second: boolean
}

/** What must be nought, and the invariants that count it. */
const NOUGHTS: Readonly<Record<string, readonly string[]>> = {
  'lost': ['I3', 'I4', 'I5'],
  'blind repeats': ['I1'],
  'unlogged changes': ['I2'],
  'canaries': ['I6'],
  'hangs': ['I8', 'I9'],
  'all clears too early': ['I10'],
}

/** The sums, for people: cells, passed, failed, skipped with the reasons, and what must be nought. */
export function summary({table, wanted, verdicts, second}: Played): string[] {
  const failed = verdicts.filter(({problems}) => problems.length > 0).length
  const skipped = reasons(wanted)
  const skips = [...skipped.values()].reduce((sum, count) => sum + count, 0)
  const violations = (names: readonly string[]) =>
    verdicts.filter(({problems}) => problems.some((problem) => names.some((name) => problem.startsWith(`${name}:`)))).length
  return [
    `the table has ${table.length} cells, ${PLANNED} of the plan and ${table.length - PLANNED} beside it`,
    `cells ${wanted.length}, passed ${verdicts.length - failed}, failed ${failed}, skipped ${skips}`,
    ...[...skipped].map(([why, count]) => `  skipped ${count}: ${why}`),
    resumed(verdicts),
    ...(second ? [] : ['  I5 by one verifier only: no python3 with openssl']),
    Object.entries(NOUGHTS)
      .map(([what, names]) => `${violations(names)} ${what}`)
      .join(', '),
  ]
}

/** How often cells were resumed, or begun again, until nothing changed any more. */
function resumed(verdicts: readonly Verdict[]): string {
  const most = Math.max(0, ...verdicts.map(({resumes}) => resumes))
  const counts = Array.from({length: most + 1}, (_, times) => verdicts.filter(({resumes}) => resumes === times).length)
  return `resumed at most ${most} times: ${counts.map((count, times) => `${count} cells ${times} times`).join(', ')}`
}

/** What is wrong with the playing itself, whatever the cells say: a table that shrank, and on Linux whatever was left out. */
export function complaints({
  table,
  wanted,
  second,
  platform,
}: Pick<Played, 'table' | 'wanted' | 'second'> & {readonly platform: string}): string[] {
  const short = shortfalls(table)
  if (wanted.length === 0) short.push('no cell is of that name')
  if (platform !== 'linux') return short
  return [
    ...short,
    ...[...reasons(wanted)].map(([why, count]) => `${count} cells were skipped on Linux: ${why}`),
    ...(second ? [] : ['the second verifier is missing on Linux: python3 and openssl']),
  ]
}

function reasons(cells: readonly Cell[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const {skip} of cells) if (skip !== undefined) found.set(skip, (found.get(skip) ?? 0) + 1)
  return found
}
