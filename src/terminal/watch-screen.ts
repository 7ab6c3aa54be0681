import {canMove, styleFor} from './style.ts'
import type {Style, TerminalStream} from './style.ts'

export interface WatchScreenOptions {
  readonly output: TerminalStream & {
    readonly columns?: number | undefined
    readonly rows?: number | undefined
    write(text: string): unknown
    on?(event: 'resize', listener: () => void): unknown
    off?(event: 'resize', listener: () => void): unknown
  }
  readonly env: NodeJS.ProcessEnv
  /** Calls back about once a second until stopped; replaced in tests. */
  readonly everySecond?: (tick: () => void) => () => void
  /** The lines for a screen of this size, at this moment. */
  readonly lines: (size: {rows: number; columns: number}) => readonly string[]
  readonly tone: () => 'bold' | 'careful' | 'bad'
}

const systemTicks = (tick: () => void): (() => void) => {
  const timer = setInterval(tick, 1000)
  timer.unref() // a display never keeps the process alive
  return () => clearInterval(timer)
}

/** Rows of the screen: at 80x24 one is left free for what the shell writes afterwards. */
const MOST_ROWS = 22

/**
 * A block of lines that is written over in place, once a second and in one write, and only where a line has changed: no
 * flicker, nothing hidden, and the terminal is as it was when the process dies. Only for a terminal that can move its
 * cursor (`canMove`).
 */
export class WatchScreen {
  readonly #options: WatchScreenOptions
  readonly #style: Style
  #shown: readonly string[] = []
  #stop: (() => void) | undefined
  readonly #resized = () => {
    // What a narrower window does to lines that are there already differs: begin anew.
    this.#options.output.write('\u001b[2J\u001b[H')
    this.#shown = []
    this.draw()
  }

  constructor(options: WatchScreenOptions) {
    this.#options = options
    this.#style = styleFor(options.output, options.env)
  }

  static fits(output: TerminalStream, env: NodeJS.ProcessEnv): boolean {
    return canMove(output, env)
  }

  draw(): void {
    if (!this.#stop) {
      this.#stop = (this.#options.everySecond ?? systemTicks)(() => this.draw())
      this.#options.output.on?.('resize', this.#resized)
    }
    const {output} = this.#options
    const rows = Math.max(4, Math.min(MOST_ROWS, (output.rows ?? 24) - 2))
    const lines = this.#options.lines({rows, columns: Math.max(20, (output.columns ?? 80) - 1)})
    output.write(this.#frame(lines))
    this.#shown = lines
  }

  /** Leaves what is shown where it is; what comes next is written below it. */
  close(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#options.output.off?.('resize', this.#resized)
  }

  /** From below the old block to below the new one. */
  #frame(lines: readonly string[]): string {
    const before = this.#shown
    let frame = before.length === 0 ? '' : `\u001b[${before.length}A`
    const most = Math.max(lines.length, before.length)
    for (let row = 0; row < most; row++) {
      const line = lines[row] ?? ''
      frame +=
        row < before.length && before[row] === line
          ? '\n'
          : `\r\u001b[2K${row === 1 ? this.#style[this.#options.tone()](line) : line}\n`
    }
    // A block that became shorter leaves its empty rows below the cursor.
    return lines.length < most ? `${frame}\u001b[${most - lines.length}A` : frame
  }
}
