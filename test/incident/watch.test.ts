import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import type {LogEntry} from '../../src/auth0/resources/log-entry.ts'
import {rfc3339, rfc3339Millis} from '../../src/clock.ts'
import type {Exposure} from '../../src/incident/exposure.ts'
import {judgeEntry} from '../../src/incident/watch/entry.ts'
import type {Sighting} from '../../src/incident/watch/entry.ts'
import {sourceKey} from '../../src/incident/watch/facts.ts'
import type {WatchFacts} from '../../src/incident/watch/facts.ts'
import {judgeLook} from '../../src/incident/watch/look.ts'
import {MAX_SOURCES, WatchMemory} from '../../src/incident/watch/memory.ts'
import {outlookOf} from '../../src/incident/watch/outlook.ts'
import {watchScreen} from '../../src/report/watch-lines.ts'

const DEAD = Date.parse('2026-11-22T03:00:00Z') / 1000
const API = 'https://invoices.acme.example/'
const CLIENT = 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'

const FACTS: WatchFacts = {
  incident_id: 'inc-20261122-k7m2xq',
  client_id: CLIENT,
  contained: new Map([
    ['*', DEAD],
    [API, DEAD],
  ]),
  secret_dead_at: DEAD,
  secret_changed_at: DEAD - 2,
  changes: [DEAD - 2],
  lifetimes: new Map([[API, 3600]]),
  expected: new Map([['cgr_kept', {audience: 'https://kept.example/', subject: 'client', scope: ['read:kept']}]]),
  given_back: [],
  third_party: false,
  own: new Set(['stanch-own']),
  own_token_requests: [DEAD + 1],
  suspects: {ips: new Set(), fingerprints: new Set(), jtis: new Set()},
  consumers: new Set(),
}

function entry(type: string, more: Partial<LogEntry> & {raw?: unknown} = {}, seconds = 60): LogEntry {
  return {
    log_id: `900${String(DEAD + seconds)}`,
    date: new Date((DEAD + seconds) * 1000).toISOString(),
    type,
    client_id: CLIENT,
    ip: '203.0.113.66',
    user_agent: 'curl 8.9.1',
    raw: {},
    ...more,
  }
}

function api(
  method: string,
  path: string,
  more: {client_id?: string; body?: unknown; made?: unknown; ip?: string; jti?: string} = {},
): LogEntry {
  const {client_id = CLIENT, body = {}, made = {}, ip = '203.0.113.66', jti} = more
  return entry('sapi', {
    client_id,
    ip,
    request: {method, path, channel: 'api', ip, ...(jti === undefined ? {} : {jti})},
    raw: {details: {request: {method, path, body}, response: {statusCode: 200, body: made}}},
  })
}

function judged(one: LogEntry, facts: Partial<WatchFacts> = {}): Sighting | undefined {
  return judgeEntry(one, {...FACTS, ...facts}, {spare: [DEAD + 1], ips: new Set(['192.0.2.9']), seen: new Set<string>()})
}

