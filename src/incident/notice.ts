import {withoutSecretShapes} from '../secret.ts'
import {printable, safeJson} from '../untrusted.ts'
import type {IncidentResult} from './result.ts'
import type {RecordedEvent} from './watch/view.ts'

export const NOTICE_EVENTS = ['incident.opened', 'contained', 'partial', 'in_doubt', 'tripwire', 'all_clear'] as const

/**
 * What a chat or a pager is told, redacted: no secret, nobody's address or browser, no name that somebody chose in the
 * tenant but where it is quoted as data. Instants are RFC 3339 UTC.
 */
export interface Notice {
  readonly v: 1
  readonly event: (typeof NOTICE_EVENTS)[number]
  readonly at: string
  readonly incident_id: string
  readonly simulated: boolean
  readonly tenant: string
  readonly client_id: string
  readonly leak: string
  /** One sentence for people. */
  readonly text: string
  readonly ticket?: string
  readonly all_clear_at?: string
  /** What to do next, most urgent. */
  readonly next?: string
  /** What the watch saw. */
  readonly seen?: {
    readonly verdict: string
    readonly alarm: boolean
    readonly count: number
    /** Number of the record of the trail that has the rest: who, from where, which log entries. */
    readonly record: number
    readonly fingerprint?: string
  }
}

/** What every notice of one incident has. */
export type NoticeAbout = Pick<Notice, 'incident_id' | 'simulated' | 'tenant' | 'client_id' | 'leak' | 'ticket'>

type Named = Pick<Notice, 'event' | 'at'>

function notice(about: NoticeAbout, named: Named, text: string, more: Partial<Notice> = {}): Notice {
  const {ticket, ...rest} = about
  return {v: 1, ...named, ...rest, text, ...(ticket === undefined ? {} : {ticket}), ...more}
}

export function openedNotice(about: NoticeAbout, at: string): Notice {
  return notice(
    about,
    {event: 'incident.opened', at},
    `${mark(about)}Incident ${about.incident_id} was opened: ${about.leak} of client ${about.client_id}.`,
  )
}

/** What the work ended in, where somebody waits for it: contained, in part, or in doubt. */
export function resultNotice(
  about: NoticeAbout,
  result: Pick<IncidentResult, 'status' | 'exposure' | 'next'>,
  at: string,
): Notice | undefined {
  const clear = {all_clear_at: result.exposure.all_clear.worst_case_at}
  const next = result.next[0] === undefined ? {} : {next: result.next[0]}
  if (result.status === 'contained') {
    const text = `${mark(about)}Incident ${about.incident_id} is contained: new tokens are refused, issued ones live until ${clear.all_clear_at}.`
    return notice(about, {event: 'contained', at}, text, {...clear, ...next})
  }
  if (result.status === 'partial') {
    const text = `${mark(about)}Incident ${about.incident_id} is contained only in part: something is not proven or still open.`
    return notice(about, {event: 'partial', at}, text, next)
  }
  if (result.status !== 'in_doubt') return undefined
  return notice(
    about,
    {event: 'in_doubt', at},
    `${mark(about)}Incident ${about.incident_id}: nobody knows what a change did. Settle it: stanch resume ${about.incident_id}`,
    next,
  )
}

/** What the watch saw: each thing once, a source when it is new, every alarm. Adoption is no news for a pager. */
export function watchNotice(about: NoticeAbout, event: RecordedEvent, at: string): Notice | undefined {
  if (event.verdict === 'clear') {
    const text = `${mark(about)}Incident ${about.incident_id}: all clear since ${event.last_at}.`
    return notice(about, {event: 'all_clear', at}, text, {
      all_clear_at: event.last_at,
      next: `stanch incident close ${about.incident_id}`,
    })
  }
  if (event.verdict === 'adoption' || (event.again && !event.alarm)) return undefined
  return notice(
    about,
    {event: 'tripwire', at},
    `${mark(about)}Incident ${about.incident_id}: ${event.alarm ? 'ALARM: ' : ''}${withoutPlace(event)}.`,
    {
      seen: {
        verdict: event.verdict,
        alarm: event.alarm,
        count: event.count,
        record: event.seq,
        ...(event.fingerprint === undefined ? {} : {fingerprint: event.fingerprint}),
      },
    },
  )
}

/** A chat is read by many and kept by others: where somebody was, and with which browser, stays in the record. */
function withoutPlace({finding, ip, user_agent}: RecordedEvent): string {
  const agent = user_agent === undefined ? finding : finding.replaceAll(`, ${printable(user_agent, 60)}`, '')
  return ip === undefined ? agent : agent.replaceAll(`, from ${printable(ip, 45)}`, '').replaceAll(printable(ip, 45), '[ip]')
}

/** A notice as it is sent: one line of JSON, each of its texts without anything shaped like a secret. */
export function noticeText(made: Notice): string {
  return safeJson(
    JSON.parse(JSON.stringify(made), (_, value: unknown) => (typeof value === 'string' ? withoutSecretShapes(value) : value)),
  )
}

function mark({simulated}: NoticeAbout): string {
  return simulated ? 'SIMULATED: ' : ''
}
