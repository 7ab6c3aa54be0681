import {styleText} from 'node:util'

/** What colour and movement depend on. A stream of Node or a stand-in. */
export interface TerminalStream {
  readonly isTTY?: boolean | undefined
}

export type Paint = (text: string) => string

/** Emphasis. Without colour every function returns its text as it is, so no meaning may hang on it. */
export interface Style {
  readonly bold: Paint
  readonly dim: Paint
  readonly good: Paint
  readonly bad: Paint
  readonly careful: Paint
}

const PLAIN: Style = {bold: (t) => t, dim: (t) => t, good: (t) => t, bad: (t) => t, careful: (t) => t}

// validateStream is off because whether there is colour was decided already, by `usesColour`
const paint = (format: Parameters<typeof styleText>[0]) => (text: string) => styleText(format, text, {validateStream: false})

const COLOURED: Style = {
  bold: paint('bold'),
  dim: paint('dim'),
  good: paint('green'),
  bad: paint(['bold', 'red']),
  careful: paint('yellow'),
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
