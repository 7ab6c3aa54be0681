import {existsSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import type {TestContext} from 'node:test'

import {opened, Pty} from '../../terminal/pty.ts'
import type {PtyOptions} from '../../terminal/pty.ts'
import {Window} from '../../terminal/window.ts'
import {MAIN, PRELOAD, WORK} from './bench.ts'
import type {Bench, Ran} from './bench.ts'

/** Time for a signal to arrive and be handled, milliseconds. */
export const SETTLE = 60

/** Longest wait for a text, milliseconds of the wall. */
const PATIENCE = 15_000

/** What stands on the screen when a question is asked, without blanks, and what is typed. */
export interface Question {
  readonly name: string
  readonly shows: string
  readonly answer: (bench: Bench) => string
}

export const QUESTIONS: readonly Question[] = [
  {name: 'what leaked', shows: 'Paste,kindorEnter:(notshown)', answer: ({front}) => front.practice.leak.value},
  {
    name: 'whose is it',
    shows: 'Whoseisit?',
    answer: ({front, client}) =>
      String(
        1 +
          front.tenant
            .clients()
            .filter((one) => one['global'] !== true)
            .findIndex((one) => one['client_id'] === client),
      ),
  },
  {name: 'when', shows: 'Whendiditleak', answer: () => '2h ago, now'},
  {name: 'which way', shows: 'Whichway?', answer: () => '1'},
  {name: 'confirm', shows: 'togoon,notostop', answer: ({client}) => client.slice(-6)},
  {name: 'give back', shows: 'grant(s)backnow?', answer: () => 'no'},
]

export interface GuidedOptions {
  readonly env?: Record<string, string>
  readonly columns?: number
  readonly launcher?: string
  /** Words behind the program's name; none: the guided flow. */
  readonly argv?: readonly string[]
}

function ptyOptions(bench: Bench, options: GuidedOptions): PtyOptions {
  return {
    args: [...(options.launcher === undefined ? [] : [MAIN]), ...(options.argv ?? [])],
    env: {...bench.env, ...options.env},
    ...(options.columns === undefined ? {} : {columns: options.columns}),
  }
}

/** The guided flow in a pseudo terminal. */
export class Guided {
  readonly #pty: Pty
  readonly #started = performance.now()
  readonly #end: (() => void)[] = []
  readonly #window: Window | undefined

  constructor(bench: Bench, options: GuidedOptions = {}, window?: Window) {
    const keeper = {after: (work: () => void) => void this.#end.push(work)} as unknown as TestContext
    this.#window = window
    this.#pty = new Pty(keeper, options.launcher ?? MAIN, ptyOptions(bench, options), window)
  }

  /** In a terminal that can go away. */
  static async inWindow(bench: Bench, options: GuidedOptions = {}): Promise<Guided> {
    return new Guided(bench, options, await Window.open(opened(options.launcher ?? MAIN, ptyOptions(bench, options))))
  }

  /** The terminal itself goes away: no signal is sent by hand. */
  hangUp(): void {
    this.#window?.close()
  }

  get pid(): number {
    return this.#pty.pid
  }

  /** Ends it as a power switch would, and waits until it is gone. */
  async kill(): Promise<void> {
    try {
      process.kill(this.pid, 'SIGKILL')
    } catch {
      // It has ended already.
    }
    while (!this.#pty.exit) await pause(5)
  }

  type(text: string): void {
    this.#pty.type(text)
  }

  /** Waits for a text, wherever the terminal broke its lines; false when the program ended or nothing came. */
  async shows(text: string): Promise<boolean> {
    const until = performance.now() + PATIENCE
    while (performance.now() < until) {
      if (this.#pty.history().replaceAll(/\s+/g, '').includes(text)) return true
      if (this.#pty.exit) return false
      await pause(15)
    }
    return false
  }

  /** Answers the questions in order; the name of the first that was never asked. */
  async answer(bench: Bench, questions: readonly Question[]): Promise<string | undefined> {
    for (const {name, shows, answer} of questions) {
      if (!(await this.shows(shows))) return name
      this.type(`${answer(bench)}\r`)
    }
    return undefined
  }

  /** Waits for the end; -1 when the program has to be ended. */
  async ended(patience = PATIENCE): Promise<Ran> {
    const until = performance.now() + patience
    while (!this.#pty.exit && performance.now() < until) await pause(15)
    const left = this.#pty.exit
    for (const end of this.#end) end()
    const code = left === undefined ? -1 : left.code
    return {
      argv: ['guided'],
      code,
      signal: left === undefined ? 'did not end' : (left.signal ?? 0) === 0 ? null : `signal ${left.signal}`,
      stdout: this.#pty.raw,
      stderr: '',
      ms: performance.now() - this.#started,
      document: undefined,
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** A file of the launcher's own, written once. */
function launcher(name: string, text: string): string {
  const file = path.join(WORK, `${name}.mjs`)
  if (!existsSync(file)) writeFileSync(file, text)
  return file
}

/** Waits for the program whatever signal comes, and ends as it does. */
const WAIT = `for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
child.on('exit', (code) => process.exit(code ?? 1))
`

/** Starts the program with a standard output that nobody reads. */
export function deafLauncher(): string {
  return launcher(
    'deaf',
    `import {spawn} from 'node:child_process'
const child = spawn(process.execPath, process.argv.slice(2), {stdio: ['inherit', 'pipe', 'inherit']})
child.stdout.destroy()
${WAIT}`,
  )
}

/** Starts the program in a session of its own: the terminal is one to read and write, and sends it no signals. */
export function strangerLauncher(): string {
  return launcher(
    'stranger',
    `import {spawn} from 'node:child_process'
const child = spawn(process.execPath, process.argv.slice(2), {stdio: 'inherit', detached: true})
${WAIT}`,
  )
}

/** Starts the program with the preload of the faults before it: a terminal cannot be given options of Node. */
export function faultyLauncher(): string {
  return launcher(
    'faulty',
    `import ${JSON.stringify(PRELOAD)}
process.argv.splice(1, 1)
await import(process.argv[1])
`,
  )
}
