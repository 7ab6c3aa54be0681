import {notExcluded} from '../trail/format/not-excluded.ts'
import type {LocatedVerification} from '../trail/format/verification.ts'
import {printable} from '../untrusted.ts'

const SIGNER = {
  flag: 'given by you',
  machine: 'the key of this trail on this machine',
  trail: 'taken from the trail itself',
} as const

/** The verdict on a trail: its first line names verdict, real or simulated, sizes, root and anchors. */
export function verificationLines(verification: LocatedVerification): string[] {
  const {
    ok,
    complete,
    form,
    records,
    size,
    root_hash: root,
    checkpoints,
    signer,
    anchors,
    findings,
    mode,
    first_bad: bad,
  } = verification
  const verdict = !ok ? 'NOT VERIFIED' : complete ? 'VERIFIED' : 'VERIFIED BUT INCOMPLETE'
  const kind = mode === 'sim' ? 'SIMULATED' : mode === 'real' ? 'REAL' : 'unknown'
  const held = anchors.length === 0 ? 'no anchor given' : `anchors: ${anchors.map((anchor) => anchor.type).join(', ')}`
  const from = verification.signer_from === undefined ? '' : `, ${SIGNER[verification.signer_from]}`
  return [
    `${verdict}: ${kind} ${form === 'slice' ? 'slice' : 'trail'}, ${records} records, ${size} signed, root ${root === '' ? 'none' : printable(root, 64)}, ${held}`,
    ...(bad
      ? [
          `  first bad record: ${bad.file} line ${bad.line} (seq ${bad.seq}): ${printable(bad.kind, 80)}: ${printable(bad.detail, 300)}`,
        ]
      : []),
    `  ${checkpoints} checkpoint(s) agree with the records; signer ${signer === '' ? 'none' : printable(signer, 200)}${from}`,
    ...anchors.map((anchor) => `  anchor ${anchor.type}: ${printable(anchor.detail, 300)}`),
    ...findings.map(
      ({severity, seq, kind: what, detail}) =>
        `  ${severity}: ${seq === undefined ? '' : `record ${seq}: `}${printable(what, 80)}: ${printable(detail, 300)}`,
    ),
    ...(ok ? ['  not excluded by this:', ...notExcluded(verification).map((text) => `    - ${text}`)] : []),
  ]
}
