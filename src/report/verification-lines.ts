import type {LocatedVerification} from '../trail/format/verification.ts'
import {printable} from '../untrusted.ts'

/** The verdict on a trail: its first line names verdict, real or simulated, sizes, root and anchors. */
export function verificationLines(verification: LocatedVerification): string[] {
  const {ok, complete, records, size, root_hash: root, checkpoints, signer, anchors, findings, mode} = verification
  const verdict = !ok ? 'NOT VERIFIED' : complete ? 'VERIFIED' : 'VERIFIED BUT INCOMPLETE'
  const kind = mode === 'sim' ? 'SIMULATED' : mode === 'real' ? 'REAL' : 'unknown'
  const held = anchors.length === 0 ? 'no anchor given' : `anchors: ${anchors.map((anchor) => anchor.type).join(', ')}`
  return [
    `${verdict}: ${kind} trail, ${records} records, ${size} signed, root ${root === '' ? 'none' : printable(root, 64)}, ${held}`,
    `  ${checkpoints} checkpoint(s) agree with the records; signer ${signer === '' ? 'none' : printable(signer, 200)}`,
    ...anchors.map((anchor) => `  anchor ${anchor.type}: ${printable(anchor.detail, 300)}`),
    ...findings.map(
      (finding) =>
        `  ${finding.seq === undefined ? '' : `record ${finding.seq}: `}${printable(finding.kind, 80)}: ${printable(finding.detail, 300)}`,
    ),
  ]
}
