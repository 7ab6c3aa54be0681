import {fork} from 'node:child_process'
import type {ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import path from 'node:path'

/** What the window is told to do, and what it tells. */
export type Order = {readonly type: string} | {readonly close: true} | {readonly kill: string}
export type Told = {readonly pid: number} | {readonly data: string} | {readonly code: number; readonly signal: number | undefined}

export interface Opened {
  readonly file: string
  readonly args: readonly string[]
  readonly cols: number
  readonly rows: number
  readonly env: Record<string, string>
}

/**
 * A terminal window: a process of its own that alone holds the other end of the pseudo terminal. Any process that a test
 * starts beside it would inherit that end otherwise, and closing it here would not be the end of the terminal.
 */
export class Window {
  readonly pid: number
  readonly #process: ChildProcess

  private constructor(child: ChildProcess, pid: number) {
    this.#process = child
    this.pid = pid
  }

  static async open(opened: Opened): Promise<Window> {
    const child = fork(path.join(import.meta.dirname, 'window-process.ts'), [JSON.stringify(opened)], {
      execArgv: ['--no-warnings'],
      stdio: 'ignore',
    })
    const [told] = (await once(child, 'message')) as [Told]
    return new Window(child, 'pid' in told ? told.pid : 0)
  }

  onData(take: (data: string) => void): void {
    this.#process.on('message', (told: Told) => {
      if ('data' in told) take(told.data)
    })
  }

  onExit(take: (exit: {exitCode: number; signal?: number}) => void): void {
    this.#process.on('message', (told: Told) => {
      if ('code' in told) take({exitCode: told.code, ...(told.signal === undefined ? {} : {signal: told.signal})})
    })
  }

  write(text: string): void {
    this.#tell({type: text})
  }

  kill(signal: string): void {
    this.#tell({kill: signal})
  }

  /** The window goes away: nobody sends a signal, the kernel tells those who sit at the terminal. */
  close(): void {
    this.#tell({close: true})
  }

  #tell(order: Order): void {
    if (this.#process.connected) this.#process.send(order)
  }
}
