import assert from 'node:assert/strict'
import {suite, test} from 'node:test'
import fc from 'fast-check'

import {parseRfc3339} from '../../src/clock.ts'
import {containedAt, MAX_TOKEN_LIFETIME, SKEW_SECONDS} from '../../src/incident/exposure-facts.ts'
import {computeExposureWindow} from '../../src/incident/exposure.ts'
import type {ExposureFacts} from '../../src/incident/exposure-facts.ts'

const NOW = 1_790_000_000

function facts(changed: Partial<ExposureFacts> = {}): ExposureFacts {
  return {
    client_id: 'app1',
    computed_at: NOW,
    audiences: [
      {
        audience: 'https://a',
        token_lifetime: 7200,
        paths: ['grant'],
        containment: {changed_at: NOW - 60, first_refusal_at: NOW - 58},
      },
    ],
    observed: [],
    probe_tokens: [],
    leaked_at: NOW - 5000,
    log_from: NOW - 9000,
    gaps: [],
    ...changed,
  }
}

const worst = (exposure: ReturnType<typeof computeExposureWindow>) => parseRfc3339(exposure.all_clear.worst_case_at) ?? Number.NaN
const codes = (exposure: ReturnType<typeof computeExposureWindow>) => exposure.evidence_gaps.map((gap) => gap.code)

test('containment is the first refusal, no earlier than the change and no later than 30 s after it', () => {
  assert.equal(containedAt({changed_at: 100, first_refusal_at: 100}), 100)
  assert.equal(containedAt({changed_at: 100, first_refusal_at: 112}), 112)
  assert.equal(containedAt({changed_at: 100, first_refusal_at: 190}), 130)
  assert.equal(containedAt({changed_at: 100, first_refusal_at: 90}), 100)
})

test('the rule: containment + lifetime + skew, the latest of all APIs', () => {
  const exposure = computeExposureWindow(facts())
  assert.equal(worst(exposure), NOW - 58 + 7200 + SKEW_SECONDS)
  assert.equal(exposure.all_clear.state, 'open')
  assert.deepEqual(codes(exposure), [])
})

test('once it has passed, and only then, it is clear', () => {
  const at = (computed_at: number) => computeExposureWindow(facts({computed_at})).all_clear.state
  assert.equal(at(NOW - 58 + 7200 + SKEW_SECONDS - 1), 'open')
  assert.equal(at(NOW - 58 + 7200 + SKEW_SECONDS), 'clear')
})

test('one API that is not contained keeps everything open, however much time passes', () => {
  const {audiences} = facts()
  const open = facts({
    audiences: [...audiences, {audience: 'https://b', token_lifetime: 60, paths: []}],
    computed_at: NOW + 10_000_000,
  })
  const exposure = computeExposureWindow(open)
  assert.equal(exposure.all_clear.state, 'open')
  assert.ok(worst(exposure) > NOW + 10_000_000)
})

suite('what is not known', () => {
  test('a lifetime that cannot be read, or that was changed, counts as the longest there is', () => {
    const one = (more: object) =>
      computeExposureWindow(
        facts({audiences: [{audience: 'https://a', paths: [], containment: {changed_at: NOW, first_refusal_at: NOW}, ...more}]}),
      )
    assert.equal(worst(one({})), NOW + MAX_TOKEN_LIFETIME + SKEW_SECONDS)
    assert.deepEqual(codes(one({})), ['lifetime_unreadable'])
    assert.equal(
      worst(one({token_lifetime: 60, lifetime_changes: [{at: NOW - 3000, log_id: 'l'}]})),
      NOW + MAX_TOKEN_LIFETIME + SKEW_SECONDS,
    )
    assert.deepEqual(codes(one({token_lifetime: 60, lifetime_changes: [{at: NOW - 3000, log_id: 'l'}]})), ['lifetime_changed'])
  })
  test('a log that cannot be read, or that begins after the leak, is a gap', () => {
    assert.deepEqual(codes(computeExposureWindow(facts({observed: null}))), ['log_unreadable'])
    assert.deepEqual(codes(computeExposureWindow(facts({log_from: NOW - 4999}))), ['lifetime_history'])
    const {leaked_at: _, ...unknown} = facts()
    assert.deepEqual(codes(computeExposureWindow(unknown)), ['lifetime_history'])
  })
  test('tokens from before the log count with 30 days: from where it begins, no later than containment', () => {
    const older = (changed: Partial<ExposureFacts>) => worst(computeExposureWindow(facts(changed)))
    const end = NOW - 58
    assert.equal(older({log_from: NOW - 4999}), NOW - 4999 + 30 + MAX_TOKEN_LIFETIME + SKEW_SECONDS)
    assert.equal(older({log_from: NOW + 5}), end + MAX_TOKEN_LIFETIME + SKEW_SECONDS)
    const {log_from: _, ...none} = facts()
    assert.equal(worst(computeExposureWindow(none)), end + MAX_TOKEN_LIFETIME + SKEW_SECONDS)
    // a log of 30 days rules it out by itself: what is older has expired
    const {leaked_at: __, ...unknown} = facts({log_from: NOW - MAX_TOKEN_LIFETIME})
    assert.equal(worst(computeExposureWindow(unknown)), end + 7200 + SKEW_SECONDS)
    assert.deepEqual(codes(computeExposureWindow(unknown)), [])
  })
  test('beside them stands what the known lifetimes say, and only where it is earlier', () => {
    const ruled = (changed: Partial<ExposureFacts>) => computeExposureWindow(facts(changed)).all_clear.ruled_at
    assert.equal(parseRfc3339(ruled({log_from: NOW - 4999}) ?? ''), NOW - 58 + 7200 + SKEW_SECONDS)
    const leaked_token = {audience: 'https://a', expires_at: NOW + 50_000}
    assert.equal(parseRfc3339(ruled({log_from: NOW - 4999, leaked_token}) ?? ''), NOW + 50_000 + SKEW_SECONDS)
    assert.equal(ruled({}), undefined)
    assert.equal(ruled({log_from: NOW - 6000}), undefined)
  })
})

