import {deepEqual, equal, ok} from 'node:assert/strict'
import {afterEach, beforeEach, test} from 'node:test'
import type {Probe, Tenant} from '../../src/auth0/tenant.ts'
import {Secret} from '../../src/secret.ts'
import {instantClock, jwt, tenantAt} from './support.ts'
import {
  cut,
  endless,
  faultServer,
  garbage,
  json,
  lost,
  raw,
  silent,
  type Answer,
  type FaultServer,
} from '../support/fault-server.ts'

const NO_GRANT =
  'Client is not authorized to access "https://x/api/v2/". You need to create a "client-grant" associated to this API.'
const OLD_NO_GRANT =
  'Client is not authorized to access "https://x/api/v2/". You might probably want to create a "client-grant" associated to this API.'
const oauth = (status: number, error: string, error_description = 'text') => json(status, {error, error_description})

let server: FaultServer
let tenant: Tenant

beforeEach(async () => {
  server = await faultServer()
  tenant = await tenantAt(server, {clock: instantClock(), requestSeconds: 0.5})
})
afterEach(async () => {
  await tenant.close()
  await server.stop()
})

/** Answers that never say anything about a credential, whatever was asked. */
const nothing: readonly (readonly [string, Answer])[] = [
  ['a lost answer', lost],
  ['a cut answer', cut],
  ['garbage', garbage],
  ['silence', silent],
  ['an endless answer', endless],
  ['a 401 page of a proxy', raw(401, 'text/html', '<html>access_denied</html>')],
  ['a 401 without a body', raw(401, '', '')],
  ['a 401 as text', raw(401, 'text/plain', '{"error":"access_denied"}')],
  ['a 403 page of a firewall', raw(403, 'text/html', '<html>client-grant</html>')],
  ['a 403 in the shape of the Management API', json(403, {statusCode: 403, error: 'access_denied', message: 'client-grant'})],
  ['a 401 in the shape of the Management API', json(401, {statusCode: 401, error: 'access_denied', message: 'x'})],
  ['a 400', oauth(400, 'invalid_request')],
  ['a 407 of a proxy', oauth(407, 'access_denied')],
  ['a 408', oauth(408, 'access_denied')],
  ['a 429', oauth(429, 'access_denied', NO_GRANT)],
  ['a 500', oauth(500, 'access_denied')],
  ['a 503', oauth(503, 'unauthorized_client')],
  ['a redirect', raw(302, '', '', {location: 'http://127.0.0.1:1/'})],
  ['a 200 page', raw(200, 'text/html', '<html>')],
  ['a 401 of an Action', oauth(401, 'invalid_scope')],
  ['a 401 with an error that is no text', json(401, {error: {code: 'access_denied'}})],
]

for (const [what, answer] of nothing) {
  test(`${what} is no evidence for either probe, and each was sent once`, async () => {
    server.answer(answer)
    equal((await tenant.probeSecret('ClientA', new Secret('old-secret-0123456789'), 'post')).verdict, 'no_evidence')
    equal((await tenant.probeMint('ClientA', new Secret('old-secret-0123456789'), 'post', 'https://x')).verdict, 'no_evidence')
    equal(server.arrived.length, 2)
  })
}

const secretVerdicts: readonly (readonly [string, Answer, Probe['verdict']])[] = [
  ['401 access_denied', oauth(401, 'access_denied', 'Unauthorized'), 'dead'],
  ['401 invalid_client', oauth(401, 'invalid_client'), 'dead'],
  ['403 invalid_grant', oauth(403, 'invalid_grant', 'Invalid authorization code'), 'alive'],
  ['403 unauthorized_client', oauth(403, 'unauthorized_client'), 'alive'],
]

for (const [what, answer, verdict] of secretVerdicts) {
  test(`for a made-up authorization code ${what} says ${verdict}`, async () => {
    server.answer(answer)
    const probe = await tenant.probeSecret('ClientA', new Secret('old-secret-0123456789'), 'post')
    equal(probe.verdict, verdict)
    ok((probe.date ?? 0) > 1_700_000_000)
  })
}

