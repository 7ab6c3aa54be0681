import {VERDICTS} from '../incident/hunt/findings.ts'
import type {Finding, HuntResult, Verdict} from '../incident/hunt/findings.ts'
import {printable} from '../untrusted.ts'

export interface HuntAbout {
  readonly tenant: string
  readonly simulated: boolean
  readonly incident_id?: string
}

const WORDS: Readonly<Record<Verdict, string>> = {
  hostile: 'HOSTILE',
  suspect: 'SUSPECT',
  unknown: 'unknown',
  expected: 'expected',
  ours: 'ours',
}

/** Most findings, and most items, on one screen of 24 rows. */
const SHOWN = 6

/** What a hunt found, for one screen of 80x24: the worst first, one line each; the whole is the JSON document. */
export function huntLines(result: HuntResult, about: HuntAbout): string[] {
  const {findings, inventory, suspects, not_seen, covers} = result
  const counts = VERDICTS.map((verdict) => `${findings.filter((one) => one.verdict === verdict).length} ${WORDS[verdict]}`)
  const bad = findings.filter(({verdict}) => verdict === 'hostile' || verdict === 'suspect')
  const shown = bad.length > 0 ? bad : findings.filter(({verdict}) => verdict === 'unknown')
  return [
    `Hunt: ${counts.join(', ')} (${about.simulated ? 'SIMULATED' : 'REAL'} tenant ${printable(about.tenant, 60)})`,
    covers
      ? `Log: ${result.entries} entries, ${clock(covers.from)} to ${clock(covers.to)} UTC, gone through ${result.rounds} time(s)`
      : 'Log: no entry at hand',
    `Clients: ${listed(
      result.clients.map(({client_id, how}) => `${client_id} (${how.replaceAll('_', ' ')})`),
      2,
    )}`,
    `Suspect: ${suspects.ips.length + suspects.fingerprints.length === 0 ? 'no address or tool' : listed([...suspects.ips, ...suspects.fingerprints], 4)}`,
    ...(shown.length === 0 ? ['Nothing suspicious is in the log at hand.'] : shown.slice(0, SHOWN).map(findingLine)),
    ...(shown.length > SHOWN ? [`... and ${shown.length - SHOWN} more: --json`] : []),
    ...(inventory.length === 0
      ? ['To remove: nothing that is known']
      : [
          `To remove (${inventory.length}):`,
          ...inventory.slice(0, SHOWN).map((item) => `- ${printable(item.remove, 150)}`),
          ...(inventory.length > SHOWN ? [`... and ${inventory.length - SHOWN} more: --json`] : []),
        ]),
    ...not_seen.slice(0, 3).map(({what, why}) => `Not seen: ${printable(what, 100)} (${printable(why, 100)})`),
    ...(not_seen.length > 3 ? [`... and ${not_seen.length - 3} more that cannot be seen: --json`] : []),
  ]
}

function findingLine({hunt, verdict, what, at, ip, count}: Finding): string {
  return `${WORDS[verdict]} ${hunt} ${clock(at)} ${ip === undefined ? '' : `${printable(ip, 45)} `}${count > 1 ? `${count}x ` : ''}${printable(what, 160)}`
}

/** `22 Nov 03:04` would be nicer to read; a log is searched by this. */
function clock(at: string): string {
  return printable(at.slice(5, 16).replace('T', ' '))
}

function listed(all: readonly string[], most: number): string {
  const shown = all.slice(0, most).map((one) => printable(one, 60))
  return all.length > most ? `${shown.join(', ')} and ${all.length - most} more` : shown.join(', ')
}
