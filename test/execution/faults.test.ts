import assert from 'node:assert/strict'
import {existsSync, readFileSync} from 'node:fs'
import {suite, test} from 'node:test'
import type {TestContext} from 'node:test'

import type {Worked} from '../../src/execution/incident.ts'
import type {Responder} from '../../src/execution/responder.ts'
import type {Fault} from '../../src/simulator/faults.ts'
import {
  assertAllClear,
  assertInvariants,
  assertTrail,
  connectByToken,
  exitCodeOf,
  gapCodes,
  outcomes,
  respond,
  resume,
  scene,
  verdicts,
} from '../support/incident.ts'
import {OPERATOR_SCOPES} from '../../src/simulator/scenarios/landscape.ts'
import type {InProcess, Scene, SceneOptions} from '../support/incident.ts'

type Kind = Omit<Fault, 'on'>

async function hit(
  t: TestContext,
  on: string,
  fault: Kind,
  how: InProcess = {},
  options: SceneOptions = {},
): Promise<{at: Scene; worked: Worked; exit: number}> {
  const at = await scene(t, options)
  at.tenant.fault({on, ...fault})
  const worked = await respond(t, at, how)
  assertInvariants(worked.result)
  assertTrail(at)
  assert.ok(at.tenant.count('client_secret.rotate', at.client_id) <= 1, 'rotated twice')
  return {at, worked, exit: exitCodeOf(worked)}
}

function sent(at: Scene, operation: string): number {
  return at.tenant.changes().filter((one) => one.operation === operation).length
}

function assertDelivered(at: Scene): void {
  assert.equal(readFileSync(at.sink, 'utf8'), `${at.tenant.secretOf(at.client_id)}\n`)
}

const LOST: readonly [string, Kind][] = [
  ['the request is lost', {do: 'lose_change_and_answer'}],
  ['500 and no effect', {do: 'status', status: 500}],
  ['503 and no effect', {do: 'status', status: 503}],
  ['408 and no effect', {do: 'status', status: 408}],
  ['a redirect', {do: 'status', status: 307}],
  ['garbage with status 200, no effect', {do: 'garbage', status: 200}],
  ['a page of a captive portal, no effect', {do: 'html', status: 200}],
  ['a page of a proxy, no effect', {do: 'html'}],
]

const KEPT: readonly [string, Kind][] = [
  ['the answer is lost', {do: 'lose_answer'}],
  ['the answer is cut', {do: 'cut'}],
  ['500 after the effect', {do: 'status', status: 500, after_effect: true}],
  ['504 after the effect', {do: 'status', status: 504, after_effect: true}],
  ['408 after the effect', {do: 'status', status: 408, after_effect: true}],
  ['garbage with status 200 after the effect', {do: 'garbage', status: 200, after_effect: true}],
  ['a page of a captive portal after the effect', {do: 'html', status: 200, after_effect: true}],
]

const LIMITED: readonly [string, Kind][] = [
  ['429 without a time', {do: 'status', status: 429}],
  ['429, Retry-After 1', {do: 'status', status: 429, retry_after: 1}],
  ['429, Retry-After that is no number', {do: 'status', status: 429, retry_after: 'soon'}],
  ['429, Retry-After below zero', {do: 'status', status: 429, retry_after: -5}],
]

const REFUSED: readonly [string, Kind][] = [400, 403, 404, 409].map((status) => [`${status} as JSON`, {do: 'status', status}])

