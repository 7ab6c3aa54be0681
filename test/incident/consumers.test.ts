import {deepEqual, equal, ok} from 'node:assert/strict'
import {test} from 'node:test'
import fc from 'fast-check'

import type {LogEntry} from '../../src/auth0/resources/log-entry.ts'
import {parseRfc3339, rfc3339, rfc3339Millis} from '../../src/clock.ts'
import {changeTimes} from '../../src/execution/expose.ts'
import {adoptionOf, breakageOf, consumersOf} from '../../src/incident/consumers.ts'
import type {ConsumerFacts} from '../../src/incident/consumers.ts'

const NOW = 1_790_000_000
const A = 'https://a.example/'
const B = 'https://b.example/'

function ask(at: number, more: Partial<LogEntry> = {}): LogEntry {
  return {
    log_id: `900${at}`,
    date: rfc3339(at),
    type: 'seccft',
    client_id: 'app1',
    audience: A,
    ip: '198.51.100.7',
    user_agent: 'billing-sync 4.2.0',
    raw: {},
    ...more,
  }
}

const refused = (at: number, more: Partial<LogEntry> = {}) => ask(at, {type: 'feccft', ...more})
const seen = (entries: readonly LogEntry[], more: Partial<ConsumerFacts> = {}) =>
  consumersOf(entries, {client_id: 'app1', now: NOW, lifetimes: {[A]: 3600, [B]: 86_400}, ...more})
const standings = (entries: readonly LogEntry[], more: Partial<ConsumerFacts> = {}) =>
  seen(entries, more).map((one) => one.standing)

test('one consumer is one address, agent and fingerprint; other clients and our own probes are none', () => {
  const found = seen([
    ask(NOW - 900),
    ask(NOW - 800, {ip: '203.0.113.66'}),
    ask(NOW - 700, {fingerprint: 't13d'}),
    ask(NOW - 600, {user_agent: 'curl 8'}),
    ask(NOW - 500, {audience: B}),
    ask(NOW - 400, {client_id: 'another'}),
    ask(NOW - 300, {user_agent: 'stanch/0.1.0'}),
    ask(NOW - 200, {type: 'sapi'}),
  ])
  equal(found.length, 4)
  const [first] = found.filter((one) => one.audiences.length === 2)
  deepEqual(first?.audiences, [A, B])
  equal(first?.issuances, 2)
  deepEqual(seen([ask(NOW - 9, {correlation_id: 'ours'})], {own: new Set(['ours'])}), [])
})

test('its next token is needed shortly before the last one ends, or in its own rhythm where that is quicker', () => {
  const [steady] = seen([ask(NOW - 3540), ask(NOW - 10)])
  equal(parseRfc3339(steady?.next_needed_at ?? ''), NOW - 10 + 3540)
  equal(steady?.rhythm_seconds, undefined)
  const [quick] = seen([ask(NOW - 900), ask(NOW - 600), ask(NOW - 290), ask(NOW)])
  equal(quick?.rhythm_seconds, 300)
  equal(parseRfc3339(quick?.next_needed_at ?? ''), NOW + 300)
  const [unknown] = seen([ask(NOW - 10, {audience: 'https://unread.example/'})])
  equal(unknown?.next_needed_at, undefined)
  equal(unknown?.standing, 'waiting')
})

test('with several APIs it is the first of its tokens that ends which counts', () => {
  const [both] = seen([ask(NOW - 3000), ask(NOW - 5000, {audience: B})].reverse())
  equal(parseRfc3339(both?.next_needed_at ?? ''), NOW - 3000 + 3540)
})

test('at the edges of a change: the last request counts, and only a token after the propagation shows the new secret', () => {
  const changed_at = NOW - 1000
  const facts = {changed_at, ...changeTimes(undefined, changed_at)}
  const at = (seconds: number) => ({date: rfc3339Millis((changed_at + seconds) * 1000)})
  const last = (type: string, seconds: number) => standings([ask(NOW - 2000), ask(NOW - 1500, {type, ...at(seconds)})], facts)[0]
  // The answer of the change may be dated after what it did: a refusal shortly before it is one by the change.
  deepEqual(
    [-1.5, 0, 0.001, 0.999, 31].map((seconds) => last('feccft', seconds)),
    Array<string>(5).fill('failing'),
  )
  deepEqual(
    [0.001, 0.999, 30, 30.999].map((seconds) => last('seccft', seconds)),
    Array<string>(4).fill('waiting'),
  )
  deepEqual(
    [31, 31.001].map((seconds) => last('seccft', seconds)),
    ['moved', 'moved'],
  )
})

