import type {Readable} from 'node:stream'
import {StanchError} from '../errors.ts'
import {readBounded} from '../files/read.ts'
import {Secret} from '../secret.ts'

/** Largest leaked value that is read, in bytes. */
const MAX_VALUE = 65_536

/**
 * `--credential-file F|-`: the value in a file or on standard input, without one newline at its end. Unlike a
 * configured secret it may be anything: what leaked decides that. Standard input is refused when it is a terminal,
 * where typing would show it; it is not even touched for a file, because opening it costs a start. Rejects with `usage.invalid`, `input.unreadable`, `input.too_large`, `input.invalid`.
 */
export async function readCredentialFile(source: string, stdin: () => Readable & {readonly isTTY?: boolean}): Promise<Secret> {
  const bytes = source === '-' ? await readStdin(stdin()) : readBounded(source, MAX_VALUE)
  const text = bytes.toString('utf8').replace(/\r?\n$/, '')
  if (text === '') throw new StanchError('input.invalid', source === '-' ? 'Standard input was empty.' : 'The file is empty.')
  return new Secret(text)
}

async function readStdin(stdin: Readable & {readonly isTTY?: boolean}): Promise<Buffer> {
  if (stdin.isTTY)
    throw new StanchError('usage.invalid', 'Standard input is a terminal, and what is typed there is shown.', {
      hint: 'Pipe the value in, or leave the flag out and be asked for it.',
    })
  const parts: Buffer[] = []
  let size = 0
  for await (const part of stdin as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(part)
    size += bytes.length
    if (size > MAX_VALUE) throw new StanchError('input.too_large', `Standard input holds more than ${MAX_VALUE} bytes.`)
    parts.push(bytes)
  }
  return Buffer.concat(parts)
}
