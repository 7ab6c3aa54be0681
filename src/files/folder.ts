import {mkdirSync} from 'node:fs'
import {dirname, join} from 'node:path'

import {StanchError, systemCode} from '../errors.ts'
import {createExclusive, ensureFolder, onDisk, syncFolder} from './write.ts'

/**
 * Writes a new folder with these files, 0700 and read-only inside, in the given order, each durable. Nothing that exists
 * is written to.
 *
 * @param files relative paths with forward slashes
 * @throws {StanchError} `usage.invalid` when something has that name; `E_DISK`
 */
export function createFolder(path: string, files: readonly {readonly path: string; readonly bytes: Uint8Array}[]): void {
  onDisk(path, () => {
    try {
      mkdirSync(path, {mode: 0o700})
    } catch (cause) {
      if (systemCode(cause) !== 'EEXIST') throw cause
      throw new StanchError('usage.invalid', `${path} exists; it was left alone.`, {cause, hint: 'Name another one.'})
    }
  })
  syncFolder(dirname(path))
  for (const file of files) {
    const full = join(path, ...file.path.split('/'))
    ensureFolder(dirname(full))
    createExclusive(full, file.bytes, 0o400)
  }
}
