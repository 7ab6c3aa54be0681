import type {Findings} from './findings.ts'
import {BAD_ENVELOPE, type StoredRecord} from './record.ts'
import {readVkey} from './verify-input.ts'
import {ED25519, type VerifierKey} from './vkey.ts'

/** What record 0 says of its log, held against what the verifier was told. */
export interface RecordZero {
  readonly vkey: VerifierKey | undefined
  readonly origin: string | undefined
  readonly mode: string
  /** its leaf hash is the one that the verifier holds */
  readonly pinned: boolean
}

/** @param first hex leaf hash that record 0 must have */
export function readRecordZero(
  record: StoredRecord,
  leaf: string,
  trust: {readonly vkey: VerifierKey | undefined; readonly first: string | undefined},
  findings: Findings,
): RecordZero {
  const failed = (kind: string, detail: string) => findings.add('failed', kind, detail, 0)
  if (record.kind !== 'log.open') failed(BAD_ENVELOPE, 'record 0 is not log.open')
  if (record['format'] !== 'stanch-audit/1') {
    failed(BAD_ENVELOPE, `format ${JSON.stringify(record['format'])} is not known; this program knows stanch-audit/1`)
  }
  if (record['epoch'] !== 0) failed('key epoch out of order', 'record 0 does not begin epoch 0')
  const mode = String(record['mode'])
  if (mode !== 'real' && mode !== 'sim') failed('mode differs', 'neither real nor sim')
  const named = String(record['vkey'])
  const vkey = trust.vkey ?? readVkey(named, findings.reporter)
  if (vkey?.text !== named || record['origin'] !== vkey.name || vkey.type !== ED25519)
    failed('record 0 not the registered one', `record 0 names the key ${JSON.stringify(named.slice(0, 200))}`)
  const pinned = trust.first?.toLowerCase() === leaf
  if (trust.first !== undefined && !pinned) failed('record 0 not the registered one', `its leaf hash is ${leaf}`)
  return {vkey, origin: vkey?.name, mode, pinned}
}
