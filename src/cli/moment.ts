import {parseDuration, parseRfc3339} from '../clock.ts'

/**
 * An instant as a person says it: `now`, `unknown`, `2h ago`, `2h`, an RFC 3339 instant, or `HH:MM` (UTC, the last one
 * before `now`). NumericDate, or undefined when it is none of these.
 */
export function parseMoment(text: string, now: number): number | 'unknown' | undefined {
  const said = text.trim().toLowerCase()
  if (said === 'unknown' || said === '?' || said === '') return said === '' ? undefined : 'unknown'
  if (said === 'now') return now
  const ago = parseDuration(said.replace(/\s*ago$/, '').replace(/\s+/g, ''))
  if (ago !== undefined && !/^\d+$/.test(said)) return now - ago
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?:\s*(?:z|utc))?$/.exec(said)
  if (clock) {
    const midnight = now - (now % 86_400)
    const at = midnight + Number(clock[1]) * 3600 + Number(clock[2]) * 60
    return at <= now ? at : at - 86_400
  }
  return parseRfc3339(text.trim())
}
