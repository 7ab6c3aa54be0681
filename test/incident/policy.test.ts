import assert from 'node:assert/strict'
import {suite, test} from 'node:test'

import {openPaths, REOPENING_SCOPES, reopeningScopes, tokenCouldReadSecrets} from '../../src/incident/policy.ts'
import type {PlanFacts} from '../../src/incident/policy.ts'
import {facts} from '../support/runbooks.ts'
import {aPlan, aSnapshot} from './facts.ts'

const MANAGEMENT = 'https://acme.eu.auth0.com/api/v2/'

function withClient(client: Partial<PlanFacts['snapshot']['client']>, more: Partial<PlanFacts['snapshot']> = {}): PlanFacts {
  const {snapshot} = facts()
  return {snapshot: {...snapshot, ...more, client: {...snapshot.client, ...client}}}
}

const stepsOf = (plan = aPlan()) => plan.steps
const rotation = stepsOf().filter((step) => step.action === 'client_secret.rotate')
const deletions = stepsOf().filter((step) => step.action === 'client_grant.delete')

suite('paths that stay open', () => {
  test('a dead secret closes them all, whatever the client may do', () => {
    assert.deepEqual(
      openPaths(withClient({grant_types: ['client_credentials', 'authorization_code', 'refresh_token']}), rotation),
      [],
    )
  })
  test('a rotation closes nothing for a client that proves itself with a key', () => {
    const keyed = withClient({client_authentication_methods: {private_key_jwt: {credentials: [{id: 'cred_1'}]}}} as never)
    assert.notDeepEqual(openPaths(keyed, rotation), [])
  })
  test('without any change every grant that gives tokens is named', () => {
    const open = openPaths(facts(), [])
    for (const id of ['cgr_management', 'cgr_billing', 'cgr_system'])
      assert.ok(
        open.some((path) => path.includes(id)),
        id,
      )
  })
  test('a user grant is a path only for a client that has a flow of users, at an API that wants a grant', () => {
    const wants = [{identifier: 'https://billing.example', user_policy: 'require_client_grant'}]
    const flows = (...grant_types: string[]) => openPaths(withClient({grant_types}, {apis: wants}), deletions)
    const named = (open: readonly string[]) => open.some((path) => path.includes('cgr_user'))
    assert.deepEqual([named(flows('client_credentials')), named(flows('client_credentials', 'password'))], [false, true])
    assert.equal(named(openPaths(withClient({grant_types: ['password']}), [])), false, 'an API that lets everybody in')
  })
  test('deleted grants are closed; system grants stay and are named', () => {
    const open = openPaths(facts(), deletions)
    assert.equal(
      open.some((path) => path.includes('cgr_management') || path.includes('cgr_billing')),
      false,
    )
    assert.ok(open.some((path) => path.includes('cgr_system') && path.includes('system grant')))
  })
  test('user flows are named while the secret lives', () => {
    const open = openPaths(withClient({grant_types: ['client_credentials', 'password']}), deletions)
    assert.ok(open.some((path) => path.includes('password')))
  })
  test('a client that may not ask for itself has no path by client grants', () => {
    const open = openPaths(withClient({grant_types: ['authorization_code']}, {grants: facts().snapshot.grants.slice(0, 2)}), [])
    assert.equal(
      open.some((path) => path.includes('cgr_')),
      false,
    )
  })
  const defaults = [
    {id: 'cgr_default', default_for: 'third_party_clients', audience: 'https://billing.example', scope: []},
  ] as never
  test('a third-party client falls back to default grants, after a rotation only where its own was taken', () => {
    const third = withClient({is_first_party: false}, {default_grants: defaults})
    assert.ok(openPaths(third, deletions).some((path) => path.includes('cgr_default')))
    assert.deepEqual(openPaths(third, rotation), [])
    assert.deepEqual(
      openPaths(third, [...deletions, ...rotation]).map((path) => path.includes('cgr_default')),
      [true],
    )
  })
  test('default grants are nothing to a client of our own', () => {
    assert.equal(
      openPaths(withClient({}, {default_grants: defaults}), deletions).some((path) => path.includes('cgr_default')),
      false,
    )
  })
})

suite('what an issued token can still undo', () => {
  const grant = (scope: readonly string[], more = {}) => ({id: 'g', client_id: 'app1', audience: MANAGEMENT, scope, ...more})
  const held = (...grants: ReturnType<typeof grant>[]) => aSnapshot({grants})
  test('each scope of the promise counts, on the Management API only', () => {
    for (const scope of REOPENING_SCOPES) {
      assert.deepEqual(reopeningScopes(held(grant([scope, 'read:users']))), [scope])
      assert.deepEqual(reopeningScopes(held({...grant([scope]), audience: 'https://billing.example'})), [])
    }
    assert.deepEqual(reopeningScopes(held(grant(['read:users', 'delete:client_grants', 'update:clients']))), [])
  })
  test('all scopes are all of them', () =>
    assert.deepEqual(reopeningScopes(held(grant([], {allow_all_scopes: true}))), [...REOPENING_SCOPES]))
  test('the leaked token adds its own; one that could get at no secret is all there is', () => {
    const token = (scopes: readonly string[]) => ({audiences: [MANAGEMENT], scopes})
    assert.deepEqual(reopeningScopes(held(), token(['read:client_keys'])), ['read:client_keys'])
    assert.deepEqual(reopeningScopes(held(grant(['create:client_grants'])), token(['read:client_keys'])), [
      'read:client_keys',
      'create:client_grants',
    ])
    assert.deepEqual(reopeningScopes(held(grant(['read:client_keys'])), token(['read:users'])), [])
    assert.deepEqual(reopeningScopes(held(grant(['read:client_keys'])), token(['create:client_grants'])), [
      'create:client_grants',
    ])
    assert.deepEqual(reopeningScopes(held(grant(['read:client_keys'])), token([])), ['read:client_keys'])
  })
})

test('whether a token could read a secret is judged by its own scopes, else by the grant', () => {
  assert.equal(tokenCouldReadSecrets(facts(['read:users'])), false)
  assert.equal(tokenCouldReadSecrets(facts(['read:client_keys'])), true)
  const known = {...facts(['read:client_keys']), leaked_token: {audiences: [MANAGEMENT], scopes: ['read:users']}}
  assert.equal(tokenCouldReadSecrets(known), false)
  assert.equal(
    tokenCouldReadSecrets({...facts(['read:users']), leaked_token: {audiences: [MANAGEMENT], scopes: ['update:clients']}}),
    true,
  )
})
