import {parseRfc3339, type Clock} from '../clock.ts'
import type {ProgressEvent} from '../execution/responder.ts'
import type {PlanStep, StepOutcome} from '../incident/plan.ts'
import {printable} from '../untrusted.ts'
import {Countdown, type CountdownOptions} from './countdown.ts'
import {layOut, textWidth} from './screen.ts'
import {canMove, styleFor, type Paint, type Style, type TerminalStream} from './style.ts'
import {wrap} from '../report/width.ts'

/** Where progress is written: standard error, or a stand-in. */
export interface ProgressOutput extends TerminalStream {
  readonly columns?: number | undefined
  write(text: string): unknown
}

export interface ProgressOptions {
  readonly output: ProgressOutput
  readonly env: NodeJS.ProcessEnv
  readonly clock: Pick<Clock, 'now' | 'monotonic'>
  readonly everySecond?: CountdownOptions['everySecond']
}

/** Outcomes as words: what happened must be clear without colour. */
const OUTCOMES: Readonly<Record<StepOutcome, {readonly word: string; readonly tone?: 'bad' | 'careful'}>> = {
  done: {word: 'done'},
  already: {word: 'already so'},
  refused: {word: 'REFUSED', tone: 'bad'},
  not_attempted: {word: 'not attempted', tone: 'careful'},
  in_doubt: {word: 'IN DOUBT', tone: 'bad'},
  manual: {word: 'by hand', tone: 'careful'},
}

/** Prints events as lines that begin with the UTC time `HH:MM:SSZ`, and counts down in one line while something is waited for. */
export class Progress {
  readonly #output: ProgressOutput
  readonly #clock: Pick<Clock, 'now'>
  readonly #style: Style
  readonly #countdown: Countdown
  readonly #numbers = new Map<string, string>()

  constructor(options: ProgressOptions) {
    this.#output = options.output
    this.#clock = options.clock
    this.#style = styleFor(options.output, options.env)
    this.#countdown = new Countdown({
      write: (text) => void this.#output.write(text),
      moves: canMove(options.output, options.env),
      columns: () => this.#output.columns,
      clock: options.clock,
      stamp: () => this.#time(),
      ...(options.everySecond === undefined ? {} : {everySecond: options.everySecond}),
    })
  }

  notify(event: ProgressEvent): void {
    if (event.kind === 'probe') {
      const words = printable(event.claim, 40).replaceAll('_', ' ')
      const {refusals, wanted} = event
      const run = refusals > wanted ? `${refusals} in a row, ${wanted} needed` : `${refusals} of ${wanted}`
      return this.#countdown.show(`proving: ${words}, ${run}`, event.seconds_left)
    }
    if (event.kind === 'waits') return this.#countdown.show(`waiting: ${printable(event.why, 100)}`, event.seconds_left)
    this.#countdown.clear()
    switch (event.kind) {
      case 'screen':
        return this.lines(event.lines)
      case 'note':
        return this.#line(event.text)
      case 'warning':
        return this.#line(`WARNING: ${event.text}`, this.#style.careful)
      case 'step_begins':
        this.#numbers.set(event.step.id, `[${event.number}/${event.of}] `)
        return this.#line(`${this.#number(event.step)}${event.step.title} ...`)
      case 'step_ends': {
        const {word, tone} = OUTCOMES[event.outcome]
        const [, before, place] = /^(.*?)((?:file|sealed):.*)$/.exec(event.detail ?? '') ?? [undefined, event.detail, undefined]
        const detail = before?.trim() ? ` (${before.trim()})` : ''
        const text = place === undefined ? `${event.step.title}${detail}` : `${event.step.title}, ${before?.trim() ?? 'in'}`
        this.#line(`${this.#number(event.step)}${word}: ${text}`, tone && this.#style[tone], event.at)
        // Whole and in a line of its own: it is copied.
        if (place !== undefined) this.#output.write(`          ${printable(place, 4200)}\n`)
        return
      }
    }
  }

  /** Lines as they are, wrapped and made printable. */
  lines(lines: readonly string[]): void {
    this.#countdown.clear()
    this.#output.write(
      layOut(lines, this.#output.columns)
        .map((line) => `${line}\n`)
        .join(''),
    )
  }

  /** Takes the countdown away before anything else is written, and at the end. */
  close(): void {
    this.#countdown.clear()
  }

  /** Steps may run side by side, so each keeps the number it began with. */
  #number(step: PlanStep): string {
    return this.#numbers.get(step.id) ?? ''
  }

  #line(text: string, paint: Paint = (t) => t, at?: string): void {
    const time = this.#time(at)
    const lines = wrap(printable(text, 1000), textWidth(this.#output.columns) - time.length - 1)
    for (const [i, line] of lines.entries()) this.#output.write(`${i === 0 ? time : ' '.repeat(time.length)} ${paint(line)}\n`)
  }

  #time(at?: string): string {
    const seconds = at === undefined ? undefined : parseRfc3339(at)
    return `${new Date(seconds === undefined ? this.#clock.now() : seconds * 1000).toISOString().slice(11, 19)}Z`
  }
}
