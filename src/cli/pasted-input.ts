import {readCredentialFile} from '../config/credential-file.ts'
import type {Secret} from '../secret.ts'

/**
 * A value that somebody wants looked at: from a file, from standard input where that is a pipe, else from the hidden
 * prompt of a terminal. Never from the command line. Rejects as `readCredentialFile` and `readHidden` do.
 */
export async function pastedInput(file: string | undefined, ask: string): Promise<Secret> {
  if (file !== undefined) return readCredentialFile(file, () => process.stdin)
  if (!process.stdin.isTTY) return readCredentialFile('-', () => process.stdin)
  const {readHidden} = await import('../terminal/hidden-input.ts')
  return readHidden(ask, {input: process.stdin, output: process.stderr, env: process.env})
}
