import {dirname, join} from 'node:path'

import {StanchError} from '../errors.ts'
import {fileStat, readIfPresent} from '../files/read.ts'
import {ensureFolder, writeDurably} from '../files/write.ts'
import {parseCheckpoint, type TreeHead} from './format/checkpoint.ts'
import type {HashLevels} from './format/hash-levels.ts'
import {MAX_CHECKPOINT_BYTES} from './layout.ts'
import {visitLines} from './hashed-lines.ts'
import {LogProofs} from './proofs.ts'
import {segmentFiles} from './read-trail.ts'

/** A tile has 256 hashes: the roots of subtrees of 256^level leaves each. */
const WIDTH = 256
const HEIGHT = 8

export interface TilesExport {
  readonly size: number
  /** files written by this export; what was there whole already stays */
  readonly written: number
}

/**
 * Writes a log as C2SP tlog-tiles (`tile/<level>/<index>`, `tile/entries/<index>`, `checkpoint`) for a shared store. A
 * store that already holds a checkpoint gets the new one only when the log extends exactly what that one covers, so that a
 * store refuses rollback and fork. The checkpoint is written last: readers find all that it covers.
 *
 * @param note the signed checkpoint to publish
 * @throws {StanchError} `E_FORKED`, `E_ROLLED_BACK`, `E_TAMPERED`, `E_DISK`; `audit.not_verified` for a note that is none
 */
export function exportTiles(log: string, folder: string, note: string): TilesExport {
  const checkpoint = parseCheckpoint(note)
  const {size} = checkpoint
  const tree = new LogProofs(log).upTo(size)
  if (tree.root(size) !== checkpoint.root)
    throw new StanchError('E_TAMPERED', `The first ${size} records are not those that the checkpoint covers.`)
  const before = extended(folder, checkpoint, tree)
  const put = new Writer(folder)
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / WIDTH)) {
    const from = Math.floor(before / WIDTH ** (level + 1))
    for (let index = from; index * WIDTH < count; index++) {
      const width = Math.min(WIDTH, count - index * WIDTH)
      const hashes = Array.from({length: width}, (_, i) => Buffer.from(tree.at(HEIGHT * level, index * WIDTH + i), 'hex'))
      put.tile(`tile/${level}`, index, width, Buffer.concat(hashes))
    }
  }
  writeEntries(log, size, Math.floor(before / WIDTH), put)
  put.file('checkpoint', Buffer.from(note))
  return {size, written: put.written}
}

/** Size that the store holds; 0 for a new one. */
function extended(folder: string, checkpoint: TreeHead, tree: HashLevels): number {
  const bytes = readIfPresent(join(folder, 'checkpoint'), MAX_CHECKPOINT_BYTES)
  if (!bytes) return 0
  const held = parseCheckpoint(bytes.toString('utf8'))
  if (held.origin !== checkpoint.origin) throw new StanchError('E_FORKED', `The store holds the log ${held.origin}.`)
  if (held.size > checkpoint.size)
    throw new StanchError('E_ROLLED_BACK', `The store holds ${held.size} records, this checkpoint covers ${checkpoint.size}.`)
  if (tree.root(held.size) !== held.root)
    throw new StanchError('E_FORKED', `The store holds another history of the first ${held.size} records.`)
  return held.size
}

/** @param first index of the first bundle that may be new */
function writeEntries(log: string, size: number, first: number, put: Writer): void {
  let bundle: Buffer[] = []
  let seq = 0
  const flush = () => {
    put.tile('tile/entries', Math.floor((seq - 1) / WIDTH), bundle.length / 2, Buffer.concat(bundle))
    bundle = []
  }
  for (const {path} of segmentFiles(log)) {
    visitLines(path, (line) => {
      if (seq >= size) return
      if (Math.floor(seq / WIDTH) >= first) bundle.push(length16(line.length), line.bytes())
      seq++
      if (seq % WIDTH === 0 && bundle.length > 0) flush()
    })
  }
  if (bundle.length > 0) flush()
}

function length16(length: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(length)
  return bytes
}

class Writer {
  readonly #folder: string
  written = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  tile(prefix: string, index: number, width: number, bytes: Buffer): void {
    const name = `${prefix}/${tilePath(index)}`
    this.file(width === WIDTH ? name : `${name}.p/${width}`, bytes)
  }

  file(name: string, bytes: Buffer): void {
    const path = join(this.#folder, name)
    // Tiles never change; only the checkpoint does.
    if (name !== 'checkpoint' && fileStat(path)?.size === bytes.length) return
    ensureFolder(dirname(path))
    writeDurably(path, bytes)
    this.written++
  }
}

/** `1234067` is `x001/x234/067`. */
function tilePath(index: number): string {
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) ?? []
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
}
