import {spawn} from 'node:child_process'
import type {ChildProcess} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {stripTypeScriptTypes} from 'node:module'
import {tmpdir} from 'node:os'
import path from 'node:path'

import type {LeakKind} from '../../../src/incident/leak.ts'
import type {StoredRecord} from '../../../src/trail/format/record.ts'
import {readTrail} from '../../../src/trail/read-trail.ts'
import {hasIntent} from '../../../src/trail/intents.ts'
import {AUTHORITY} from '../../support/certificates.ts'
import type {Document} from '../../support/incident.ts'
import {ROOT} from '../../support/tree.ts'
import type {Injected} from './faults.ts'
import {Front} from './front.ts'
import type {FrontOptions} from './front.ts'

/** The built program; a mutant names its own. */
export const MAIN = process.env['STANCH_MATRIX_MAIN'] ?? path.join(ROOT, 'dist/main.js')

/** A child that takes longer is ended, milliseconds of the wall. */
const PATIENCE = 25_000

export interface Ran {
  readonly argv: readonly string[]
  /** -1 when a signal ended it. */
  readonly code: number
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  readonly ms: number
  /** The one document on stdout, where there is exactly one. */
  readonly document: Document | undefined
}

export interface BenchOptions extends Partial<Omit<FrontOptions, 'intended'>> {
  readonly intended?: FrontOptions['intended']
  readonly env?: Readonly<Record<string, string>>
  /** Scopes of the responder's token; default all that the practice operator has. */
  readonly scopes?: readonly string[]
}

export interface RunOptions {
  readonly injected?: Injected | undefined
  readonly env?: Readonly<Record<string, string>>
  /** A pipe that ends at once, instead of no input at all. */
  readonly stdin?: 'close'
  /** Nobody reads its standard output. */
  readonly deaf?: boolean
  /** A program that starts ours: its words stand before it. */
  readonly under?: readonly string[]
}

/** A responder's machine and a tenant, for one cell. */
export class Bench {
  readonly folder: string
  readonly data: string
  readonly sink: string
  readonly leaked: string
  readonly front: Front
  readonly ran: Ran[] = []
  readonly #options: BenchOptions
  #child: ChildProcess | undefined
  readonly #afterwards: (() => void)[] = []
  #attended: {readonly pid: number; kill: () => Promise<void>} | undefined

  private constructor(folder: string, front: Front, options: BenchOptions) {
    this.folder = folder
    this.front = front
    this.#options = options
    this.data = path.join(folder, 'data')
    this.sink = path.join(folder, 'hand-over', 'new-secret')
    this.leaked = path.join(folder, 'leaked')
    mkdirSync(this.data, {mode: 0o700})
    mkdirSync(path.dirname(this.sink), {mode: 0o700})
    writeFileSync(this.leaked, front.practice.leak.value, {mode: 0o600})
    if (options.tls) writeFileSync(path.join(folder, 'authority.pem'), AUTHORITY)
  }

