import {StanchError} from '../errors.ts'
import {writeDurably} from '../files/write.ts'
import {type Checkpoint, signCheckpoint} from './format/checkpoint.ts'
import {createNextKey, dropNextKey, epochSigner, installNextKey, type LogKeys} from './keys.ts'
import {checkpointPath, keptPath} from './layout.ts'
import {readCheckpoint} from './log-files.ts'
import type {LogState} from './log-state.ts'
import {writeHead} from './memory.ts'
import {LogProofs} from './proofs.ts'

const MAX_AGE_MS = 24 * 3600 * 1000
const MAX_RECORDS = 10_000

/** Is it time for a new key? Asked at each append, before it. */
export function isRotationDue(state: LogState, now: number): boolean {
  const {began} = state.epochs
  if (!began) return false
  return state.size - began.index >= MAX_RECORDS || now - began.at > MAX_AGE_MS
}

export interface Rotation {
  readonly log: string
  readonly keysFolder: string
  readonly keys: LogKeys
  readonly state: LogState
  /** NumericDate */
  readonly now: number
}

/** Step 1: what the `key.epoch` record will announce. */
export function nextEpoch({keysFolder, state}: Rotation): {epoch: number; epoch_vkey: string} {
  const epoch = state.continuity.epoch + 1
  return {epoch, epoch_vkey: createNextKey(keysFolder, `${state.origin}/epoch-${epoch}`)}
}

/**
 * Steps 3 and 4, after the `key.epoch` record is on the disk: the old key seals everything up to it, then the new key
 * takes its place. Does nothing when no rotation is under way, so that it also ends what a crash, here or in another
 * process, left half done. Under the lock.
 */
export function finishRotation(rotation: Rotation): void {
  const {keysFolder, keys, state} = rotation
  const current = state.epochs.current()
  if (!current) return
  if (keys.epoch.vkey.text !== current.text) {
    // Another process may have ended it already: then the key is in its place.
    keys.epoch = epochSigner(keysFolder, state.epochs)
    if (keys.epoch.vkey.text !== current.text) {
      seal(rotation)
      installNextKey(keysFolder)
      keys.epoch = epochSigner(keysFolder, state.epochs)
    }
  }
  dropNextKey(keysFolder)
}

function seal({log, keysFolder, keys, state, now}: Rotation): void {
  const size = state.epochs.began!.index + 1
  if (isSeal(readCheckpoint(keptPath(log, size)), size, state)) return
  const root = size === state.size ? state.frontier.root() : new LogProofs(log).upTo(size).root(size)
  const head = {origin: state.origin, size, root}
  const text = signCheckpoint(head, [keys.identity, keys.epoch], now)
  writeDurably(keptPath(log, size), text)
  writeHead(keysFolder, head)
  const newest = readCheckpoint(checkpointPath(log))
  if (!newest || newest.size < size) writeDurably(checkpointPath(log), text)
}

function isSeal(checkpoint: Checkpoint | undefined, size: number, state: LogState): boolean {
  if (!checkpoint) return false
  if (checkpoint.size === size && state.signatureProblem(checkpoint) === undefined) return true
  throw new StanchError('E_TAMPERED', `The seal of size ${size} is not one that this log made.`)
}
