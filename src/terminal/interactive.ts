import type {Clock} from '../clock.ts'
import type {
  ChoiceDecision,
  ConfirmDecision,
  Decision,
  ProgressEvent,
  Responder,
  TextDecision,
  TypedDecision,
} from '../execution/responder.ts'
import {printable, quoted} from '../untrusted.ts'
import type {CountdownOptions} from './countdown.ts'
import {Progress} from './progress.ts'
import {pageOf} from './page.ts'
import {prompterFor, requireTerminal, type Prompter, type Terminal} from './prompter.ts'
import {explanation, layQuestion, wholeScreen, type Layout} from './question.ts'
import {layOut, questionRows} from './screen.ts'
import {styleFor} from './style.ts'

export interface InteractiveOptions extends Terminal {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>
  /** Columns of the terminal; undefined counts as 80. */
  readonly columns?: () => number | undefined
  readonly everySecond?: CountdownOptions['everySecond']
  /** How questions reach the person; inquirer unless a test gives another one. */
  readonly prompter?: Prompter
}

export interface InteractiveResponder extends Responder {
  /** Takes a countdown off the screen. Called before anything else writes to the terminal, and at the end. */
  close(): void
}

/** Rows of a search below its prompt: what was found, what is said of the marked one, which keys there are. */
const FOUND_ROWS = 10

const TRIES = 3

/** What is reported of acts, and a screen of its own, is no part of the question that follows. */
const REPORTS: ReadonlySet<ProgressEvent['kind']> = new Set(['step_begins', 'step_ends', 'probe', 'screen'])

type Asked<T extends Decision = Decision> = T & {readonly layout: Layout}

/**
 * Asks in the terminal. A question never has a preselected answer: Enter alone answers nothing. `?` says why it is
 * asked, what the answer does and how it is undone. Ctrl-C and Ctrl-D reject with `interrupted`.
 */
export function interactiveResponder(options: InteractiveOptions): InteractiveResponder {
  const {output, env} = options
  const columns = options.columns ?? (() => output.columns)
  const style = styleFor(output, env)
  const prompter = options.prompter ?? prompterFor(options)
  const page = pageOf(output)
  const progress = new Progress({
    output,
    env,
    clock: options.clock,
    ...(options.everySecond === undefined ? {} : {everySecond: options.everySecond}),
  })

  const write = (lines: readonly string[], paint: (line: string) => string = (line) => line) => {
    for (const line of layOut(lines, columns())) output.write(`${paint(line)}\n`)
  }

  /** Asks until the answer is something else than `?`. */
  async function line(decision: Asked, prompt: string, check: (text: string) => string | undefined): Promise<string> {
    for (;;) {
      const text = await prompter.line(`${prompt} (? explains):`, (typed) => (typed === '?' ? undefined : check(typed)))
      if (text !== '?') return text
      if (!decision.layout.whole) write(['', ...wholeScreen(decision), ''])
      write(explanation(decision))
    }
  }

  async function confirm(decision: Asked<ConfirmDecision>): Promise<boolean> {
    const answer = await line(decision, 'Type yes or no', (text) =>
      /^(y|yes|n|no)$/i.test(text) ? undefined : 'Please type yes or no.',
    )
    return /^y/i.test(answer)
  }

  async function typed(decision: Asked<TypedDecision>): Promise<boolean> {
    const expected = printable(decision.expected)
    for (let left = TRIES - 1; left >= 0; left--) {
      const answer = await line(decision, `Type ${expected} to go on, no to stop`, () => undefined)
      if (answer === decision.expected) return true
      if (/^no?$/i.test(answer)) return false
      write([
        left > 0
          ? `That is not ${expected}. ${left === 1 ? 'One try' : `${left} tries`} left.`
          : `That is not ${expected}. Taken as a no.`,
      ])
    }
    return false
  }

  async function choice(decision: Asked<ChoiceDecision>): Promise<string> {
    const {choices, layout} = decision
    if (!layout.choices) return prompter.search('Search:', choices, explanation(decision))
    const prompt = choices.length === 1 ? 'Type 1' : `Type a number from 1 to ${choices.length}`
    const answer = await line(decision, prompt, (text) =>
      pick(decision, text) === undefined ? `${quoted(text, 20)} is not among them.` : undefined,
    )
    return pick(decision, answer) ?? decision.unattended
  }

  async function text(decision: Asked<TextDecision>): Promise<string> {
    return line(decision, 'Answer', (answer) => decision.check?.(answer))
  }

  async function decide(asked: Decision): Promise<boolean | string> {
    requireTerminal(options)
    progress.close()
    const layout = layQuestion(asked, questionRows(output.rows) - page.rows, FOUND_ROWS, columns())
    write(['', ...layout.screen, ...(layout.parted ? [''] : [])])
    write([asked.ask], style.bold)
    write([...layout.explanation, ...(layout.choices ?? [])])
    const decision = {...asked, layout}
    switch (decision.kind) {
      case 'confirm':
        return confirm(decision)
      case 'typed':
        return typed(decision)
      case 'choice':
        return choice(decision)
      case 'text':
        return text(decision)
    }
  }

  return {
    attended: true,
    // the overloads of `decide` pair each kind with its answer, which one function over all kinds can't say
    decide: decide as Responder['decide'],
    notify: (event: ProgressEvent) => {
      progress.notify(event)
      if (REPORTS.has(event.kind)) page.begin()
    },
    close: () => progress.close(),
  }
}

/** The value behind a number, or a value typed out. */
function pick(decision: ChoiceDecision, text: string): string | undefined {
  if (/^\d{1,2}$/.test(text)) return decision.choices[Number(text) - 1]?.value
  return decision.choices.find((choice) => choice.value === text)?.value
}
