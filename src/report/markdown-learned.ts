import {cell, code, tableLines} from './markdown-text.ts'
import type {Report} from './report.ts'
import {isNotKnown} from './report.ts'

export function paths({paths: found}: Report): string[] {
  if (found === undefined) return []
  if (isNotKnown(found)) return ['## Every path to a token', '', `${found.not_known}.`]
  const rows = (when: string, list: typeof found.before) =>
    list.map((one) => [
      when,
      one.open ? 'open' : 'closed',
      cell(one.audience, 200),
      cell(`${one.subject}, ${one.via}`),
      cell(one.why, 300),
    ])
  return [
    '## Every path to a token',
    '',
    ...tableLines(['when', 'state', 'API', 'path', 'why'], [...rows('before', found.before), ...rows('after', found.after)]),
  ]
}

export function consumers({consumers: found}: Report): string[] {
  if (found === undefined) return []
  if (isNotKnown(found)) return ['## Who uses it, and who moved', '', `${found.not_known}.`]
  return [
    '## Who uses it, and who moved',
    '',
    ...tableLines(
      ['standing', 'from', 'agent', 'tokens', 'last', 'needs its next'],
      found.items.map((one) => [
        cell(one.standing, 20),
        cell(one.ip ?? 'no address', 60),
        cell(one.user_agent ?? 'none', 120),
        String(one.issuances),
        one.last_at,
        one.next_needed_at ?? 'not known',
      ]),
    ),
  ]
}

export function hunted({hunt}: Report): string[] {
  if (hunt === undefined) return []
  if (isNotKnown(hunt)) return ['## What was done with it', '', `${hunt.not_known}.`]
  return [
    '## What was done with it',
    '',
    `${hunt.entries} log entries were searched (record ${hunt.record}).`,
    '',
    ...tableLines(
      ['verdict', 'what', 'at', 'hunt', 'log entries', 'what removes it'],
      hunt.findings.map((one) => [
        cell(one.verdict, 20),
        cell(one.what, 300),
        one.at,
        cell(one.hunt, 20),
        one.log_ids
          .slice(0, 3)
          .map((id) => cell(id, 80))
          .join(' '),
        cell(one.remove ?? 'nothing to remove', 200),
      ]),
    ),
    ...hunt.not_seen.map((one) => `\nNot seen: ${code(one.what)}: ${code(one.why, 400)}`),
  ]
}

export function watched({watch}: Report): string[] {
  if (watch === undefined) return []
  if (isNotKnown(watch)) return ['## What was seen since', '', `${watch.not_known}.`]
  return [
    '## What was seen since',
    '',
    ...tableLines(
      ['record', 'at', 'what', 'finding'],
      watch.items.map((one) => [String(one.record), one.at, cell(one.verdict, 40), cell(one.finding, 400)]),
    ),
  ]
}

export function people({people: found}: Report): string[] {
  if (!found) return []
  const rows = [
    ...found.responders.map((one) => ['session', one, `${cell(one.actor)}, claimed by ${cell(one.claimed_by)}`] as const),
    ...found.credentials.map(
      (one) => ['credential', one, `client ${cell(one.client_id)}, subject ${cell(one.subject)}`] as const,
    ),
    ...found.decisions.map(
      (one) => ['decision', one, `${cell(one.question)}: ${cell(one.answer)} by ${cell(one.actor)}`] as const,
    ),
    ...found.approvals.map((one) => ['approval', one, `${cell(one.by)} via ${cell(one.via)}`] as const),
    ...found.notes.map((one) => ['note', one, `${cell(one.text, 1000)} by ${cell(one.actor)}`] as const),
  ]
  return [
    '## Who',
    '',
    ...tableLines(
      ['what', 'record', 'at', 'who'],
      rows.map(([what, {record, at}, who]) => [what, String(record), at, who]),
    ),
    ...(found.approvals.length === 0 ? ['', 'Nobody else approved: no approval is on record.'] : []),
  ]
}
