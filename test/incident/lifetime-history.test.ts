import {deepEqual, equal} from 'node:assert/strict'
import {test} from 'node:test'

import type {LogEntry} from '../../src/auth0/resources/log-entry.ts'
import {changedBetween, largestLifetime, lifetimeChanges} from '../../src/incident/lifetime-history.ts'
import {change} from './facts.ts'

const NOW = 1_790_000_000
const BILLING = 'https://billing.example'

/** A PATCH on the API with what the log shows of it. */
function patch(at: number, asked?: unknown, answered?: unknown, path = '/api/v2/resource-servers/rs_1'): LogEntry {
  const raw = {details: {request: {body: asked}, response: {body: answered}}}
  return change('patch', path, at, {raw})
}

const seconds = (entries: readonly LogEntry[]) => lifetimeChanges(entries, BILLING, 'rs_1').map((one) => one.seconds)

test('a change of an API is seen by its id, its identifier, and percent-encoded', () => {
  for (const path of [
    '/api/v2/resource-servers/rs_1',
    '/api/v2/resource-servers/https%3A%2F%2Fbilling.example',
    '/api/v2/resource-servers/https://billing.example',
  ])
    deepEqual(seconds([patch(NOW, undefined, undefined, path)]), [undefined])
  for (const path of ['/api/v2/resource-servers/rs_2', '/api/v2/resource-servers/%E0%A4%A', '/api/v2/clients/rs_1'])
    deepEqual(seconds([patch(NOW, undefined, undefined, path)]), [])
  deepEqual(lifetimeChanges([patch(NOW)], 'https://other.example', 'rs_9'), [])
})

test('the value is what the log shows of the request or its answer; a PATCH of something else is no change', () => {
  deepEqual(seconds([patch(NOW, {token_lifetime: 600})]), [600])
  deepEqual(seconds([patch(NOW, {token_lifetime: 600}, {token_lifetime: 601})]), [601])
  deepEqual(seconds([patch(NOW, undefined, {token_lifetime: 86_400})]), [86_400])
  deepEqual(seconds([patch(NOW, {name: 'Billing'}, {token_lifetime: 600})]), [])
  deepEqual(seconds([patch(NOW, {token_lifetime: 'soon'})]), [undefined])
  deepEqual(seconds([patch(NOW, [])]), [undefined])
})

test('an API that was made again may have had another lifetime before', () => {
  const made = change('post', '/api/v2/resource-servers', NOW, {
    raw: {details: {request: {body: {identifier: BILLING}}, response: {body: {identifier: BILLING, token_lifetime: 3600}}}},
  })
  const changes = lifetimeChanges([made], BILLING, 'rs_2')
  deepEqual(
    changes.map((one) => one.seconds),
    [3600],
  )
  equal(largestLifetime({changes, readings: [{at: NOW + 900, seconds: 3600}]}, NOW - 500, NOW + 500), undefined)
})

test('the largest lifetime of a stretch: each value as long as it was in force', () => {
  const changes = [
    {at: 1000, log_id: 'a', seconds: 7200},
    {at: 2000, log_id: 'b', seconds: 300},
    {at: 3000, log_id: 'c', seconds: 600},
  ]
  const largest = (from: number, to: number, readings = [{at: 9000, seconds: 600}]) =>
    largestLifetime({changes, readings}, from, to)
  equal(largest(1100, 4000), 7200)
  equal(largest(2100, 2900), 300)
  equal(largest(2100, 4000), 600)
  equal(largest(3100, 4000), 600)
  // So near a change that the token may have got the one or the other.
  equal(largest(2060, 2060), 7200)
  equal(largest(2061, 2061), 300)
  equal(largest(1940, 1940), 7200)
  // Before the first change only a reading knows.
  equal(largest(900, 900), undefined)
  equal(largest(900, 4000), undefined)
  equal(
    largest(900, 4000, [
      {at: 500, seconds: 9000},
      {at: 9000, seconds: 600},
    ]),
    9000,
  )
})

test('a reading that is not what the last change says was changed once more, unseen', () => {
  const changes = [{at: 1000, log_id: 'a', seconds: 7200}]
  equal(largestLifetime({changes, readings: [{at: 5000, seconds: 60}]}, 2000, 3000), undefined)
  equal(largestLifetime({changes, readings: []}, 2000, 3000), 7200)
  equal(largestLifetime({changes: [{at: 1000, log_id: 'a'}], readings: []}, 2000, 3000), undefined)
  equal(largestLifetime({changes: [{at: 1000, log_id: 'a'}], readings: [{at: 5000, seconds: 60}]}, 2000, 3000), 60)
  equal(
    largestLifetime(
      {
        changes: [],
        readings: [
          {at: 1, seconds: 50},
          {at: 5000, seconds: 60},
        ],
      },
      2000,
      3000,
    ),
    60,
  )
})

test('only the changes of the exposure are named', () => {
  const changes = [
    {at: 1000, log_id: 'a'},
    {at: 5000, log_id: 'b'},
  ]
  deepEqual(changedBetween({changes, readings: []}, 2000, 4000), [])
  deepEqual(
    changedBetween({changes, readings: []}, 1050, 4950).map((one) => one.log_id),
    ['a', 'b'],
  )
})
