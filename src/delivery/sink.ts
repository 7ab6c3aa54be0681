import path from 'node:path'
import {StanchError} from '../errors.ts'
import {commandName, hasControl, parseCommand} from '../files/command.ts'
import type {Secret} from '../secret.ts'
import {printable, quoted} from '../untrusted.ts'
import {deliverToCommand, tryCommand} from './command-sink.ts'
import {deliverToFile, tryFile} from './file-sink.ts'
import {deliverSealed, trySealed} from './sealed-sink.ts'

/** Where a new secret goes. Paths are absolute. */
export type Sink =
  | {readonly kind: 'file'; readonly path: string}
  | {readonly kind: 'exec'; readonly argv: readonly string[]}
  | {readonly kind: 'sealed'; readonly path: string; readonly to: string}
  | {readonly kind: 'prompt'}

export interface SinkDeps {
  /** Shows the secret once on the terminal device; absent when there is no terminal. */
  readonly showOnTerminal?: (secret: Secret) => Promise<void>
  /** Environment for commands: PATH finds them, the rest is passed on without secrets. */
  readonly env: NodeJS.ProcessEnv
  /** Seconds until a command is ended; 60. */
  readonly commandSeconds?: number
}

export interface TryOptions {
  /** The secret does not exist yet (it is about to be made): then a file that exists already can't hold it. */
  readonly fresh?: boolean
}

/** `detail` is printable, has no secret in it and is at most 300 characters long. */
export interface Delivered {
  readonly result: 'ok' | 'failed'
  readonly detail?: string
}

const FORMS = 'Give file:PATH, exec:COMMAND, sealed:PATH?to=KEYFILE or prompt.'

/**
 * A SINK as people write it. A relative path counts from `folder`, because here somebody wrote it down by hand; nothing
 * is opened. Rejects with `sink.invalid`.
 */
export function parseSink(text: string, folder: string = process.cwd()): Sink {
  if (text === 'prompt') return {kind: 'prompt'}
  const colon = text.indexOf(':')
  const rest = text.slice(colon + 1)
  switch (colon < 0 ? '' : text.slice(0, colon)) {
    case 'file':
      return {kind: 'file', path: wholePath(rest, folder, 'file')}
    case 'exec':
      return {kind: 'exec', argv: parseCommand(rest, 'sink.invalid')}
    case 'sealed': {
      const at = rest.lastIndexOf('?to=')
      if (at < 0)
        throw new StanchError('sink.invalid', 'sealed: needs the key of the owner.', {hint: 'Write sealed:PATH?to=KEYFILE.'})
      return {
        kind: 'sealed',
        path: wholePath(rest.slice(0, at), folder, 'sealed'),
        to: wholePath(rest.slice(at + 4), folder, '?to='),
      }
    }
    default:
      throw new StanchError('sink.invalid', `${quoted(text, 40)} is no place for a secret.`, {hint: FORMS})
  }
}

function wholePath(text: string, folder: string, what: string): string {
  if (text === '') throw new StanchError('sink.invalid', `${what} needs a path.`, {hint: FORMS})
  if (text.length > 4096 || hasControl(text)) {
    throw new StanchError('sink.invalid', `The path behind ${what} is too long or holds a control character.`)
  }
  if (/[/\\]$/.test(text)) throw new StanchError('sink.invalid', `The path behind ${what} names a folder.`, {hint: FORMS})
  return path.resolve(folder, text)
}

/** For records and screens: `file:/path`, `exec:vault` (no arguments), `sealed:/path`, `prompt`. Printable. */
export function describeSink(sink: Sink): string {
  switch (sink.kind) {
    case 'file':
      return `file:${printable(sink.path, 400)}`
    case 'sealed':
      return `sealed:${printable(sink.path, 400)}`
    case 'exec':
      return `exec:${commandName(sink.argv)}`
    case 'prompt':
      return 'prompt'
  }
}

/**
 * Everything about a sink that can be known before the secret exists: folder writable, file free (or, unless `fresh`,
 * small enough to hold this very secret), command found, key usable, a terminal there. Rejects with `sink.invalid`.
 * Called before the confirmation, so that a rotation doesn't end with a secret and no place for it.
 */
export async function trySink(sink: Sink, deps: SinkDeps, options: TryOptions = {}): Promise<void> {
  switch (sink.kind) {
    case 'file':
      return tryFile(sink.path, options.fresh ?? false)
    case 'sealed':
      return trySealed(sink.path, sink.to)
    case 'exec':
      return tryCommand(sink.argv, deps.env)
    case 'prompt':
      if (!deps.showOnTerminal) {
        throw new StanchError('sink.invalid', 'prompt needs a terminal, and there is none.', {
          hint: 'Use file:, exec: or sealed: here.',
        })
      }
  }
}

/** Hands the secret over. A failure is a result, never an exception: the caller must still find a place for the secret. */
export async function deliver(sink: Sink, secret: Secret, deps: SinkDeps): Promise<Delivered> {
  try {
    switch (sink.kind) {
      case 'file':
        deliverToFile(sink.path, secret)
        return {result: 'ok'}
      case 'sealed':
        await deliverSealed(sink.path, sink.to, secret)
        return {result: 'ok'}
      case 'exec':
        return await deliverToCommand(sink.argv, secret, {env: deps.env, seconds: deps.commandSeconds ?? 60})
      case 'prompt':
        if (!deps.showOnTerminal) return {result: 'failed', detail: 'There is no terminal to show it on.'}
        await deps.showOnTerminal(secret)
        return {result: 'ok'}
    }
  } catch (error) {
    return {
      result: 'failed',
      detail: error instanceof StanchError ? printable(error.message, 300) : 'The secret could not be handed over.',
    }
  }
}
