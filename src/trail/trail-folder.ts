import {getEvidence} from './evidence.ts'
import type {StoredRecord} from './format/record.ts'
import {readTrail} from './read-trail.ts'

/** A trail that is only read: it takes no lock, so it works beside a writer and on a copy. Unverified. */
export interface TrailFolder {
  records(filter?: {readonly inc?: string | undefined}): Iterable<StoredRecord>
  getEvidence(sha256: string): Buffer | undefined
}

export function trailFolder(folder: string): TrailFolder {
  return {
    records: (filter) => readTrail(folder, filter),
    getEvidence: (sha256) => getEvidence(folder, sha256),
  }
}
