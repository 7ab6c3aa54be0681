import type {TestContext} from 'node:test'
import assert from 'node:assert/strict'
import path from 'node:path'
import pty from '@lydell/node-pty'
import xterm from '@xterm/headless'

/** A test that waits longer than this for a text shows the screen and fails, in milliseconds. */
const PATIENCE = 20_000

/** A program in a real terminal of 80x24 (or as given), with what its screen shows. */
export class Pty {
  readonly #child: pty.IPty
  readonly #screen: xterm.Terminal
  #watchers: (() => void)[] = []
  /** Everything the terminal received, byte for byte. */
  raw = ''
  exit: {code: number; signal: number | undefined} | undefined

  constructor(
    t: TestContext,
    fixture: string,
    options: {args?: string[]; env?: Record<string, string>; columns?: number; rows?: number} = {},
  ) {
    const columns = options.columns ?? 80
    const rows = options.rows ?? 24
    this.#screen = new xterm.Terminal({cols: columns, rows, scrollback: 1000, allowProposedApi: true})
    this.#child = pty.spawn(process.execPath, [path.resolve(import.meta.dirname, 'fixtures', fixture), ...(options.args ?? [])], {
      name: options.env?.['TERM'] ?? 'xterm-256color',
      cols: columns,
      rows,
      cwd: '/',
      env: {PATH: '/usr/bin:/bin', TERM: 'xterm-256color', ...options.env},
    })
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

  /** Waits for the end of the program and gives its status. */
  async ended(): Promise<number> {
    await this.#until(() => this.exit !== undefined, 'the end of the program')
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
