import {spawnSync} from 'node:child_process'
import {readdirSync, readFileSync, statSync} from 'node:fs'
import path from 'node:path'

import {systemClock} from '../../src/clock.ts'
import {openTrail} from '../../src/cli/context.ts'
import type {Place} from '../../src/cli/context.ts'
import type {Trail} from '../../src/trail/trail.ts'
import type {Home} from './run-stanch.ts'
import {ROOT} from './tree.ts'

export const VERIFIER = path.join(ROOT, 'src/report/verify.py')

/** What a shell said. */
export interface Said {
  readonly code: number
  readonly output: string
}

export function shell(script: string, folder: string): Said {
  const ran = spawnSync('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    // Node's pipe is a socket, by which bash takes itself for a remote shell and reads the machine's start-up file.
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return {code: ran.status ?? -1, output: `${ran.stdout}${ran.stderr}`}
}

/** Runs the shipped Python verifier. */
export function verifyPython(folder: string, ...more: string[]): Said {
  const ran = spawnSync('python3', [VERIFIER, folder, ...more], {encoding: 'utf8', timeout: 60_000})
  return {code: ran.status ?? -1, output: `${ran.stdout}${ran.stderr}`}
}

/** The shell commands of the page that lies in a bundle, block by block. */
export function readmeCommands(folder: string): string[] {
  const text = readFileSync(path.join(folder, 'README.md'), 'utf8')
  return [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].map((block) => block[1] ?? '')
}

/** Relative paths of all files below a folder, sorted, with what is in them. */
export function filesBelow(folder: string): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  for (const name of readdirSync(folder, {recursive: true, encoding: 'utf8'}).toSorted()) {
    const full = path.join(folder, name)
    if (statSync(full).isFile()) found.set(name.replaceAll(path.sep, '/'), readFileSync(full))
  }
  return found
}

/** The trail of a home, opened for writing in this process. */
export function trailOf(home: Home, mode: 'real' | 'sim'): Promise<Trail> {
  const place = {
    config: {dataDir: home.data, configDir: home.config, cacheDir: home.cache, version: '0.0.0', root: ROOT},
    env: home.env,
    logLevel: 'silent',
  } as unknown as Place
  return openTrail(place, mode)
}

/** Ends an incident in its trail, as `incident close` does. */
export async function closeIncident(home: Home, id: string): Promise<void> {
  const trail = await trailOf(home, 'sim')
  trail.append({
    kind: 'incident.close',
    inc: id,
    tenant: 'tenant.example',
    all_clear_at: new Date(systemClock.now()).toISOString(),
    disposition: 'contained',
    cause: 'a secret in a repository',
    lessons: 'scan before pushing',
  })
  trail.close('done')
}
