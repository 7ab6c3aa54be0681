import {StanchError} from '../errors.ts'
import type {StanchErrorCode} from '../errors.ts'
import {scrub} from '../secret.ts'
import {printable} from '../untrusted.ts'
import {EXIT} from './exit-codes.ts'

/** What is shown of an error, in JSON and in words. Nothing else of it ever is. */
export interface ErrorReport {
  readonly code: StanchErrorCode
  readonly message: string
  /** Says what to do next, with a command. */
  readonly hint: string
  readonly exit: number
  readonly incident_id?: string
}

/** A 64-character token in an argument list is likely a secret; it has been in the process list since the program started. */
const SECRET_LIKE = /[A-Za-z0-9_-]{48,}/g

const SEE_HELP = 'See: stanch --help'

/** What may be repeated of an argument that is too much: words like those of a command. */
const PLAIN_WORD = /^[a-z][a-z-]{0,19},?$/

/** Arguments that a command lists, by the end of oclif's sentence that one is missing. */
const LISTED_BY: Readonly<Record<string, string>> = {
  'incident id': 'incident list',
  'client id': 'client list',
  'name of the profile': 'profile list',
}

/** @param command whose command line it was, as it is typed behind `stanch` */
export function reportOf(error: unknown, incidentId?: string, command = ''): ErrorReport {
  const known = asStanchError(error)
  const said = unwrapped(known.message)
  const hint = known.hint ?? (said === known.message ? nextOf(known.code, incidentId) : SEE_HELP)
  return {
    code: known.code,
    message: clean(said),
    hint: clean(command === '' ? hint : hint.replace(SEE_HELP, `See: stanch ${command} --help`)),
    exit: EXIT[known.code],
    ...(incidentId === undefined ? {} : {incident_id: incidentId}),
  }
}

/** The command that comes next where the error itself knows no better one. */
function nextOf(code: StanchErrorCode, incidentId: string | undefined): string {
  if (EXIT[code] === EXIT['usage.invalid']) return SEE_HELP
  if (incidentId !== undefined) return `Where it stands: stanch incident show ${incidentId}`
  if (code.startsWith('auth0.')) return 'Connection, scopes and clock: stanch doctor'
  if (code === 'E_DISK')
    return 'Places, rights and room on the disk: stanch doctor. A file that is there already is left alone: name another one.'
  if (code.startsWith('E_') || code.startsWith('audit.')) return 'What is wrong with the trail: stanch audit verify'
  return EXIT[code] === EXIT['consent.missing'] ? SEE_HELP : 'What was done: stanch incident list'
}

/** The report as lines for standard error; the line that says what to do comes last. */
export function reportLines(report: ErrorReport): string[] {
  return [
    `Error: ${report.message}`,
    `  code ${report.code}, exit ${report.exit}${report.incident_id === undefined ? '' : `, incident ${report.incident_id}`}`,
    `  next: ${report.hint}`,
  ]
}

function asStanchError(error: unknown): StanchError {
  if (error instanceof StanchError) return error
  if (isParserError(error)) return parserError((error as Error).message)
  if ((error as Error | undefined)?.name === 'ExitPromptError')
    return new StanchError('interrupted', 'Interrupted at a question; nothing was changed.')
  // A defect of ours. Its text may quote anything, so only its kind is told.
  const name = error instanceof Error && /^[A-Za-z]{1,40}$/.test(error.name) ? error.name : 'unknown'
  return new StanchError('internal', `stanch stopped because of a defect in itself (${name}).`, {
    hint: 'The trail holds what was done so far: stanch incident list, then stanch resume. Please report it with the command and this line.',
    cause: error,
  })
}

/** Errors of oclif's parser and command look-up carry an `oclif` member; they are about the command line. */
function isParserError(error: unknown): boolean {
  return error instanceof Error && typeof (error as {oclif?: unknown}).oclif === 'object'
}

/** oclif's sentence without the values in it: what was typed where it does not belong is often a secret. */
function parserError(text: string): StanchError {
  const said = unwrapped(text)
    .split('\n')
    .slice(0, 3)
    .join(' ')
    .replace(/See more help with --help/, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
  const shown = said
    .replaceAll(/(--?[A-Za-z][\w-]*=)\S+/g, '$1[not shown]')
    .replace(/(but received: ).*/, '$1[not shown]')
    .replace(
      /(Unexpected arguments?: )(.*)/,
      (_, label: string, words: string) =>
        label +
        words
          .split(' ')
          .map((word) => (PLAIN_WORD.test(word) ? word : '[not shown]'))
          .join(' '),
    )
    .replaceAll(SECRET_LIKE, '[not shown]')
  // What is missing can be looked up: the command that shows it is the next one.
  const listed = Object.entries(LISTED_BY).find(([what]) => shown.endsWith(` ${what}`))
  if (shown.startsWith('Missing') && listed)
    return new StanchError('usage.invalid', shown, {hint: `Look it up: stanch ${listed[1]}`})
  return new StanchError('usage.invalid', shown, {
    hint:
      shown === said
        ? SEE_HELP
        : `${SEE_HELP}. If a secret stood on that command line, treat it as leaked: the process list and the shell history have it.`,
  })
}

/** oclif writes the name of the flag and a word about help around what the parser of a flag says; of ours, too. */
function unwrapped(text: string): string {
  return text.replace(/^Parsing (--\S+)\s+/, '$1: ').replace(/\s*See more help with --help$/, '')
}

function clean(text: string): string {
  return printable(scrub(text), 1200)
}
