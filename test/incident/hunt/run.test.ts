import {deepEqual, equal, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {parseLogEntry} from '../../../src/auth0/resources/log-entry.ts'
import type {LogEntry} from '../../../src/auth0/resources/log-entry.ts'
import {entry, EXAMPLE, token, write} from '../../../src/incident/hunt/examples.ts'
import type {Finding, HuntFacts, HuntResult} from '../../../src/incident/hunt/findings.ts'
import {runHunt} from '../../../src/incident/hunt/run.ts'

type Wire = Readonly<Record<string, unknown>>

const SERVICE = {
  ip: EXAMPLE.consumer_ip,
  user_agent: 'billing-sync 4.2.0 / Linux 6.8.0',
  security_context: {ja4: EXAMPLE.consumer_ja4},
}
const THIEF = {ip: EXAMPLE.attacker_ip, user_agent: 'curl 8.9.1 / Other 0.0.0', security_context: {ja4: EXAMPLE.attacker_ja4}}
const PLANTED = 'Pl1Planted2Client3By4Attacker5Xx'

const FACTS: HuntFacts = {
  clients: [{client_id: EXAMPLE.leaked, how: 'leaked', since: EXAMPLE.leaked_at}],
  leaked_at: EXAMPLE.leaked_at,
  contained_at: EXAMPLE.contained_at,
  rotated_at: EXAMPLE.contained_at,
  probed: [],
}

function hunt(entries: readonly Wire[], facts: Partial<HuntFacts> = {}, own: readonly string[] = []): HuntResult {
  // As the tenant gives them: by arrival, each with an id of its own.
  const parsed = entries
    .toSorted((a, b) => String(a['date']).localeCompare(String(b['date'])))
    .map((one, i) => parseLogEntry({...one, log_id: `900${String(i).padStart(53, '0')}`}))
  return runHunt({
    entries: () => parsed,
    facts: {...FACTS, own_requests: ownRequests(parsed, own), ...facts},
    sets: {own_correlation_ids: new Set(own), own_clients: new Set([EXAMPLE.own])},
    computed_at: '2026-11-22T05:00:00Z',
  })
}

/** What we would have on record of the entries that carry these ids: the first of each. */
function ownRequests(entries: readonly LogEntry[], ids: readonly string[]) {
  return new Map(
    ids.flatMap((id) => {
      const {method = '', path = ''} = entries.find(({correlation_id}) => correlation_id === id)?.request ?? {}
      return [[id, {action: 'client_grant.delete', target: '', method: method.toUpperCase(), path}] as const]
    }),
  )
}

const of = (result: HuntResult, id: string): Finding[] => result.findings.filter((one) => one.hunt === id)

/** The service before and after the leak, at its own address. */
const before = [-4000, -3000, -2000, -1000, -60].map((minute) =>
  token('seccft', minute, {...SERVICE, details: {access_token_jti: `s${minute}`}}),
)

describe('a hunt', () => {
  test('the service that was there before the leak is expected, the stranger is not', () => {
    const result = hunt([...before, token('seccft', 10, SERVICE), token('seccft', 20, THIEF)])
    const verdicts = Object.fromEntries(of(result, 'H1').map(({ip, verdict}) => [ip, verdict]))
    deepEqual(verdicts, {[EXAMPLE.consumer_ip]: 'expected', [EXAMPLE.attacker_ip]: 'suspect'})
    deepEqual(result.suspects.ips, [EXAMPLE.attacker_ip])
    deepEqual(result.suspects.fingerprints, [EXAMPLE.attacker_ja4])
    deepEqual(result.inventory, [])
  })

  test('an entry without a readable date is judged all the same, as old as the one before it, and covers nothing', () => {
    const undated = {...token('seccft', 20, THIEF), date: '2026-11-22T03\u202e04'}
    const result = hunt([...before, token('seccft', 10, SERVICE), undated])
    const stranger = of(result, 'H1').find(({ip}) => ip === EXAMPLE.attacker_ip)
    equal(stranger?.verdict, 'suspect')
    equal(stranger?.at, token('seccft', 10, SERVICE)['date'])
    equal(result.covers?.to, stranger?.at)
    equal(result.entries, before.length + 2)
  })

  test('a stranger who plants a client is hostile, and the client is followed to another address', () => {
    const result = hunt([
      ...before,
      token('seccft', 20, {...THIEF, details: {access_token_jti: 'stolen'}}),
      write('post', '/clients', {minute: 30, jti: 'stolen', status: 201, response: {client_id: PLANTED}}),
      token('seccft', 90, {client_id: PLANTED, ip: '192.0.2.200', user_agent: 'python-requests 2.32 / Other 0.0.0'}),
    ])
    equal(of(result, 'H9')[0]?.verdict, 'hostile')
    deepEqual(result.client_ids, [EXAMPLE.leaked, PLANTED])
    equal(of(result, 'H1').find(({client_id}) => client_id === PLANTED)?.verdict, 'suspect')
    ok(result.suspects.ips.includes('192.0.2.200'))
    equal(result.inventory[0]?.id, `H9:client:${PLANTED}`)
    ok(result.rounds >= 2)
  })

  test("another client's secret that was read is looked at next; its own service stays expected", () => {
    const service = (minute: number) =>
      token('seccft', minute, {client_id: EXAMPLE.other, ip: '192.0.2.44', user_agent: 'report 1.0.0 / Linux 6.8.0'})
    const result = hunt([
      ...before,
      ...[-3000, -100, 100].map(service),
      token('seccft', 20, THIEF),
      write('get', `/clients/${EXAMPLE.other}`, {minute: 25, type: 'mgmt_api_read', secrets: ['client_secret']}),
      token('seccft', 60, {client_id: EXAMPLE.other, ip: '192.0.2.201', user_agent: 'Go-http-client 1.1 / Other 0.0.0'}),
    ])
    const verdicts = Object.fromEntries(
      of(result, 'H1')
        .filter(({client_id}) => client_id === EXAMPLE.other)
        .map(({ip, verdict}) => [ip, verdict]),
    )
    deepEqual(verdicts, {'192.0.2.44': 'expected', '192.0.2.201': 'suspect'})
    equal(result.inventory[0]?.remove, `set another secret: stanch secret rotate --client ${EXAMPLE.other} --deliver SINK`)
  })

  test('a service that moved to a new address with the same tool is suspect at most, whatever it does', () => {
    const result = hunt([
      ...before,
      token('seccft', 20, {...SERVICE, ip: '198.51.100.99', security_context: {}}),
      write('post', '/client-grants', {
        minute: 30,
        ip: '198.51.100.99',
        body: {client_id: EXAMPLE.leaked, audience: EXAMPLE.audience, scope: ['read:users']},
        response: {id: 'cgr_Abcdefghijklmnop'},
      }),
    ])
    equal(of(result, 'H8')[0]?.verdict, 'suspect')
    ok(!result.findings.some(({verdict}) => verdict === 'hostile'))
  })

  test('a token that was stolen from the service is told by its id from the address where it is used', () => {
    const result = hunt([
      ...before,
      write('post', '/users', {minute: 30, jti: 's-60', response: {user_id: 'auth0|planted'}}),
      write('patch', '/users/auth0%7Ccustomer', {
        minute: 40,
        jti: 's-60',
        ip: EXAMPLE.consumer_ip,
        body: {email: 'a@acme.example'},
      }),
    ])
    const verdicts = Object.fromEntries(of(result, 'H23').map(({object, verdict}) => [object?.id, verdict]))
    deepEqual(verdicts, {'auth0|planted': 'hostile', 'auth0|customer': 'expected'})
    deepEqual(result.suspects.jtis, ['s-60'])
  })

  test('what known ones of the client do every day does not make a newcomer hostile', () => {
    const make = (minute: number, ip: string) => write('post', '/users', {minute, ip, response: {user_id: `auth0|${minute}`}})
    const stranger = [token('seccft', 20, THIEF), make(30, EXAMPLE.attacker_ip)]
    equal(of(hunt([...before, ...stranger]), 'H23')[0]?.verdict, 'hostile')
    const result = hunt([...before, make(-100, EXAMPLE.consumer_ip), ...stranger])
    equal(of(result, 'H23').find(({ip}) => ip === EXAMPLE.attacker_ip)?.verdict, 'suspect')
    deepEqual(
      result.inventory.map(({id}) => id),
      ['H23:user:auth0|30'],
    )
  })

  test('without token ids an act is attributed by client, address and time', () => {
    const result = hunt([
      ...before,
      token('seccft', 20, {...THIEF, details: null}),
      write('patch', '/log-streams/lst_0000000000012345', {minute: 30, body: {status: 'paused'}}),
    ])
    equal(of(result, 'H18')[0]?.verdict, 'hostile')
    ok(result.not_seen.some(({what}) => what.includes('which token')))
  })

  test('our own acts are taken out, also those on the leaked client', () => {
    const ours = write('delete', '/client-grants/cgr_Abcdefghijklmnop', {
      minute: 119,
      client_id: EXAMPLE.own,
      ip: '192.0.2.20',
      status: 204,
      correlation_id: 'stanch-aaaa',
    })
    const probe = token('feccft', 125, {ip: '192.0.2.20', description: 'Unauthorized', user_agent: 'Other 0.0.0 / Other 0.0.0'})
    const own_token_requests = [Date.parse('2026-11-22T03:05:00Z') / 1000]
    const result = hunt([...before, ours, probe], {own_token_requests}, ['stanch-aaaa'])
    deepEqual([...new Set(result.findings.filter(({ip}) => ip === '192.0.2.20').map(({verdict}) => verdict))], ['ours'])
    const forged = hunt([...before, {...ours, references: {correlation_id: 'stanch-bbbb'}}, probe], {own_token_requests}, [
      'stanch-aaaa',
    ])
    ok(forged.findings.every(({verdict}) => verdict !== 'ours'))
  })

  test('each record of ours accounts for one request: whoever else asks from our address meanwhile is not taken for us', () => {
    const ours = write('delete', '/client-grants/cgr_1', {
      minute: 119,
      client_id: EXAMPLE.own,
      ip: '192.0.2.20',
      correlation_id: 'stanch-aaaa',
    })
    const ask = (seconds: number, more: Wire = {}) =>
      token('feccft', 125 + seconds / 60, {ip: '192.0.2.20', description: 'Unauthorized', user_agent: 'Other 0.0.0', ...more})
    const facts = {own_token_requests: [Date.parse('2026-11-22T03:05:00Z') / 1000]}
    const verdicts = (entries: readonly Wire[]) =>
      of(hunt([...before, ours, ...entries], facts, ['stanch-aaaa']), 'H3').map(({verdict, count}) => `${verdict} ${count}`)
    deepEqual(verdicts([ask(0)]), ['ours 1'])
    deepEqual(verdicts([ask(0), ask(1)]), ['suspect 1', 'ours 1'])
    deepEqual(verdicts([ask(5.999)]), ['ours 1'])
    deepEqual(verdicts([ask(6)]), ['suspect 1'])
    deepEqual(verdicts([ask(-5)]), ['ours 1'])
    deepEqual(verdicts([ask(-5.001)]), ['suspect 1'])
    deepEqual(verdicts([ask(0, {references: {correlation_id: 'somebody-else'}})]), ['suspect 1'])
  })

  for (const seconds of [0.001, 0.999, 5, 30, 30.999]) {
    test(`a token ${seconds} s after the instant of the rotation may be the old secret's: it makes nobody expected`, () => {
      const result = hunt([...before, token('seccft', 120 + seconds / 60, THIEF)])
      equal(of(result, 'H3').find(({ip}) => ip === EXAMPLE.attacker_ip)?.verdict, 'suspect')
    })
  }

  test('from 31 s after the instant of the rotation on only the new secret gets a token', () => {
    equal(of(hunt([...before, token('seccft', 120 + 31 / 60, THIEF)]), 'H3')[0]?.verdict, 'expected')
    const undated = hunt([...before, token('seccft', 200, THIEF)], {rotated_at: undefined as never})
    equal(of(undated, 'H3').find(({ip}) => ip === EXAMPLE.attacker_ip)?.verdict, 'suspect', 'nobody says when')
  })

  test('whoever reads the secret while the answer of the rotation is on its way may have the new one: a token proves nothing', () => {
    const late = token('seccft', 200, {...SERVICE, ip: '198.51.100.40', user_agent: 'next 1.0.0', security_context: {}})
    const read = (seconds: number) =>
      write('get', `/clients/${EXAMPLE.leaked}`, {
        minute: 120 + seconds / 60,
        type: 'mgmt_api_read',
        secrets: ['client_secret'],
      })
    const verdict = (seconds: number) => of(hunt([...before, late, read(seconds)]), 'H3')[0]?.verdict
    deepEqual([-30.001, -30, -0.001, 0.001, 31].map(verdict), ['expected', 'suspect', 'suspect', 'suspect', 'suspect'])
  })

  test('who was there before the leak was there before its instant, not in it', () => {
    const at = (ms: number) => of(hunt([...before, token('seccft', ms / 60_000, THIEF)]), 'H1').find(({ip}) => ip === THIEF.ip)
    deepEqual([at(-1)?.verdict, at(0)?.verdict, at(1)?.verdict, at(999)?.verdict], ['expected', 'suspect', 'suspect', 'suspect'])
  })

  test('a rotation closes what was read before it, not what was read since, whichever entry arrives first', () => {
    const read = (minute: number) =>
      write('get', `/clients/${EXAMPLE.other}`, {minute, type: 'mgmt_api_read', secrets: ['client_secret']})
    const ours = write('post', `/clients/${EXAMPLE.other}/rotate-secret`, {
      minute: 60,
      client_id: EXAMPLE.own,
      ip: '192.0.2.20',
      correlation_id: 'stanch-aaaa',
    })
    const set = write('patch', `/clients/${EXAMPLE.other}`, {
      minute: 60,
      client_id: EXAMPLE.own,
      ip: '192.0.2.20',
      correlation_id: 'stanch-aaaa',
      body: {client_secret: '[dropped]'},
    })
    const left = (entries: readonly Wire[]) => {
      const parsed = [...before, token('seccft', 20, THIEF), ...entries].map((one, i) =>
        parseLogEntry({...one, log_id: `900${String(i).padStart(53, '0')}`}),
      )
      const sets = {own_correlation_ids: new Set(['stanch-aaaa']), own_clients: new Set([EXAMPLE.own])}
      const facts = {...FACTS, own_requests: ownRequests(parsed, ['stanch-aaaa'])}
      const {inventory} = runHunt({entries: () => parsed, facts, sets, computed_at: '2026-11-22T05:00:00Z'})
      return inventory.map(({id}) => id)
    }
    const item = [`H6:client_secret:${EXAMPLE.other}`]
    deepEqual(left([read(59.99), ours]), [])
    deepEqual(left([read(59.99), set]), [], 'a secret that was set replaces one as well')
    deepEqual(left([ours, read(60.01)]), item)
    deepEqual(left([read(60.01), ours]), item, 'the rotation arrived late')
    deepEqual(left([read(60), ours]), item, 'in one millisecond nobody knows')
  })

  test('a suspect who sets a secret twice still has the newest', () => {
    const kin = {...SERVICE, ip: '198.51.100.99', security_context: {}}
    const rotate = (minute: number) =>
      write('post', `/clients/${EXAMPLE.other}/rotate-secret`, {
        minute,
        ip: '198.51.100.99',
        description: 'Rotate a client secret',
      })
    const {inventory} = hunt([...before, token('seccft', 20, kin), rotate(30), rotate(40)])
    deepEqual(
      inventory.map(({id}) => id),
      [`H10:client_secret:${EXAMPLE.other}`],
    )
  })

  test('the consumer that got the new secret is expected even at a new address', () => {
    const late = token('seccft', 200, {
      ...SERVICE,
      ip: '198.51.100.40',
      user_agent: 'billing-next 1.0.0 / Linux 6.8.0',
      security_context: {},
    })
    equal(of(hunt([...before, late]), 'H3')[0]?.verdict, 'expected')
    const read = write('get', `/clients/${EXAMPLE.leaked}`, {minute: 150, type: 'mgmt_api_read', secrets: ['client_secret']})
    equal(of(hunt([...before, read, late]), 'H3')[0]?.verdict, 'suspect')
  })

  test('what was planted and deleted again is no item any more, unless it came back', () => {
    const plant = (minute: number) => write('post', '/clients', {minute, status: 201, response: {client_id: PLANTED}})
    const remove = (minute: number) =>
      write('delete', `/clients/${PLANTED}`, {minute, client_id: EXAMPLE.own, ip: '192.0.2.20', correlation_id: 'stanch-aaaa'})
    const own = ['stanch-aaaa']
    equal(hunt([...before, plant(30)], {}, own).inventory.length, 1)
    equal(hunt([...before, plant(30), remove(60)], {}, own).inventory.length, 0)
    equal(hunt([...before, plant(30), remove(60), plant(90)], {}, own).inventory.length, 1)
  })

  test('an address that others had before the leak is not followed', () => {
    const shared = token('seccft', -500, {
      client_id: EXAMPLE.other,
      ip: EXAMPLE.attacker_ip,
      user_agent: 'report 1.0.0 / Linux 6.8.0',
    })
    const result = hunt([
      ...before,
      shared,
      token('seccft', 20, THIEF),
      entry('s', 40, {ip: EXAMPLE.attacker_ip, client_id: 'spa', user_id: 'auth0|1'}),
    ])
    deepEqual(result.suspects.ips, [])
    equal(of(result, 'H26').length, 0)
    equal(of(result, 'H1').find(({ip}) => ip === EXAMPLE.attacker_ip)?.verdict, 'suspect')
  })

  test('a user from the suspect address is a finding, never hostile', () => {
    const result = hunt([
      ...before,
      token('seccft', 20, THIEF),
      write('post', '/users', {minute: 30, response: {user_id: 'auth0|planted'}}),
      entry('s', 40, {ip: EXAMPLE.attacker_ip, client_id: 'spa', user_id: 'auth0|1'}),
      entry('s', 50, {ip: '192.0.2.77', client_id: 'spa', user_id: 'auth0|planted'}),
      entry('s', 51, {ip: '192.0.2.78', client_id: 'spa', user_id: 'auth0|2'}),
    ])
    deepEqual(
      of(result, 'H26')
        .map(({ip, verdict}) => [ip, verdict])
        .toSorted((a, b) => String(a[0]).localeCompare(String(b[0]))),
      [
        ['192.0.2.77', 'suspect'],
        [EXAMPLE.attacker_ip, 'suspect'],
      ],
    )
  })

  test('nobody knows when it leaked: who was there all along is not judged, newcomers are suspect', () => {
    const facts = {...FACTS, clients: [{client_id: EXAMPLE.leaked, how: 'leaked' as const}]}
    delete (facts as {leaked_at?: string}).leaked_at
    const parsed = [...before, token('seccft', 10, SERVICE), token('seccft', 20, THIEF)].map((one, i) =>
      parseLogEntry({...one, log_id: `900${String(i).padStart(53, '0')}`}),
    )
    const result = runHunt({entries: () => parsed, facts, sets: {}, computed_at: '2026-11-22T05:00:00Z'})
    const verdicts = Object.fromEntries(of(result, 'H1').map(({ip, verdict}) => [ip, verdict]))
    deepEqual(verdicts, {[EXAMPLE.consumer_ip]: 'unknown', [EXAMPLE.attacker_ip]: 'suspect'})
    ok(result.not_seen.some(({what}) => what.includes('before the leak')))
  })

  test('an empty log is said, never taken for silence', () => {
    const result = hunt([])
    equal(result.entries, 0)
    ok(result.not_seen.some(({what}) => what === 'everything'))
  })

  test('what an attacker chose freely does not stand in a command', () => {
    const result = hunt([...before, write('post', '/clients/x;rm%20-rf%20~/rotate-secret', {minute: 30})])
    ok(result.inventory.length === 1)
    ok(!result.inventory[0]?.remove.includes('rm -rf'))
  })
})
