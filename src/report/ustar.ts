import {StanchError} from '../errors.ts'

/** One file of an archive. */
export interface ArchiveFile {
  /** Relative, with forward slashes, ASCII. */
  readonly path: string
  readonly bytes: Uint8Array
}

const BLOCK = 512
/** The archive ends with two empty blocks and is filled up to a whole record of 20 blocks, as tar itself does. */
const RECORD = 20 * BLOCK
const MAX_SIZE = 0o77777777777

/**
 * A POSIX ustar archive (IEEE Std 1003.1, pax, "ustar interchange format") of regular files, in the given order. Owner,
 * mode and time are the same for all, so that the same files give the same bytes on any machine.
 *
 * @param time NumericDate of every file
 * @throws {StanchError} `input.invalid` for a path or size that ustar cannot hold
 */
export function ustar(files: readonly ArchiveFile[], time: number): Buffer {
  const blocks: Buffer[] = []
  for (const {path, bytes} of files) {
    blocks.push(header(path, bytes.length, time), Buffer.from(bytes), Buffer.alloc(-bytes.length & (BLOCK - 1)))
  }
  const length = blocks.reduce((sum, block) => sum + block.length, 0) + 2 * BLOCK
  return Buffer.concat(blocks, Math.ceil(length / RECORD) * RECORD)
}

function header(path: string, size: number, time: number): Buffer {
  if (size > MAX_SIZE) throw new StanchError('input.too_large', `${path} is too large for an archive.`)
  const [prefix, name] = divided(path)
  const block = Buffer.alloc(BLOCK)
  const put = (text: string, at: number): void => void block.write(text, at, 'latin1')
  const octal = (value: number, at: number, width: number): void => put(`${value.toString(8).padStart(width - 1, '0')}\0`, at)
  put(name, 0)
  octal(0o444, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(size, 124, 12)
  octal(Math.floor(time), 136, 12)
  put('        ', 148) // the checksum counts as blanks while it is computed
  put('0', 156)
  put('ustar\0' + '00', 257)
  octal(0, 329, 8)
  octal(0, 337, 8)
  put(prefix, 345)
  put(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return block
}

/** Names are at most 100 bytes; a longer path is divided at a slash into at most 155 and 100. */
function divided(path: string): [prefix: string, name: string] {
  if (!/^[\x21-\x7e]+$/.test(path) || path.startsWith('/') || path.split('/').includes('..'))
    throw new StanchError('input.invalid', 'A name that an archive cannot hold.')
  if (path.length <= 100) return ['', path]
  for (let at = path.indexOf('/'); at !== -1 && at <= 155; at = path.indexOf('/', at + 1)) {
    if (path.length - at - 1 <= 100) return [path.slice(0, at), path.slice(at + 1)]
  }
  throw new StanchError('input.invalid', 'A name that is too long for an archive.')
}
