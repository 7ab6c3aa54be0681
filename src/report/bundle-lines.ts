import {printable} from '../untrusted.ts'

/** What `bundle` says about what it wrote. */
export interface BundleFacts {
  readonly incident_id: string
  readonly simulated: boolean
  readonly path: string
  readonly form: 'folder' | 'tar'
  /** Of the archive; of MANIFEST.sha256, which lists all others, for a folder. */
  readonly sha256: string
  /** Bytes of all files. */
  readonly size: number
  readonly files: number
  /** Checkpoint that the slice leads to. */
  readonly checkpoint: {readonly origin: string; readonly size: number; readonly root_hash: string}
  /** The incident is closed, nothing in it is open, and no evidence is missing. */
  readonly complete: boolean
  readonly blinded: number
  readonly withheld: number
  /** Blobs that records name and that this machine does not hold. */
  readonly missing: number
  readonly custody: {readonly seq: number}
}

export function bundleLines(bundle: BundleFacts): string[] {
  const {checkpoint} = bundle
  return [
    `Bundle:     ${printable(bundle.path, 400)} (${bundle.files} files, ${bundle.size} bytes), incident ${bundle.incident_id} (${bundle.simulated ? 'SIMULATED' : 'REAL'})`,
    `SHA-256:    ${bundle.sha256}${bundle.form === 'tar' ? '' : '  MANIFEST.sha256, which lists all others'}`,
    `Signed:     checkpoint of ${checkpoint.size} records, root ${Buffer.from(checkpoint.root_hash, 'hex').toString('base64')}, log ${printable(checkpoint.origin)}`,
    bundle.complete
      ? 'Complete:   the incident is closed and every change has its end'
      : 'Complete:   NO: the incident is not closed, a change has no end, or evidence is missing; who verifies it gets VERIFIED BUT INCOMPLETE',
    ...(bundle.withheld === 0
      ? []
      : [
          `Withheld:   ${bundle.withheld} original(s), ${bundle.blinded} of them replaced by a blinded copy; manifest.json says who holds them`,
        ]),
    ...(bundle.missing === 0 ? [] : [`Missing:    ${bundle.missing} blob(s) that records name and this machine does not hold`]),
    `Custody:    record ${bundle.custody.seq} of the trail; it is younger than the checkpoint, so it is not in the bundle`,
    'Check it:   README.md in it says how, without stanch',
  ]
}
