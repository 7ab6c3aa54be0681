import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {savedLogEntry} from '../../../src/auth0/resources/log-entry.ts'
import type {HuntFacts, HuntResult, Verdict} from '../../../src/incident/hunt/findings.ts'
import {runHunt} from '../../../src/incident/hunt/run.ts'
import type {OwnRequest} from '../../../src/incident/reconcile/facts.ts'

/*
 * Histories made by hand, in the shapes that Auth0's log schemas and recorded tenants have, not by the generator that the
 * hunt was measured with. Each asks what a careful analyst would: is the attacker named, is a colleague wronged, is what
 * cannot be known said? Minutes are counted from the leak at 01:00 UTC; containment is at 180, the log reaches back ten days.
 */

type Wire = Readonly<Record<string, unknown>>

const API = 'https://northwind.us.auth0.com/api/v2/'
const BILLING = 'n1PqRs7TuVwXyZ0aBcDeFgHiJkLmNoPq'
const REPORTS = 'r2StUv8WxYzA1bCdEfGhIjKlMnOpQrSt'
const DASHBOARD = 'd3UvWx9YzAbC2dEfGhIjKlMnOpQrStUv'
const RESPONDER = 's4WxYz0AbCdE3fGhIjKlMnOpQrStUvWx'
const PLANTED = 'p5YzAb1CdEfG4hIjKlMnOpQrStUvWxYz'
const OFFICE = '192.0.2.10'
const CLOUD = '198.51.100.20'
const EVIL = '203.0.113.99'
const LEAK = Date.UTC(2026, 10, 22, 1)
const DAY = 1440

let serial = 0
const at = (minute: number) => new Date(LEAK + Math.round(minute * 60_000)).toISOString()

function event(minute: number, type: string, members: Wire): Wire {
  const date = at(minute)
  const log_id = `900${date.replaceAll(/\D/g, '')}${String(serial++).padStart(36, '0')}`
  return {_id: log_id, log_id, date, type, hostname: 'northwind.us.auth0.com', isMobile: false, ...members}
}

interface Who {
  readonly client?: string
  readonly ip: string
  readonly tool?: string
  readonly ja4?: string
}

const SERVICE: Who = {ip: CLOUD, tool: 'billing-sync 4.2.0', ja4: 't13d301100_1d37bd780c83_d339722ba4af'}
const THIEF: Who = {ip: EVIL, tool: 'python-requests 2.32.3', ja4: 't13d1812h1_85036bcba153_b26ce05bbdd6'}

/** A machine token that was issued. */
function got(minute: number, {client = BILLING, ip, tool = 'Other 0.0.0', ja4}: Who, jti?: string, audience = API): Wire {
  return event(minute, 'seccft', {
    description: '',
    client_id: client,
    client_name: 'Billing',
    ip,
    user_agent: `${tool} / Linux 6.8.0`,
    user_id: '',
    user_name: '',
    audience,
    scope: 'read:users update:users',
    details: jti === undefined ? null : {access_token_jti: jti},
    ...(ja4 === undefined ? {} : {security_context: {ja4}}),
  })
}

function refused(minute: number, who: Who, more: Wire = {}): Wire {
  const {details: _details, ...rest} = got(minute, who)
  return {...rest, type: 'feccft', description: 'Unauthorized', details: {error: {message: 'Unauthorized'}}, ...more}
}

interface Call {
  readonly body?: unknown
  readonly made?: Wire
  readonly jti?: string
  readonly email?: string
  readonly reads?: readonly string[]
  readonly id?: string
}

/** A call of the Management API that the log shows: a change, or a read that returned a secret. */
function call(minute: number, {client = BILLING, ip, tool = 'Other 0.0.0', ja4}: Who, ask: string, more: Call = {}): Wire {
  const [method = '', path = ''] = ask.split(' ')
  return event(minute, method === 'get' ? 'mgmt_api_read' : 'sapi', {
    description: '',
    client_id: client,
    client_name: '',
    ip,
    user_agent: 'Other 0.0.0 / Other 0.0.0',
    user_id: null,
    details: {
      request: {
        method,
        path: `/api/v2${path}`,
        query: {},
        userAgent: tool.replace(' ', '/'),
        body: more.body ?? null,
        channel: more.email === undefined ? 'api' : 'https://manage.auth0.com/',
        ip,
        auth: {
          user: more.email === undefined ? {} : {email: more.email},
          strategy: 'jwt',
          credentials: {scopes: ['update:users'], ...(more.jti === undefined ? {} : {jti: more.jti})},
        },
      },
      response: {statusCode: method === 'post' ? 201 : 200, body: more.made ?? {}},
      ...(more.reads ? {accessedSecrets: more.reads} : {}),
    },
    ...(ja4 === undefined ? {} : {security_context: {ja4}}),
    ...(more.id === undefined ? {} : {references: {correlation_id: more.id}}),
  })
}

