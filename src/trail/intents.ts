import {fileStat} from '../files/read.ts'
import {linesFromEnd} from '../files/line-blocks.ts'
import {correlationIdOf, leafHash} from './format/record.ts'
import {segmentFiles} from './read-trail.ts'

/** How far back an intent is looked for: the request of an intent leaves within moments of its record. */
const MAX_LINES = 20_000
const CORRELATION_ID = /^stanch-[0-9a-f]{56}$/

/**
 * Is the intent with this correlation id on the disk at this moment? Reads the files, newest records first, and at
 * most 20,000 of them.
 */
export function hasIntent(log: string, correlationId: string): boolean {
  if (!CORRELATION_ID.test(correlationId)) return false
  let seen = 0
  for (const {path} of segmentFiles(log).toReversed()) {
    for (const line of linesFromEnd(path, fileStat(path)?.size ?? 0)) {
      if (++seen > MAX_LINES) return false
      if (line.includes('"kind":"intent"') && correlationIdOf(leafHash(line)) === correlationId) return true
    }
  }
  return false
}
