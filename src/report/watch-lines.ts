import {humanDuration, parseRfc3339} from '../clock.ts'
import type {RecordedEvent, WatchView} from '../incident/watch/view.ts'
import {printable, safeJson} from '../untrusted.ts'
import {bothTimes} from './times.ts'
import {cutToWidth, padTo, wrap} from './width.ts'

/** States as words: what is so must be clear without colour. */
export const WATCH_STATES: Readonly<Record<WatchView['state'], string>> = {
  clear: 'ALL CLEAR: nothing that was issued before lives any more',
  settling: 'The instant has passed; entries of the tenant log may still be late',
  waiting: 'CONTAINED: new tokens are refused, older ones still live',
  open: 'NOT PROVEN: the containment is not proven, so there is no all clear',
  alarm: 'ALARM: containment does not hold',
}

export interface WatchAbout {
  readonly tenant: string
  readonly simulated: boolean
  /** IANA name of the reader's zone. */
  readonly zone: string
}

/** Sources and events on one screen, each. */
const SHOWN = 5

/**
 * The screen of a watch: state, time left and next act first; at most `rows` lines of at most `columns` columns.
 *
 * @param events newest last
 * @param now tenant time, NumericDate: the time left counts on between two rounds
 */
export function watchScreen(
  view: WatchView,
  events: readonly RecordedEvent[],
  about: WatchAbout,
  size: {readonly rows: number; readonly columns: number},
  now: number,
): string[] {
  const lines = [
    `${about.simulated ? 'SIMULATED' : 'REAL'} tenant ${printable(about.tenant, 60)}  incident ${view.incident_id}`,
    WATCH_STATES[view.state],
    clearLine(view, about.zone, now),
    ...nextRows(printable(view.next, 300), size.columns),
    '',
    ...readLines(view, now),
    ...(view.blind ? [`NO ANSWER from the tenant since ${clockOf(view.blind.since)}: ${printable(view.blind.why, 120)}`] : []),
    '',
    ...sourceLines(view, size.columns),
    '',
    ...eventList(events),
    ...view.not_seen.map((gap) => `Not seen: ${printable(gap.what, 100)} (${printable(gap.why, 100)})`),
  ]
  const last = `Ctrl-C leaves; stanch watch ${view.incident_id} goes on from here.`
  return [...lines.slice(0, size.rows - 1), last].map((line) => cutToWidth(line, size.columns))
}

/** Two rows at most; a command has one of its own, so that it can be copied whole. */
function nextRows(next: string, columns: number): string[] {
  const [, why, command] = /^(.*): (stanch .*)$/.exec(next) ?? []
  if (why === undefined || command === undefined || command.length > columns - 6)
    return wrap(`Next: ${next}`, columns, 6).slice(0, 2)
  return [`Next: ${why}:`, `      ${command}`]
}

/** One plain line for a terminal that cannot move its cursor, or a log. */
export function watchLine(view: WatchView, zone: string): string {
  const at = parseRfc3339(view.at) ?? 0
  const blind = view.blind ? ` No answer from the tenant since ${view.blind.since}.` : ''
  return `${view.at} ${WATCH_STATES[view.state]}. ${clearLine(view, zone, at)}. Next: ${printable(view.next, 300)}.${blind}`
}

/** An event for people. */
export function watchEventLine(event: RecordedEvent): string {
  return `${event.last_at.slice(0, 19)}Z ${event.alarm ? 'ALARM ' : ''}${event.verdict}: ${printable(event.finding, 400)} (record ${event.seq})`
}

/** One document of the stream, on a line of its own. */
export function watchDocument(type: 'watching' | 'event' | 'state' | 'ended', members: object): string {
  return safeJson({type, ...members})
}

/** What a state document holds: the newest sources, without what only the watch itself needs. */
export function stateMembers(view: WatchView): object {
  const {sources, ...rest} = view
  return {
    ...rest,
    sources: newest(view)
      .slice(0, 20)
      .map(({verdict, what, alarm, ip, user_agent, fingerprint, audiences, count, first_at, last_at}) => ({
        verdict,
        what,
        alarm,
        ...(ip === undefined ? {} : {ip}),
        ...(user_agent === undefined ? {} : {user_agent}),
        ...(fingerprint === undefined ? {} : {fingerprint}),
        audiences,
        count,
        first_at: new Date(first_at).toISOString(),
        last_at: new Date(last_at).toISOString(),
      })),
    sources_in_all: sources.length,
  }
}

function clearLine(view: WatchView, zone: string, now: number): string {
  const at = view.all_clear_at === undefined ? undefined : parseRfc3339(view.all_clear_at)
  if (at === undefined) return 'All clear: not known before the containment is proven'
  return `All clear ${at <= now ? 'since' : `in ${humanDuration(at - now)}:`} ${bothTimes(at, zone)}`
}

function readLines(view: WatchView, now: number): string[] {
  const read = view.read_until === undefined ? undefined : parseRfc3339(view.read_until)
  const age = read === undefined ? 'not read yet' : `read ${humanDuration(now - read)} ago, ${view.entries} entries`
  const of = (verdict: 'tripwire' | 'adoption', old: boolean) =>
    view.sources.filter((one) => one.verdict === verdict && one.what.includes('old secret') === old)
  const used = view.sources.filter((one) => one.verdict === 'tripwire').reduce((sum, one) => sum + one.count, 0)
  return [
    `Tenant log: ${age}`,
    `Old secret used ${used}x; consumers: ${of('adoption', false).length} moved, ${of('adoption', true).length} still on the old one`,
  ]
}

function newest(view: WatchView): WatchView['sources'] {
  return view.sources.toSorted((a, b) => b.last_at - a.last_at)
}

function sourceLines(view: WatchView, columns: number): string[] {
  if (view.sources.length === 0) return ['Nobody asked for a token of this client since containment.']
  const rows = newest(view).slice(0, SHOWN)
  const more = view.sources.length - rows.length
  return [
    `Who asked for tokens since containment${more > 0 ? ` (the last ${rows.length} of ${view.sources.length})` : ''}:`,
    ...rows.map((one) => {
      const word = one.alarm
        ? 'ALARM'
        : one.verdict === 'adoption'
          ? one.what.includes('old secret')
            ? 'FAILS'
            : 'MOVED'
          : 'REFUSED'
      const who = `${printable(one.ip ?? 'unknown', 45)}  ${printable(one.user_agent ?? '', 80)}`
      return `  ${word.padEnd(8)}${padTo(`${one.count}x`, 7)}${padTo(cutToWidth(who, columns - 30), columns - 30)} ${clockOf(new Date(one.last_at).toISOString())}`
    }),
  ]
}

/** The same thing again stands once, as it was told last. */
function eventList(events: readonly RecordedEvent[]): string[] {
  if (events.length === 0) return []
  const unique = new Map<string, RecordedEvent>()
  for (const event of events) {
    const key = `${event.verdict} ${event.target} ${event.alarm}`
    unique.delete(key)
    unique.set(key, event)
  }
  const shown = [...unique.values()].slice(-SHOWN).toReversed()
  return [
    'Seen by this watch, newest first:',
    ...shown.map(
      (event) => `  ${clockOf(event.last_at)} ${event.alarm ? 'ALARM ' : ''}${event.verdict}: ${printable(event.finding, 200)}`,
    ),
  ]
}

function clockOf(instant: string): string {
  return `${instant.slice(11, 19)}Z`
}
