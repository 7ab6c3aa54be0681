import {deepEqual, equal, match, ok, rejects, throws} from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {createServer} from 'node:http'
import type {IncomingMessage, ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import path from 'node:path'
import {describe, test} from 'node:test'
import type {TestContext} from 'node:test'

import {notifyName, parseNotify, sendNotice} from '../../src/delivery/notify.ts'
import {postJson, webhookUrl} from '../../src/delivery/webhook.ts'
import {isCode} from '../../src/errors.ts'
import type {Clock} from '../../src/clock.ts'
import {Notifier} from '../../src/execution/notifier.ts'
import type {Observation} from '../../src/execution/act-trail.ts'
import type {IncidentTrail} from '../../src/execution/incident-trail.ts'
import {openedNotice, resultNotice, watchNotice} from '../../src/incident/notice.ts'
import type {Notice, NoticeAbout} from '../../src/incident/notice.ts'
import {problemsOf} from '../support/schemas.ts'
import {temporaryFolder} from '../support/folder.ts'

const ENV = {
  PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`,
  AUTH0_CLIENT_SECRET: 'no',
  STANCH_DATA_DIR: 'no',
  KEPT: 'yes',
}

const ABOUT: NoticeAbout = {
  incident_id: 'inc-20261122-k7m2xq',
  simulated: true,
  tenant: 'acme.eu.auth0.com',
  client_id: 'app1',
  leak: 'client-secret',
}
const OPENED = openedNotice(ABOUT, '2026-11-22T03:00:00.000Z')

async function server(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<{url: URL; bodies: string[]}> {
  const bodies: string[] = []
  const http = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (part: string) => (body += part))
    request.on('end', () => {
      bodies.push(body)
      answer(request, response, body)
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    http.closeAllConnections()
    http.close()
  })
  return {url: new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/hook`), bodies}
}

/** Backoffs end at once; the patience of a drain never does by itself. */
function clock(): Clock & {slept: number[]} {
  const slept: number[] = []
  return {
    slept,
    now: () => 0,
    monotonic: () => 0,
    sleep: (seconds, signal) => {
      if (seconds < 5) {
        slept.push(seconds)
        return Promise.resolve()
      }
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('left'))))
    },
  }
}

function journal(): IncidentTrail & {seen: Observation[]} {
  const seen: Observation[] = []
  return {
    seen,
    observe: (one: Observation) => void seen.push(one),
    evidence: () => '0'.repeat(64),
  } as unknown as IncidentTrail & {seen: Observation[]}
}

describe('where notices go', () => {
  test('https anywhere, http to this machine; nothing with a user, a fragment or another scheme', () => {
    for (const fine of ['https://hooks.example/x?y=1', 'http://127.0.0.1:8080/', 'http://localhost/x', 'http://[::1]:1/'])
      equal(webhookUrl(fine).href.length > 0, true)
    for (const bad of [
      'http://hooks.example/',
      'http://127.0.0.1.example/',
      'http://localhost.example/',
      'http://0.0.0.0/',
      'ftp://hooks.example/',
      'file:///etc/passwd',
      'https://user@hooks.example/',
      'https://user:secret@hooks.example/',
      'https://hooks.example/#x',
      'hooks.example',
      '',
      `https://hooks.example/${'x'.repeat(3000)}`,
    ])
      throws(
        () => webhookUrl(bad),
        (error: unknown) => isCode(error, 'sink.invalid'),
        bad,
      )
  })

  test('an address is never repeated in an error or a name: it may be a secret itself', () => {
    equal(notifyName(parseNotify('webhook:https://hooks.example/T000/B000/SECRETSECRET', ENV)), 'webhook:hooks.example')
    equal(notifyName(parseNotify('exec:node --eval secret', ENV)), 'exec:node')
    try {
      webhookUrl('https://user:SECRETSECRET@hooks.example/')
    } catch (error) {
      ok(!String(error).includes('SECRETSECRET'))
    }
    for (const forgotten of ['SECRETSECRET', 'T000/B000/SECRETSECRET', 'SECRETSECRET:x', 'https://hooks.example/SECRETSECRET'])
      throws(
        () => parseNotify(forgotten, ENV),
        (error: unknown) => isCode(error, 'sink.invalid') && !String(error).includes('SECRET'),
        forgotten,
      )
  })

  test('a command that is not there, a relative one and another way are refused before anything is sent', () => {
    for (const bad of ['exec:no-such-command-here', 'exec:./here', 'exec:', 'mail:somebody', 'https://hooks.example/'])
      throws(
        () => parseNotify(bad, ENV),
        (error: unknown) => isCode(error, 'sink.invalid'),
        bad,
      )
  })
})

