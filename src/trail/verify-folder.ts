import {StanchError} from '../errors.ts'
import {fileStat, listFolder, readIfPresent} from '../files/read.ts'
import {LogVerifier, type Verification} from './format/verify.ts'
import type {CheckpointFile, Trust} from './format/verify-input.ts'
import {checkpointPath, keptFolder, keptPath, keptSize, MAX_CHECKPOINT_BYTES, SEGMENT} from './layout.ts'
import {linesOf, segmentFiles} from './read-trail.ts'

export type AuditVerification = Verification

/**
 * Verifies a log folder (the format's section 8.1), offline and without changing a byte. Whatever the files hold, the
 * answer is a verdict with findings; nothing to verify is a failure.
 */
export function verifyFolder(log: string, trust: Trust = {}): AuditVerification {
  const troubles: string[] = []
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof StanchError)) throw error
      troubles.push(error.message)
      return undefined
    }
  }
  const newest = attempt(() => checkpointFile(checkpointPath(log), 'checkpoint'))
  const kept = attempt(() => keptCheckpoints(log)) ?? []
  const verifier = new LogVerifier(trust, newest, kept)
  attempt(() => readSegments(log, verifier))
  for (const trouble of troubles) verifier.report('failed', 'unreadable', trouble)
  return verifier.finish()
}

function keptCheckpoints(log: string): CheckpointFile[] {
  return listFolder(keptFolder(log)).flatMap((name) => {
    const size = keptSize(name)
    const file = size === undefined ? undefined : checkpointFile(keptPath(log, size), `checkpoints/${name}`, size)
    return file ? [file] : []
  })
}

function checkpointFile(path: string, name: string, size?: number): CheckpointFile | undefined {
  const bytes = readIfPresent(path, MAX_CHECKPOINT_BYTES)
  return bytes && {name, text: bytes.toString('utf8'), size}
}

function readSegments(log: string, verifier: LogVerifier): void {
  let due = 0
  let seen = 0
  const segments = segmentFiles(log)
  for (const [i, {start, path}] of segments.entries()) {
    // A writer that died before its first record of a segment leaves an empty last file.
    const name = `records/${String(start).padStart(12, '0')}.jsonl`
    if (start !== due) verifier.report('failed', 'segment gap', `${name} where record ${due} is due`)
    due = start + SEGMENT
    const lines = linesOf(path)
    let inFile = 0
    let step = lines.next()
    for (; !step.done; step = lines.next()) {
      verifier.add(step.value.text, step.value.bytes)
      inFile++
    }
    seen += inFile
    const last = i === segments.length - 1
    if (inFile > SEGMENT || (!last && inFile < SEGMENT)) verifier.report('failed', 'segment gap', `${name} has ${inFile} records`)
    if (step.value > 0)
      verifier.report(
        last ? 'incomplete' : 'failed',
        'torn last line',
        `${step.value} bytes after record ${seen - 1} are no record`,
      )
  }
  if (segments.length === 0 && fileStat(log)?.kind !== 'folder')
    verifier.report('failed', 'nothing to verify', `${log} is no folder`)
}
