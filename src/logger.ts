import {scrub} from './secret.ts'

/** Diagnostics for the person who debugs stanch. Never evidence: the trail is written elsewhere. */
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug' | 'trace'

export interface Logger {
  error(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  debug(fields: LogFields, message: string): void
  trace(fields: LogFields, message: string): void
}

/** Named fields only: never a request, a response, headers or an error object. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

export const silentLogger: Logger = {error() {}, warn() {}, info() {}, debug() {}, trace() {}}

/**
 * A pino on standard error. pino is loaded only when somebody asked for a level, and every line passes the scrubber
 * at the last byte sink, because redaction by path misses nesting, arrays, messages and errors.
 */
export async function createLogger(
  level: LogLevel,
  write: (line: string) => void = (line) => void process.stderr.write(line),
): Promise<Logger> {
  if (level === 'silent') return silentLogger
  const {pino} = await import('pino')
  const diagnostics = pino(
    {level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: {level: (label) => ({level: label})}},
    {write: (line: string) => write(scrub(line))},
  )
  // pino's own object also has a `then`-like shape to the compiler; only these five are ours.
  return {
    error: (fields, message) => diagnostics.error(fields, message),
    warn: (fields, message) => diagnostics.warn(fields, message),
    info: (fields, message) => diagnostics.info(fields, message),
    debug: (fields, message) => diagnostics.debug(fields, message),
    trace: (fields, message) => diagnostics.trace(fields, message),
  }
}
