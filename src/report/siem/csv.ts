import {printable, safeJson} from '../../untrusted.ts'
import {actionOf, numberOf, partOf, resultOf, targetOf, tenantOf, textOf, type TrailEvent} from './event.ts'

const COLUMNS = [
  'origin',
  'seq',
  'leaf',
  'mode',
  'time',
  'kind',
  'incident',
  'iseq',
  'actor',
  'tenant',
  'target',
  'operation',
  'action',
  'result',
  'status',
  'method',
  'path',
  'correlation_id',
  'server_date',
  'record',
] as const

/** The titles; first line of every file. */
export const CSV_HEAD = `${COLUMNS.map((title) => `"${title}"`).join(',')}\r\n`

/** One record as a line of RFC 4180. The last cell is the whole record as JSON. */
export function csvLine(event: TrailEvent): string {
  const {record, around} = event
  const request = partOf(around.intent ?? record, 'req')
  const answer = partOf(record, 'res')
  const cells: Record<(typeof COLUMNS)[number], string | number | undefined> = {
    origin: event.origin,
    seq: record.seq,
    leaf: event.leaf,
    mode: event.mode,
    time: record.time,
    kind: record.kind,
    incident: textOf(record, 'inc'),
    iseq: numberOf(record, 'iseq'),
    actor: textOf(record, 'actor'),
    tenant: tenantOf(event),
    target: targetOf(event),
    operation: textOf(record, 'op'),
    action: actionOf(event),
    result: resultOf(event),
    status: numberOf(answer, 'status'),
    method: textOf(request, 'method'),
    path: textOf(request, 'path'),
    correlation_id: textOf(record, 'corr'),
    server_date: textOf(answer, 'date'),
    record: safeJson(record),
  }
  return `${COLUMNS.map((column) => csvCell(cells[column])).join(',')}\r\n`
}

/** What no spreadsheet shows before a cell's first sign: blanks of every script, controls, format characters. */
const BLANKS = /^[\s\p{Z}\p{C}]+/u

/**
 * Would a spreadsheet take it for a formula? One of = + - @, in whatever width, is the first character that is not blank;
 * tab, line ends and NUL are dangerous as first characters themselves (OWASP, CSV injection).
 */
function looksLikeFormula(text: string): boolean {
  if (/^[\t\r\n\0]/.test(text)) return true
  const [first = ''] = text.replace(BLANKS, '')
  return /^[=+\-@\u2212]/.test(first.normalize('NFKC'))
}

/**
 * One cell: always in quotes, quotes doubled, control characters and others that a terminal would obey as `\u` escapes,
 * and a quote mark before anything that begins like a formula. Never more than one line.
 */
export function csvCell(value: string | number | undefined): string {
  if (value === undefined) return '""'
  if (typeof value === 'number') return `"${value}"`
  const text = printable(value, Infinity)
  return `"${looksLikeFormula(value) || looksLikeFormula(text) ? "'" : ''}${text.replaceAll('"', '""')}"`
}
