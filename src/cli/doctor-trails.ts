import {fileStat} from '../files/read.ts'
import {printable} from '../untrusted.ts'
import {logId} from '../trail/layout.ts'
import type {DataPaths} from '../config/paths.ts'
import type {Finding} from './doctor.ts'
import {octal} from './doctor-places.ts'

/** The real trail and the simulated one, each with its keys and its unfinished incidents. */
export async function examineTrails(paths: DataPaths): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const mode of ['real', 'sim'] as const) {
    const log = paths.trail(mode)
    const check = mode === 'real' ? 'trail' : 'trail-sim'
    if (!fileStat(log)) {
      findings.push({check, ok: 'ok', detail: 'none yet; it begins with the first incident'})
      continue
    }
    findings.push(...(await trail(paths, log, check)))
  }
  return findings
}

async function trail(paths: DataPaths, log: string, check: string): Promise<Finding[]> {
  const [{verifyFolder}, {readOrigin, readTrail}, {incidentsOf}, {isLive}] = await Promise.all([
    import('../trail/verify-folder.ts'),
    import('../trail/read-trail.ts'),
    import('../execution/record-mapping.ts'),
    import('../incident/replay.ts'),
  ])
  const verified = verifyFolder(log)
  if (!verified.ok) {
    const first = verified.findings[0]
    return [
      {
        check,
        ok: 'fail',
        exit: 5,
        detail: `does not verify${first ? `: ${printable(first.kind, 60)}` : ''}`,
        hint: `stanch audit verify ${printable(log, 200)}`,
      },
    ]
  }
  const findings: Finding[] = [
    verified.complete
      ? {check, ok: 'ok', detail: `verified, ${verified.records} records`}
      : {
          check,
          ok: 'warn',
          detail: `verified, ${verified.records} records, not complete`,
          hint: 'A change has no answer on record, or a process died while it wrote: stanch incident list, then stanch resume.',
        },
  ]
  const origin = readOrigin(log)
  const keys = origin === undefined ? undefined : fileStat(paths.keys(logId(origin)))
  if (!keys)
    findings.push({
      check: `${check}-keys`,
      ok: 'fail',
      detail: 'the keys of this trail are missing: nothing can be appended',
      hint: `Give them back from your copy to ${printable(paths.data, 200)}/keys.`,
    })
  else if (process.platform !== 'win32' && (keys.mode & 0o077) !== 0)
    findings.push({
      check: `${check}-keys`,
      ok: 'fail',
      detail: `the keys can be seen by others (mode ${octal(keys.mode)})`,
      hint: 'chmod 700 the folder, and think about who could have copied them.',
    })
  const live = incidentsOf(readTrail(log))
    .filter((one) => isLive(one))
    .map((one) => one.incident_id)
  if (live.length > 0)
    findings.push({
      check: `${check}-incidents`,
      ok: 'warn',
      detail: `unfinished: ${live.slice(0, 5).join(', ')}${live.length > 5 ? ` and ${live.length - 5} more` : ''}`,
      hint: `stanch resume ${live[0]}`,
    })
  return findings
}
