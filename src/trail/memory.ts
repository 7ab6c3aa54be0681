import {dirname, join} from 'node:path'

import {fileStat, listFolder, readIfPresent} from '../files/read.ts'
import {writeDurably} from '../files/write.ts'
import {checkpointBody, parseBody, type TreeHead} from './format/checkpoint.ts'

const MAX_FILE = 16_384
/** A machine with more logs than these has other worries. */
const MAX_LOGS = 1000

/** This machine's memory of the largest checkpoint it signed: what shows that a log was rolled back or forked. */
export function readHead(keysFolder: string): TreeHead | undefined {
  const bytes = readIfPresent(join(keysFolder, 'head'), MAX_FILE)
  return bytes && parseBody(bytes.toString('utf8'))
}

export function writeHead(keysFolder: string, head: TreeHead): void {
  writeDurably(join(keysFolder, 'head'), checkpointBody(head))
}

export type LogLife = 'real' | 'sim' | 'ended'

/** Remembers beside the head what kind of log these keys belong to, or that it was ended on purpose. */
export function writeLife(keysFolder: string, life: LogLife): void {
  if (readLife(keysFolder) !== life) writeDurably(join(keysFolder, 'life'), `${life}\n`)
}

export function readLife(keysFolder: string): LogLife | undefined {
  const text = readIfPresent(join(keysFolder, 'life'), MAX_FILE)?.toString('utf8').trim()
  return text === 'real' || text === 'sim' || text === 'ended' ? text : undefined
}

export interface Remembered {
  readonly keysFolder: string
  readonly head: TreeHead
}

/**
 * Real logs of which this machine signed a checkpoint and that nobody ended. When there is one and its folder is gone,
 * somebody removed it: logs of drills may be removed, real ones may not.
 *
 * @param keysFolder that of any log; the others are its neighbours
 */
export function livingRealLogs(keysFolder: string): Remembered[] {
  const root = dirname(keysFolder)
  const found: Remembered[] = []
  for (const name of listFolder(root).slice(0, MAX_LOGS)) {
    const folder = join(root, name)
    if (!fileStat(join(folder, 'head')) || readLife(folder) !== 'real') continue
    const head = readHead(folder)
    if (head) found.push({keysFolder: folder, head})
  }
  return found
}
