import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {existsSync, mkdirSync, readFileSync, readdirSync, statSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'
import type {TestContext} from 'node:test'

import {advisedCapabilities, CAPABILITIES, scopesOf} from '../../src/incident/capabilities.ts'
import {readTrail} from '../../src/trail/read-trail.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {newHome, practiceTenant, stanch} from '../support/run-stanch.ts'
import type {Home, PracticeTenant} from '../support/run-stanch.ts'

const HAND_MADE = ['read:clients', 'create:clients', 'read:client_grants', 'create:client_grants', 'read:resource_servers']

interface Made {
  readonly name: string
  readonly client_id?: string
  readonly scopes: string[]
  readonly client: string
  readonly grant: string
  readonly delivery?: {readonly sink: string; readonly result: string}
  readonly left?: string
}

async function ready(t: TestContext): Promise<{
  home: Home
  tenant: PracticeTenant
  sinks: string
  run: (argv: string[], env?: Record<string, string>) => ReturnType<typeof stanch>
}> {
  const home = newHome(t)
  const tenant = await practiceTenant(t, home)
  const sinks = path.join(home.folder, 'sinks')
  mkdirSync(sinks, {mode: 0o700})
  const run = (argv: string[], env = tenant.withToken(HAND_MADE)) => stanch(home, ['setup', ...argv, '--json'], {env})
  return {home, tenant, sinks, run}
}

const YES = ['--yes', '--reason', 'onboarding']

describe('stanch setup', () => {
  test('makes both clients with exactly their scopes, each secret in its own 0600 file and nowhere else', async (t) => {
    const {home, tenant, sinks, run} = await ready(t)
    const ran = await run([...YES, '--deliver', `file:${sinks}/{client}`])
    equal(ran.code, 0, ran.stdout + ran.stderr)
    const {status, clients} = ran.json() as {status: string; clients: Made[]}
    equal(status, 'done')
    deepEqual(
      clients.map((one) => one.name),
      ['stanch-assess', 'stanch-contain'],
    )
    for (const one of clients) {
      const file = path.join(sinks, one.name)
      const secret = readFileSync(file, 'utf8').trimEnd()
      equal(statSync(file).mode & 0o777, 0o600)
      equal(secret, tenant.tenant.secretOf(one.client_id ?? ''))
      const grants = tenant.tenant.grants().filter((grant) => grant.client_id === one.client_id)
      equal(grants.length, 1)
      deepEqual([...((grants[0]?.scope ?? []) as string[])].sort(), [...one.scopes].sort())
      for (const place of [ran.stdout, ran.stderr, everything(home.data)])
        ok(!place.includes(secret), 'the secret is elsewhere, too')
    }
    const assess = clients[0]?.scopes ?? []
    ok(!assess.some((scope) => /^(create|update|delete):|_keys$|_credentials$/.test(scope)), assess.join())
  })

  test('each change has its intent before and its outcome after, and the trail verifies', async (t) => {
    const {home, tenant, sinks, run} = await ready(t)
    equal((await run(['assess', ...YES, '--deliver', `file:${sinks}/secret`])).code, 0)
    equal(tenant.tenant.unlogged(), 0)
    const log = path.join(home.data, 'trail-sim')
    const records = [...readTrail(log)]
    const kinds = records
      .filter((one) => one['action'] === 'client.create' || one['action'] === 'client_grant.create')
      .map((one) => `${one.kind} ${String(one['action'])}`)
    deepEqual(kinds, [
      'intent client.create',
      'outcome client.create',
      'observe client.create',
      'intent client_grant.create',
      'outcome client_grant.create',
    ])
    ok(records.every((one) => one['inc'] === undefined))
    equal(records.filter((one) => one.kind === 'deliver').length, 1)
    const verified = verifyFolder(log)
    equal(verified.ok && verified.complete, true, JSON.stringify(verified.findings))
  })

  test('the new client works: doctor finds what it was made for', async (t) => {
    const {home, tenant, sinks, run} = await ready(t)
    const made = (await run(['contain', ...YES, '--deliver', `file:${sinks}/secret`])).json() as {clients: Made[]}
    const env = {
      AUTH0_DOMAIN: tenant.origin,
      AUTH0_CLIENT_ID: made.clients[0]?.client_id ?? '',
      AUTH0_CLIENT_SECRET: readFileSync(`${sinks}/secret`, 'utf8').trimEnd(),
    }
    const ran = await stanch(home, ['doctor', '--json'], {env})
    equal(ran.code, 0, ran.stdout)
    const {operator} = ran.json() as {operator: {scopes: string[]}}
    deepEqual([...operator.scopes].sort(), scopesOf(advisedCapabilities('stanch-contain')).sort())
  })

  test('--capabilities takes exactly those', async (t) => {
    const {sinks, run} = await ready(t)
    const ran = await run([
      'contain',
      ...YES,
      '--deliver',
      `file:${sinks}/secret`,
      '--capabilities',
      'assess',
      '--capabilities',
      'delete-grants',
    ])
    const {clients} = ran.json() as {clients: Made[]}
    deepEqual(clients[0]?.scopes, ['read:clients', 'read:client_grants', 'read:resource_servers', 'delete:client_grants'])
  })

  test('a client of that name is never touched: exit 3, nothing sent', async (t) => {
    const {tenant, sinks, run} = await ready(t)
    tenant.tenant.addClient({name: 'stanch-contain', app_type: 'non_interactive'})
    const before = tenant.tenant.changes().length
    const ran = await run([...YES, '--deliver', `file:${sinks}/{client}`])
    equal(ran.code, 3)
    match(ran.stdout, /guard\.client_exists/)
    equal(tenant.tenant.changes().length, before)
    deepEqual(readdirSync(sinks), [])
  })

  for (const left of ['read:clients', 'create:clients', 'create:client_grants']) {
    test(`without ${left} it stops before anything is sent: exit 4`, async (t) => {
      const {home, tenant, sinks, run} = await ready(t)
      const ran = await run(
        [...YES, '--deliver', `file:${sinks}/{client}`],
        tenant.withToken(HAND_MADE.filter((scope) => scope !== left)),
      )
      equal(ran.code, 4)
      match(ran.stdout, new RegExp(left))
      deepEqual(tenant.tenant.changes(), [])
      equal(existsSync(path.join(home.data, 'trail-sim')), false)
    })
  }

  for (const [what, argv, code] of [
    ['no consent', ['--reason', 'x', '--deliver', 'file:/tmp/{client}'], 3],
    ['no reason', ['--yes', '--deliver', 'file:/tmp/{client}'], 2],
    ['no sink', YES, 2],
    ['one file for two secrets', [...YES, '--deliver', 'file:/tmp/secret'], 2],
    ['a sink that is a folder that is not there', [...YES, '--deliver', 'file:/nowhere/at/all/{client}'], 2],
    ['a terminal where there is none', [...YES, '--deliver', 'prompt'], 2],
    ['capabilities without a client', [...YES, '--deliver', 'file:/tmp/{client}', '--capabilities', 'assess'], 2],
    ['an unknown capability', ['assess', ...YES, '--deliver', 'file:/tmp/x', '--capabilities', 'everything'], 2],
    ['an unknown client', ['admin', ...YES, '--deliver', 'file:/tmp/x'], 2],
  ] as const) {
    test(`${what}: exit ${code}, nothing changed`, async (t) => {
      const {tenant, run} = await ready(t)
      equal((await run([...argv])).code, code)
      deepEqual(tenant.tenant.changes(), [])
    })
  }

  test('a dry run sends reads only and needs neither consent nor sink', async (t) => {
    const {home, tenant, run} = await ready(t)
    const ran = await run(['--dry-run'])
    equal(ran.code, 0)
    equal(ran.json()['status'], 'planned')
    deepEqual(tenant.tenant.changes(), [])
    equal(existsSync(path.join(home.data, 'trail-sim')), false)
  })

  test('an answer that was lost is settled by looking, never sent again: exit 6', async (t) => {
    const {home, tenant, sinks, run} = await ready(t)
    tenant.tenant.fault({on: 'client.create', do: 'lose_answer'})
    const ran = await run(['assess', ...YES, '--deliver', `file:${sinks}/secret`])
    equal(ran.code, 6)
    const {clients, next} = ran.json() as {clients: Made[]; next: string[]}
    equal(clients[0]?.client, 'in_doubt')
    equal(clients[0]?.grant, 'not_attempted')
    match(next[0] ?? '', /delete it in the Dashboard/)
    equal(tenant.tenant.count('client.create'), 1)
    equal(verifyFolder(path.join(home.data, 'trail-sim')).complete, true)
  })

  test('a sink that fails keeps the secret in a 0600 file: exit 6', async (t) => {
    const {home, tenant, run} = await ready(t)
    const ran = await run(['assess', ...YES, '--deliver', 'exec:/bin/false'])
    equal(ran.code, 6)
    const {clients} = ran.json() as {clients: Made[]}
    equal(clients[0]?.delivery?.result, 'failed')
    const [file = ''] = readdirSync(path.join(home.data, 'setup'))
    equal(statSync(path.join(home.data, 'setup', file)).mode & 0o777, 0o600)
    equal(
      readFileSync(path.join(home.data, 'setup', file), 'utf8').trimEnd(),
      tenant.tenant.secretOf(clients[0]?.client_id ?? ''),
    )
  })

  test('a refused client leaves no grant: exit 6', async (t) => {
    const {tenant, sinks, run} = await ready(t)
    tenant.tenant.fault({on: 'client.create', do: 'status', status: 403})
    const ran = await run(['assess', ...YES, '--deliver', `file:${sinks}/secret`])
    equal(ran.code, 6)
    equal((ran.json()['clients'] as Made[])[0]?.client, 'refused')
    equal(tenant.tenant.count('client_grant.create'), 0)
  })
})

describe('the capabilities', () => {
  test('strong rights are in no client that only looks', () => {
    const assess = advisedCapabilities('stanch-assess')
    ok(assess.length > 0)
    ok(CAPABILITIES.filter((one) => assess.includes(one.id)).every((one) => !one.strong))
  })

  test('rights that widen rights are in no advised client', () => {
    for (const client of ['stanch-assess', 'stanch-contain'] as const) {
      const scopes = scopesOf(advisedCapabilities(client))
      for (const scope of ['create:clients', 'create:client_grants', 'update:client_grants', 'read:client_credentials'])
        ok(!scopes.includes(scope))
    }
  })
})

/** All files below a folder, as one text. */
function everything(folder: string): string {
  return readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('\n')
}