  static async open(options: BenchOptions = {}): Promise<Bench> {
    const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'stanch-cell-')))
    const trail = path.join(folder, 'data', options.real ? 'trail' : 'trail-sim')
    const waited = path.join(folder, 'waited')
    const front = await Front.open({
      seed: Number(process.env['STANCH_MATRIX_SEED'] ?? '7'),
      intended: (correlation) => hasIntent(trail, correlation),
      waited: () => (existsSync(waited) ? Number(readFileSync(waited, 'utf8')) / 1000 : 0),
      ...options,
    })
    return new Bench(folder, front, options)
  }

  get client(): string {
    return this.front.practice.leak.client_id
  }

  /** What leaked in this scenario. */
  get kind(): LeakKind {
    return this.front.practice.leak.kind
  }

  get trail(): string {
    return path.join(this.data, this.#options.real ? 'trail' : 'trail-sim')
  }

  /** The process at work. */
  get child(): ChildProcess | undefined {
    return this.#child
  }

  get env(): Record<string, string> {
    const {client_id, client_secret} = this.front.practice.operator
    const {scopes} = this.#options
    return {
      PATH: `${path.dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      HOME: this.folder,
      STANCH_DATA_DIR: this.data,
      STANCH_CONFIG_DIR: path.join(this.folder, 'config'),
      // One cache of compiled code for all cells: it holds nothing of any of them.
      STANCH_CACHE_DIR: CACHE,
      AUTH0_DOMAIN: this.front.origin,
      ...(scopes === undefined
        ? {AUTH0_CLIENT_ID: client_id, AUTH0_CLIENT_SECRET: client_secret}
        : {AUTH0_API_TOKEN: this.front.tenant.issueToken({client_id, scope: scopes.join(' ')})}),
      ...(this.#options.tls ? {STANCH_CA_FILE: path.join(this.folder, 'authority.pem')} : {}),
      ...this.#options.env,
    }
  }

  respond(options: RunOptions = {}, more: readonly string[] = []): Promise<Ran> {
    return this.run(
      ['respond', '--leak', this.kind, '--client', this.client, '--reason', 'fault matrix', ...this.words, ...more],
      options,
    )
  }

  resume(options: RunOptions = {}): Promise<Ran> {
    return this.run(['resume', ...this.words], options)
  }

  get words(): string[] {
    return ['--credential-file', this.leaked, '--deliver', `file:${this.sink}`, '--yes', '--json']
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
    if (this.ran.length > 0) this.front.nextSession()
    const ran = await this.start(argv, options)
    this.ran.push(ran)
    return ran
  }

  /** As `run`, beside another one: what the tenant sees counts for the session under way. */
  start(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const {injected} = options
    const preload = injected === undefined ? [] : ['--import', PRELOAD]
    const fault = injected === undefined ? {} : this.fault(injected)
    const started = performance.now()
    const [program, ...before] = [...(options.under ?? []), process.execPath]
    const child = spawn(program as string, [...before, ...preload, MAIN, ...argv], {
      cwd: this.folder,
      env: {...this.env, ...fault, ...options.env},
      stdio: [options.stdin === 'close' ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.#child = child
    child.stdin?.end()
    const out = {stdout: '', stderr: ''}
    for (const name of ['stdout', 'stderr'] as const)
      child[name]!.setEncoding('utf8').on('data', (text: string) => (out[name] += text))
    if (options.deaf) child.stdout?.destroy()
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        clearTimeout(timer)
        resolve({argv, code: code ?? -1, signal, ...out, ms: performance.now() - started, document: documentOf(out.stdout)})
      })
    })
  }

  /** What tells the preload. */
  fault(injected: Injected): Record<string, string> {
    return {STANCH_FAULT: JSON.stringify({...injected, operator: this.front.practice.operator.client_id})}
  }

  /** The process at work is in a terminal of its own. */
  attend(process: {readonly pid: number; kill: () => Promise<void>} | undefined): void {
    this.#attended = process
  }

  /** Ends the process at work as a power switch would, and waits until it is gone. */
  kill(): Promise<void> {
    if (this.#attended) return this.#attended.kill()
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
    return new Promise((resolve) => {
      child.once('exit', () => resolve())
      child.kill('SIGKILL')
    })
  }

  records(): StoredRecord[] {
    return existsSync(path.join(this.trail, 'records')) ? [...readTrail(this.trail)] : []
  }

  /** Of other responders' machines: folders `data-N` beside ours. */
  otherRecords(): StoredRecord[] {
    const others = readdirSync(this.folder).filter((name) => /^data-\d+$/.test(name))
    return others
      .map((name) => path.join(this.folder, name, path.basename(this.trail)))
      .flatMap((trail) => (existsSync(path.join(trail, 'records')) ? [...readTrail(trail)] : []))
  }

  /** Every file in which a new secret may be: the sink, and the incident's own folder. */
  deliveries(): string[] {
    const folder = path.join(this.data, 'incidents')
    const own = existsSync(folder)
      ? readdirSync(folder, {recursive: true, encoding: 'utf8'}).map((name) => path.join(folder, name))
      : []
    return [this.sink, ...own.filter((file) => path.basename(file).startsWith('new-secret-'))]
  }

  /** What has to be undone before the folder can go. */
  afterwards(work: () => void): void {
    this.#afterwards.push(work)
  }

  async close(): Promise<void> {
    await this.kill()
    await this.front.close()
    for (const work of this.#afterwards) work()
    rmSync(this.folder, {recursive: true, force: true})
  }
}

function documentOf(stdout: string): Document | undefined {
  try {
    return JSON.parse(stdout) as Document
  } catch {
    return undefined
  }
}

/** For things that all cells of a process share. */
export const WORK = realpathSync(mkdtempSync(path.join(tmpdir(), 'stanch-matrix-')))
process.on('exit', () => rmSync(WORK, {recursive: true, force: true}))
const CACHE = path.join(WORK, 'cache')

/** The preload without its types: stripping them again in each of some thousand children would take minutes. */
export const PRELOAD = (() => {
  for (const name of ['failpoints', 'steps']) {
    const source = readFileSync(path.join(import.meta.dirname, `${name}.ts`), 'utf8')
    writeFileSync(path.join(WORK, `${name}.mjs`), stripTypeScriptTypes(source).replaceAll(/\.ts'/g, ".mjs'"))
  }
  return path.join(WORK, 'failpoints.mjs')
})()
