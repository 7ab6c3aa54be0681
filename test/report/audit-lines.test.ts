import {deepEqual, equal, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {recordLines, WHOLE_LINES} from '../../src/report/audit-lines.ts'
import {displayWidth} from '../../src/report/width.ts'
import {KINDS} from '../../src/trail/format/members.ts'
import {HOSTILE, INTENT, OUTCOME, recordOf} from './siem/events.ts'

describe('records for people', () => {
  test('an intent is three lines: what, about what, how and why', () => {
    deepEqual(recordLines(recordOf('intent', INTENT), 'real'), [
      '#7     2026-11-21 10:00:02Z  REAL  intent  client_secret.rotate',
      '       INC-1  client:AbC',
      '       POST /api/v2/clients/AbC/rotate-secret; try 1; it leaked',
    ])
    equal(recordLines(recordOf('outcome', OUTCOME), 'sim')[2], '       refused; status 403; insufficient_scope; intent 6')
  })

  test('every kind says whether it is simulated, in one to three lines', () => {
    for (const kind of Object.keys(KINDS)) {
      for (const mode of ['real', 'sim'] as const) {
        const lines = recordLines(recordOf(kind, {}), mode)
        ok(lines.length >= 1 && lines.length <= 3)
        ok(lines[0]?.includes(mode === 'sim' ? 'Z  SIM   ' : 'Z  REAL  '), kind)
      }
    }
  })

  test('hostile and wide text never leaves its 79 columns, its line or its place', () => {
    for (const text of [
      ...HOSTILE,
      '漢字'.repeat(60),
      '😀'.repeat(60),
      'ｆｕｌｌ'.repeat(30),
      'e\u0301'.repeat(100),
      'עברית '.repeat(30),
    ]) {
      for (const record of [
        recordOf('note', {text}),
        recordOf('observe', {action: text, finding: text, target: text}),
        recordOf('decision', {question: text, answer: text, inc: text}),
        recordOf('intent', {...INTENT, target: `client:${text}`, why: text}),
      ]) {
        for (const line of recordLines(record, 'real')) {
          ok(displayWidth(line) <= 79, `${displayWidth(line)}: ${line}`)
          // oxlint-disable-next-line no-control-regex
          ok(!/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]/.test(line))
        }
      }
    }
  })

  test('wide characters count double: as many of them are shown as fit, and a cut is marked', () => {
    const [, , whole = ''] = recordLines(recordOf('note', {text: '漢'.repeat(200)}), 'real', WHOLE_LINES)
    ok(whole.includes('漢'.repeat(200)), whole)
    const [, , line = ''] = recordLines(recordOf('note', {text: '漢'.repeat(200)}), 'real')
    ok(line.endsWith('...'))
    ok(displayWidth(line) >= 78)
  })
})
