import assert from 'node:assert/strict'
import {suite, test} from 'node:test'
import fc from 'fast-check'

import {isCode} from '../../src/errors.ts'
import {parsePlanFile, planFileText} from '../../src/incident/plan-file.ts'
import {planHash} from '../../src/incident/plan.ts'
import type {Plan} from '../../src/incident/plan.ts'
import {aPlan} from './facts.ts'

type Loose = any

/** A file whose hash fits, whatever was done to its plan. */
function altered(change: (plan: Loose) => void): string {
  const plan = structuredClone(aPlan({include_user_grants: true})) as Loose
  change(plan)
  return JSON.stringify({plan_hash: planHash(plan as Plan), plan})
}

test('what is written is read back, member for member', () => {
  for (const plan of [
    aPlan(),
    aPlan({keep_grants: true}),
    aPlan({rotate: false, include_user_grants: true}),
    aPlan({method: 'set'}),
  ]) {
    assert.deepEqual(parsePlanFile(planFileText(plan)), plan)
  }
})

suite('a plan file is refused', () => {
  const step = (plan: Loose, action: string) => plan.steps.find((one: Loose) => one.action === action)
  const refused: readonly [string, string][] = [
    ['that is empty', ''],
    ['that is not JSON', '{'],
    ['that is a list', '[]'],
    ['that is null', 'null'],
    ['without a plan', '{"plan_hash":"0"}'],
    ['with a member more at the top', JSON.stringify({...(JSON.parse(planFileText(aPlan())) as object), more: 1})],
    ['with a hash that is none', JSON.stringify({plan_hash: 'abc', plan: aPlan()})],
    ['with a hash in capitals', JSON.stringify({plan_hash: planHash(aPlan()).toUpperCase(), plan: aPlan()})],
    ['of another version', altered((plan) => (plan.version = 2))],
    ['of no mode', altered((plan) => (plan.mode = 'dry'))],
    ['with a member more', altered((plan) => (plan.note = 'x'))],
    ['without a member', altered((plan) => delete plan.stop_when)],
    ['for a leak that is none', altered((plan) => (plan.leak = 'everything'))],
    ['with a tenant that is no text', altered((plan) => (plan.tenant = {}))],
    ['with a client id beyond measure', altered((plan) => (plan.client_id = 'x'.repeat(201)))],
    ['with a runbook hash that is none', altered((plan) => (plan.runbook.sha256 = 'x'))],
    ['with a runbook version of 0', altered((plan) => (plan.runbook.version = 0))],
    ['with a window below zero', altered((plan) => (plan.verify_window_seconds = -1))],
    ['with a window of half a second', altered((plan) => (plan.verify_window_seconds = 0.5))],
    ['with a window of for ever', altered((plan) => (plan.verify_window_seconds = 7_776_001))],
    ['with a reason to stop that is none', altered((plan) => plan.stop_when.push('whenever'))],
    ['with an act that is none', altered((plan) => (plan.steps[0].action = 'client.delete'))],
    ['with arguments of another act', altered((plan) => (step(plan, 'client_secret.rotate').args = {grant_id: 'x'}))],
    ['with an argument more', altered((plan) => (step(plan, 'client_secret.rotate').args.twice = true))],
    ['with a method that is none', altered((plan) => (step(plan, 'client_secret.rotate').args.method = 'delete'))],
    ['that deletes no grant in particular', altered((plan) => delete step(plan, 'client_grant.delete').args.grant_id)],
    ['with a grant member that no body has', altered((plan) => (step(plan, 'client_grant.delete').args.grant.id = 'cgr_1'))],
    ['with scopes that are no texts', altered((plan) => (step(plan, 'client_grant.delete').args.grant.scope = [1]))],
    ['with a claim that is none', altered((plan) => step(plan, 'verify').args.claims.push('all_is_well'))],
    ['that saves more entries than there are', altered((plan) => (step(plan, 'tenant_log.save').args.entries = 1001))],
    ['with two steps of one id', altered((plan) => (plan.steps[1].id = plan.steps[0].id))],
    [
      'with more steps than anybody can read',
      altered((plan) => (plan.steps = Array.from({length: 1001}, (_, index) => ({...plan.steps[0], id: `s${index}`})))),
    ],
    ['with steps that are no list', altered((plan) => (plan.steps = {...plan.steps}))],
    ['with __proto__ for a member', planFileText(aPlan()).replace('"version": 1', '"version": 1, "__proto__": {"x": 1}')],
  ]
  for (const [title, text] of refused) {
    test(title, () => {
      assert.throws(
        () => parsePlanFile(text),
        (error) => isCode(error, 'plan.invalid'),
      )
    })
  }

  test('whose plan was edited after it was hashed', () => {
    const text = planFileText(aPlan())
    for (const [from, to] of [
      ['"method": "rotate"', '"method": "set"'],
      ['"verify_window_seconds": 40', '"verify_window_seconds": 5'],
      ['"mode": "sim"', '"mode": "real"'],
      ['cgr_billing', 'cgr_another'],
    ] as const) {
      assert.ok(text.includes(from))
      assert.throws(
        () => parsePlanFile(text.replaceAll(from, to)),
        (error) => isCode(error, 'plan.hash_mismatch'),
      )
    }
  })

  test('whatever bytes are in it, with a code and never by a crash', () => {
    const text = planFileText(aPlan())
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({maxLength: 3}), (at, junk) => {
        const broken = `${text.slice(0, at)}${junk}${text.slice(at + 1)}`
        try {
          assert.equal(planHash(parsePlanFile(broken)), planHash(aPlan()))
        } catch (error) {
          assert.ok(isCode(error, 'plan.invalid') || isCode(error, 'plan.hash_mismatch'), String(error))
        }
      }),
      {numRuns: 300},
    )
  })
})
