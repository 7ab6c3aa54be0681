import path from 'node:path'

import {StanchError} from '../errors.ts'
import {readBounded} from '../files/read.ts'
import {notExcluded} from '../trail/format/not-excluded.ts'
import {identityVkey} from '../trail/keys.ts'
import {checkpointPath, logId} from '../trail/layout.ts'
import {readCheckpoint} from '../trail/log-files.ts'
import {readOrigin} from '../trail/read-trail.ts'
import {verifyFolder} from '../trail/verify-folder.ts'
import type {AuditVerification} from '../trail/verify-folder.ts'
import {pathsOf} from './context.ts'
import type {Place} from './context.ts'

/** Largest checkpoint file, bytes. */
const MAX_CHECKPOINT = 65_536

export interface TrailQuestion {
  /** As it was typed: a relative one counts from where the person stands. */
  readonly folder?: string | undefined
  readonly vkey?: string | undefined
  readonly first?: string | undefined
  readonly known?: readonly string[] | undefined
  readonly witness?: readonly string[] | undefined
  readonly quick?: boolean | undefined
  readonly evidence?: boolean | undefined
  readonly simulated?: boolean | undefined
}

/** A verdict, who named the signer, and what the verdict leaves open. */
export interface TrailVerdict extends AuditVerification {
  readonly signer_from: 'flag' | 'machine' | 'trail'
  readonly not_excluded: readonly string[]
}

/** @throws usage.invalid for anchors that are none; input.unreadable for a checkpoint file that is not there */
export function verifyTrail(place: Place, question: TrailQuestion): TrailVerdict {
  const {folder, first, vkey, witness} = question
  if (folder !== undefined && question.simulated)
    throw new StanchError('usage.invalid', 'Name a folder, or --simulated for the trail of drills on this machine, not both.')
  if (first !== undefined && !/^[0-9a-f]{64}$/i.test(first))
    throw new StanchError('usage.invalid', '--first takes the 64 hex digits of a leaf hash.')
  const known = question.known?.map((file) => readBounded(file, MAX_CHECKPOINT).toString('utf8'))
  const log = folder === undefined ? pathsOf(place).trail(question.simulated ? 'sim' : 'real') : path.resolve(folder)
  const own = vkey === undefined ? ownVkey(place, log) : undefined
  const signer = vkey ?? own
  const verification = verifyFolder(
    log,
    {
      ...(signer === undefined ? {} : {vkey: signer}),
      ...(first === undefined ? {} : {first}),
      ...(known === undefined ? {} : {known}),
      ...(witness === undefined ? {} : {witness}),
    },
    {hashesOnly: question.quick, evidence: question.evidence},
  )
  const signerFrom = vkey !== undefined ? 'flag' : own !== undefined ? 'machine' : 'trail'
  const verdict = {...verification, signer_from: signerFrom} as const
  return {...verdict, not_excluded: verification.ok ? notExcluded({...verdict, evidence_read: question.evidence === true}) : []}
}

/** The key that this machine keeps for the log, if it made it: a log that was exchanged whole is then found. */
function ownVkey(place: Place, log: string): string | undefined {
  try {
    const origin = readOrigin(log) ?? readCheckpoint(checkpointPath(log))?.origin
    return origin === undefined ? undefined : identityVkey(pathsOf(place).keys(logId(origin)), origin)
  } catch {
    // The verifier says what is wrong with the first line; without a usable key of ours nobody is pinned, which is said.
    return undefined
  }
}
