import {StanchError} from '../../errors.ts'
import {base64Of, bytesOfHex, hexOf, strictBase64} from './bytes.ts'
import {type Checkpoint, parseCheckpoint} from './checkpoint.ts'

/** A proof has at most this many hashes (C2SP tlog-witness). */
const MAX_PATH = 63
const MAX_TEXT = 131_072

/** A newer checkpoint, and the proof that it extends the older one: C2SP tlog-witness `add-checkpoint`. */
export interface ConsistencyMessage {
  /** size of the older tree; 0 for none */
  readonly old: number
  /** hex */
  readonly path: readonly string[]
  readonly checkpoint: Checkpoint
}

export function consistencyMessage(old: number, path: readonly string[], checkpoint: string): string {
  return `old ${old}\n${path.map((node) => `${base64Of(bytesOfHex(node))}\n`).join('')}\n${checkpoint}`
}

/** @throws {StanchError} `audit.not_verified`: malformed message, proof too long, base64 not canonical, and those of a checkpoint */
export function parseConsistencyMessage(text: string): ConsistencyMessage {
  const end = text.indexOf('\n\n')
  if (end < 0 || text.length > MAX_TEXT) throw bad('malformed message', 'there is no empty line after the proof')
  const [first = '', ...lines] = text.slice(0, end).split('\n')
  const old = /^old (0|[1-9]\d{0,15})$/.exec(first)?.[1]
  if (old === undefined || !Number.isSafeInteger(Number(old)))
    throw bad('malformed message', 'its first line is not "old" and a size')
  if (lines.length > MAX_PATH) throw bad('proof too long', `${lines.length} lines`)
  return {old: Number(old), path: lines.map(nodeOf), checkpoint: parseCheckpoint(text.slice(end + 2))}
}

function nodeOf(line: string): string {
  const bytes = strictBase64(line)
  if (bytes === undefined) throw bad('base64 not canonical', 'a line of the proof')
  if (bytes.length !== 32) throw bad('malformed message', 'a line of the proof is no hash')
  return hexOf(bytes)
}

function bad(kind: string, detail: string): StanchError {
  return new StanchError('audit.not_verified', `${kind}: ${detail}`)
}
