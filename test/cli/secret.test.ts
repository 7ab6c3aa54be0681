import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {generateKeyPairSync} from 'node:crypto'
import {existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'

import {contained, fileOf, NOBODY, noSecrets, noSecretsOnDisk, run} from '../support/cli.ts'
import {newHome, practiceTenant} from '../support/run-stanch.ts'
import type {Home} from '../support/run-stanch.ts'

/** Tokens that the tenant issued to a client. */
const minted = (tenant: Awaited<ReturnType<typeof practiceTenant>>, client: string) =>
  tenant.tenant.logs().filter((entry) => entry['type'] === 'seccft' && entry['client_id'] === client).length

describe('stanch secret verify', () => {
  test('a dead secret and a live one are proven by probes that mint no token and change nothing', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id, value} = tenant.practice.leak
    const fresh = tenant.tenant.rotate(client_id)
    const before = minted(tenant, client_id)
    const started = tenant.tenant.clock.now()
    const ran = await run(
      home,
      [
        'secret',
        'verify',
        '--client',
        client_id,
        '--credential-file',
        fileOf(home, 'old', `${value}\n`),
        '--new-credential-file',
        '-',
        '--json',
      ],
      {env: tenant.connection, stdin: fresh},
    )
    equal(ran.code, 0, ran.stderr + ran.stdout)
    const found = ran.json() as any
    deepEqual(Object.keys(found), ['client_id', 'tenant', 'simulated', 'proof', 'evidence_gaps', 'next'])
    deepEqual(
      found.proof.map((one: any) => [one.claim, one.verdict]),
      [
        ['old_secret_refused', 'proven'],
        ['new_secret_accepted', 'proven'],
      ],
    )
    ok(found.proof[0].probes >= 3)
    ok(Date.parse(found.proof[0].last_at) / 1000 >= started + 35, 'the last refusal comes after the propagation')
    equal(found.simulated, true)
    deepEqual(found.evidence_gaps, [])
    deepEqual(found.next, [])
    deepEqual(tenant.tenant.changes(), [])
    equal(tenant.tenant.count('client_secret.rotate'), 0)
    equal(minted(tenant, client_id), before)
    ok(!existsSync(path.join(home.data, 'trail-sim')))
    noSecrets(tenant, ran)
  })

  test('a secret that is still accepted after the window is exit 5', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id, value} = tenant.practice.leak
    const ran = await run(home, ['secret', 'verify', '--client', client_id, '--credential-file', '-', '--json'], {
      env: tenant.connection,
      stdin: value,
    })
    equal(ran.code, 5)
    const {proof, next} = ran.json() as any
    equal(proof[0].verdict, 'failed')
    match(next[0], /^the old secret still works: stanch respond/)
    noSecrets(tenant, ran)
  })

  test('a window that is too short proves nothing: exit 6', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id, value} = tenant.practice.leak
    tenant.tenant.rotate(client_id)
    tenant.tenant.clock.advance(60)
    const ran = await run(
      home,
      ['secret', 'verify', '--client', client_id, '--credential-file', '-', '--verify-window', '10s', '--json'],
      {env: tenant.connection, stdin: value},
    )
    equal(ran.code, 6)
    const {proof, evidence_gaps} = ran.json() as any
    equal(proof[0].verdict, 'not_proven')
    equal(evidence_gaps[0].code, 'window_too_short')
  })

  test('answers that are no refusals prove nothing: exit 6', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id, value} = tenant.practice.leak
    tenant.tenant.rotate(client_id)
    // the operator's own token comes first, then every probe meets an error
    tenant.tenant.fault({on: 'token', nth: 2, times: 500, do: 'status', status: 503})
    const ran = await run(home, ['secret', 'verify', '--client', client_id, '--credential-file', '-', '--json'], {
      env: tenant.connection,
      stdin: value,
    })
    equal(ran.code, 6, ran.stderr)
    const {proof} = ran.json() as any
    equal(proof[0].verdict, 'not_proven')
    equal(proof[0].first_at, undefined)
  })

  test('a client that proves itself with a key: the secret says nothing about what leaked, and that is said', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home, {scenario: 'private-key'})
    const {client_id} = tenant.practice.leak
    const env = tenant.withToken(['read:clients', 'read:client_credentials', 'read:client_grants'])
    const ran = await run(home, ['secret', 'verify', '--client', client_id, '--credential-file', '-', '--json'], {
      env,
      stdin: 'some-old-secret-0123456789',
    })
    ok((ran.json() as any).evidence_gaps.some((gap: any) => gap.code === 'uses_key'))
  })

  test('missing and contradicting flags are exit 2, nobody there is 75', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id, value} = tenant.practice.leak
    const env = tenant.connection
    const verify = (argv: readonly string[], stdin = value) => run(home, ['secret', 'verify', ...argv], {env, stdin})
    equal((await verify(['--client', client_id])).code, 2)
    equal((await verify(['--credential-file', '-'])).code, 2)
    equal((await verify(['--client', client_id, '--credential-file', '-', '--new-credential-file', '-'])).code, 2)
    equal(
      (await verify(['--client', client_id, '--credential-file', '-', '--new-credential-file', fileOf(home, 'same', value)]))
        .code,
      2,
    )
    equal((await verify(['--client', client_id, '--credential-file', '-', '--verify-window', 'long'])).code, 2)
    equal((await verify(['--client', client_id, '--credential-file', '-'], '')).code, 2)
    equal(
      (await run(home, ['secret', 'verify', '--client', client_id, '--credential-file', '-'], {env: NOBODY, stdin: value})).code,
      75,
    )
  })
})