test('a token that a probe of ours got extends it; tokens of other APIs do not', () => {
  const later = computeExposureWindow(facts({probe_tokens: [{audience: 'https://a', issued_at: NOW}]}))
  assert.equal(worst(later), NOW + 7200 + SKEW_SECONDS)
  const exact = computeExposureWindow(facts({probe_tokens: [{audience: 'https://a', issued_at: NOW, expires_at: NOW + 9000}]}))
  assert.equal(worst(exact), NOW + 9000 + SKEW_SECONDS)
  const other = computeExposureWindow(facts({probe_tokens: [{audience: 'https://z', issued_at: NOW}]}))
  assert.equal(worst(other), worst(computeExposureWindow(facts())))
})

test('the leaked token alone: its own exp, to the second', () => {
  const alone = facts({audiences: [], token_only: true, leaked_token: {audience: 'https://m', expires_at: NOW + 500}})
  assert.equal(worst(computeExposureWindow(alone)), NOW + 500)
  assert.equal(computeExposureWindow(alone).all_clear.state, 'open')
  assert.equal(computeExposureWindow({...alone, computed_at: NOW + 500}).all_clear.state, 'clear')
})

test('tokens that the log shows stand beside the rule and never shorten it', () => {
  const seen = computeExposureWindow(facts({observed: [{audience: 'https://a', issued_at: NOW - 7000}]}))
  assert.equal(worst(seen), worst(computeExposureWindow(facts())))
  assert.equal(parseRfc3339(seen.all_clear.observed_at ?? ''), NOW - 7000 + 7200)
})

test('never before the last token that anybody could hold dies, never later than the rule', () => {
  const audience = fc.record({
    lifetime: fc.option(fc.integer({min: 1, max: MAX_TOKEN_LIFETIME})),
    changed: fc.integer({min: 0, max: 10_000}),
    // how long the change took to be seen, and how long after that the first probe of the run was
    lag: fc.integer({min: 0, max: 30}),
    probe: fc.integer({min: 0, max: 120}),
    changedSettings: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(audience, {minLength: 1, maxLength: 5}), fc.integer({min: 0, max: 3_000_000}), (apis, wait) => {
      const exposure = computeExposureWindow(
        facts({
          computed_at: NOW + 10_200 + wait,
          audiences: apis.map((one, index) => ({
            audience: `https://${index}`,
            paths: [],
            ...(one.lifetime === null ? {} : {token_lifetime: one.lifetime}),
            ...(one.changedSettings ? {lifetime_changes: [{at: NOW - 3000, log_id: 'l'}]} : {}),
            containment: {changed_at: NOW + one.changed, first_refusal_at: NOW + one.changed + one.lag + one.probe},
          })),
        }),
      )
      // The attacker got his last token in the last second before the change was seen everywhere.
      const lastExp = Math.max(...apis.map((one) => NOW + one.changed + one.lag + (one.lifetime ?? MAX_TOKEN_LIFETIME)))
      const rule =
        Math.max(
          ...apis.map(
            (one) => NOW + one.changed + 30 + (one.changedSettings ? MAX_TOKEN_LIFETIME : (one.lifetime ?? MAX_TOKEN_LIFETIME)),
          ),
        ) + SKEW_SECONDS
      assert.ok(worst(exposure) >= lastExp)
      assert.ok(worst(exposure) <= rule)
      if (exposure.all_clear.state === 'clear') assert.ok(NOW + 10_200 + wait >= lastExp)
    }),
    {numRuns: 300},
  )
})
