import {VERDICTS} from '../incident/hunt/findings.ts'
import {unknown} from './answered.ts'
import {code} from './markdown-text.ts'
import type {Learned} from './report-learned.ts'

/*
 * What a hunt adds to the answers to an auditor. Its text is foreign, so it is code everywhere.
 */

/** Lines of a hunt that stand in an answer; all of them are in its evidence. */
const MOST_FINDINGS = 30

/** What was judged to be whose; the worst first, as the hunt has them. */
export function whose(hunt: Learned['hunt']): string[] {
  if ('not_known' in hunt)
    return [
      `Which of these calls were the holder's and which the owner's is ${unknown('the tenant log names the client and the address, not who ran it, and no hunt is on record (`stanch hunt`)')}.`,
    ]
  const counts = VERDICTS.map((verdict) => `${hunt.findings.filter((one) => one.verdict === verdict).length} ${verdict}`)
  const bad = hunt.findings.filter(({verdict}) => verdict === 'hostile' || verdict === 'suspect')
  const lines = bad.slice(0, MOST_FINDINGS).map(({verdict, hunt: by, at, ip, what, log_ids: ids}) => {
    const entries = ids.length === 0 ? '' : `; ${ids.length} log entry(s), the first ${code(ids[0]!, 120)}`
    return `- ${verdict}, ${code(by, 10)}, ${code(at, 40)}${ip === undefined ? '' : ` from ${code(ip, 90)}`}: ${code(what, 300)}${entries}`
  })
  if (bad.length > lines.length) lines.push(`- and ${bad.length - lines.length} more in the evidence of record ${hunt.record}`)
  return [
    `The newest hunt (record ${hunt.record}) went through ${hunt.entries} entries of the tenant's log. What it found, by verdict: ${counts.join(', ')}.`,
    ...(lines.length === 0 ? [] : [lines.join('\n')]),
    `Of what is suspect or unknown, which was the holder's is ${unknown('the tenant log names the client, the address and the tool, not who ran it')}.`,
  ]
}

/** What it could not see. */
export function unseen(hunt: Learned['hunt']): string[] {
  if ('not_known' in hunt || hunt.not_seen.length === 0) return []
  const lines = hunt.not_seen.map(({what, why}) => `- ${code(what, 300)}: ${code(why, 600)}`)
  return [`Not seen by the newest hunt (record ${hunt.record}):\n\n${lines.join('\n')}`]
}

/** What the holder may have made for himself, as the newest hunt lists it. */
export function leavings(hunt: Learned['hunt']): string[] {
  if ('not_known' in hunt)
    return [`Whether the holder made other credentials for himself is ${unknown('no hunt is on record (`stanch hunt`)')}.`]
  if (hunt.inventory.length === 0)
    return [`The newest hunt (record ${hunt.record}) found nothing that the holder made for himself and that is to be removed.`]
  const lines = hunt.inventory
    .slice(0, MOST_FINDINGS)
    .map(({what, hunt: by, remove}) => `- ${code(by, 10)}: ${code(what, 300)}; removed by: ${code(remove, 300)}`)
  if (hunt.inventory.length > lines.length) lines.push(`- and ${hunt.inventory.length - lines.length} more in its evidence`)
  return [`The newest hunt (record ${hunt.record}) lists what the holder may have made for himself:\n\n${lines.join('\n')}`]
}
