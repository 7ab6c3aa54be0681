import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {generateKeyPairSync} from 'node:crypto'
import {describe, test} from 'node:test'

import {fileOf, NOBODY, noSecrets, run} from '../support/cli.ts'
import {newHome, practiceTenant} from '../support/run-stanch.ts'

/** The sample of Auth0's page on production tokens: its sub holds characters of no client id, its iat lies after its exp. */
const PAGE_SAMPLE =
  'eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6Ik5ESTFNa05DTVRGQlJrVTRORVF6UXpFMk1qZEVNVVEzT1VORk5ESTVSVU5GUXpnM1FrRTFNdyJ9.' +
  'eyJpc3MiOiJodHRwczovL2RlbW8tYWNjb3VudC5hdXRoMC5jb20vIiwic3ViIjoib9O7eVBnMmd4VGdMNjkxTnNXY2RUOEJ1SmMwS2NZSEVAY2xpZW50cyIsImF1ZCI6Imh0dHBzOi8vZGVtby1hY2NvdW50LmF1dGgwLmNvbS9hcGkvdjIvIiwiZXhwIjoxNDg3MDg2Mjg5LCJpYXQiOjE5ODY5OTk4ODksInNjb3BlIjoicmVhZDpjbGllbnRzIGNyZWF0ZTpjbGllbnRzIHJlYWQ6Y2xpZW50X2tleXMifQ.' +
  'oKTT_cEA_U6hVzNYPCl_4'

const MEMBERS = [
  'kind',
  'type',
  'what',
  'format',
  'confidence',
  'reasons',
  'damaged',
  'header',
  'claims',
  'tenant',
  'client_id',
  'subject_type',
  'for_management_api',
  'signature',
  'validity',
  'alive',
  'scopes',
  'reach',
  'revocable',
  'next',
]

