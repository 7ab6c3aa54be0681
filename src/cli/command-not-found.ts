import type {Hook} from '@oclif/core/interfaces'

import {StanchError} from '../errors.ts'
import {quoted} from '../untrusted.ts'

/** Suggests the nearest commands and stops; a guess is never run. */
const commandNotFound: Hook<'command_not_found'> = function ({id, config}) {
  const words = id.replaceAll(':', ' ')
  const near = config.commandIDs
    .map((command) => command.replaceAll(':', ' '))
    .map((command) => ({command, distance: distance(words, command)}))
    .filter((one) => one.distance <= Math.max(2, Math.floor(words.length / 3)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
  const named = incidentBehind(words, config.commands)
  throw new StanchError('usage.unknown_command', `There is no command ${quoted(words)}.`, {
    hint: named
      ? `Did you mean: ${named}?`
      : near.length > 0
        ? `Did you mean: ${near.map((one) => `stanch ${one.command}`).join(', ')}?`
        : 'See: stanch --help',
  })
}

export default commandNotFound

/** `stanch hunt --incident inc-...` for somebody who left the flag out; nothing else that was typed is repeated. */
function incidentBehind(
  words: string,
  commands: readonly {readonly id: string; readonly flags: Readonly<Record<string, unknown>>}[],
): string | undefined {
  const [, command, incident] = /^([a-z ]+) (inc-\d{8}-[a-z0-9]{6})$/.exec(words) ?? []
  const takes = commands.find((one) => one.id.replaceAll(':', ' ') === command)
  return takes?.flags['incident'] === undefined ? undefined : `stanch ${command} --incident ${incident}`
}

/** Edits (insert, delete, replace) from `a` to `b`; both are short and cut at 64 characters. */
function distance(a: string, b: string): number {
  const [left, right] = [a.slice(0, 64), b.slice(0, 64)]
  let row = Array.from({length: right.length + 1}, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}
