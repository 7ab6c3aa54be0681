import {deepEqual, equal, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {mergeTimelines} from '../../src/report/merge.ts'
import type {MergeSource} from '../../src/report/merge.ts'
import type {StoredRecord} from '../../src/trail/format/record.ts'

const START = Date.parse('2026-11-22T03:00:00.000Z')

/** `[second by the machine, kind, second by the tenant]` */
function source(origin: string, skew: number, ...records: readonly (readonly [number, string, number?])[]): MergeSource {
  const stored = records.map(([second, kind, date], seq) => ({
    v: 1,
    seq,
    prev: '',
    salt: '',
    time: new Date(START + (second + skew) * 1000).toISOString(),
    kind,
    ...(date === undefined ? {} : {res: {status: 200, ms: 1, date: new Date(START + date * 1000).toUTCString()}}),
  })) as unknown as StoredRecord[]
  return {origin, records: stored, verified: true, complete: true, size: 9, root_hash: 'a'.repeat(64), pinned: true}
}

const order = (rows: ReturnType<typeof mergeTimelines>) => rows.map(({origin, seq}) => `${origin}${seq}`)

describe('one timeline of several responders', () => {
  test("goes by the tenant's clock, however wrong a machine's is", () => {
    const alice = source('a', 0, [10, 'intent'], [11, 'outcome', 11], [40, 'intent'], [41, 'outcome', 41])
    const bob = source('b', -3600, [20, 'intent'], [21, 'outcome', 21], [30, 'note'])
    deepEqual(order(mergeTimelines([alice, bob])), ['a0', 'a1', 'b0', 'b1', 'b2', 'a2', 'a3'])
    deepEqual(order(mergeTimelines([bob, alice])), ['a0', 'a1', 'b0', 'b1', 'b2', 'a2', 'a3'])
  })

  test("says which instants are the tenant's and which are reckoned", () => {
    const rows = mergeTimelines([source('a', 100, [0, 'note'], [1, 'outcome', 1]), source('b', 0, [5, 'note'])])
    deepEqual(
      rows.map(({by}) => by),
      ['reckoned', 'tenant', 'machine'],
    )
    equal(rows[1]?.at, new Date(START + 1000).toISOString())
  })

  test('keeps the order of each trail, also when its clock went back', () => {
    const rows = mergeTimelines([source('a', 0, [10, 'note'], [2, 'note'], [11, 'outcome', 11], [3, 'note'])])
    deepEqual(order(rows), ['a0', 'a1', 'a2', 'a3'])
    ok(rows.every(({at}, index) => index === 0 || at >= (rows[index - 1]?.at ?? '')))
  })

  test("does not call an instant the tenant's that the order of a trail moved", () => {
    const rows = mergeTimelines([source('a', 0, [10, 'outcome', 11], [12, 'outcome', 5])])
    deepEqual(
      rows.map(({by, at}) => [by, at]),
      [
        ['tenant', new Date(START + 11_000).toISOString()],
        ['reckoned', new Date(START + 11_000).toISOString()],
      ],
    )
  })

  test('is empty for nothing', () => deepEqual(mergeTimelines([]), []))
})
