import {deepEqual, equal, match, rejects} from 'node:assert/strict'
import {test} from 'node:test'

import {StanchError} from '../../src/errors.ts'
import {huntSets, tenantSets} from '../../src/execution/hunt-sets.ts'
import type {Asked} from '../../src/execution/hunt-sets.ts'

/** A tenant that answers what it is told to. */
function tenant(more: Partial<Asked> = {}): Asked {
  return {
    audience: 'https://northwind.us.auth0.com/api/v2/',
    async *listClients() {
      yield {client_id: 'a', name: 'Billing'}
      yield {client_id: 'b', name: 'API Explorer Application'}
      yield {client_id: 'c', name: 'All Applications', global: true}
    },
    listCustomDomains: async () => [{domain: 'login.northwind.example', status: 'ready'}],
    listNetworkAcls: async () => [{id: 'acl_Fence', active: true}],
    ...more,
  }
}

const missing = (scope: string) => () => Promise.reject(new StanchError('auth0.scope_missing', `Our client lacks ${scope}.`))
const shown = async (asked: Asked | undefined) => {
  const {sets, not_seen} = await tenantSets(asked)
  return {sets: Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, [...set]])), not_seen}
}

test('the tenant says who its Explorer and its global client are, which host is its own, and which lists it has', async () => {
  deepEqual(await shown(tenant()), {
    sets: {
      explorer_clients: ['b'],
      dashboard_clients: ['c'],
      canonical_hosts: ['northwind.us.auth0.com'],
      fence_acls: ['acl_Fence'],
    },
    not_seen: [],
  })
})

test('without a custom domain in use there is no guard to avoid', async () => {
  const none = await shown(tenant({listCustomDomains: async () => []}))
  const pending = await shown(tenant({listCustomDomains: async () => [{domain: 'x.example', status: 'pending_verification'}]}))
  deepEqual([none.sets['canonical_hosts'], pending.sets['canonical_hosts']], [[], []])
})

test('what a scope hides makes its question blind, and that is said with the scope', async () => {
  const {sets, not_seen} = await shown(
    tenant({listCustomDomains: missing('read:custom_domains'), listNetworkAcls: missing('read:network_acls')}),
  )
  deepEqual(Object.keys(sets), ['explorer_clients', 'dashboard_clients'])
  equal(not_seen.length, 2)
  match(not_seen[0]?.what ?? '', /^H27/)
  match(not_seen[0]?.why ?? '', /read:custom_domains/)
  match(not_seen[1]?.what ?? '', /^H29/)
})

test('without a connection every such question is blind; beyond 500 applications that is said, too', async () => {
  deepEqual(
    (await shown(undefined)).not_seen.map(({what}) => what.slice(0, 3)),
    ['H7 ', 'H27', 'H29'],
  )
  const many = tenant({
    async *listClients() {
      for (let i = 0; i < 501; i++) yield {client_id: `c${i}`, name: i === 500 ? 'API Explorer Application' : 'x'}
    },
  })
  const {sets, not_seen} = await shown(many)
  deepEqual(sets['explorer_clients'], [])
  match(not_seen[0]?.why ?? '', /more than 500/)
})

test('an interruption is none of that: it ends the hunt', async () => {
  const stopped = () => Promise.reject(new StanchError('interrupted', 'Interrupted.'))
  await rejects(tenantSets(tenant({listCustomDomains: stopped})), {code: 'interrupted'})
})

test('our own clients may hold rights, and what a person names is meant to be on an allow list', () => {
  const token = {seq: 1, at: 0, sid: 's', client_id: 'own', jti: 'ours'}
  const sets = huntSets({intents: [], tokens: [token], opened_at: 0}, ['198.51.100.0/24'], 'operator')
  deepEqual([...(sets.trusted_clients ?? [])], ['own', 'operator'])
  deepEqual([...(sets.known_allowlist ?? [])], ['198.51.100.0/24'])
  deepEqual([...(sets.own_tokens ?? [])], ['ours'])
})
