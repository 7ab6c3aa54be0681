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
  throw new StanchError('usage.unknown_command', `There is no command ${quoted(words)}.`, {
    hint: near.length > 0 ? `Did you mean: ${near.map((one) => `stanch ${one.command}`).join(', ')}?` : 'See: stanch --help',
  })
}

export default commandNotFound

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
