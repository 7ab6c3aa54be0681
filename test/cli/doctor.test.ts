import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'

import {CAPABILITIES} from '../../src/incident/capabilities.ts'
import {newHome, practiceTenant, stanch} from '../support/run-stanch.ts'
import type {Home, Ran, RunOptions} from '../support/run-stanch.ts'

interface Checked {
  readonly check: string
  readonly ok: string
  readonly detail: string
  readonly hint?: string
}

async function doctor(
  home: Home,
  options: RunOptions = {},
  argv: readonly string[] = [],
): Promise<Ran & {checks: Checked[]; of: (check: string) => Checked | undefined}> {
  const ran = await stanch(home, ['doctor', '--json', ...argv], options)
  const checks = ran.json()['checks'] as Checked[]
  return {...ran, checks, of: (check) => checks.find((one) => one.check === check)}
}

const ASSESS = ['read:clients', 'read:client_grants', 'read:resource_servers']

describe('stanch doctor, this machine', () => {
  test('works without a connection, exits 0 and leaves nothing behind', async (t) => {
    const home = newHome(t)
    const ran = await doctor(home)
    equal(ran.code, 0, ran.stderr)
    equal(ran.json()['tenant'], null)
    equal(ran.of('connection')?.ok, 'warn')
    deepEqual(readdirSync(home.data), [])
    equal(existsSync(home.config), false)
  })

  test('people get one line a check, with what to do under what is not in order', async (t) => {
    const ran = await stanch(newHome(t), ['doctor'], {env: {HTTPS_PROXY: 'http://proxy.example:3128'}})
    match(ran.stdout, /^ {2}ok {2}node +Node \d+/m)
    match(ran.stdout, /^warn {2}proxy .*\n +> If the tenant/m)
    ok(!ran.stdout.includes('proxy.example'))
  })

  for (const [what, env, check] of [
    ['certificate checks that are off', {NODE_TLS_REJECT_UNAUTHORIZED: '0'}, 'tls'],
    ['NODE_OPTIONS that open a debugger', {NODE_OPTIONS: '--inspect-port=127.0.0.1:0'}, 'node-options'],
    ['a debugger that NODE_OPTIONS opened', {NODE_OPTIONS: '--inspect=127.0.0.1:0'}, 'inspector'],
    ['a library in between', {LD_PRELOAD: '/nowhere.so'}, 'inspector'],
    ['NODE_OPTIONS that write TLS keys', {NODE_OPTIONS: '--tls-keylog=/dev/null'}, 'node-options'],
    ['NODE_OPTIONS that load code', {NODE_OPTIONS: '--import=data:text/javascript,0'}, 'node-options'],
  ] as const) {
    test(`${what}: a fail, exit 2`, async (t) => {
      const ran = await doctor(newHome(t), {env})
      equal(ran.of(check)?.ok, 'fail')
      equal(ran.code, 2)
    })
  }

  for (const [what, env, check] of [
    ['harmless NODE_OPTIONS', {NODE_OPTIONS: '--max-old-space-size=512'}, 'node-options'],
    ['an authority of somebody else', {SSL_CERT_FILE: '/nowhere.pem'}, 'tls-authorities'],
    ['a PATH through the working folder', {PATH: ':/usr/bin'}, 'path'],
  ] as const) {
    test(`${what}: a warning, exit 0`, async (t) => {
      const ran = await doctor(newHome(t), {env})
      equal(ran.of(check)?.ok, 'warn')
      equal(ran.code, 0)
    })
  }

  test('a data folder that others can change is a fail, one that they can read a warning', async (t) => {
    const home = newHome(t)
    chmodSync(home.data, 0o777)
    const open = await doctor(home)
    equal(open.of('data-folder')?.ok, 'fail')
    equal(open.code, 2)
    chmodSync(home.data, 0o755)
    equal((await doctor(home)).of('data-folder')?.ok, 'warn')
  })

  test('a file where the data folder should be is a fail', async (t) => {
    const home = newHome(t)
    const file = path.join(home.folder, 'file')
    writeFileSync(file, '')
    const ran = await doctor(home, {env: {STANCH_DATA_DIR: file}})
    equal(ran.of('data-folder')?.ok, 'fail')
    equal(ran.code, 2)
  })

  test('something else called stanch in the working folder is named', async (t) => {
    const home = newHome(t)
    mkdirSync(path.join(home.folder, 'node_modules/.bin'), {recursive: true})
    writeFileSync(path.join(home.folder, 'node_modules/.bin/stanch'), '')
    equal((await doctor(home)).of('working-folder')?.ok, 'warn')
    const other = newHome(t)
    writeFileSync(path.join(other.folder, 'package.json'), '{"name":"stanch"}')
    equal((await doctor(other)).of('working-folder')?.ok, 'warn')
    writeFileSync(path.join(other.folder, 'package.json'), '{"name":"billing"')
    equal((await doctor(other)).of('working-folder')?.ok, 'ok')
  })

  test('a trail that was tampered with is a fail, exit 5', async (t) => {
    const home = newHome(t)
    equal((await stanch(home, ['drill', '--yes'])).code, 0)
    equal((await doctor(home)).of('trail-sim')?.ok, 'ok')
    const records = path.join(home.data, 'trail-sim/records')
    const [segment = ''] = readdirSync(records)
    appendFileSync(path.join(records, segment), '{"v":1}\n')
    const ran = await doctor(home)
    equal(ran.of('trail-sim')?.ok, 'fail')
    equal(ran.code, 5)
  })
})

