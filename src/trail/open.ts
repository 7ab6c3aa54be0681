import {randomBytes} from 'node:crypto'

import type {Clock} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {AppendFile} from '../files/append-file.ts'
import {fileStat, listFolder, readIfPresent} from '../files/read.ts'
import {ensureFolder, removeFile, removeLeftovers, syncFolder} from '../files/write.ts'
import {putEvidence} from './evidence.ts'
import {type Checkpoint, parseCheckpoint, type TreeHead} from './format/checkpoint.ts'
import type {Json} from './format/members.ts'
import {leafHash} from './format/record.ts'
import {isKeyName} from './format/vkey.ts'
import {blindKey, createKeys, loadKeys} from './keys.ts'
import {
  checkpointPath,
  evidenceFolder,
  keptFolder,
  MAX_CHECKPOINT_BYTES,
  recordsFolder,
  SEGMENT,
  segmentPath,
  segmentStart,
  tipPath,
} from './layout.ts'
import {readCache} from './log-cache.ts'
import {type Claim, LogState} from './log-state.ts'
import {readCheckpoint} from './log-files.ts'
import {asTrailError, LogWriter, writerLock} from './log-writer.ts'
import {livingRealLogs, readHead, writeLife} from './memory.ts'
import type {PinoChannel} from './pino-channel.ts'
import {segmentFiles} from './read-trail.ts'

export interface OpenOptions {
  readonly log: string
  readonly keysFolder: string
  readonly mode: 'real' | 'sim'
  /** for a new log; an existing one must have it */
  readonly origin?: string | undefined
  /** a new log goes on for one that was closed for writing */
  readonly continues?: Continues | undefined
  readonly clock: Clock
  readonly channel: PinoChannel
}

/** Why a log goes on for another, and what of that one was signed last. */
export interface Continues {
  readonly reason: string
  readonly from?: TreeHead | undefined
}

export interface OpenedLog {
  readonly writer: LogWriter
  readonly state: LogState
  readonly blind: Buffer
  readonly vkey: string
}

/**
 * Opens a log for writing, or makes a new one with its keys, its record 0 and its first checkpoint.
 *
 * @throws {StanchError} the codes of the format's section 7.2: E_TAMPERED, E_ROLLED_BACK, E_FORKED, E_CHAIN,
 *   E_KEY_MISSING, E_KEY_MODE, E_DISK, E_LOCKED; `config.invalid` for a log of the other mode or another origin
 */
export function openLog(options: OpenOptions): OpenedLog {
  const {log, keysFolder} = options
  for (const folder of [log, recordsFolder(log), keptFolder(log), evidenceFolder(log)]) ensureFolder(folder)
  const lock = writerLock(log)
  try {
    // One hold for all of it: two processes may come to an empty folder at once.
    return lock.hold(() => {
      for (const folder of [log, recordsFolder(log), keptFolder(log), keysFolder]) removeLeftovers(folder)
      const fresh = !hasRecord(log)
      const opened = fresh ? create(options, lock) : existing(options, lock)
      if (fresh) opened.writer.append([logOpen(opened, options)])
      // A log that lost its first checkpoint in a crash gets it here, too.
      if (!fileStat(checkpointPath(log))) opened.writer.checkpoint(false)
      writeLife(keysFolder, options.mode)
      return opened
    })
  } catch (error) {
    lock.close()
    throw asTrailError(error)
  }
}

/** True when record 0 is there as a whole line. */
function hasRecord(log: string): boolean {
  const first = segmentPath(log, 0)
  const size = fileStat(first)?.size ?? 0
  if (size === 0) return listFolder(recordsFolder(log)).some((name) => (segmentStart(name) ?? 0) > 0)
  const file = AppendFile.open(first)
  try {
    return size > SEGMENT || file.read(0, size).includes(0x0a)
  } finally {
    file.close()
  }
}

function create(options: OpenOptions, lock: ReturnType<typeof writerLock>): OpenedLog {
  const {log, keysFolder} = options
  const gone = options.mode === 'real' && options.continues === undefined ? livingRealLogs(keysFolder)[0] : undefined
  if (gone || fileStat(checkpointPath(log)) || readHead(keysFolder)) {
    throw new StanchError(
      'E_ROLLED_BACK',
      `The records of ${gone?.head.origin ?? log} are gone, but a signed state of them is remembered.`,
      {
        hint: "Look for who removed them. To go on with a new trail that says so: stanch audit key rotate --new-log --reason '...'",
      },
    )
  }
  const origin = options.origin ?? `stanch.local/${randomBytes(8).toString('hex')}`
  if (!isKeyName(origin))
    throw new StanchError('config.invalid', 'The origin of a trail is printable ASCII without blanks and "+".')
  createKeys(keysFolder)
  const keys = loadKeys(keysFolder, origin)
  const first = segmentPath(log, 0)
  const torn = readIfPresent(first, SEGMENT)
  if (torn?.length) putEvidence(log, torn)
  removeFile(first)
  const state = new LogState()
  state.origin = origin
  const segment = AppendFile.create(first)
  syncFolder(recordsFolder(log))
  const writer = new LogWriter({...options, keys, lock, state, segment})
  return {writer, state, blind: keys.blind, vkey: keys.identity.vkey.text}
}

