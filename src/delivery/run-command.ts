import {spawn} from 'node:child_process'
import path from 'node:path'

import {StanchError, systemCode} from '../errors.ts'
import {childEnvironment, commandName, findCommand} from '../files/command.ts'
import {scrub} from '../secret.ts'
import {printable, quoted} from '../untrusted.ts'

/** Bytes of a command's complaints that are kept for the sentence about its failure. */
const KEPT = 2048

export interface CommandRun {
  readonly status: number
  readonly stdout: Buffer
  /** What it said on standard error, fit to be shown. */
  readonly said: string
}

/**
 * Runs a command of the responder's choice with `input` on its standard input, and gives back what it printed. No shell,
 * nothing of Auth0 in its environment, started in the root folder.
 *
 * @param options `bytes` of its output that are taken, more is an error; `signal` ends it
 * @throws sink.invalid when it is not there; delivery.failed when it does not end, is ended by a signal or says too much
 */
export function runCommand(
  argv: readonly string[],
  input: Uint8Array | string,
  options: {
    readonly env: NodeJS.ProcessEnv
    readonly seconds: number
    readonly bytes: number
    readonly signal?: AbortSignal | undefined
  },
): Promise<CommandRun> {
  const name = commandName(argv)
  const file = findCommand(argv[0] ?? '', options.env['PATH'])
  if (file === undefined) {
    throw new StanchError('sink.invalid', `The command ${quoted(name)} was not found.`, {
      hint: 'Give its whole path, or install it in a folder of PATH that only you can write. The current directory is never searched.',
    })
  }
  const child = spawn(file, argv.slice(1), {
    shell: false,
    cwd: path.parse(file).root,
    env: childEnvironment(options.env),
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let size = 0
    let said = ''
    let problem: string | undefined
    const stop = (why: string) => {
      problem ??= why
      child.kill('SIGKILL')
    }
    const leave = () => stop('was stopped')
    if (options.signal?.aborted) leave()
    options.signal?.addEventListener('abort', leave, {once: true})
    const timer = setTimeout(() => stop(`did not end within ${options.seconds} s and was stopped`), options.seconds * 1000)
    child.stdout.on('data', (part: Buffer) => {
      size += part.length
      if (size > options.bytes) stop(`printed more than ${options.bytes} bytes and was stopped`)
      else parts.push(part)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < KEPT) said += text.slice(0, KEPT - said.length)
    })
    child.stdin.on('error', () => {})
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(new StanchError('delivery.failed', `${name} could not be started (${systemCode(error) ?? 'unknown'}).`))
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', leave)
      if (code === null) problem ??= `was ended by ${signal ?? 'a signal'}`
      if (problem !== undefined) reject(new StanchError('delivery.failed', `${name} ${problem}.`))
      else
        resolve({status: code ?? -1, stdout: Buffer.concat(parts), said: printable(scrub(said).trim().replace(/\s+/g, ' '), 300)})
    })
    child.stdin.end(input)
  })
}
