import assert from 'node:assert/strict'
import {suite, test} from 'node:test'
import fc from 'fast-check'

import {parseRfc3339} from '../../src/clock.ts'
import {INVOICES, LEDGER, OPERATOR_SCOPES} from '../../src/simulator/scenarios/landscape.ts'
import {
  assertAllClear,
  assertInvariants,
  assertTrail,
  connectByToken,
  exitCodeOf,
  gapCodes,
  lastTokenOf,
  outcomes,
  respond,
  scene,
  verdicts,
} from '../support/incident.ts'
import type {Document, Scene} from '../support/incident.ts'

function effectAt(at: Scene, operation: string): number {
  return Math.max(
    ...at.tenant
      .changes()
      .filter((one) => one.operation === operation && one.effect)
      .map((one) => one.at),
  )
}

function proofsOf(result: Document, claim: string) {
  return result.proof.filter((proof) => proof.claim === claim)
}

suite('what proves a refusal', () => {
  for (const mode of ['both', 'mixed', 'old_only'] as const) {
    for (const seconds of [0, 25, 29]) {
      test(`the old secret lives on for ${seconds} s (${mode}): the run begins anew, and ends proven`, async (t) => {
        const at = await scene(t, {behaviour: {secret_propagation_seconds: seconds, secret_propagation: mode}})
        const {result} = await respond(t, at)
        assertInvariants(result)
        assertTrail(at)
        assert.equal(result.status, 'contained')
        const [proof] = proofsOf(result, 'old_secret_refused')
        const changed = effectAt(at, 'client_secret.rotate')
        assert.ok((parseRfc3339(proof?.last_at ?? '') ?? 0) >= changed + 35, 'the last refusal came too early')
        if (seconds > 0 && mode === 'both')
          assert.ok(
            (parseRfc3339(proof?.first_at ?? '') ?? 0) >= changed + seconds,
            'the run counts refusals before the last acceptance',
          )
        assertAllClear(at, result)
      })
    }
  }

  test('accepted beyond the window: it failed, exit 5', async (t) => {
    const at = await scene(t, {behaviour: {secret_propagation_seconds: 600}})
    const worked = await respond(t, at)
    assertInvariants(worked.result)
    assert.equal(verdicts(worked.result)['old_secret_refused'], 'failed')
    assert.equal(worked.result.status, 'partial')
    assert.equal(exitCodeOf(worked), 5)
  })

  test('accepted beyond the window, and the grants were kept: not contained, the all clear moves with the clock', async (t) => {
    const at = await scene(t, {behaviour: {secret_propagation_seconds: 600}})
    const {result} = await respond(t, at, {choices: {keep_grants: true}})
    assert.equal(result.exposure.all_clear.state, 'open')
    assert.ok(result.exposure.audiences.every((one) => one.contained_at === undefined))
    assert.match(result.exposure.all_clear.basis, /moves with the clock/)
    assertAllClear(at, result, 'whenever')
  })

  for (const [title, fault] of [
    ['429', {do: 'status', status: 429}],
    ['500', {do: 'status', status: 500}],
    ['a page of a proxy', {do: 'html'}],
    ['nothing at all', {do: 'lose_change_and_answer'}],
    ['a Management API error', {do: 'status', status: 401}],
  ] as const) {
    test(`${title} from the token endpoint is no evidence: neither proven nor failed`, async (t) => {
      const at = await scene(t, {
        watch: (phase, request) => {
          if (phase === 'answered' && request.operation === 'client_secret.rotate')
            at.tenant.fault({on: 'token', ...fault, times: 999})
        },
      })
      const worked = await respond(t, at)
      assertInvariants(worked.result)
      assert.equal(verdicts(worked.result)['old_secret_refused'], 'not_proven')
      assert.equal(verdicts(worked.result)['new_secret_accepted'], 'not_proven')
      assert.equal(verdicts(worked.result)['new_tokens_refused'], 'not_proven')
      assert.equal(worked.result.status, 'partial')
      assert.equal(exitCodeOf(worked), 6)
      assert.ok(worked.result.exposure.audiences.every((one) => one.contained_at === undefined))
      assertAllClear(at, worked.result, 'whenever')
    })
  }

  test('a few 5xx in between neither break the run nor lengthen it', async (t) => {
    const at = await scene(t, {
      watch: (phase, request) => {
        if (phase === 'answered' && request.operation === 'client_secret.rotate')
          at.tenant.fault({on: 'token', do: 'status', status: 503, times: 4})
      },
    })
    const {result} = await respond(t, at)
    assert.equal(result.status, 'contained')
  })
})

