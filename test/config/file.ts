import {chmodSync, mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'

/** A file with these permission bits, whatever the umask says. */
export function file(folder: string, name: string, content: string | Uint8Array, mode = 0o600): string {
  const where = path.join(folder, name)
  mkdirSync(path.dirname(where), {recursive: true, mode: 0o700})
  writeFileSync(where, content)
  chmodSync(where, mode)
  return where
}
