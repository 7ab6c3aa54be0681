import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {test} from 'node:test'
import {parseLogQuery} from '../../src/simulator/log-query.ts'
import {INVOICES} from '../../src/simulator/scenarios/landscape.ts'
import {bench, START} from './support.ts'

test('an event can be read after the delay, carries the correlation id and holds no secret', async () => {
  const b = await bench({behaviour: {log_delay_seconds: 2}})
  const {client_id} = b.simulator.practice.leak
  const headers = {'x-correlation-id': 'stanch-1234'}
  const rotated = await b.api('POST', `clients/${client_id}/rotate-secret`, {headers})
  const q = 'logs?q=type:sapi&sort=date:-1'
  deepEqual((await b.api('GET', q)).body, [])
  b.simulator.tenant.clock.advance(2)
  const [entry] = (await b.api('GET', q)).body
  match(entry.log_id, /^900\d{53}$/)
  deepEqual(
    [
      entry.type,
      entry.description,
      entry.references.correlation_id,
      entry.details.request.method,
      entry.details.response.statusCode,
    ],
    ['sapi', 'Rotate a client secret', 'stanch-1234', 'post', 200],
  )
  equal(entry.client_id, b.simulator.practice.operator.client_id)
  ok(!JSON.stringify(b.simulator.tenant.logs()).includes(rotated.body.client_secret))
  equal((await b.api('GET', `logs/${entry.log_id}`)).body.log_id, entry.log_id)
  equal((await b.api('GET', 'logs/900')).status, 404)
  await b.simulator.stop()
})

test('issuances and refusals are told apart, the jti of an issuance by switch', async () => {
  for (const log_jti of [true, false]) {
    const b = await bench({behaviour: {log_jti}})
    const {client_id, value} = b.simulator.practice.leak
    const body = {grant_type: 'client_credentials', client_id, audience: INVOICES}
    await b.oauth({...body, client_secret: value})
    await b.oauth({...body, client_secret: 'wrong'})
    await b.oauth({...body, client_id: 'nobody', client_secret: 'wrong'})
    const [issued, refused, ...more] = b.simulator.tenant.logs().slice(-2) as Record<string, any>[]
    deepEqual([issued?.['type'], issued?.['audience'], issued?.['scope']], ['seccft', INVOICES, 'read:invoices write:invoices'])
    equal(typeof issued?.['details']?.access_token_jti, log_jti ? 'string' : 'undefined')
    deepEqual([refused?.['type'], refused?.['description'], more.length], ['feccft', 'Unauthorized', 0])
    await b.simulator.stop()
  }
})

test('the scenario has a history: tokens of the last 24 hours with their addresses', async () => {
  const b = await bench()
  const {client_id} = b.simulator.practice.leak
  const since = new Date((START - 86_400) * 1000).toISOString()
  const q = encodeURIComponent(`type:seccft AND client_id:"${client_id}" AND date:[${since} TO *]`)
  const {body} = await b.api('GET', `logs?q=${q}&sort=date:1&include_totals=true`)
  equal(body.logs.length, 5)
  deepEqual([...new Set(body.logs.map(({ip}: {ip: string}) => ip))], ['198.51.100.7', '203.0.113.66'])
  await b.simulator.stop()
})

test('the checkpoint mode walks by arrival, follows its Link header and ends with an empty page', async () => {
  const b = await bench({plan: 'private'})
  for (let i = 0; i < 5; i++) await b.api('POST', `clients/${b.simulator.practice.leak.client_id}/rotate-secret`)
  const all = b.simulator.tenant.logs().map((entry) => entry['log_id'])
  const found: string[] = []
  let path = 'logs?take=4'
  for (let pages = 0; pages < 10; pages++) {
    const {body, headers} = await b.api('GET', path)
    found.push(...body.map((entry: {log_id: string}) => entry.log_id))
    const url = /^<(.*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]
    path = url?.split('/api/v2/')[1] ?? ''
    if (body.length === 0) break
  }
  deepEqual(found, all)
  deepEqual((await b.api('GET', path)).body, [])
  await b.simulator.stop()
})

test('search ends at 1,000 hits and at the retention of the plan', async () => {
  const b = await bench({plan: 'free'})
  const {logs} = b.simulator.tenant.world
  for (let i = 0; i < 1050; i++) logs.add({type: 'seccft', client_id: 'many'})
  logs.add({type: 'seccft', client_id: 'old'}, (START - 90_000) * 1000)
  const page = async (n: number) => (await b.api('GET', `logs?q=client_id:many&per_page=100&page=${n}`)).body.length as number
  equal(await page(9), 100)
  b.simulator.tenant.clock.advance(5)
  equal(await page(10), 0)
  b.simulator.tenant.clock.advance(5)
  deepEqual((await b.api('GET', 'logs?q=client_id:old')).body, [])
  await b.simulator.stop()
})

const ENTRY = {
  type: 'seccft',
  client_id: 'abc',
  ip: '203.0.113.66',
  date: '2026-11-22T10:00:00.000Z',
  description: 'a b',
  audience: 'x',
}

test('queries that match', () => {
  for (const q of [
    'type:seccft',
    'type:"seccft" AND client_id:abc',
    'type:sapi OR type:seccft',
    'NOT type:sapi',
    '(type:sapi OR type:seccft) AND ip:203.0.113.*',
    'description:"a b"',
    'date:[2026-11-22 TO 2026-11-22]',
    'date:[2026-11-22T09:59:59Z TO *]',
    'date:{2026-11-22T09:59:59Z TO 2026-11-22T10:00:00Z]',
    'abc',
    'type:seccft client_id:abc',
  ]) {
    equal(parseLogQuery(q)(ENTRY), true, q)
  }
})

test('queries that do not match: other values, parts of values, another case, fields that cannot be searched', () => {
  for (const q of [
    'type:sapi',
    'type:secc',
    'type:SECCFT',
    'NOT type:seccft',
    'type:seccft AND client_id:other',
    'audience:x',
    'details:x',
    'date:[2026-11-23 TO *]',
    'date:{2026-11-22T10:00:00Z TO *]',
    'date:[* TO 2026-11-22T10:00:00Z}',
    '(type:sapi OR type:seccft) AND NOT ip:203*',
    'description:a',
  ]) {
    equal(parseLogQuery(q)(ENTRY), false, q)
  }
})

test('a malformed query is 400 and one that is too long 414', async () => {
  const b = await bench({plan: 'private'})
  for (const q of ['(type:sapi', 'type:sapi)', 'AND', 'type:', 'date:[2026 TO', 'date:[x TO y]', 'NOT']) {
    equal((await b.api('GET', `logs?q=${encodeURIComponent(q)}`)).status, 400, q)
  }
  equal((await b.api('GET', `logs?q=${'a'.repeat(4001)}`)).status, 414)
  await b.simulator.stop()
})
