import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'
import {LAST_ROWS, lastScreen, layOut} from '../../src/terminal/screen.ts'
import type {IncidentResult} from '../../src/incident/result.ts'
import {messageLines, nextLines, verdictLines} from '../../src/report/summary.ts'
import {bothTimes, instantLine} from '../../src/report/times.ts'

describe('the last screen', () => {
  const HEAD = ['SIMULATED tenant t', 'Verdict:    CONTAINED', 'All clear:  tomorrow']

  test('keeps the head and the first item whatever there is, and counts what does not fit', () => {
    const items = Array.from({length: 30}, (_, i) => [
      `  ${i + 1}. ${'word '.repeat(20)}`,
      `     stanch incident update inc-${i}`,
    ])
    const lines = lastScreen(HEAD, items, LAST_ROWS, 'stanch incident show X', 80)
    deepEqual(lines.slice(0, 3), HEAD)
    equal(lines[3], 'Next:')
    ok(lines.length <= LAST_ROWS, `${lines.length} rows`)
    const shown = lines.filter((line) => line.includes('stanch incident update')).length
    equal(lines.at(-1), `  ... and ${30 - shown} more: stanch incident show X`)
    const tiny = lastScreen(HEAD, items, 1, 'W', 80)
    ok(tiny.some((line) => line.includes('inc-0')) && !tiny.some((line) => line.includes('inc-1')))
  })

  test('shows all where all fits, and no line about more', () => {
    deepEqual(lastScreen(HEAD, [['  1. one'], ['  2. two']], LAST_ROWS, 'W', 80), [...HEAD, 'Next:', '  1. one', '  2. two'])
    deepEqual(lastScreen(HEAD, [], LAST_ROWS, 'W', 80), HEAD)
  })
})

describe('the all clear of a last screen', () => {
  const result = (leak: string, state: 'open' | 'clear', contained_at?: string, ruled_at?: string) =>
    ({
      simulated: true,
      tenant: 't.example',
      client: {client_id: 'c1', name: 'x'},
      leak,
      status: 'partial',
      actions: [],
      proof: [],
      evidence_gaps: [],
      next: [],
      exposure: {
        computed_at: '2026-11-22T03:00:00Z',
        audiences: [contained_at === undefined ? {} : {contained_at}],
        all_clear: {state, worst_case_at: '2026-12-22T03:01:00Z', basis: 'b', ...(ruled_at === undefined ? {} : {ruled_at})},
      },
    }) as unknown as IncidentResult
  const at = '2026-11-22T02:59:00Z'

  test('is counted down to only where it is fixed', () => {
    const screen = (one: IncidentResult) => verdictLines(one, 'UTC').join('\n')
    const fixed = result('client-secret', 'open', at, '2026-11-23T03:01:00Z')
    match(screen(fixed), /^All clear: {2}in 30 d 0 h: 2026-12-22 03:01:00 UTC\n +2026-11-23 03:01:00 UTC if no lifetime/m)
    match(screen(result('client-secret', 'clear', at)), /^All clear: {2}since 2026-12-22T03:01:00Z$/m)
    for (const moving of [result('client-secret', 'open'), result('client-secret', 'open', undefined, '2026-11-23T03:01:00Z')]) {
      match(screen(moving), /^All clear: {2}not contained: it moves on .*; not before 2026-12-22 03:01:00 UTC$/m)
      ok(!/All clear: +in |if no lifetime/.test(screen(moving)))
      match(messageLines(moving).join('\n'), /^All clear: not contained, so it moves on/m)
    }
  })

  test('is nothing to wait for where whoever holds what leaked makes tokens himself', () => {
    for (const one of [
      result('signing-secret', 'open'),
      result('signing-secret', 'open', at),
      result('signing-secret', 'clear', at),
    ]) {
      for (const text of [verdictLines(one, 'UTC').join('\n'), messageLines(one).join('\n')]) {
        match(text, /^All clear: +none to wait for/m)
        ok(!text.includes('2026-12-22'), text)
      }
    }
  })
})

describe('an instant for people', () => {
  const at = Date.parse('2026-11-22T22:30:00Z') / 1000

  test('says how far away it is first, and the day of the reader only where it is another one', () => {
    equal(instantLine('2026-11-22T22:30:00Z', at - 3600, 'UTC'), 'in 1 h 00 m: 2026-11-22 22:30:00 UTC')
    equal(bothTimes(at, 'Europe/Berlin'), '2026-11-22 22:30:00 UTC (23:30:00 Europe/Berlin)')
    equal(bothTimes(at, 'Asia/Tokyo'), '2026-11-22 22:30:00 UTC (2026-11-23 07:30:00 Asia/Tokyo)')
    equal(bothTimes(at - 86_400, 'Pacific/Kiritimati'), '2026-11-21 22:30:00 UTC (2026-11-22 12:30:00 Pacific/Kiritimati)')
  })
})

describe('what is copied', () => {
  test('a path or a command alone in its line is never broken; other text is', () => {
    const long = 'x'.repeat(150)
    for (const line of [`  file:/var/${long}`, `     stanch incident update ${long} --done a`, `  /var/${long}`])
      deepEqual(layOut([line], 80), [line])
    ok(layOut([`New secret: file:/var/${long}`], 80).length > 1)
    ok(layOut([`  a file:/var/${long}`], 80).length > 1)
  })

  test('nothing in it that a terminal would obey', () => {
    deepEqual(layOut(['  file:/var/\u001b[2Jx'], 80), ['  file:/var/\\u001b[2Jx'])
  })

  test('the command of a next step stands below its reason; the all clear is not said twice', () => {
    deepEqual(
      nextLines([
        'owner: Is it gone? (then: stanch incident update inc-1 --done remove-leak)',
        'when the users have the new secret: stanch grant restore --incident inc-1',
        'all clear at 2026-11-23T07:00:00Z, in 1 d 0 h',
        'stanch resume inc-1',
      ]),
      [
        ['  1. owner: Is it gone? When yes:', '     stanch incident update inc-1 --done remove-leak'],
        ['  2. when the users have the new secret:', '     stanch grant restore --incident inc-1'],
        ['  3. stanch resume inc-1'],
      ],
    )
  })
})