suite('faults at a grant deletion', () => {
  for (const [title, fault] of LOST) {
    test(`${title}: looked at, then sent once more under a new intent`, async (t) => {
      const {at, worked, exit} = await hit(t, 'client_grant.delete', fault)
      assert.equal(worked.result.status, 'contained')
      assert.equal(exit, 0)
      assert.equal(sent(at, 'client_grant.delete'), 4)
      assert.equal(new Set(at.tenant.changes().map((one) => one.correlation_id)).size, 5, 'each has an intent of its own')
    })
  }
  for (const [title, fault] of [
    ...KEPT,
    ['an empty 200 after the effect', {do: 'empty', status: 200, after_effect: true}] as [string, Kind],
  ]) {
    test(`${title}: looked at, not sent again`, async (t) => {
      const {at, worked, exit} = await hit(t, 'client_grant.delete', fault)
      assert.equal(worked.result.status, 'contained')
      assert.equal(exit, 0)
      assert.equal(sent(at, 'client_grant.delete'), 3)
      assertAllClear(at, worked.result, 'whenever')
    })
  }
  test('an empty 200 without effect proves nothing: looked at, sent once more', async (t) => {
    const {at, worked} = await hit(t, 'client_grant.delete', {do: 'empty', status: 200})
    assert.equal(worked.result.status, 'contained')
    assert.equal(sent(at, 'client_grant.delete'), 4)
  })
  for (const [title, fault] of LIMITED) {
    test(`${title}: sent again after the wait`, async (t) => {
      const {at, worked, exit} = await hit(t, 'client_grant.delete', fault)
      assert.equal(worked.result.status, 'contained')
      assert.equal(exit, 0)
      assert.equal(sent(at, 'client_grant.delete'), 4)
    })
  }
  test('429 for a day: nothing more is changed, the time is named, and resume goes on', async (t) => {
    const {at, worked, exit} = await hit(t, 'client_grant.delete', {do: 'status', status: 429, retry_after: 86_400})
    assert.equal(exit, 75)
    assert.equal(worked.result.status, 'partial')
    assert.match((worked.failure as Error).message, /wait until \d{4}-/)
    assert.equal(sent(at, 'client_secret.rotate'), 0)
    assert.equal(existsSync(at.sink), false)
    const later = await resume(t, at, String(worked.result.incident_id))
    assert.equal(later.result.status, 'contained')
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
    assertTrail(at)
  })
  for (const [title, fault] of REFUSED) {
    test(`${title}: refused, said, and the rest goes on`, async (t) => {
      const {at, worked, exit} = await hit(t, 'client_grant.delete', fault)
      assert.equal(exit, 6)
      assert.equal(worked.result.status, 'partial')
      assert.deepEqual(outcomes(worked.result, 'client_grant.delete').sort(), ['done', 'done', 'refused'])
      assert.equal(sent(at, 'client_grant.delete'), 3)
      assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
      assert.equal(verdicts(worked.result)['grants_absent'], 'failed')
      assert.equal(gapCodes(worked.result).includes('grant_is_back'), false, 'nobody created it again: it was never deleted')
      assert.match(worked.result.next.join('\n'), /by hand, in the Dashboard: client_grant.delete/)
    })
  }
  test('it never gets through: three attempts, then a person', async (t) => {
    const {at, worked, exit} = await hit(t, 'client_grant.delete', {do: 'status', status: 500, times: 99})
    assert.equal(exit, 6)
    assert.equal(worked.result.status, 'partial')
    assert.equal(sent(at, 'client_grant.delete'), 9)
    assert.equal(worked.result.next[0], `stanch resume ${worked.result.incident_id}`)
  })
  test('no answer, and the grants cannot be read either: in doubt, and no secret is changed', async (t) => {
    const at = await scene(t, {
      watch: (phase, request) => {
        if (phase !== 'effect' || request.operation !== 'client_grant.delete') return undefined
        at.tenant.fault({on: 'client_grants.list', do: 'status', status: 500, times: 5})
        return 'drop'
      },
    })
    const worked = await respond(t, at)
    assertInvariants(worked.result)
    assertTrail(at)
    assert.equal(worked.result.status, 'in_doubt')
    assert.equal(exitCodeOf(worked), 6)
    assert.equal(sent(at, 'client_secret.rotate'), 0)
    at.tenant.clearFaults()
    const later = await resume(t, at, String(worked.result.incident_id))
    assert.equal(later.result.status, 'contained')
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
  })
})

