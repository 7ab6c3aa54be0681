import {spawn} from 'node:child_process'
import {mkdirSync} from 'node:fs'
import path from 'node:path'
import type {TestContext} from 'node:test'

import {systemClock} from '../../src/clock.ts'
import {startSimulator} from '../../src/simulator/server.ts'
import type {Simulator, SimulatorOptions} from '../../src/simulator/server.ts'
import {hasIntent} from '../../src/trail/intents.ts'
import {temporaryFolder} from './folder.ts'
import {ROOT} from './tree.ts'
import {watchOutput, watchSecrets, watchTenant} from './watch-secrets.ts'

/** The built program. */
export const MAIN = path.join(ROOT, 'dist/main.js')

/** A child that does not end within this is ended, milliseconds. */
const PATIENCE = 60_000

/** A responder's machine: folders of its own and an environment with nothing else in it. */
export interface Home {
  readonly folder: string
  readonly data: string
  readonly config: string
  readonly cache: string
  readonly env: Readonly<Record<string, string>>
}

export function newHome(t: TestContext): Home {
  const place: {folder?: string} = {}
  watchSecrets(t, () => place.folder ?? '')
  const folder = (place.folder = temporaryFolder(t))
  const [data, config, cache] = ['data', 'config', 'cache'].map((name) => path.join(folder, name)) as [string, string, string]
  mkdirSync(data, {mode: 0o700})
  const env = {
    PATH: `${path.dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: folder,
    STANCH_DATA_DIR: data,
    STANCH_CONFIG_DIR: config,
    STANCH_CACHE_DIR: cache,
  }
  return {folder, data, config, cache, env}
}

export interface Ran {
  /** Exit status; -1 when a signal ended it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** The one JSON document on stdout; fails when there is none or more. */
  readonly json: () => Record<string, unknown>
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly cwd?: string
  /** Another Node than this one. */
  readonly node?: string
  /** Before the program: options of Node. */
  readonly nodeArgs?: readonly string[]
}

/** Runs the built program to its end, without a terminal. */
export function stanch(home: Home, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(options.node ?? process.execPath, [...(options.nodeArgs ?? []), MAIN, ...argv], {
    cwd: options.cwd ?? home.folder,
    env: {...home.env, ...options.env},
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.stdin ?? '')
  const out = {stdout: '', stderr: ''}
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (out[name] += text))
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      watchOutput(home.folder, argv, out)
      resolve({code: code ?? -1, ...out, json: () => JSON.parse(out.stdout) as Record<string, unknown>})
    })
  })
}

export interface PracticeTenant extends Simulator {
  /** What connects to it with the practice operator's secret. */
  readonly connection: Readonly<Record<string, string>>
  /** What connects to it with a ready-made token of these scopes. */
  readonly withToken: (scopes: readonly string[]) => Readonly<Record<string, string>>
}

/** A simulated tenant in this process that refuses every change without an intent in the home's simulated trail. */
export async function practiceTenant(
  t: TestContext,
  home: Home,
  options: Partial<SimulatorOptions> = {},
): Promise<PracticeTenant> {
  const trail = path.join(home.data, 'trail-sim')
  const simulator = await startSimulator({clock: systemClock, seed: 7, intentOnDisk: (id) => hasIntent(trail, id), ...options})
  t.after(() => simulator.stop())
  watchTenant(home.folder, simulator.tenant)
  const {client_id, client_secret} = simulator.practice.operator
  return {
    ...simulator,
    connection: {AUTH0_DOMAIN: simulator.origin, AUTH0_CLIENT_ID: client_id, AUTH0_CLIENT_SECRET: client_secret},
    withToken: (scopes) => ({
      AUTH0_DOMAIN: simulator.origin,
      AUTH0_API_TOKEN: simulator.tenant.issueToken({client_id, scope: scopes.join(' ')}),
    }),
  }
}