test('moved, failing, waiting, silent', () => {
  const facts = {changed_at: NOW - 1000, delivered_at: NOW - 970}
  deepEqual(standings([ask(NOW - 2000), ask(NOW - 900)], facts), ['moved'])
  deepEqual(standings([ask(NOW - 2000), refused(NOW - 900)], facts), ['failing'])
  deepEqual(standings([ask(NOW - 2000), refused(NOW - 900), ask(NOW - 800)], facts), ['moved'])
  deepEqual(standings([ask(NOW - 900), refused(NOW - 800)], facts), ['failing'])
  deepEqual(standings([ask(NOW - 2000)], facts), ['waiting'])
  deepEqual(standings([ask(NOW - 9000)], facts), ['silent'])
  // Within the propagation the old secret may have got it: that is no proof of anything.
  deepEqual(standings([ask(NOW - 980)], facts), ['waiting'])
  // Before anything was changed nobody can have moved.
  deepEqual(standings([ask(NOW - 900)]), ['waiting'])
  deepEqual(standings([ask(NOW - 2000), refused(NOW - 900)]), ['failing'])
})

test('failing ones come first, then whoever needs a token next; the meter counts them', () => {
  const facts = {changed_at: NOW - 1000, delivered_at: NOW - 970}
  const found = seen(
    [
      ask(NOW - 90_000, {ip: '192.0.2.1'}),
      ask(NOW - 2500, {ip: '192.0.2.2'}),
      ask(NOW - 2900, {ip: '192.0.2.3'}),
      ask(NOW - 2000, {ip: '192.0.2.4'}),
      refused(NOW - 500, {ip: '192.0.2.4'}),
      ask(NOW - 100, {ip: '192.0.2.5'}),
    ],
    facts,
  )
  deepEqual(
    found.map((one) => one.ip),
    ['192.0.2.4', '192.0.2.3', '192.0.2.2', '192.0.2.5', '192.0.2.1'],
  )
  deepEqual(adoptionOf(found), {moved: 1, failing: 1, waiting: 2, silent: 1})
})

test('what breaks: everybody by a rotation, only the users of an API by its grant; not who is long gone', () => {
  const found = seen([
    ask(NOW - 90_000, {ip: '192.0.2.1'}),
    ask(NOW - 100, {ip: '192.0.2.2'}),
    ask(NOW - 100, {ip: '192.0.2.3', audience: B}),
  ])
  const ips = (change: Parameters<typeof breakageOf>[1]) => breakageOf(found, change).map(({consumer}) => consumer.ip)
  deepEqual(ips({rotated: true, audiences: new Set()}), ['192.0.2.2', '192.0.2.3'])
  deepEqual(ips({rotated: false, audiences: new Set([B])}), ['192.0.2.3'])
  deepEqual(ips({rotated: false, audiences: new Set()}), [])
})

test('whatever the log: every exchange is counted once, and nobody has moved who got nothing after the delivery', () => {
  const event = fc.record({
    at: fc.integer({min: 0, max: 100_000}),
    ip: fc.constantFrom('192.0.2.1', '192.0.2.2', undefined),
    type: fc.constantFrom('seccft', 'feccft'),
    audience: fc.constantFrom(A, B, undefined),
  })
  fc.assert(
    fc.property(fc.array(event, {maxLength: 60}), fc.integer({min: 0, max: 100_000}), (events, changed) => {
      const entries = events
        .toSorted((a, b) => a.at - b.at)
        .map(({at, ip, type, audience}) => {
          const {ip: _ip, audience: _audience, ...base} = ask(NOW - 100_000 + at)
          return {...base, type, ...(ip === undefined ? {} : {ip}), ...(audience === undefined ? {} : {audience})}
        })
      const facts = {changed_at: NOW - 100_000 + changed, delivered_at: NOW - 100_000 + changed + 30}
      const found = seen(entries, facts)
      equal(
        found.reduce((sum, one) => sum + one.issuances, 0),
        entries.filter((entry) => entry.type === 'seccft').length,
      )
      for (const one of found) {
        const own = entries.filter((entry) => entry.ip === one.ip)
        ok(one.first_at <= one.last_at)
        if (one.standing !== 'moved') continue
        ok(own.some((entry) => entry.type === 'seccft' && (parseRfc3339(entry.date) ?? 0) > facts.delivered_at))
      }
      deepEqual([...found].length, new Set(entries.map((entry) => entry.ip)).size)
    }),
    {numRuns: 300},
  )
})
