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

/**
 * What a spreadsheet would take for a formula: one of these signs, or its full-width form, as the first character that
 * is not blank. Tab and line ends are blanks here, and dangerous as first characters themselves.
 */
const FORMULA = /^[\s\p{Z}\p{C}]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]|^[\t\r\n\0]/u

/**
 * One cell: always in quotes, quotes doubled, control characters and others that a terminal would obey as `\u` escapes,
 * and a quote mark before anything that begins like a formula (OWASP, CSV injection). Never more than one line.
 */
export function csvCell(value: string | number | undefined): string {
  if (value === undefined) return '""'
  if (typeof value === 'number') return `"${value}"`
  const text = printable(value, Infinity)
  return `"${FORMULA.test(value) || FORMULA.test(text) ? "'" : ''}${text.replaceAll('"', '""')}"`
}