test('a probe of a secret asks for nothing that could mint a token, and never with the same code', async () => {
  server.answer(oauth(403, 'invalid_grant'))
  await tenant.probeSecret('ClientA', new Secret('old-secret-0123456789'), 'post', 'stanch-1')
  await tenant.probeSecret('ClientA', new Secret('old-secret-0123456789'), 'basic')
  const [first, second] = server.arrived.map(({body}) => new URLSearchParams(body))
  equal(first?.get('grant_type'), 'authorization_code')
  equal(first?.get('audience'), null)
  equal(first?.get('client_secret'), 'old-secret-0123456789')
  equal(server.arrived[0]?.headers['x-correlation-id'], 'stanch-1')
  equal(second?.get('client_secret'), null)
  equal(server.arrived[1]?.headers.authorization, `Basic ${Buffer.from('ClientA:old-secret-0123456789').toString('base64')}`)
  ok(first?.get('code') !== second?.get('code'))
  deepEqual(tenant.minted(), [])
})

const mintVerdicts: readonly (readonly [string, Answer, Pick<Probe, 'verdict' | 'refusal'>])[] = [
  ['403 with the client-grant text', oauth(403, 'access_denied', NO_GRANT), {verdict: 'refused', refusal: 'no_grant'}],
  ['403 with the older client-grant text', oauth(403, 'access_denied', OLD_NO_GRANT), {verdict: 'refused', refusal: 'no_grant'}],
  ['403 unauthorized_client', oauth(403, 'unauthorized_client'), {verdict: 'refused', refusal: 'grant_type'}],
  ['401 access_denied', oauth(401, 'access_denied'), {verdict: 'dead'}],
  [
    '403 for an unknown API',
    oauth(403, 'access_denied', 'Service not found: https://x'),
    {verdict: 'no_evidence', refusal: 'policy'},
  ],
  ['403 of an Action', oauth(403, 'invalid_scope'), {verdict: 'no_evidence', refusal: 'policy'}],
]

for (const [what, answer, expected] of mintVerdicts) {
  test(`for client_credentials ${what} says ${expected.verdict}${expected.refusal ? ` (${expected.refusal})` : ''}`, async () => {
    server.answer(answer)
    const probe = await tenant.probeMint('ClientA', new Secret('old-secret-0123456789'), 'post', 'https://x')
    deepEqual({verdict: probe.verdict, ...(probe.refusal && {refusal: probe.refusal})}, expected)
    equal(probe.maybe_minted, undefined)
  })
}

test('a token that a probe minted is counted with its own exp, and not handed out', async () => {
  const token = jwt({exp: 1_795_086_400, jti: 'j-9'})
  server.answer(json(200, {access_token: token, expires_in: 86_400, token_type: 'Bearer'}))
  const probe = await tenant.probeMint('ClientA', new Secret('old-secret-0123456789'), 'post', 'https://x')
  deepEqual([probe.verdict, probe.token], ['minted', {exp: 1_795_086_400, jti: 'j-9'}])
  deepEqual(tenant.minted(), [{exp: 1_795_086_400, jti: 'j-9', audience: 'https://x', client_id: 'ClientA'}])
  ok(!JSON.stringify(probe).includes(token.slice(0, 20)))
})

for (const [what, answer] of [
  ['lost', lost],
  ['cut', cut],
  ['a page', raw(200, 'text/html', 'x')],
  ['half an answer', json(200, {access_token: 'x'})],
] as const) {
  test(`a minting probe whose answer is ${what} may have minted a token and says so`, async () => {
    server.answer(answer)
    equal((await tenant.probeMint('ClientA', new Secret('old-secret-0123456789'), 'post', 'https://x')).maybe_minted, true)
  })
}

test('a 429 tells a probe how long to wait', async () => {
  server.answer(json(429, {error: 'too_many_requests'}, {'retry-after': '7'}))
  equal((await tenant.probeSecret('ClientA', new Secret('old-secret-0123456789'), 'post')).retry_after, 7)
})