suite('what happens while it is proven', () => {
  test('the grant is created again: partial, grant_is_back, and the token that a probe got is counted', async (t) => {
    let probes = 0
    const at = await scene(t, {
      watch: (phase, request) => {
        if (phase !== 'arrived' || request.operation !== 'token' || at.tenant.count('client_secret.rotate') === 0) return
        probes += 1
        if (probes === 6) at.tenant.addGrant({client_id: at.client_id, audience: INVOICES, scope: ['read:invoices']})
      },
    })
    const worked = await respond(t, at)
    const {result} = worked
    assertInvariants(result)
    assertTrail(at)
    assert.equal(result.status, 'partial')
    assert.equal(exitCodeOf(worked), 6)
    assert.ok(gapCodes(result).includes('grant_is_back'))
    assert.equal(verdicts(result)['grants_absent'], 'failed')
    assert.match(result.next.join('\n'), /somebody gave the client a grant again/)
    assertAllClear(at, result, 'whenever')
  })

  test('a user grant that was deleted and is created again is seen, too', async (t) => {
    let done = false
    const at = await scene(t, {
      scenario: 'user-grant',
      watch: (phase, request) => {
        if (done || phase !== 'arrived' || request.operation !== 'token' || at.tenant.count('client_secret.rotate') === 0) return
        done = true
        at.tenant.addGrant({client_id: at.client_id, audience: INVOICES, scope: ['read:invoices'], subject_type: 'user'})
      },
    })
    const {result} = await respond(t, at, {choices: {include_user_grants: true}})
    assert.equal(verdicts(result)['grants_absent'], 'failed')
    assert.ok(gapCodes(result).includes('grant_is_back'))
  })

  test('a deleted grant still gives tokens for a while: what the probes minted is counted', async (t) => {
    const at = await scene(t, {behaviour: {grant_propagation_seconds: 20}})
    const {result} = await respond(t, at)
    assertInvariants(result)
    assert.equal(result.status, 'contained')
    assert.ok(at.tenant.count('token', at.client_id) > 0, 'the scene is of no use: no probe minted')
    assertAllClear(at, result)
    assert.ok(
      at
        .records()
        .some((record) => record.kind === 'outcome' && record['action'] === 'token.request' && record['result'] === 'ok'),
    )
  })

  test('a probe whose answer is lost may have minted: it is counted at the full lifetime', async (t) => {
    let lost = 0
    const at = await scene(t, {
      behaviour: {grant_propagation_seconds: 20},
      watch: (phase, request) => {
        if (phase !== 'effect' || request.operation !== 'token' || request.correlation_id === undefined || lost > 2)
          return undefined
        lost += 1
        return 'drop'
      },
    })
    const {result} = await respond(t, at, {choices: {rotate: false}})
    assertAllClear(at, result, 'whenever')
  })

  test('Ctrl-C before the proof: what was changed is said, nothing is claimed', async (t) => {
    const interruption = {requested: false}
    const at = await scene(t, {
      watch: (phase, request) => {
        if (phase === 'effect' && request.operation === 'client_secret.rotate') interruption.requested = true
      },
    })
    const {result} = await respond(t, at, {interruption})
    assertInvariants(result)
    assert.equal(result.status, 'partial')
    assert.deepEqual(outcomes(result, 'client_secret.rotate'), ['done'])
    assert.deepEqual(new Set(Object.values(verdicts(result))), new Set(['not_proven']))
    assertTrail(at)
  })

  test('Ctrl-C during a deletion: that one is finished, the secret is left, resume goes on', async (t) => {
    const interruption = {requested: false}
    const at = await scene(t, {
      watch: (phase, request) => {
        if (phase === 'effect' && request.operation === 'client_grant.delete') interruption.requested = true
      },
    })
    const {result} = await respond(t, at, {interruption})
    assert.equal(at.tenant.count('client_secret.rotate'), 0)
    assert.equal(result.status, 'partial')
    assert.equal(result.next[0], `stanch resume ${result.incident_id}`)
  })
})

