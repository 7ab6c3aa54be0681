import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {generateKeyPairSync, createPrivateKey} from 'node:crypto'
import {readdirSync, readFileSync} from 'node:fs'
import {describe, test} from 'node:test'

import {everyScope} from '../../src/auth0/reach.ts'
import {getEvidence} from '../../src/trail/evidence.ts'
import {readTrail} from '../../src/trail/read-trail.ts'
import {fileOf, noSecrets, noSecretsOnDisk, run} from '../support/cli.ts'
import {MAIN, newHome, practiceTenant} from '../support/run-stanch.ts'
import type {Home, PracticeTenant} from '../support/run-stanch.ts'
import {Pty} from '../terminal/pty.ts'

const KEYS = [
  'read:clients',
  'read:client_keys',
  'read:client_credentials',
  'read:client_grants',
  'read:resource_servers',
  'read:logs',
]

const inspect = async (home: Home, value: string, env: Record<string, string>, ...flags: string[]) => {
  const ran = await run(home, ['token', 'inspect', ...flags, '--json'], {stdin: value, env})
  equal(ran.code, 0, ran.stdout + ran.stderr)
  return {ran, found: ran.json() as any}
}

/** Requests that the tenant counted as tokens issued. */
const minted = (tenant: PracticeTenant) => tenant.tenant.logs().filter((entry) => entry['type'] === 'seccft').length

