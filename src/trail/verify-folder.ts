import {join} from 'node:path'

import {StanchError} from '../errors.ts'
import {fileStat, listFolder, readBounded, readIfPresent} from '../files/read.ts'
import {parseCheckpoint} from './format/checkpoint.ts'
import {Findings} from './format/findings.ts'
import {verifySlice} from './format/slice.ts'
import type {LocatedVerification, Verification} from './format/verification.ts'
import {LogVerifier} from './format/verify.ts'
import type {CheckpointFile, Trust} from './format/verify-input.ts'
import {visitLines} from './hashed-lines.ts'
import {checkpointPath, keptFolder, keptPath, keptSize, MAX_CHECKPOINT_BYTES, SEGMENT, tipPath} from './layout.ts'
import {segmentFiles} from './read-trail.ts'
import {checkBlobs, NamedBlobs} from './verify-blobs.ts'
import {checkBundle} from './verify-bundle.ts'

/** Largest file of a slice, bytes. */
const MAX_SLICE = 512 << 20
const SLICE = {records: 'slice.jsonl', proofs: 'slice.proof', consistency: 'slice.consistency'} as const

export type AuditVerification = LocatedVerification

export interface Depth {
  /** hashes, order and signatures only; the rules of records are left out and that is said */
  readonly hashesOnly?: boolean | undefined
  /** the blobs that records name, too; a slice's are always looked at. Memory grows with their number */
  readonly evidence?: boolean | undefined
}

/**
 * Verifies a log folder (the format's section 8.1) or the folder of a slice (8.2), offline and without changing a byte.
 * Whatever the files hold, the answer is a verdict with findings; nothing to verify is a failure. Memory does not grow
 * with the log.
 */
export function verifyFolder(log: string, trust: Trust = {}, depth: Depth = {}): AuditVerification {
  return fileStat(join(log, SLICE.records)) ? verifySliceFolder(log, trust) : verifyLogFolder(log, trust, depth)
}

function verifyLogFolder(log: string, trust: Trust, depth: Depth): AuditVerification {
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
  const verifier = new LogVerifier(trust, newest, kept, readTip(log))
  const named = depth.evidence ? new NamedBlobs() : undefined
  attempt(() => readSegments(log, verifier, depth.hashesOnly ?? false, named))
  if (named) {
    const add = verifier.findings.add.bind(verifier.findings)
    attempt(() => checkBlobs(log, named, add, (sha256) => ['incomplete', 'evidence not here', sha256]))
  }
  for (const trouble of troubles) verifier.report('failed', 'unreadable', trouble)
  return located(verifier.finish(), (seq) => ({file: segmentName(seq - (seq % SEGMENT)), line: (seq % SEGMENT) + 1}))
}

/** Verifies a slice folder: `slice.jsonl`, `slice.proof`, `checkpoint`, and what a bundle puts beside them. */
export function verifySliceFolder(folder: string, trust: Trust = {}): AuditVerification {
  const troubles: string[] = []
  const text = (name: string): string => {
    try {
      const bytes = readBounded(join(folder, name), MAX_SLICE)
      const decoded = bytes.toString('utf8')
      if (Buffer.from(decoded, 'utf8').equals(bytes)) return decoded
      troubles.push(`${name} is not UTF-8`)
    } catch (error) {
      if (!(error instanceof StanchError)) throw error
      troubles.push(error.message)
    }
    return ''
  }
  const files = {
    records: text(SLICE.records),
    proofs: text(SLICE.proofs),
    checkpoint: text('checkpoint'),
    ...(fileStat(join(folder, SLICE.consistency)) ? {consistency: text(SLICE.consistency)} : {}),
  }
  const verification = verifySlice(files, trust)
  const beside = new Findings()
  for (const detail of troubles) beside.reporter('failed', 'unreadable', detail)
  try {
    const named = new NamedBlobs()
    for (const line of files.records.split('\n')) named.add(line)
    checkBundle(folder, named, verification.signer, beside.add.bind(beside))
  } catch (error) {
    if (!(error instanceof StanchError)) throw error
    beside.reporter('failed', 'unreadable', error.message)
  }
  const ok = verification.ok && beside.failed === 0
  const complete = ok && verification.complete && beside.incomplete === 0
  const whole = {
    ...verification,
    ok,
    complete,
    findings: [...verification.findings, ...beside.list()],
    first_bad: verification.first_bad ?? beside.firstBad,
  }
  return located(whole, (seq) => {
    const line = files.records.split('\n').findIndex((one) => one.startsWith(`{"v":1,"seq":${seq},`))
    return line < 0 ? undefined : {file: SLICE.records, line: line + 1}
  })
}

/** Says in which file and line the first bad record stands. */
function located(
  verification: Verification,
  place: (seq: number) => {file: string; line: number} | undefined,
): AuditVerification {
  const {first_bad: bad, ...rest} = verification
  const at = bad?.seq === undefined ? undefined : place(bad.seq)
  return bad?.seq === undefined || !at ? rest : {...rest, first_bad: {...at, seq: bad.seq, kind: bad.kind, detail: bad.detail}}
}

function segmentName(start: number): string {
  return `records/${String(start).padStart(12, '0')}.jsonl`
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

function readTip(log: string): ReturnType<typeof parseCheckpoint> | undefined {
  try {
    const bytes = readIfPresent(tipPath(log), MAX_CHECKPOINT_BYTES)
    return bytes && parseCheckpoint(bytes.toString('utf8'))
  } catch {
    // a hint: a missing, empty or damaged one says nothing
    return undefined
  }
}

function readSegments(log: string, verifier: LogVerifier, hashesOnly: boolean, named: NamedBlobs | undefined): void {
  let due = 0
  const segments = segmentFiles(log)
  for (const [i, {start, path}] of segments.entries()) {
    const name = segmentName(start)
    if (start !== due) verifier.report('failed', 'segment gap', `${name} where record ${due} is due`)
    due = start + SEGMENT
    const before = verifier.records
    const rest = visitLines(path, (line) => {
      if (hashesOnly) verifier.addHashed(line)
      else verifier.add(line.text(), line.leaf)
      named?.add(line.text() ?? '')
    })
    // A writer that died before its first record of a segment leaves an empty last file.
    const last = i === segments.length - 1
    const inFile = verifier.records - before
    if (inFile > SEGMENT || (!last && inFile < SEGMENT)) verifier.report('failed', 'segment gap', `${name} has ${inFile} records`)
    if (rest > 0) {
      const detail = `${rest} bytes after record ${verifier.records - 1} are no record`
      verifier.report(last ? 'incomplete' : 'failed', 'torn last line', detail)
    }
  }
  if (segments.length === 0 && fileStat(log)?.kind !== 'folder')
    verifier.report('failed', 'nothing to verify', `${log} is no folder`)
}
