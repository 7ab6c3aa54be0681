import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {after, before, test} from 'node:test'
import {createLocalJWKSet, jwtVerify, SignJWT} from 'jose'
import {createPrivateKey, generateKeyPairSync} from 'node:crypto'
import {INVOICES, LEDGER} from '../../src/simulator/scenarios/landscape.ts'
import {bench, START, type Bench} from './support.ts'

let b: Bench
let leak: {client_id: string; value: string}
before(async () => {
  b = await bench()
  leak = b.simulator.practice.leak
})
after(() => b.simulator.stop())

const wish = (more: Record<string, unknown> = {}) => ({
  grant_type: 'client_credentials',
  client_id: leak.client_id,
  client_secret: leak.value,
  audience: INVOICES,
  ...more,
})

test('a token is signed by a key of the JWKS and lives as long as its API says', async () => {
  const answer = await b.oauth(wish({audience: LEDGER}))
  equal(answer.status, 200)
  equal(answer.body.expires_in, 7200)
  equal(answer.body.scope, 'post:entries')
  equal(answer.headers.get('cache-control'), 'no-store')
  const jwks = (await (await fetch(`${b.simulator.origin}/.well-known/jwks.json`)).json()) as Parameters<
    typeof createLocalJWKSet
  >[0]
  const {payload, protectedHeader} = await jwtVerify(answer.body.access_token, createLocalJWKSet(jwks), {
    currentDate: new Date(START * 1000),
    audience: LEDGER,
    issuer: `${b.simulator.origin}/`,
  })
  equal(protectedHeader.alg, 'RS256')
  deepEqual(
    {sub: payload.sub, azp: payload['azp'], gty: payload['gty'], iat: payload.iat, exp: payload.exp},
    {sub: `${leak.client_id}@clients`, azp: leak.client_id, gty: 'client-credentials', iat: START, exp: START + 7200},
  )
})

test('form bodies are understood as JSON ones are', async () => {
  equal((await b.oauth(wish(), {form: true})).status, 200)
})

test('a client set to client_secret_post is refused with HTTP Basic', async () => {
  const authorization = `Basic ${Buffer.from(`${leak.client_id}:${leak.value}`).toString('base64')}`
  const body = {grant_type: 'client_credentials', audience: INVOICES}
  equal((await b.oauth(body, {headers: {authorization}})).status, 401)
})