describe('whose is it?', () => {
  test('a bare secret is compared with all, by page, each read with its intent first, and the client is named', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    for (let n = 0; n < 70; n++) tenant.tenant.addClient({name: `app ${n}`, token_endpoint_auth_method: 'client_secret_post'})
    const last = tenant.tenant.addClient({name: 'the last one', token_endpoint_auth_method: 'client_secret_post'})
    const {ran, found} = await inspect(home, last.client_secret, tenant.withToken(KEYS), '--find-client')
    deepEqual([found.owner.verdict, found.owner.client_id, found.owner.name], ['found', last.client_id, 'the last one'])
    equal(found.client_id, last.client_id)
    equal(found.next[0], `stanch respond --leak client-secret --client ${last.client_id}`)
    match(ran.stderr, /reads the secrets of all applications/)
    const records = [...readTrail(`${home.data}/trail-sim`)] as any[]
    const reads = records.filter((one) => one.kind === 'intent' && one.action === 'client_secret.read')
    equal(reads.length, 2, 'a page holds 50')
    equal(records.filter((one) => one.kind === 'outcome' && one.action === 'client_secret.read' && one.result === 'ok').length, 2)
    equal(tenant.tenant.unlogged(), 0)
    noSecrets(tenant, ran)
    noSecretsOnDisk(tenant, home)
  })

  test("a secret of nobody is answered with how many were compared, and the tenant's log is explained", async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home, {behaviour: {log_delay_seconds: 0}})
    const {found} = await inspect(home, 'Zz09_-'.repeat(10) + 'Zz09', tenant.connection, '--find-client')
    equal(found.owner.verdict, 'none')
    match(found.owner.reason, /none of this tenant's 3 clients with a secret/)
    const reconciled = await run(home, ['audit', 'reconcile', '--since', '1h', '--wait', '--json'], {env: tenant.connection})
    const codes = (reconciled.json() as any).findings?.map((one: any) => one.code) ?? reconciled.stdout
    ok(!codes.includes('SECRET_READ_WITHOUT_AUDIT'), JSON.stringify(codes))
  })

  test('without the scope nothing is read, and the scope is named', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const ran = await run(home, ['token', 'inspect', '--find-client', '--json'], {
      stdin: tenant.practice.leak.value,
      env: tenant.withToken(['read:clients']),
    })
    equal(ran.code, 4)
    match((ran.json() as any).error.message, /read:client_keys/)
    equal(tenant.tenant.logs().filter((entry) => entry['type'] === 'mgmt_api_read').length, 0)
  })

  test('a private key is found by its thumbprint, as PEM and as JWK, and one of nobody is none', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home, {scenario: 'private-key'})
    const {value, client_id} = tenant.practice.leak
    const before = minted(tenant)
    const jwk = JSON.stringify(createPrivateKey(value).export({format: 'jwk'}))
    for (const text of [value, jwk]) {
      const {found} = await inspect(home, text, tenant.withToken(KEYS), '--find-client', '--probe')
      deepEqual([found.kind, found.owner.verdict, found.client_id], ['private-key', 'found', client_id])
      match(found.owner.credential_id, /^cred_/)
      equal(found.alive.verdict, 'alive', found.alive.reason)
    }
    const other = generateKeyPairSync('rsa', {modulusLength: 2048}).privateKey.export({type: 'pkcs8', format: 'pem'}).toString()
    const {found} = await inspect(home, other, tenant.withToken(KEYS), '--find-client')
    equal(found.owner.verdict, 'none')
    equal(minted(tenant), before)
  })

  test('a secret that was set by hand has no form, and is found all the same; only then is it called a secret', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const value = 'correct horse battery staple, 2024'
    const {client_id} = tenant.tenant.addClient({
      name: 'old app',
      token_endpoint_auth_method: 'client_secret_post',
      client_secret: value,
    })
    const {found: before} = await inspect(home, value, tenant.connection)
    deepEqual([before.kind, before.owner], ['unknown', undefined])
    const {found, ran} = await inspect(home, value, tenant.connection, '--find-client', '--probe')
    deepEqual(
      [found.kind, found.type, found.confidence, found.client_id],
      ['client-secret', 'client-secret', 'certain', client_id],
    )
    equal(found.alive.verdict, 'alive')
    ok(!ran.stdout.includes(value) && !ran.stderr.includes(value))
  })

  test("an administrator's token is nobody's application, and nothing is compared", async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = {
      iss: 'https://auth0.auth0.com/',
      sub: 'auth0|x',
      azp: '2iZo3Uczt5LFHacKdM0zzgUO2eG2uDjT',
      aud: ['https://acme.eu.auth0.com/api/v2/'],
      exp: 4e9,
    }
    const {found} = await inspect(home, `${part({alg: 'RS256'})}.${part(claims)}.c2ln`, tenant.connection, '--find-client')
    deepEqual([found.kind, found.owner.verdict, found.owner.compared], ['operator-token', 'unknown', 0])
    match(found.owner.reason, /administrator/)
    equal(tenant.tenant.logs().filter((entry) => entry['type'] === 'mgmt_api_read').length, 0)
  })

  test('a token out of the API Explorer is said to be one, and where the log says who copied it', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id} = tenant.tenant.addClient({
      name: 'API Explorer Application',
      token_endpoint_auth_method: 'client_secret_post',
    })
    const token = tenant.tenant.issueToken({client_id, scope: 'read:users delete:users', lifetime: 2_592_000})
    const {found} = await inspect(home, token, tenant.connection, '--find-client', '--probe')
    equal(found.owner.name, 'API Explorer Application')
    match(found.next[0], new RegExp(`copied it from the API Explorer.*stanch hunt --client ${client_id}`))
    deepEqual([found.alive.verdict, found.validity.remaining_seconds > 2_590_000], ['alive', true])
  })

  test('a token whose client is gone is nobody here', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home, {scenario: 'management-token'})
    const {value, client_id} = tenant.practice.leak
    deepEqual((await inspect(home, value, tenant.connection, '--find-client')).found.owner.verdict, 'found')
    tenant.tenant.world.clients.delete(client_id)
    const {found} = await inspect(home, value, tenant.connection, '--find-client')
    equal(found.owner.verdict, 'none')
    match(found.owner.reason, /deleted since, or of another tenant/)
  })
})

