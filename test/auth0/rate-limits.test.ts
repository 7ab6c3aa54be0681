import {deepEqual, equal, match, ok, rejects} from 'node:assert/strict'
import {afterEach, beforeEach, test} from 'node:test'
import {judge} from '../../src/auth0/sent.ts'
import type {Tenant} from '../../src/auth0/tenant.ts'
import {StanchError} from '../../src/errors.ts'
import {apiRequests, instantClock, tenantAt, withToken} from './support.ts'
import {faultServer, json, raw, type FaultServer} from '../support/fault-server.ts'

const DATE = 'Sun, 22 Nov 2026 00:00:00 GMT'
const NOW = Date.parse(DATE) / 1000
const TOO_MANY = {
  statusCode: 429,
  error: 'Too Many Requests',
  message: 'Global limit has been reached',
  errorCode: 'too_many_requests',
}
const limited = (headers: Readonly<Record<string, string>>) => json(429, TOO_MANY, {date: DATE, ...headers})
const CLIENT = json(200, {client_id: 'ClientA', name: 'billing-sync'})
const DELETE = {kind: 'client_grant.delete', grant_id: 'cgr_1'} as const

let server: FaultServer
let clock: ReturnType<typeof instantClock>
let tenant: Tenant

beforeEach(async () => {
  server = await faultServer()
  clock = instantClock(NOW * 1000)
  tenant = await tenantAt(server, {clock})
})
afterEach(async () => {
  await tenant.close()
  await server.stop()
})

const waits: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
  ['no header', {}, 0.5],
  ['Retry-After 7', {'retry-after': '7'}, 7],
  ['Retry-After 0', {'retry-after': '0'}, 0.5],
  ['a reset in 20 s', {'x-ratelimit-reset': String(NOW + 20), 'x-ratelimit-remaining': '0'}, 20],
  ['Retry-After 7 and a reset in 20 s: the later', {'retry-after': '7', 'x-ratelimit-reset': String(NOW + 20)}, 20],
  ['Retry-After 30 and a reset in 20 s: the later', {'retry-after': '30', 'x-ratelimit-reset': String(NOW + 20)}, 30],
  ['a reset in the past', {'x-ratelimit-reset': String(NOW - 500)}, 0.5],
  ['a garbage Retry-After', {'retry-after': 'soon'}, 0.5],
  ['a negative Retry-After', {'retry-after': '-5'}, 0.5],
  ['a Retry-After with a fraction', {'retry-after': '1.5'}, 0.5],
  ['a Retry-After as a date', {'retry-after': 'Sun, 22 Nov 2026 01:00:00 GMT'}, 0.5],
  ['a Retry-After of 30 digits', {'retry-after': '9'.repeat(30)}, 0.5],
]

for (const [what, headers, seconds] of waits) {
  test(`a 429 with ${what} is waited for ${seconds} s, for reads and for changes`, async () => {
    withToken(server, limited(headers), CLIENT, limited(headers), raw(204, '', ''))
    await tenant.getClient('ClientA')
    deepEqual(clock.slept, [seconds])
    const {sent, attempts} = await tenant.change(DELETE, 'c')
    equal(judge(sent), 'done')
    equal(attempts, 2)
    deepEqual(clock.slept, [seconds, seconds])
  })
}

test('a Retry-After beyond the budget stops a read at once and names the time', async () => {
  withToken(server, limited({'retry-after': '86400'}))
  await rejects(tenant.getClient('ClientA'), (error) => {
    ok(error instanceof StanchError)
    equal(error.code, 'auth0.rate_limited')
    match(error.message, /2026-11-23T00:00:00Z/)
    return true
  })
  deepEqual(clock.slept, [])
  equal(apiRequests(server).length, 1)
})

test('a Retry-After of centuries stops at once without a time', async () => {
  withToken(server, limited({'retry-after': '9999999999'}))
  await rejects(tenant.getClient('ClientA'), {code: 'auth0.rate_limited', message: /too many requests/})
})

test('waits of one call are added up: 40 s and 40 s are beyond a budget of 60 s', async () => {
  withToken(server, limited({'retry-after': '40'}))
  await rejects(tenant.getClient('ClientA'), {code: 'auth0.rate_limited'})
  deepEqual(clock.slept, [40])
})

test('a change beyond the budget comes back as rate limited, sent once', async () => {
  withToken(server, limited({'retry-after': '3600'}))
  const {sent, attempts} = await tenant.change(DELETE, 'c')
  equal(judge(sent), 'rate_limited')
  equal(sent.kind === 'answered' && sent.retry_after, 3600)
  equal(attempts, 1)
  deepEqual(clock.slept, [])
})

test('a rotation is never sent again after a 429, whatever the headers say', async () => {
  withToken(server, limited({'retry-after': '1'}))
  const {sent, attempts} = await tenant.change({kind: 'client_secret.rotate', client_id: 'ClientA'}, 'c')
  equal(judge(sent), 'rate_limited')
  equal(attempts, 1)
  equal(apiRequests(server).length, 1)
  deepEqual(clock.slept, [])
})

test('a change that is limited again and again gives up within four attempts', async () => {
  withToken(server, limited({}))
  const {sent, attempts} = await tenant.change(DELETE, 'c')
  equal(judge(sent), 'rate_limited')
  equal(attempts, 4)
})

test('parallel reads wait once, together, when the bucket is empty, instead of running into 429', async () => {
  let answered = 0
  withToken(server, (request, response) => {
    answered++
    // The bucket holds one more after the first answer, and fills in 3 s.
    const remaining = answered === 1 ? 1 : 10
    json(
      200,
      {client_id: 'ClientA', name: 'x'},
      {'date': DATE, 'x-ratelimit-remaining': String(remaining), 'x-ratelimit-reset': String(NOW + 3), 'x-ratelimit-limit': '10'},
    )(request, response)
  })
  await tenant.getClient('ClientA')
  deepEqual(tenant.limits(), {limit: 10, remaining: 1, reset: NOW + 3})
  await Promise.all([1, 2, 3, 4].map(() => tenant.getClient('ClientA')))
  deepEqual(clock.slept, [3])
  equal(answered, 5)
})

test('an empty bucket of one group of endpoints holds nothing else up', async () => {
  withToken(
    server,
    json(200, [], {'date': DATE, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW + 50)}),
    raw(204, '', ''),
  )
  await tenant.searchLogs({q: 'x', page: 0, per_page: 10})
  await tenant.change(DELETE, 'c')
  deepEqual(clock.slept, [])
})

test('a bucket that fills beyond the budget is not waited for: the tenant decides', async () => {
  withToken(server, json(200, [], {'date': DATE, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW + 5000)}))
  await tenant.searchLogs({q: 'x', page: 0, per_page: 10})
  await tenant.searchLogs({q: 'x', page: 1, per_page: 10})
  deepEqual(clock.slept, [])
})
