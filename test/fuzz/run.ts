import {mkdirSync, writeFileSync} from 'node:fs'
import {createHash} from 'node:crypto'

import fc from 'fast-check'

import {reportOf} from '../../src/cli/error-report.ts'
import {StanchError} from '../../src/errors.ts'
import {ROOT} from '../support/tree.ts'
import {notText} from '../support/tty.ts'
import {CANARY} from './inputs.ts'
import type {Target} from './inputs.ts'

/** Processor time that one input may take, milliseconds: garbage collection of this process counts, waiting does not. */
const BUDGET_MS = 250

/** One input through one door. @throws when it crashed, took too long, or an error said too much */
export async function once(target: Target, text: string): Promise<void> {
  const before = performance.now()
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
  if (performance.now() - before <= BUDGET_MS) return
  // The machine may have been busy, or garbage was collected: once more, by the processor's own clock.
  const again = process.cpuUsage()
  try {
    await target.run(text)
  } catch {
    // it was looked at above
  }
  const {user, system} = process.cpuUsage(again)
  if (user + system > BUDGET_MS * 1000) throw new Error(`one input took ${Math.round((user + system) / 1000)} ms`)
}

export interface Found {
  readonly input: string
  readonly why: string
}

/**
 * `runs` inputs through one door, and `mutants` of each, which cost less than new ones; the smallest that fails, if one
 * does. Same seed, same inputs.
 */
export async function fuzz(target: Target, seed: number, runs: number, mutants = 0): Promise<Found | undefined> {
  const random = generator(seed)
  let input = ''
  const tryOne = async (text: string): Promise<void> => {
    input = text
    await once(target, text)
  }
  const details = await fc.check(
    fc.asyncProperty(target.input, async (text) => {
      await tryOne(text)
      for (let i = 0; i < mutants; i++) await tryOne(mutant(text, random))
    }),
    {seed, numRuns: runs, endOnFailure: mutants > 0},
  )
  if (!details.failed) return undefined
  return {input, why: String((details.errorInstance as Error | undefined)?.message ?? 'unknown').slice(0, 600)}
}

/** Numbers from 0 to 2^32 - 1 (Marsaglia's xorshift). */
export function generator(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

/** Signs that mean something to one parser or another. */
const SIGNS = '"\'{}[]:,.-+=/\\\u0000\n\r\t eyJ0129\ud800\udc00\u202e\u00ad&*!|>#%@`~_'

/** One character gone, changed or put in, a piece moved, or the rest cut off. */
function mutant(text: string, random: () => number): string {
  const at = random() % (text.length + 1)
  const sign = SIGNS[random() % SIGNS.length] ?? ''
  switch (random() % 6) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1)
    case 1:
      return text.slice(0, at) + sign + text.slice(at + 1)
    case 2:
      return text.slice(0, at) + sign + text.slice(at)
    case 3:
      return text.slice(0, at)
    case 4:
      return text.slice(at) + text.slice(0, at)
    default:
      return text.slice(0, at) + text.slice(0, (random() % 40) + 1) + text.slice(at)
  }
}

export const VECTOR_FOLDER = `${ROOT}test/vectors/fuzz`

/** Keeps an input that failed, so that it is tried for ever after. */
export function keepVector(target: string, found: Found): string {
  const file = `${VECTOR_FOLDER}/${target.replaceAll(/\W+/g, '-')}-${createHash('sha256').update(found.input).digest('hex').slice(0, 10)}.json`
  mkdirSync(VECTOR_FOLDER, {recursive: true})
  writeFileSync(file, `${JSON.stringify({target, input: found.input, was: found.why}, null, 1)}\n`)
  return file
}
