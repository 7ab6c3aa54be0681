import {safeJson} from '../../untrusted.ts'
import type {TrailEvent} from './event.ts'

/**
 * The record as it stands in the trail, under a key of its own, beside the three members that make the line an anchor.
 * A compact JSON writer makes the record's exact bytes of `record` again, so its leaf hash can be computed from the line.
 */
export function jsonLine({origin, record, leaf, mode}: TrailEvent): string {
  return `${safeJson({origin, seq: record.seq, leaf, mode, record})}\n`
}
