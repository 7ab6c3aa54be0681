import {StringDecoder} from 'node:string_decoder'
import {StanchError} from '../errors.ts'
import {Secret} from '../secret.ts'
import {printable} from '../untrusted.ts'
import {pageOf} from './page.ts'
import {requireTerminal, type Terminal} from './prompter.ts'
import {canMove} from './style.ts'

/** Longest paste, in characters. */
export const MAX_PASTE = 65_536

const TRIES = 3

const PASTE_BEGINS = '\u001b[200~'
const PASTE_ENDS = '\u001b[201~'

/**
 * A secret typed or pasted without echo. One line ends at Enter; a PEM key or JSON over several lines ends with its own
 * last line or at an empty one. Asked three times when nothing comes, then `input.invalid`.
 * Rejects with `usage.no_terminal`, `interrupted` (Ctrl-C, Ctrl-D, hang-up) and `input.too_large`.
 */
export async function readHidden(ask: string, terminal: Terminal): Promise<Secret> {
  for (let i = 0; i < TRIES; i++) {
    const secret = await readHiddenIfAny(ask, terminal)
    if (secret) return secret
    terminal.output.write('Nothing was entered.\n')
  }
  throw new StanchError('input.invalid', 'Nothing was entered.')
}

/** As `readHidden`, where Enter alone is an answer too: undefined. */
export async function readHiddenIfAny(ask: string, terminal: Terminal): Promise<Secret | undefined> {
  requireTerminal(terminal)
  const moves = canMove(terminal.output, terminal.env)
  const text = tidy(await collect(`${printable(ask)} (not shown) `, terminal, moves))
  terminal.output.write(text === '' ? '\n' : `received, ${text.length} characters\n`)
  pageOf(terminal.output).begin()
  return text === '' ? undefined : new Secret(text)
}

/** A pasted token that a terminal had wrapped becomes one line again; everything else only loses blanks at its ends. */
export function tidy(text: string): string {
  const value = text.trim()
  return /^[\w.~+/=\s-]+$/.test(value) && !value.startsWith('-----BEGIN') ? value.replace(/\s*\n\s*/g, '') : value
}

/** Reads in raw mode until the text is whole. The mode is put back whatever happens. */
function collect(ask: string, terminal: Terminal, moves: boolean): Promise<string> {
  const {input, output} = terminal
  return new Promise((resolve, reject) => {
    const decoder = new StringDecoder('utf8')
    const entry = new Entry()
    const wasRaw = input.isRaw
    const finish = (settle: () => void) => {
      input.off('data', data).off('data', drop).off('end', gone).off('close', gone)
      if (moves) output.write('\u001b[?2004l')
      input.setRawMode(wasRaw)
      input.pause()
      settle()
    }
    const fail = (error: StanchError) => {
      output.write('\n')
      finish(() => reject(error))
    }
    const drop = () => {}
    const whole = () => {
      // what a terminal without paste marks still has of the paste arrives now: it is read without echo and dropped
      input.off('data', data).on('data', drop)
      setImmediate(() => finish(() => resolve(entry.text)))
    }
    const gone = () =>
      fail(new StanchError('interrupted', 'Interrupted while a secret was being entered; nothing was changed by that.'))
    const data = (chunk: Buffer | string) => {
      const end = entry.take(typeof chunk === 'string' ? chunk : decoder.write(chunk))
      if (end === 'done') whole()
      else if (end === 'interrupted') gone()
      else if (end === 'too_large') fail(new StanchError('input.too_large', `More than ${MAX_PASTE} characters were pasted.`))
    }
    // echo is off before anybody is asked to type
    input.setRawMode(true)
    output.write(ask)
    // asks the terminal to mark pastes: then a line break inside one isn't taken for Enter, and its rest can't run into the next question
    if (moves) output.write('\u001b[?2004h')
    input.on('data', data).once('end', gone).once('close', gone)
    input.resume()
  })
}

/** What has been typed so far, key by key. */
export class Entry {
  text = ''
  #pasting = false
  #afterReturn = false
  #rest = ''

  /** What is left of a chunk behind its end is dropped: it must never reach the next question, where it would be shown. */
  take(chunk: string): 'more' | 'done' | 'interrupted' | 'too_large' {
    let input = this.#rest + chunk
    this.#rest = ''
    while (input !== '') {
      if (input.startsWith('\u001b')) {
        const sequence = escapeSequence(input)
        if (sequence === undefined) {
          this.#rest = input
          return 'more'
        }
        if (sequence === PASTE_BEGINS) this.#pasting = true
        if (sequence === PASTE_ENDS) this.#pasting = false
        input = input.slice(sequence.length)
        continue
      }
      const key = String.fromCodePoint(input.codePointAt(0) ?? 0)
      input = input.slice(key.length)
      // CR LF between pasted lines is one break, not two
      const half = key === '\n' && this.#afterReturn
      this.#afterReturn = key === '\r'
      if (half) continue
      const end = this.#press(key)
      if (end !== 'more') return end
    }
    return this.text.length > MAX_PASTE ? 'too_large' : 'more'
  }

  #press(key: string): 'more' | 'done' | 'interrupted' | 'too_large' {
    if (this.text.length > MAX_PASTE) return 'too_large'
    if (key === '\r' || key === '\n') {
      if (!this.#pasting && isWhole(this.text)) return 'done'
      this.text += '\n'
      return 'more'
    }
    if (this.#pasting) {
      if (key >= ' ' || key === '\t') this.text += key
      return 'more'
    }
    switch (key) {
      case '\u0003':
      case '\u0004':
        return 'interrupted'
      case '\u007f':
      case '\b':
        this.text = this.text.replace(/.$/su, '')
        return 'more'
      case '\u0015': // Ctrl-U
        this.text = ''
        return 'more'
      default:
        if (key >= ' ') this.text += key
        return 'more'
    }
  }
}

/** True when Enter ends it here: one line, a PEM key or JSON that is complete, or an empty line behind either. */
function isWhole(text: string): boolean {
  const begun = text.trimStart()
  if (begun.startsWith('-----BEGIN ')) return /-----END [A-Z0-9 ]+-----\s*$/.test(text) || text.endsWith('\n')
  if (begun.startsWith('{')) return /\}\s*$/.test(text) && isJson(text) ? true : text.endsWith('\n')
  return true
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The escape sequence that `input` begins with, undefined while its end is still to come. */
function escapeSequence(input: string): string | undefined {
  // oxlint-disable-next-line no-control-regex
  const whole = /^\u001b(?:\[[0-?]*[ -/]*[@-~]|O.|[^[O])/s.exec(input)
  if (whole) return whole[0]
  return input.length < 16 ? undefined : input.slice(0, 1)
}