describe('one attempt', () => {
  test('a command gets the JSON on standard input, and nothing of Auth0 or stanch in its environment', async (t) => {
    const folder = temporaryFolder(t)
    const script =
      "let b='';process.stdin.on('data',d=>b+=d).on('end',()=>require('fs').writeFileSync(process.argv[1],JSON.stringify({b,e:process.env,a:process.argv.length})))"
    const target = parseNotify(`exec:${JSON.stringify(['node', '-e', script, `${folder}/out`])}`, ENV)
    deepEqual(await sendNotice(target, JSON.stringify(OPENED), {env: ENV}), {ok: true})
    const {b, e, a} = JSON.parse(readFileSync(`${folder}/out`, 'utf8'))
    deepEqual(JSON.parse(b), OPENED)
    equal(a, 2, 'nothing more in its arguments')
    equal(e.KEPT, 'yes')
    ok(!Object.keys(e).some((name) => /^(AUTH0|STANCH)_/.test(name)))
  })

  test('a command that fails may be tried again', async () => {
    const result = await sendNotice(parseNotify('exec:false', ENV), '{}', {env: ENV})
    deepEqual(result, {ok: false, why: 'it ended with status 1', again: true})
  })

  test('a redirect is not followed, an endless answer is not read, a refusal is not repeated', async (t) => {
    let followed = false
    const other = await server(t, (_request, response) => {
      followed = true
      response.end()
    })
    const redirecting = await server(t, (_request, response) => response.writeHead(307, {location: other.url.href}).end())
    deepEqual(await sendNotice({kind: 'webhook', url: redirecting.url}, '{}', {env: ENV}), {
      ok: false,
      why: 'it answered 307',
      again: false,
    })
    equal(followed, false)
    const endless = await server(t, (_request, response) => {
      response.writeHead(200)
      const more = () => void (response.destroyed || response.write('x'.repeat(65_536), more))
      more()
    })
    deepEqual(await sendNotice({kind: 'webhook', url: endless.url}, '{}', {env: ENV}), {ok: true})
    for (const [status, again] of [
      [400, false],
      [404, false],
      [408, true],
      [429, true],
      [500, true],
      [503, true],
    ] as const) {
      const one = await server(t, (_request, response) => response.writeHead(status).end())
      deepEqual(await sendNotice({kind: 'webhook', url: one.url}, '{}', {env: ENV}), {
        ok: false,
        why: `it answered ${status}`,
        again,
      })
    }
  })

  test('an address where nobody listens fails by its name, and what is stopped ends at once', async (t) => {
    const refused = await sendNotice({kind: 'webhook', url: new URL('http://127.0.0.1:9/')}, '{}', {env: ENV})
    deepEqual(refused, {ok: false, why: 'ECONNREFUSED', again: true})
    const silent = await server(t, () => {})
    const stop = new AbortController()
    const call = postJson(silent.url, '{}', {seconds: 60, signal: stop.signal})
    setImmediate(() => stop.abort())
    await rejects(call, /stopped/)
  })
})

describe('the notifier', () => {
  test('a receiver that comes back is told on the third attempt, after one and four seconds', async (t) => {
    let calls = 0
    const one = await server(t, (_request, response) => response.writeHead(++calls < 3 ? 503 : 200).end())
    const time = clock()
    const trail = journal()
    const notifier = new Notifier({targets: [{kind: 'webhook', url: one.url}], env: ENV, clock: time})
    notifier.notify(trail, OPENED)
    await notifier.drain()
    deepEqual(time.slept, [1, 4])
    deepEqual(
      trail.seen.map(({action, verdict, count, finding, target}) => [action, verdict, count, finding, target]),
      [['notify', 'delivered', 3, 'incident.opened: delivered', `notify:webhook:${one.url.host}`]],
    )
    deepEqual(problemsOf('notice', JSON.parse(one.bodies[2] ?? '')), [])
  })

  test('one that never comes back is given up after three, one that refuses after one', async (t) => {
    const dead = await server(t, (_request, response) => response.writeHead(500).end())
    const closed = await server(t, (_request, response) => response.writeHead(410).end())
    const trail = journal()
    const notifier = new Notifier({
      targets: [dead.url, closed.url].map((url) => ({kind: 'webhook' as const, url})),
      env: ENV,
      clock: clock(),
    })
    notifier.notify(trail, OPENED)
    await notifier.drain()
    deepEqual([dead.bodies.length, closed.bodies.length], [3, 1])
    deepEqual(
      new Set(trail.seen.map(({verdict, count, target}) => `${verdict} ${count} ${target}`)),
      new Set([`failed 3 notify:webhook:${dead.url.host}`, `failed 1 notify:webhook:${closed.url.host}`]),
    )
  })

  test('one that hangs is waited for no longer than the patience, and its notice is recorded as not delivered', async (t) => {
    const hanging = await server(t, () => {})
    const trail = journal()
    const time: Clock = {...clock(), sleep: (seconds) => (seconds === 5 ? Promise.resolve() : Promise.reject(new Error('left')))}
    const notifier = new Notifier({targets: [{kind: 'webhook', url: hanging.url}], env: ENV, clock: time})
    notifier.notify(trail, OPENED)
    equal(trail.seen.length, 0, 'nobody waited')
    await notifier.drain()
    deepEqual(
      trail.seen.map(({verdict, finding}) => [verdict, finding]),
      [['failed', 'incident.opened: not delivered, stopped']],
    )
  })

  test('a flood is bounded, and a trail that takes nothing stops nobody', async (t) => {
    const one = await server(t, (_request, response) => response.writeHead(204).end())
    const trail = journal()
    const notifier = new Notifier({targets: [{kind: 'webhook', url: one.url}], env: ENV, clock: clock()})
    for (let n = 0; n < 100; n++) notifier.notify(trail, OPENED)
    await notifier.drain()
    deepEqual([trail.seen.length, one.bodies.length], [100, 32])
    equal(trail.seen.filter(({verdict}) => verdict === 'failed').length, 68)
    const broken = {observe: () => ok(false, 'the disk is full'), evidence: () => ''} as unknown as IncidentTrail
    const again = new Notifier({targets: [{kind: 'webhook', url: one.url}], env: ENV, clock: clock()})
    again.notify(broken, OPENED)
    await again.drain()
  })
})

