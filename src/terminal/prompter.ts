import {createInterface} from 'node:readline/promises'
import {StanchError} from '../errors.ts'
import {printable} from '../untrusted.ts'
import {pageOf} from './page.ts'
import {canMove, styleFor} from './style.ts'
import {cutToWidth, wrap} from '../report/width.ts'

/** The terminal that is asked: both ends must be one. */
export interface Terminal {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
  readonly env: NodeJS.ProcessEnv
}

export interface Option {
  readonly value: string
  readonly label: string
  readonly detail?: string
}

/** The two ways in which anything is asked; everything else is made of them. */
export interface Prompter {
  /** One line, without blanks at its ends. Asked again with the sentence of `check` until that is undefined. */
  line(prompt: string, check: (text: string) => string | undefined): Promise<string>
  /** One of many by typing a part of it. `help` is shown for `?`. */
  search(prompt: string, options: readonly Option[], help: readonly string[]): Promise<string>
}

/** Longest answer, in characters; more than that is a paste into the wrong place. */
const MAX_ANSWER = 4096

/** Matches that a search shows at most. */
const MAX_MATCHES = 50

const outlived = new WeakSet<object>()

/**
 * The input of a terminal that may go away while somebody is asked. It can't leave raw mode then, and readline passes that
 * error on to where nobody listens: the program would end, perhaps in the middle of an act. Every question hears of the end
 * of its input, which says the same.
 */
function outliveTerminal(input: NodeJS.ReadStream): void {
  if (outlived.has(input)) return
  outlived.add(input)
  const emit = input.emit.bind(input) as (name: string | symbol, ...rest: unknown[]) => boolean
  input.emit = (name: string | symbol, ...rest: unknown[]) => name !== 'error' && emit(name, ...rest)
}

/** `usage.no_terminal` unless both ends are a terminal: nothing may wait for an answer that can't come. */
export function requireTerminal({input, output}: Pick<Terminal, 'input' | 'output'>): void {
  if (input.isTTY && output.isTTY) return outliveTerminal(input)
  throw new StanchError('usage.no_terminal', 'This needs an answer, and there is no terminal to ask in.', {
    hint: 'Give the answers as flags, with --yes where you mean it.',
  })
}

/** inquirer, or plain lines on a terminal that can't move its cursor. inquirer is loaded at the first question. */
export function prompterFor(terminal: Terminal): Prompter {
  const prompter = canMove(terminal.output, terminal.env) ? inquirerPrompter(terminal) : plainPrompter(terminal)
  const page = pageOf(terminal.output)
  const answered = async (answer: Promise<string>) => {
    const text = await answer
    page.begin()
    return text
  }
  return {
    line: (prompt, check) => answered(prompter.line(prompt, check)),
    search: (prompt, options, help) => answered(prompter.search(prompt, options, help)),
  }
}

