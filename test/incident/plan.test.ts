import assert from 'node:assert/strict'
import {hash} from 'node:crypto'
import {test} from 'node:test'
import fc from 'fast-check'

import {canonicalJson, planHash} from '../../src/incident/plan.ts'
import {aPlan} from './facts.ts'

test('canonical JSON sorts members by UTF-16 code units, at every depth, and leaves arrays alone', () => {
  assert.equal(
    canonicalJson({b: 1, a: {d: [3, 1, {z: null, y: true}], c: 'x'}}),
    '{"a":{"c":"x","d":[3,1,{"y":true,"z":null}]},"b":1}',
  )
  // From RFC 8785, section 3.2.3: the order of UTF-16 code units is not that of code points.
  const keys = {'\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7}
  assert.equal(canonicalJson(keys), '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}')
})

test('canonical JSON leaves out what is undefined and escapes no more than it must', () => {
  assert.equal(canonicalJson({a: undefined, b: '\u2028"\\\u0007/'}), '{"b":"\u2028\\"\\\\\\u0007/"}')
})

test('canonical JSON does not depend on the order in which members were written', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const shuffled = Object.fromEntries(Object.entries(value).reverse())
      assert.equal(canonicalJson(shuffled), canonicalJson(value))
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)))
    }),
    {numRuns: 200},
  )
})

test('the hash is that of the canonical form, and the same for the same facts', () => {
  const plan = aPlan()
  assert.equal(planHash(plan), hash('sha256', canonicalJson(plan), 'hex'))
  assert.equal(planHash(aPlan()), planHash(plan))
})

test('time, the log and the order of grants on the wire do not change what the plan is', () => {
  const plan = aPlan(
    {},
    {
      taken_at: '2031-01-01T00:00:00.000Z',
      server_time: 1,
      log: null,
      setting_changes: null,
      gaps: [{code: 'a', what: 'b', why: 'c'}],
    },
  )
  assert.equal(planHash(plan), planHash(aPlan()))
  assert.equal(/\d{4}-\d\d-\d\dT/.test(canonicalJson(plan)), false, 'an instant is in the plan')
})

test('every member counts: whatever is changed, the hash is another', () => {
  const plan = aPlan()
  const [step] = plan.steps
  const changed = [
    {...plan, mode: 'real' as const},
    {...plan, tenant: 'other.eu.auth0.com'},
    {...plan, leak: 'unknown' as const},
    {...plan, client_id: 'app2'},
    {...plan, verify_window_seconds: 41},
    {...plan, stop_when: []},
    {...plan, runbook: {...plan.runbook, sha256: '0'.repeat(64)}},
    {...plan, runbook: {...plan.runbook, version: 2}},
    {...plan, steps: plan.steps.slice(1)},
    {...plan, steps: plan.steps.toReversed()},
    {...plan, steps: step ? [{...step, title: 'x'}, ...plan.steps.slice(1)] : []},
    aPlan({keep_grants: true}),
    aPlan({rotate: false}),
    aPlan({method: 'set'}),
    aPlan({include_user_grants: true}),
  ]
  const hashes = new Set([plan, ...changed].map(planHash))
  assert.equal(hashes.size, changed.length + 1)
})