describe('stanch token inspect', () => {
  test('a leaked token: what it is, its scopes by consequence, its signature by the keys of the connected tenant', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home, {scenario: 'management-token'})
    const {value, client_id} = tenant.practice.leak
    const ran = await run(home, ['token', 'inspect', '--json'], {stdin: value, env: tenant.connection})
    equal(ran.code, 0, ran.stderr)
    const found = ran.json() as any
    deepEqual(Object.keys(found), MEMBERS)
    equal(found.kind, 'management-token')
    equal(found.client_id, client_id)
    equal(found.for_management_api, true)
    deepEqual(found.signature, {verdict: 'valid', reason: 'signed by the tenant'})
    equal(found.validity.expired, false)
    ok(found.validity.remaining_seconds > 80_000 && found.validity.remaining_seconds <= 81_000)
    equal(found.scopes[0].scope, 'read:client_keys')
    match(found.scopes[0].severity, /^(critical|high)$/)
    equal(found.revocable, false)
    deepEqual(found.next[0], `stanch respond --leak management-token --client ${client_id}`)
    noSecrets(tenant, ran)
  })

  test('a domain without a credential is enough to check the signature, and a forged one is said to be invalid', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home, {scenario: 'management-token'})
    const {value} = tenant.practice.leak
    const at = value.lastIndexOf('.') + 10
    const forged = value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
    const ran = await run(home, ['token', 'inspect', '--json'], {stdin: forged, env: {AUTH0_DOMAIN: tenant.origin}})
    equal((ran.json() as any).signature.verdict, 'invalid')
  })

  test('without a connection, with --offline and with a tenant that does not answer the signature is unknown, and why is said', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home, {scenario: 'management-token'})
    const {value} = tenant.practice.leak
    const signature = async (argv: readonly string[], env: Record<string, string> = {}) => {
      const ran = await run(home, ['token', 'inspect', '--json', ...argv], {stdin: value, env})
      equal(ran.code, 0, ran.stderr)
      return (ran.json() as any).signature as {verdict: string; reason: string}
    }
    deepEqual(await signature([]), {verdict: 'unknown', reason: 'not checked: no connection to a tenant'})
    deepEqual(await signature(['--offline'], tenant.connection), {verdict: 'unknown', reason: 'not checked: --offline'})
    const silent = await signature([], NOBODY)
    equal(silent.verdict, 'unknown')
    match(silent.reason, /^No answer from 127\.0\.0\.1:9/)
  })

  test('--offline sends nothing at all', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home, {scenario: 'management-token', faults: [{on: 'jwks', times: 99, do: 'cut'}]})
    const ran = await run(home, ['token', 'inspect', '--offline'], {stdin: tenant.practice.leak.value, env: tenant.connection})
    equal(ran.code, 0)
    ok(!ran.stderr.includes('SIMULATED'))
  })

  test('the damaged sample of the Auth0 page is decoded as far as it goes and said to be damaged', async (t) => {
    const home = newHome(t)
    const ran = await run(home, ['token', 'inspect', '--offline', '--json', '--file', fileOf(home, 'sample', PAGE_SAMPLE)])
    const found = ran.json() as any
    equal(ran.code, 0)
    equal(found.tenant, 'demo-account.auth0.com')
    equal(found.validity.expired, true)
    match(found.signature.reason, /sub: holds characters that no client id has/)
    match(found.signature.reason, /iat: lies after exp/)
    const lines = await run(home, ['token', 'inspect', '--offline', '--file', fileOf(home, 'sample', PAGE_SAMPLE)])
    match(lines.stdout, /^Damaged: {4}iat: lies after exp$/m)
    match(lines.stdout, /^Expires: {4}2017-02-14T15:31:29Z, expired \d+ d \d+ h ago$/m)
  })

  const {privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048})
  for (const [what, text, kind, next] of [
    [
      'a PEM private key',
      privateKey.export({type: 'pkcs8', format: 'pem'}).toString(),
      'private-key',
      'stanch runbook show private-key',
    ],
    ['a private JWK', JSON.stringify(privateKey.export({format: 'jwk'})), 'private-key', 'stanch runbook show private-key'],
    ['a client secret', 'Zx9'.repeat(21) + 'Q', 'client-secret', 'stanch respond --leak client-secret --client CLIENT_ID'],
    ['a refresh token', 'v1.MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NQ', 'refresh-token', 'stanch runbook show refresh-token'],
    ['a signing secret', 'signing_secret=abcdefghijklmnop0123456789', 'signing-secret', 'stanch runbook show signing-secret'],
    ['something else', 'hello', 'unknown', 'stanch runbook show unknown'],
  ] as const) {
    test(`${what}: the next act is ${next}, and the value is not shown`, async (t) => {
      const ran = await run(newHome(t), ['token', 'inspect', '--file', '-', '--json'], {stdin: text})
      const found = ran.json() as any
      equal(ran.code, 0, ran.stderr)
      equal(found.kind, kind)
      equal(found.next[0], next)
      equal(found.signature.verdict, 'unknown')
      if (kind !== 'unknown') ok(!ran.stdout.includes(text.split('=').at(-1) ?? text))
    })
  }

  test('every runbook that it names is shipped', async (t) => {
    for (const kind of [
      'private-key',
      'client-secret',
      'refresh-token',
      'signing-secret',
      'unknown',
      'management-token',
      'user-token',
      'operator-token',
    ]) {
      equal((await run(newHome(t), ['runbook', 'show', kind])).code, 0, kind)
    }
  })

  test('a value on the command line is refused and not repeated', async (t) => {
    const secret = 'Zx9'.repeat(21) + 'Q'
    const ran = await run(newHome(t), ['token', 'inspect', secret, '--json'])
    equal(ran.code, 2)
    equal((ran.json() as any).error.code, 'usage.secret_in_argv')
    ok(!ran.stdout.includes(secret) && !ran.stderr.includes(secret))
  })

  test('nothing on standard input, no such file, too much: exit 2 each', async (t) => {
    const home = newHome(t)
    equal((await run(home, ['token', 'inspect'])).code, 2)
    equal((await run(home, ['token', 'inspect', '--file', '/nowhere/at/all'])).code, 2)
    equal((await run(home, ['token', 'inspect'], {stdin: 'x'.repeat(70_000)})).code, 2)
  })

  test('a token inside a claim and characters that a terminal would obey are not shown', async (t) => {
    const inner = `eyJhbGciOiJub25lIn0.${Buffer.from('{"sub":"somebody"}').toString('base64url')}.c2ln`
    const claims = {
      iss: 'https://acme.eu.auth0.com/',
      sub: 'auth0|1',
      aud: 'https://acme.eu.auth0.com/api/v2/',
      name: '\u001b[2Jcleared\u202e',
      act: inner,
    }
    const token = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`
    const ran = await run(newHome(t), ['token', 'inspect', '--json'], {stdin: token})
    ok(!ran.stdout.includes(inner))
    for (const character of ['\u001b', '\u202e']) ok(!ran.stdout.includes(character))
    equal((ran.json() as any).claims.act, '[secret]')
  })
})

describe('stanch token get', () => {
  for (const encoding of ['form', 'json']) {
    test(`${encoding}: what the token is good for, without the token`, async (t) => {
      const home = newHome(t)
      const tenant = await practiceTenant(t, home)
      const audience = `${tenant.origin}/api/v2/`
      const ran = await run(home, ['token', 'get', '--audience', audience, '--encoding', encoding, '--json'], {
        env: tenant.connection,
      })
      equal(ran.code, 0, ran.stderr)
      const summary = ran.json() as any
      deepEqual(Object.keys(summary), ['client_id', 'audience', 'encoding', 'scopes', 'expires_in_seconds', 'expires_at'])
      equal(summary.audience, audience)
      equal(summary.encoding, encoding)
      equal(summary.expires_in_seconds, 86_400)
      noSecrets(tenant, ran)
    })
  }

  test('--reveal writes the token alone to standard output, and that token works', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const ran = await run(home, ['token', 'get', '--audience', `${tenant.origin}/api/v2/`, '--reveal'], {env: tenant.connection})
    equal(ran.code, 0, ran.stderr)
    match(ran.stdout, /^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\n$/)
    ok(!ran.stderr.includes(ran.stdout.trim()))
    const list = await run(home, ['client', 'list', '--json'], {
      env: {AUTH0_DOMAIN: tenant.origin, AUTH0_API_TOKEN: ran.stdout.trim()},
    })
    equal(list.code, 0, list.stderr)
  })

  test('--reveal with --json is refused before anything is sent', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const before = tenant.tenant.count('token')
    const ran = await run(home, ['token', 'get', '--audience', `${tenant.origin}/api/v2/`, '--reveal', '--json'], {
      env: tenant.connection,
    })
    equal(ran.code, 2)
    equal((ran.json() as any).error.code, 'usage.invalid')
    equal(tenant.tenant.count('token'), before)
    noSecrets(tenant, ran)
  })

  test('an API that the client has no grant for is exit 4; a ready-made token gets no other one: exit 2', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const refused = await run(home, ['token', 'get', '--audience', 'https://invoices.acme.example/'], {env: tenant.connection})
    equal(refused.code, 4)
    match(
      refused.stderr,
      /issues no token for "https:\/\/invoices\.acme\.example\/" to client \S+ \(403 access_denied\)[^]*next: .*stanch grant list --client/,
    )
    equal(
      (await run(home, ['token', 'get', '--audience', `${tenant.origin}/api/v2/`], {env: tenant.withToken(['read:clients'])}))
        .code,
      2,
    )
  })

  test('no audience, no connection, nobody there: exit 2, 2 and 75', async (t) => {
    const home = newHome(t)
    equal((await run(home, ['token', 'get'], {env: NOBODY})).code, 2)
    const unconnected = await run(home, ['token', 'get', '--audience', 'https://a.example/', '--json'])
    equal(unconnected.code, 2)
    equal((unconnected.json() as any).error.code, 'config.no_connection')
    const silent = await run(home, ['token', 'get', '--audience', 'https://a.example/', '--json'], {env: NOBODY})
    equal(silent.code, 75)
    equal((silent.json() as any).error.code, 'auth0.unreachable')
    ok(!(silent.stdout + silent.stderr).includes(NOBODY.AUTH0_CLIENT_SECRET))
  })
})
