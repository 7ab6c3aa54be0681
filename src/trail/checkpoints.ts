import {isCode} from '../errors.ts'
import {listFolder, readIfPresent} from '../files/read.ts'
import {type Checkpoint, parseCheckpoint} from './format/checkpoint.ts'
import {checkpointPath, keptFolder, keptPath, keptSize, MAX_CHECKPOINT_BYTES} from './layout.ts'

/** The checkpoints of a log as they stand on the disk, smallest first; what is none is left out. Unverified. */
export function signedCheckpoints(log: string): Checkpoint[] {
  const kept = listFolder(keptFolder(log)).flatMap((name) => {
    const size = keptSize(name)
    return size === undefined ? [] : [keptPath(log, size)]
  })
  return [...kept, checkpointPath(log)].flatMap((path) => readOne(path) ?? []).toSorted((a, b) => a.size - b.size)
}

function readOne(path: string): Checkpoint | undefined {
  const bytes = readIfPresent(path, MAX_CHECKPOINT_BYTES)
  try {
    return bytes && parseCheckpoint(bytes.toString('utf8'))
  } catch (error) {
    if (isCode(error, 'audit.not_verified')) return undefined
    throw error
  }
}
