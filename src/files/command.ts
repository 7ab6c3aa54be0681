import {accessSync, constants, statSync} from 'node:fs'
import path from 'node:path'
import {StanchError} from '../errors.ts'
import {containsLiveSecret} from '../secret.ts'
import {printable, quoted} from '../untrusted.ts'

/** Longest command line that a sink or a reference may hold, in characters. */
const MAX_COMMAND = 4096

/** True when `text` is more than one line or holds another control character: no path, word or setting may. */
export function hasControl(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /[\u0000-\u001f\u007f-\u009f]/.test(text)
}

/**
 * `["vault","kv","put","secret/x","value=-"]` (JSON, for words that hold blanks) or the same as blank-separated words.
 * There is no shell: quotes, `$`, `;` and `|` mean nothing. Rejects with `code` (`sink.invalid`, `config.invalid`).
 */
export function parseCommand(text: string, code: 'sink.invalid' | 'config.invalid'): string[] {
  if (text.length > MAX_COMMAND) throw new StanchError(code, `The command is longer than ${MAX_COMMAND} characters.`)
  const argv = text.trimStart().startsWith('[') ? jsonWords(text, code) : text.trim().split(/ +/)
  const [command] = argv
  if (command === undefined || command === '') throw new StanchError(code, 'exec: needs a command.')
  if (argv.some((word) => hasControl(word))) throw new StanchError(code, 'The command holds a control character.')
  if (command.includes('/') && !path.isAbsolute(command)) {
    throw new StanchError(code, `The command ${quoted(command)} is relative to the current directory.`, {
      hint: 'Give its whole path, or a bare name that is found on PATH.',
    })
  }
  return argv
}

function jsonWords(text: string, code: 'sink.invalid' | 'config.invalid'): string[] {
  let words: unknown
  try {
    words = JSON.parse(text)
  } catch {
    words = undefined
  }
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) {
    throw new StanchError(code, 'A command that begins with [ must be a JSON array of strings.')
  }
  return words
}

/**
 * The whole path of a command: an absolute one as it is, a bare name from PATH. Entries of PATH that are empty, relative
 * or writable for everybody are passed over, so that a file planted in the current or in a shared directory is never
 * run. Undefined when there is none.
 */
export function findCommand(name: string, searchPath: string | undefined): string | undefined {
  if (path.isAbsolute(name)) return isExecutable(name) ? name : undefined
  if (name.includes('/') || name.includes(path.sep)) return undefined
  for (const folder of (searchPath ?? '').split(path.delimiter).slice(0, 256)) {
    if (!path.isAbsolute(folder) || isOpenToAll(folder)) continue
    for (const extension of process.platform === 'win32' ? ['.exe', ''] : ['']) {
      const candidate = path.join(folder, name + extension)
      if (isExecutable(candidate)) return candidate
    }
  }
  return undefined
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

function isOpenToAll(folder: string): boolean {
  try {
    return process.platform !== 'win32' && (statSync(folder).mode & 0o002) !== 0
  } catch {
    return true
  }
}

/**
 * The environment for a helper: ours without `AUTH0_*` and `STANCH_*`, and without any variable that holds a secret now
 * in use (a profile may point to a variable of any name).
 */
export function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept: NodeJS.ProcessEnv = {}
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || /^(AUTH0|STANCH)_/i.test(name) || containsLiveSecret(value)) continue
    kept[name] = value
  }
  return kept
}

/** How a command is named in records and on screens: its file name only, because arguments may be private. */
export function commandName(argv: readonly string[]): string {
  return printable(path.basename(argv[0] ?? ''), 60)
}