describe('does it still work?', () => {
  test('a secret: alive, dead after a rotation, unknown without its client; no token is issued', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home, {behaviour: {attacker: false, consumer: false, secret_propagation_seconds: 0}})
    const {value, client_id} = tenant.practice.leak
    const env = {AUTH0_DOMAIN: tenant.origin}
    const before = minted(tenant)
    const asked = async (...flags: string[]) => (await inspect(home, value, env, '--probe', ...flags)).found.alive
    const alive = await asked('--client', client_id)
    deepEqual([alive.verdict, alive.status], ['alive', 403])
    tenant.tenant.rotate(client_id)
    deepEqual([(await asked('--client', client_id)).verdict, (await asked()).verdict], ['dead', 'unknown'])
    equal(minted(tenant), before)
  })

  test('a management token: alive whatever its scopes, dead when it has expired or is forged; no data is read', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home, {scenario: 'management-token'})
    const {value, client_id} = tenant.practice.leak
    const env = {AUTH0_DOMAIN: tenant.origin}
    const asked = async (token: string) => (await inspect(home, token, env, '--probe')).found.alive
    equal((await asked(value)).verdict, 'alive')
    equal((await asked(tenant.tenant.issueToken({client_id, scope: ''}))).verdict, 'alive')
    const forged = value.slice(0, -6) + (value.endsWith('A') ? 'BBBBBB' : 'AAAAAA')
    equal((await asked(forged)).verdict, 'dead')
    const expired = await asked(tenant.tenant.issueToken({client_id, age: 90_000}))
    deepEqual([expired.verdict, expired.status], ['dead', undefined])
    equal(tenant.tenant.logs().filter((entry) => entry['type'] === 'mgmt_api_read').length, 0)
  })

  test('what nobody may ask stays unknown, with the reason', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const env = {AUTH0_DOMAIN: tenant.origin}
    const {client_id} = tenant.practice.leak
    for (const [value, why] of [
      [tenant.tenant.issueToken({client_id, audience: 'https://ledger.acme.example/'}), /only its own API can say/],
      [`v1.${'Ab0_-'.repeat(9)}`, /asking would use it/],
    ] as const) {
      const {found} = await inspect(home, value, env, '--probe')
      equal(found.alive.verdict, 'unknown')
      match(found.alive.reason, why)
    }
  })

  test('offline and asking exclude each other', async (t) => {
    const ran = await run(newHome(t), ['token', 'inspect', '--offline', '--probe', '--json'], {stdin: 'x'.repeat(64)})
    equal(ran.code, 2)
  })
})

describe('what can it do?', () => {
  test('a token of every scope there is fits one screen of 80x24, asked and matched, and is whole as JSON', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home, {scenario: 'management-token'})
    const {client_id} = tenant.practice.leak
    const file = fileOf(home, 'leaked', tenant.tenant.issueToken({client_id, scope: everyScope().join(' ')}))
    const terminal = new Pty(t, MAIN, {
      args: ['token', 'inspect', '--file', file, '--probe', '--find-client'],
      env: {...home.env, ...tenant.connection},
    })
    equal(await terminal.ended(), 0)
    const lines = terminal.history().trimEnd().split('\n')
    ok(lines.length <= 24, `${lines.length} lines`)
    for (const text of [/critical +create:actions: /, /reads more secrets: /, /could leave behind: /, /could hide by: /])
      match(terminal.history(), text)
    const {found} = await inspect(home, readFileSync(file, 'utf8'), {AUTH0_DOMAIN: tenant.origin})
    equal(found.scopes.length, everyScope().length)
    equal(found.reach.secrets.length, 35)
    equal(found.reach.worst, 'critical')
  })
})

