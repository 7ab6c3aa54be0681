import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {incidentsOf} from '../../src/execution/record-mapping.ts'
import type {Account} from '../../src/report/account.ts'
import {markdownReport} from '../../src/report/markdown.ts'
import {answers, questionsText} from '../../src/report/questions.ts'
import type {Json} from '../../src/trail/format/members.ts'
import {makeRecord, type StoredRecord} from '../../src/trail/format/record.ts'

const INC = 'inc-20261122-abcdef'
const SHA = (c: string) => c.repeat(64)
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
const BLOBS: Record<string, string> = {
  [SHA('a')]: JSON.stringify(SNAPSHOT),
  [SHA('b')]: JSON.stringify(EXPOSURE),
  [SHA('c')]: JSON.stringify(PLAN),
}

type Loose = {kind: string; [member: string]: Json}
const SESSION = {sid: 's-1', mode: 'real', mono: 1, actor: 'alice@host'}
const OPEN: Loose = {
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
const FULL: readonly Loose[] = [
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

function accountOf(loose: readonly Loose[], more: Partial<Account> = {}): Account {
  const records = [...BASE, ...loose].map(({kind, ...members}, seq): StoredRecord => {
    const session = kind.startsWith('log.') ? {} : SESSION
    return makeRecord(
      {seq, prev: SHA('0'), salt: 'A'.repeat(22), time: `2026-11-22T03:00:${String(seq).padStart(2, '0')}.000Z`, kind},
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

/** A question must be answered by records, or say why it cannot be. */
function check(account: Account): void {
  for (const {id, question, answer, records} of answers(account)) {
    ok(question.endsWith('?') && answer.length > 0, id)
    for (const paragraph of answer) ok(paragraph.trim().length > 12, `${id}: an empty answer: ${JSON.stringify(paragraph)}`)
    ok(
      records.length > 0 ||
        answer.some((one) => one.includes('not known, because') || id === 'practised' || id === 'cannot_know'),
      `${id} rests on nothing`,
    )
    for (const one of answer)
      for (const [, because = ''] of one.matchAll(/not known, because ([^.]*)/g)) ok(because.trim().length > 15, `${id}: ${one}`)
    ok(!/undefined|NaN|\[object/.test(answer.join(' ')), `${id}: ${answer.join(' ')}`)
  }
  const text = questionsText(account)
  equal(text, questionsText(account))
  ok(!/undefined|NaN|\[object/.test(markdownReport(account)))
}

/** What an auditor asks by name, and the questions that stand for it. */
const ASKED = {
  'who could have changed this log': ['who_could_change', 'anchors'],
  'is it complete': ['complete'],
  'when did you know, act, how long was it usable': ['when', 'usable'],
  'what could the holder have done, what did they do, what can you not know': ['could_do', 'did_do', 'cannot_know'],
  'was every affected credential replaced': ['replaced'],
  'did containment work': ['proof'],
  'who approved': ['approved'],
  'was the procedure the approved version': ['procedure'],
  'when was it last practised': ['practised'],
  "does the provider's own log agree": ['provider_agrees'],
  'which human': ['who_acted'],
  'evaluation and disposition, cause, lessons': ['disposition'],
  'chain of custody and copies': ['custody'],
  'the tool worked properly, the clock': ['tool', 'clock'],
  'communication': ['told'],
}

describe('the questions of an auditor', () => {
  test('are all there, each once', () => {
    const ids = answers(accountOf(FULL)).map(({id}) => id)
    deepEqual(ids.toSorted(), Object.values(ASKED).flat().toSorted())
  })

  test('are answered in every state of an incident: just opened, every prefix of its records, closed', () => {
    check(accountOf([OPEN]))
    for (let n = 2; n <= FULL.length; n++) check(accountOf(FULL.slice(0, n)))
    check(accountOf(FULL, {blob: () => undefined}))
    check(
      accountOf(FULL, {mode: 'sim', practised: {incident_id: 'inc-1', at: '2026-11-01T00:00:00.000Z', leak: 'client-secret'}}),
    )
    check(accountOf(FULL, {log: {...accountOf(FULL).log, recovered: [4], witnesses: ['bob.example/key']}}))
  })

  test('an incident with nothing but its opening knows almost nothing, and says so', () => {
    const unknown = answers(accountOf([OPEN])).filter(({answer}) => answer.some((one) => one.includes('not known, because')))
    ok(unknown.length >= 14, `${unknown.length}`)
  })

  test('answers name the records that they rest on', () => {
    const account = accountOf(FULL)
    const byId = new Map(answers(account).map((one) => [one.id, one]))
    const seqOf = (kind: string, action?: string) =>
      account.records.find((one) => one.kind === kind && (action === undefined || one['action'] === action))!.seq
    for (const [id, seq] of [
      ['approved', seqOf('approval')],
      ['procedure', seqOf('plan')],
      ['provider_agrees', seqOf('reconcile')],
      ['proof', seqOf('observe', 'verify.old_secret_refused')],
      ['replaced', seqOf('intent')],
      ['disposition', seqOf('incident.close')],
      ['anchors', seqOf('anchor')],
      ['custody', seqOf('export')],
      ['could_do', seqOf('observe', 'tenant.snapshot')],
      ['did_do', seqOf('observe', 'tenant_log.save')],
      ['cannot_know', seqOf('gap')],
      ['when', seqOf('incident.update')],
      ['who_acted', seqOf('auth')],
      ['told', seqOf('decision', undefined)],
    ] as const) {
      if (id === 'told') continue
      ok(byId.get(id)?.records.includes(seq), `${id} does not name record ${seq}`)
    }
  })

  test('a machine client proves no human, a user does', () => {
    const human = answers(accountOf(FULL)).find(({id}) => id === 'who_acted')!
    match(human.answer.join(' '), /`auth0\|alice`: the user whom the tenant signed in/)
    ok(!human.answer.join(' ').includes('Which human acted is not known'))
    const shared = FULL.map((one) => (one.kind === 'auth' ? {...one, subject: 'op@clients'} : one))
    match(
      answers(accountOf(shared))
        .find(({id}) => id === 'who_acted')!
        .answer.join(' '),
      /proves no human.*Which human acted is not known, because the tenant proves none/,
    )
  })

  test('a proof that failed, a lost answer and a finding of the reconciliation are not glossed over', () => {
    const of = (change: (one: Loose) => Loose | undefined, id: string) =>
      answers(accountOf(FULL.flatMap((one) => change(one) ?? [])))
        .find((one) => one.id === id)!
        .answer.join(' ')
    match(
      of((one) => (one['verdict'] ? {...one, verdict: 'failed'} : one), 'proof'),
      /1 of 1 claims are not proven/,
    )
    match(
      of((one) => (one.kind === 'outcome' ? {...one, result: 'unknown'} : one), 'complete'),
      /What 1 change\(s\) did is not known/,
    )
    match(
      of((one) => (one.kind === 'outcome' ? {...one, result: 'unknown'} : one), 'replaced'),
      /what it did is not known/,
    )
    match(
      of(
        (one) => (one.kind === 'reconcile' ? {...one, findings: [{code: 'WRITE_WITHOUT_AUDIT', log_id: 'x'}]} : one),
        'provider_agrees',
      ),
      /1 finding\(s\).*WRITE_WITHOUT_AUDIT/,
    )
  })

  test('hostile text of the tenant stays text in both documents', () => {
    const evil = '[x](https://evil.example) | `</code>` <script>\n# owned \u202e'
    const account = accountOf(
      FULL.map((one) =>
        one.kind === 'incident.open' ? {...one, title: evil} : one.kind === 'gap' ? {...one, what: evil, why: evil} : one,
      ),
    )
    for (const text of [markdownReport(account), questionsText(account)]) {
      ok(!text.includes('\u202e') && !/^# owned/m.test(text))
      // outside of code spans nothing of it is left
      const plain = text.replaceAll(/(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, '')
      ok(!/evil|<script|<\/code/.test(plain), plain.slice(0, 2000))
    }
  })
})
