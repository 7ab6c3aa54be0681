import {deepEqual, equal, ok, rejects} from 'node:assert/strict'
import {test} from 'node:test'
import type {Fault} from '../../src/simulator/faults.ts'
import type {Watched} from '../../src/simulator/dispatch.ts'
import {INVOICES} from '../../src/simulator/scenarios/landscape.ts'
import {bench, type Bench} from './support.ts'

const rotate = (b: Bench) => b.api('POST', `clients/${b.simulator.practice.leak.client_id}/rotate-secret`)

async function withFault(fault: Fault, work: (b: Bench) => Promise<void>): Promise<void> {
  const b = await bench({faults: [fault]})
  try {
    await work(b)
  } finally {
    await b.simulator.stop()
  }
}

test('a change lost with its answer never took effect, and the second attempt does', () =>
  withFault({on: 'client_secret.rotate', do: 'lose_change_and_answer'}, async (b) => {
    await rejects(rotate(b))
    equal(b.simulator.tenant.count('client_secret.rotate'), 0)
    equal((await rotate(b)).status, 200)
    deepEqual(
      b.simulator.tenant.changes().map(({effect, status}) => [effect, status]),
      [
        [false, 0],
        [true, 200],
      ],
    )
  }))

test('a lost answer leaves the change behind', () =>
  withFault({on: 'client_secret.rotate', do: 'lose_answer'}, async (b) => {
    const before = b.simulator.practice.leak.value
    await rejects(rotate(b))
    equal(b.simulator.tenant.count('client_secret.rotate'), 1)
    ok(b.simulator.tenant.secretOf(b.simulator.practice.leak.client_id) !== before)
  }))

for (const kind of ['garbage', 'html', 'cut'] as const) {
  test(`with ${kind} the answer cannot be read, and only after_effect decides whether the change is there`, async () => {
    for (const after_effect of [true, false]) {
      await withFault({on: 'client_secret.rotate', do: kind, after_effect}, async (b) => {
        await rejects(rotate(b))
        equal(b.simulator.tenant.count('client_secret.rotate'), after_effect ? 1 : 0)
      })
    }
  })
}

test('an empty 200 has no body', () =>
  withFault({on: 'client_secret.rotate', do: 'empty', after_effect: true}, async (b) => {
    const answer = await rotate(b)
    deepEqual([answer.status, answer.body], [200, undefined])
    equal(b.simulator.tenant.count('client_secret.rotate'), 1)
  }))

test('a status fault answers with its status and Retry-After, and by default changes nothing', () =>
  withFault({on: 'client_grant.delete', do: 'status', status: 429, retry_after: 7}, async (b) => {
    const [grant] = b.simulator.tenant.grants(b.simulator.practice.leak.client_id)
    const path = `client-grants/${String(grant?.['id'])}`
    const answer = await b.api('DELETE', path)
    deepEqual([answer.status, answer.headers.get('retry-after'), answer.body.errorCode], [429, '7', 'too_many_requests'])
    equal(b.simulator.tenant.count('client_grant.delete'), 0)
    equal((await b.api('DELETE', path)).status, 204)
  }))

test('nth and times choose which requests are hit', () =>
  withFault({on: 'clients.read', do: 'status', status: 503, nth: 2, times: 2}, async (b) => {
    const statuses: number[] = []
    for (let i = 0; i < 5; i++) statuses.push((await b.api('GET', 'clients')).status)
    deepEqual(statuses, [200, 503, 503, 200, 200])
  }))

test('groups: write hits changes only, * hits everything, a name hits nothing else', async () => {
  await withFault({on: 'write', do: 'status', status: 500}, async (b) => {
    equal((await b.api('GET', 'clients')).status, 200)
    equal((await rotate(b)).status, 500)
  })
  await withFault({on: '*', do: 'status', status: 500}, async (b) => equal((await b.oauth({})).status, 500))
  await withFault({on: 'client_secret.set', do: 'status', status: 500}, async (b) => {
    const path = `clients/${b.simulator.practice.leak.client_id}`
    equal((await b.api('PATCH', path, {body: {description: 'x'}, token: b.token('update:clients')})).status, 200)
    equal((await b.api('PATCH', path, {body: {client_secret: 'new secret'}})).status, 500)
  })
})

test('a slow answer arrives after its time, by the clock that was given', async () => {
  const waited: number[] = []
  const clock = {now: () => 0, monotonic: () => 0, sleep: async (seconds: number) => void waited.push(seconds)}
  const b = await bench({clock, roundTripMs: 100, faults: [{on: 'clients.read', do: 'slow', seconds: 31}]})
  equal((await b.api('GET', 'clients')).status, 200)
  deepEqual(waited, [0.1, 31])
  await b.simulator.stop()
})

test('a token request can be lost too', () =>
  withFault({on: 'token', do: 'lose_answer'}, async (b) => {
    const {client_id, value} = b.simulator.practice.leak
    await rejects(b.oauth({grant_type: 'client_credentials', client_id, client_secret: value, audience: INVOICES}))
    equal(b.simulator.tenant.count('token', client_id), 1)
  }))

test('a watcher sees arrival, effect and answer in order and may drop the request or its answer', async () => {
  const seen: string[] = []
  let drop = ''
  const watch = (phase: string, {operation}: Watched) => {
    seen.push(`${phase} ${operation}`)
    return phase === drop ? ('drop' as const) : undefined
  }
  const b = await bench({watch})
  await rotate(b)
  deepEqual(seen, ['arrived client_secret.rotate', 'effect client_secret.rotate', 'answered client_secret.rotate'])
  drop = 'arrived'
  await rejects(rotate(b))
  equal(b.simulator.tenant.count('client_secret.rotate'), 1)
  drop = 'effect'
  await rejects(rotate(b))
  equal(b.simulator.tenant.count('client_secret.rotate'), 2)
  await b.simulator.stop()
})
