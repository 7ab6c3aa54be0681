import {deepEqual, equal, ok} from 'node:assert/strict'
import {suite, test} from 'node:test'

import {reachable, tokenPaths, type TokenPath} from '../../src/incident/token-paths.ts'
import type {TenantSnapshot} from '../../src/incident/tenant-snapshot.ts'
import {assessMade} from '../support/assess-made.ts'
import {aPlan, aSnapshot} from './facts.ts'

const BILLING = 'https://billing.example'

function asClient(client: Partial<TenantSnapshot['client']>, more: Partial<TenantSnapshot> = {}): TenantSnapshot {
  const made = aSnapshot(more)
  return {...made, client: {...made.client, ...client}}
}

const openAt = (paths: readonly TokenPath[], audience = BILLING) =>
  paths.filter((path) => path.open && path.audience === audience)

suite('what was assessed is what the token endpoint does', () => {
  test('for 150 tenants out of a seed, before and after a plan', async () => {
    const seed = Math.floor(Math.random() * 1e6)
    const {differences, requests, tokens} = await assessMade({seed, tenants: 150})
    deepEqual(differences.slice(0, 3), [], `seed ${seed}`)
    ok(requests > 3_000 && tokens > 300, `${requests} requests, ${tokens} tokens`)
  })
})

suite('paths to a token', () => {
  test('a default grant is shut while the own one stands, and takes over when that is deleted, also from the new secret', () => {
    const shared = {id: 'cgr_default', default_for: 'third_party_clients', audience: BILLING, scope: ['read:invoices']}
    const snapshot = asClient({is_first_party: false, third_party_security_mode: 'strict'}, {default_grants: [shared]})
    deepEqual(
      openAt(tokenPaths(snapshot)).map((path) => path.via),
      ['client_grant'],
    )
    const after = openAt(tokenPaths(snapshot, aPlan()))
    deepEqual(
      after.map(({via, credential}) => [via, credential]),
      [['default_third_party_grant', 'new_secret']],
    )
    ok(after[0]?.closes?.includes('grant types'))
  })
  test('a third-party client in strict mode has no path to a system API, in permissive mode it has', () => {
    const at = (mode: string) => asClient({is_first_party: false, third_party_security_mode: mode})
    const audience = at('strict').management_audience
    deepEqual([openAt(tokenPaths(at('strict')), audience).length, openAt(tokenPaths(at('permissive')), audience).length], [0, 1])
  })
  test('a policy that nobody here knows counts as open, one that is not shown as the default', () => {
    const api = (client_policy?: string) => [
      {identifier: 'https://new.example', ...(client_policy === undefined ? {} : {client_policy})},
    ]
    const open = (policy?: string) => openAt(tokenPaths(aSnapshot({apis: api(policy)})), 'https://new.example').length
    deepEqual(
      [open('anonymous_only'), open('allow_all'), open('deny_all'), open('require_client_grant'), open()],
      [1, 1, 0, 0, 0],
    )
  })
  test('ties to organisations that could not be read count as any', () => {
    const grant = {id: 'cgr_o', client_id: 'app1', audience: BILLING, scope: [], organization_usage: 'require'}
    const open = (organizations: TenantSnapshot['organizations']) =>
      openAt(tokenPaths(aSnapshot({grants: [grant], organizations}))).length
    deepEqual([open({cgr_o: null}), open({cgr_o: []}), open({cgr_o: [{id: 'org_1'}]})], [1, 0, 1])
  })
  test('an expired key, an unbound one and a hidden secret are shown, and shut', () => {
    const snapshot = asClient(
      {client_authentication_methods: {private_key_jwt: {credentials: [{id: 'cred_a'}, {id: 'cred_b'}]}}},
      {
        credentials: [
          {id: 'cred_a', credential_type: 'public_key', expires_at: '2026-11-22T02:59:59Z'},
          {id: 'cred_b', credential_type: 'public_key'},
          {id: 'cred_c', credential_type: 'public_key'},
        ],
      },
    )
    const at = tokenPaths(snapshot).filter((path) => path.audience === BILLING && path.subject === 'client')
    deepEqual(
      at.map(({credential, credential_id, open}) => [credential_id ?? credential, open]),
      [
        ['cred_a', false],
        ['cred_b', true],
        ['secret', false],
        ['cred_c', false],
      ],
    )
    // Auth0 refuses to rotate for such a client, so the step of the plan closes nothing.
    equal(reachable(tokenPaths(snapshot, aPlan({keep_grants: true}))).length > 0, true)
  })
  test('what needs no credential is no path of a leaked one', () => {
    const snapshot = asClient(
      {token_endpoint_auth_method: 'none', grant_types: ['password', 'client_credentials']},
      {apis: [{identifier: BILLING}]},
    )
    deepEqual(
      openAt(tokenPaths(snapshot)).map(({subject, credential}) => [subject, credential]),
      [['user', 'none']],
    )
    deepEqual(reachable(tokenPaths(snapshot)), [])
  })
  test('where a plan takes a user grant, refreshing counts as open: nothing says that it stops', () => {
    const snapshot = asClient(
      {grant_types: ['authorization_code', 'refresh_token']},
      {apis: [{identifier: BILLING, user_policy: 'require_client_grant'}]},
    )
    const after = openAt(tokenPaths(snapshot, aPlan({rotate: false, include_user_grants: true})))
    deepEqual(
      after.map(({grant_types, grant_id}) => [grant_types, grant_id]),
      [[['refresh_token'], 'cgr_user']],
    )
    deepEqual(openAt(tokenPaths(snapshot, aPlan({include_user_grants: true}))), [], 'with the secret dead nobody refreshes')
  })
  test('every path has its own id', () => {
    for (const paths of [tokenPaths(aSnapshot()), tokenPaths(aSnapshot(), aPlan())])
      equal(new Set(paths.map((path) => path.id)).size, paths.length)
  })
})
