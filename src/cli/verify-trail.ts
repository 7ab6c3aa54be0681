import path from 'node:path'

import {StanchError} from '../errors.ts'
import {readBounded} from '../files/read.ts'
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
  readonly simulated?: boolean | undefined
}

/** @throws usage.invalid for anchors that are none; input.unreadable for a checkpoint file that is not there */
export function verifyTrail(place: Place, question: TrailQuestion): AuditVerification {
  const {folder, first, vkey} = question
  if (folder !== undefined && question.simulated)
    throw new StanchError('usage.invalid', 'Name a folder, or --simulated for the trail of drills on this machine, not both.')
  if (first !== undefined && !/^[0-9a-f]{64}$/i.test(first))
    throw new StanchError('usage.invalid', '--first takes the 64 hex digits of a leaf hash.')
  const known = question.known?.map((file) => readBounded(file, MAX_CHECKPOINT).toString('utf8'))
  return verifyFolder(folder === undefined ? pathsOf(place).trail(question.simulated ? 'sim' : 'real') : path.resolve(folder), {
    ...(vkey === undefined ? {} : {vkey}),
    ...(first === undefined ? {} : {first}),
    ...(known === undefined ? {} : {known}),
  })
}
