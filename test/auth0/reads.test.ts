import {deepEqual, equal, match, ok, rejects, throws} from 'node:assert/strict'
import {afterEach, beforeEach, test} from 'node:test'
import {requestOf} from '../../src/auth0/mutations.ts'
import {clientFields} from '../../src/auth0/reads.ts'
import {rankScopes, scopeRisk} from '../../src/auth0/scopes.ts'
import type {Tenant} from '../../src/auth0/tenant.ts'
import {apiRequests, instantClock, tenantAt, withToken} from './support.ts'
import {faultServer, json, raw, type Answer, type FaultServer} from '../support/fault-server.ts'

let server: FaultServer
let tenant: Tenant

beforeEach(async () => {
  server = await faultServer()
  tenant = await tenantAt(server, {clock: instantClock()})
})
afterEach(async () => {
  await tenant.close()
  await server.stop()
})

const grant = (n: number, more: object = {}) => ({
  id: `cgr_${n}`,
  client_id: 'ClientA',
  audience: `https://api/${n}`,
  scope: ['read:x'],
  ...more,
})
const params = (path: string | undefined) => Object.fromEntries(new URL(path ?? '', 'http://x').searchParams)

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

test('all pages of a checkpoint list are read, and the checkpoint goes back as it came', async () => {
  withToken(server, json(200, {client_grants: [grant(1), grant(2)], next: 'a/b+c='}), json(200, {client_grants: [grant(3)]}))
  equal((await tenant.listClientGrants({client_id: 'ClientA'})).length, 3)
  const [first, second] = apiRequests(server).map(({path}) => params(path))
  deepEqual(first, {client_id: 'ClientA', take: '50'})
  deepEqual(second, {client_id: 'ClientA', take: '50', from: 'a/b+c='})
})

test('a tenant that answers in the offset form is read in the offset form, every item once', async () => {
  const page = (from: number, n: number) =>
    json(200, {start: from, limit: 2, total: 3, client_grants: Array.from({length: n}, (_, i) => grant(from + i))})
  withToken(server, page(0, 2), page(0, 2), page(2, 1))
  deepEqual(
    (await tenant.listClientGrants({client_id: 'ClientA'})).map(({id}) => id),
    ['cgr_0', 'cgr_1', 'cgr_2'],
  )
})

test('an offset list without totals ends with the page that is not full', async () => {
  const server1 = (n: number) => ({id: `id${n}`, identifier: `https://api/${n}`})
  withToken(
    server,
    json(
      200,
      Array.from({length: 50}, (_, n) => server1(n)),
    ),
    json(200, [server1(50)]),
  )
  equal((await collect(tenant.listResourceServers())).length, 51)
})

for (const [what, answers] of [
  ['the same checkpoint again and again', [json(200, {client_grants: [], next: 'x'})]],
  ['a checkpoint that is a number', [json(200, {client_grants: [], next: 7})]],
  ['a change of form in the middle', [json(200, {client_grants: [], next: 'x'}), json(200, [])]],
  ['no list', [json(200, {client_grants: {}})]],
  ['a list under another name', [json(200, {grants: []})]],
  ['null', [json(200, null)]],
] as const) {
  test(`a list that answers with ${what} is refused`, async () => {
    withToken(server, ...answers)
    await rejects(tenant.listClientGrants({client_id: 'ClientA'}), {code: 'auth0.unexpected_answer'})
    ok(apiRequests(server).length < 5)
  })
}

for (const [member, value, path] of [
  ['id', 7, 'client_grants[1].id'],
  ['id', 'has blank', 'client_grants[1].id'],
  ['audience', undefined, 'client_grants[1].audience'],
  ['audience', ['x'], 'client_grants[1].audience'],
  ['scope', 'read:x', 'client_grants[1].scope'],
  ['scope', ['ok', 7], 'client_grants[1].scope[1]'],
  ['is_system', 'yes', 'client_grants[1].is_system'],
  ['client_id', 'ClientB', 'client_grants[1].client_id'],
] as const) {
  test(`a grant whose ${member} is ${JSON.stringify(value)} is refused by its path, without the value`, async () => {
    withToken(server, json(200, {client_grants: [grant(1), grant(2, {[member]: value})]}))
    await rejects(tenant.listClientGrants({client_id: 'ClientA'}), (error: Error & {code?: string}) => {
      equal(error.code, 'auth0.unexpected_answer')
      ok(error.message.includes(`${path}:`), error.message)
      ok(!error.message.includes('ClientB'))
      return true
    })
  })
}

test('null is absent, unknown members are ignored, and __proto__ is nothing special', async () => {
  const body =
    '{"client_grants":[{"id":"cgr_1","client_id":"ClientA","audience":"https://x","scope":null,"subject_type":null,"brand_new":{"a":1},"__proto__":{"is_system":true}}]}'
  withToken(server, raw(200, 'application/json', body))
  deepEqual(await tenant.listClientGrants({client_id: 'ClientA'}), [{id: 'cgr_1', client_id: 'ClientA', audience: 'https://x'}])
})

