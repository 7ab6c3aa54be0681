import {deepEqual, equal, ok} from 'node:assert/strict'
import {test} from 'node:test'
import type {Behaviour} from '../../src/simulator/behaviour.ts'
import {bench, START, type Bench} from './support.ts'

const live = (behaviour: Partial<Behaviour> = {}) => ({behaviour: {attacker: true, consumer: true, ...behaviour}})

async function contain(b: Bench): Promise<void> {
  const {client_id} = b.simulator.practice.leak
  for (const {id} of b.simulator.tenant.grants(client_id))
    equal((await b.api('DELETE', `client-grants/${String(id)}`)).status, 204)
  equal((await b.api('POST', `clients/${client_id}/rotate-secret`)).status, 200)
}

test('before containment the attacker gets tokens; after it he is refused, and his tokens work until their exp', async () => {
  const b = await bench(live())
  const {tenant} = b.simulator
  tenant.clock.advance(60)
  const first = tenant.score().attacker
  equal(first.contained_at, undefined)
  ok(first.before.minted > 0 && first.before.calls_accepted > 0)
  deepEqual(first.after, {minted: 0, refused: 0, calls_accepted: 0, calls_refused: 0})
  await contain(b)
  tenant.clock.advance(300)
  const later = tenant.score().attacker
  equal(later.contained_at, (START + 60) * 1000)
  equal(later.after.minted, 0)
  ok(later.after.refused > 0)
  ok(later.after.calls_accepted > 0)
  equal(later.after.calls_refused, 0)
  tenant.clock.advance(86_400)
  const end = tenant.score().attacker
  equal(end.last_token_expires_at, START + 60 + 86_400)
  ok(end.after.calls_refused > 0)
  const before = tenant.score().attacker.after.calls_accepted
  tenant.clock.advance(86_400)
  equal(tenant.score().attacker.after.calls_accepted, before)
  await b.simulator.stop()
})

test('rotating alone contains him only when the propagation is over', async () => {
  const b = await bench(live({secret_propagation_seconds: 30}))
  await b.api('POST', `clients/${b.simulator.practice.leak.client_id}/rotate-secret`)
  b.simulator.tenant.clock.advance(25)
  equal(b.simulator.tenant.score().attacker.contained_at, undefined)
  b.simulator.tenant.clock.advance(15)
  const {contained_at, after} = b.simulator.tenant.score().attacker
  ok(contained_at !== undefined && contained_at >= (START + 30) * 1000)
  equal(after.minted, 0)
  await b.simulator.stop()
})

test('a default grant that takes over leaves the attacker a way', async () => {
  const b = await bench({scenario: 'third-party-default', ...live()})
  const {client_id} = b.simulator.practice.leak
  const [own] = b.simulator.tenant.grants(client_id)
  await b.api('DELETE', `client-grants/${String(own?.['id'])}`)
  b.simulator.tenant.clock.advance(60)
  const {contained_at, before} = b.simulator.tenant.score().attacker
  equal(contained_at, undefined)
  ok(before.minted > 0)
  await b.simulator.stop()
})

test('an attacker whose token may create grants gives himself one back, when switched on', async () => {
  const b = await bench(live({attacker_recreates_grants: true}))
  const {tenant, practice} = b.simulator
  const {client_id, value} = practice.leak
  const held = tenant.issueClaims({client_id, scope: 'create:client_grants'})
  tenant.addAttacker({client_id, loot: {secret: value}, audiences: [held.audience], held: [held]})
  await contain(b)
  equal(tenant.grants(client_id).length, 0)
  tenant.clock.advance(20)
  equal(tenant.grants(client_id).length, 1)
  await b.simulator.stop()
})

test('the consumer works on with the token it holds and fails when it needs the secret, until the new one is deployed', async () => {
  const b = await bench(live())
  const {tenant, practice} = b.simulator
  const {client_id} = practice.leak
  tenant.clock.advance(600)
  deepEqual([tenant.score().consumer.calls_failed, tenant.score().consumer.mints_failed], [0, 0])
  const fresh = tenant.rotate(client_id)
  tenant.clock.advance(7_200)
  const {calls_failed, mints_failed} = tenant.score().consumer
  ok(calls_failed > 0 && mints_failed > 0)
  const ask = await b.control('deploy', {client_id, client_secret: fresh})
  equal(ask.status, 200)
  const before = tenant.score().consumer.mints_failed
  tenant.clock.advance(7_200)
  equal(tenant.score().consumer.mints_failed, before)
  await b.simulator.stop()
})

test('the attacker with a token alone asks for no other, and is contained by the loss of its grant', async () => {
  const b = await bench({scenario: 'management-token', ...live()})
  const {tenant, practice} = b.simulator
  tenant.clock.advance(60)
  equal(tenant.score().attacker.before.minted, 0)
  equal(tenant.score().attacker.contained_at, undefined)
  equal((await b.api('GET', 'clients', {token: practice.leak.value})).status, 200)
  const grant = tenant.grants(practice.leak.client_id).find((one) => one['audience'] === tenant.world.audience)
  await b.api('DELETE', `client-grants/${String(grant?.['id'])}`)
  equal(tenant.score().attacker.contained_at, (START + 60) * 1000)
  // A token that was issued stays good for what it was issued for.
  equal((await b.api('GET', 'clients', {token: practice.leak.value})).status, 200)
  tenant.clock.advance(86_400)
  equal((await b.api('GET', 'clients', {token: practice.leak.value})).status, 401)
  await b.simulator.stop()
})
