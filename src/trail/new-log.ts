import {rfc3339Millis} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {withLock} from '../files/lock.ts'
import {fileStat} from '../files/read.ts'
import {moveAside} from '../files/write.ts'
import type {TreeHead} from './format/checkpoint.ts'
import {checkpointPath, lockPath} from './layout.ts'
import {readCheckpoint} from './log-files.ts'
import {livingRealLogs, readHead, writeLife} from './memory.ts'
import {readOrigin} from './read-trail.ts'
import {Trail, type TrailOptions} from './trail.ts'

const LOCK_MS = 10_000

/** The log is there, but it may not be written any more. */
const REFUSED: readonly string[] = [
  'E_SCHEMA',
  'E_TAMPERED',
  'E_ROLLED_BACK',
  'E_FORKED',
  'E_CHAIN',
  'E_KEY_MISSING',
  'E_KEY_MODE',
  'E_MISSING',
  'E_REPLACED',
  'E_SHRUNK',
]

export interface NewLogOptions extends Omit<TrailOptions, 'keys' | 'origin' | 'continues'> {
  /** folder of the keys of a log, by its origin */
  readonly keysOf: (origin: string) => string
  /** of the new log */
  readonly origin: string
  readonly reason: string
}

export interface NewLog {
  readonly trail: Trail
  /** where the old log lies now; undefined when there was none */
  readonly aside: string | undefined
  /** what of the old log was signed last, as far as this machine knows */
  readonly from: TreeHead | undefined
  /** why the old log could not go on; undefined when it was in order and got its `log.close` */
  readonly refused: StanchError | undefined
}

/**
 * Begins a new log, with a new identity, in the place of the present one, which is closed when it can be and moved
 * aside whole. Record 0 of the new log names the old one and the reason.
 *
 * @throws {StanchError} `E_LOCKED`, `E_DISK`; `config.invalid` for a log of the other mode
 */
export async function beginNewLog(options: NewLogOptions): Promise<NewLog> {
  const {folder, keysOf, origin, reason, mode, clock} = options
  const old = oldOrigin(folder)
  const remembered = mode === 'real' ? livingRealLogs(keysOf(origin)) : []
  const keysFolders = old === undefined ? remembered.map(({keysFolder}) => keysFolder) : [keysOf(old)]
  const refused = fileStat(folder) ? await closed(options, old) : undefined
  const from =
    keysFolders.map((keys) => readHead(keys)).find((head) => head !== undefined) ?? readCheckpoint(checkpointPath(folder))
  const aside = moved(folder, `${refused ? 'refused' : 'closed'}-${stamp(clock.now())}`)
  const continues = {reason, from: from && {origin: from.origin, size: from.size, root: from.root}}
  const trail = await Trail.open({...options, keys: keysOf(origin), origin, continues})
  for (const keys of keysFolders) if (fileStat(keys)) writeLife(keys, 'ended')
  return {trail, aside, from, refused}
}

function oldOrigin(folder: string): string | undefined {
  try {
    return readOrigin(folder)
  } catch {
    // its first line is no record any more
    return undefined
  }
}

/** Ends the old log as it should be ended. @returns why that was not possible */
async function closed(options: NewLogOptions, old: string | undefined): Promise<StanchError | undefined> {
  if (old === undefined) return new StanchError('E_CHAIN', `${options.folder} holds no record 0.`)
  try {
    const trail = await Trail.open({...options, keys: options.keysOf(old), origin: old, copies: undefined})
    trail.closeLog(options.reason, options.origin)
    return undefined
  } catch (error) {
    if (error instanceof StanchError && REFUSED.includes(error.code)) return error
    throw error
  }
}

function moved(folder: string, suffix: string): string | undefined {
  if (!fileStat(folder)) return undefined
  const aside = `${folder}.${suffix}`
  // Writers in other processes find their file gone at the next append, and stop.
  withLock(lockPath(folder), LOCK_MS, () => moveAside(folder, aside))
  return aside
}

/** `20261122T100000123Z` */
function stamp(ms: number): string {
  return rfc3339Millis(ms).replaceAll(/[-:.]/g, '')
}
