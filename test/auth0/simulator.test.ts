import {deepEqual, equal, ok} from 'node:assert/strict'
import {after, before, test} from 'node:test'
import {handshake, isSimulator} from '../../src/auth0/handshake.ts'
import {parseOrigin} from '../../src/auth0/origin.ts'
import {judge} from '../../src/auth0/sent.ts'
import {simulatedClock, type SimulatedClock} from '../../src/auth0/simulated-clock.ts'
import {Tenant} from '../../src/auth0/tenant.ts'
import {systemClock} from '../../src/clock.ts'
import {silentLogger} from '../../src/logger.ts'
import {Secret} from '../../src/secret.ts'
import {startSimulator, type Simulator} from '../../src/simulator/server.ts'
import {verifySignature} from '../../src/tokens/verify.ts'
import {faultServer, json} from '../support/fault-server.ts'

let simulator: Simulator
let clock: SimulatedClock
let tenant: Tenant

before(async () => {
  simulator = await startSimulator({clock: systemClock, seed: 7})
  const origin = parseOrigin(simulator.origin)
  clock = simulatedClock(origin, systemClock)
  await clock.sync()
  const {client_id, client_secret} = simulator.practice.operator
  const credential = {kind: 'secret', client_id, secret: new Secret(client_secret), method: 'post'} as const
  tenant = await Tenant.connect({origin, credential, clock, logger: silentLogger, userAgent: 'stanch/test'})
})
after(async () => {
  await tenant.close()
  await clock.close()
  await simulator.stop()
})

test('only a loopback origin that says so is the simulator', async () => {
  equal(await isSimulator(tenant.origin), true)
  const other = await faultServer()
  for (const body of [{}, {stanch_simulator: '1'}, {stanch_simulator: 2}, null, [1]]) {
    other.answer(json(200, body))
    equal(await isSimulator(parseOrigin(other.origin)), false)
  }
  other.answer(json(404, {stanch_simulator: 1}))
  equal(await isSimulator(parseOrigin(other.origin)), false)
  await other.stop()
  equal(await handshake(parseOrigin('acme.eu.auth0.com')), undefined)
})

test('waiting advances the tenant and not the wall', async () => {
  const started = Date.now()
  const before = [clock.now(), clock.monotonic(), simulator.tenant.clock.now()] as const
  await clock.sleep(3600)
  ok(Math.abs(clock.now() - before[0] - 3_600_000) < 5000)
  ok(Math.abs(clock.monotonic() - before[1] - 3_600_000) < 5000)
  ok(simulator.tenant.clock.now() - before[2] >= 3600)
  ok(Math.abs(clock.now() / 1000 - simulator.tenant.clock.now()) < 3)
  ok(Date.now() - started < 5000)
})

test('client, grants, APIs and log of the leaked client are read, and its token verifies against the key set', async () => {
  const {client_id} = simulator.practice.leak
  ok(client_id)
  const client = await tenant.getClient(client_id)
  equal(client.client_id, client_id)
  const grants = await tenant.listClientGrants({client_id})
  equal(grants.length, simulator.tenant.grants(client_id).length)
  for (const {audience, id} of grants) {
    equal((await tenant.getClientGrant(id))?.audience, audience)
    ok(((await tenant.getResourceServer(audience))?.token_lifetime ?? 0) > 0)
  }
  let clients = 0
  for await (const one of tenant.listClients()) clients += one.client_id === '' ? 0 : 1
  equal(clients, simulator.tenant.clients().length)
  let servers = 0
  for await (const one of tenant.listResourceServers()) servers += one.id === '' ? 0 : 1
  equal(servers, simulator.tenant.resourceServers().length)
  ok((await tenant.searchLogs({q: `client_id:"${client_id}"`, page: 0, per_page: 50})).length > 0)
  const {token} = await tenant.getToken({audience: tenant.audience})
  equal((await verifySignature(token, await tenant.jwks(), {issuer: tenant.origin.issuer})).verdict, 'valid')
})

test('grant and secret are cut, the old secret is proven dead by probes that mint nothing, and each change happened once', async () => {
  const {client_id, value} = simulator.practice.leak
  const old = new Secret(value)
  const correlation = (n: number) => `stanch-${String(n).padStart(56, '0')}`
  equal((await tenant.probeSecret(client_id, old, 'post')).verdict, 'alive')
  const grants = await tenant.listClientGrants({client_id})
  const [first] = grants
  ok(first)
  for (const [n, {id}] of grants.entries())
    equal(judge((await tenant.change({kind: 'client_grant.delete', grant_id: id}, correlation(n))).sent), 'done')
  equal((await tenant.listClientGrants({client_id})).length, 0)
  await clock.sleep(60)
  const refused = await tenant.probeMint(client_id, old, 'post', first.audience)
  deepEqual([refused.verdict, refused.refusal], ['refused', 'no_grant'])
  const {sent, body} = await tenant.change({kind: 'client_secret.rotate', client_id}, correlation(9))
  equal(judge(sent), 'done')
  ok(body?.secret && body.secret.reveal() !== value)
  equal(body.secret.reveal(), simulator.tenant.secretOf(client_id))
  await clock.sleep(60)
  equal((await tenant.probeSecret(client_id, old, 'post')).verdict, 'dead')
  equal((await tenant.probeSecret(client_id, body.secret, 'post')).verdict, 'alive')
  equal(simulator.tenant.count('client_secret.rotate', client_id), 1)
  const {id: _id, is_system: _system, ...again} = first
  const created = await tenant.change({kind: 'client_grant.create', body: again}, correlation(10))
  equal(created.body?.grant?.audience, first.audience)
  equal(tenant.minted().filter((token) => token.client_id === client_id).length, 0)
})

test('a rotation whose answer the tenant loses is in doubt, and the tenant counts one', async () => {
  const {client_id} = simulator.practice.leak
  const before = simulator.tenant.count('client_secret.rotate', client_id)
  simulator.tenant.fault({on: 'client_secret.rotate', do: 'lose_answer'})
  const {sent} = await tenant.change({kind: 'client_secret.rotate', client_id}, `stanch-${'f'.repeat(56)}`)
  equal(sent.kind, 'in_doubt')
  equal(simulator.tenant.count('client_secret.rotate', client_id), before + 1)
})

test('nothing that a test of reads printed would hold a secret of the tenant', async () => {
  const {client_id} = simulator.practice.leak
  const shown = JSON.stringify([
    await tenant.getClient(client_id),
    await tenant.listClientGrants({}),
    await tenant.searchLogs({q: 'type:sapi', page: 0, per_page: 100}),
  ])
  for (const secret of simulator.tenant.knownSecrets()) ok(!shown.includes(secret))
})
