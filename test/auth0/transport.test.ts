import {deepEqual, equal, match, ok, rejects} from 'node:assert/strict'
import {after, afterEach, before, beforeEach, test} from 'node:test'
import {judge} from '../../src/auth0/sent.ts'
import type {Tenant} from '../../src/auth0/tenant.ts'
import {StanchError} from '../../src/errors.ts'
import {apiRequests, instantClock, tenantAt, withToken} from './support.ts'
import {
  cut,
  drip,
  endless,
  faultServer,
  garbage,
  gzipBomb,
  json,
  lost,
  raw,
  silent,
  type Answer,
  type FaultServer,
} from '../support/fault-server.ts'

const ROTATE = {kind: 'client_secret.rotate', client_id: 'ClientA'} as const
const DELETE = {kind: 'client_grant.delete', grant_id: 'cgr_1'} as const
const CLIENT = {client_id: 'ClientA', name: 'billing-sync'}
const CORRELATION = `stanch-${'a'.repeat(56)}`
const CANARY = 'body-canary-3f9c2d'

let server: FaultServer
let elsewhere: FaultServer
let clock: ReturnType<typeof instantClock>
let tenant: Tenant

before(async () => void (elsewhere = await faultServer()))
after(() => elsewhere.stop())
beforeEach(async () => {
  server = await faultServer()
  clock = instantClock()
  tenant = await tenantAt(server, {clock})
})
afterEach(async () => {
  await tenant.close()
  await server.stop()
})

const unreadable: readonly (readonly [string, Answer])[] = [
  ['that is lost', lost],
  ['that is cut', cut],
  ['that is not HTTP', garbage],
  ['that never ends', endless],
  ['that is compressed', gzipBomb],
  ['that is a 200 HTML page', raw(200, 'text/html', `<html>${CANARY}</html>`)],
  ['that is cut JSON', raw(200, 'application/json', `{"client_id":"${CANARY}`)],
  ['that is JSON with a member given twice', raw(200, 'application/json', `{"client_id":"ClientA","client_id":"${CANARY}"}`)],
  ['that is not UTF-8', raw(200, 'application/json', Buffer.from([0x22, 0xff, 0xfe, 0x22]))],
  ['that is nested 100 deep', raw(200, 'application/json', '['.repeat(100) + ']'.repeat(100))],
  ['with a status of 500', raw(500, 'text/html', CANARY)],
  ['with a status of 502', json(502, {error: CANARY})],
  ['with a status of 408', json(408, {statusCode: 408, error: 'Request Timeout'})],
  ['with a status of 301', raw(301, '', '', {location: '/elsewhere'})],
  ['that is a 400 HTML page', raw(400, 'text/html', CANARY)],
  ['with an empty 403', raw(403, '', '')],
]

for (const mutation of [ROTATE, DELETE]) {
  for (const [what, answer] of unreadable) {
    test(`${mutation.kind} with an answer ${what} is in doubt and was sent exactly once`, async () => {
      withToken(server, answer)
      const {sent, attempts, body} = await tenant.change(mutation, CORRELATION)
      equal(judge(sent), 'in_doubt')
      equal(attempts, 1)
      equal(body, undefined)
      equal(apiRequests(server).length, 1)
      ok(!JSON.stringify(sent).includes(CANARY))
    })
  }
}

test('a rotation answered for another client is in doubt and hands out no secret', async () => {
  withToken(server, json(200, {client_id: 'ClientB', client_secret: CANARY}))
  const {sent, body} = await tenant.change(ROTATE, CORRELATION)
  equal(sent.kind, 'in_doubt')
  equal(body, undefined)
})

for (const [what, answer] of [
  ['no secret', {client_id: 'ClientA'}],
  ['an empty secret', {client_id: 'ClientA', client_secret: ''}],
  ['a secret that is a number', {client_id: 'ClientA', client_secret: 7}],
  ['null', null],
  ['a list', [CLIENT]],
] as const) {
  test(`a rotation answered with ${what} is in doubt`, async () => {
    withToken(server, json(200, answer))
    equal(judge((await tenant.change(ROTATE, CORRELATION)).sent), 'in_doubt')
  })
}

