import {hash} from 'node:crypto'
import {join} from 'node:path'

/** Records of a full segment: a perfect subtree of height 16. */
export const SEGMENT = 65_536
/** Checkpoints are some hundred bytes; one with many witness lines stays below this. */
export const MAX_CHECKPOINT_BYTES = 65_536

/** Where things lie in LOG. */
export const recordsFolder = (log: string): string => join(log, 'records')
export const segmentPath = (log: string, first: number): string => join(log, 'records', `${twelve(first)}.jsonl`)
export const checkpointPath = (log: string): string => join(log, 'checkpoint')
export const tipPath = (log: string): string => join(log, 'tip')
export const keptFolder = (log: string): string => join(log, 'checkpoints')
export const keptPath = (log: string, size: number): string => join(log, 'checkpoints', twelve(size))
export const anchorsFolder = (log: string): string => join(log, 'anchors')
export const evidenceFolder = (log: string): string => join(log, 'evidence')
export const frontierPath = (log: string): string => join(log, 'frontier')
export const lockPath = (log: string): string => join(log, 'lock.db')

function twelve(n: number): string {
  return String(n).padStart(12, '0')
}

/** Index of the first record of a segment, from its file name; undefined for other names. */
export function segmentStart(name: string): number | undefined {
  const match = /^(\d{12})\.jsonl$/.exec(name)
  return match ? Number(match[1]) : undefined
}

/** Size of a kept checkpoint, from its file name; undefined for other names. */
export function keptSize(name: string): number | undefined {
  return /^\d{12}$/.test(name) ? Number(name) : undefined
}

/** Name of a log's folder under KEYS: the first 16 hex digits of SHA-256 of its origin. */
export function logId(origin: string): string {
  return hash('sha256', origin, 'hex').slice(0, 16)
}
