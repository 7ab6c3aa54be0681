import {spawn, type ChildProcess, type StdioOptions} from 'node:child_process'
import path from 'node:path'
import {StanchError, systemCode} from '../errors.ts'
import {childEnvironment, commandName, findCommand} from '../files/command.ts'
import {hasMemoryFolder, withMemoryFile} from '../files/memory-file.ts'
import {scrub, type Secret} from '../secret.ts'
import {printable, quoted} from '../untrusted.ts'
import type {Delivered} from './sink.ts'

/** Bytes of a command's output that are kept for the sentence about its failure; the rest is read and dropped. */
const KEPT = 2048

/** Milliseconds after a command's exit in which its last words may still arrive. */
const AFTER_EXIT_MS = 250

/**
 * `aws ... file:///dev/stdin` and `az ... --file /dev/stdin` open standard input by its name. Linux refuses that (ENXIO)
 * for the socket that Node gives a child, so those commands get a nameless file in memory instead.
 */
const NAMES_STDIN = /\/dev\/stdin|\/dev\/fd\/0|\/proc\/self\/fd\/0/

function opensStdinByName(argv: readonly string[]): boolean {
  return process.platform === 'linux' && argv.slice(1).some((word) => NAMES_STDIN.test(word))
}

/** Rejects with `sink.invalid` when the command isn't there. Nothing is run. */
export function tryCommand(argv: readonly string[], env: NodeJS.ProcessEnv): void {
  if (findCommand(argv[0] ?? '', env['PATH']) === undefined) {
    throw new StanchError('sink.invalid', `The command ${quoted(commandName(argv))} was not found.`, {
      hint: 'Give its whole path, or install it in a folder of PATH that only you can write. The current directory is never searched.',
    })
  }
  if (opensStdinByName(argv) && !hasMemoryFolder()) {
    throw new StanchError('sink.invalid', 'This machine has no /dev/shm, which a command that opens /dev/stdin needs.', {
      hint: 'Use a command that reads standard input, or file:PATH.',
    })
  }
}

/**
 * Runs the command and gives it the secret on standard input: exactly the secret, without a newline, because `vault`,
 * `gcloud`, `aws`, `az` and `op` store what they read byte for byte. No shell. The child runs in the root folder, since
 * `az` and other Python programs import from the folder they are started in. Its output is never shown as it is.
 */
export async function deliverToCommand(
  argv: readonly string[],
  secret: Secret,
  options: {env: NodeJS.ProcessEnv; seconds: number},
): Promise<Delivered> {
  tryCommand(argv, options.env)
  const file = findCommand(argv[0] ?? '', options.env['PATH']) ?? ''
  const start = (stdin: 'pipe' | number) =>
    spawn(file, argv.slice(1), {
      shell: false,
      cwd: path.parse(file).root,
      env: childEnvironment(options.env),
      // its own process group, so that what it started ends with it
      detached: process.platform !== 'win32',
      windowsHide: true,
      stdio: [stdin, 'pipe', 'pipe'] satisfies StdioOptions,
    })
  const bytes = Buffer.from(secret.reveal(), 'utf8')
  const child = opensStdinByName(argv) ? withMemoryFile(bytes, start) : start('pipe')
  const ended = watch(child, options.seconds)
  child.stdin?.end(bytes)
  const {problem, output} = await ended
  bytes.fill(0)
  if (problem === undefined) return {result: 'ok'}
  const said = sayable(output, secret)
  return {result: 'failed', detail: printable(`${commandName(argv)} ${problem}${said ? `: ${said}` : '.'}`, 300)}
}

/** Resolves when the child has ended. `problem` is a sentence without its subject. */
function watch(child: ChildProcess, seconds: number): Promise<{problem?: string; output: string}> {
  return new Promise((resolve) => {
    let output = ''
    let unread = false
    let late = false
    const timer = setTimeout(() => {
      late = true
      end(child)
    }, seconds * 1000)
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8')
      stream?.on('data', (text: string) => {
        if (output.length < KEPT) output += text.slice(0, KEPT - output.length)
      })
    }
    child.stdin?.on('error', () => (unread = true))
    const finish = (problem?: string) => {
      clearTimeout(timer)
      resolve(problem === undefined ? {output} : {problem, output})
    }
    child.once('error', (error) => finish(`could not be started (${systemCode(error) ?? 'unknown'})`))
    const judge = () => {
      child.stdout?.destroy()
      child.stderr?.destroy()
      if (late) return finish(`did not end within ${seconds} s and was stopped`)
      if (child.exitCode === null) return finish(`was ended by ${child.signalCode ?? 'a signal'}`)
      if (child.exitCode !== 0) return finish(`ended with status ${child.exitCode}`)
      finish(unread ? 'did not read the secret' : undefined)
    }
    child.once('close', judge)
    // a helper that leaves a daemon behind with our pipe in its hands never closes: after the exit only briefly wait for the rest
    child.once('exit', () => setTimeout(judge, AFTER_EXIT_MS).unref())
  })
}

function end(child: ChildProcess): void {
  try {
    if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, 'SIGKILL')
    else child.kill('SIGKILL')
  } catch {
    child.kill('SIGKILL') // the group is gone already
  }
}

/** What a failed command said, fit to be shown; nothing at all when any part of it is part of the secret. */
function sayable(output: string, secret: Secret): string {
  const value = secret.reveal()
  const part = 6
  for (let at = 0; at + part <= value.length; at++) if (output.includes(value.slice(at, at + part))) return ''
  return printable(scrub(output).trim().replace(/\s+/g, ' '), 200)
}