test('a rotation answered with an empty 200 is in doubt', async () => {
  withToken(server, raw(200, 'application/json', ''))
  equal(judge((await tenant.change(ROTATE, CORRELATION)).sent), 'in_doubt')
})

test('a rotation hands the new secret over wrapped and keeps nothing else of the client', async () => {
  withToken(server, json(200, {...CLIENT, client_secret: 'new-secret-0123456789', signing_keys: [{cert: 'x'}]}))
  const {sent, body} = await tenant.change(ROTATE, CORRELATION)
  equal(judge(sent), 'done')
  deepEqual(Object.keys(body ?? {}).toSorted(), ['client_id', 'secret'])
  equal(body?.secret?.reveal(), 'new-secret-0123456789')
  ok(!JSON.stringify({sent, body}).includes('new-secret'))
})

test('a change carries its correlation id, and a DELETE has no body', async () => {
  withToken(server, raw(204, '', ''))
  equal(judge((await tenant.change(DELETE, CORRELATION)).sent), 'done')
  const [request] = apiRequests(server)
  equal(request?.headers['x-correlation-id'], CORRELATION)
  equal(request?.headers['content-length'], undefined)
  equal(request?.headers['accept-encoding'], undefined)
})

test("a well-formed 4xx is a refusal that names the wire's own error and nothing else of the body", async () => {
  withToken(server, json(400, {statusCode: 400, error: 'Bad Request', message: CANARY, errorCode: 'invalid_body'}))
  const {sent} = await tenant.change(ROTATE, CORRELATION)
  equal(judge(sent), 'refused')
  equal(sent.kind === 'answered' && sent.error, 'invalid_body')
  ok(!JSON.stringify(sent).includes(CANARY))
})

test('a change refused with 401 is not sent again, but the next request brings a new token', async () => {
  withToken(server, json(401, {statusCode: 401, error: 'Unauthorized', message: 'Expired token'}), raw(204, '', ''))
  equal(judge((await tenant.change(DELETE, CORRELATION)).sent), 'refused')
  equal(apiRequests(server).length, 1)
  equal(judge((await tenant.change(DELETE, CORRELATION)).sent), 'done')
  equal(server.arrived.filter(({path}) => path === '/oauth/token').length, 2)
})

test('a change to a closed port was certainly not sent, is tried again and then says so', async () => {
  withToken(server, raw(204, '', ''))
  await tenant.operator()
  await server.stop()
  const {sent, attempts} = await tenant.change(DELETE, CORRELATION)
  equal(sent.kind, 'not_sent')
  match(sent.kind === 'not_sent' ? sent.cause : '', /ECONNREFUSED/)
  equal(attempts, 4)
  deepEqual(clock.slept, [0.5, 1, 2])
  server = await faultServer()
})

test("a change without a token is not sent, and its error is the token endpoint's", async () => {
  server.answer(json(401, {error: 'access_denied', error_description: 'Unauthorized'}))
  const {sent} = await tenant.change(DELETE, CORRELATION)
  equal(sent.kind, 'not_sent')
  equal(sent.kind === 'not_sent' && sent.error?.code, 'auth0.unauthorized')
  equal(apiRequests(server).length, 0)
})

for (const [what, answer] of unreadable.filter(([name]) => /lost|cut$|HTTP$|5\d\d|408/.test(name))) {
  test(`a read with an answer ${what} is repeated and then succeeds`, async () => {
    withToken(server, answer, json(200, CLIENT))
    equal((await tenant.getClient('ClientA')).name, 'billing-sync')
    equal(apiRequests(server).length, 2)
    deepEqual(clock.slept, [0.5])
  })
}

for (const [what, answer] of unreadable.filter(
  ([name]) => /ends|compressed|HTML|JSON|UTF|deep/.test(name) && !/400/.test(name),
)) {
  test(`a read with an answer ${what} is refused at once, without a word of the body`, async () => {
    withToken(server, answer)
    const error = await failure(tenant.getClient('ClientA'))
    equal(error.code, 'auth0.unexpected_answer')
    ok(!`${error.message} ${error.hint}`.includes(CANARY))
    equal(apiRequests(server).length, 1)
  })
}

