import assert from 'node:assert/strict'
import {existsSync} from 'node:fs'
import path from 'node:path'
import type {TestContext} from 'node:test'

import {filesOf, findCanaries} from './canaries.ts'

/*
 * Every end-to-end test ends with a look for the secrets of its tenants: in all that the program printed, and in the files of
 * its data and configuration folders. Elsewhere in the home lie the leaked value and the hand-overs, which are tests' own.
 */

interface Seen {
  readonly printed: {readonly name: string; readonly bytes: Buffer}[]
  readonly tenants: {knownSecrets(): string[]}[]
}

const homes = new Map<string, Seen>()

/** Call it before anything that clears the folder away: what a test registers first runs first. @param folder of a home */
export function watchSecrets(t: TestContext, folder: () => string): void {
  t.after(() => {
    const seen = homes.get(folder())
    homes.delete(folder())
    if (!seen) return
    const secrets = [...new Set(seen.tenants.flatMap((one) => one.knownSecrets()))]
    const files = ['data', 'config'].map((name) => path.join(folder(), name)).filter((name) => existsSync(name))
    const kept = files.flatMap((name) => [...filesOf(name)]).filter(({name}) => !isDelivery(name))
    assert.deepEqual(findCanaries(secrets, [...seen.printed, ...kept]), [], 'a secret of the tenant got out')
  })
}

/** The 0600 file of the incident or the setup: where a new secret goes when it has nowhere else to. */
function isDelivery(name: string): boolean {
  return /^incidents\/[^/]+\/new-secret-[^/]+$|^setup\/[^/]+$/.test(name)
}

function seenOf(folder: string): Seen {
  const seen = homes.get(folder) ?? {printed: [], tenants: []}
  homes.set(folder, seen)
  return seen
}

export function watchTenant(folder: string, tenant: {knownSecrets(): string[]}): void {
  seenOf(folder).tenants.push(tenant)
}

/** Remembers what a run printed; not what it was told to show. */
export function watchOutput(
  folder: string,
  argv: readonly string[],
  out: {readonly stdout: string; readonly stderr: string},
): void {
  const {printed} = seenOf(folder)
  const name = argv.slice(0, 2).join(' ')
  if (!argv.includes('--reveal')) printed.push({name: `stdout of ${name}`, bytes: Buffer.from(out.stdout)})
  printed.push({name: `stderr of ${name}`, bytes: Buffer.from(out.stderr)})
}