describe('what a log entry says to a watch', () => {
  test('the old secret after its death is a tripwire, whoever tried it', () => {
    const seen = judged(entry('feccft', {description: 'Unauthorized', audience: API}))
    equal(seen?.verdict, 'tripwire')
    equal(seen?.alarm, false)
    equal(seen?.source, sourceKey({ip: '203.0.113.66', user_agent: 'curl 8.9.1'}))
  })

  test('a token that is given out after containment is an alarm that names until when it lives', () => {
    const seen = judged(entry('seccft', {audience: API}))
    deepEqual([seen?.verdict, seen?.alarm, seen?.until], ['tripwire', true, DEAD + 60 + 3600 + 60])
    equal(
      judged(entry('seccft', {audience: 'https://other.example/'}))?.until,
      DEAD + 60 + 2_592_000 + 60,
      'an unknown lifetime is the longest',
    )
  })

  test('a token by the new secret over a grant that was given back is adoption, and an alarm in the hands of a suspect', () => {
    const back = {given_back: [{audience: API, subject: 'client', scope: [], at: DEAD + 10}]}
    equal(judged(entry('seccft', {audience: API}), back)?.verdict, 'adoption')
    equal(judged(entry('seccft', {audience: 'https://kept.example/'}))?.verdict, 'adoption')
    const later = {given_back: [{audience: API, subject: 'client', scope: [], at: DEAD + 50}]}
    equal(judged(entry('seccft', {audience: API}, 49), later)?.alarm, true, 'before the grant was back')
    equal(judged(entry('seccft', {audience: API}, 50), later)?.verdict, 'adoption')
    const suspects = {ips: new Set(['203.0.113.66']), fingerprints: new Set<string>(), jtis: new Set<string>()}
    deepEqual(
      [
        judged(entry('seccft', {audience: API}), {...back, suspects})?.verdict,
        judged(entry('seccft', {audience: API}), {...back, suspects})?.alarm,
      ],
      ['tripwire', true],
    )
  })

  test('while either secret may be accepted nobody is taken for one who has the new secret, and each token is counted', () => {
    const back = {given_back: [{audience: API, subject: 'client', scope: [], at: DEAD - 100}]}
    // The secret was changed at DEAD - 2: until DEAD + 28.999 the old one may have been met somewhere.
    for (const seconds of [0.001, 0.999, 5, 28, 28.999]) {
      const token = judged(entry('seccft', {audience: API}, seconds), back)
      deepEqual(
        [token?.verdict, token?.alarm, token?.until],
        seconds < 1 ? [undefined, undefined, undefined] : ['tripwire', false, DEAD + Math.floor(seconds) + 3660],
        `a token at ${seconds} s`,
      )
      const refused = entry('feccft', {description: 'You need to create a "client-grant"', audience: API}, seconds)
      equal(judged(refused, back)?.verdict, 'tripwire', `a refusal at ${seconds} s`)
    }
    for (const seconds of [29, 60]) {
      equal(judged(entry('seccft', {audience: API}, seconds), back)?.verdict, 'adoption')
      equal(judged(entry('seccft', {audience: 'https://gone.example/'}, seconds))?.alarm, true)
      equal(judged(entry('feccft', {description: 'You need to create a "client-grant"'}, seconds))?.verdict, 'adoption')
    }
    const consumers = new Set([sourceKey({ip: '203.0.113.66', user_agent: 'curl 8.9.1'})])
    equal(judged(entry('seccft', {audience: API}, 5), {...back, consumers})?.verdict, 'adoption')
  })

  test('a token that was given out meanwhile moves the all clear without an alarm', () => {
    const memory = new WatchMemory()
    memory.take(entry('seccft', {audience: API}, 20), FACTS)
    deepEqual([memory.alarm_at, memory.until, memory.flush().saved.until], [undefined, DEAD + 20 + 3660, DEAD + 20 + 3660])
  })

  test('without a proof that the secret died, a kept grant explains no token: it is the exposure that counts it', () => {
    const {secret_dead_at: _dead, ...alive} = FACTS
    const facts = {...alive, contained: new Map([[API, DEAD]])}
    equal(
      judgeEntry(entry('seccft', {audience: 'https://kept.example/'}), facts, {spare: [], ips: new Set(), seen: new Set()}),
      undefined,
    )
    equal(judgeEntry(entry('seccft', {audience: API}), facts, {spare: [], ips: new Set(), seen: new Set()})?.alarm, true)
    equal(
      judgeEntry(entry('feccft', {description: 'You need to create a "client-grant"'}), facts, {
        spare: [],
        ips: new Set(),
        seen: new Set(),
      })?.verdict,
      'tripwire',
    )
  })

  test('a refusal for want of a grant is a consumer with the new secret; one of a consumer from before the leak is late, not hostile', () => {
    equal(
      judged(entry('feccft', {description: 'Client is not authorized to access "x". You need to create a "client-grant"'}))
        ?.verdict,
      'adoption',
    )
    const consumers = new Set([sourceKey({ip: '203.0.113.66', user_agent: 'curl 8.9.1'})])
    match(judged(entry('feccft', {description: 'Unauthorized'}), {consumers})?.what ?? '', /still uses the old secret/)
    const suspects = {ips: new Set(['203.0.113.66']), fingerprints: new Set<string>(), jtis: new Set<string>()}
    equal(judged(entry('feccft', {description: 'Unauthorized'}), {consumers, suspects})?.verdict, 'tripwire')
  })

  test('what is ours, what came before, what a limit refused and what another client did is nothing', () => {
    equal(judged(entry('feccft', {description: 'Unauthorized', correlation_id: 'stanch-own'})), undefined)
    equal(judged(entry('feccft', {description: 'Unauthorized'}, -1)), undefined)
    equal(judged(entry('feccft', {description: 'Global limit has been reached'})), undefined)
    equal(judged(entry('feccft', {client_id: 'other'})), undefined)
    equal(judged(entry('seccft', {audience: API, client_id: 'other'})), undefined)
    equal(judged(entry('s')), undefined)
    equal(judged(entry('feccft'), {contained: new Map()}), undefined)
    equal(judged({...entry('feccft'), date: 'no date'}), undefined)
  })

  test('whoever sends a correlation id of ours again is not us', () => {
    const mine = {spare: [], ips: new Set<string>(), seen: new Set<string>()}
    const carried = () => judgeEntry(entry('feccft', {description: 'Unauthorized', correlation_id: 'stanch-own'}), FACTS, mine)
    deepEqual([carried()?.verdict, carried()?.verdict], [undefined, 'tripwire'])
  })

  test('without correlation ids a probe of ours is known by address and time, and each accounts for one entry', () => {
    const mine = {spare: [DEAD + 60], ips: new Set(['192.0.2.9']), seen: new Set<string>()}
    const probe = entry('feccft', {description: 'Unauthorized', ip: '192.0.2.9'})
    equal(judgeEntry(probe, FACTS, mine), undefined)
    equal(judgeEntry(probe, FACTS, mine)?.verdict, 'tripwire')
    equal(
      judgeEntry(entry('feccft', {description: 'Unauthorized'}), FACTS, {
        spare: [DEAD + 60],
        ips: new Set(['192.0.2.9']),
        seen: new Set<string>(),
      })?.verdict,
      'tripwire',
    )
  })

  test('changes by a token of the leaked client, by a suspect, or on the client are seen; those of others are not', () => {
    const other = {client_id: 'admin', ip: '198.51.100.1'}
    deepEqual(
      [
        judged(api('post', '/api/v2/clients', {made: {client_id: 'evil'}}))?.verdict,
        judged(api('post', '/api/v2/clients', {made: {client_id: 'evil'}}))?.target,
      ],
      ['new_client', 'client:evil'],
    )
    equal(judged(api('post', '/api/v2/clients', {...other, made: {client_id: 'fine'}})), undefined)
    equal(
      judged(api('post', '/api/v2/clients', {...other, jti: 'stolen'}), {
        suspects: {ips: new Set(), fingerprints: new Set(), jtis: new Set(['stolen'])},
      })?.verdict,
      'new_client',
    )
    const granted = judged(api('post', '/api/v2/client-grants', {...other, body: {client_id: CLIENT}, made: {id: 'cgr_new'}}))
    deepEqual([granted?.verdict, granted?.target, granted?.alarm], ['grant_back', 'grant:cgr_new', true])
    equal(judged(api('post', '/api/v2/client-grants', {...other, body: {client_id: 'fine'}, made: {id: 'cgr_fine'}})), undefined)
    equal(judged(api('delete', '/api/v2/client-grants/cgr_x', other)), undefined)
    const key = judged(api('post', `/api/v2/clients/${CLIENT}/credentials`, other))
    deepEqual([key?.verdict, key?.alarm], ['new_credential', true])
    equal(judged(api('post', '/api/v2/clients/fine/credentials', other)), undefined)
    equal(
      judged(api('patch', '/api/v2/clients/fine', {body: {client_secret: '[dropped]'}}))?.alarm,
      false,
      'a suspect works on another client',
    )
    equal(judged(api('post', `/api/v2/clients/${CLIENT}/rotate-secret`, other))?.verdict, 'new_credential')
    equal(judged(api('patch', `/api/v2/clients/${CLIENT}`, {...other, body: {name: 'new name'}})), undefined)
    equal(judged(api('patch', '/api/v2/users/auth0%7C1'))?.verdict, 'tripwire')
    equal(judged(api('patch', '/api/v2/users/auth0%7C1', other)), undefined)
  })

  test('what was changed before the incident was worked on is for the hunt, not for the watch', () => {
    const made = (seconds: number) =>
      judged(
        {...api('post', '/api/v2/clients', {made: {client_id: 'evil'}}), date: rfc3339Millis((DEAD + seconds) * 1000)},
        {since: DEAD},
      )
    deepEqual([made(-7200)?.verdict, made(-0.001)?.verdict, made(0)?.verdict], [undefined, undefined, 'new_client'])
  })

  test('whoever pauses, deletes or changes a log stream is named', () => {
    const paused = judged(
      api('patch', '/api/v2/log-streams/lst_0000000000000001', {
        client_id: 'admin',
        ip: '198.51.100.1',
        body: {status: 'paused'},
      }),
    )
    deepEqual([paused?.verdict, paused?.target], ['log_stream_paused', 'log_stream:lst_0000000000000001'])
    match(paused?.what ?? '', /was paused by client "admin"/)
    match(
      judged(api('delete', '/api/v2/log-streams/lst_0000000000000001'))?.what ?? '',
      /deleted by a token of the leaked client/,
    )
  })

  test('who reads secrets with a token of the client after containment has the new one', () => {
    const read = {request: {method: 'get', path: `/api/v2/clients/${CLIENT}`}, accessed_secrets: ['client_secret']}
    equal(judged(entry('mgmt_api_read', read))?.alarm, true)
    equal(judged(entry('mgmt_api_read', read, -60))?.alarm, false)
    deepEqual(
      [-32.001, -32, -1.5, 0].map((seconds) => judged(entry('mgmt_api_read', read, seconds))?.alarm),
      [false, true, true, true],
      'from the earliest moment on at which the rotation may have happened',
    )
    equal(judged(entry('mgmt_api_read', {...read, client_id: 'admin'})), undefined)
  })
})

