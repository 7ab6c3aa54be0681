import {humanDuration, parseRfc3339} from '../clock.ts'

/** An instant for people: how far away it is, in UTC and in the reader's zone. `zone` is an IANA name; `now` is NumericDate. */
export function instantLine(instant: string, now: number, zone: string): string {
  const at = parseRfc3339(instant)
  if (at === undefined) return instant
  return `${awayFrom(at, now)}: ${bothTimes(at, zone)}`
}

/** `in 1 d 0 h` or `5 m 00 s ago`. */
export function awayFrom(numericDate: number, now: number): string {
  return numericDate > now ? `in ${humanDuration(numericDate - now)}` : `${humanDuration(now - numericDate)} ago`
}

/** `2026-11-22 03:00:00 UTC (04:00:00 Europe/Berlin)`; the day there only where it is another one. */
export function bothTimes(numericDate: number, zone: string): string {
  const here = utc(numericDate)
  if (zone === 'UTC' || zone === 'Etc/UTC') return `${here} UTC`
  const there = localTime(numericDate, zone)
  return `${here} UTC (${there.slice(0, 10) === here.slice(0, 10) ? there.slice(11) : there} ${zone})`
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
