import {once} from 'node:events'

import {printable} from '../untrusted.ts'
import type {Exported, LineSink} from './export.ts'

/**
 * Ctrl-C and its relatives as an AbortSignal, for commands that only read: the first one ends the reading in good order,
 * and so does a reader of standard output who left.
 */
export function stopSignal(): {readonly signal: AbortSignal; release(): void} {
  const controller = new AbortController()
  const stop = () => controller.abort()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.once(name, stop)
  process.stdout.once('error', stop)
  return {
    signal: controller.signal,
    release: () => {
      for (const name of signals) process.off(name, stop)
      process.stdout.off('error', stop)
    },
  }
}

/** Standard output that is waited for, so that a slow reader costs no memory; a reader who left ends the writing. */
export function stdoutSink(): LineSink {
  const {stdout} = process
  return {
    write: async (text) => {
      if (stdout.destroyed || stdout.errored) return false
      if (stdout.write(text)) return true
      await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(() => {})
      return !stdout.destroyed && !stdout.errored
    },
  }
}

/** What an export was, in a few lines. */
export function exportSummary(exported: Exported): string[] {
  const {events, left_out, last, origin, file, sha256, custody, incident_id} = exported
  const kind = exported.simulated ? 'SIMULATED' : 'REAL'
  const what = incident_id === undefined ? `the ${kind} trail` : `incident ${incident_id} of the ${kind} trail`
  return [
    `${events} event(s) of ${what}${origin === undefined ? '' : ` ${printable(origin)}`} as ${exported.format}${exported.complete ? '' : ', not all that there are'}`,
    ...(last ? [`Last: record ${last.seq}, leaf hash ${last.leaf}`] : []),
    ...(left_out > 0 ? [`${left_out} record(s) have no place in this format; jsonl has them all`] : []),
    ...(file === undefined ? [] : [`Written to ${printable(file, 4000)}`, `SHA-256 ${sha256 ?? ''}`]),
    ...(custody ? [`Recorded in the trail: record ${custody.seq}, leaf hash ${custody.leaf}`] : []),
    ...(custody === undefined ? ['No export record was written: that is for a file (-o) of one incident (--incident)'] : []),
  ]
}
