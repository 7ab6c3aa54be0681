import {deepEqual, equal, throws} from 'node:assert/strict'
import {rmSync} from 'node:fs'
import {join} from 'node:path'
import {describe, test} from 'node:test'

import {isCode} from '../../src/errors.ts'
import {rangeTarget, savedLog, savedRanges} from '../../src/execution/saved-log.ts'
import type {SavedLogSource} from '../../src/execution/saved-log.ts'
import {trailFolder} from '../../src/trail/trail-folder.ts'
import type {Trail} from '../../src/trail/trail.ts'
import {oneAct, trailPlace} from '../support/trail.ts'

const INC = 'inc-20261122-abcdef'
const idOf = (number: number) => `900${String(number).padStart(53, '0')}`
const entry = (number: number) => ({
  log_id: idOf(number),
  date: '2026-11-22T03:00:00.000Z',
  type: 'seccft',
  client_id: 'c1',
  details: null,
})

/** Saves these entries as one blob, in the order given; by checkpoint when `ranged`. */
function save(trail: Trail, numbers: readonly number[], ranged: boolean, inc = INC): string {
  const evidence = trail.putEvidence(numbers.map((one) => `${JSON.stringify(entry(one))}\n`).join(''))
  const sorted = numbers.toSorted((a, b) => a - b)
  trail.append({
    kind: 'observe',
    inc,
    action: 'tenant_log.save',
    target: ranged ? rangeTarget(idOf((sorted[0] ?? 0) - 1), idOf(sorted.at(-1) ?? 0)) : 'client:c1',
    finding: `${numbers.length} entries`,
    count: numbers.length,
    evidence,
  })
  return evidence
}

const numbersOf = (trail: SavedLogSource, inc = INC) => [...savedLog(trail, inc)].map(({log_id}) => Number(log_id.slice(3)))
const upTo = (from: number, to: number) => Array.from({length: to - from + 1}, (_, index) => from + index)

describe('the saved log of an incident', () => {
  test('comes in the order of arrival, each log id once, whatever way and how often its blobs were saved', async (t) => {
    const place = trailPlace(t)
    const trail = await place.open()
    oneAct(trail, INC)
    save(trail, [97, 40, 21, 5], false)
    save(trail, upTo(51, 80), true)
    save(trail, upTo(1, 30), true)
    save(trail, upTo(25, 50), true)
    save(trail, upTo(25, 50), true)
    oneAct(trail, 'inc-20261122-zzzzzz')
    save(trail, [200], true, 'inc-20261122-zzzzzz')
    deepEqual(numbersOf(trail), [...upTo(1, 80), 97])
    deepEqual(numbersOf(trailFolder(place.folder)), [...upTo(1, 80), 97])
    deepEqual(numbersOf(trail, 'inc-20261122-zzzzzz'), [200])
    deepEqual(
      savedRanges(trail, INC).map(({from, last, entries}) => [Number(from.slice(3)), Number(last.slice(3)), entries]),
      [
        [0, 30, 30],
        [24, 50, 26],
        [50, 80, 30],
      ],
    )
  })

  test('is empty where nothing was saved, and where what was saved held no entry', async (t) => {
    const trail = await trailPlace(t).open()
    oneAct(trail, INC)
    deepEqual(numbersOf(trail), [])
    save(trail, [], false)
    deepEqual(numbersOf(trail), [])
  })

  test('a blob that is not there is an error and not an empty stretch of the log', async (t) => {
    const place = trailPlace(t)
    const trail = await place.open()
    oneAct(trail, INC)
    save(trail, [1, 2], true)
    const gone = save(trail, [3, 4], true)
    rmSync(join(place.folder, 'evidence', gone))
    throws(
      () => numbersOf(trail),
      (error) => isCode(error, 'E_MISSING'),
    )
  })

  test('a line that is no entry is an error', async (t) => {
    const trail = await trailPlace(t).open()
    oneAct(trail, INC)
    const evidence = trail.putEvidence('{"log_id":"9001"}\n')
    trail.append({kind: 'observe', inc: INC, action: 'tenant_log.save', finding: '1 entry', count: 1, evidence})
    throws(
      () => numbersOf(trail),
      (error) => isCode(error, 'E_SCHEMA'),
    )
  })

  test('holds in memory only the blobs that overlap: of 200 that follow each other one at a time', () => {
    const blobs = new Map(
      upTo(0, 199).map((blob) => [
        String(blob).padStart(64, '0'),
        upTo(blob * 100 + 1, blob * 100 + 100)
          .map((one) => JSON.stringify(entry(one)))
          .join('\n'),
      ]),
    )
    const read: number[] = []
    let given = 0
    const source: SavedLogSource = {
      *records() {
        for (const sha of [...blobs.keys()].reverse()) {
          const blob = Number(sha)
          const target = rangeTarget(idOf(blob * 100), idOf(blob * 100 + 100))
          yield {kind: 'observe', seq: blob, action: 'tenant_log.save', evidence: sha, count: 100, target} as never
        }
      },
      getEvidence(sha256) {
        read.push(given)
        return Buffer.from(blobs.get(sha256) ?? '')
      },
    }
    for (const one of savedLog(source, INC)) {
      given++
      equal(Number(one.log_id.slice(3)), given)
    }
    equal(given, 20_000)
    deepEqual(
      read,
      upTo(0, 199).map((blob) => Math.max(0, blob * 100 - 1)),
    )
  })
})