describe('what stands in the tenant', () => {
  const look = {at: '2026-11-22T03:01:00Z', grants: [], credentials: null, not_seen: []}
  const grant = {id: 'cgr_new', client_id: CLIENT, audience: API, scope: ['read:a']}

  test('a grant that nobody gave back is an alarm, one that was is not, and a wider one is', () => {
    const found = judgeLook({...look, grants: [grant]}, FACTS, undefined)
    deepEqual([found.events[0]?.verdict, found.events[0]?.target, found.open.length], ['grant_back', 'grant:cgr_new', 1])
    const given_back = [{audience: API, subject: 'client', scope: ['read:a'], at: DEAD}]
    deepEqual(judgeLook({...look, grants: [grant]}, {...FACTS, given_back}, undefined).open, [])
    equal(
      judgeLook({...look, grants: [{...grant, scope: ['read:a', 'write:a']}]}, {...FACTS, given_back}, undefined).open.length,
      1,
    )
    equal(judgeLook({...look, grants: [{...grant, subject_type: 'user'}]}, {...FACTS, given_back}, undefined).open.length, 1)
    const kept = {id: 'cgr_kept', client_id: CLIENT, audience: 'https://kept.example/', scope: ['read:kept']}
    deepEqual(judgeLook({...look, grants: [kept]}, FACTS, undefined).open, [])
    const {scope: _scope, ...all} = kept
    equal(judgeLook({...look, grants: [{...all, allow_all_scopes: true}]}, FACTS, undefined).open.length, 1)
  })

  test('a credential that the first look did not show is one that somebody added', () => {
    deepEqual(judgeLook({...look, credentials: ['cred_1']}, FACTS, ['cred_1']).open, [])
    equal(judgeLook({...look, credentials: ['cred_1', 'cred_2']}, FACTS, ['cred_1']).events[0]?.target, 'credential:cred_2')
  })
})