describe('what is told', () => {
  const result = {
    status: 'contained' as const,
    exposure: {all_clear: {worst_case_at: '2026-11-23T03:00:00Z'}} as never,
    next: ['tell the owner'],
  }
  const event = {
    verdict: 'tripwire' as const,
    target: 'source:203.0.113.66',
    finding: 'the old secret was tried',
    alarm: false,
    count: 1,
    again: false,
    first_at: 'x',
    last_at: '2026-11-22T03:00:00.000Z',
    log_ids: [],
    ip: '203.0.113.66',
    seq: 9,
  }
  const at = '2026-11-22T03:00:00.000Z'

  test('each notice is of its schema, says which kind of tenant it is about, and what is next', () => {
    const notices: (Notice | undefined)[] = [
      OPENED,
      resultNotice(ABOUT, result, at),
      resultNotice({...ABOUT, ticket: 'SEC-42'}, {...result, status: 'in_doubt'}, at),
      resultNotice(ABOUT, {...result, status: 'partial'}, at),
      watchNotice(ABOUT, event, at),
      watchNotice(ABOUT, {...event, verdict: 'grant_back', alarm: true, again: true}, at),
      watchNotice(ABOUT, {...event, verdict: 'clear'}, at),
    ]
    deepEqual(
      notices.map((one) => one?.event),
      ['incident.opened', 'contained', 'in_doubt', 'partial', 'tripwire', 'tripwire', 'all_clear'],
    )
    for (const one of notices) {
      deepEqual(problemsOf('notice', JSON.parse(JSON.stringify(one))), [])
      match(one?.text ?? '', /^SIMULATED: /)
    }
  })

  test('nobody is told where somebody was or with which browser: the record that is named has it', () => {
    const seen = {...event, user_agent: 'Mozilla/5.0 (of Ann)', fingerprint: 't13d1516h2_8daaf6152771_b186095e22b6'}
    for (const finding of [
      `the old secret was tried, from ${seen.ip}, ${seen.user_agent}, TLS ${seen.fingerprint} for https://api.acme.example/`,
      `the old secret was tried, from an unknown address, ${seen.user_agent}`,
      `${seen.ip} tried the old secret`,
    ]) {
      const told = watchNotice(ABOUT, {...seen, finding}, at)
      const text = JSON.stringify(told)
      ok(!text.includes('203.0.113') && !text.includes('Mozilla'), text)
      match(told?.text ?? '', /the old secret/)
      equal(told?.seen?.record, 9)
      equal(told?.seen?.fingerprint, seen.fingerprint)
      deepEqual(problemsOf('notice', JSON.parse(text)), [])
    }
  })

  test('what nobody has to be woken for is not told', () => {
    for (const status of ['declined', 'planned', 'restored'] as const)
      equal(resultNotice(ABOUT, {...result, status}, at), undefined, status)
    equal(watchNotice(ABOUT, {...event, verdict: 'adoption'}, at), undefined)
    equal(watchNotice(ABOUT, {...event, again: true}, at), undefined, 'a known source that goes on')
  })
})
