import {deepEqual, equal, match, ok, rejects} from 'node:assert/strict'
import {generateKeyPairSync} from 'node:crypto'
import {afterEach, beforeEach, test} from 'node:test'
import type {Operator, Tenant} from '../../src/auth0/tenant.ts'
import {Secret} from '../../src/secret.ts'
import {apiRequests, granted, instantClock, jwt, OPERATOR, tenantAt} from './support.ts'
import {faultServer, json, lost, raw, type FaultServer} from '../support/fault-server.ts'

let server: FaultServer
let clock: ReturnType<typeof instantClock>
const open: Tenant[] = []

beforeEach(async () => {
  server = await faultServer()
  clock = instantClock()
})
afterEach(async () => {
  for (const tenant of open.splice(0)) await tenant.close()
  await server.stop()
})

async function connect(options: Parameters<typeof tenantAt>[1] = {}): Promise<Tenant> {
  const tenant = await tenantAt(server, {clock, ...options})
  open.push(tenant)
  return tenant
}

const CLIENT = json(200, {client_id: 'ClientA', name: 'billing-sync'})
const UNAUTHORIZED = json(401, {
  statusCode: 401,
  error: 'Unauthorized',
  message: 'Expired token received for JSON Web Token validation',
})

test('the secret goes form-encoded into the body, and the audience is that of the tenant', async () => {
  server.answer(granted())
  const tenant = await connect()
  const operator = await tenant.operator()
  const [request] = server.arrived
  equal(request?.headers['content-type'], 'application/x-www-form-urlencoded')
  deepEqual(Object.fromEntries(new URLSearchParams(request?.body)), {
    grant_type: 'client_credentials',
    audience: `${server.origin}/api/v2/`,
    client_id: OPERATOR.kind === 'secret' ? OPERATOR.client_id : '',
    client_secret: 'operator-secret-canary-0123456789',
  })
  deepEqual(operator.scopes, ['read:clients', 'read:client_grants'])
  equal(operator.minted, true)
  equal(tenant.minted().length, 1)
  equal(tenant.minted()[0]?.jti, 'jti-1')
})

test('with Basic, the secret is in the header, form-encoded as RFC 6749 says, and not in the body', async () => {
  server.answer(granted())
  const tenant = await connect({
    credential: {kind: 'secret', client_id: 'Client A', secret: new Secret('s+cret:ü'), method: 'basic'},
  })
  await tenant.operator()
  const [request] = server.arrived
  equal(Buffer.from(request?.headers.authorization?.slice(6) ?? '', 'base64').toString(), 'Client+A:s%2Bcret%3A%C3%BC')
  ok(!request?.body.includes('cret'))
})