suite('faults at a rotation, by a credential that reads secrets', () => {
  for (const [title, fault] of LOST) {
    test(`${title}: two looks show no change, then once more under a new intent`, async (t) => {
      const {at, worked, exit} = await hit(t, 'client_secret.rotate', fault)
      assert.equal(worked.result.status, 'contained')
      assert.equal(exit, 0)
      assert.equal(sent(at, 'client_secret.rotate'), 2)
      const [first, second] = at.tenant.changes().filter((one) => one.operation === 'client_secret.rotate')
      assert.notEqual(first?.correlation_id, second?.correlation_id)
      assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 35, 'the second look came too early')
      assertDelivered(at)
    })
  }
  for (const [title, fault] of [
    ...KEPT,
    ['an empty 200 after the effect', {do: 'empty', status: 200, after_effect: true}] as [string, Kind],
  ]) {
    test(`${title}: settled by reading the secret, which is handed over; never sent again`, async (t) => {
      const {at, worked, exit} = await hit(t, 'client_secret.rotate', fault)
      assert.equal(worked.result.status, 'contained')
      assert.equal(exit, 0)
      assert.equal(sent(at, 'client_secret.rotate'), 1)
      assertDelivered(at)
      assertAllClear(at, worked.result, 'whenever')
    })
  }
  for (const [title, fault] of LIMITED) {
    test(`${title}: sent again only after a look at the secret`, async (t) => {
      const {at, worked, exit} = await hit(t, 'client_secret.rotate', fault)
      assert.equal(worked.result.status, 'contained')
      assert.equal(exit, 0)
      assert.equal(sent(at, 'client_secret.rotate'), 2)
      const operations = at.requests.map((one) => one.operation)
      assert.ok(
        operations
          .slice(operations.indexOf('client_secret.rotate'), operations.lastIndexOf('client_secret.rotate'))
          .includes('clients.get'),
      )
      assertDelivered(at)
    })
  }
  test('429 although it took effect: the look shows it, and it is not sent again', async (t) => {
    const {at, worked} = await hit(t, 'client_secret.rotate', {do: 'status', status: 429, after_effect: true})
    assert.equal(sent(at, 'client_secret.rotate'), 1)
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
    assert.deepEqual(outcomes(worked.result, 'client_secret.rotate'), ['done'])
    assertDelivered(at)
  })
  test('429 for a day: nothing was changed, the time is named, and resume goes on', async (t) => {
    const {at, worked, exit} = await hit(t, 'client_secret.rotate', {do: 'status', status: 429, retry_after: 86_400})
    assert.equal(exit, 75)
    assert.equal(worked.result.status, 'partial')
    assert.deepEqual(outcomes(worked.result, 'client_secret.rotate'), ['not_attempted'])
    const later = await resume(t, at, String(worked.result.incident_id))
    assert.equal(later.result.status, 'contained')
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
    assertDelivered(at)
  })
  for (const [title, fault] of REFUSED) {
    test(`${title}: refused, and said`, async (t) => {
      const {at, worked, exit} = await hit(t, 'client_secret.rotate', fault)
      assert.equal(worked.result.status, 'partial')
      assert.deepEqual(outcomes(worked.result, 'client_secret.rotate'), ['refused'])
      assert.equal(sent(at, 'client_secret.rotate'), 1)
      assert.equal(verdicts(worked.result)['old_secret_refused'], 'failed')
      assert.equal(exit, 5, 'the old secret works still')
      assert.equal(existsSync(at.sink), false)
    })
  }
  test('it never gets through: two attempts, then a person', async (t) => {
    const {at, worked} = await hit(t, 'client_secret.rotate', {do: 'status', status: 500, times: 99})
    assert.equal(worked.result.status, 'partial')
    assert.equal(sent(at, 'client_secret.rotate'), 2)
    assert.equal(at.tenant.secretOf(at.client_id), at.leak.value)
  })
})

suite('a rotation whose answer is lost, by a credential that reads no secrets', () => {
  /** Somebody is there, says yes to the plan and answers the one question about the lost secret. */
  const person = (answer: string, asked: string[]): Responder =>
    ({
      attended: true,
      decide: async (decision: {id: string}) => {
        asked.push(decision.id)
        return decision.id === 'plan.confirm' ? true : answer
      },
      notify: () => {},
    }) as unknown as Responder
  async function lost(t: TestContext, responder?: Responder) {
    const at = await scene(t)
    at.tenant.fault({on: 'client_secret.rotate', do: 'lose_answer'})
    const scopes = OPERATOR_SCOPES.filter((scope) => scope !== 'read:client_keys')
    const connected = await connectByToken(t, at, scopes)
    const worked = await respond(t, at, {connected, ...(responder ? {responder} : {})})
    assertInvariants(worked.result)
    assertTrail(at)
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
    return {at, worked, exit: exitCodeOf(worked)}
  }
  test('nobody there: it is known to have happened, and nothing more is changed', async (t) => {
    const {at, worked, exit} = await lost(t)
    assert.equal(exit, 6)
    assert.equal(worked.result.status, 'partial')
    assert.ok(gapCodes(worked.result).includes('new_secret_unknown'))
    assert.equal(sent(at, 'client_secret.rotate'), 1)
    assert.equal(sent(at, 'client.update'), 0)
  })
  test('a person who leaves it gets the same', async (t) => {
    const asked: string[] = []
    const {at, worked} = await lost(t, person('leave', asked))
    assert.deepEqual(asked, ['plan.confirm', 'rotate.unreadable'])
    assert.equal(worked.result.status, 'partial')
    assert.equal(at.tenant.count('client_secret.set', at.client_id), 0)
  })
  test('a person who asks for it gets another secret, handed over and proven', async (t) => {
    const {at, worked} = await lost(t, person('set', []))
    assert.equal(at.tenant.count('client_secret.set', at.client_id), 1)
    assertDelivered(at)
    assert.equal(worked.result.status, 'contained')
  })
})

