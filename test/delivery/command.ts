import {chmodSync, mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'

/** A folder for PATH with one shell script in it. */
export function withCommand(folder: string, name: string, script: string): string {
  const bin = path.join(folder, 'bin')
  mkdirSync(bin, {recursive: true, mode: 0o700})
  const file = path.join(bin, name)
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o700)
  return bin
}

/** A new marker in place of a secret, so that no test meets another one's. */
export function marker(): string {
  return `stnch-${Math.random().toString(36).slice(2)}-${Math.random().toString(36).slice(2)}-_Aa0`
}
