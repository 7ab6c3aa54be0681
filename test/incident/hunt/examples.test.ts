import {deepEqual, equal, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {parseLogEntry} from '../../../src/auth0/resources/log-entry.ts'
import type {Sets} from '../../../src/incident/hunt/condition.ts'
import {HUNTS} from '../../../src/incident/hunt/catalogue.ts'
import {Detector} from '../../../src/incident/hunt/detector.ts'
import {EXAMPLE} from '../../../src/incident/hunt/examples.ts'
import type {Example, Hunt} from '../../../src/incident/hunt/hunt.ts'

const SETS: Sets = {
  compromised_clients: new Set([EXAMPLE.leaked]),
  suspect_addresses: new Set([EXAMPLE.attacker_ip]),
  suspect_fingerprints: new Set([EXAMPLE.attacker_ja4]),
  explorer_clients: new Set([EXAMPLE.explorer]),
  dashboard_clients: new Set([EXAMPLE.dashboard]),
  critical_scopes: new Set(['update:clients', 'create:client_grants']),
  canonical_hosts: new Set([EXAMPLE.canonical]),
  known_allowlist: new Set(['198.51.100.0/24']),
  fence_acls: new Set([EXAMPLE.acl]),
  own_correlation_ids: new Set([EXAMPLE.own_correlation]),
  own_tokens: new Set([EXAMPLE.own_jti]),
  own_clients: new Set([EXAMPLE.own]),
}

/** How often the hunt itself fires on an example, whatever the others do. */
function fires(hunt: Hunt, example: Example): number {
  const detector = new Detector([hunt], {sets: SETS, contained_at: EXAMPLE.contained_at})
  return example.entries.map((entry) => detector.hits(parseLogEntry(entry)).length).reduce((sum, hits) => sum + hits, 0)
}

describe('the hunts', () => {
  test('they are H1 to H31, in order, each with its own question', () => {
    deepEqual(
      HUNTS.map(({id}) => id),
      Array.from({length: 31}, (_, i) => `H${i + 1}`),
    )
    equal(new Set(HUNTS.map(({question}) => question)).size, 31)
  })

  for (const hunt of HUNTS) {
    const {hit, near_miss} = hunt.examples
    test(`${hunt.id} fires: ${hit.what}`, () => {
      ok(hit.entries.length > 0)
      ok(fires(hunt, hit) > 0)
    })
    test(`${hunt.id} does not fire: ${near_miss.what}`, () => {
      ok(near_miss.entries.length > 0)
      equal(fires(hunt, near_miss), 0)
    })
    test(`${hunt.id} needs its event: its example as another kind of entry does not fire`, () => {
      if (hunt.detections.some(({events}) => events === 'any')) return
      const entries = hit.entries.map((entry) => ({...entry, type: 'cls'}))
      equal(fires(hunt, {what: '', entries}), 0)
    })
  }
})
