import {StanchError} from '../errors.ts'
import {readBounded} from '../files/read.ts'

/**
 * Text that somebody sent, from a file or, for `-`, from standard input. Nothing in it is secret.
 *
 * @param max bytes
 * @throws input.unreadable | input.too_large | input.invalid for nothing
 */
export async function readText(source: string, max: number): Promise<string> {
  const text = source === '-' ? await fromStdin(max) : readBounded(source, max).toString('utf8')
  if (text.trim() === '') throw new StanchError('input.invalid', 'There is nothing in it.')
  return text
}

async function fromStdin(max: number): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Paste it, then press Ctrl-D on an empty line.\n')
  const parts: Buffer[] = []
  let size = 0
  for await (const part of process.stdin as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(part)
    size += bytes.length
    if (size > max) throw new StanchError('input.too_large', `Standard input holds more than ${max} bytes.`)
    parts.push(bytes)
  }
  return Buffer.concat(parts).toString('utf8')
}
