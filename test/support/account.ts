import {incidentsOf} from '../../src/execution/record-mapping.ts'
import type {Account} from '../../src/report/account.ts'
import type {Json} from '../../src/trail/format/members.ts'
import {makeRecord, type StoredRecord} from '../../src/trail/format/record.ts'

export const INC = 'inc-20261122-abcdef'
export const SHA = (c: string) => c.repeat(64)
const EXPOSURE = {
  client_id: 'AbC',
  computed_at: '2026-11-22T04:00:00Z',
  audiences: [
    {
      audience: 'https://api.example/',
      name: 'API',
      contained_at: '2026-11-22T03:00:00Z',
      token_lifetime_seconds: 3600,
      lifetime_source: 'tenant',
      paths: [],
      tokens: [{issued_at: '2026-11-22T02:00:00Z', expires_at: '2026-11-22T03:00:00Z', ip: '203.0.113.9'}],
      worst_case_until: '2026-11-22T04:01:00Z',
    },
  ],
  all_clear: {state: 'open', worst_case_at: '2026-11-22T04:01:00Z', basis: 'the rule'},
  evidence_gaps: [],
}
const SNAPSHOT = {
  tenant: 't.example',
  mode: 'real',
  management_audience: 'https://t.example/api/v2/',
  taken_at: '2026-11-22T02:50:00.000Z',
  operator: {scopes: []},
  client: {client_id: 'AbC', name: 'billing'},
  grants: [{id: 'cgr_1', client_id: 'AbC', audience: 'https://t.example/api/v2/', scope: ['update:client_keys']}],
  default_grants: [],
  organizations: {},
  resource_servers: {},
  log: null,
  setting_changes: null,
  gaps: [],
}
const PLAN = {steps: [{id: 'tell', action: 'manual', args: {owner: 'lead', question: 'Do the owners know?'}}]}
export const BLOBS: Record<string, string> = {
  [SHA('a')]: JSON.stringify(SNAPSHOT),
  [SHA('b')]: JSON.stringify(EXPOSURE),
  [SHA('c')]: JSON.stringify(PLAN),
}

/** A record without its envelope. */
export type Loose = {kind: string; [member: string]: Json}
const SESSION = {sid: 's-1', mode: 'real', mono: 1, actor: 'alice@host'}
export const OPEN: Loose = {
  kind: 'incident.open',
  inc: INC,
  iseq: 0,
  tenant: 't.example',
  target: 'client:AbC',
  title: 'A leak',
  leak: 'client-secret',
  role: 'lead',
}
const BASE: readonly Loose[] = [
  {kind: 'log.open', mode: 'real', origin: 'stanch.local/x', vkey: 'stanch.local/x+00000000+AA=='},
  {
    kind: 'session.open',
    actor_source: 'os',
    host: 'h',
    os_user: 'alice',
    tool: 'stanch/0.1.0',
    node: '24.1.0',
    platform: 'linux',
  },
]
/** A whole incident, from its opening to its close. */
export const FULL: readonly Loose[] = [
  {kind: 'auth', tenant: 't.example', client_id: 'op', scopes: ['read:clients'], exp: 1, subject: 'auth0|alice'},
  OPEN,
  {
    kind: 'incident.update',
    inc: INC,
    iseq: 1,
    leaked_at: '2026-11-22T02:00:00Z',
    aware_at: '2026-11-22T02:40:00Z',
    detected_at: '2026-11-22T02:35:00Z',
  },
  {
    kind: 'plan',
    inc: INC,
    iseq: 2,
    plan_sha256: SHA('c'),
    evidence: SHA('c'),
    runbook: {id: 'client-secret', version: 1, sha256: SHA('d')},
  },
  {kind: 'approval', inc: INC, iseq: 3, plan_sha256: SHA('c'), by: 'bob', via: 'key'},
  {kind: 'decision', inc: INC, iseq: 4, question: 'plan.confirm', answer: 'yes', plan_sha256: SHA('c')},
  {kind: 'observe', inc: INC, iseq: 5, action: 'tenant.snapshot', finding: 'x', evidence: SHA('a')},
  {kind: 'observe', inc: INC, iseq: 6, action: 'tenant_log.save', finding: '1 entry', evidence: SHA('e')},
  {
    kind: 'intent',
    inc: INC,
    iseq: 7,
    op: 'o',
    try: 1,
    action: 'client_secret.rotate',
    tenant: 't.example',
    target: 'client:AbC',
    req: {method: 'POST', path: '/'},
  },
  {
    kind: 'outcome',
    inc: INC,
    iseq: 8,
    op: 'o',
    try: 1,
    intent: 10,
    action: 'client_secret.rotate',
    target: 'client:AbC',
    corr: 'stanch-x',
    result: 'ok',
    res: {status: 200, ms: 1, date: 'Sun, 22 Nov 2026 03:00:00 GMT'},
  },
  {kind: 'deliver', inc: INC, iseq: 9, op: 'o', sink: 'exec:vault', result: 'ok'},
  {
    kind: 'observe',
    inc: INC,
    iseq: 10,
    action: 'verify.old_secret_refused',
    target: 'client:AbC',
    finding: '3 refusals',
    verdict: 'proven',
    count: 3,
    first_at: '2026-11-22T03:00:00Z',
    last_at: '2026-11-22T03:01:00Z',
  },
  {kind: 'observe', inc: INC, iseq: 11, action: 'exposure', finding: 'x', evidence: SHA('b')},
  {kind: 'gap', inc: INC, iseq: 12, what: 'lifetimes', why: 'the log is short'},
  {
    kind: 'reconcile',
    inc: INC,
    iseq: 13,
    tenant: 't.example',
    from: '2026-11-22T02:00:00Z',
    to: '2026-11-22T04:00:00Z',
    covered_to: '2026-11-22T04:00:00Z',
    matched: 1,
    findings: [],
  },
  {kind: 'anchor', inc: INC, iseq: 14, size: 12, root: SHA('f'), type: 'chat'},
  {kind: 'export', inc: INC, iseq: 15, to: 'audit', form: 'tar', sha256: SHA('9'), size: 5},
  {kind: 'decision', inc: INC, iseq: 16, question: 'manual.tell', answer: 'done'},
  {
    kind: 'incident.close',
    inc: INC,
    iseq: 17,
    all_clear_at: '2026-11-22T04:01:00Z',
    disposition: 'contained',
    cause: 'a repository',
    lessons: 'scan',
    summary: 's',
  },
]

/** The account of these records, as if they were an incident's slice. */
export function accountOf(loose: readonly Loose[], more: Partial<Account> = {}): Account {
  const records = [...BASE, ...loose].map(({kind, ...members}, seq): StoredRecord => {
    const session = kind.startsWith('log.') ? {} : SESSION
    return makeRecord(
      {
        seq,
        prev: SHA('0'),
        salt: 'A'.repeat(22),
        time: new Date(Date.parse('2026-11-22T03:00:00.000Z') + seq * 1000).toISOString(),
        kind,
      },
      {...session, ...members},
    )
  })
  return {
    state: incidentsOf(records)[0]!,
    records,
    mode: 'real',
    log: {
      origin: 'stanch.local/x',
      vkey: 'stanch.local/x+00000000+AA==',
      first: SHA('1'),
      size: records.length,
      root: SHA('2'),
      witnesses: [],
      recovered: [],
    },
    blob: (sha256) => BLOBS[sha256],
    ...more,
  }
}
