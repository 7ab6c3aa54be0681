import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import type {Account} from '../../src/report/account.ts'
import {markdownReport} from '../../src/report/markdown.ts'
import {incidentReport} from '../../src/report/report.ts'
import {answers, questionsText} from '../../src/report/questions.ts'
import {accountOf, BLOBS, FULL, INC, OPEN, SHA} from '../support/account.ts'
import type {Loose} from '../support/account.ts'

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
  ok(!/undefined|NaN|\[object/.test(markdownReport(incidentReport(account))))
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
      ['replaced', seqOf('outcome')],
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

  test('that the secret changed is said only where both fingerprints are on record and differ', () => {
    const replaced = (change: (one: Loose) => Loose) =>
      answers(accountOf(FULL.map((one) => (one['action'] === 'client_secret.rotate' ? change(one) : one))))
        .find(({id}) => id === 'replaced')!
        .answer.join(' ')
    const [old, fresh] = [`hmac-sha256:${'1'.repeat(64)}`, `hmac-sha256:${'2'.repeat(64)}`]
    const withPrints = (before: string | undefined, after: string | undefined) =>
      replaced(({before: _, after: __, ...one}) => ({
        ...one,
        ...(one.kind === 'intent' && before !== undefined ? {before} : {}),
        ...(one.kind === 'outcome' && after !== undefined ? {after} : {}),
      }))
    match(withPrints(old, fresh), /fingerprints of the old and the new differ, without/)
    match(withPrints(old, old), /EQUAL: the secret did not change/)
    match(withPrints(undefined, fresh), /differ is not known, because that of the old one is not on record/)
    match(withPrints(old, undefined), /differ is not known, because that of the new one is not on record/)
    ok(withPrints(old, fresh).includes(', its end in '))
  })

  test('what the watch saw is told by kind and record, without the addresses in its words', () => {
    const finding = 'the old secret was tried and refused, from 203.0.113.66'
    const seen = (seq: number, verdict: string, count: number): Loose => ({
      kind: 'observe',
      inc: OPEN['inc'] as string,
      iseq: seq,
      action: 'watch',
      verdict,
      count,
      finding,
    })
    const more = [
      ...FULL.slice(0, -1),
      seen(90, 'tripwire', 3),
      seen(91, 'tripwire', 9),
      seen(92, 'grant_back', 1),
      seen(93, 'clear', 1),
    ]
    const account = accountOf(more)
    const {answer, records} = answers(account).find(({id}) => id === 'did_do')!
    const [first, , last] = account.records.filter((one) => one['action'] === 'watch').map(({seq}) => seq)
    const text = answer.join(' ')
    match(
      text,
      new RegExp(`\`tripwire\`: 12 event\\(s\\) in 2 record\\(s\\), ${first} to ${first! + 1}; \`grant_back\`: 1 event`),
    )
    ok(records.includes(first!) && records.includes(last!) && !text.includes('203.0.113.66') && !text.includes('clear'))
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

  test('what a hunt found, could not see and wants removed is in the answers; without one they say so', () => {
    const text = (account: Account, id: string) =>
      answers(account)
        .find((one) => one.id === id)!
        .answer.join('\n')
    for (const [id, words] of [
      ['did_do', /not known, because .* no hunt is on record/],
      ['replaced', /made other credentials for himself is not known, because no hunt is on record/],
    ] as const)
      match(text(accountOf(FULL), id), words)
    const found = {
      computed_at: '2026-11-22T04:00:00Z',
      entries: 40,
      client_ids: ['c'],
      suspects: {ips: ['203.0.113.66']},
      findings: [
        {
          hunt: 'H10',
          verdict: 'hostile',
          what: 'a secret was added',
          at: '2026-11-22T03:00:00Z',
          log_ids: ['900a'],
          ip: '203.0.113.66',
        },
        {hunt: 'H31', verdict: 'ours', what: 'our own', at: '2026-11-22T03:00:00Z', log_ids: []},
      ],
      inventory: [{id: 'H10:client:c', what: 'a second secret of `c`', hunt: 'H10', remove: 'stanch secret rotate'}],
      not_seen: [{what: 'reads', why: 'Auth0 logs no reads'}],
    }
    const hunted = (blob: object) =>
      accountOf([...FULL.slice(0, -1), {kind: 'observe', inc: INC, iseq: 16, action: 'hunt', finding: 'x', evidence: SHA('7')}], {
        blob: (sha256) => (sha256 === SHA('7') ? JSON.stringify(blob) : BLOBS[sha256]),
      })
    const account = hunted(found)
    check(account)
    const {seq} = account.records.find((one) => one['action'] === 'hunt')!
    match(text(account, 'did_do'), /40 entries.*1 hostile, 0 suspect, 0 unknown, 0 expected, 1 ours/)
    match(
      text(account, 'did_do'),
      /- hostile, `H10`, .*`203\.0\.113\.66`: `a secret was added`; 1 log entry\(s\), the first `900a`/,
    )
    match(text(account, 'cannot_know'), /`reads`: `Auth0 logs no reads`/)
    match(text(account, 'replaced'), /a second secret of .*removed by: `stanch secret rotate`/)
    for (const id of ['did_do', 'cannot_know', 'replaced'])
      ok(
        answers(account)
          .find((one) => one.id === id)!
          .records.includes(seq),
      )
    match(text(hunted({...found, inventory: []}), 'replaced'), /found nothing that the holder made for himself/)
  })

  test('a credential that acted in several sessions is named once, with all its records', () => {
    const {answer} = answers(accountOf([...FULL, ...FULL.filter(({kind}) => kind === 'auth')])).find(
      ({id}) => id === 'who_acted',
    )!
    equal(answer.join('\n').match(/^- client /gm)?.length, 1)
    match(answer.join('\n'), /\(records \d+, \d+\)/)
  })

  test('the anchors say which records nobody outside holds', () => {
    const anchors = (account: Account) =>
      answers(account)
        .find(({id}) => id === 'anchors')!
        .answer.join(' ')
    const account = accountOf(FULL)
    const size = Number(account.records.find(({kind, type}) => kind === 'anchor' && type !== 'tenant')!['size'])
    ok(size < account.log.size)
    match(
      anchors(account),
      new RegExp(`first ${size} of the ${account.log.size} records.*of the ${account.log.size - size} record`),
    )
    ok(!/after them/.test(anchors(accountOf(FULL, {log: {...account.log, witnesses: ['bob.example/key']}}))))
    const tenant = FULL.map((one) => (one.kind === 'anchor' ? {...one, type: 'tenant'} : one))
    match(anchors(accountOf(tenant)), /as far as others hold nothing: a rollback/)
  })

  test('hostile text of the tenant stays text in both documents', () => {
    const evil = '[x](https://evil.example) | `</code>` <script>\n# owned \u202e'
    const account = accountOf(
      FULL.map((one) =>
        one.kind === 'incident.open' ? {...one, title: evil} : one.kind === 'gap' ? {...one, what: evil, why: evil} : one,
      ),
    )
    for (const text of [markdownReport(incidentReport(account)), questionsText(account)]) {
      ok(!text.includes('\u202e') && !/^# owned/m.test(text))
      // outside of code spans nothing of it is left
      const plain = text.replaceAll(/(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, '')
      ok(!/evil|<script|<\/code/.test(plain), plain.slice(0, 2000))
    }
  })
})