describe('findings of a scanner', () => {
  const finding = (value: string, client: string, file: string) =>
    JSON.stringify({
      SourceMetadata: {Data: {Filesystem: {file}}},
      DetectorName: 'Auth0oauth',
      Verified: false,
      Raw: value,
      Redacted: client,
    })

  test('one finding is looked at with the client beside it; the value is nowhere in the output', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {value, client_id} = tenant.practice.leak
    const file = fileOf(home, 'found.jsonl', finding(value, client_id, 'deploy/.env'))
    const ran = await run(home, ['token', 'inspect', '--from-scanner', file, '--probe', '--json'], {
      env: {AUTH0_DOMAIN: tenant.origin},
    })
    const found = ran.json() as any
    deepEqual([found.kind, found.client_id, found.alive.verdict], ['client-secret', client_id, 'alive'])
    match(ran.stderr, /From trufflehog: "?Auth0oauth"? at .*deploy\/\.env/)
    noSecrets(tenant, ran)
  })

  test('several: unattended one has to be named, and the list says which without a value', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {value, client_id} = tenant.practice.leak
    const other = 'q7'.repeat(32)
    const file = fileOf(home, 'found.jsonl', [finding(other, 'B'.repeat(32), 'one'), finding(value, client_id, 'two')].join('\n'))
    const refused = await run(home, ['token', 'inspect', '--from-scanner', file, '--offline', '--json'])
    equal(refused.code, 2)
    const {error} = refused.json() as any
    equal(error.code, 'usage.missing_flag')
    match(error.hint, /1\. a client secret .*one.* \| 2\. a client secret .*two/)
    ok(!refused.stdout.includes(other) && !refused.stderr.includes(other))
    const chosen = await run(home, ['token', 'inspect', '--from-scanner', file, '--finding', '2', '--offline', '--json'])
    equal((chosen.json() as any).client_id, client_id)
    equal((await run(home, ['token', 'inspect', '--from-scanner', file, '--finding', '3', '--offline', '--json'])).code, 2)
    noSecrets(tenant, refused, chosen)
  })

  test('several, in a terminal: a person is asked which one, sees no value, and a number that is none is asked again', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {value, client_id} = tenant.practice.leak
    const other = 'q7'.repeat(32)
    const file = fileOf(home, 'found.jsonl', [finding(other, 'B'.repeat(32), 'one'), finding(value, client_id, 'two')].join('\n'))
    const env = {...home.env, ...tenant.connection}
    const terminal = new Pty(t, MAIN, {env, args: ['token', 'inspect', '--from-scanner', file, '--offline'], columns: 120})
    await terminal.see(/1\. a client secret .*one[^]*2\. a client secret .*two[^]*Which one leaked \(1 to 2\)\?/)
    terminal.type('3\r')
    await terminal.see(/A number from 1 to 2\./)
    terminal.type('\b2\r')
    await terminal.see(new RegExp(`client +.*${client_id}|${client_id}.*client`, 'i'))
    equal(await terminal.ended(), 0)
    for (const secret of [value, other]) ok(!terminal.raw.includes(secret), 'a secret reached the terminal')

    const words = ['respond', '--from-scanner', file, '--reason', 'pty', '--dry-run']
    const respond = new Pty(t, MAIN, {env, args: words, columns: 120, rows: 60})
    await respond.see(/Which one leaked \(1 to 2\)\?/)
    respond.type('2\r')
    equal(await respond.ended(), 0, respond.history())
    match(respond.history().replaceAll(/\s+/g, ' '), new RegExp(`SIMULATED.*client.*${client_id}`))
    for (const secret of [value, other]) ok(!respond.raw.includes(secret), 'a secret reached the terminal')
    deepEqual(tenant.tenant.changes(), [])
  })

  test("a file that is nobody's findings is refused, and not repeated", async (t) => {
    const home = newHome(t)
    const file = fileOf(home, 'found.txt', 'q7'.repeat(32))
    const ran = await run(home, ['token', 'inspect', '--from-scanner', file, '--offline', '--json'])
    equal(ran.code, 2)
    ok(!ran.stdout.includes('q7q7'))
    deepEqual(readdirSync(home.data), [])
    ok(readFileSync(file, 'utf8').length > 0)
  })

  test('respond takes it from there: what leaked, whose it is and the whole containment, unattended', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const file = fileOf(home, 'found.jsonl', finding(tenant.practice.leak.value, '', 'deploy/.env'))
    const argv = [
      'respond',
      '--from-scanner',
      file,
      '--find-client',
      '--deliver',
      `file:${home.folder}/new`,
      '--reason',
      'found in CI logs',
      '--yes',
      '--json',
    ]
    const ran = await run(home, argv, {env: tenant.connection})
    equal(ran.code, 0, ran.stdout + ran.stderr)
    const result = ran.json() as any
    deepEqual(
      [result.status, result.leak, result.client.client_id],
      ['contained', 'client-secret', tenant.practice.leak.client_id],
    )
    equal(tenant.tenant.unlogged(), 0)
    noSecrets(tenant, ran)
    const records = [...readTrail(`${home.data}/trail-sim`)] as any[]
    const observed = (action: string) =>
      records.find((one) => one.kind === 'observe' && one.action === action && one.inc === result.incident_id)
    match(observed('leak.found').finding, /trufflehog: "?Auth0oauth"? at .*deploy\/\.env/)
    const paths = JSON.parse(getEvidence(`${home.data}/trail-sim`, observed('assess').evidence)?.toString('utf8') ?? '{}')
    const open = (all: any[]) => all.filter((path) => path.open).length
    deepEqual(
      [Object.keys(paths), open(paths.before), open(paths.after), observed('assess').count],
      [['computed_at', 'before', 'after'], 3, 0, 0],
    )
    const stranger = fileOf(home, 'other.jsonl', finding('q7'.repeat(32), '', 'deploy/.env'))
    const none = await run(home, ['respond', '--from-scanner', stranger, '--find-client', '--dry-run', '--json'], {
      env: tenant.connection,
    })
    equal(none.code, 2)
    match((none.json() as any).error.message, /none of this tenant's 3 clients/)
  })
})
