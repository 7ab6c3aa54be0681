import {deepEqual, equal, ok} from 'node:assert/strict'
import {suite, test} from 'node:test'

import {everyScope, reachOf} from '../../src/auth0/reach.ts'
import {rankScopes, scopeRisk} from '../../src/auth0/scopes.ts'
import {reachLines} from '../../src/report/reach-lines.ts'

const linesOf = (scopes: readonly string[], most?: number) => reachLines(rankScopes(scopes), reachOf(scopes), most)

suite('what scopes open together', () => {
  test('every scope whose answers carry a secret says in words which one', () => {
    const carrying = everyScope().filter((scope) => scopeRisk(scope).risk.includes('reveals_secrets'))
    equal(carrying.length, 35)
    const {secrets} = reachOf(everyScope())
    deepEqual(new Set(secrets.map((one) => one.scope)), new Set(carrying))
    for (const {scope, what} of secrets) ok(what !== scopeRisk(scope).means, `${scope} has no words of its own`)
  })
  test('the transitive part: signing secrets, sinks, upstream secrets, keys planted, logs muted', () => {
    const reach = reachOf([
      'read:resource_servers',
      'read:log_streams',
      'read:connections',
      'create:client_credentials',
      'delete:log_streams',
    ])
    deepEqual(reach.secrets.map((one) => one.what).sort(), [
      'credentials of log-stream sinks',
      'signing secrets of HS256 APIs: enough to forge their tokens',
      'upstream secrets of identity sources',
    ])
    deepEqual(reach.persistence, [{scope: 'create:client_credentials', what: 'a key of its own on any application'}])
    deepEqual(reach.tracks, [{scope: 'delete:log_streams', what: 'deletes log streams'}])
    deepEqual([reach.worst, reach.counts], ['critical', {critical: 2, high: 3, medium: 0, low: 0}])
  })
  test('harmless scopes open nothing further, none at all have no worst', () => {
    const {worst, secrets, persistence, tracks} = reachOf(['read:client_grants'])
    deepEqual([worst, secrets, persistence, tracks], ['low', [], [], []])
    equal(reachOf([]).worst, null)
    deepEqual(linesOf([]), [])
  })
  test('a scope that nobody knows is judged by its verb and said to be unknown', () => {
    const lines = linesOf(['delete:everything', 'read:new'])
    ok(lines.some((line) => line.includes('high') && line.includes('delete:everything: unknown scope')))
  })
  test('every scope there is fits into ten lines of 78 columns, the worst first', () => {
    const lines = linesOf(everyScope())
    ok(lines.length <= 10, `${lines.length} lines`)
    for (const line of lines) ok(line.length <= 78, line)
    ok(lines[1]?.trim().startsWith('critical'))
    ok(
      lines.some((line) => /\(\+\d+\)$/.test(line)),
      'what does not fit is counted',
    )
  })
  test('a scope with control characters reaches the screen as text', () => {
    ok(linesOf(['read:\u001b[2Jx']).every((line) => !line.includes('\u001b')))
  })
})
