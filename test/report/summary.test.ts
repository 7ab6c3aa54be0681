import {deepEqual, equal, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'
import {LAST_ROWS, lastScreen, layOut} from '../../src/terminal/screen.ts'
import {nextLines} from '../../src/report/summary.ts'
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