test('nothing secret of a client or an API gets past the parser', async () => {
  const secret = 'leaky-secret-canary-0123456789'
  withToken(
    server,
    json(200, {
      client_id: 'ClientA',
      name: 'x',
      client_secret: secret,
      signing_keys: [{cert: secret}],
      encryption_key: {pub: secret},
      client_metadata: {a: secret},
      jwt_configuration: {alg: 'RS256', secret: secret},
    }),
    json(200, {id: 'r1', identifier: 'https://x', signing_alg: 'HS256', signing_secret: secret, token_lifetime: 7200}),
    json(200, [
      {
        log_id: '900',
        date: '2026-11-22T00:00:00Z',
        type: 'sapi',
        details: {response: {statusCode: 200, body: {client_secret: secret, name: 'x'}}},
      },
    ]),
  )
  const client = await tenant.getClient('ClientA')
  const api = await tenant.getResourceServer('https://x')
  const log = await tenant.searchLogs({q: 'x', page: 0, per_page: 1})
  ok(!JSON.stringify([client, api, log]).includes(secret))
  equal(api?.token_lifetime, 7200)
  equal(log[0]?.response_status, 200)
})

for (const lifetime of [-1, 1.5, '86400', 1e300]) {
  test(`a token_lifetime of ${JSON.stringify(lifetime)} is refused`, async () => {
    withToken(server, json(200, {id: 'r1', identifier: 'https://x', token_lifetime: lifetime}))
    await rejects(tenant.getResourceServer('https://x'), {
      code: 'auth0.unexpected_answer',
      message: /resource_server\.token_lifetime/,
    })
  })
}

for (const [what, work, body] of [
  ['client', () => tenant.getClient('ClientA'), {client_id: 'ClientB', name: 'x'}],
  ['grant', () => tenant.getClientGrant('cgr_1'), grant(2)],
  ['API', () => tenant.getResourceServer('https://x'), {id: 'r', identifier: 'https://y'}],
] as const) {
  test(`an answer about another ${what} than the one asked for is refused`, async () => {
    withToken(server, json(200, body))
    await rejects(work(), {code: 'auth0.unexpected_answer'})
  })
}

test('what is not there is absent for grants and APIs, and an error for a client', async () => {
  const absent = json(404, {
    statusCode: 404,
    error: 'Not Found',
    message: 'The grant does not exist.',
    errorCode: 'inexistent_client_grant',
  })
  withToken(server, absent)
  equal(await tenant.getClientGrant('cgr_1'), undefined)
  equal(await tenant.getResourceServer('https://x'), undefined)
  await rejects(tenant.getClient('ClientA'), {code: 'auth0.not_found'})
})

test('a 404 page of a proxy does not say that a grant is gone', async () => {
  withToken(server, raw(404, 'text/html', '<html>'))
  await rejects(tenant.getClientGrant('cgr_1'), {code: 'auth0.unexpected_answer'})
})

test('a missing scope is named, and text around it is not', async () => {
  withToken(
    server,
    json(403, {
      statusCode: 403,
      error: 'Forbidden',
      message: 'Insufficient scope, expected any of: read:clients,read:client_keys; <script>',
      errorCode: 'insufficient_scope',
    }),
  )
  await rejects(tenant.getClient('ClientA'), (error: Error & {code?: string}) => {
    equal(error.code, 'auth0.scope_missing')
    match(error.message, /one of read:clients, read:client_keys for client ClientA\.$/)
    return true
  })
})

test('a plan that lacks a feature is a refusal, not a missing scope', async () => {
  withToken(server, json(403, {statusCode: 403, error: 'Forbidden', message: 'upgrade', errorCode: 'insufficient_entitlement'}))
  await rejects(tenant.getClient('ClientA'), {code: 'auth0.refused', message: /insufficient_entitlement/})
})

test('ids go into the path as one segment, whatever is in them', async () => {
  withToken(server, json(404, {statusCode: 404, error: 'Not Found'}))
  for (const [id, path] of [
    ['https://acme.eu.auth0.com/api/v2/', '/api/v2/resource-servers/https%3A%2F%2Facme.eu.auth0.com%2Fapi%2Fv2%2F'],
    ['../clients', '/api/v2/resource-servers/..%2Fclients'],
    ['a?b#c', '/api/v2/resource-servers/a%3Fb%23c'],
    ['a\r\nHost: evil', '/api/v2/resource-servers/a%0D%0AHost%3A%20evil'],
  ] as const) {
    await tenant.getResourceServer(id)
    equal(apiRequests(server).at(-1)?.path, path)
  }
})

test('an id that is a step in the path is refused before anything is sent', async () => {
  for (const id of ['', '.', '..']) {
    await rejects(tenant.getResourceServer(id), {code: 'input.invalid'})
    throws(() => requestOf({kind: 'client_grant.delete', grant_id: id}), {code: 'input.invalid'})
  }
  equal(apiRequests(server).length, 0)
})

