import {join} from 'node:path'

import {hashFile, listFolder} from '../files/read.ts'
import {blobsOf} from './format/blobs.ts'
import type {StoredRecord} from './format/record.ts'
import type {Severity} from './format/verify-input.ts'
import {evidenceFolder} from './layout.ts'

export type AddFinding = (severity: Severity, kind: string, detail: string, seq?: number) => void

/** The blobs that records name, each with the first record that names it. */
export class NamedBlobs {
  readonly #seqs = new Map<string, number>()
  /** newest `plan_sha256` */
  plan: {readonly sha256: string; readonly seq: number} | undefined

  /** @param line a record's text, right or wrong: the verifier says what is wrong with it */
  add(line: string): void {
    // Most records name none, and parsing is what costs.
    if (!/"(evidence|receipt_sha256|state|plan_sha256)":|"sha256:/.test(line)) return
    let record: StoredRecord
    try {
      record = JSON.parse(line) as StoredRecord
    } catch {
      return
    }
    if (typeof record !== 'object' || record === null || typeof record.seq !== 'number') return
    for (const sha256 of blobsOf(record)) if (!this.#seqs.has(sha256)) this.#seqs.set(sha256, record.seq)
    const plan = record.kind === 'plan' ? record['plan_sha256'] : undefined
    if (typeof plan === 'string') this.plan = {sha256: plan, seq: record.seq}
  }

  seqOf(sha256: string): number | undefined {
    return this.#seqs.get(sha256)
  }

  all(): Iterable<readonly [sha256: string, seq: number]> {
    return this.#seqs
  }
}

/**
 * Every blob has the hash that is its name, and every blob that a record names is there.
 *
 * @param absent how much it weighs that one is not, and what is known of it
 */
export function checkBlobs(
  log: string,
  named: NamedBlobs,
  add: AddFinding,
  absent: (sha256: string) => readonly [severity: Severity, kind: string, detail: string],
): void {
  const folder = evidenceFolder(log)
  const here = new Set(listFolder(folder).filter((name) => /^[0-9a-f]{64}$/.test(name)))
  for (const sha256 of here) {
    const found = hashFile(join(folder, sha256))
    const seq = named.seqOf(sha256)
    if (found !== sha256) add('failed', 'evidence altered', `evidence/${sha256} has the hash ${found}`, seq)
    else if (seq === undefined) add('note', 'evidence that no record here names', sha256)
  }
  for (const [sha256, seq] of named.all()) if (!here.has(sha256)) add(...absent(sha256), seq)
}