test('a client set to client_secret_basic is accepted with HTTP Basic and refused with a secret in the body', async () => {
  const {client_id, client_secret} = b.simulator.tenant.addClient({
    name: 'basic',
    token_endpoint_auth_method: 'client_secret_basic',
  })
  b.simulator.tenant.addGrant({client_id, audience: INVOICES, scope: []})
  const authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`
  const body = {grant_type: 'client_credentials', audience: INVOICES}
  const accepted = await b.oauth(body, {headers: {authorization}})
  equal(accepted.status, 200)
  equal('scope' in accepted.body, false)
  equal((await b.oauth({...body, client_id, client_secret})).status, 401)
})

const refusals: [string, () => Record<string, unknown>, number, string, RegExp][] = [
  ['a wrong secret', () => wish({client_secret: 'x'.repeat(64)}), 401, 'access_denied', /^Unauthorized$/],
  ['a missing secret', () => wish({client_secret: undefined}), 401, 'access_denied', /^Unauthorized$/],
  ['an unknown client', () => wish({client_id: 'A'.repeat(32)}), 401, 'access_denied', /^Unauthorized$/],
  ['no client', () => wish({client_id: undefined}), 401, 'invalid_client', /^Missing client_id$/],
  ['no grant type', () => wish({grant_type: undefined}), 400, 'invalid_request', /grant_type$/],
  ['no audience', () => wish({audience: undefined}), 403, 'access_denied', /APIv1$/],
  ['an unknown API', () => wish({audience: 'https://nowhere.example/'}), 403, 'access_denied', /^Service not found: /],
  [
    'a scope outside the grant',
    () => wish({scope: 'read:invoices drop:all'}),
    403,
    'access_denied',
    /^Client has not been granted scopes: drop:all$/,
  ],
  ['an organisation where none is allowed', () => wish({organization: 'acme'}), 403, 'access_denied', /organization/],
  ['refresh tokens', () => wish({grant_type: 'refresh_token'}), 403, 'unsupported_grant_type', /refresh_token/],
  ['a flow the client has not', () => wish({grant_type: 'password'}), 403, 'unauthorized_client', /password/],
]
for (const [what, body, status, error, text] of refusals) {
  test(`${what} is refused with ${status} ${error}`, async () => {
    const answer = await b.oauth(body())
    equal(answer.status, status)
    equal(answer.body.error, error)
    match(answer.body.error_description, text)
  })
}

test('without a client grant the refusal names the client-grant and is 403', async () => {
  const {client_id, client_secret} = b.simulator.tenant.addClient({
    name: 'no grants',
    token_endpoint_auth_method: 'client_secret_post',
  })
  const answer = await b.oauth(wish({client_id, client_secret}))
  equal(answer.status, 403)
  equal(answer.body.error, 'access_denied')
  match(
    answer.body.error_description,
    /^Client is not authorized to access "https:\/\/invoices.*You need to create a "client-grant"/,
  )
})

test('a made-up authorization code tells a live secret (403) from a dead one (401) and mints nothing', async () => {
  const {client_id, client_secret} = b.simulator.tenant.addClient({name: 'web', token_endpoint_auth_method: 'client_secret_post'})
  const probe = {grant_type: 'authorization_code', code: 'made-up', redirect_uri: 'https://app.example/', client_id}
  const before = b.simulator.tenant.count('token')
  const alive = await b.oauth({...probe, client_secret})
  deepEqual([alive.status, alive.body.error, alive.body.error_description], [403, 'invalid_grant', 'Invalid authorization code'])
  const dead = await b.oauth({...probe, client_secret: 'nope'})
  deepEqual([dead.status, dead.body.error], [401, 'access_denied'])
  // The leaked client of the scenario may not use codes at all: still 403, for another reason.
  const machine = await b.oauth({...probe, client_id: leak.client_id, client_secret: leak.value})
  deepEqual([machine.status, machine.body.error], [403, 'unauthorized_client'])
  match(machine.body.error_uri, /client-grant-types$/)
  equal((await b.oauth({...probe, client_id: leak.client_id, client_secret: 'nope'})).status, 401)
  equal(b.simulator.tenant.count('token'), before)
})

test('a default grant for third parties takes over when the own grant is deleted', async () => {
  const t = await bench({scenario: 'third-party-default'})
  const {client_id, value} = t.simulator.practice.leak
  const [grant] = t.simulator.tenant.grants(client_id)
  equal((await t.api('DELETE', `client-grants/${String(grant?.['id'])}`)).status, 204)
  const answer = await t.oauth({grant_type: 'client_credentials', client_id, client_secret: value, audience: INVOICES})
  equal(answer.status, 200)
  equal(answer.body.scope, 'read:invoices')
  await t.simulator.stop()
})

test('switches change the refusal and the wording as older tenants have it', async () => {
  const t = await bench({behaviour: {token_refusal: 'invalid_client', no_grant_wording: 'old'}})
  const {client_id, value} = t.simulator.practice.leak
  const body = {grant_type: 'client_credentials', client_id, audience: INVOICES}
  equal((await t.oauth({...body, client_secret: 'no'})).body.error, 'invalid_client')
  for (const grant of t.simulator.tenant.grants(client_id)) t.simulator.tenant.removeGrant(String(grant['id']))
  match((await t.oauth({...body, client_secret: value})).body.error_description, /You might probably want to create/)
  await t.simulator.stop()
})

test('private_key_jwt is verified: one use, right key, right audience, at most five minutes', async () => {
  const t = await bench({scenario: 'private-key'})
  const {client_id, value} = t.simulator.practice.leak
  const issuer = `${t.simulator.origin}/`
  const key = createPrivateKey(value)
  const make = (
    change: {alg?: string; aud?: string; iss?: string; exp?: number; iat?: number; jti?: string; key?: typeof key} = {},
  ) =>
    new SignJWT({})
      .setProtectedHeader({alg: change.alg ?? 'RS256'})
      .setIssuer(change.iss ?? client_id)
      .setSubject(client_id)
      .setAudience(change.aud ?? issuer)
      .setIssuedAt(change.iat ?? START)
      .setExpirationTime(change.exp ?? START + 60)
      .setJti(change.jti ?? crypto.randomUUID())
      .sign(change.key ?? key)
  const send = (client_assertion: string) =>
    t.oauth({
      grant_type: 'client_credentials',
      audience: INVOICES,
      client_assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    })
  const good = await make()
  equal((await send(good)).status, 200)
  const foreign = generateKeyPairSync('rsa', {modulusLength: 2048}).privateKey
  const bad = {
    'used twice': good,
    'another key': await make({key: foreign}),
    'another audience': await make({aud: 'https://elsewhere.example/'}),
    'another algorithm': await make({alg: 'RS384'}),
    expired: await make({iat: START - 400, exp: START - 200}),
    'too long': await make({exp: START + 301}),
    'another issuer': await make({iss: 'x'.repeat(32)}),
    'no JWT': 'a.b.c',
    truncated: (await make()).slice(0, -4),
  }
  for (const [what, assertion] of Object.entries(bad)) {
    const answer = await send(assertion)
    deepEqual([answer.status, answer.body.error], [401, 'invalid_client'], what)
  }
  await t.simulator.stop()
})

test('both secrets are accepted while a rotation propagates, then only the new one', async () => {
  const t = await bench({behaviour: {secret_propagation_seconds: 30}})
  const {client_id, value: old} = t.simulator.practice.leak
  const rotated = await t.api('POST', `clients/${client_id}/rotate-secret`)
  const status = async (client_secret: string) =>
    (await t.oauth({grant_type: 'client_credentials', client_id, client_secret, audience: INVOICES})).status
  deepEqual([await status(old), await status(rotated.body.client_secret)], [200, 200])
  t.simulator.tenant.clock.advance(29)
  equal(await status(old), 200)
  t.simulator.tenant.clock.advance(1)
  deepEqual([await status(old), await status(rotated.body.client_secret)], [401, 200])
  await t.simulator.stop()
})

test('in mixed mode answers alternate between the nodes, and with old_only the new secret waits', async () => {
  const mixed = await bench({behaviour: {secret_propagation_seconds: 20, secret_propagation: 'mixed'}})
  const old = await bench({behaviour: {secret_propagation_seconds: 20, secret_propagation: 'old_only'}})
  const statuses = async (t: Bench) => {
    const {client_id, value} = t.simulator.practice.leak
    const fresh = t.simulator.tenant.rotate(client_id)
    const out: number[] = []
    for (const client_secret of [value, value, value, fresh]) {
      out.push((await t.oauth({grant_type: 'client_credentials', client_id, client_secret, audience: INVOICES})).status)
    }
    return out
  }
  deepEqual(await statuses(mixed), [200, 401, 200, 200])
  deepEqual(await statuses(old), [200, 200, 200, 401])
  await Promise.all([mixed.simulator.stop(), old.simulator.stop()])
})

test('a deleted grant yields tokens as long as its deletion propagates', async () => {
  const t = await bench({behaviour: {grant_propagation_seconds: 5}})
  const {client_id, value} = t.simulator.practice.leak
  const grant = t.simulator.tenant.grants(client_id).find((one) => one['audience'] === INVOICES)
  await t.api('DELETE', `client-grants/${String(grant?.['id'])}`)
  const ask = async () =>
    (await t.oauth({grant_type: 'client_credentials', client_id, client_secret: value, audience: INVOICES})).status
  equal(await ask(), 200)
  t.simulator.tenant.clock.advance(5)
  equal(await ask(), 403)
  await t.simulator.stop()
})

test('every secret and every token that left the tenant is known to it', async () => {
  const answer = await b.oauth(wish())
  const known = b.simulator.tenant.knownSecrets()
  ok(known.includes(answer.body.access_token))
  ok(known.includes(leak.value))
  ok(known.includes(b.simulator.practice.operator.client_secret))
})