describe('stanch secret deliver', () => {
  const newSecrets = (home: Home, id: string) =>
    readdirSync(path.join(home.data, 'incidents', id)).filter((name) => name.startsWith('new-secret-'))

  test("after a failed delivery it takes the new secret from the incident's own file, without a connection, and records where it went", async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id, client, ran: first} = await contained(home, tenant, {deliver: 'exec:false', expect: 6})
    equal((first.json() as any).status, 'partial')
    equal(newSecrets(home, id).length, 1)
    const target = path.join(home.folder, 'delivered')
    const ran = await run(home, ['secret', 'deliver', '--incident', id, '--deliver', `file:${target}`, '--json'])
    equal(ran.code, 0, ran.stderr)
    const found = ran.json() as any
    deepEqual(Object.keys(found), ['incident_id', 'simulated', 'client_id', 'source', 'sink', 'result', 'fingerprint', 'next'])
    equal(found.result, 'ok')
    match(found.source, /new-secret-/)
    match(found.fingerprint, /^hmac-sha256:[0-9a-f]{64}$/)
    equal(readFileSync(target, 'utf8'), `${tenant.tenant.secretOf(client)}\n`)
    equal(statSync(target).mode & 0o777, 0o600)
    equal(found.next[0], `stanch resume ${id}`)
    const records = (await run(home, ['audit', 'show', '--incident', id, '--kind', 'deliver', '--json'])).json() as any
    deepEqual(
      records.map((one: any) => one.result),
      ['failed', 'ok'],
    )
    equal(records[1].fingerprint, found.fingerprint)
    equal(tenant.tenant.count('client_secret.rotate'), 1)
    noSecrets(tenant, ran, first)
    noSecretsOnDisk(tenant, home)
  })

  test('without that file it reads the secret from the tenant, its intent on disk first', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id, client} = await contained(home, tenant)
    for (const name of newSecrets(home, id)) rmSync(path.join(home.data, 'incidents', id, name))
    const target = path.join(home.folder, 'delivered')
    const ran = await run(home, ['secret', 'deliver', '--incident', id, '--deliver', `file:${target}`, '--json'], {
      env: tenant.connection,
    })
    equal(ran.code, 0, ran.stderr)
    equal((ran.json() as any).source, 'tenant')
    equal(readFileSync(target, 'utf8'), `${tenant.tenant.secretOf(client)}\n`)
    equal(tenant.tenant.unlogged(), 0)
    equal(tenant.tenant.count('client_secret.rotate'), 1)
    equal((await run(home, ['audit', 'verify', '--simulated'])).code, 0)
    noSecrets(tenant, ran)
  })

  test('a secret that somebody rotated since is not handed over: exit 3', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id, client} = await contained(home, tenant)
    tenant.tenant.rotate(client)
    const target = path.join(home.folder, 'delivered')
    const ran = await run(home, ['secret', 'deliver', '--incident', id, '--deliver', `file:${target}`, '--json'], {
      env: tenant.connection,
    })
    equal(ran.code, 3)
    equal((ran.json() as any).error.code, 'guard.tenant_moved')
    ok(!existsSync(target))
    noSecrets(tenant, ran)
  })

  test("a file in the incident's folder that holds another value is left alone", async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id, client} = await contained(home, tenant, {deliver: 'exec:false', expect: 6})
    writeFileSync(path.join(home.data, 'incidents', id, 'new-secret-9999'), 'planted-by-somebody-0123456789\n', {mode: 0o600})
    const target = path.join(home.folder, 'delivered')
    equal((await run(home, ['secret', 'deliver', '--incident', id, '--deliver', `file:${target}`])).code, 0)
    equal(readFileSync(target, 'utf8'), `${tenant.tenant.secretOf(client)}\n`)
  })

  test('a sink that fails is exit 6, recorded, and what to do is said', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id} = await contained(home, tenant, {deliver: 'exec:false', expect: 6})
    const ran = await run(home, ['secret', 'deliver', '--incident', id, '--deliver', 'exec:false', '--json'])
    equal(ran.code, 6)
    const found = ran.json() as any
    equal(found.result, 'failed')
    deepEqual(found.next, [`stanch secret deliver --incident ${id} --deliver SINK`])
  })

  test('an unknown incident, a wrong sink, the prompt without a terminal, no flags: exit 2; without secret and connection exit 2', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id} = await contained(home, tenant)
    const target = `file:${path.join(home.folder, 'delivered')}`
    const deliver = (argv: readonly string[]) => run(home, ['secret', 'deliver', ...argv])
    equal((await deliver(['--incident', 'inc-20260101-aaaaaa', '--deliver', target])).code, 2)
    equal((await deliver(['--incident', id, '--deliver', 'mail:me'])).code, 2)
    equal((await deliver(['--incident', id, '--deliver', 'prompt'])).code, 2)
    equal((await deliver(['--incident', id])).code, 2)
    equal((await deliver(['--deliver', target])).code, 2)
    const blind = await deliver(['--incident', id, '--deliver', target, '--json'])
    equal(blind.code, 2)
    equal((blind.json() as any).error.code, 'config.no_connection')
  })

  test("another tenant than the incident's is refused: exit 3", async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id} = await contained(home, tenant)
    const other = await practiceTenant(t, home, {seed: 8})
    const ran = await run(
      home,
      ['secret', 'deliver', '--incident', id, '--deliver', `file:${path.join(home.folder, 'delivered')}`, '--json'],
      {env: other.connection},
    )
    equal(ran.code, 3)
    equal((ran.json() as any).error.code, 'guard.tenant_moved')
  })
})

