import type {Withheld} from '../report/bundle-manifest.ts'
import {BLINDING_VERSION, blindedCopy} from '../report/blinding.ts'
import {textOf} from '../report/account.ts'
import {sha256Of} from '../report/bundle-manifest.ts'
import {blobsOf} from '../trail/format/blobs.ts'
import type {StoredRecord} from '../trail/format/record.ts'
import type {Trail} from '../trail/trail.ts'
import type {FoundIncident} from './incidents.ts'

export interface BlindedEvidence {
  readonly withheld: readonly Withheld[]
  /** Number of the last record that names a copy; -1 when none does. */
  readonly last: number
}

const ACTION = 'evidence.blinded'

/**
 * Makes the blinded copies of an incident's evidence and writes a record for each that has none yet, with both hashes.
 * What holds nothing to blind needs no copy; a plan is ours and its hash was approved, so it stays. A copy that older
 * rules made stays with its holder, like an original.
 */
export function blindEvidence(trail: Trail, found: FoundIncident, records: readonly StoredRecord[]): BlindedEvidence {
  const {incident_id: id, tenant, closed_at} = found.state
  const about = {...(closed_at === undefined ? {inc: id} : {}), tenant, target: `incident:${id}`}
  const plans = new Set(records.filter(({kind}) => kind === 'plan').flatMap((record) => blobsOf(record)))
  const copies = new Map<string, number>()
  for (const record of records) if (textOf(record, 'action') === ACTION) copies.set(textOf(record, 'evidence') ?? '', record.seq)
  const originals = new Set(
    records
      .filter((record) => textOf(record, 'action') !== ACTION && record.kind !== 'anchor')
      .flatMap((record) => blobsOf(record)),
  )
  const withheld: Withheld[] = []
  let last = -1
  for (const sha256 of originals) {
    const original = plans.has(sha256) ? undefined : trail.getEvidence(sha256)
    if (!original) continue
    const copy = blindedCopy(original.toString('utf8'), (field, value) => trail.blind(tenant, 'user', field, value))
    if (copy?.replaced === 0) continue
    if (!copy) {
      withheld.push({sha256, size: original.length})
      continue
    }
    const blinded = sha256Of(Buffer.from(copy.text))
    let seq = copies.get(blinded)
    if (seq === undefined || !trail.getEvidence(blinded)) {
      trail.putEvidence(copy.text)
      seq = trail.append({
        kind: 'observe',
        ...about,
        action: ACTION,
        finding: `blinded copy, version ${BLINDING_VERSION}, of evidence ${sha256}: ${copy.replaced} values are keyed fingerprints`,
        count: copy.replaced,
        evidence: blinded,
      }).seq
    }
    last = Math.max(last, seq)
    withheld.push({sha256, size: original.length, blinded})
  }
  const current = new Set(withheld.map(({blinded}) => blinded))
  for (const sha256 of copies.keys()) {
    const older = current.has(sha256) ? undefined : trail.getEvidence(sha256)
    if (older) withheld.push({sha256, size: older.length, superseded: true})
  }
  return {withheld, last}
}
