import {notExcluded} from '../trail/format/not-excluded.ts'
import type {LocatedVerification} from '../trail/format/verification.ts'
import {printable} from '../untrusted.ts'

const SIGNER = {
  flag: 'given by you',
  machine: 'the key of this trail on this machine',
  trail: 'taken from the trail itself',
} as const

/** Of one kind this many are shown: every checkpoint after an altered record fails for the same reason. */
const MOST_OF_A_KIND = 5

function findingLines(findings: LocatedVerification['findings']): string[] {
  const counts = new Map<string, number>()
  const lines: string[] = []
  for (const {severity, seq, kind, detail} of findings) {
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    if (count <= MOST_OF_A_KIND)
      lines.push(`  ${severity}: ${seq === undefined ? '' : `record ${seq}: `}${printable(kind, 80)}: ${printable(detail, 300)}`)
  }
  for (const [kind, count] of counts)
    if (count > MOST_OF_A_KIND) lines.push(`  ${count - MOST_OF_A_KIND} more: ${printable(kind, 80)}; all of them: --json`)
  return lines
}

/** The verdict on a trail: its first line names verdict, real or simulated, sizes, root and anchors. */
export function verificationLines(verification: LocatedVerification & {readonly not_excluded?: readonly string[]}): string[] {
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
    ...findingLines(findings),
    ...(ok
      ? ['  not excluded by this:', ...(verification.not_excluded ?? notExcluded(verification)).map((text) => `    - ${text}`)]
      : []),
  ]
}