/** Options that hold every typed word in their label, value or detail. */
export function matching(options: readonly Option[], term: string): Option[] {
  const words = term.toLowerCase().split(/\s+/).filter(Boolean)
  return options.filter((option) => {
    const text = `${option.label} ${option.value} ${option.detail ?? ''}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

const interrupted = () => new StanchError('interrupted', 'Interrupted at a question; the question changed nothing.')

function inquirerPrompter(terminal: Terminal): Prompter {
  const style = styleFor(terminal.output, terminal.env)
  // our own signs and emphasis: inquirer's would look at standard output for colour, paints in cyan, and its spinner moves
  const theme = {
    prefix: '>',
    spinner: {interval: 1000, frames: ['>']},
    icon: {cursor: '>'},
    style: {
      message: style.bold,
      answer: (text: string) => printable(text),
      error: (text: string) =>
        wrap(text, (terminal.output.columns ?? 80) - 1)
          .map(style.bad)
          .join('\n'),
      highlight: style.bold,
      searchTerm: (text: string) => printable(text),
      description: (text: string) => printable(text, 400),
    },
  }

  /** inquirer leaves a closed or hung-up terminal unanswered for ever: these end the question. */
  async function ask<T>(
    prompt: (context: {input: NodeJS.ReadStream; output: NodeJS.WriteStream; signal: AbortSignal}) => Promise<T>,
  ): Promise<T> {
    requireTerminal(terminal)
    const gone = new AbortController()
    const leave = () => gone.abort()
    const key = (_: unknown, pressed?: {name?: string; ctrl?: boolean}) => {
      if (pressed?.ctrl && pressed.name === 'd') leave()
    }
    const {input, output} = terminal
    input.on('keypress', key).once('end', leave).once('close', leave)
    // Ctrl-C is a key while the question stands, but a signal in the moment before
    process.once('SIGINT', leave)
    try {
      return await prompt({input, output, signal: gone.signal})
    } catch (error) {
      if (error instanceof Error && /^(ExitPrompt|AbortPrompt|CancelPrompt)Error$/.test(error.name)) throw interrupted()
      throw error
    } finally {
      input.off('keypress', key).off('end', leave).off('close', leave)
      process.off('SIGINT', leave)
    }
  }

  return {
    async line(prompt, check) {
      const {input} = await import('@inquirer/prompts')
      const validate = (text: string) =>
        text.length > MAX_ANSWER ? `Too long: at most ${MAX_ANSWER} characters.` : (check(text.trim()) ?? true)
      return (await ask((context) => input({message: prompt, validate, theme}, context))).trim()
    },
    async search(prompt, options, help) {
      const {search, Separator} = await import('@inquirer/prompts')
      const width = (terminal.output.columns ?? 80) - 4
      let matches = ''
      const say = (lines: readonly string[]) => lines.map((line) => new Separator(cutToWidth(line, width)))
      // nothing stands there to be taken by mistake until something was typed
      const source = (term: string | undefined) => {
        const typed = term?.trim() ?? ''
        matches = ''
        if (typed === '') return say([`${options.length} to choose from: type a part of the name or id (? explains)`])
        if (typed === '?') return say(help)
        const found = matching(options, typed)
        matches = `${found.length} found; `
        const shown = found.slice(0, MAX_MATCHES).map((option) => ({
          value: option.value,
          name: cutToWidth(printable(option.label), width),
          ...(option.detail ? {description: cutToWidth(printable(option.detail), width)} : {}),
        }))
        return found.length > shown.length
          ? [...shown, ...say([`... and ${found.length - shown.length} more: type more of it`])]
          : shown
      }
      const tip = {keysHelpTip: () => `${matches}arrows move, Enter takes the marked one`}
      return ask((context) =>
        search<string>({message: prompt, source, pageSize: 7, theme: {...theme, style: {...theme.style, ...tip}}}, context),
      )
    },
  }
}

/** Lines in and out, for terminals without cursor movement; the terminal itself echoes what is typed. */
function plainPrompter(terminal: Terminal): Prompter {
  async function answer(prompt: string): Promise<string> {
    requireTerminal(terminal)
    const lines = createInterface({input: terminal.input, output: terminal.output, terminal: false})
    const gone = new AbortController()
    const leave = () => gone.abort()
    // in cooked mode Ctrl-C is a signal and Ctrl-D the end of the input
    process.once('SIGINT', leave)
    lines.once('close', leave)
    try {
      return (await lines.question(`${prompt} `, {signal: gone.signal})).trim()
    } catch {
      throw interrupted()
    } finally {
      process.off('SIGINT', leave)
      lines.off('close', leave)
      lines.close()
    }
  }

  async function line(prompt: string, check: (text: string) => string | undefined): Promise<string> {
    for (;;) {
      const text = await answer(prompt)
      const problem = text.length > MAX_ANSWER ? `Too long: at most ${MAX_ANSWER} characters.` : check(text)
      if (problem === undefined) return text
      terminal.output.write(`${problem}\n`)
    }
  }

  return {
    line,
    async search(prompt, options, help) {
      let shown: Option[] = []
      for (;;) {
        const text = await line(`${prompt} (part of the name or id, ? explains)`, () => undefined)
        const chosen = /^\d{1,2}$/.test(text) ? shown[Number(text) - 1] : undefined
        if (chosen) return chosen.value
        if (text === '?') terminal.output.write(`${help.join('\n')}\n`)
        else if (text !== '') {
          shown = matching(options, text).slice(0, 10)
          for (const [i, option] of shown.entries())
            terminal.output.write(`${String(i + 1).padStart(3)}  ${printable(option.label)}\n`)
          terminal.output.write(shown.length > 0 ? 'Type the number, or another part.\n' : 'Nothing has that in it.\n')
        }
      }
    },
  }
}