/** Ten days of the service before the leak, and on until containment; its tokens are named where the tenant names any. */
const service = (jtis = true) =>
  Array.from({length: 22}, (_, i) => got(-10 * DAY + i * 655, SERVICE, jtis ? `service-${i}` : undefined))

interface Known extends Partial<HuntFacts> {
  readonly own?: Readonly<Record<string, OwnRequest>>
}

function hunted(entries: readonly Wire[], {own = {}, ...facts}: Known = {}): HuntResult {
  const parsed = entries
    .toSorted((a, b) => String(a['log_id']).localeCompare(String(b['log_id'])))
    .map((one) => savedLogEntry(one))
  return runHunt({
    entries: () => parsed,
    facts: {
      clients: [{client_id: BILLING, how: 'leaked', since: at(0)}],
      leaked_at: at(0),
      contained_at: at(180),
      rotated_at: at(180),
      probed: [],
      own_requests: new Map(Object.entries(own)),
      ...facts,
    },
    sets: {own_correlation_ids: new Set(Object.keys(own)), own_clients: new Set([RESPONDER])},
    computed_at: at(400),
  })
}

/** The worst that is said about an entry. */
function verdictOn(result: HuntResult, entry: Wire): Verdict | undefined {
  return result.findings.find(({log_ids}) => log_ids.includes(String(entry['log_id'])))?.verdict
}

const bad = (verdict: Verdict | undefined) => verdict === 'suspect' || verdict === 'hostile'
const left = ({inventory}: HuntResult) => inventory.map(({object}) => `${object?.kind}:${object?.id}`)

describe('an attacker who looks like the service', () => {
  for (const jtis of [true, false]) {
    test(`behind the same address${jtis ? '' : ', in a tenant that logs no token ids'}: suspect, and what he planted is listed; the service is not wronged`, () => {
      const inside = {...THIEF, ip: CLOUD}
      const stolen = got(20, inside, jtis ? 'stolen' : undefined)
      const planted = call(25, inside, 'post /clients', {made: {client_id: PLANTED}, ...(jtis ? {jti: 'stolen'} : {})})
      const later = got(170, SERVICE, jtis ? 'service-late' : undefined)
      const result = hunted([...service(jtis), stolen, planted, later])
      ok(bad(verdictOn(result, stolen)))
      ok(bad(verdictOn(result, planted)))
      equal(verdictOn(result, later), 'expected')
      deepEqual(left(result), [`client:${PLANTED}`])
      deepEqual(result.suspects.ips, [], 'the address is that of the service: nothing is blocked by it')
    })
  }

  test('with its agent from elsewhere: suspect, never expected', () => {
    const disguised = {...THIEF, tool: 'billing-sync 4.2.0'}
    const stolen = got(20, disguised, 'stolen')
    const user = call(30, disguised, 'post /users', {jti: 'stolen', made: {user_id: 'auth0|0001'}})
    const result = hunted([...service(), stolen, user])
    ok(bad(verdictOn(result, stolen)) && bad(verdictOn(result, user)))
    deepEqual(left(result), ['user:auth0|0001'])
    deepEqual(result.suspects.ips, [EVIL])
  })

  test('on its own machine: nothing tells him apart, and that is said', () => {
    const result = hunted([...service(), call(30, SERVICE, 'post /users', {jti: 'service-21', made: {user_id: 'auth0|0002'}})])
    ok(!result.findings.some(({verdict}) => bad(verdict)))
    ok(result.not_seen.some(({what}) => what.includes('behind an address and tool that were known')))
  })

  test('who came before the instant that was said for the leak counts as known, and that is said with the instant', () => {
    const early = got(-90, THIEF, 'early')
    const result = hunted([...service(), early])
    ok(!bad(verdictOn(result, early)))
    const gap = result.not_seen.find(({what}) => what.includes('2026-11-22T01:00:00'))
    match(gap?.why ?? '', /--leaked-at/)
    ok(
      bad(
        verdictOn(
          hunted([...service(), early], {leaked_at: at(-100), clients: [{client_id: BILLING, how: 'leaked', since: at(-100)}]}),
          early,
        ),
      ),
    )
  })
})