test('with a private key, an assertion for this domain goes out and no secret', async () => {
  server.answer(granted())
  const {privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048})
  const pem = new Secret(privateKey.export({type: 'pkcs1', format: 'pem'}).toString())
  await (await connect({credential: {kind: 'private_key', client_id: 'ClientK', private_key_pem: pem, kid: 'k1'}})).operator()
  const body = new URLSearchParams(server.arrived[0]?.body)
  equal(body.get('client_assertion_type'), 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
  const claims = JSON.parse(Buffer.from(body.get('client_assertion')?.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >
  equal(claims['aud'], `${server.origin}/`)
  equal(claims['sub'], 'ClientK')
  equal(body.get('client_secret'), null)
})

test('token get speaks JSON too, and asks for another audience, scopes and organization when told', async () => {
  server.answer(granted())
  const token = await (
    await connect()
  ).getToken({audience: 'https://billing', scope: 'a b', organization: 'org_1', encoding: 'json'})
  equal(server.arrived[0]?.headers['content-type'], 'application/json')
  deepEqual(JSON.parse(server.arrived[0]?.body ?? ''), {
    grant_type: 'client_credentials',
    audience: 'https://billing',
    scope: 'a b',
    organization: 'org_1',
    client_id: OPERATOR.kind === 'secret' ? OPERATOR.client_id : '',
    client_secret: 'operator-secret-canary-0123456789',
  })
  match(token.token.reveal(), /^eyJ/)
  ok(!JSON.stringify(token).includes('eyJ'))
})

test('ten parallel reads share one token', async () => {
  server.answer((request, response) => (request.path === '/oauth/token' ? granted() : CLIENT)(request, response))
  const tenant = await connect()
  await Promise.all(Array.from({length: 10}, () => tenant.getClient('ClientA')))
  equal(server.arrived.filter(({path}) => path === '/oauth/token').length, 1)
})

test('a token is renewed a minute before it expires, not earlier, and each one is announced', async () => {
  server.answer((request, response) =>
    (request.path === '/oauth/token' ? granted('read:clients', 600) : CLIENT)(request, response),
  )
  const tenant = await connect()
  const announced: Operator[] = []
  tenant.onAuth = (operator) => void announced.push(operator)
  const tokens = () => server.arrived.filter(({path}) => path === '/oauth/token').length
  await tenant.getClient('ClientA')
  await clock.sleep(539)
  await tenant.getClient('ClientA')
  equal(tokens(), 1)
  await clock.sleep(2)
  await tenant.getClient('ClientA')
  equal(tokens(), 2)
  equal(announced.length, 2)
  equal(tenant.minted().length, 2)
})

test('a read refused with 401 gets one new token and one more try', async () => {
  let refused = 0
  server.answer((request, response) => {
    if (request.path === '/oauth/token') return granted()(request, response)
    return (refused++ === 0 ? UNAUTHORIZED : CLIENT)(request, response)
  })
  equal((await (await connect()).getClient('ClientA')).name, 'billing-sync')
  equal(server.arrived.filter(({path}) => path === '/oauth/token').length, 2)
})

test('a second 401 is the end: unauthorized after exactly two tries', async () => {
  server.answer((request, response) => (request.path === '/oauth/token' ? granted() : UNAUTHORIZED)(request, response))
  await rejects((await connect()).getClient('ClientA'), {code: 'auth0.unauthorized'})
  equal(apiRequests(server).length, 2)
})

for (const [what, answer, code] of [
  ['a wrong secret', json(401, {error: 'access_denied', error_description: 'Unauthorized'}), 'auth0.unauthorized'],
  [
    'no grant for the Management API',
    json(403, {error: 'access_denied', error_description: 'create a "client-grant"'}),
    'auth0.unauthorized',
  ],
  ['a malformed request', json(400, {error: 'invalid_request'}), 'auth0.refused'],
  ['a page of HTML', raw(200, 'text/html', '<html>'), 'auth0.unexpected_answer'],
  ['an empty answer', raw(200, 'application/json', ''), 'auth0.unexpected_answer'],
  ['an answer without a token', json(200, {expires_in: 1, token_type: 'Bearer'}), 'auth0.unexpected_answer'],
  ['a token without a lifetime', json(200, {access_token: 'x', token_type: 'Bearer'}), 'auth0.unexpected_answer'],
  ['a lifetime below zero', json(200, {access_token: 'x', token_type: 'Bearer', expires_in: -1}), 'auth0.unexpected_answer'],
  ['a DPoP token', json(200, {access_token: 'x', token_type: 'DPoP', expires_in: 10}), 'auth0.unexpected_answer'],
  ['a redirect', raw(302, '', '', {location: 'https://elsewhere.example/'}), 'auth0.redirected'],
  ['no answer at all', lost, 'auth0.unreachable'],
] as const) {
  test(`${what} at the token endpoint is ${code}, and the secret is in no error`, async () => {
    server.answer(answer)
    const tenant = await connect()
    await rejects(tenant.operator(), (error: Error & {code?: string; hint?: string}) => {
      equal(error.code, code)
      ok(!`${error.message}${error.hint}${error.stack}`.includes('operator-secret-canary'))
      return true
    })
  })
}

const audience = () => `${server.origin}/api/v2/`
const readyMade = (claims: Readonly<Record<string, unknown>>) => ({
  credential: {kind: 'token' as const, token: new Secret(jwt(claims))},
})

test('a token made by hand is read, used as it is, and never counted as ours', async () => {
  server.answer(CLIENT)
  const tenant = await connect(
    readyMade({aud: audience(), sub: 'X@clients', azp: 'X', scope: 'read:clients', exp: clock.now() / 1000 + 600}),
  )
  const operator = await tenant.operator()
  deepEqual([operator.client_id, operator.scopes, operator.minted, operator.source], ['X', ['read:clients'], false, 'token'])
  await tenant.getClient('ClientA')
  equal(server.arrived.length, 1)
  match(server.arrived[0]?.headers.authorization ?? '', /^Bearer eyJ/)
  deepEqual(tenant.minted(), [])
  await rejects(tenant.getToken({audience: 'x'}), {code: 'config.invalid'})
})

for (const [what, claims] of [
  ['that expired', () => ({aud: audience(), exp: clock.now() / 1000 - 1})],
  ['for another tenant', () => ({aud: 'https://other.eu.auth0.com/api/v2/', exp: clock.now() / 1000 + 600})],
  ['for this tenant without its trailing slash', () => ({aud: audience().slice(0, -1), exp: clock.now() / 1000 + 600})],
  ['without an audience', () => ({exp: clock.now() / 1000 + 600})],
] as const) {
  test(`a token made by hand ${what} is refused before it is sent anywhere`, async () => {
    const tenant = await connect(readyMade(claims()))
    await rejects(tenant.operator(), {code: 'auth0.unauthorized'})
    await rejects(tenant.getClient('ClientA'), {code: 'auth0.unauthorized'})
    equal(server.connections(), 0)
  })
}

test('a token made by hand that is no JWT is refused before it is sent anywhere', async () => {
  for (const text of ['opaque', 'a.b.c', 'eyJhbGciOiJub25lIn0.e30']) {
    await rejects((await connect({credential: {kind: 'token', token: new Secret(text)}})).operator(), {
      code: 'auth0.unauthorized',
    })
  }
  equal(server.connections(), 0)
})

test('a token made by hand that the tenant refuses is not asked for again', async () => {
  server.answer(UNAUTHORIZED)
  const tenant = await connect(readyMade({aud: audience(), exp: clock.now() / 1000 + 600}))
  await rejects(tenant.getClient('ClientA'), {code: 'auth0.unauthorized'})
  equal(server.arrived.length, 1)
})

test('behind a custom domain the token comes from the origin and is for the audience of the canonical domain', async () => {
  server.answer(granted())
  const tenant = await connect({audience: 'https://acme.eu.auth0.com/api/v2/'})
  await tenant.operator()
  equal(new URLSearchParams(server.arrived[0]?.body).get('audience'), 'https://acme.eu.auth0.com/api/v2/')
  equal(tenant.audience, 'https://acme.eu.auth0.com/api/v2/')
})

test('warming up sends no credential, and a tenant that is down does not stop it', async () => {
  server.answer(json(200, {keys: []}))
  const tenant = await connect()
  await tenant.warm()
  ok(server.arrived.length > 1)
  for (const request of server.arrived) {
    equal(request.headers.authorization, undefined)
    equal(request.path, '/.well-known/jwks.json')
  }
  server.answer(lost)
  await tenant.warm()
})

test('after warming up, a burst of parallel reads opens no new connection', async () => {
  server.answer((request, response) => (request.path === '/oauth/token' ? granted() : CLIENT)(request, response))
  const tenant = await connect()
  await tenant.warm()
  await tenant.operator()
  const warmed = server.connections()
  await Promise.all([1, 2, 3, 4, 5, 6].map(() => tenant.getClient('ClientA')))
  equal(server.connections(), warmed)
})
