import {deepEqual, equal, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {scoreHunt} from '../../../src/cli/hunt-score.ts'
import {JOURNEYS} from '../../../src/simulator/history/story.ts'
import {huntStory} from '../../support/stories.ts'

/** A few of the stories; many more are told by `test/bench/recall.ts`. */
const SEEDS = [1001, 1002, 1003, 1004]

describe('hunted stories', () => {
  for (const journey of JOURNEYS) {
    test(`${journey}: everything the attacker left is found, nobody legitimate is called hostile (seeds ${SEEDS.join(', ')})`, () => {
      for (const seed of SEEDS) {
        const {score, story} = huntStory(journey, seed)
        equal(score.recall, 1, `seed ${seed}: ${score.missed.join('; ')}`)
        equal(score.in_inventory, score.left_behind, `seed ${seed}: ${score.missed.join('; ')}`)
        equal(score.legitimate_called_hostile, 0, `seed ${seed}`)
        equal(score.ours_called_bad, 0, `seed ${seed}`)
        ok(story.scenes.length > 100)
        if (journey !== 'J14') ok(score.attacker_entries > 0)
      }
    })
  }

  test('the same seed tells the same story', () => {
    deepEqual(huntStory('J1', 7).story, huntStory('J1', 7).story)
    ok(JSON.stringify(huntStory('J1', 7).story) !== JSON.stringify(huntStory('J1', 8).story))
  })

  test('the score sees a hunt that misses an entry, an item, or wrongs a service', () => {
    const {truth, result} = huntStory('J1', 1001)
    const bad = result.findings.filter(({verdict}) => verdict === 'suspect' || verdict === 'hostile')
    const blind = scoreHunt(truth, {
      findings: result.findings.filter((one) => one !== bad[0]),
      inventory: result.inventory.slice(1),
    })
    ok(blind.recall < 1)
    equal(blind.in_inventory, blind.left_behind - 1)
    ok(blind.missed.length > 0)
    const harsh = scoreHunt(truth, {findings: result.findings.map((one) => ({...one, verdict: 'hostile'})), inventory: []})
    ok(harsh.legitimate_called_hostile > 0)
  })
})
