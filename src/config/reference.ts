import {spawn} from 'node:child_process'
import path from 'node:path'
import {StanchError, systemCode} from '../errors.ts'
import {childEnvironment, commandName, findCommand, hasControl, parseCommand} from '../files/command.ts'
import {fileStat, readBounded} from '../files/read.ts'
import {looksLikeSecret, Secret} from '../secret.ts'
import {printable, quoted} from '../untrusted.ts'

/** Where a secret is found. A profile holds these, never the secret. */
export type Reference =
  | {readonly kind: 'env'; readonly name: string}
  | {readonly kind: 'file'; readonly path: string}
  | {readonly kind: 'exec'; readonly argv: readonly string[]}

/** Largest secret that a reference may yield, in bytes. */
const MAX_SECRET = 65_536

/** Seconds until a command that prints a secret is ended. */
const COMMAND_SECONDS = 10

/**
 * `env:NAME`, `file:/whole/path`, `exec:COMMAND`. Anything else is `config.invalid`, and its text is not repeated,
 * because what stands there by mistake is most often the secret itself.
 */
export function parseReference(text: string, what: string): Reference {
  const form = {hint: 'Write env:NAME, file:/whole/path or exec:COMMAND; a profile never holds the secret itself.'}
  if (looksLikeSecret(text) || text.length > 4096 || !/^(env|file|exec):/.test(text)) {
    throw new StanchError(
      'config.invalid',
      `${what} is no reference. If it was a secret, treat it as leaked wherever it was typed.`,
      form,
    )
  }
  const rest = text.slice(text.indexOf(':') + 1)
  if (text.startsWith('env:')) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(rest))
      throw new StanchError('config.invalid', `${what}: that is no name of a variable.`, form)
    return {kind: 'env', name: rest}
  }
  if (text.startsWith('file:')) {
    if (!path.isAbsolute(rest) || hasControl(rest))
      throw new StanchError('config.invalid', `${what}: file: needs a whole path.`, form)
    return {kind: 'file', path: path.normalize(rest)}
  }
  return {kind: 'exec', argv: parseCommand(rest, 'config.invalid')}
}

/** `env:NAME`, `file:/path`, `exec:op` (no arguments), for provenance on screens and in records. */
export function describeReference(reference: Reference): string {
  if (reference.kind === 'env') return `env:${reference.name}`
  return reference.kind === 'file' ? `file:${printable(reference.path, 400)}` : `exec:${commandName(reference.argv)}`
}

export interface Found {
  readonly secret: Secret
  /** What should be mended: a file that others can read. */
  readonly warnings: readonly string[]
}

/**
 * The secret behind a reference. A variable must be set, a file regular and at most 64 KiB, a command must end with
 * status 0 within 10 s; it is run without a shell and without `AUTH0_*` and `STANCH_*`. One newline at the end is not part of it.
 * Rejects with `config.invalid`, or what reading a file rejects with (`input.unreadable`, `input.too_large`).
 */
export async function followReference(reference: Reference, env: NodeJS.ProcessEnv, what: string): Promise<Found> {
  switch (reference.kind) {
    case 'env': {
      const value = env[reference.name]
      if (value === undefined || value === '')
        throw new StanchError('config.invalid', `${what}: the variable ${reference.name} is not set.`)
      return {secret: secretOf(value, what), warnings: []}
    }
    case 'file':
      return secretFile(reference.path, what)
    case 'exec':
      return {secret: secretOf(await outputOf(reference.argv, env, what), what), warnings: []}
  }
}

/** The secret in a file, with a warning when others can read it. */
export function secretFile(file: string, what: string): Found {
  const text = readBounded(file, MAX_SECRET).toString('utf8')
  const mode = fileStat(file)?.mode ?? 0
  const open = process.platform !== 'win32' && (mode & 0o077) !== 0
  return {secret: secretOf(text, what), warnings: open ? [`${quoted(file, 200)} can be read by others: chmod 600 it.`] : []}
}

/** One secret: a line, or a PEM key. PEM in a variable often has its newlines written as `\n`. `config.invalid`. */
export function secretOf(text: string, what: string): Secret {
  const value = text.replace(/\r?\n$/, '')
  if (value === '') throw new StanchError('config.invalid', `${what} is empty.`)
  if (Buffer.byteLength(value) > MAX_SECRET)
    throw new StanchError('config.invalid', `${what} is longer than ${MAX_SECRET} bytes.`)
  if (value.trimStart().startsWith('-----BEGIN ')) {
    return new Secret(/[\r\n]/.test(value.trim()) ? value : value.replaceAll('\\r', '').replaceAll('\\n', '\n'))
  }
  if (hasControl(value)) throw new StanchError('config.invalid', `${what} holds a line break or another control character.`)
  return new Secret(value)
}

function outputOf(argv: readonly string[], env: NodeJS.ProcessEnv, what: string): Promise<string> {
  const name = commandName(argv)
  const file = findCommand(argv[0] ?? '', env['PATH'])
  if (file === undefined)
    return Promise.reject(new StanchError('config.invalid', `${what}: the command ${quoted(name)} was not found.`))
  return new Promise((resolve, reject) => {
    const refuse = (why: string) => {
      clearTimeout(timer)
      stop()
      reject(new StanchError('config.invalid', `${what}: ${name} ${why}.`))
    }
    const child = spawn(file, argv.slice(1), {
      shell: false,
      // Python programs import from the folder they are started in: not from the current one
      cwd: path.parse(file).root,
      env: childEnvironment(env),
      windowsHide: true,
      // its questions (a password, a touch) go to the terminal by themselves; what it says on stderr might hold the secret
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const stop = () => {
      child.stdout.destroy()
      child.kill('SIGKILL')
    }
    const timer = setTimeout(() => refuse(`did not end within ${COMMAND_SECONDS} s`), COMMAND_SECONDS * 1000)
    const parts: Buffer[] = []
    let size = 0
    child.stdout.on('data', (part: Buffer) => {
      size += part.length
      if (size > MAX_SECRET) refuse(`printed more than ${MAX_SECRET} bytes`)
      else parts.push(part)
    })
    child.once('error', (error) => refuse(`could not be started (${systemCode(error) ?? 'unknown'})`))
    child.once('close', (status) => {
      if (status !== 0) return refuse(status === null ? 'was stopped' : `ended with status ${status}`)
      clearTimeout(timer)
      resolve(Buffer.concat(parts).toString('utf8'))
    })
  })
}
