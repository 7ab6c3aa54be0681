import {humanDuration, parseRfc3339} from '../clock.ts'

/** An instant for people: UTC, the reader's zone, and how far away it is. `zone` is an IANA name; `now` is NumericDate. */
export function instantLine(instant: string, now: number, zone: string): string {
  const at = parseRfc3339(instant)
  if (at === undefined) return instant
  const away = at > now ? `in ${humanDuration(at - now)}` : `${humanDuration(now - at)} ago`
  const local = zone === 'UTC' || zone === 'Etc/UTC' ? '' : ` (${localTime(at, zone)} ${zone})`
  return `${utc(at)} UTC${local}, ${away}`
}

/** `2026-11-22 03:00:00`, UTC. */
export function utc(numericDate: number): string {
  return new Date(numericDate * 1000).toISOString().slice(0, 19).replace('T', ' ')
}

/** `2026-11-22 04:00:00` in `zone`; the `sv-SE` form is ISO order with a blank. */
export function localTime(numericDate: number, zone: string): string {
  return new Intl.DateTimeFormat('sv-SE', {timeZone: zone, dateStyle: 'short', timeStyle: 'medium'}).format(
    new Date(numericDate * 1000),
  )
}
