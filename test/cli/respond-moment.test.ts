import assert from 'node:assert/strict'
import {test} from 'node:test'

import {parseMoment} from '../../src/cli/moment.ts'

/** 2026-11-22T03:30:00Z */
const NOW = Date.UTC(2026, 10, 22, 3, 30) / 1000

test('what people say about a moment is read', () => {
  const said: readonly [string, number | 'unknown'][] = [
    ['now', NOW],
    [' NOW ', NOW],
    ['unknown', 'unknown'],
    ['?', 'unknown'],
    ['2h', NOW - 7200],
    ['2h ago', NOW - 7200],
    ['2 h ago', NOW - 7200],
    ['30m', NOW - 1800],
    ['45s ago', NOW - 45],
    ['3d', NOW - 259_200],
    ['03:30', NOW],
    ['3:29', NOW - 60],
    ['03:31', NOW + 60 - 86_400],
    ['23:59 utc', NOW - 3 * 3600 - 31 * 60],
    ['03:00Z', NOW - 1800],
    ['2026-11-22T03:00:00Z', NOW - 1800],
    ['2026-11-22T04:00:00+01:00', NOW - 1800],
    ['2026-11-22T03:00:00.500Z', NOW - 1800],
  ]
  for (const [text, moment] of said) assert.equal(parseMoment(text, NOW), moment, text)
})

test('what is no moment is none', () => {
  for (const text of [
    '',
    '   ',
    '30',
    '0',
    'yesterday',
    '24:00',
    '12:60',
    '1:2',
    '2h from now',
    '-2h',
    '1e3s',
    '91d',
    '2026-11-22',
    '2026-11-22 03:00:00Z',
    '2026-11-22T03:00:00',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    'ago',
    '2h ago ago',
    `${'1'.repeat(8)}s`,
  ]) {
    assert.equal(parseMoment(text, NOW), undefined, text)
  }
})
