import fs from 'node:fs'
import {syncBuiltinESMExports} from 'node:module'

/** What changes files; `closeSync` is left out, a dead process closes as well. */
const CALLS = [
  'openSync',
  'writeSync',
  'fsyncSync',
  'fdatasyncSync',
  'renameSync',
  'unlinkSync',
  'mkdirSync',
  'fchmodSync',
] as const
export type Call = (typeof CALLS)[number]

/**
 * Runs `work` on a disk on which call number `at` (from 1) and all later ones fail, as if the process had been killed
 * there: nothing that it did afterwards counts. In this process, so that every single call can be tried.
 *
 * @returns what was thrown, if anything, and how many calls were asked for
 */
export async function dieAt(at: number, work: () => unknown): Promise<{error: unknown; calls: number}> {
  let calls = 0
  const restore = patch((_name, call) => {
    calls++
    if (calls >= at) throw Object.assign(new Error('killed'), {code: 'EKILLED'})
    return call()
  })
  try {
    await work()
    return {error: undefined, calls}
  } catch (error) {
    return {error, calls}
  } finally {
    restore()
  }
}

/** Replaces the calls that change files by `around`, which decides whether the real one runs. @returns what undoes it */
export function patch(around: (name: Call, call: () => unknown, args: readonly unknown[]) => unknown): () => void {
  const real = new Map(CALLS.map((name) => [name, fs[name]]))
  const target = fs as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const [name, call] of real) {
    target[name] = (...args) => around(name, () => (call as (...args: unknown[]) => unknown)(...args), args)
  }
  syncBuiltinESMExports()
  return () => {
    Object.assign(fs, Object.fromEntries(real))
    syncBuiltinESMExports()
  }
}
