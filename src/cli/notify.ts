import {followReference, parseReference} from '../config/reference.ts'
import {systemClock} from '../clock.ts'
import {parseNotify} from '../delivery/notify.ts'
import {StanchError} from '../errors.ts'
import {Notifier} from '../execution/notifier.ts'

/** Targets of one run. */
const MAX_TARGETS = 10

/**
 * Who is told, from `--notify`. An address that is a secret itself is named by a reference: `webhook:env:NAME`,
 * `webhook:file:/whole/path`. Everything is checked before anything is sent.
 *
 * @throws sink.invalid, usage.invalid, and what `followReference` throws
 */
export async function notifierOf(texts: readonly string[], env: NodeJS.ProcessEnv): Promise<Notifier> {
  if (texts.length > MAX_TARGETS) throw new StanchError('usage.invalid', `At most ${MAX_TARGETS} --notify are taken.`)
  const targets = []
  for (const text of texts) targets.push(parseNotify(await whole(text, env), env))
  return new Notifier({targets, env, clock: systemClock})
}

async function whole(text: string, env: NodeJS.ProcessEnv): Promise<string> {
  const reference = /^webhook:((?:env|file):.*)$/s.exec(text)?.[1]
  if (reference === undefined) return text
  const {secret} = await followReference(parseReference(reference, 'The address of --notify'), env, 'The address of --notify')
  return `webhook:${secret.reveal()}`
}
