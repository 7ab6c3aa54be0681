import type {LocatedVerification} from './verification.ts'

/**
 * What a verified trail does not exclude, given the anchors that were held against it. For whoever relies on the
 * verdict; the format's section 1 says the same in general.
 */
export function notExcluded(
  verification: Pick<LocatedVerification, 'anchors' | 'signer_from' | 'size' | 'form'> & {
    /** of a whole trail: were its pieces of evidence hashed? */
    readonly evidence_read?: boolean
  },
): string[] {
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
  if (form === 'slice' && known < size) {
    // A slice does not hold the seals of key epochs: what protects older records in a whole log is not here.
    const from = known === 0 ? 'any record' : `any record after the first ${known}`
    open.push(
      `that a thief of the identity key made ${from} anew: a slice shows no sealed key epochs; hold a checkpoint (--known), or see the whole log`,
    )
  } else if (known < size) {
    const since = known === 0 ? 'in the present key epoch' : `after the first ${known} records, in the present key epoch`
    open.push(`changes ${since} by a thief of today's keys: no checkpoint of all ${size} records was held against it (--known)`)
  }
  if (known < size && !has('witness'))
    open.push(
      `a rollback to this state${known === 0 ? '' : `, not older than ${known} records`}: only a newer checkpoint from outside would show it`,
    )
  if (form === 'log' && verification.evidence_read === false)
    open.push('that pieces of evidence were changed or taken away: only the records that name them were read (--evidence)')
  if (form === 'slice') open.push('anything outside this incident: the rest of the trail was not seen')
  open.push("that the words were untrue when they were written: hold them against the tenant's own log (stanch audit reconcile)")
  return open
}
