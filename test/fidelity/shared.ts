import {existsSync} from 'node:fs'
import {join, resolve} from 'node:path'
import process from 'node:process'

/** The folder with Auth0's recorded traffic and documents, which is no part of the repository. */
export function sharedFolder(): string {
  const folder = resolve(process.env['STANCH_SHARED'] ?? join(import.meta.dirname, '..', '..', '..', 'shared'))
  if (existsSync(join(folder, 'recordings'))) return folder
  process.stderr.write(`no recordings in ${folder}: set STANCH_SHARED\n`)
  process.exit(1)
}

/** Prints the count line that the continuous-integration script adds up, and ends with 0 or 1. */
export function finish(name: string, passed: number, failed: number): never {
  process.stdout.write(`${name}: ${passed} passed, ${failed} failed\n`)
  process.exit(failed === 0 && passed > 0 ? 0 : 1)
}
