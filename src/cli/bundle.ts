import path from 'node:path'

import {StanchError} from '../errors.ts'
import {isInside} from '../files/copy-file.ts'
import {createFolder} from '../files/folder.ts'
import {fileStat, readBounded} from '../files/read.ts'
import {createExclusive} from '../files/write.ts'
import {bundleFiles, namedBlobs} from '../report/bundle.ts'
import type {BundleFacts} from '../report/bundle-lines.ts'
import {sha256Of, type Withheld} from '../report/bundle-manifest.ts'
import {type ArchiveFile, ustar} from '../report/ustar.ts'
import {textOf} from '../report/account.ts'
import type {View} from '../report/report-views.ts'
import {containsLiveSecret, looksLikeSecret} from '../secret.ts'
import {getEvidence} from '../trail/evidence.ts'
import type {Checkpoint} from '../trail/format/checkpoint.ts'
import {consistencyLines} from '../trail/format/older-states.ts'
import type {StoredRecord} from '../trail/format/record.ts'
import {makeSlice, sliceRecords, verifySlice} from '../trail/format/slice.ts'
import {signedCheckpoints} from '../trail/checkpoints.ts'
import {LogProofs} from '../trail/proofs.ts'
import {verifyFolder} from '../trail/verify-folder.ts'
import {accountOf, allRecords, witnessNames} from './account.ts'
import {openTrail, pathsOf} from './context.ts'
import type {Place} from './context.ts'
import {recordExport} from './custody.ts'
import {findIncident} from './incidents.ts'
import {pageScript} from './report.ts'
import type {FoundIncident} from './incidents.ts'

/** Largest verifier that is shipped, bytes. */
const MAX_VERIFIER = 1 << 20
/** Older states that a bundle can be compared with. */
const MAX_OLDER = 1000

export interface BundleRequest {
  readonly incident: string
  /** A new folder or file; by default `<incident>.bundle` or `<incident>.bundle.tar` in the current folder. */
  readonly output?: string | undefined
  readonly tar: boolean
  readonly blind: boolean
  /** Who gets it; for the chain of custody. */
  readonly to?: string | undefined
}

/** What was written, and where the record of it stands. */
export interface Bundled extends BundleFacts {
  /** The `export` record: written afterwards, so it is not covered by the bundle's checkpoint. */
  readonly custody: BundleFacts['custody'] & {readonly leaf: string}
}

/**
 * Writes the evidence bundle of an incident and the record that it was handed out. Offline. What is in it depends on the
 * incident's records and evidence alone: the same state gives the same bytes.
 *
 * @throws incident.unknown | usage.invalid when the output exists | audit.not_verified | E_SECRET | E_DISK
 */
export async function writeBundle(place: Place, request: BundleRequest): Promise<Bundled> {
  const found = findIncident(place, request.incident)
  const {incident_id: id} = found.state
  const output = path.resolve(request.output ?? `${id}.bundle${request.tar ? '.tar' : ''}`)
  refuseOutput(place, output)
  refuseRecipient(request.to)
  refuseTampered(found)
  const {checkpoint, withheld} = await signed(place, found, request.blind)
  const {files, complete, missing, time} = collect(place, found, checkpoint, withheld, request.blind ? 'auditor' : 'war-room')
  refuseSecrets(files)
  const form = request.tar ? 'tar' : 'folder'
  const {sha256, size} = request.tar ? writeArchive(output, id, files, time) : writeFolder(output, files)
  const {seq, leaf} = await recordExport(place, found, {
    to: request.to ?? 'not said',
    form: `stanch-bundle/1 ${form}${request.blind ? ', blinded' : ''}`,
    sha256,
    size,
  })
  return {
    incident_id: id,
    simulated: found.mode === 'sim',
    path: output,
    form,
    sha256,
    size,
    files: files.length,
    checkpoint: {origin: checkpoint.origin, size: checkpoint.size, root_hash: checkpoint.root},
    complete,
    blinded: withheld.filter((one) => one.blinded !== undefined).length,
    withheld: withheld.length,
    missing,
    custody: {seq, leaf},
  }
}

/**
 * The smallest checkpoint that covers all that is needed, so that what others append later changes nothing; of those that
 * somebody countersigned the smallest, where there is one. A checkpoint is made
 * when there is none yet (a writer died), and for the records of blinded copies.
 */
async function signed(
  place: Place,
  found: FoundIncident,
  blind: boolean,
): Promise<{checkpoint: Checkpoint; withheld: readonly Withheld[]}> {
  const {incident_id: id} = found.state
  const own = sliceRecords(allRecords(found.folder), id).filter((record) => record['inc'] === id)
  let needed = own.at(-1)?.seq ?? 0
  let withheld: readonly Withheld[] = []
  const covering = () => {
    const all = signedCheckpoints(found.folder).filter(({size}) => size > needed)
    return all.find((one) => witnessNames(one).length > 0) ?? all[0]
  }
  if (blind) {
    const {blindEvidence} = await import('./blinding.ts')
    const trail = await openTrail(place, found.mode)
    try {
      const done = blindEvidence(trail, found, sliceRecords(allRecords(found.folder), id))
      withheld = done.withheld
      needed = Math.max(needed, done.last)
      if (!covering()) trail.checkpoint(true)
    } finally {
      trail.close('done')
    }
  }
  if (!covering()) {
    const trail = await openTrail(place, found.mode)
    trail.close('done')
  }
  const checkpoint = covering()
  if (checkpoint) return {checkpoint, withheld}
  throw new StanchError('audit.not_verified', `No checkpoint covers the records of ${id}.`, {hint: 'Run: stanch audit verify'})
}

