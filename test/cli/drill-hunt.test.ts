import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {run} from '../support/cli.ts'
import {newHome} from '../support/run-stanch.ts'
import {problemsOf} from '../support/schemas.ts'

describe('drills with a history', () => {
  for (const scenario of ['secret-in-repository', 'explorer-token', 'partner', 'false-alarm']) {
    test(`${scenario}: the hunt finds everything that the attacker left, and wrongs nobody`, async (t) => {
      const home = newHome(t)
      const ran = await run(home, ['drill', scenario, '--yes', '--json', '--seed', '11'])
      const result = ran.json() as any
      deepEqual(problemsOf('drill', result), [])
      const {hunt} = result.score
      equal(hunt.recall, 1, hunt.missed.join('; '))
      equal(hunt.in_inventory, hunt.left_behind, hunt.missed.join('; '))
      equal(hunt.legitimate_called_hostile, 0)
      equal(hunt.ours_called_bad, 0)
      equal(hunt.attacker_entries > 0, scenario !== 'false-alarm')
      if (scenario === 'false-alarm') equal(hunt.hostile, 0)
    })
  }

  test('a false alarm is looked at and left: nothing is changed, and the score says that there was nobody', async (t) => {
    const home = newHome(t)
    const ran = await run(home, ['drill', 'false-alarm', '--dry-run', '--seed', '11'])
    equal(ran.code, 0, ran.stderr)
    match(ran.stdout, /the hunt: there was no attacker; 0 finding\(s\) hostile/)
    match(ran.stdout, /rotations 0/)
  })

  test('a drill without a history has no hunt on its score card', async (t) => {
    const home = newHome(t)
    const ran = await run(home, ['drill', 'client-secret', '--yes', '--json', '--seed', '11'])
    equal((ran.json() as any).score.hunt, undefined)
    ok(ran.code === 0)
  })
})
