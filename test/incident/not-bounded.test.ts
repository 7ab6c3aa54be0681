import {deepEqual, match} from 'node:assert/strict'
import {test} from 'node:test'

import type {LogEntry} from '../../src/auth0/resources/log-entry.ts'
import {notBounded} from '../../src/incident/not-bounded.ts'
import {aSnapshot} from './facts.ts'

const entry = (type: string, date = '2026-11-22T02:00:00.000Z'): LogEntry => ({
  log_id: `${type}${date}`,
  date,
  type,
  client_id: 'app1',
  raw: {},
})

const named = (grant_types: string[], log: LogEntry[] | null = []) =>
  notBounded(aSnapshot({client: {client_id: 'app1', name: 'x', grant_types} as never, log}))
const codes = (...of: Parameters<typeof named>) => named(...of).map((gap) => gap.code)

test('a machine client has nothing beside its own tokens', () => {
  deepEqual(codes(['client_credentials']), [])
  deepEqual(codes(['client_credentials'], [entry('seccft'), entry('feccft'), entry('sapi')]), [])
  deepEqual(codes(['client_credentials'], null), [])
})

test('refresh tokens and tokens of users are named where the client may get them', () => {
  deepEqual(codes(['client_credentials', 'refresh_token']), ['refresh_tokens'])
  deepEqual(codes(['authorization_code']), ['user_tokens'])
  deepEqual(codes(['password', 'refresh_token']), ['refresh_tokens', 'user_tokens'])
})

test('and where the log shows that it got some, whatever it may now: how many, and the last', () => {
  const log = [entry('sertft'), entry('seacft', '2026-11-22T02:30:00.000Z'), entry('sepft')]
  const gaps = named(['client_credentials'], log)
  deepEqual(
    gaps.map((gap) => gap.code),
    ['refresh_tokens', 'user_tokens'],
  )
  match(gaps[0]?.why ?? '', /the log shows 1 .* the last at 2026-11-22T02:00:00Z/)
  match(gaps[1]?.why ?? '', /the log shows 3 .* the last at 2026-11-22T02:30:00Z/)
})
