import {StanchError} from './errors.ts'

/**
 * Time as a port: nothing outside this file and the composition root reads the machine's clock or waits.
 * Against a simulated tenant `sleep` advances the tenant's clock instead of the wall's.
 */
export interface Clock {
  /** Wall clock, milliseconds since 1970-01-01T00:00:00Z. */
  now(): number
  /** Monotonic clock, milliseconds from an arbitrary start. Differences only. */
  monotonic(): number
  /** Waits `seconds`; rejects with `interrupted` as soon as `signal` fires. */
  sleep(seconds: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (seconds, signal) =>
    new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        reject(new StanchError('interrupted', 'Interrupted while waiting.'))
      }
      if (signal?.aborted) return reject(new StanchError('interrupted', 'Interrupted while waiting.'))
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }, seconds * 1000)
      signal?.addEventListener('abort', stop, {once: true})
    }),
}

/** Seconds since the epoch (RFC 7519 NumericDate, whole seconds) as RFC 3339 UTC: `2026-11-22T03:00:00Z`. */
export function rfc3339(numericDate: number): string {
  return new Date(Math.floor(numericDate) * 1000).toISOString().replace('.000Z', 'Z')
}

/** Milliseconds since the epoch as RFC 3339 UTC with milliseconds, 24 characters. */
export function rfc3339Millis(ms: number): string {
  return new Date(ms).toISOString()
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/

/** An RFC 3339 instant with its zone as NumericDate (whole seconds, rounded down). Undefined when it is not one. */
export function parseRfc3339(text: string): number | undefined {
  if (text.length > 64 || !RFC3339.test(text)) return undefined
  const ms = Date.parse(text)
  if (!Number.isFinite(ms)) return undefined
  // Date.parse rolls 30 February over to March: refuse what does not come back.
  const day = Number(text.slice(8, 10))
  const zone = /[+-]\d{2}:\d{2}$/.exec(text)?.[0]
  const offset = zone ? (zone[0] === '-' ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))) : 0
  if (new Date(ms + offset * 60_000).getUTCDate() !== day) return undefined
  return Math.floor(ms / 1000)
}

/** `23 h 41 m`, `4 m 05 s`, `12 s`: at most two units, for people. `seconds` below zero counts as 0. */
export function humanDuration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  const d = Math.floor(s / 86_400)
  const h = Math.floor((s % 86_400) / 3600)
  const m = Math.floor((s % 3600) / 60)
  if (d > 0) return `${d} d ${h} h`
  if (h > 0) return `${h} h ${String(m).padStart(2, '0')} m`
  if (m > 0) return `${m} m ${String(s % 60).padStart(2, '0')} s`
  return `${s} s`
}

/** `40s`, `5m`, `24h`, `30d` or bare seconds, as whole seconds. Undefined when it is none of these or above 90 days. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,7})(s|m|h|d)?$/.exec(text.trim())
  if (!match) return undefined
  const unit = {s: 1, m: 60, h: 3600, d: 86_400}[match[2] ?? 's'] ?? 1
  const seconds = Number(match[1]) * unit
  return seconds <= 90 * 86_400 ? seconds : undefined
}
