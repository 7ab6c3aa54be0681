import type {LocatedVerification} from '../trail/format/verification.ts'
import {printable} from '../untrusted.ts'

/**
 * What a verified trail does not exclude, given the anchors that were held against it. For whoever relies on the
 * verdict; the format's section 1 says the same in general.
 */
export function notExcluded(verification: Pick<LocatedVerification, 'anchors' | 'signer_from' | 'size' | 'form'>): string[] {
  const {anchors, signer_from: signerFrom, size, form} = verification
  const has = (type: string) => anchors.some((anchor) => anchor.type === type)
  const known = Math.max(
    0,
    ...anchors.filter(({type}) => type === 'known_checkpoint').map(({detail}) => Number(detail.split(' ')[1])),
  )
  const open: string[] = []
  if (signerFrom === 'trail') open.push('that somebody else made the whole of it: the key was taken from the trail itself')
  if (!has('first_record') && known === 0)
    open.push('a rewrite from record 0 on by a thief of the identity key: its leaf hash was not held against it (--first)')
  if (known < size) {
    const since = known === 0 ? 'in the present key epoch' : `after the first ${known} records, in the present key epoch`
    open.push(`changes ${since} by a thief of today's keys: no checkpoint of all ${size} records was held against it (--known)`)
  }
  if (known < size && !has('witness'))
    open.push(
      `a rollback to this state${known === 0 ? '' : `, not older than ${known} records`}: only a newer checkpoint from outside would show it`,
    )
  if (form === 'slice') open.push('anything outside this incident: the rest of the trail was not seen')
  open.push("that the words were untrue when they were written: hold them against the tenant's own log (stanch audit reconcile)")
  return open
}

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
