import {deepEqual, equal, match, notDeepEqual, ok, rejects} from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {get} from 'node:https'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {request} from 'node:http'
import {test} from 'node:test'
import {systemClock} from '../../src/clock.ts'
import {SCENARIOS} from '../../src/simulator/scenarios/catalogue.ts'
import {startSimulator} from '../../src/simulator/server.ts'
import {bench, START} from './support.ts'

test('the handshake says that this is a simulator, and the clock moves only when told to', async () => {
  const b = await bench()
  deepEqual((await b.control('handshake')).body, {stanch_simulator: 1, scenario: 'client-secret', now: START})
  deepEqual((await b.control('clock', {advance_seconds: 90})).body, {now: START + 90})
  equal((await b.control('handshake')).body.now, START + 90)
  const {headers} = await b.api('GET', 'clients')
  equal(headers.get('date'), new Date((START + 90) * 1000).toUTCString())
  for (const bad of [{}, {advance_seconds: -1}, {advance_seconds: '5'}, {advance_seconds: 1e12}, []]) {
    equal((await b.control('clock', bad)).status, 400)
  }
  await b.simulator.stop()
})

test('the state shows no secret unless asked for them', async () => {
  const b = await bench()
  const plain = await b.control('state')
  const text = JSON.stringify(plain.body)
  for (const secret of b.simulator.tenant.knownSecrets()) ok(!text.includes(secret))
  equal(plain.body.practice.leak.client_id, b.simulator.practice.leak.client_id)
  deepEqual((await b.control('state?secrets=1')).body.practice, b.simulator.practice)
  await b.simulator.stop()
})

test('control endpoints answer to their own address only, so that no web page reaches them by another name', async () => {
  const b = await bench()
  const status = await new Promise<number>((resolve, reject) => {
    const {hostname, port} = new URL(b.simulator.origin)
    request({hostname, port, path: '/.stanch/handshake', headers: {host: 'evil.example'}}, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })
  equal(status, 404)
  await b.simulator.stop()
})

test('faults can be armed and cleared from outside, and nonsense is refused', async () => {
  const b = await bench()
  equal((await b.control('faults', [{on: 'clients.read', do: 'status', status: 503, times: 9}])).status, 200)
  equal((await b.api('GET', 'clients')).status, 503)
  equal((await b.control('faults', [])).status, 200)
  equal((await b.api('GET', 'clients')).status, 200)
  equal((await b.control('faults', [{on: 'clients.read', do: 'explode'}])).status, 400)
  equal((await b.control('faults', {on: '*'})).status, 400)
  await b.simulator.stop()
})

test('the same seed makes the same tenant, another seed another one', async () => {
  const [a, b, c] = [await bench(), await bench(), await bench({seed: 12})]
  deepEqual(a.simulator.practice, b.simulator.practice)
  notDeepEqual(a.simulator.practice, c.simulator.practice)
  for (const one of [a, b, c]) await one.simulator.stop()
})

test('every scenario starts, its operator can sign in, and what leaked is what it says', async () => {
  for (const {name} of SCENARIOS) {
    const b = await bench({scenario: name})
    const {operator, leak} = b.simulator.practice
    const audience = `${b.simulator.origin}/api/v2/`
    const answer = await b.oauth({grant_type: 'client_credentials', ...operator, audience})
    equal(answer.status, 200, name)
    equal(answer.body.scope.split(' ').includes('update:client_keys'), name !== 'missing-scope', name)
    match(leak.client_id, /^([A-Za-z0-9]{32}|tpc_[A-Za-z0-9]{22})$/)
    ok(b.simulator.tenant.knownSecrets().includes(leak.value), name)
    const form = {'client-secret': /^[A-Za-z0-9_-]{64}$/, 'management-token': /^eyJ/, 'private-key': /BEGIN PRIVATE KEY/}[
      leak.kind
    ]
    match(leak.value, form)
    await b.simulator.stop()
  }
})

test('an unknown scenario and a port in use are refused with their codes', async () => {
  await rejects(bench({scenario: 'nowhere'}), {code: 'usage.invalid'})
  const b = await bench()
  const port = Number(new URL(b.simulator.origin).port)
  await rejects(bench({port}), {code: 'auth0.unreachable'})
  await b.simulator.stop()
})

test('with the machine clock tenant time goes on by itself and can still be advanced', async () => {
  const simulator = await startSimulator({clock: systemClock})
  const before = Date.now() / 1000
  ok(Math.abs(simulator.tenant.clock.now() - before) < 5)
  simulator.tenant.clock.advance(3600)
  ok(simulator.tenant.clock.now() - before >= 3599)
  await simulator.stop()
})

test('over TLS the tenant is reached with its certificate and not without', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stanch-tls-'))
  const at = (name: string) => join(folder, name)
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=127.0.0.1',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-keyout',
      at('key.pem'),
      '-out',
      at('cert.pem'),
    ],
    {stdio: 'ignore'},
  )
  const tls = {key: readFileSync(at('key.pem'), 'utf8'), cert: readFileSync(at('cert.pem'), 'utf8')}
  rmSync(folder, {recursive: true})
  const simulator = await startSimulator({clock: systemClock, tls})
  const status = (ca?: string) =>
    new Promise<number>((resolve, reject) => {
      get(`${simulator.origin}/.stanch/handshake`, ca === undefined ? {} : {ca}, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      }).on('error', reject)
    })
  match(simulator.origin, /^https:\/\/127\.0\.0\.1:\d+$/)
  equal(await status(simulator.ca), 200)
  await rejects(status())
  await simulator.stop()
})

test('discovery names the issuer and the endpoints of this tenant', async () => {
  const b = await bench()
  const {origin} = b.simulator
  const document = (await (await fetch(`${origin}/.well-known/openid-configuration`)).json()) as Record<string, unknown>
  deepEqual(
    [document['issuer'], document['token_endpoint'], document['jwks_uri']],
    [`${origin}/`, `${origin}/oauth/token`, `${origin}/.well-known/jwks.json`],
  )
  await b.simulator.stop()
})
