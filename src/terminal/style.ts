import {styleText} from 'node:util'

/** What colour and movement depend on. A stream of Node or a stand-in. */
export interface TerminalStream {
  readonly isTTY?: boolean | undefined
}

export type Paint = (text: string) => string

/**
 * Emphasis. Without colour every function returns its text as it is, so no meaning may hang on it. Whatever is not
 * emphasised stands in the terminal's own colour: grey, green, yellow and cyan vanish on one palette or another. Red and
 * magenta, bold, have 3:1 and more on white, black and Solarized.
 */
export interface Style {
  readonly bold: Paint
  readonly bad: Paint
  readonly careful: Paint
}

const PLAIN: Style = {bold: (t) => t, bad: (t) => t, careful: (t) => t}

// validateStream is off because whether there is colour was decided already, by `usesColour`
const paint = (format: Parameters<typeof styleText>[0]) => (text: string) => styleText(format, text, {validateStream: false})

const COLOURED: Style = {
  bold: paint('bold'),
  bad: paint(['bold', 'red']),
  careful: paint(['bold', 'magenta']),
}

/** `NO_COLOR` (any value but empty) wins over `FORCE_COLOR` (any value but 0 and false), that over `TERM=dumb`, that over the stream. */
export function usesColour(stream: TerminalStream, env: NodeJS.ProcessEnv): boolean {
  if (env['NO_COLOR']) return false
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}

export function styleFor(stream: TerminalStream, env: NodeJS.ProcessEnv): Style {
  return usesColour(stream, env) ? COLOURED : PLAIN
}

/** True when a line may be written over: a terminal that knows cursor movement. */
export function canMove(stream: TerminalStream, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}
