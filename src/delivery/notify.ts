import {StanchError} from '../errors.ts'
import {commandName, findCommand, parseCommand} from '../files/command.ts'
import {printable, quoted} from '../untrusted.ts'
import {runCommand} from './run-command.ts'
import {postJson, webhookUrl} from './webhook.ts'

/** Where notifications go. */
export type NotifyTarget =
  | {readonly kind: 'exec'; readonly argv: readonly string[]}
  | {readonly kind: 'webhook'; readonly url: URL}

/** One attempt, seconds. */
const SECONDS = 10
/** What a command may print; nobody looks at it. */
const BYTES = 65_536

/**
 * `exec:COMMAND` (JSON array or blank-separated words, no shell) or `webhook:URL`.
 *
 * @throws sink.invalid before anything is sent: the command is looked for now, the address is checked now
 */
export function parseNotify(text: string, env: NodeJS.ProcessEnv): NotifyTarget {
  if (text.startsWith('webhook:')) return {kind: 'webhook', url: webhookUrl(text.slice('webhook:'.length))}
  if (!text.startsWith('exec:')) {
    // Whoever forgot the word in front has given an address that may be a secret itself: no more than a word is repeated.
    const [, word] = /^([a-z]{1,12}):/.exec(text) ?? []
    throw new StanchError('sink.invalid', `${word === undefined ? 'This' : quoted(word)} is no way to notify.`, {
      hint: 'Use exec:COMMAND or webhook:URL.',
    })
  }
  const argv = parseCommand(text.slice('exec:'.length), 'sink.invalid')
  if (findCommand(argv[0] ?? '', env['PATH']) === undefined)
    throw new StanchError('sink.invalid', `The command ${quoted(commandName(argv))} was not found.`)
  return {kind: 'exec', argv}
}

/** How a target stands in records and on screens: host or file name only, the rest may be a secret. */
export function notifyName(target: NotifyTarget): string {
  return target.kind === 'exec' ? `exec:${commandName(target.argv)}` : `webhook:${printable(target.url.host, 100)}`
}

/** What became of one attempt; `again` says whether another one makes sense. */
export type Notified = {readonly ok: true} | {readonly ok: false; readonly why: string; readonly again: boolean}

/** One attempt. A command gets the JSON on standard input and nothing of Auth0 in its environment. Never throws. */
export async function sendNotice(
  target: NotifyTarget,
  body: string,
  options: {readonly env: NodeJS.ProcessEnv; readonly signal?: AbortSignal | undefined},
): Promise<Notified> {
  try {
    if (target.kind === 'exec') {
      const {status} = await runCommand(target.argv, `${body}\n`, {
        env: options.env,
        seconds: SECONDS,
        bytes: BYTES,
        signal: options.signal,
      })
      return status === 0 ? {ok: true} : {ok: false, why: `it ended with status ${status}`, again: true}
    }
    const status = await postJson(target.url, body, {seconds: SECONDS, signal: options.signal})
    if (status >= 200 && status < 300) return {ok: true}
    return {ok: false, why: `it answered ${status}`, again: status === 408 || status === 429 || status >= 500}
  } catch (error) {
    const why = error instanceof StanchError ? error.message.replace(/\.$/, '') : 'it failed'
    return {ok: false, why: printable(why, 200), again: true}
  }
}