test('only fields that the scopes show are asked for, and never a secret', () => {
  equal(clientFields([]), 'client_id,name,description,app_type')
  ok(clientFields(['read:clients']).includes('grant_types'))
  ok(!clientFields(['read:clients']).includes('client_authentication_methods'))
  ok(clientFields(['read:client_credentials']).includes('client_authentication_methods'))
  ok(!clientFields(['read:client_credentials']).includes('grant_types'))
  for (const scopes of [['read:client_keys'], ['read:clients', 'read:client_keys', 'read:client_credentials']])
    ok(!/secret|signing|encryption/.test(clientFields(scopes)))
})

test('a log entry is read whatever its details are, and absent, null and empty are the same', async () => {
  const base = {log_id: '90020261122', date: '2026-11-22T00:00:00.000Z', type: 'zzz_new'}
  withToken(
    server,
    json(200, [
      {...base, client_id: '', user_id: null, details: 'text', references: [], scope: ['a', 'b']},
      {
        ...base,
        scope: 'a b',
        references: {correlation_id: 'stanch-1'},
        details: {
          accessedSecrets: ['client_secret', 7],
          request: {method: 'post', path: '/x', auth: {credentials: {jti: 'j'}, user: {email: 'a@b'}}},
        },
      },
      base,
    ]),
  )
  const [first, second, third] = await tenant.searchLogs({q: 'x', page: 0, per_page: 3})
  equal(first?.client_id, undefined)
  equal(first?.scope, 'a b')
  equal(second?.correlation_id, 'stanch-1')
  deepEqual(second?.accessed_secrets, ['client_secret'])
  const said = (value: object = {}) => Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined))
  deepEqual(said(second?.request), {method: 'post', path: '/x', jti: 'j', user_email: 'a@b'})
  deepEqual(Object.keys(said(third)), ['log_id', 'date', 'type', 'raw'])
})

test('the next checkpoint of the log comes from the Link header, and the link itself is not followed', async () => {
  const entry = {log_id: '900a', date: '2026-11-22T00:00:00.000Z', type: 'sapi'}
  const linked = (link: string): Answer => json(200, [entry], {link})
  withToken(
    server,
    linked('<https://evil.example/api/v2/logs?from=900b&take=1>; rel="next"'),
    linked('<javascript:alert(1)>; rel="next"'),
    json(200, []),
  )
  equal((await tenant.logsFrom({take: 1})).next, '900b')
  equal((await tenant.logsFrom({from: '900b', take: 1})).next, '900a')
  deepEqual(await tenant.logsFrom({from: '900a', take: 1}), {entries: [], next: '900a'})
  deepEqual(params(apiRequests(server).at(-1)?.path), {from: '900a', take: '1'})
})

test('reading a secret asks for it alone, carries the correlation id and wraps what comes', async () => {
  withToken(
    server,
    json(200, {client_id: 'ClientA', client_secret: 'stored-secret-0123456789'}),
    json(200, {client_id: 'ClientA'}),
    json(200, {client_id: 'ClientB', client_secret: 'stored-secret-0123456789'}),
  )
  const read = await tenant.readSecret('ClientA', 'stanch-2')
  equal(read.secret?.reveal(), 'stored-secret-0123456789')
  equal(apiRequests(server)[0]?.headers['x-correlation-id'], 'stanch-2')
  equal(params(apiRequests(server)[0]?.path)['fields'], 'client_id,client_secret')
  equal((await tenant.readSecret('ClientA', 'stanch-3')).secret, undefined)
  const mixed = await tenant.readSecret('ClientA', 'stanch-4')
  deepEqual([mixed.sent.kind, mixed.secret], ['in_doubt', undefined])
})

test('the key set is fetched once in five minutes', async () => {
  const clock = instantClock()
  await tenant.close()
  tenant = await tenantAt(server, {clock})
  server.answer(json(200, {keys: []}))
  await tenant.jwks()
  await tenant.jwks()
  equal(server.arrived.length, 1)
  await clock.sleep(301)
  await tenant.jwks()
  equal(server.arrived.length, 2)
})

test('an unknown scope is never harmless, and the worst scope comes first', () => {
  equal(scopeRisk('read:brand_new').severity, 'medium')
  equal(scopeRisk('delete:brand_new').severity, 'high')
  equal(scopeRisk('constructor').severity, 'high')
  equal(scopeRisk('__proto__').means, 'unknown scope')
  equal(scopeRisk('update:client_keys').severity, 'critical')
  ok(scopeRisk('read:resource_servers').risk.includes('reveals_secrets'))
  deepEqual(
    rankScopes(['read:stats', 'update:clients', 'read:clients', 'update:clients']).map(({scope}) => scope)[0],
    'update:clients',
  )
  equal(rankScopes(['a', 'a']).length, 1)
})
