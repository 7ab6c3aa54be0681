import type {TestContext} from 'node:test'
import assert from 'node:assert/strict'
import path from 'node:path'
import pty from '@lydell/node-pty'
import xterm from '@xterm/headless'

import type {Opened, Window} from './window.ts'

/** A test that waits longer than this for a text shows the screen and fails, in milliseconds. */
const PATIENCE = 20_000

export interface PtyOptions {
  /** A program with a whole path, instead of Node with a fixture. */
  readonly program?: string
  readonly args?: readonly string[]
  readonly env?: Record<string, string>
  readonly columns?: number
  readonly rows?: number
}

/** What is started for a fixture, or for a program with a whole path. */
export function opened(fixture: string, options: PtyOptions): Opened {
  return {
    file: options.program ?? process.execPath,
    args: [
      ...(options.program === undefined ? [path.resolve(import.meta.dirname, 'fixtures', fixture)] : []),
      ...(options.args ?? []),
    ],
    cols: options.columns ?? 80,
    rows: options.rows ?? 24,
    env: {PATH: '/usr/bin:/bin', TERM: 'xterm-256color', ...options.env},
  }
}

/** A program in a real terminal of 80x24 (or as given), with what its screen shows. */
export class Pty {
  readonly #child: Pick<pty.IPty, 'pid' | 'write' | 'kill' | 'onData' | 'onExit'> | Window
  readonly #screen: xterm.Terminal
  #watchers: (() => void)[] = []
  /** Everything the terminal received, byte for byte. */
  raw = ''
  exit: {code: number; signal: number | undefined} | undefined

  /** @param window where the program has been started already, in a window of its own */
  constructor(t: Pick<TestContext, 'after'>, fixture: string, options: PtyOptions = {}, window?: Window) {
    const {file, args, cols, rows, env} = opened(fixture, options)
    this.#screen = new xterm.Terminal({cols, rows, scrollback: 1000, allowProposedApi: true})
    this.#child = window ?? pty.spawn(file, [...args], {name: env['TERM'] ?? '', cols, rows, cwd: '/', env})
    this.#child.onData((data) => {
      this.raw += data
      this.#screen.write(data, () => this.#wake())
    })
    this.#child.onExit(({exitCode, signal}) => {
      this.exit = {code: exitCode, signal}
      this.#wake()
    })
    t.after(() => {
      if (!this.exit) this.#child.kill('SIGKILL')
      this.#screen.dispose()
    })
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher()
  }

  get pid(): number {
    return this.#child.pid
  }

  type(text: string): void {
    this.#child.write(text)
  }

  /** The rows of the visible screen. */
  rows(): string[] {
    const {active} = this.#screen.buffer
    return Array.from({length: this.#screen.rows}, (_, i) => active.getLine(active.baseY + i)?.translateToString(true) ?? '')
  }

  /** The visible screen as lines: what the terminal itself broke at its right edge is whole again. */
  lines(): string[] {
    const {active} = this.#screen.buffer
    const lines: string[] = []
    for (let i = 0; i < this.#screen.rows; i++) {
      const row = active.getLine(active.baseY + i)
      const text = row?.translateToString(true) ?? ''
      if (row?.isWrapped && lines.length > 0) lines.push(`${lines.pop() ?? ''}${text}`)
      else lines.push(text)
    }
    return lines
  }

  /** The row of the cursor, counted from the first row of the scrollback. */
  cursor(): number {
    const {active} = this.#screen.buffer
    return active.baseY + active.cursorY
  }

  /** Screen and scrollback. */
  history(): string {
    const {active} = this.#screen.buffer
    return Array.from({length: active.length}, (_, i) => active.getLine(i)?.translateToString(true) ?? '').join('\n')
  }

  /** Waits until the visible screen shows `text`. */
  async see(text: string | RegExp): Promise<void> {
    const there = () => {
      const screen = this.rows().join('\n')
      return typeof text === 'string' ? screen.includes(text) : text.test(screen)
    }
    await this.#until(there, `${text}`)
  }

  /** Waits for the end of the program, and until the screen shows all that came; gives its status. */
  async ended(): Promise<number> {
    await this.#until(() => this.exit !== undefined, 'the end of the program')
    await new Promise<void>((drawn) => this.#screen.write('', drawn))
    return this.exit?.code ?? -1
  }

  async #until(done: () => boolean, what: string): Promise<void> {
    if (done()) return
    await new Promise<void>((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        this.#watchers = this.#watchers.filter((each) => each !== look)
      }
      const look = () => {
        if (!done()) return
        stop()
        resolve()
      }
      const timer = setTimeout(() => {
        stop()
        reject(new assert.AssertionError({message: `waited for ${what}; the screen shows:\n${this.rows().join('\n')}`}))
      }, PATIENCE)
      this.#watchers.push(look)
    })
  }
}
