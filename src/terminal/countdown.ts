import type {Clock} from '../clock.ts'
import {humanDuration} from '../clock.ts'
import {cutToWidth, wrap} from '../report/width.ts'

export interface CountdownOptions {
  readonly write: (text: string) => void
  /** True when a line may be written over. */
  readonly moves: boolean
  readonly columns: () => number | undefined
  readonly clock: Pick<Clock, 'monotonic'>
  /** Calls back about once a second until stopped; replaced in tests. */
  readonly everySecond?: (tick: () => void) => () => void
  /** Begins a plain line, with the time of day. */
  readonly stamp: () => string
}

/** Without cursor movement a line is written at most this often, in seconds of what is counted. */
const PLAIN_EVERY = 10

const systemTicks = (tick: () => void): (() => void) => {
  const timer = setInterval(tick, 1000)
  timer.unref() // a display never keeps the process alive
  return () => clearInterval(timer)
}

/**
 * One line that counts down while something is waited for. On a terminal it is written over each second; elsewhere a
 * plain line comes about every 10 s and whenever the text says something new.
 */
export class Countdown {
  readonly #options: CountdownOptions
  #shown: {text: string; left: number; since: number} | undefined
  #said: {text: string; left: number} | undefined
  #stop: (() => void) | undefined

  constructor(options: CountdownOptions) {
    this.#options = options
  }

  /** `text` is printable; `secondsLeft` counts on by itself until the next call. */
  show(text: string, secondsLeft: number): void {
    if (this.#options.moves) {
      this.#shown = {text, left: secondsLeft, since: this.#options.clock.monotonic()}
      this.#stop ??= (this.#options.everySecond ?? systemTicks)(() => this.#draw())
      return this.#draw()
    }
    if (this.#said?.text === text && this.#said.left - secondsLeft < PLAIN_EVERY && secondsLeft > 0) return
    if (this.#said?.text === text && this.#said.left === secondsLeft) return
    this.#said = {text, left: secondsLeft}
    const stamp = this.#options.stamp()
    const line = `${stamp} ${text}, ${humanDuration(secondsLeft)} left`
    const columns = this.#options.columns()
    const lines = columns === undefined ? [line] : wrap(line, columns - 1, stamp.length + 1)
    this.#options.write(`${lines.join('\n')}\n`)
  }

  /** Takes the line away, so that something else can be written; `show` brings it back. */
  clear(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#said = undefined
    if (this.#shown) this.#options.write('\r\u001b[2K')
    this.#shown = undefined
  }

  #draw(): void {
    if (!this.#shown) return
    const {text, left, since} = this.#shown
    const seconds = Math.ceil(left - (this.#options.clock.monotonic() - since) / 1000)
    const line = `${this.#options.stamp()} ${text}, ${humanDuration(seconds)} left`
    this.#options.write(`\r\u001b[2K${cutToWidth(line, (this.#options.columns() ?? 80) - 1)}`)
  }
}
