import type {Dated} from './entries.ts'
import type {RecordedToken} from './facts.ts'
import type {TenantTime} from './tenant-time.ts'

/** A token's issue, computed from its `exp`, is this near to its entry, milliseconds. */
const ISSUE_SLACK_MS = 5000
/** An `auth` record is written at the latest this long after its token came: a person may be reading a plan meanwhile. */
const RECORDED_WITHIN_MS = 15 * 60_000

/**
 * The entries of issued tokens that no `auth` record accounts for. By `jti` where both sides have one; else by the time
 * of issue that the record's `exp` gives, else by the time of the record. Each record accounts for one token only.
 *
 * @param issued entries of tokens issued to the responder's own clients
 * @param lifetime seconds for which those tokens live, where known
 */
export function unaccounted(
  issued: readonly Dated[],
  records: readonly RecordedToken[],
  time: TenantTime,
  lifetime: number | undefined,
): Dated[] {
  const known = new Set(records.flatMap(({jti}) => jti ?? []))
  let left = issued.filter(({entry}) => entry.access_token_jti === undefined || !known.has(entry.access_token_jti))
  const seen = new Set(issued.flatMap(({entry}) => entry.access_token_jti ?? []))
  // One token may stand in the records of one session twice; a record whose jti was seen has had its entry.
  let spare = [...new Map(records.map((one) => [`${one.sid} ${one.client_id} ${one.exp} ${one.jti}`, one])).values()].filter(
    ({jti}) => jti === undefined || !seen.has(jti),
  )
  const pair = (near: (record: RecordedToken, token: Dated) => number | undefined): void => {
    const pairs = spare
      .flatMap((record) =>
        left.flatMap((token) => {
          const distance = mayBe(record, token) ? near(record, token) : undefined
          return distance === undefined ? [] : [{record, token, distance}]
        }),
      )
      .toSorted((a, b) => a.distance - b.distance)
    const used = new Set<unknown>()
    for (const {record, token} of pairs) {
      if (used.has(record) || used.has(token)) continue
      used.add(record).add(token)
    }
    spare = spare.filter((record) => !used.has(record))
    left = left.filter((token) => !used.has(token))
  }
  /** When the token was issued, if its lifetime is that of the token in hand: then the record was written soon after. */
  const issuedAt = ({exp, at}: RecordedToken): number | undefined => {
    if (exp === undefined || lifetime === undefined) return undefined
    const issue = (exp - lifetime) * 1000
    const span = time.of(at)
    return issue >= span.earliest - RECORDED_WITHIN_MS && issue <= span.latest + ISSUE_SLACK_MS ? issue : undefined
  }
  pair((record, {at}) => {
    const distance = Math.abs((issuedAt(record) ?? Infinity) - at)
    return distance <= ISSUE_SLACK_MS ? distance : undefined
  })
  pair((record, {at}) => {
    // Its own entry is not to be read yet: it does not stand for another one.
    if (issuedAt(record) !== undefined) return undefined
    const span = time.of(record.at)
    return at >= span.earliest - RECORDED_WITHIN_MS && at <= span.latest + ISSUE_SLACK_MS ? Math.abs(span.latest - at) : undefined
  })
  return left
}

function mayBe(record: RecordedToken, {entry}: Dated): boolean {
  return record.client_id === entry.client_id && (record.jti === undefined || entry.access_token_jti === undefined)
}
