import {StanchError} from '../errors.ts'
import {lineBlocks} from '../files/line-blocks.ts'
import {fileStat, listFolder} from '../files/read.ts'
import type {StoredRecord} from './format/record.ts'
import {recordsFolder, segmentPath, segmentStart} from './layout.ts'

/** One line of the log and where it stands. `text` is undefined when the bytes are not UTF-8. */
export interface Line {
  readonly text: string | undefined
  readonly bytes: Buffer
}

/** Names of the segment files, in the order of their records. */
export function segmentFiles(log: string): {start: number; path: string}[] {
  return listFolder(recordsFolder(log))
    .map((name) => segmentStart(name))
    .filter((start): start is number => start !== undefined)
    .map((start) => ({start, path: segmentPath(log, start)}))
}

const utf8 = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true})

/** The whole lines of one file; returns how many bytes follow the last LF. */
export function* linesOf(path: string): Generator<Line, number, void> {
  const blocks = lineBlocks(path)
  for (;;) {
    const {done, value: block} = blocks.next()
    if (done) return block.length
    for (let from = 0; from < block.length;) {
      const end = block.indexOf(0x0a, from)
      const bytes = block.subarray(from, end)
      let text: string | undefined
      try {
        text = utf8.decode(bytes)
      } catch {
        // the caller says what it thinks of bytes that are no text
      }
      yield {text, bytes}
      from = end + 1
    }
  }
}

/**
 * The records of a log as they stand on the disk, oldest first. Changes no byte and takes no lock, so it also works
 * beside a writer and on a copy. It does not verify: that is `verifyFolder`.
 *
 * @param filter only the records of one incident; looks at the text first, so that others cost next to nothing
 * @throws {StanchError} `E_CHAIN` for a line that is no record
 */
export function* readTrail(log: string, filter: {readonly inc?: string | undefined} = {}): Generator<StoredRecord, void, void> {
  const needle = filter.inc === undefined ? undefined : `"inc":${JSON.stringify(filter.inc)}`
  for (const {path} of segmentFiles(log)) {
    for (const {text} of linesOf(path)) {
      if (needle !== undefined && !text?.includes(needle)) continue
      const record = recordOf(text, path)
      if (filter.inc === undefined || record['inc'] === filter.inc) yield record
    }
  }
}

/** Bytes of all records: as long as it is the same, nothing was appended. */
export function logBytes(log: string): number {
  return segmentFiles(log).reduce((sum, {path}) => sum + (fileStat(path)?.size ?? 0), 0)
}

/** The origin that record 0 of a log names; undefined when there is no log. Unverified. */
export function readOrigin(log: string): string | undefined {
  const path = segmentPath(log, 0)
  if (!fileStat(path)) return undefined
  for (const {text} of linesOf(path)) {
    const origin = recordOf(text, path)['origin']
    return typeof origin === 'string' ? origin : undefined
  }
  return undefined
}

function recordOf(text: string | undefined, path: string): StoredRecord {
  try {
    const value: unknown = JSON.parse(text ?? '')
    if (typeof value === 'object' && value !== null) return value as StoredRecord
  } catch {
    // reported below
  }
  throw new StanchError('E_CHAIN', `${path} holds a line that is no record.`, {hint: 'Run: stanch audit verify'})
}