describe('the memory of a watch', () => {
  const refused = (n: number, ip = '203.0.113.66') => entry('feccft', {log_id: `900${n}`, description: 'Unauthorized', ip}, n)

  test('a source is news at once, then counted; the counts of all reports are the entries', () => {
    const memory = new WatchMemory()
    memory.take(refused(1), FACTS)
    ok(memory.urgent)
    const first = memory.flush().events
    deepEqual([first.length, first[0]?.count], [1, 1])
    for (let n = 2; n < 40; n++) memory.take(refused(n), FACTS)
    equal(memory.urgent, false)
    const next = memory.flush().events
    deepEqual([next.length, next[0]?.count, next[0]?.log_ids.length], [1, 38, 20])
    match(next[0]?.finding ?? '', /38 times \(39 in all\), from 203\.0\.113\.66, curl/)
  })

  test('what is saved is what is needed to go on: nothing is lost and nothing is news again', () => {
    const memory = new WatchMemory()
    memory.take(refused(1), FACTS)
    const grant = {
      verdict: 'grant_back' as const,
      target: 'grant:cgr_1',
      finding: 'x',
      alarm: true,
      count: 1,
      again: false,
      first_at: '2026-11-22T03:01:00Z',
      last_at: '2026-11-22T03:01:00Z',
      log_ids: [],
    }
    memory.report(grant)
    const {saved} = memory.flush()
    const again = new WatchMemory(JSON.parse(JSON.stringify(saved)))
    again.report(grant)
    equal(again.pending, false)
    again.take(refused(2), FACTS)
    equal(again.urgent, false, 'the source is known')
    equal(again.flush().events[0]?.finding.includes('(2 in all)'), true)
    equal(again.alarm_at, DEAD + 60)
  })

  test('an entry without a readable date is as old as the one before it, and its alarm is one', () => {
    for (const date of ['2026-11_22T03:01:00Z', '', 'soon', '+999999-01-01T00:00:00Z']) {
      const memory = new WatchMemory()
      memory.take(entry('seccft', {audience: API, date}), FACTS)
      memory.take(entry('sapi', {}, 90), FACTS)
      memory.take(entry('mgmt_api_read', {log_id: '9002', date, accessed_secrets: ['client_secret']}), FACTS)
      const {events} = memory.flush()
      deepEqual(
        events.filter(({log_ids}) => log_ids[0] === '9002').map(({alarm, last_at}) => [alarm, last_at]),
        [[true, new Date((DEAD + 90) * 1000).toISOString()]],
      )
    }
  })

  test('ten thousand addresses are counted in bounded memory', () => {
    const memory = new WatchMemory()
    for (let n = 0; n < 10_000; n++) memory.take(refused(n, `10.0.${n >> 8}.${n & 255}`), FACTS)
    equal(memory.sources.size, MAX_SOURCES + 1)
    const {events, saved} = memory.flush()
    equal(
      events.reduce((sum, one) => sum + one.count, 0),
      10_000,
    )
    ok(JSON.stringify(saved).length < 200_000)
  })

  test('a consumer that goes on as it should is told once', () => {
    const memory = new WatchMemory()
    const token = (n: number) => entry('seccft', {log_id: `900${n}`, audience: 'https://kept.example/'}, n)
    memory.take(token(61), FACTS)
    equal(memory.flush().events[0]?.verdict, 'adoption')
    memory.take(token(62), FACTS)
    deepEqual(memory.flush().events, [])
    equal([...memory.sources.values()][0]?.count, 2)
  })
})

