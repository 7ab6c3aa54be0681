import path from 'node:path'
import {StanchError, systemCode} from '../errors.ts'
import {hasControl} from '../files/command.ts'
import {isLink} from '../files/link.ts'
import {fileStat, readBounded} from '../files/read.ts'
import {createExclusive, removeTemporaries, writableProbe} from '../files/write.ts'
import type {Secret} from '../secret.ts'
import {quoted} from '../untrusted.ts'

/** Longest secret that a file sink takes, in bytes: no Auth0 secret comes near it. */
export const MAX_SECRET = 65_536

/** Rejects with `sink.invalid` when the file could not be made, or exists and can't be this very secret's. */
export function tryFile(file: string, fresh: boolean): void {
  tryFolder(file)
  const found = fileStat(file)
  if (found === undefined && !isLink(file)) return
  if (found?.kind !== 'file' || isLink(file))
    throw new StanchError('sink.invalid', `${quoted(file, 200)} is not a regular file, or is a link.`)
  if (fresh || found.size === 0 || found.size > MAX_SECRET + 1) {
    throw new StanchError('sink.invalid', `${quoted(file, 200)} exists already; it is left alone.`, {
      hint: 'Name a file that does not exist yet.',
    })
  }
}

/** Rejects with `sink.invalid` when the folder of `file` is missing, not a folder, not writable or open to everybody. */
export function tryFolder(file: string): void {
  const folder = path.dirname(file)
  const found = fileStat(folder)
  if (found?.kind !== 'folder') {
    throw new StanchError('sink.invalid', `The folder ${quoted(folder, 200)} does not exist.`, {
      hint: 'Make it first, readable for you only.',
    })
  }
  // in a folder like /tmp (sticky) others can't replace our file; in an open one without that bit they can
  if (process.platform !== 'win32' && (found.mode & 0o1002) === 0o002) {
    throw new StanchError('sink.invalid', `Everybody can replace files in ${quoted(folder, 200)}.`, {
      hint: 'Choose a folder of your own.',
    })
  }
  try {
    writableProbe(folder)
  } catch (error) {
    throw new StanchError(
      'sink.invalid',
      `The folder ${quoted(folder, 200)} can't be written (${systemCode(error) ?? 'unknown'}).`,
    )
  }
}

/**
 * Creates `file` (0600) with the secret and one newline, whole or not at all. A file that already holds exactly that is
 * a delivery that was made before; any other file is left alone. Rejects with `delivery.failed`.
 */
export function deliverToFile(file: string, secret: Secret): void {
  const text = secret.reveal()
  if (hasControl(text))
    throw new StanchError('delivery.failed', 'The secret has line breaks or control characters; a file sink holds one line.')
  createOrSame(file, `${text}\n`)
}

function createOrSame(file: string, content: string): void {
  if (isLink(file)) throw new StanchError('delivery.failed', `${quoted(file, 200)} is a link; it was left alone.`)
  // A process that was killed in the middle of this very delivery may have left the secret under a temporary name.
  removeTemporaries(file)
  const found = fileStat(file)
  if (found === undefined) return createExclusive(file, content)
  const same =
    found.kind === 'file' &&
    found.size === Buffer.byteLength(content) &&
    readBounded(file, MAX_SECRET + 1).equals(Buffer.from(content))
  if (!same) throw new StanchError('delivery.failed', `${quoted(file, 200)} exists already; it was left alone.`)
}
