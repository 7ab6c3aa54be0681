import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {test} from 'node:test'

import {scorePage} from '../../src/report/html/score-page.ts'
import {markdownReport} from '../../src/report/markdown.ts'
import {incidentReport} from '../../src/report/report.ts'
import {attackerLines, cardLines, scoreCard, scoreMarkdown} from '../../src/report/score-card.ts'
import type {ScoreFacts} from '../../src/report/score-card.ts'
import {accountOf, FULL, OPEN} from '../support/account.ts'

/** The first change of the account took effect at 03:00:00, the last proof was at 03:01:00. */
const BEGAN = Date.parse('2026-11-22T02:59:00Z') / 1000
const FACTS: ScoreFacts = {
  scenario: 'client-secret',
  began_at: BEGAN,
  ready_at: BEGAN + 180,
  attacker: {
    before: {minted: 9, calls_accepted: 8},
    after: {minted: 0, refused: 3, calls_accepted: 2},
    contained_at: '2026-11-22T03:00:00.000Z',
    last_token_expires_at: '2026-11-22T04:00:00Z',
  },
  consumer: {calls_ok: 5, calls_failed: 0, mints_failed: 0},
  changes_without_intent: 0,
}
const auditor = (loose = FULL) => incidentReport(accountOf(loose), 'auditor')

test('times are held against the targets, from the beginning of the drill', () => {
  const {targets} = scoreCard(auditor(), FACTS)
  deepEqual(
    targets.map((one) => [one.words, one.target_seconds, one.seconds, one.met]),
    [
      ['first safe act', 120, 60, true],
      ['contained and proven', 600, 120, true],
      ['report ready', 900, 180, true],
    ],
  )
})

test('a second over a target misses it, and so does what was never reached', () => {
  const late = scoreCard(auditor(), {...FACTS, began_at: BEGAN - 61, ready_at: BEGAN - 61 + 901})
  deepEqual(
    late.targets.map((one) => one.met),
    [false, true, false],
  )
  ok(late.missed.some((one) => one === 'first safe act: 2 m 01 s, the target is 2 m 00 s'))
  const never = scoreCard(auditor([OPEN]), FACTS)
  deepEqual(
    never.targets.map((one) => one.met),
    [false, false, true],
  )
  ok(never.missed.some((one) => one.startsWith('first safe act: not known, because')))
})

test('what the attacker still gets, what the owner lost and what nobody looked for is missed', () => {
  const {contained_at: _, ...attacker} = FACTS.attacker
  const {missed} = scoreCard(auditor(FULL.slice(0, -1)), {
    ...FACTS,
    attacker: {...attacker, after: {...attacker.after, minted: 2}},
    consumer: {calls_ok: 1, calls_failed: 3, mints_failed: 1},
    changes_without_intent: 1,
  })
  for (const part of [
    'can still get a token',
    'got 2 token(s) after',
    'lost 3 call(s)',
    '1 change(s) arrived',
    'no hunt is on record',
    'was not closed',
  ])
    ok(
      missed.some((one) => one.includes(part)),
      part,
    )
  ok(!missed.some((one) => one.includes('nobody else approved')), 'bob did')
})

test('the card has the form of the report, says that it is a drill, and holds no personal data', () => {
  const card = scoreCard(auditor(), FACTS)
  const page = scorePage(card, '// none\n')
  match(page, /<h1>Score card of the drill client-secret<\/h1>/)
  match(page, /3 of 3 targets met/)
  match(page, /id="course"/)
  const text = scoreMarkdown(card, markdownReport(card.report))
  match(text, /^# Score card of the drill `client-secret`\n\n\*\*SIMULATED\*\*/)
  for (const form of [page, text, JSON.stringify(card)]) ok(!/alice|203\.0\.113\.9|bob/.test(form))
  equal(scorePage(scoreCard(auditor(), FACTS), '// none\n'), page)
})

test('for the terminal: the times with the targets that were not met, and what was missed, in two lines', () => {
  const [times, missed] = cardLines(scoreCard(auditor(), FACTS))
  equal(times, '  times: first safe act 1 m 00 s, contained and proven 2 m 00 s, report ready 3 m 00 s')
  match(missed ?? '', /^ {2}missed: \S/)
  const [late] = cardLines(scoreCard(auditor([OPEN]), {...FACTS, ready_at: BEGAN + 901}))
  match(
    late ?? '',
    /first safe act not reached \(NOT MET: 2 m 00 s\), contained and proven not reached \(NOT MET: 10 m 00 s\), report ready 15 m 01 s \(NOT MET: 15 m 00 s\)$/,
  )
})

test('a drill in which nothing was contained has no line about what came after', () => {
  const {contained_at: _, ...attacker} = FACTS.attacker
  const lines = attackerLines({...FACTS, attacker}).join('\n')
  match(lines, /^never contained: 9 token\(s\) minted, 8 call\(s\) accepted/)
  ok(!/(before|after) containment/.test(lines))
  match(attackerLines(FACTS).join('\n'), /^before containment: 9[^]*^after containment: 0/m)
})

test('a way to a token that stays open is missed', () => {
  const report = auditor()
  const path = 'grant cgr_1 on https://invoices.acme.example/ still gives tokens'
  const {missed} = scoreCard(
    {...report, next: [...report.next, `still open: ${path}. Close it: stanch grant delete --client x --grant cgr_1`]},
    FACTS,
  )
  ok(missed.includes(`still open: ${path}`), missed.join('\n'))
})