const EXPOSURE: Exposure = {
  client_id: CLIENT,
  computed_at: '2026-11-22T03:01:00Z',
  audiences: [
    {
      audience: API,
      name: 'Invoices',
      contained_at: '2026-11-22T03:00:00Z',
      token_lifetime_seconds: 3600,
      lifetime_source: 'tenant',
      paths: [],
      tokens: [],
      worst_case_until: '2026-11-22T04:01:00Z',
    },
  ],
  all_clear: {state: 'open', worst_case_at: '2026-11-22T04:01:00Z', basis: 'x'},
  evidence_gaps: [],
}

describe('the outlook of a watch', () => {
  const CLEAR = Date.parse('2026-11-22T04:01:00Z') / 1000
  const base = {
    incident_id: 'inc-20261122-k7m2xq',
    client_id: CLIENT,
    exposure: EXPOSURE,
    now: CLEAR - 100,
    open: [],
    tripped: 0,
    failing: 0,
    afterwards: [],
  }

  test('it is clear only after the instant, with the log read past its delay', () => {
    deepEqual([outlookOf(base).state, outlookOf(base).left_seconds], ['waiting', 100])
    equal(outlookOf({...base, now: CLEAR}).state, 'settling')
    equal(outlookOf({...base, now: CLEAR + 1000, read_at: (CLEAR + 299) * 1000}).state, 'settling')
    equal(outlookOf({...base, now: CLEAR + 1000, read_at: (CLEAR + 300) * 1000}).state, 'clear')
  })

  test('without a proof there is no all clear, whatever the time', () => {
    const {contained_at: _contained, ...unproven} = EXPOSURE.audiences[0]!
    const exposure = {...EXPOSURE, audiences: [unproven]}
    const seen = outlookOf({...base, exposure, now: CLEAR + 10_000_000, read_at: (CLEAR + 10_000_000) * 1000})
    deepEqual([seen.state, seen.all_clear_at], ['open', undefined])
    match(seen.next, /stanch resume/)
    const {exposure: _exposure, ...none} = base
    equal(outlookOf({...none, now: CLEAR + 10_000_000}).state, 'open')
  })

  test('an alarm holds until containment is proven anew, and its token moves the all clear', () => {
    const alarm_at = Date.parse('2026-11-22T03:30:00Z') / 1000
    const until = alarm_at + 3660
    const late = {...base, now: CLEAR + 10_000, read_at: (CLEAR + 10_000) * 1000, alarm_at, until}
    equal(outlookOf(late).state, 'alarm')
    const during = (seconds: number) => outlookOf({...late, exposure: {...EXPOSURE, computed_at: rfc3339(alarm_at + seconds)}})
    deepEqual(
      [0, 1, 30, 31].map((seconds) => during(seconds).state),
      ['alarm', 'alarm', 'alarm', 'clear'],
    )
    const again = {...EXPOSURE, computed_at: '2026-11-22T03:40:00Z'}
    equal(outlookOf({...late, exposure: again}).state, 'clear')
    equal(outlookOf({...late, exposure: again, now: CLEAR}).state, 'waiting')
    equal(outlookOf({...late, exposure: again}).all_clear_at, '2026-11-22T04:31:00Z')
  })

  test('what stands in the tenant that should not is an alarm, however long ago it was proven', () => {
    const seen = outlookOf({...base, open: ['grant cgr_new on x'], now: CLEAR + 10_000, read_at: (CLEAR + 10_000) * 1000})
    equal(seen.state, 'alarm')
    match(seen.next, /stanch grant delete --client A1b2/)
  })
})

