import {deepEqual, equal, ok} from 'node:assert/strict'
import {test} from 'node:test'
import {bench, START} from './support.ts'

test('a free tenant allows two calls a second; the third is 429 with the time to wait, and is not carried out', async () => {
  const b = await bench({plan: 'free'})
  const rotate = () => b.api('POST', `clients/${b.simulator.practice.leak.client_id}/rotate-secret`)
  const answers = [await rotate(), await rotate(), await rotate()]
  deepEqual(
    answers.map(({status}) => status),
    [200, 200, 429],
  )
  const [first, , third] = answers
  deepEqual(
    ['limit', 'remaining', 'reset'].map((name) => first?.headers.get(`x-ratelimit-${name}`)),
    ['2', '1', String(START + 1)],
  )
  equal(third?.headers.get('x-ratelimit-remaining'), '0')
  equal(third?.headers.get('retry-after'), '1')
  deepEqual(third?.body, {
    statusCode: 429,
    error: 'Too Many Requests',
    message: 'Global limit has been reached',
    errorCode: 'too_many_requests',
  })
  equal(b.simulator.tenant.count('client_secret.rotate'), 2)
  b.simulator.tenant.clock.advance(1)
  equal((await rotate()).status, 200)
  await b.simulator.stop()
})

test('on paid plans reading clients has a budget of its own', async () => {
  const b = await bench({plan: 'paid'})
  const statuses: number[] = []
  for (let i = 0; i < 6; i++) statuses.push((await b.api('GET', 'clients')).status)
  deepEqual(statuses, [200, 200, 200, 200, 200, 429])
  for (let i = 0; i < 10; i++) equal((await b.api('GET', 'client-grants')).status, 200)
  equal((await b.api('GET', 'client-grants')).status, 429)
  await b.simulator.stop()
})

test('the token endpoint has a limit of its own, with an OAuth body', async () => {
  const b = await bench({plan: 'paid'})
  const {client_id} = b.simulator.practice.leak
  const ask = () => b.oauth({grant_type: 'client_credentials', client_id, client_secret: 'no', audience: 'x'})
  const statuses = new Set<number>()
  for (let i = 0; i < 25; i++) statuses.add((await ask()).status)
  deepEqual([...statuses], [401])
  const refused = await ask()
  equal(refused.status, 429)
  ok('error' in refused.body && !('statusCode' in refused.body))
  await b.simulator.stop()
})