suite('faults while a self-made secret is set', () => {
  for (const [title, fault] of [...LOST.slice(0, 2), ...KEPT.slice(0, 3)]) {
    test(`${title}: one secret, and it is the one that was handed over`, async (t) => {
      const {at, worked} = await hit(t, 'client.update', fault, {choices: {method: 'set'}})
      assert.equal(worked.result.status, 'contained')
      assert.equal(at.tenant.count('client_secret.set', at.client_id), 1)
      assertDelivered(at)
    })
  }
})

suite('faults at reads and at the token endpoint', () => {
  for (const [title, fault] of [
    ['lost', {do: 'lose_change_and_answer'}],
    ['500', {do: 'status', status: 500}],
    ['429', {do: 'status', status: 429, retry_after: 1}],
    ['cut', {do: 'cut'}],
  ] as const) {
    for (const on of ['clients.get', 'client_grants.list', 'token']) {
      test(`${on} once ${title}: read again, contained`, async (t) => {
        const {worked, exit} = await hit(t, on, fault)
        assert.equal(worked.result.status, 'contained')
        assert.equal(exit, 0)
      })
    }
  }
  for (const on of ['clients.get', 'client_grants.list', 'token']) {
    test(`${on} answers garbage: it stops before anything is changed`, async (t) => {
      const at = await scene(t)
      at.tenant.fault({on, do: 'garbage', status: 200})
      await assert.rejects(respond(t, at), {code: 'auth0.unexpected_answer'})
      assert.deepEqual(at.tenant.changes(), [])
    })
  }
  for (const [on, code] of [
    ['resource_servers.get', 'lifetime_unreadable'],
    ['logs.list', 'log_unreadable'],
  ] as const) {
    test(`${on} answers garbage: it goes on, and says what it could not see`, async (t) => {
      // Three at once: the client's entries, changes of settings, and where the saving of the log begins.
      const {worked} = await hit(t, on, {do: 'garbage', status: 200, times: 3})
      assert.equal(worked.result.status, 'contained')
      assert.ok(gapCodes(worked.result).includes(code))
    })
  }
  for (const on of ['clients.get', 'client_grants.list']) {
    for (const [title, fault] of [
      ['500 for ever', {do: 'status', status: 500, times: 99}],
      ['429 for a day', {do: 'status', status: 429, retry_after: 86_400, times: 99}],
      ['a captive portal', {do: 'html', status: 200, times: 99}],
    ] as const) {
      test(`${on}, ${title}: it stops before anything is changed`, async (t) => {
        const at = await scene(t)
        at.tenant.fault({on, ...fault})
        await assert.rejects(respond(t, at), (error: unknown) => {
          assert.equal(exitCodeOf({result: {} as Worked['result'], failure: error}), 75, String(error))
          return true
        })
        assert.deepEqual(at.tenant.changes(), [])
      })
    }
  }
  test('the token endpoint refuses the operator: exit 4, nothing else was asked', async (t) => {
    const at = await scene(t)
    const {client_id} = at.simulator.practice.operator
    await assert.rejects(
      respond(t, at, {credential: {client_id, client_secret: 'wrong-wrong-wrong-wrong'}}),
      (error: unknown) => {
        assert.equal(exitCodeOf({result: {} as Worked['result'], failure: error}), 4)
        return true
      },
    )
    assert.deepEqual([...new Set(at.requests.map((one) => one.operation))], ['token'])
  })
  test('the read after the last probe fails: what was probed is kept, that claim is not proven', async (t) => {
    const at = await scene(t, {
      watch: (_, request) => {
        if (request.operation === 'client_secret.rotate')
          at.tenant.fault({on: 'client_grants.list', do: 'status', status: 500, times: 99})
      },
    })
    const worked = await respond(t, at)
    assertInvariants(worked.result)
    assert.equal(worked.result.status, 'partial')
    assert.equal(verdicts(worked.result)['old_secret_refused'], 'proven')
    assert.equal(verdicts(worked.result)['grants_absent'], 'not_proven')
    assert.ok(gapCodes(worked.result).includes('grants_unreadable'))
  })
})
