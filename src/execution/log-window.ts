import type {CaptureWindow} from './log-capture.ts'
import {savedRanges} from './saved-log.ts'
import type {SavedLogSource} from './saved-log.ts'

/** What the records of an incident say about the window that its saved log covers. */
interface Recorded {
  /** NumericDate, absent for everything: what was wanted last. */
  readonly wanted?: {readonly since?: number}
  /** What was wanted when the oldest of the saved runs was read. */
  readonly read?: {readonly since?: number}
}

/**
 * The window that a capture reads: nothing that is saved is asked for again. A window only grows, so what was wanted once
 * is wanted still.
 *
 * @param since NumericDate; undefined for as far back as the tenant keeps its log
 */
export function captureWindow(
  trail: Pick<SavedLogSource, 'records'> | undefined,
  incident: string | undefined,
  since: number | undefined,
  thorough: boolean,
): CaptureWindow {
  if (!trail || incident === undefined) return {...milliseconds(since), saved: [], goes_on: false, thorough}
  const saved = savedRanges(trail, incident)
  const {read} = recordedOf(trail, incident)
  const from = windowSince(trail, incident, since)
  const whole = saved.every((run, index) => index === 0 || run.from <= (saved[index - 1]?.last ?? ''))
  return {...milliseconds(from), saved, goes_on: whole && read !== undefined && (read.since ?? 0) <= (from ?? 0), thorough}
}

/** NumericDate; undefined for everything. */
export function windowSince(
  trail: Pick<SavedLogSource, 'records'>,
  incident: string,
  since: number | undefined,
): number | undefined {
  const {wanted} = recordedOf(trail, incident)
  if (!wanted) return since
  if (wanted.since === undefined || since === undefined) return wanted.since
  return Math.min(wanted.since, since)
}

function recordedOf(trail: Pick<SavedLogSource, 'records'>, incident: string): Recorded {
  let wanted: {since?: number} | undefined
  let read: {since?: number} | undefined
  let oldest: string | undefined
  for (const record of trail.records({inc: incident})) {
    if (record.kind !== 'observe') continue
    const {action, first_at, target} = record
    if (action === 'tenant_log.window') {
      const at = typeof first_at === 'string' ? Date.parse(first_at) / 1000 : undefined
      wanted = at === undefined ? {} : {since: at}
    }
    if (action !== 'tenant_log.save' || typeof target !== 'string' || !target.startsWith('tenant_log:')) continue
    if (oldest !== undefined && target >= oldest) continue
    oldest = target
    read = wanted
  }
  return {...(wanted ? {wanted} : {}), ...(read ? {read} : {})}
}

function milliseconds(since: number | undefined): {since?: number} {
  return since === undefined ? {} : {since: since * 1000}
}
