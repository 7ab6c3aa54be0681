import {humanDuration, parseRfc3339} from '../clock.ts'
import {adoptionOf} from '../incident/consumers.ts'
import type {Consumer} from '../incident/consumers.ts'
import type {Exposure} from '../incident/exposure.ts'
import {printable} from '../untrusted.ts'
import {awayFrom, bothTimes} from './times.ts'

/** An exposure for people: the instant first, then each API, then what is not known. `zone` is an IANA name. */
export function exposureLines(exposure: Exposure, zone: string): string[] {
  const now = parseRfc3339(exposure.computed_at) ?? 0
  const {all_clear: clear} = exposure
  const until = parseRfc3339(clear.worst_case_at) ?? now
  const lines = [
    clear.state === 'clear'
      ? `All clear:  since ${clear.worst_case_at}`
      : `All clear:  not before ${bothTimes(until, zone)}, ${awayFrom(until, now)}`,
    `            ${printable(clear.basis, 400)}`,
  ]
  lines.push(
    `  exact:      ${clear.exact_at === undefined ? 'not known: the leaked token is not at hand' : `${clear.exact_at}, the exp of the leaked token itself`}`,
    `  observed:   ${observedWords(exposure)}`,
    `  worst case: ${clear.worst_case_at}, any token that may have been issued`,
  )
  if (clear.ruled_at !== undefined) lines.push(`              ${clear.ruled_at} if no lifetime was larger before the log begins`)
  if (exposure.audiences.length === 0) lines.push('No API that this client gets tokens for.')
  for (const one of exposure.audiences) {
    const lifetime = `${humanDuration(one.token_lifetime_seconds)}${one.lifetime_source === 'assumed_max' ? ', assumed' : ''}`
    lines.push(`${printable(one.name, 80)}  (${printable(one.audience, 120)})`)
    lines.push(
      `  until ${one.worst_case_until}; tokens live ${lifetime}; ${one.contained_at === undefined ? 'not contained' : `contained at ${one.contained_at}`}`,
    )
    if (one.tokens.length > 0) {
      const homes = [...new Set(one.tokens.flatMap((token) => (token.ip === undefined ? [] : [printable(token.ip, 45)])))]
      const from =
        homes.length === 0
          ? ''
          : ` from ${homes.slice(0, 4).join(', ')}${homes.length > 4 ? ` and ${homes.length - 4} more` : ''}`
      const living = one.tokens.filter((token) => (parseRfc3339(token.expires_at) ?? 0) > now).length
      const more = one.tokens_not_listed ?? 0
      lines.push(
        `  ${one.tokens.length + more} token(s) by client credentials in the log${from}, ${living}${living === one.tokens.length && more > 0 ? ' or more' : ''} of them alive${one.observed_until === undefined ? '' : `, the last lives until ${one.observed_until}`}`,
      )
    }
    if (one.older_until !== undefined)
      lines.push(`  tokens from before the log begins may have got a larger lifetime: counted until ${one.older_until}`)
    for (const change of one.lifetime_changes ?? [])
      lines.push(
        `  lifetime changed at ${change.at}${change.seconds === undefined ? '' : ` to ${humanDuration(change.seconds)}`} (log ${printable(change.log_id, 80)})`,
      )
    if (one.probe_tokens !== undefined) lines.push(`  ${one.probe_tokens} token(s) that our own probes got are counted`)
  }
  lines.push(...consumerLines(exposure.consumers ?? [], now))
  if (exposure.evidence_gaps.length > 0) {
    lines.push(
      'Not known:',
      ...exposure.evidence_gaps.map((gap) => `  - ${printable(gap.what, 160)}: ${printable(gap.why, 400)}`),
    )
  }
  return lines
}

function observedWords({all_clear: clear}: Exposure): string {
  if (clear.observed_at === undefined) return 'no token by client credentials in the tenant log that was read'
  const speaks =
    clear.observed_complete === true ? 'the log speaks for the whole exposure' : 'the log does not speak for the whole exposure'
  return `${clear.observed_at}, the last token by client credentials in the tenant log; ${speaks}`
}

/** Who uses the client: the adoption meter, then one line each, the most urgent first. `now` is a NumericDate. */
export function consumerLines(consumers: readonly Consumer[], now: number): string[] {
  if (consumers.length === 0) return []
  const {moved, failing, waiting, silent} = adoptionOf(consumers)
  const shown = consumers.slice(0, 8).map((one) => {
    const due = one.next_needed_at === undefined ? undefined : (parseRfc3339(one.next_needed_at) ?? now) - now
    const next = due === undefined ? '' : due <= 0 ? ', next token due' : `, next token in ${humanDuration(due)}`
    const rhythm = one.rhythm_seconds === undefined ? '' : `, every ${humanDuration(one.rhythm_seconds)}`
    return `  ${one.standing}: ${printable(one.ip ?? 'no address', 45)} ${printable(one.user_agent ?? 'no agent', 60)}, ${one.issuances} token(s), last heard of ${one.last_at}${rhythm}${next}`
  })
  return [
    `Who uses it: ${moved} moved to the new secret, ${failing} failing, ${waiting} waiting, ${silent} silent`,
    ...shown,
    ...(consumers.length > 8 ? [`  and ${consumers.length - 8} more, in --json`] : []),
  ]
}
