import assert from 'node:assert/strict'
import {test} from 'node:test'

import {earlierChanges} from '../../src/incident/earlier-changes.ts'
import {aSnapshot, change} from './facts.ts'

const NOW = 1_790_000_000
const ROTATE = '/api/v2/clients/app1/rotate-secret'

function seen(...entries: ReturnType<typeof change>[]) {
  return aSnapshot({server_time: NOW, setting_changes: entries})
}

test('a rotation of this client since the leak is found, with whoever made it, newest first', () => {
  const found = earlierChanges(
    seen(
      change('post', ROTATE, NOW - 500, {request: {method: 'post', path: ROTATE, user_email: 'eve@example.com'}} as never),
      change('POST', ROTATE, NOW - 100),
      change('delete', '/api/v2/client-grants/cgr_1', NOW - 300),
    ),
    NOW - 600,
    new Set(),
  )
  assert.deepEqual(
    found.map((one) => [one.what, one.at, one.actor]),
    [
      ['secret_rotated', NOW - 100, 'somebody'],
      ['grant_deleted', NOW - 300, 'somebody'],
      ['secret_rotated', NOW - 500, 'eve@example.com'],
    ],
  )
})

test('what came before the leak, of other clients, by reads, or by ourselves is none', () => {
  const own = change('post', ROTATE, NOW - 10, {correlation_id: 'stanch-1'})
  for (const entry of [
    change('post', ROTATE, NOW - 601),
    change('post', '/api/v2/clients/app10/rotate-secret', NOW - 10),
    change('post', '/api/v2/clients/app1', NOW - 10),
    change('get', ROTATE, NOW - 10),
    change('post', ROTATE, NOW - 10, {type: 'fapi'}),
    change('post', ROTATE, NOW - 10, {date: 'yesterday'}),
    own,
  ]) {
    assert.deepEqual(earlierChanges(seen(entry), NOW - 600, new Set(['stanch-1'])), [])
  }
  assert.equal(earlierChanges(seen(own), NOW - 600, new Set()).length, 1)
})

test('without a known time of the leak only the last quarter of an hour counts', () => {
  assert.equal(earlierChanges(seen(change('post', ROTATE, NOW - 899)), undefined, new Set()).length, 1)
  assert.equal(earlierChanges(seen(change('post', ROTATE, NOW - 901)), undefined, new Set()).length, 0)
  assert.deepEqual(earlierChanges(aSnapshot({setting_changes: null}), undefined, new Set()), [])
})
