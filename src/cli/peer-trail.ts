import path from 'node:path'

import {StanchError} from '../errors.ts'
import {fileStat} from '../files/read.ts'
import type {StoredRecord} from '../trail/format/record.ts'
import {parseVkey} from '../trail/format/vkey.ts'
import {readOrigin, readTrail} from '../trail/read-trail.ts'
import {verifyFolder} from '../trail/verify-folder.ts'
import type {AuditVerification} from '../trail/verify-folder.ts'
import {printable, quoted} from '../untrusted.ts'
import {readSliceRecords} from './slice-records.ts'

export interface PeerTrail {
  readonly origin: string
  readonly records: Iterable<StoredRecord>
  readonly verdict: AuditVerification
  /** Its key was given, and is the one that signed. */
  readonly pinned: boolean
}

/**
 * A trail, or a slice of one, that somebody of the team sent. What does not verify is not believed: a forged one could
 * call a stranger's acts a colleague's.
 *
 * @param vkeys keys of their logs, from the roster
 * @throws input.unreadable for what is neither; audit.not_verified
 */
export function readPeer(folder: string, vkeys: readonly string[] = []): PeerTrail {
  const isSlice = fileStat(path.join(folder, 'slice.jsonl')) !== undefined
  const records = isSlice ? readSliceRecords(folder) : readOrigin(folder) === undefined ? undefined : readTrail(folder)
  if (!records) throw new StanchError('input.unreadable', `${quoted(folder, 120)} holds neither a trail nor a slice of one.`)
  const origin = isSlice ? String((records as StoredRecord[])[0]?.['origin']) : (readOrigin(folder) ?? '')
  const vkey = vkeys.find((one) => parseVkey(one).name === origin)
  const verdict = verifyFolder(folder, vkey === undefined ? {} : {vkey})
  if (!verdict.ok) {
    const finding = verdict.findings.find(({severity}) => severity === 'failed')
    throw new StanchError(
      'audit.not_verified',
      `${quoted(folder, 120)} does not verify: ${printable(`${finding?.kind ?? ''} (${finding?.detail ?? ''})`, 200)}`,
      {hint: `stanch audit verify ${folder}`},
    )
  }
  return {origin, records, verdict, pinned: vkey !== undefined}
}