describe('stanch secret open', () => {
  const {publicKey, privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048})
  const pem = privateKey.export({type: 'pkcs8', format: 'pem'}).toString()

  test("what was sealed to the owner opens with the owner's key, and only with it", async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const recipient = fileOf(home, 'owner.pub', publicKey.export({type: 'spki', format: 'pem'}).toString())
    const sealed = path.join(home.folder, 'sealed.jwe')
    const {client} = await contained(home, tenant, {deliver: `sealed:${sealed}?to=${recipient}`})
    const target = path.join(home.folder, 'opened')
    const ran = await run(home, [
      'secret',
      'open',
      sealed,
      '--key',
      fileOf(home, 'owner.pem', pem),
      '--deliver',
      `file:${target}`,
      '--json',
    ])
    equal(ran.code, 0, ran.stderr)
    deepEqual(ran.json(), {file: sealed, sink: `file:${target}`, result: 'ok'})
    equal(readFileSync(target, 'utf8'), `${tenant.tenant.secretOf(client)}\n`)
    noSecrets(tenant, ran)

    const stranger = generateKeyPairSync('rsa', {modulusLength: 2048})
      .privateKey.export({type: 'pkcs8', format: 'pem'})
      .toString()
    const wrong = await run(home, [
      'secret',
      'open',
      sealed,
      '--key',
      fileOf(home, 'stranger.pem', stranger),
      '--deliver',
      `file:${target}.2`,
      '--json',
    ])
    equal(wrong.code, 2)
    equal((wrong.json() as any).error.code, 'delivery.unreadable')
    ok(!existsSync(`${target}.2`))
  })

  test('no file, no key, no sink, something that is no delivery: exit 2 each', async (t) => {
    const home = newHome(t)
    const key = fileOf(home, 'owner.pem', pem)
    const target = `file:${path.join(home.folder, 'opened')}`
    const plain = fileOf(home, 'plain', 'hello')
    for (const argv of [
      ['--key', key, '--deliver', target],
      [plain, '--deliver', target],
      [plain, '--key', key],
      [plain, '--key', key, '--deliver', target],
      ['/nowhere', '--key', key, '--deliver', target],
    ]) {
      equal((await run(home, ['secret', 'open', ...argv])).code, 2, argv.join(' '))
    }
  })
})