describe('how attackers work', () => {
  test('two with the same secret are two, each with his own acts', () => {
    const second: Who = {ip: '203.0.113.7', tool: 'curl 8.9.1', ja4: 't13d4907h2_0d8feac7bc37_7395dae3b2f3'}
    const planted = call(30, THIEF, 'post /clients', {jti: 'one', made: {client_id: PLANTED}})
    const tokens = got(60, second, 'two')
    const result = hunted([...service(), got(20, THIEF, 'one'), planted, tokens])
    equal(verdictOn(result, planted), 'hostile')
    equal(verdictOn(result, tokens), 'suspect', 'he did nothing that the log shows')
    deepEqual(result.suspects.ips, ['203.0.113.7', EVIL].toSorted())
  })

  test('a token got within the propagation of the rotation and used an hour later is his, and what he made with it', () => {
    const late = got(180.5, THIEF, 'late')
    const grant = call(240, THIEF, 'post /client-grants', {
      jti: 'late',
      body: {client_id: BILLING, audience: API, scope: ['update:users']},
      made: {id: 'cgr_AbCdEfGhIjKlMnOp', client_id: BILLING},
    })
    const result = hunted([...service(), late, grant])
    equal(verdictOn(result, late), 'hostile')
    equal(verdictOn(result, grant), 'hostile')
    deepEqual(left(result), ['grant:cgr_AbCdEfGhIjKlMnOp'])
  })

  test('one call a day, each day from another address, is found every time', () => {
    const days = Array.from({length: 9}, (_, i) => {
      const who: Who = {ip: `203.0.113.${40 + i}`, tool: 'okhttp 4.12.0'}
      return call(600 + i * DAY, who, `patch /users/auth0%7C${i}`, {jti: 'slow', body: {email: `x${i}@evil.example`}})
    })
    const first = got(30, {ip: '203.0.113.39', tool: 'okhttp 4.12.0'}, 'slow')
    const result = hunted([...service(), first, ...days])
    deepEqual([...new Set([first, ...days].map((one) => verdictOn(result, one)))], ['hostile'])
    equal(result.inventory.length, 9)
    equal(result.suspects.ips.length, 10)
  })

  test('three hundred addresses, one each, are all named', () => {
    const tokens = Array.from({length: 300}, (_, i) =>
      got(20 + i / 10, {ip: `2001:db8:${i.toString(16)}::1`, tool: 'curl 8.9.1'}, `m${i}`),
    )
    const result = hunted([...service(), ...tokens])
    ok(tokens.every((one) => bad(verdictOn(result, one))))
    equal(result.suspects.ips.length, 300)
  })

  test("a token of the service that is used at its two addresses and at a third one: only the third is the thief's", () => {
    const second = {...SERVICE, ip: '198.51.100.21'}
    const before = Array.from({length: 20}, (_, i) => got(-9 * DAY + i * 600, second, `second-${i}`))
    const home = call(40, SERVICE, 'patch /users/auth0%7C1', {jti: 'service-21', body: {email: 'a@northwind.example'}})
    const other = call(41, second, 'patch /users/auth0%7C2', {jti: 'service-21', body: {email: 'b@northwind.example'}})
    const foreign = call(42, THIEF, 'patch /users/auth0%7C3', {jti: 'service-21', body: {email: 'c@evil.example'}})
    const result = hunted([...service(), ...before, home, other, foreign])
    equal(verdictOn(result, home), 'expected')
    equal(verdictOn(result, other), 'expected')
    equal(verdictOn(result, foreign), 'suspect', 'the service does the like: what he did alone would not make him hostile')
    deepEqual(left(result), ['user_account:auth0|3'])
  })

  test('a thief who cleans up behind himself is hostile all the same, and the client that he deleted is nobody’s task', () => {
    const made = call(30, THIEF, 'post /clients', {jti: 'one', made: {client_id: PLANTED}})
    const token = got(40, {...THIEF, client: PLANTED}, 'from-planted')
    const gone = call(50, THIEF, `delete /clients/${PLANTED}`, {jti: 'one'})
    const result = hunted([...service(), got(20, THIEF, 'one'), made, token, gone])
    equal(verdictOn(result, made), 'hostile')
    ok(bad(verdictOn(result, token)))
    deepEqual(left(result), [])
    match(result.findings.find(({hunt}) => hunt === 'H9')?.what ?? '', /undone at 2026-11-22T01:50/)
  })

  test('who reads all secrets and then comes as another client from a fresh address is followed there', () => {
    const reports: Who = {client: REPORTS, ip: '198.51.100.77', tool: 'reports 1.0.0'}
    const normal = Array.from({length: 12}, (_, i) => got(-8 * DAY + i * 1000, reports, `reports-${i}`))
    const read = call(30, THIEF, 'get /clients', {jti: 'one', reads: ['client_secret']})
    const fresh = got(100, {client: REPORTS, ip: '203.0.113.180', tool: 'axios 1.7.0'}, 'fresh')
    const still = got(120, reports, 'reports-now')
    const result = hunted([...service(), ...normal, got(20, THIEF, 'one'), read, fresh, still])
    equal(verdictOn(result, read), 'hostile')
    ok(bad(verdictOn(result, fresh)))
    equal(verdictOn(result, still), 'expected')
    ok(result.client_ids.includes(REPORTS))
  })

  test('who sends our own correlation ids, which stand in the log, is not taken for us', () => {
    const responder: Who = {client: RESPONDER, ip: OFFICE, tool: 'stanch 0.1.0'}
    const id = 'stanch-5f2b9c1e7d3a4f60'
    const own = {
      [id]: {action: 'client_grant.delete', target: 'grant:cgr_A', method: 'DELETE', path: '/api/v2/client-grants/cgr_A'},
    }
    const ours = call(179, responder, 'delete /client-grants/cgr_A', {id})
    const forged = call(181, THIEF, 'post /clients', {jti: 'one', id, made: {client_id: PLANTED}})
    const again = call(182, THIEF, 'delete /client-grants/cgr_A', {jti: 'one', id})
    const result = hunted([...service(), got(20, THIEF, 'one'), ours, forged, again], {own})
    deepEqual(
      [ours, forged, again].map((one) => verdictOn(result, one)),
      ['ours', 'hostile', 'hostile'],
    )
    deepEqual(left(result), [`client:${PLANTED}`])
  })

  test("who works with the responder's own client from elsewhere is suspect; beside us, without a record, nobody knows", () => {
    const responder: Who = {client: RESPONDER, ip: OFFICE, tool: 'stanch 0.1.0'}
    const own = {
      'stanch-a': {action: 'client_grant.delete', target: 'grant:cgr_A', method: 'DELETE', path: '/api/v2/client-grants/cgr_A'},
    }
    const ours = call(179, responder, 'delete /client-grants/cgr_A', {id: 'stanch-a'})
    const elsewhere = call(181, {...responder, ip: EVIL}, 'post /clients', {made: {client_id: PLANTED}})
    const beside = call(183, responder, 'post /clients', {made: {client_id: 'x'}})
    const result = hunted([...service(), ours, elsewhere, beside], {own})
    deepEqual(
      [ours, elsewhere, beside].map((one) => verdictOn(result, one)),
      ['ours', 'suspect', 'unknown'],
    )
  })
})