function logOpen(opened: OpenedLog, {mode, continues}: OpenOptions): {kind: string; members: Record<string, Json>} {
  const from = continues?.from
  return {
    kind: 'log.open',
    members: {
      format: 'stanch-audit/1',
      mode,
      origin: opened.state.origin,
      vkey: opened.vkey,
      epoch: 0,
      epoch_vkey: opened.writer.epochVkey,
      segment: SEGMENT,
      ...(from ? {continues: {origin: from.origin, size: from.size, root: from.root}} : {}),
      ...(continues ? {reason: continues.reason} : {}),
    },
  }
}

function existing(options: OpenOptions, lock: ReturnType<typeof writerLock>): OpenedLog {
  const {log, keysFolder} = options
  const head = readHead(keysFolder)
  const checkpoint = ownCheckpoint(log)
  const state = (checkpoint && fromCache(log, keysFolder, checkpoint, head)) ?? new LogState()
  state.fold(log, claims(checkpoint, head, readCheckpoint(tipPath(log)), state), checkpoint?.size ?? 0)
  for (const name of listFolder(recordsFolder(log))) {
    if ((segmentStart(name) ?? -1) > state.segment)
      throw new StanchError('E_CHAIN', `Segment gap: ${name} does not follow record ${state.size - 1}.`)
  }
  if (options.origin !== undefined && options.origin !== state.origin) {
    throw new StanchError('config.invalid', `The trail in ${log} is ${state.origin}, not ${options.origin}.`)
  }
  if (state.mode !== options.mode) {
    throw new StanchError(
      'config.invalid',
      `The trail in ${log} has the mode "${state.mode}"; practice and real work have trails of their own.`,
    )
  }
  const keys = loadKeys(keysFolder, state.origin, state)
  const problem = checkpoint && state.signatureProblem(checkpoint)
  if (problem) throw new StanchError('E_TAMPERED', `The checkpoint was changed: ${problem}.`)
  if (!checkpoint && ((head?.size ?? 0) > 1 || state.size > 1))
    throw new StanchError('E_TAMPERED', `${checkpointPath(log)} is missing.`)
  const writer = new LogWriter({...options, keys, lock, state, segment: AppendFile.open(segmentPath(log, state.segment))})
  writer.settle()
  return {writer, state, blind: keys.blind, vkey: keys.identity.vkey.text}
}

/** What an earlier session remembered of the log, if the files still look like it. */
function fromCache(log: string, keysFolder: string, checkpoint: Checkpoint, head: TreeHead | undefined): LogState | undefined {
  // An older memory can only be held against the log by reading it.
  if (head && head.size < checkpoint.size) return undefined
  const state = readCache(log, blindKey(keysFolder), checkpoint)
  if (!state) return undefined
  const starts = segmentFiles(log).map(({start}) => start)
  for (let start = 0; start <= state.segment; start += SEGMENT) if (!starts.includes(start)) return undefined
  const {offset, length} = state.last
  const file = AppendFile.open(segmentPath(log, state.segment))
  try {
    const line = file.read(offset, length + 1)
    return line.at(-1) === 0x0a && leafHash(line.toString('utf8', 0, length)) === state.lastLeaf ? state : undefined
  } finally {
    file.close()
  }
}

/** Undefined when there is none. A file that is no checkpoint was not written by us: it is replaced in one step. */
function ownCheckpoint(log: string): Checkpoint | undefined {
  const bytes = readIfPresent(checkpointPath(log), MAX_CHECKPOINT_BYTES)
  try {
    return bytes && parseCheckpoint(bytes.toString('utf8'))
  } catch (cause) {
    throw new StanchError('E_TAMPERED', `${checkpointPath(log)} was changed: ${(cause as Error).message}.`, {cause})
  }
}

/** The tip is a hint: one that is missing, empty, damaged or not signed by us says nothing. */
function claims(
  checkpoint: Checkpoint | undefined,
  head: TreeHead | undefined,
  tip: Checkpoint | undefined,
  state: LogState,
): Claim[] {
  const all: Claim[] = []
  if (checkpoint) all.push({what: 'its signed checkpoint', ...checkpoint, behind: 'E_ROLLED_BACK', differs: 'E_TAMPERED'})
  if (head)
    all.push({what: 'the newest checkpoint that this machine remembers', ...head, behind: 'E_ROLLED_BACK', differs: 'E_FORKED'})
  if (!tip) return all
  const believed = () => state.signatureProblem(tip, true) === undefined
  return [...all, {what: 'its newest signed state', ...tip, behind: 'E_ROLLED_BACK', differs: 'E_FORKED', believed}]
}
