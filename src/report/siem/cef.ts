import {printable, safeJson} from '../../untrusted.ts'
import {
  actionOf,
  eventId,
  instantOf,
  messageOf,
  numberOf,
  partOf,
  resultOf,
  targetOf,
  tenantOf,
  textOf,
  type TrailEvent,
  weightOf,
} from './event.ts'

/** CEF counts from 0 to 10. */
const SEVERITY = {info: 1, low: 3, medium: 5, high: 8} as const

/**
 * One record as a line of ArcSight's Common Event Format, version 0. Keys are CEF's own and six labelled strings; the
 * whole record stands as JSON under `stanchRecord`, so no text of others ever becomes a key.
 */
export function cefLine(event: TrailEvent, version: string): string {
  const {record, around} = event
  const request = partOf(around.intent ?? record, 'req')
  const action = actionOf(event)
  const head = [
    'CEF:0',
    'stanch',
    'stanch',
    version,
    action === '' ? record.kind : `${record.kind}:${action}`,
    messageOf(event),
    String(SEVERITY[weightOf(event)]),
  ]
  const extension: readonly (readonly [key: string, value: string | number | undefined])[] = [
    ['rt', instantOf(record)],
    ['externalId', eventId(event)],
    ['cat', record.kind],
    ['act', action],
    ['outcome', outcomeOf(resultOf(event))],
    ['reason', textOf(partOf(record, 'error'), 'code')],
    ['suser', textOf(record, 'actor')],
    ['suid', around.auth ? textOf(around.auth, 'client_id') : ''],
    ['shost', around.session ? textOf(around.session, 'host') : ''],
    ['dhost', tenantOf(event)],
    ['requestMethod', textOf(request, 'method')],
    ['request', textOf(request, 'path')],
    ...labelled('cn', ['seq', record.seq], ['status', numberOf(partOf(record, 'res'), 'status')]),
    ...labelled(
      'cs',
      ['origin', event.origin],
      ['leaf', event.leaf],
      ['incident', textOf(record, 'inc')],
      ['target', targetOf(event)],
      ['correlation_id', textOf(record, 'corr')],
      ['mode', event.mode],
    ),
    ['stanchRecord', safeJson(record)],
  ]
  const pairs = extension.filter(([, value]) => value !== undefined && value !== '')
  return `${head.map((field, i) => (i === 0 ? field : cefHeader(field))).join('|')}|${pairs.map(([key, value]) => `${key}=${cefValue(String(value))}`).join(' ')}\n`
}

/** CEF's custom numbers and strings: a value and the label that says what it is. Their places do not move when one is empty. */
function labelled(
  prefix: 'cn' | 'cs',
  ...fields: readonly (readonly [label: string, value: string | number | undefined])[]
): [string, string | number | undefined][] {
  return fields.flatMap(([label, value], i): [string, string | number | undefined][] =>
    value === undefined || value === ''
      ? []
      : [
          [`${prefix}${i + 1}Label`, label],
          [`${prefix}${i + 1}`, value],
        ],
  )
}

function outcomeOf(result: string): string {
  if (result === 'ok') return 'success'
  return result === 'refused' || result === 'failed' || result === 'not_done' ? 'failure' : result
}

/** A field of the header: backslash and bar are escaped; nothing in it ends the line. */
export function cefHeader(text: string): string {
  return printable(text, Infinity).replaceAll('\\', '\\\\').replaceAll('|', '\\|')
}

/** A value of the extension: backslash and equals sign are escaped, line ends are `\n` and `\r`, other controls `\u` escapes. */
export function cefValue(text: string): string {
  return text
    .split(/(\r|\n)/)
    .map((part) =>
      part === '\r' ? '\\r' : part === '\n' ? '\\n' : printable(part, Infinity).replaceAll('\\', '\\\\').replaceAll('=', '\\='),
    )
    .join('')
}
