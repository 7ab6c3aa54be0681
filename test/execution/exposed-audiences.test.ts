import {deepEqual, equal, ok} from 'node:assert/strict'
import {test} from 'node:test'

import type {LogEntry} from '../../src/auth0/resources/log-entry.ts'
import {rfc3339} from '../../src/clock.ts'
import {exposedAudiences} from '../../src/execution/exposed-audiences.ts'
import {exposureOf} from '../../src/execution/expose.ts'
import type {PlanFacts} from '../../src/incident/policy.ts'
import {facts} from '../support/runbooks.ts'

const NOW = 1_790_000_000

/** Token events of the client, newest first, one each 12 s; `read` counts how often a date is looked at. */
function manyTokens(count: number, read: () => void): LogEntry[] {
  return Array.from({length: count}, (_, i) => {
    const date = new Date((NOW - 12 * i) * 1000).toISOString()
    return {
      log_id: `900${String(count - i).padStart(10, '0')}`,
      type: 'seccft',
      client_id: 'app1',
      audience: `https://api-${i % 3}.example`,
      ip: '203.0.113.9',
      raw: undefined,
      get date() {
        read()
        return date
      },
    }
  })
}

function withLog(log: readonly LogEntry[]): PlanFacts {
  const base = facts()
  const resource_servers = {'https://api-0.example': {id: 'rs0', identifier: 'https://api-0.example', token_lifetime: 60}}
  return {...base, snapshot: {...base.snapshot, grants: [], resource_servers: resource_servers as never, log}}
}

test('a client with 150,000 tokens in the log costs a few looks at each of them, not one for each pair', () => {
  const count = 150_000
  let reads = 0
  const exposure = exposureOf(withLog(manyTokens(count, () => (reads += 1))), {
    now: NOW,
    kind: 'client-secret',
    containment: new Map(),
    probe_tokens: [],
  })
  equal(
    exposure.audiences.reduce((sum, one) => sum + one.tokens.length + (one.tokens_not_listed ?? 0), 0),
    count,
  )
  deepEqual(
    exposure.audiences.map((one) => one.tokens.length),
    [10_000, 10_000, 10_000],
  )
  ok(exposure.evidence_gaps.some((gap) => gap.code === 'tokens_not_listed' && gap.what.startsWith('120000 token')))
  equal(exposure.audiences[1]?.observed_until, rfc3339(NOW - 12 + 2_592_000), 'what is not listed counts all the same')
  // sorting for the consumers looks at each some 20 times
  ok(reads < 60 * count, `${Math.round(reads / count)} looks at each entry`)
})

test('an API counts as exposed while its newest token may live, whatever its place in the log', () => {
  const log = manyTokens(300, () => {}).toReversed()
  deepEqual(exposedAudiences(withLog(log), NOW), ['https://api-0.example', 'https://api-1.example', 'https://api-2.example'])
  deepEqual(
    exposedAudiences(withLog(log), NOW + 121),
    ['https://api-1.example', 'https://api-2.example'],
    'the API with a lifetime of a minute is over, those whose lifetime cannot be read count for 30 days',
  )
})
