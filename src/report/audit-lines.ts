import type {StoredRecord} from '../trail/format/record.ts'
import {printable} from '../untrusted.ts'
import {cutToWidth, padTo} from './width.ts'

type Members = Readonly<Record<string, unknown>>

/** Columns that one record's lines fill at most, where nobody says another number. */
const WIDTH = 79
const INDENT = '       '
/** Longest line of one record. */
const MOST = 4000

/** Columns of a reader who has no screen: lines are whole. */
export const WHOLE_LINES = MOST

/**
 * One record of the trail in one to three lines of at most `width` columns: number, time, simulated or real, kind and act;
 * incident and target; what was found, asked or answered. Pure; nothing in them that a terminal would obey, and wide
 * characters count as the two columns that they take.
 */
export function recordLines(record: StoredRecord, mode: 'real' | 'sim', width: number = WIDTH): string[] {
  const at = record.time.slice(0, 19).replace('T', ' ')
  const act = joined([record.kind, text(record, 'action')], '  ')
  const head = `${padTo(`#${record.seq}`, INDENT.length - 1)} ${at}Z  ${mode === 'sim' ? 'SIM ' : 'REAL'}  ${act}`
  const about = joined([text(record, 'inc'), text(record, 'target')], '  ')
  return [head, ...[about, details(record)].filter((line) => line !== '').map((line) => INDENT + line)].map((line) =>
    cutToWidth(printable(line, MOST), width),
  )
}

/** What a kind says beyond its target, in one line. */
function details(record: StoredRecord): string {
  const said = (...names: string[]) => names.map((name) => text(record, name)).filter(Boolean)
  const by = said('actor').map((actor) => `by ${actor}`)
  const req = part(record, 'req')
  const res = part(record, 'res')
  const code = text(part(record, 'error'), 'code')
  const status = text(res, 'status')
  switch (record.kind) {
    case 'incident.open':
    case 'incident.update':
      return joined([...said('title', 'leak'), ...labelled(record, 'ticket', 'leaked_at', 'aware_at'), ...by])
    case 'intent':
      return joined([`${text(req, 'method')} ${text(req, 'path')}`, ...labelled(record, 'try'), ...said('why')])
    case 'outcome':
      return joined([text(record, 'result'), status === '' ? '' : `status ${status}`, code, ...labelled(record, 'intent')])
    case 'settle':
      return joined([text(record, 'result'), ...labelled(record, 'by', 'intent')])
    case 'observe':
      return joined([...said('verdict'), ...said('finding')])
    case 'gap':
      return joined(said('what', 'why'))
    case 'decision':
      return joined([`${text(record, 'question')}: ${text(record, 'answer')}`, ...by])
    case 'note':
      return joined([...said('text'), ...by])
    case 'deliver':
      return joined(said('sink', 'result'))
    case 'plan':
      return `plan ${text(record, 'plan_sha256')}`
    case 'auth':
      return joined([...said('client_id'), `${listed(record, 'scopes')} scope(s)`, ...said('tenant')])
    case 'session.open':
      return joined([...said('tool', 'host', 'os_user'), ...by])
    case 'log.open':
      return joined(said('origin', 'reason'))
    case 'log.recovered':
      return joined(labelled(record, 'signed_size', 'tail_from', 'torn_bytes'))
    case 'key.epoch':
      return joined(labelled(record, 'epoch'))
    case 'incident.close':
      return joined([...said('disposition', 'cause', 'summary'), ...labelled(record, 'all_clear_at'), ...by])
    case 'approval':
      return joined([...said('by', 'via', 'plan_sha256')])
    case 'export':
      return joined([...said('form'), ...labelled(record, 'to', 'sha256')])
    case 'anchor':
    case 'peer.seen':
    case 'witness.cosigned':
      return joined([...said('type', 'origin'), ...labelled(record, 'size', 'root')])
    case 'reconcile':
      return joined([...labelled(record, 'matched', 'covered_to'), `${listed(record, 'findings')} finding(s)`])
    default:
      return joined(said('reason', 'summary', 'disposition', 'by', 'to'))
  }
}

function labelled(record: StoredRecord, ...names: string[]): string[] {
  return names.flatMap((name) => (text(record, name) === '' ? [] : [`${name} ${text(record, name)}`]))
}

function joined(parts: readonly string[], between = '; '): string {
  return parts.filter((part) => part !== '').join(between)
}

/** How many items a list has. */
function listed(record: StoredRecord, name: string): number {
  const value = record[name]
  return Array.isArray(value) ? value.length : 0
}

/** A member that is an object of its own; empty when it is none. */
function part(record: StoredRecord, name: string): Members {
  const value = record[name]
  return typeof value === 'object' && value !== null ? (value as Members) : {}
}

function text(members: Members, name: string): string {
  const value = members[name]
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}
