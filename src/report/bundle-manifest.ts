import {hash} from 'node:crypto'

import {blobsOf} from '../trail/format/blobs.ts'
import type {Account} from './account.ts'
import {textOf} from './account.ts'
import type {ArchiveFile} from './ustar.ts'
import {BLINDING_VERSION} from './blinding.ts'

/** A blob whose place a blinded copy takes, that nobody could blind, or a copy that older rules made. */
export interface Withheld {
  /** Of the original. */
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  /** SHA-256 of the copy that is in the bundle; absent when there is none. */
  readonly blinded?: string
  /** It is itself a blinded copy, and today's rules make another one. */
  readonly superseded?: boolean
}

/** Default advice for what stays with its holder. */
export const RETENTION =
  '12 months from the end of the incident by default, 3 of them at hand; longer by contract or legal hold. Nothing is deleted by itself.'

/** What each file of a bundle is. Evidence is described by the records that name it. */
const PURPOSE: Readonly<Record<string, string>> = {
  'slice.jsonl':
    'the records: record 0, the sessions and their credentials, all of the incident; byte for byte as they were signed',
  'slice.proof': 'one line a record: its index and its inclusion path to the root of the checkpoint',
  'slice.consistency':
    'one line for each older state that can be compared: its size, and the proof that the checkpoint extends it',
  'checkpoint': 'signed note: origin, size and root of the whole log',
  'checkpoint.body': 'the three signed lines of the checkpoint, a copy',
  'checkpoint.sig': 'its 64 bytes of Ed25519 signature, a copy',
  'identity.pub.pem': "the log's public key, a copy",
  'plan.json': 'the newest plan, in the form whose SHA-256 is plan_sha256 in the records',
  'report.md': 'summary for people, made from the records and the evidence',
  'report.html': 'the same as a page that loads nothing: countdown, picture, every row with its source',
  'evidence.html': 'a page that checks the records, proofs and signatures in a browser, without network',
  'page/data.js': 'what that page checks: slice.jsonl, slice.proof and checkpoint once more, as data',
  'page/evidence.js': 'what that page runs: the verifier of stanch, built for a browser; the same in every bundle of a version',
  'QUESTIONS.md': 'what auditors ask, answered with record numbers',
  'README.md': 'how to check all of this',
  'verify.py': 'an independent verifier: Python standard library and openssl',
  'manifest.json': 'this list',
}

/** `manifest.json`: size, SHA-256 and purpose of each file, what is withheld and what is missing. */
export function manifestJson(
  account: Account,
  files: readonly ArchiveFile[],
  withheld: readonly Withheld[],
  holder: string,
): string {
  const {state, log, mode, records} = account
  const sources = new Map<string, {seq: number; time: string; by: string}>()
  for (const record of records) {
    for (const sha256 of blobsOf(record))
      if (!sources.has(sha256))
        sources.set(sha256, {seq: record.seq, time: record.time, by: textOf(record, 'action') ?? record.kind})
  }
  const here = new Set(files.map(({path}) => path))
  const held = new Set(withheld.map(({sha256}) => sha256))
  const manifest = {
    format: 'stanch-bundle/1',
    incident_id: state.incident_id,
    simulated: mode === 'sim',
    closed: state.closed_at !== undefined,
    tenant: state.tenant,
    log: {origin: log.origin, vkey: log.vkey, first_record: log.first, size: log.size, root_hash: log.root},
    files: files.map(({path, bytes}) => {
      const source = sources.get(path.replace('evidence/', ''))
      return {
        path,
        size: bytes.length,
        sha256: sha256Of(bytes),
        what: PURPOSE[path] ?? (source ? `evidence of ${source.by}` : 'evidence'),
        ...(source ? {collected: {record: source.seq, at: source.time, tenant: state.tenant}} : {}),
      }
    }),
    withheld: withheld.map(({sha256, size, blinded, superseded}) => ({
      sha256,
      size,
      named_by: sources.get(sha256)?.seq,
      why: superseded
        ? 'it is a blinded copy by older rules, which may have left identifiers of end users in it; a newer one takes its place'
        : blinded === undefined
          ? 'it is no JSON, so nobody can say which identifiers of end users are in it'
          : 'it holds identifiers of end users',
      ...(blinded === undefined ? {} : {blinded_copy: blinded, blinding_version: BLINDING_VERSION}),
      holder,
      retention: RETENTION,
    })),
    missing: [...sources]
      .filter(([sha256]) => !here.has(`evidence/${sha256}`) && !held.has(sha256))
      .map(([sha256, {seq}]) => ({sha256, named_by: seq, why: 'the trail of this machine does not hold it any more'})),
  }
  return `${JSON.stringify(manifest, null, 2)}\n`
}

/** `MANIFEST.sha256`, for `sha256sum -c`. */
export function checksums(files: readonly ArchiveFile[]): string {
  return files.map(({path, bytes}) => `${sha256Of(bytes)}  ${path}\n`).join('')
}

export function sha256Of(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex')
}