test('a tenant that stays down is unreachable after five attempts within the budget', async () => {
  withToken(server, raw(503, 'text/html', CANARY))
  const error = await failure(tenant.getClient('ClientA'))
  equal(error.code, 'auth0.unreachable')
  equal(apiRequests(server).length, 5)
  deepEqual(clock.slept, [0.5, 1, 2, 4])
})

test('an answer that drips for ever ends at the total deadline', async () => {
  await tenant.close()
  tenant = await tenantAt(server, {clock, requestSeconds: 0.3})
  withToken(server, drip)
  const {sent} = await tenant.change(ROTATE, CORRELATION)
  equal(sent.kind, 'in_doubt')
  match(sent.kind === 'in_doubt' ? sent.cause : '', /no complete answer within 0\.3 s/)
})

test('an answer that never starts ends at the total deadline, and the change is in doubt', async () => {
  await tenant.close()
  tenant = await tenantAt(server, {clock, requestSeconds: 0.3})
  withToken(server, silent)
  equal((await tenant.change(DELETE, CORRELATION)).sent.kind, 'in_doubt')
  equal(apiRequests(server).length, 1)
})

for (const status of [301, 302, 303, 307, 308]) {
  test(`a ${status} to another server is not followed: nothing arrives there`, async () => {
    const redirect = raw(status, '', '', {location: `${elsewhere.origin}/api/v2/clients/ClientA`})
    withToken(server, redirect)
    const before = elsewhere.connections()
    equal((await failure(tenant.getClient('ClientA'))).code, 'auth0.redirected')
    equal(judge((await tenant.change(ROTATE, CORRELATION)).sent), 'in_doubt')
    server.answer(redirect)
    await tenant.close()
    tenant = await tenantAt(server, {clock})
    equal((await failure(tenant.operator())).code, 'auth0.redirected')
    equal(elsewhere.connections(), before)
  })
}

test('headers beyond 16 kB leave a change in doubt', async () => {
  withToken(server, raw(200, 'application/json', '{}', {'x-filler': 'a'.repeat(100_000)}))
  equal((await tenant.change(ROTATE, CORRELATION)).sent.kind, 'in_doubt')
})

test('a page of the log may have 8 MiB, everything else 1 MiB', async () => {
  const entry = {log_id: '900', date: '2026-11-22T00:00:00.000Z', type: 'sapi', description: 'a'.repeat(2 * 1024 * 1024)}
  withToken(server, json(200, [entry]))
  equal((await tenant.searchLogs({q: 'type:sapi', page: 0, per_page: 50})).length, 1)
  withToken(server, json(200, {...CLIENT, description: entry.description}))
  equal((await failure(tenant.getClient('ClientA'))).code, 'auth0.unexpected_answer')
})

test("a request id and the server's date are taken from an answer, odd ones are not", async () => {
  withToken(
    server,
    raw(204, '', '', {'x-auth0-requestid': 'ab12', 'date': 'Sun, 22 Nov 2026 10:00:00 GMT'}),
    raw(204, '', '', {'x-auth0-requestid': 'a b\tc', 'date': 'yesterday'}),
  )
  const first = (await tenant.change(DELETE, CORRELATION)).sent
  equal(first.kind === 'answered' && first.request_id, 'ab12')
  equal(first.kind === 'answered' && first.date, Date.UTC(2026, 10, 22, 10) / 1000)
  const second = (await tenant.change(DELETE, CORRELATION)).sent
  equal(second.kind === 'answered' && second.request_id, undefined)
  equal(second.kind === 'answered' && second.date, undefined)
})

test('nothing that went wrong on the wire shows up as anything but a StanchError', async () => {
  for (const [, answer] of unreadable) {
    withToken(server, answer)
    await rejects(tenant.getClient('ClientA'), (error) => error instanceof StanchError)
  }
})

async function failure(work: Promise<unknown>): Promise<StanchError> {
  try {
    await work
  } catch (error) {
    if (error instanceof StanchError) return error
    throw error
  }
  throw new StanchError('internal', 'it succeeded')
}
