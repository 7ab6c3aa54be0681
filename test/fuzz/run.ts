import {mkdirSync, writeFileSync} from 'node:fs'
import {createHash} from 'node:crypto'

import fc from 'fast-check'

import {reportOf} from '../../src/cli/error-report.ts'
import {StanchError} from '../../src/errors.ts'
import {ROOT} from '../support/tree.ts'
import {notText} from '../support/tty.ts'
import {CANARY} from './targets.ts'
import type {Target} from './targets.ts'

/** Processor time that one input may take, milliseconds: garbage collection of this process counts, waiting does not. */
const BUDGET_MS = 250

/** One input through one door. @throws when it crashed, took too long, or an error said too much */
export async function once(target: Target, text: string): Promise<void> {
  const before = process.cpuUsage()
  try {
    const made = target.run(text)
    if (made instanceof Promise) await made
  } catch (error) {
    if (!(error instanceof StanchError)) throw error
    const said = JSON.stringify(reportOf(error))
    if (!target.quotes && text.includes(CANARY) && said.includes(CANARY))
      throw new Error(`the error says the secret: ${error.code}`, {cause: error})
    if (error.code === 'internal') throw new Error('a defect was reported as one', {cause: error})
    const found = notText(reportOf(error).message)
    if (found !== undefined) throw new Error(`the error holds ${found}`, {cause: error})
  }
  const {user, system} = process.cpuUsage(before)
  if (user + system > BUDGET_MS * 1000) {
    // once more: a collection of garbage from before may have fallen into it
    const again = process.cpuUsage()
    try {
      await target.run(text)
    } catch {
      // it was looked at above
    }
    const spent = process.cpuUsage(again)
    if (spent.user + spent.system > BUDGET_MS * 1000)
      throw new Error(`one input took ${Math.round((spent.user + spent.system) / 1000)} ms`)
  }
}

export interface Found {
  readonly input: string
  readonly why: string
}

/** `runs` inputs through one door; the smallest that fails, if one does. Same seed, same inputs. */
export async function fuzz(target: Target, seed: number, runs: number): Promise<Found | undefined> {
  const details = await fc.check(
    fc.asyncProperty(target.input, (text) => once(target, text)),
    {seed, numRuns: runs, endOnFailure: false},
  )
  if (!details.failed) return undefined
  const [input = ''] = details.counterexample ?? []
  return {input, why: String((details.errorInstance as Error | undefined)?.message ?? 'unknown').slice(0, 600)}
}

export const VECTOR_FOLDER = `${ROOT}test/vectors/fuzz`

/** Keeps an input that failed, so that it is tried for ever after. */
export function keepVector(target: string, found: Found): string {
  const file = `${VECTOR_FOLDER}/${target.replaceAll(/\W+/g, '-')}-${createHash('sha256').update(found.input).digest('hex').slice(0, 10)}.json`
  mkdirSync(VECTOR_FOLDER, {recursive: true})
  writeFileSync(file, `${JSON.stringify({target, input: found.input, was: found.why}, null, 1)}\n`)
  return file
}
