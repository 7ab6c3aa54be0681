import {humanDuration, parseRfc3339} from '../clock.ts'
import type {Exposure} from '../incident/exposure.ts'
import {printable} from '../untrusted.ts'
import {instantLine} from './times.ts'

/** An exposure for people: the instant first, then each API, then what is not known. `zone` is an IANA name. */
export function exposureLines(exposure: Exposure, zone: string): string[] {
  const now = parseRfc3339(exposure.computed_at) ?? 0
  const {all_clear: clear} = exposure
  const lines = [
    clear.state === 'clear'
      ? `All clear:  since ${clear.worst_case_at}`
      : `All clear:  not before ${instantLine(clear.worst_case_at, now, zone)}`,
    `            ${printable(clear.basis, 400)}`,
  ]
  if (clear.observed_at !== undefined)
    lines.push(`            Tokens seen in the tenant log live until ${clear.observed_at} at the latest.`)
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
      lines.push(
        `  ${one.tokens.length} token(s) seen in the log${from}${one.observed_until === undefined ? '' : `, the last lives until ${one.observed_until}`}`,
      )
    }
  }
  if (exposure.evidence_gaps.length > 0) {
    lines.push(
      'Not known:',
      ...exposure.evidence_gaps.map((gap) => `  - ${printable(gap.what, 160)}: ${printable(gap.why, 400)}`),
    )
  }
  return lines
}
