import {spawn} from 'node:child_process'
import {mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import type {TestContext} from 'node:test'

import {MAIN, newHome, practiceTenant} from '../support/run-stanch.ts'
import type {Home, PracticeTenant} from '../support/run-stanch.ts'
import {watchOutput} from '../support/watch-secrets.ts'
import {Pty} from '../terminal/pty.ts'

/** A command that does not end within this is ended, milliseconds. */
const PATIENCE = 60_000

/** What a question of the guided flow shows, and what a person types then. */
export type Answer = readonly [sees: RegExp, type: (stage: Stage, screen: string) => string]

export interface Came {
  readonly code: number
  /** stdout and stderr, or the whole terminal, with each run of blanks as one. */
  readonly text: string
  /** As it came. */
  readonly raw: string
}

/**
 * Where the commands of one page are typed: a responder's machine and an embedded tenant in which something leaked. Lines go
 * to a shell as they stand, so that what a page forgets to quote fails here, too.
 */
export class Stage {
  readonly home: Home
  /** A second responder's machine. */
  readonly colleague: Home
  readonly tenant: PracticeTenant
  /** What the environment holds besides the home's own. */
  env: Record<string, string>
  /** What leaked. */
  leak: {client_id: string; value: string}
  /** All that came out so far: pages take values from what an earlier command showed. */
  said = ''
  readonly #ends: readonly (() => unknown)[]

  private constructor(home: Home, colleague: Home, tenant: PracticeTenant, ends: readonly (() => unknown)[]) {
    this.home = home
    this.colleague = colleague
    this.tenant = tenant
    this.env = {...tenant.connection}
    this.#ends = ends
    for (const one of [home, colleague]) {
      const bin = path.join(one.folder, 'bin')
      mkdirSync(bin)
      writeFileSync(path.join(bin, 'stanch'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`, {mode: 0o700})
      writeFileSync(path.join(bin, 'keep'), '#!/bin/sh\numask 077\nexec cat > "$1"\n', {mode: 0o700})
    }
    this.leak = tenant.practice.leak
    this.file('leaked.txt', this.leak.value)
  }

  static async open(scenario: string, seed = 7): Promise<Stage> {
    const ends: (() => unknown)[] = []
    const t = {after: (end: () => unknown) => void ends.push(end)} as unknown as TestContext
    const home = newHome(t)
    const colleague = newHome(t)
    // nobody else acts: what a page shows must not depend on when an attacker comes
    const tenant = await practiceTenant(t, home, {scenario, seed, behaviour: {attacker: false, consumer: false}})
    return new Stage(home, colleague, tenant, ends)
  }

  /** Ends it; fails when a secret of the tenant was printed or kept anywhere. */
  async close(): Promise<void> {
    for (const end of this.#ends) await end()
  }

  /** Puts a file of the page's examples into the working directory, 0600. */
  file(name: string, text: string, home = this.home): string {
    const file = path.join(home.folder, name)
    mkdirSync(path.dirname(file), {recursive: true, mode: 0o700})
    writeFileSync(file, text, {mode: 0o600})
    return file
  }

  /** The incident that the page is about: the first that came up. */
  incident(): string {
    return /inc-\d{8}-[a-z2-9]{6}/.exec(this.said)?.[0] ?? 'INCIDENT_ID'
  }

  /** Types a line into a shell without a terminal, or into one with a terminal where questions are answered. */
  async type(line: string, options: {answers?: readonly Answer[] | undefined; home?: Home | undefined} = {}): Promise<Came> {
    const home = options.home ?? this.home
    const env = {...home.env, ...this.env, TZ: 'UTC', PATH: `${path.join(home.folder, 'bin')}:${home.env['PATH'] ?? ''}`}
    const came = await (options.answers === undefined ? this.#run(line, home, env) : this.#talk(line, home, env, options.answers))
    // the examples of a help are of nobody
    if (!line.endsWith('--help')) this.said += `${came.raw}\n`
    return came
  }

  #run(line: string, home: Home, env: Record<string, string>): Promise<Came> {
    const child = spawn('/bin/sh', ['-c', line], {cwd: home.folder, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true})
    const out = {stdout: '', stderr: ''}
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => (out[name] += text))
    const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), PATIENCE)
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => {
        clearTimeout(timer)
        watchOutput(this.home.folder, line.split(' '), out)
        resolve({
          code: code ?? -1,
          raw: `${out.stdout}\n${out.stderr}`,
          text: `${out.stdout}\n${out.stderr}`.replaceAll(/\s+/g, ' '),
        })
      })
    })
  }

  async #talk(line: string, home: Home, env: Record<string, string>, answers: readonly Answer[]): Promise<Came> {
    const ends: (() => unknown)[] = []
    const terminal = new Pty({after: (end: () => unknown) => void ends.push(end)} as unknown as TestContext, '', {
      program: '/bin/sh',
      args: ['-c', `cd '${home.folder}'; ${line}`],
      env,
    })
    try {
      for (const [sees, type] of answers) {
        await terminal.see(sees)
        terminal.type(`${type(this, terminal.rows().join('\n'))}\r`)
      }
      const code = await terminal.ended()
      watchOutput(this.home.folder, line.split(' '), {stdout: terminal.raw, stderr: ''})
      return {code, raw: terminal.history(), text: terminal.history().replaceAll(/\s+/g, ' ')}
    } finally {
      for (const end of ends) end()
    }
  }
}

/** The placeholders of all pages: the index of the journeys says where each comes from. */
export function commonValues(stage: Stage): Readonly<Record<string, string>> {
  return {
    LEAKED_CLIENT_ID: stage.leak.client_id,
    CLIENT_ID: stage.leak.client_id,
    INCIDENT_ID: stage.incident(),
    COMMAND: `keep ${stage.home.folder}/kept`,
    TICKET: 'SEC-42',
    HASH: /Plan hash: ([0-9a-f]{64})/.exec(stage.said)?.[1] ?? 'HASH',
    VKEY: /^log (\S+)$/m.exec(stage.said)?.[1] ?? 'VKEY',
    'file:PATH': `file:${stage.home.folder}/new-secret`,
    'https://YOUR_DOMAIN': stage.tenant.origin,
    'acme.eu.auth0.com': stage.tenant.origin,
  }
}