describe('the screen of a watch', () => {
  test('state, time left and next act stand first, in 22 rows of 79 columns, whatever the tenant is called', () => {
    const memory = new WatchMemory()
    const hostile = '\u001b[2J\u202eevil'
    for (let n = 0; n < 40; n++)
      memory.take(entry('feccft', {description: 'Unauthorized', ip: `10.0.0.${n}`, user_agent: hostile.repeat(30)}, n), FACTS)
    const {events} = memory.flush()
    const outlook = outlookOf({
      incident_id: 'inc-20261122-k7m2xq',
      client_id: CLIENT,
      exposure: EXPOSURE,
      now: DEAD + 100,
      open: [],
      tripped: 40,
      failing: 0,
      afterwards: [],
    })
    const view = {
      ...outlook,
      incident_id: 'inc-20261122-k7m2xq',
      client_id: CLIENT,
      at: '2026-11-22T03:01:40Z',
      entries: 40,
      counts: {},
      sources: [...memory.sources.values()],
      not_seen: [{code: 'x', what: hostile, why: hostile}],
    }
    const screen = watchScreen(
      view,
      events.map((event) => ({...event, seq: 1})),
      {tenant: hostile, simulated: false, zone: 'Europe/Berlin'},
      {rows: 22, columns: 79},
      DEAD + 100,
    )
    ok(screen.length <= 22)
    match(screen[1] ?? '', /^CONTAINED/)
    match(screen[2] ?? '', /^All clear in 59 m 20 s: 2026-11-22 04:01:00 UTC \(05:01:00 Europe\/Berlin\)/)
    match(screen[3] ?? '', /^Next: /)
    for (const line of screen) {
      ok(line.length <= 79, line)
      // oxlint-disable-next-line no-control-regex -- that none is there is the point
      ok(!/[\u0000-\u001f\u202e]/.test(line), line)
    }
  })
})
