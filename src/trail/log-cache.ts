import {createHmac, timingSafeEqual} from 'node:crypto'

import {readIfPresent} from '../files/read.ts'
import {replaceUnsynced} from '../files/write.ts'
import type {TreeHead} from './format/checkpoint.ts'
import {Continuity, type StoredContinuity} from './format/continuity.ts'
import {Epochs, type StoredEpoch} from './format/epochs.ts'
import {Frontier} from './format/tree.ts'
import {frontierPath} from './layout.ts'
import {LogState} from './log-state.ts'

/** Below this a log is read faster than it is worth thinking about. */
const MIN_RECORDS = 1000
const MAX_BYTES = 64 << 20

interface Cached {
  readonly size: number
  readonly roots: readonly (string | null)[]
  readonly origin: string
  readonly vkey: string
  readonly mode: string
  readonly last_leaf: string
  readonly segment: number
  readonly offset: number
  readonly last: {readonly offset: number; readonly length: number}
  readonly epochs: readonly StoredEpoch[]
  readonly continuity: StoredContinuity
}

/**
 * Keeps what reading a long log would give, so that the next opening need not read it. Lost or damaged, it costs time
 * and nothing else: it counts only when its roots hash to the signed root and its seal is made with this log's own key.
 */
export function writeCache(log: string, key: Uint8Array, state: LogState): void {
  if (state.size < MIN_RECORDS) return
  const cached: Cached = {
    size: state.size,
    roots: state.frontier.roots(),
    origin: state.origin,
    vkey: state.vkey,
    mode: state.mode,
    last_leaf: state.lastLeaf,
    segment: state.segment,
    offset: state.offset,
    last: state.last,
    epochs: state.epochs.stored(),
    continuity: state.continuity.stored(),
  }
  const text = JSON.stringify(cached)
  replaceUnsynced(frontierPath(log), `${sealOf(key, text)}\n${text}\n`)
}

/** The state of the log at the size of this signed head; undefined when the cache does not hold exactly that. */
export function readCache(log: string, key: Uint8Array, head: TreeHead): LogState | undefined {
  try {
    const [seal, text] = readIfPresent(frontierPath(log), MAX_BYTES)?.toString('utf8').split('\n') ?? []
    if (seal === undefined || text === undefined || !equal(seal, sealOf(key, text))) return undefined
    const cached = JSON.parse(text) as Cached
    const frontier = Frontier.of(cached.size, cached.roots)
    if (cached.size !== head.size || frontier.root() !== head.root || cached.origin !== head.origin) return undefined
    const state = new LogState()
    state.frontier = frontier
    state.continuity = Continuity.of(cached.continuity)
    state.epochs = Epochs.of(cached.epochs)
    state.origin = cached.origin
    state.vkey = cached.vkey
    state.mode = cached.mode
    state.lastLeaf = cached.last_leaf
    state.enterSegment(cached.segment)
    state.offset = cached.offset
    state.last = cached.last
    return state
  } catch {
    // whatever it holds: reading the log gives the same
    return undefined
  }
}

function sealOf(key: Uint8Array, text: string): string {
  const own = createHmac('sha256', key).update('stanch frontier cache').digest()
  return createHmac('sha256', own).update(text).digest('hex')
}

function equal(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
