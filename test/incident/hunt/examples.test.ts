import {deepEqual, equal, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {parseLogEntry} from '../../../src/auth0/resources/log-entry.ts'
import type {Sets} from '../../../src/incident/hunt/condition.ts'
import {HUNTS} from '../../../src/incident/hunt/catalogue.ts'
import {Detector} from '../../../src/incident/hunt/detector.ts'
import {byAdmin, entry, EXAMPLE} from '../../../src/incident/hunt/examples.ts'
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

describe('what a single example does not show', () => {
  const hunt = (id: string) => {
    const found = HUNTS.find((one) => one.id === id)
    ok(found)
    return found
  }
  const invited = (minute: number, owner: string, role = 'viewer') =>
    byAdmin('post', '/tenants/invitations', {
      minute,
      description: 'Create tenant invitations for a given client',
      body: {owners: [owner], roles: [role]},
    })
  const removed = (minute: number) =>
    byAdmin('delete', '/tenants/members/auth0%7C2', {minute, description: 'Delete tenant member'})

  test('H13: private mail counts whatever the role, an invitation with a removal within ten minutes counts whoever it is', () => {
    const h13 = (...entries: Example['entries']) => fires(hunt('H13'), {what: '', entries})
    for (const mail of ['a@gmail.com', 'b@GMX.de', 'c@yahoo.co.uk', 'd@proton.me']) equal(h13(invited(1, mail)), 1, mail)
    for (const mail of ['a@gmail.com.acme.example', 'b@notgmail.com', 'gmail.com@acme.example', 'c@acme.example'])
      equal(h13(invited(1, mail)), 0, mail)
    equal(h13(invited(1, 'new@acme.example'), removed(11)), 1)
    equal(h13(removed(1), invited(10.99, 'new@acme.example')), 1)
    equal(h13(invited(1, 'new@acme.example'), removed(11.01)), 0)
    equal(h13(invited(1, 'new@acme.example'), invited(2, 'other@acme.example')), 0)
  })

  test('H24: a number behind the newest of its family, or a family with three programs', () => {
    const exchange = (minute: number, tokenCounter: number, more: Readonly<Record<string, unknown>> = {}) =>
      entry('sertft', minute, {user_id: 'auth0|1', ip: '192.0.2.1', details: {familyId: 'fam-1', tokenCounter}, ...more})
    const h24 = (...entries: Example['entries']) => fires(hunt('H24'), {what: '', entries})
    equal(h24(exchange(1, 1), exchange(2, 2), exchange(3, 3)), 0)
    equal(h24(exchange(1, 1), exchange(2, 2), exchange(3, 1)), 1)
    equal(h24(exchange(1, 5), exchange(2, 2, {details: {familyId: 'fam-2', tokenCounter: 2}})), 0, 'another family')
    equal(h24(exchange(2, 2), exchange(1, 1)), 0, 'the older one only arrived late')
    equal(h24(exchange(1, 2), exchange(2, 2)), 0)
    const by = (minute: number, user_agent: string) => exchange(minute, minute, {user_agent})
    equal(h24(by(1, 'Chrome'), by(2, 'Firefox'), by(3, 'Chrome'), by(4, 'Firefox')), 0)
    equal(h24(by(1, 'Chrome'), by(2, 'Firefox'), by(3, 'curl')), 1)
  })

  test('what is asked of every entry is found by any of the values alone, wherever it stands', () => {
    const sets = {...SETS, own_tokens: new Set(['own-jti']), planted_users: new Set(['auth0|planted', 'planted@mail.example'])}
    const found = (more: Readonly<Record<string, unknown>>) =>
      new Detector(HUNTS, {sets}).hits(parseLogEntry(entry('slo', 1, more))).map(({hunt: {id}}) => id)
    const credentials = {request: {auth: {credentials: {jti: 'own-jti'}}}}
    deepEqual(found({ip: EXAMPLE.attacker_ip}), ['H26'])
    deepEqual(found({user_id: 'auth0|planted'}), ['H26'])
    deepEqual(found({details: {request: {auth: {user: {email: 'planted@mail.example'}}}}}), ['H26'])
    deepEqual(found({security_context: {ja4: EXAMPLE.attacker_ja4}}), ['H25'])
    deepEqual(found({security_context: {ja3: EXAMPLE.attacker_ja4}}), ['H25'])
    deepEqual(found({security_context: {ja4: 'another', ja3: EXAMPLE.attacker_ja4}}), ['H25'])
    deepEqual(found({details: credentials}), ['H31'])
    deepEqual(found({details: {access_token_jti: 'own-jti'}}), ['H31'])
    deepEqual(found({references: {correlation_id: EXAMPLE.own_correlation}}), ['H31'])
    deepEqual(found({client_id: EXAMPLE.own}), ['H31'])
    deepEqual(found({ip: '198.51.100.1', user_id: 'auth0|1', client_id: EXAMPLE.other}), [])
  })
})
