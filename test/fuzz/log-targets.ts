import {deepEqual, equal, ok} from 'node:assert/strict'

import fc from 'fast-check'

import {parseLogEntry, savedLogEntry} from '../../src/auth0/resources/log-entry.ts'
import type {LogEntry} from '../../src/auth0/resources/log-entry.ts'
import {consumersOf} from '../../src/incident/consumers.ts'
import {HUNTS} from '../../src/incident/hunt/catalogue.ts'
import {EXAMPLE} from '../../src/incident/hunt/examples.ts'
import {runHunt} from '../../src/incident/hunt/run.ts'
import {noticeText, watchNotice} from '../../src/incident/notice.ts'
import type {WatchFacts} from '../../src/incident/watch/facts.ts'
import {WatchMemory} from '../../src/incident/watch/memory.ts'
import {huntLines} from '../../src/report/hunt-lines.ts'
import {looksLikeSecret} from '../../src/secret.ts'
import {safeJson} from '../../src/untrusted.ts'
import {notText} from '../support/tty.ts'
import {jsonWith, kept, MEMBERS, mutated} from './inputs.ts'
import type {Target} from './inputs.ts'

/* Doors behind the tenant's log: what was saved of it, and everything that reads it. One entry a line. */

/** Of every hunt what it fires on, and what it nearly fires on. */
const EXAMPLES = HUNTS.flatMap(({examples: {hit, near_miss}}) => [...hit.entries, ...near_miss.entries]).map((one, index) =>
  JSON.stringify({log_id: `900${String(index).padStart(53, '0')}`, ...one}),
)

const wire = jsonWith([
  ...MEMBERS,
  'ip',
  'user_agent',
  'user_id',
  'user_name',
  'security_context',
  'ja3',
  'ja4',
  'method',
  'path',
  'body',
  'query',
  'strategy',
  'action',
  'client_name',
  'access_token_jti',
  'description',
  'hostname',
  'tenant_name',
])
const log = fc
  .array(fc.oneof({weight: 4, arbitrary: mutated(EXAMPLES)}, {weight: 1, arbitrary: wire}), {minLength: 1, maxLength: 6})
  .map((lines) => lines.join('\n'))

/** What of the lines a tenant could have said, by the reader of its answers. */
function entriesOf(text: string): LogEntry[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [parseLogEntry(JSON.parse(line))]
    } catch {
      return []
    }
  })
}

const CONTAINED = Date.parse(EXAMPLE.contained_at) / 1000
const WATCHED: WatchFacts = {
  incident_id: 'inc-20261122-abc123',
  client_id: EXAMPLE.leaked,
  contained: new Map([['*', CONTAINED]]),
  secret_dead_at: CONTAINED,
  lifetimes: new Map(),
  changes: [CONTAINED],
  expected: new Map(),
  given_back: [],
  third_party: false,
  own: new Set([EXAMPLE.own_correlation]),
  own_token_requests: [],
  suspects: {ips: new Set([EXAMPLE.attacker_ip]), fingerprints: new Set(), jtis: new Set()},
  consumers: new Set(),
}
const ABOUT = {
  incident_id: WATCHED.incident_id,
  simulated: true,
  tenant: 'acme.example',
  client_id: EXAMPLE.leaked,
  leak: 'client-secret',
} as const

export const LOG_TARGETS: readonly Target[] = [
  {
    name: 'saved log entry',
    input: fc.oneof({weight: 3, arbitrary: mutated(EXAMPLES)}, {weight: 1, arbitrary: wire}),
    run: (text) => {
      let parsed: unknown
      try {
        parsed = JSON.parse(text)
      } catch {
        return
      }
      const entry = parseLogEntry(parsed)
      kept(entry)
      // what is read from what was saved of an entry is that entry
      deepEqual(savedLogEntry(JSON.parse(JSON.stringify(entry.raw))), entry)
    },
  },
  {
    name: 'hunt',
    weight: 0.1,
    input: log,
    run: (text) => {
      const entries = entriesOf(text)
      const result = runHunt({
        entries: () => entries,
        facts: {
          clients: [{client_id: EXAMPLE.leaked, how: 'leaked', since: EXAMPLE.leaked_at}],
          leaked_at: EXAMPLE.leaked_at,
          contained_at: EXAMPLE.contained_at,
          rotated_at: EXAMPLE.contained_at,
          probed: [],
        },
        sets: {own_correlation_ids: new Set([EXAMPLE.own_correlation]), own_clients: new Set([EXAMPLE.own])},
        computed_at: '2026-11-22T05:00:00Z',
      })
      equal(result.entries, entries.length)
      const ids = new Set(entries.map(({log_id}) => log_id))
      for (const {log_ids, verdict} of result.findings) {
        ok(log_ids.length > 0 && log_ids.every((id) => ids.has(id)), 'a finding without an entry')
        ok(verdict !== undefined)
      }
      for (const line of huntLines(result, {tenant: 'acme.example', simulated: true})) equal(notText(line), undefined, line)
      equal(notText(safeJson(result, 2)), undefined)
    },
  },
  {
    name: 'consumers',
    weight: 0.5,
    input: log,
    run: (text) => {
      const entries = entriesOf(text)
      const found = consumersOf(entries, {client_id: EXAMPLE.leaked, now: CONTAINED + 3600, lifetimes: {}, changed_at: CONTAINED})
      ok(found.reduce((sum, {issuances}) => sum + issuances, 0) <= entries.length)
    },
  },
  {
    name: 'watch and its notices',
    weight: 0.5,
    input: log,
    run: (text) => {
      const memory = new WatchMemory()
      const entries = entriesOf(text)
      for (const entry of entries) memory.take(entry, WATCHED)
      const {events, saved} = memory.flush()
      equal(saved.entries, entries.length)
      deepEqual(new WatchMemory(saved).flush().events, [])
      for (const event of events) {
        equal(notText(event.finding), undefined, event.finding)
        const notice = watchNotice(ABOUT, {...event, seq: 7}, '2026-11-22T05:00:00Z')
        if (!notice) continue
        const body = noticeText(notice)
        equal(notText(body), undefined)
        ok(!looksLikeSecret(body))
        equal((JSON.parse(body) as {event?: unknown}).event, notice.event)
      }
    },
  },
]
