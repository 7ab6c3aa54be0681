import {deepEqual, equal, ok} from 'node:assert/strict'
import {appendFileSync, readdirSync, statSync, truncateSync, unlinkSync} from 'node:fs'
import {join} from 'node:path'
import {test} from 'node:test'

import {hasIntent} from '../../src/trail/intents.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {oneAct, trailPlace} from '../support/trail.ts'

test(
  'a log goes over into a second segment, for two writers, for readers, after a crash and for the verifier',
  {timeout: 120_000},
  async (t) => {
    const place = trailPlace(t)
    const one = await place.open()
    const note = {kind: 'note', text: 'x'} as const
    // every 10,000 records an epoch ends, which is a record of its own
    for (let left = 65_532 - one.head().size; left > 0; left = 65_532 - one.head().size)
      one.appendAll(Array.from({length: Math.max(1, Math.min(4000, left - 1))}, () => note))
    equal(one.head().size, 65_532)
    const two = await place.open()
    equal(two.head().size, 65_533)
    // this group crosses the border
    const group = one.appendAll(Array.from({length: 10}, () => note))
    deepEqual(
      group.map(({seq}) => seq),
      Array.from({length: 10}, (_, i) => 65_533 + i),
    )
    const records = join(place.folder, 'records')
    deepEqual(readdirSync(records), ['000000000000.jsonl', '000000065536.jsonl'])
    equal(two.append(note).seq, 65_543)
    const corr = oneAct(one, 'inc-1')
    ok(hasIntent(place.folder, corr))
    two.close('done')
    one.close('done')
    deepEqual(
      [verifyFolder(place.folder).ok, verifyFolder(place.folder).complete, verifyFolder(place.folder).records],
      [true, true, 65_549],
    )
    appendFileSync(join(records, '000000065536.jsonl'), 'torn')
    const three = await place.open()
    ok([...three.records()].some(({kind, torn_bytes: torn}) => kind === 'log.recovered' && torn === 4))
    three.close('done')
    equal(verifyFolder(place.folder).complete, true)
    const size = statSync(join(records, '000000000000.jsonl')).size
    truncateSync(join(records, '000000000000.jsonl'), size - 10)
    ok(verifyFolder(place.folder).findings.some(({kind}) => kind === 'segment gap'))
    unlinkSync(join(records, '000000000000.jsonl'))
    ok(verifyFolder(place.folder).findings.some(({kind}) => kind === 'segment gap'))
  },
)
