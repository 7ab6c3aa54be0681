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

/** Most findings, items and gaps that are shown. */
export interface HuntRoom {
  readonly findings: number
  readonly items: number
  readonly gaps: number
}

/** What 24 rows hold, where each act takes two. */
export const HUNT_SCREEN: HuntRoom = {findings: 4, items: 4, gaps: 1}

const ALL: HuntRoom = {findings: 100, items: 100, gaps: 100}

/** The parts of a hunt in words. */
export interface HuntParts {
  /** One line each; the end of one that is too long may be left out. */
  readonly rows: readonly string[]
  /** Sentences and commands, which are read whole. */
  readonly acts: readonly string[]
}

/**
 * A command at the end of a sentence; it stands in a line of its own, to be copied. What comes before it has no quoted id: such
 * a one was chosen by somebody else and may look like anything.
 */
const COMMAND = /^([^']+): (stanch [^()]+)$/

/** What a hunt found, the worst first; the whole is the JSON document. */
export function huntParts(result: HuntResult, about: HuntAbout, room: HuntRoom = ALL): HuntParts {
  const {findings, inventory, suspects, not_seen, covers} = result
  const counts = VERDICTS.map((verdict) => `${findings.filter((one) => one.verdict === verdict).length} ${WORDS[verdict]}`)
  const bad = findings.filter(({verdict}) => verdict === 'hostile' || verdict === 'suspect')
  const shown = bad.length > 0 ? bad : findings.filter(({verdict}) => verdict === 'unknown')
  const rows = [
    `Hunt: ${counts.join(', ')} (${about.simulated ? 'SIMULATED' : 'REAL'} tenant ${printable(about.tenant, 60)})`,
    covers
      ? `Log: ${result.entries} entries, ${clock(covers.from)} to ${clock(covers.to)} UTC, gone through ${result.rounds} time(s)`
      : 'Log: no entry at hand',
    `Clients: ${listed(
      result.clients.map(({client_id, how}) => `${client_id} (${how.replaceAll('_', ' ')})`),
      2,
    )}`,
    `Suspect: ${suspects.ips.length + suspects.fingerprints.length === 0 ? 'no address or tool' : listed([...suspects.ips, ...suspects.fingerprints], 4)}`,
    ...(shown.length === 0 ? ['Nothing suspicious is in the log at hand.'] : shown.slice(0, room.findings).map(findingLine)),
    ...more(shown.length - room.findings, 'more'),
  ]
  const acts = [
    inventory.length === 0 ? 'To remove: nothing that is known' : `To remove (${inventory.length}):`,
    ...inventory.slice(0, room.items).flatMap(({remove}) => actLines(printable(remove, 400))),
    ...more(inventory.length - room.items, 'more'),
    ...not_seen.slice(0, room.gaps).map(({what, why}) => `Not seen: ${printable(what, 100)} (${printable(why, 300)})`),
    ...more(not_seen.length - room.gaps, 'more that cannot be seen'),
  ]
  return {rows, acts}
}

/** All of it in lines, where there is no screen to fit. */
export function huntLines(result: HuntResult, about: HuntAbout): string[] {
  const {rows, acts} = huntParts(result, about)
  return [...rows, ...acts]
}

function actLines(text: string): string[] {
  const [, what, command] = COMMAND.exec(text) ?? []
  return what === undefined || command === undefined ? [`- ${text}`] : [`- ${what}:`, `  ${command}`]
}

function more(count: number, what: string): string[] {
  return count > 0 ? [`... and ${count} ${what}: --json`] : []
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
