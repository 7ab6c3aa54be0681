import {StanchError} from '../errors.ts'
import {listFolder} from '../files/read.ts'
import {looksLikeSecret} from '../secret.ts'
import type {StoredRecord} from './format/record.ts'
import {keptFolder, keptPath, keptSize} from './layout.ts'
import {readCheckpoint} from './log-files.ts'
import type {Checkpoint} from './format/checkpoint.ts'
import type {SignedHead, Trail} from './trail.ts'

/** Anchors whose receipt is a text that a person pasted: where the checkpoint can be found. */
export const PASTED_ANCHORS = ['chat', 'siem', 'store'] as const
export type PastedAnchor = (typeof PASTED_ANCHORS)[number]
export type AnchorType = PastedAnchor | 'rfc3161' | 'cosignature' | 'tenant'

/** The incident that a record is about: as its own record while it is open, beside it afterwards. */
export interface About {
  readonly inc?: string | undefined
  readonly target?: string | undefined
}

/** Longest reference, characters. */
const MAX_REFERENCE = 2000

/** A checkpoint as it is posted: the three lines that are signed, and the same on one line. */
export function postable(head: Pick<SignedHead, 'text' | 'size' | 'root'>, origin: string): {body: string; line: string} {
  const end = head.text.indexOf('\n\n')
  return {body: head.text.slice(0, end + 1), line: `${origin} ${head.size} ${Buffer.from(head.root, 'hex').toString('base64')}`}
}

/** A checkpoint that was given out before: what stands elsewhere must be what the record says. @throws usage.invalid for a size that none has */
export function keptHead(trail: Trail, size: number): SignedHead {
  for (const kept of keptCheckpoints(trail.folder)) if (kept.size === size && kept.root === trail.rootAt(size)) return kept
  throw new StanchError('usage.invalid', `No checkpoint of ${size} records was given out by this trail.`, {
    hint: 'The size is the second of the three lines that were posted.',
  })
}

/**
 * Records where somebody posted a checkpoint. The reference is the receipt: a link, a ticket number, a message's words.
 *
 * @throws usage.invalid for no reference; usage.secret_in_argv for one that holds a token
 */
export function recordPasted(trail: Trail, head: SignedHead, type: PastedAnchor, reference: string, about: About = {}): void {
  const text = reference.trim()
  if (text === '' || text.length > MAX_REFERENCE)
    throw new StanchError('usage.invalid', `A reference has 1 to ${MAX_REFERENCE} characters.`)
  if (looksLikeSecret(text))
    throw new StanchError('usage.secret_in_argv', 'That reference holds a token or a private key. Nothing was written.')
  recordAnchor(trail, head, type, `${postable(head, trail.origin).body}\n${type}: ${text}\n`, about)
}

/** An `anchor` record; its receipt is kept as evidence. */
export function recordAnchor(
  trail: Trail,
  head: Pick<SignedHead, 'size' | 'root'>,
  type: AnchorType,
  receipt: Uint8Array | string,
  about: About = {},
): void {
  const {size, root} = head
  const {inc, target} = about
  trail.append({
    kind: 'anchor',
    ...(inc === undefined ? {} : {inc}),
    ...(target === undefined ? {} : {target}),
    size,
    root,
    type,
    receipt_sha256: trail.putEvidence(receipt),
  })
  trail.checkpoint()
}

/** Does an anchor outside the machine cover this record? The tenant's own entries do not count: they cover intents alone. */
export function isAnchored(records: Iterable<StoredRecord>, seq: number): boolean {
  for (const record of records) {
    if (record.kind === 'anchor' && record['type'] !== 'tenant' && Number(record['size']) > seq) return true
  }
  return false
}

/** Kept checkpoints of a log, newest first. */
export function* keptCheckpoints(log: string): Generator<Checkpoint> {
  const sizes = listFolder(keptFolder(log)).flatMap((name) => keptSize(name) ?? [])
  for (const size of sizes.toSorted((a, b) => b - a)) {
    const checkpoint = readCheckpoint(keptPath(log, size))
    if (checkpoint?.size === size) yield checkpoint
  }
}