suite('the all clear', () => {
  test('a lifetime that cannot be read counts as 30 days, and is a gap', async (t) => {
    const at = await scene(t)
    const connected = await connectByToken(
      t,
      at,
      OPERATOR_SCOPES.filter((scope) => scope !== 'read:resource_servers'),
    )
    const {result} = await respond(t, at, {connected})
    for (const audience of result.exposure.audiences) {
      assert.equal(audience.token_lifetime_seconds, 2_592_000)
      assert.equal(audience.lifetime_source, 'assumed_max')
    }
    assert.ok(gapCodes(result).includes('lifetime_unreadable'))
    assertAllClear(at, result)
  })

  test('an API whose settings were changed since the leak counts as 30 days, and is a gap', async (t) => {
    const at = await scene(t)
    const world = at.tenant.world as unknown as {intentOnDisk: unknown}
    const port = world.intentOnDisk
    world.intentOnDisk = undefined
    const server = at.tenant.resourceServers().find((one) => one['identifier'] === LEDGER)
    const token = at.tenant.issueToken({client_id: at.simulator.practice.operator.client_id, scope: 'update:resource_servers'})
    const answer = await fetch(`${at.simulator.origin}/api/v2/resource-servers/${String(server?.['id'])}`, {
      method: 'PATCH',
      headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json'},
      body: JSON.stringify({token_lifetime: 600}),
    })
    assert.ok(answer.ok)
    world.intentOnDisk = port
    at.tenant.clock.advance(10)
    const {result} = await respond(t, at)
    const ledger = result.exposure.audiences.find((one) => one.audience === LEDGER)
    assert.equal(ledger?.token_lifetime_seconds, 2_592_000)
    assert.equal(ledger?.lifetime_source, 'assumed_max')
    assert.ok(gapCodes(result).includes('lifetime_changed'))
  })

  test('whatever the lifetimes and the propagation: never before the last token dies, never later than the rule', async (t) => {
    let contained = 0
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          secret: fc.integer({min: 0, max: 30}),
          grant: fc.integer({min: 0, max: 30}),
          mode: fc.constantFrom('both', 'mixed', 'old_only'),
          lifetimes: fc.tuple(fc.integer({min: 60, max: 200_000}), fc.integer({min: 60, max: 200_000})),
          keep: fc.boolean(),
          rotate: fc.boolean(),
          head: fc.integer({min: 0, max: 5000}),
        }),
        async ({secret, grant, mode, lifetimes, keep, rotate, head}) => {
          const at = await scene(t, {
            behaviour: {secret_propagation_seconds: secret, secret_propagation: mode as 'both', grant_propagation_seconds: grant},
          })
          for (const [index, identifier] of [INVOICES, LEDGER].entries()) {
            for (const server of at.tenant.world.resourceServers.values())
              if (server.wire.identifier === identifier) server.wire['token_lifetime'] = lifetimes[index] ?? 60
          }
          at.tenant.clock.advance(head)
          const {result} = await respond(t, at, {choices: {keep_grants: keep, rotate: rotate || keep}})
          assertInvariants(result)
          // The attacker goes on trying for a while; whatever he gets must have been counted.
          at.tenant.clock.advance(900)
          if (result.status === 'contained') contained += 1
          if (result.status === 'contained') assertAllClear(at, result)
          await at.simulator.stop()
        },
      ),
      {numRuns: 12, seed: 7},
    )
    assert.ok(contained >= 6, `only ${contained} of the runs said anything`)
  })

  test('the consumer and the attacker are known to the scene', async (t) => {
    const at = await scene(t)
    at.tenant.clock.advance(600)
    assert.ok(lastTokenOf(at) > at.tenant.clock.now() + 80_000)
  })
})
