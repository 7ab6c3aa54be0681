import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {NOBODY, noSecrets, run} from '../support/cli.ts'
import {newHome, practiceTenant} from '../support/run-stanch.ts'

const names = (things: readonly Readonly<Record<string, unknown>>[], member: string): string[] =>
  things.map((one) => String(one[member])).sort()

describe('stanch client and grant list', () => {
  test('client list: every application of the tenant, none with its secret, and no request but reads', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const ran = await run(home, ['client', 'list', '--json'], {env: tenant.connection})
    equal(ran.code, 0, ran.stderr)
    const {clients} = ran.json() as any
    deepEqual(names(clients, 'name'), names(tenant.tenant.clients(), 'name'))
    for (const client of clients)
      for (const member of ['client_secret', 'signing_keys', 'encryption_key']) ok(!(member in client))
    match(ran.stderr, /^SIMULATED tenant 127\.0\.0\.1:\d+/)
    const lines = await run(home, ['client', 'list'], {env: tenant.connection})
    match(lines.stdout, /^client_id +name +type +proves by$/m)
    match(lines.stdout, /billing-sync/)
    deepEqual(tenant.tenant.changes(), [])
    noSecrets(tenant, ran, lines)
  })

  test('client show: grants, keys without their values, and how long its tokens live', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home, {scenario: 'private-key'})
    const {client_id} = tenant.practice.leak
    const env = tenant.withToken(['read:clients', 'read:client_grants', 'read:client_credentials', 'read:resource_servers'])
    // the operator's grant does not hold read:client_credentials; a ready-made token may
    const ran = await run(home, ['client', 'show', client_id, '--json'], {env})
    equal(ran.code, 0, ran.stderr)
    const view = ran.json() as any
    equal(view.client_id, client_id)
    equal(view.grants.length, 3)
    equal(view.credentials.length, 1)
    equal(view.credentials[0].credential_type, 'public_key')
    ok(!('pem' in view.credentials[0]))
    deepEqual(
      view.lifetimes.map((one: any) => [one.token_lifetime_seconds, one.lifetime_source]),
      [
        [86_400, 'tenant'],
        [86_400, 'tenant'],
        [7200, 'tenant'],
      ],
    )
    deepEqual(view.evidence_gaps, [])
    const lines = await run(home, ['client', 'show', client_id], {env})
    match(lines.stdout, /^Proves by: {2}private_key_jwt$/m)
    match(lines.stdout, /^Tokens for Ledger API live 2 h 00 m$/m)
    noSecrets(tenant, ran, lines)
  })

  test('client show: what a missing scope hides is an evidence gap, and 30 days are assumed', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const ran = await run(home, ['client', 'show', tenant.practice.leak.client_id, '--json'], {
      env: tenant.withToken(['read:clients', 'read:client_grants']),
    })
    equal(ran.code, 0, ran.stderr)
    const view = ran.json() as any
    equal(view.credentials, null)
    ok(view.lifetimes.every((one: any) => one.token_lifetime_seconds === 2_592_000 && one.lifetime_source === 'assumed_max'))
    deepEqual(view.evidence_gaps.map((gap: any) => gap.code).sort(), [
      'credentials_unreadable',
      'lifetime_unreadable',
      'lifetime_unreadable',
      'lifetime_unreadable',
    ])
  })

  test('grant list: the grants of one client in wire form', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id} = tenant.practice.leak
    const ran = await run(home, ['grant', 'list', '--client', client_id, '--json'], {env: tenant.connection})
    equal(ran.code, 0, ran.stderr)
    const found = ran.json() as any
    deepEqual(Object.keys(found), ['client_id', 'grants'])
    deepEqual(names(found.grants, 'id'), names(tenant.tenant.grants(client_id), 'id'))
    ok(
      found.grants.every(
        (one: any) => one.client_id === client_id && typeof one.audience === 'string' && Array.isArray(one.scope),
      ),
    )
    const lines = await run(home, ['grant', 'list', '--client', client_id], {env: tenant.connection})
    match(lines.stdout, /cgr_\w+ on https:\/\/ledger\.acme\.example\/: post:entries/)
  })

  test('no such client is exit 2, a missing scope exit 4, each with its code', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const unknown = await run(home, ['client', 'show', 'Zz9Zz9Zz9Zz9Zz9Zz9Zz9Zz9Zz9Zz9Zz', '--json'], {env: tenant.connection})
    equal(unknown.code, 2)
    equal((unknown.json() as any).error.code, 'auth0.not_found')
    const blind = await run(home, ['grant', 'list', '--client', tenant.practice.leak.client_id, '--json'], {
      env: tenant.withToken(['read:clients']),
    })
    equal(blind.code, 4)
    equal((blind.json() as any).error.code, 'auth0.scope_missing')
  })

  test('missing flags and arguments, no connection, a wrong secret, nobody there', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    equal((await run(home, ['grant', 'list'], {env: tenant.connection})).code, 2)
    equal((await run(home, ['client', 'show'], {env: tenant.connection})).code, 2)
    equal((await run(home, ['client', 'list', '--nonsense'], {env: tenant.connection})).code, 2)
    const unconnected = await run(home, ['client', 'list', '--json'])
    equal(unconnected.code, 2)
    equal((unconnected.json() as any).error.code, 'config.no_connection')
    equal(
      (await run(home, ['client', 'list'], {env: {...tenant.connection, AUTH0_CLIENT_SECRET: 'not-the-secret-0123456789'}})).code,
      4,
    )
    const silent = await run(home, ['client', 'list', '--json'], {env: NOBODY})
    equal(silent.code, 75)
    equal((silent.json() as any).error.code, 'auth0.unreachable')
  })

  test('a hostile name of an application cannot speak to the terminal', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id} = tenant.tenant.addClient({name: '\u001b]0;owned\u0007\u202egpj', grant_types: ['client_credentials']})
    for (const argv of [
      ['client', 'list'],
      ['client', 'list', '--json'],
      ['client', 'show', client_id],
    ]) {
      const ran = await run(home, argv, {env: tenant.connection})
      equal(ran.code, 0, ran.stderr)
      for (const character of ['\u001b', '\u0007', '\u202e']) ok(!(ran.stdout + ran.stderr).includes(character))
    }
  })
})