describe('stanch doctor, the tenant', () => {
  test('says who the credential is, sends reads only, and exits 0 where the required scopes are there', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const ran = await doctor(home, {env: tenant.connection})
    equal(ran.code, 0, ran.stdout)
    const {operator, simulated} = ran.json() as {operator: {client_id: string; scopes: string[]}; simulated: boolean}
    equal(simulated, true)
    equal(operator.client_id, tenant.practice.operator.client_id)
    ok(operator.scopes.includes('update:client_keys'))
    equal(ran.of('clock')?.ok, 'ok')
    match(ran.of('rate-limit')?.detail ?? '', /\d+ of \d+ requests left/)
    deepEqual(tenant.tenant.changes(), [])
    ok(!(ran.stdout + ran.stderr).includes(tenant.practice.operator.client_secret))
  })

  test('a capability a check, with what is missing and what happens then', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const ran = await doctor(home, {env: tenant.withToken(ASSESS)})
    equal(ran.code, 0)
    for (const {id} of CAPABILITIES) ok(ran.of(`scopes.${id}`), id)
    equal(ran.of('scopes.assess')?.ok, 'ok')
    equal(ran.of('scopes.rotate')?.ok, 'warn')
    match(ran.of('scopes.rotate')?.detail ?? '', /update:client_keys missing; rotating is a manual step/)
    const {capabilities} = ran.json() as {capabilities: {capability: string; missing_scopes: string[]}[]}
    deepEqual(capabilities.find((one) => one.capability === 'logs')?.missing_scopes, ['read:logs'])
    match(ran.of('scopes.hunt')?.detail ?? '', /read:custom_domains.* missing; hunts .* see nothing/)
  })

  for (const left of ASSESS) {
    test(`without ${left} it exits 4`, async (t) => {
      const home = newHome(t)
      const tenant = await practiceTenant(t, home)
      const ran = await doctor(home, {env: tenant.withToken(ASSESS.filter((scope) => scope !== left))})
      equal(ran.code, 4)
      equal(ran.of('scopes.assess')?.ok, 'fail')
    })
  }

  test('strong rights and rights that are never used are named', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const ran = await doctor(home, {
      env: tenant.withToken([...ASSESS, 'create:clients', 'create:client_grants', 'update:users', 'read:users']),
    })
    equal(ran.code, 0)
    equal(ran.of('scopes.setup')?.ok, 'warn')
    match(ran.of('scopes.unused')?.detail ?? '', /update:users/)
  })

  test('a wrong secret exits 4, a tenant that is not there 75, plain http 2', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const wrong = await doctor(home, {env: {...tenant.connection, AUTH0_CLIENT_SECRET: 'wrong-secret-of-somebody'}})
    equal(wrong.code, 4)
    ok(!(wrong.stdout + wrong.stderr).includes('wrong-secret-of-somebody'))
    await tenant.stop()
    equal((await doctor(home, {env: tenant.connection})).code, 75)
    equal((await doctor(home, {env: {...tenant.connection, AUTH0_DOMAIN: 'http://acme.example'}})).code, 2)
  })
})
