import assert from 'node:assert/strict'
import {suite, test} from 'node:test'

import {
  refuseMissingScopes,
  refuseMovedTenant,
  refuseOwnClient,
  refuseSecondIncident,
  refuseTooMany,
  stepsWithoutScope,
} from '../../src/incident/guardrails.ts'
import type {IncidentState} from '../../src/incident/replay.ts'
import {aPlan, aSnapshot, changesOf} from './facts.ts'
import {confirmedIncident} from '../support/incident-state.ts'

test('the own client is recognised by id; a token without one cannot be', () => {
  const own = aSnapshot({operator: {client_id: 'app1', scopes: [], source: 'secret'}})
  assert.throws(() => refuseOwnClient(own, false), {code: 'guard.own_client'})
  refuseOwnClient(own, true)
  refuseOwnClient(aSnapshot(), false)
  refuseOwnClient(aSnapshot({operator: {scopes: [], source: 'token'}}), false)
})

test('the cap counts changes only', () => {
  const plan = aPlan()
  const changes = changesOf(plan).length
  assert.equal(changes, 3)
  refuseTooMany(plan, changes)
  assert.throws(() => refuseTooMany(plan, changes - 1), {code: 'guard.too_many_actions'})
  assert.throws(() => refuseTooMany(plan, 0), {code: 'guard.too_many_actions'})
})

test('each step without a scope is named; one of several is enough', () => {
  const plan = aPlan()
  assert.deepEqual(stepsWithoutScope(plan, ['delete:client_grants', 'update:client_keys']), [])
  assert.deepEqual(
    new Set(stepsWithoutScope(plan, ['update:client_keys']).flatMap((one) => one.scopes)),
    new Set(['delete:client_grants']),
  )
  assert.throws(() => refuseMissingScopes(plan, []), {
    code: 'auth0.scope_missing',
    message: /delete:client_grants, update:client_keys/,
  })
  refuseMissingScopes(plan, ['delete:client_grants', 'update:client_keys'])
})

suite('a second incident', () => {
  const state = (changed: Partial<IncidentState>) => confirmedIncident({incident_id: 'inc-1', last_status: 'partial', ...changed})
  test('on the same client of the same tenant is refused while the first is live', () => {
    assert.throws(() => refuseSecondIncident('app1', 'acme.eu.auth0.com', [state({})]), {
      code: 'guard.live_incident',
      message: /inc-1/,
    })
  })
  test('goes on where the first is finished, of another client, of another tenant, or the one named', () => {
    refuseSecondIncident('app1', 'acme.eu.auth0.com', [state({last_status: 'contained'})])
    refuseSecondIncident('app2', 'acme.eu.auth0.com', [state({})])
    refuseSecondIncident('app1', 'other.eu.auth0.com', [state({})])
    refuseSecondIncident('app1', 'acme.eu.auth0.com', [state({})], 'inc-1')
  })
  test('a finished one with an operation in doubt is live', () => {
    const operations = [
      {op: 'o', try: 1, action: 'client_secret.rotate', target: 'client:app1', correlation_id: '', seq: 1, at: ''},
    ]
    assert.throws(() => refuseSecondIncident('app1', 'acme.eu.auth0.com', [state({last_status: 'contained', operations})]), {
      code: 'guard.live_incident',
    })
  })
})

suite('a plan that was made earlier', () => {
  const plan = aPlan()
  const none = new Set<string>()
  test('fits the tenant it was made for', () => refuseMovedTenant(plan, aSnapshot(), none))
  const {grants} = aSnapshot()
  const moved: readonly [string, Parameters<typeof aSnapshot>[0]][] = [
    ['another tenant', {tenant: 'other.eu.auth0.com'}],
    ['a real one instead of the simulated', {mode: 'real'}],
    ['another client', {client: {client_id: 'app2', name: 'x'}}],
    ['a grant that is gone', {grants: grants.slice(1)}],
    ['a grant with another scope', {grants: grants.map((grant) => (grant.id === 'cgr_billing' ? {...grant, scope: []} : grant))}],
    ['a grant more', {grants: [...grants, {id: 'cgr_new', client_id: 'app1', audience: 'https://x', scope: []}]}],
  ]
  for (const [title, changed] of moved) {
    test(`does not fit ${title}`, () => {
      assert.throws(() => refuseMovedTenant(plan, aSnapshot(changed), none), {code: 'guard.tenant_moved'})
    })
  }
  test('fits a tenant where only its own steps made the difference, and where user or system grants came up', () => {
    refuseMovedTenant(plan, aSnapshot({grants: grants.slice(1)}), new Set(plan.steps.map((step) => step.id)))
    refuseMovedTenant(
      plan,
      aSnapshot({grants: [...grants, {id: 'cgr_u', client_id: 'app1', audience: 'https://x', scope: [], subject_type: 'user'}]}),
      none,
    )
    refuseMovedTenant(
      plan,
      aSnapshot({grants: [...grants, {id: 'cgr_s', client_id: 'app1', audience: 'https://x', scope: [], is_system: true}]}),
      none,
    )
  })
  test('a plan that takes one grant of several fits while the others are there, and not when one came that it did not know', () => {
    const [first] = grants
    assert.ok(first && grants.length > 1)
    const one: typeof plan = {
      ...plan,
      steps: plan.steps.filter((step) => step.action !== 'client_grant.delete' || step.args.grant_id === first.id),
    }
    const done = new Set(one.steps.map((step) => step.id))
    refuseMovedTenant(one, aSnapshot(), none)
    refuseMovedTenant(one, aSnapshot({grants: grants.slice(1)}), done)
    const again = {...first, id: 'cgr_again'}
    assert.throws(() => refuseMovedTenant(one, aSnapshot({grants: [...grants.slice(1), again]}), done), {
      code: 'guard.tenant_moved',
    })
    const elsewhere = {id: 'cgr_new', client_id: 'app1', audience: 'https://x', scope: []}
    assert.throws(() => refuseMovedTenant(one, aSnapshot({grants: [...grants, elsewhere]}), none), {code: 'guard.tenant_moved'})
  })
  test('a plan that touches no grant does not care about them', () =>
    refuseMovedTenant(aPlan({keep_grants: true}), aSnapshot({grants: []}), none))
})