describe('people who did nothing wrong', () => {
  test('a service that is deployed anew in the minute of the leak is suspect until it has the new secret, never hostile', () => {
    const moved = {...SERVICE, ip: '198.51.100.90', tool: 'billing-sync 4.3.0', ja4: 't13d301100_1d37bd780c83_aaaaaaaaaaaa'}
    const work = (jti: string, minute: number) => call(minute, moved, 'post /users', {jti, made: {user_id: `auth0|${minute}`}})
    const unproven = hunted([...service(), got(1, moved, 'moved'), work('moved', 2)])
    ok(unproven.findings.every(({verdict}) => verdict !== 'hostile'))
    const adopted = hunted([...service(), got(1, moved, 'moved'), got(200, moved, 'renewed'), work('renewed', 201)])
    ok(
      adopted.findings.every(({verdict}) => !bad(verdict)),
      'only the new secret gets a token by then',
    )
  })

  test('a colleague in the Dashboard during the incident, who never was there before, is not accused', () => {
    const colleague: Who = {client: DASHBOARD, ip: OFFICE, tool: 'Mozilla 5.0'}
    const email = 'grace@northwind.example'
    const acts = [
      call(100, colleague, `post /clients/${REPORTS}/rotate-secret`, {email}),
      call(110, colleague, 'patch /log-streams/lst_0000000000000042', {email, body: {status: 'paused'}}),
      call(120, colleague, 'post /connections', {email, made: {id: 'con_AbCdEfGhIjKlMnOp'}}),
      call(130, colleague, `post /clients/${BILLING}/rotate-secret`, {email}),
    ]
    const result = hunted([...service(), got(20, THIEF, 'one'), ...acts])
    deepEqual([...new Set(acts.map((one) => verdictOn(result, one)))], ['unknown'])
    deepEqual(left(result), [])
  })

  test("an administrator's session in the thief's hands is: same Dashboard, his address", () => {
    const email = 'grace@northwind.example'
    const hijacked = call(60, {client: DASHBOARD, ip: EVIL, tool: 'Mozilla 5.0'}, 'post /connections', {
      email,
      made: {id: 'con_AbCdEfGhIjKlMnOp'},
    })
    const result = hunted([
      ...service(),
      got(20, THIEF, 'one'),
      call(30, THIEF, 'post /clients', {jti: 'one', made: {client_id: PLANTED}}),
      hijacked,
    ])
    equal(verdictOn(result, hijacked), 'hostile')
    ok(left(result).includes('connection:con_AbCdEfGhIjKlMnOp'))
  })

  test('customers behind the same provider as the thief, who logged in from there before, are left alone', () => {
    const login = (minute: number, user: string) =>
      event(minute, 's', {client_id: REPORTS, ip: EVIL, user_id: user, user_agent: 'Chrome Mobile 140.0.0', connection: 'Users'})
    const customers = [login(-3000, 'auth0|7'), login(50, 'auth0|8')]
    const stolen = got(20, THIEF, 'one')
    const result = hunted([...service(), stolen, ...customers])
    ok(bad(verdictOn(result, stolen)))
    ok(customers.every((one) => !bad(verdictOn(result, one))))
    deepEqual(result.suspects.ips, [])
  })

  test('a partner of ours who tries the dead secret after containment is late, not hostile; a stranger who does is suspect', () => {
    const late = refused(200, SERVICE)
    const trying = refused(210, THIEF)
    const result = hunted([...service(), late, trying])
    equal(verdictOn(result, late), 'expected')
    equal(verdictOn(result, trying), 'suspect')
  })

  test('when nobody knows when it leaked, who was there all along is not judged, and who is new is', () => {
    const first = got(-10 * DAY + 5, SERVICE, 'first')
    const stolen = got(20, THIEF, 'one')
    const result = hunted([...service(), first, stolen], {
      leaked_at: undefined as never,
      clients: [{client_id: BILLING, how: 'leaked'}],
    })
    equal(verdictOn(result, first), 'unknown')
    equal(verdictOn(result, stolen), 'suspect')
  })

  test('the owner of a leaked token, who is new himself, is not accused of what he does where it was issued', () => {
    const ada: Who = {ip: OFFICE, tool: 'Mozilla 5.0'}
    const issued = got(0.005, ada, 'explorer')
    const own = call(10, ada, 'post /users', {jti: 'explorer', made: {user_id: 'auth0|9'}})
    const foreign = call(20, THIEF, 'post /users', {jti: 'explorer', made: {user_id: 'auth0|10'}})
    const result = hunted([issued, own, foreign], {
      token_only: true,
      leaked_jti: 'explorer',
      rotated_at: undefined as never,
      contained_at: undefined as never,
    })
    deepEqual(
      [issued, own, foreign].map((one) => verdictOn(result, one)),
      ['unknown', 'unknown', 'hostile'],
    )
    deepEqual(left(result), ['user:auth0|10'])
  })
})