function collect(place: Place, found: FoundIncident, checkpoint: Checkpoint, withheld: readonly Withheld[], view: View) {
  const {incident_id: id} = found.state
  const proofs = new LogProofs(found.folder)
  const records = sliceRecords(allRecords(found.folder), id, checkpoint.size)
  const slice = {
    ...makeSlice(allRecords(found.folder), id, checkpoint.text, (seq) => proofs.inclusion(seq, checkpoint.size)),
    consistency: consistencyLines(olderSizes(found.folder, records, checkpoint.size), (older) =>
      proofs.consistency(older, checkpoint.size),
    ),
  }
  const copies = new Map(withheld.map((one) => [one.sha256, one.blinded]))
  const blob = (sha256: string): Buffer | undefined => {
    const copy = copies.has(sha256) ? copies.get(sha256) : sha256
    return copy === undefined ? undefined : getEvidence(found.folder, copy)
  }
  const account = accountOf(place, found, checkpoint.text, records, (sha256) => blob(sha256)?.toString('utf8'))
  const verification = verifySlice(slice, {vkey: account.log.vkey})
  if (!verification.ok) {
    throw new StanchError(
      'audit.not_verified',
      `The slice does not verify: ${verification.first_bad?.kind ?? 'unknown reason'}.`,
      {hint: 'Run: stanch audit verify'},
    )
  }
  const evidence = new Map<string, Uint8Array>()
  let missing = 0
  for (const sha256 of namedBlobs(account)) {
    const bytes = copies.has(sha256) ? undefined : getEvidence(found.folder, sha256)
    if (bytes) evidence.set(sha256, bytes)
    else if (!copies.has(sha256)) missing += 1
  }
  const session = records.findLast(({kind}) => kind === 'session.open')
  const holder = `${textOf(session, 'actor') ?? 'the responder'}, log ${account.log.origin}`
  const verifier = readBounded(path.join(place.config.root, 'dist/verify.py'), MAX_VERIFIER).toString('utf8')
  const complete = verification.complete && missing === 0
  const scripts = {report: pageScript(place, 'report'), evidence: pageScript(place, 'evidence')}
  const files = bundleFiles({account, slice, complete, evidence, withheld, holder, verifier, view, scripts})
  return {files, complete, missing, time: Math.floor(Date.parse(records.at(-1)?.time ?? '') / 1000)}
}

/** States that somebody may hold a checkpoint of: those that were kept or anchored, the newest first to be taken. */
function olderSizes(folder: string, records: readonly StoredRecord[], size: number): number[] {
  const anchored = records.filter(({kind}) => kind === 'anchor').map((record) => Number(record['size']))
  const kept = signedCheckpoints(folder).map((one) => one.size)
  const sizes = [...new Set([...anchored, ...kept])].filter((older) => older > 0 && older < size)
  return sizes.toSorted((a, b) => a - b).slice(-MAX_OLDER)
}

function writeFolder(output: string, files: readonly ArchiveFile[]): {sha256: string; size: number} {
  createFolder(output, files)
  const sums = files.at(-1)?.bytes ?? Buffer.alloc(0)
  return {sha256: sha256Of(sums), size: files.reduce((sum, {bytes}) => sum + bytes.length, 0)}
}

function writeArchive(output: string, id: string, files: readonly ArchiveFile[], time: number): {sha256: string; size: number} {
  const bytes = ustar(
    files.map((file) => ({path: `${id}/${file.path}`, bytes: file.bytes})),
    time,
  )
  createExclusive(output, bytes, 0o400)
  return {sha256: sha256Of(bytes), size: bytes.length}
}

function refuseOutput(place: Place, output: string): void {
  if (fileStat(output))
    throw new StanchError('usage.invalid', `${output} exists; it was left alone.`, {hint: 'Name another one with --output.'})
  const paths = pathsOf(place)
  const own = [paths.trail('real'), paths.trail('sim'), path.dirname(paths.keys('0'.repeat(16)))]
  if (own.some((folder) => isInside(output, folder)))
    throw new StanchError('usage.invalid', 'The bundle would lie in the folder of the trail itself.')
}

function refuseRecipient(to: string | undefined): void {
  if (to !== undefined && looksLikeSecret(to))
    throw new StanchError('usage.secret_in_argv', 'The recipient looks like a token or a private key. Nothing was written.')
}

/** Evidence of a trail that does not verify would be evidence of nothing. */
function refuseTampered(found: FoundIncident): void {
  const {ok, findings} = verifyFolder(found.folder)
  if (ok) return
  throw new StanchError(
    'audit.not_verified',
    `The trail does not verify: ${findings.find(({severity}) => severity === 'failed')?.kind ?? 'unknown reason'}. No bundle was made.`,
    {hint: 'See what is wrong: stanch audit verify'},
  )
}

/** The records and the evidence were checked when they were written; this is for what was made from them, and for a changed mind of the checks. */
function refuseSecrets(files: readonly ArchiveFile[]): void {
  for (const {path: name, bytes} of files) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
    if (containsLiveSecret(text) || looksLikeSecret(text))
      throw new StanchError('E_SECRET', `${name} would have held a secret. No bundle was made.`)
  }
}
