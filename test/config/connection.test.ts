import assert from 'node:assert/strict'
import {generateKeyPairSync} from 'node:crypto'
import test from 'node:test'
import {readConnection, resolveConnection} from '../../src/config/connection.ts'
import {isCode, type StanchError} from '../../src/errors.ts'
import {temporaryFolder} from '../support/folder.ts'
import {file} from './file.ts'

const invalid = (error: unknown) => isCode(error, 'config.invalid')
const none = (error: unknown) => isCode(error, 'config.no_connection')
const PEM = generateKeyPairSync('rsa', {modulusLength: 2048}).privateKey.export({type: 'pkcs8', format: 'pem'}).toString()
const SECRET = 'a-client-secret-of-64-characters-or-so'

test("the environment of Auth0's own tools makes a connection that says where each part came from", async () => {
  const found = await resolveConnection({
    env: {
      AUTH0_DOMAIN: 'acme.eu.auth0.com',
      AUTH0_CLIENT_ID: 'abc',
      AUTH0_CLIENT_SECRET: SECRET,
      AUTH0_AUDIENCE: 'https://acme.eu.auth0.com/api/v2/',
    },
  })
  assert.equal(found.domain, 'acme.eu.auth0.com')
  assert.equal(found.audience, 'https://acme.eu.auth0.com/api/v2/')
  assert.ok(found.credential.kind === 'secret')
  assert.equal(found.credential.secret.reveal(), SECRET)
  assert.deepEqual(found.from, {
    domain: 'AUTH0_DOMAIN',
    audience: 'AUTH0_AUDIENCE',
    credential: 'AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET',
  })
  assert.deepEqual(found.warnings, [])
  assert.ok(!JSON.stringify(found).includes(SECRET))
})

test('a ready-made token needs no client id', async () => {
  const found = await resolveConnection({env: {AUTH0_DOMAIN: 'a.auth0.com', AUTH0_API_TOKEN: 'opaque-token-value'}})
  assert.ok(found.credential.kind === 'token')
  assert.equal(found.credential.token.reveal(), 'opaque-token-value')
})

test('a private key comes from a variable, with its newlines real or written out, or from a file', async (t) => {
  const base = {AUTH0_DOMAIN: 'a.auth0.com', AUTH0_CLIENT_ID: 'abc'}
  const where = file(temporaryFolder(t), 'key.pem', PEM, 0o644)
  for (const env of [
    {...base, AUTH0_CLIENT_ASSERTION_PRIVATE_KEY: PEM},
    {...base, AUTH0_CLIENT_ASSERTION_PRIVATE_KEY: PEM.trim().replaceAll('\n', '\\n')},
    {...base, AUTH0_CLIENT_ASSERTION_PRIVATE_KEY_FILE: where, AUTH0_CLIENT_ASSERTION_SIGNING_ALG: 'PS256'},
  ]) {
    const {credential, warnings} = await resolveConnection({env})
    assert.ok(credential.kind === 'private_key')
    assert.equal(credential.private_key_pem.reveal().trim(), PEM.trim())
    if ('AUTH0_CLIENT_ASSERTION_SIGNING_ALG' in env) {
      assert.equal(credential.alg, 'PS256')
      assert.match(warnings.join(), /read by others/)
    }
  }
})

test('of several credentials the first counts and the others are named', async () => {
  const found = await resolveConnection({
    env: {AUTH0_DOMAIN: 'a', AUTH0_API_TOKEN: 'token-value-1', AUTH0_CLIENT_ID: 'b', AUTH0_CLIENT_SECRET: SECRET},
  })
  assert.equal(found.credential.kind, 'token')
  assert.match(found.warnings.join(), /AUTH0_API_TOKEN is used; AUTH0_CLIENT_SECRET is not/)
})

for (const [why, env, names] of [
  ['nothing', {}, 'AUTH0_DOMAIN is not set; no credential is set'],
  ['no credential', {AUTH0_DOMAIN: 'a'}, 'no credential'],
  ['no domain', {AUTH0_API_TOKEN: 'token-value-2'}, 'AUTH0_DOMAIN'],
  ['an empty domain', {AUTH0_DOMAIN: '', AUTH0_API_TOKEN: 'token-value-2'}, 'AUTH0_DOMAIN'],
  ['a secret without client id', {AUTH0_DOMAIN: 'a', AUTH0_CLIENT_SECRET: SECRET}, 'AUTH0_CLIENT_ID'],
  ['a client id alone', {AUTH0_DOMAIN: 'a', AUTH0_CLIENT_ID: 'b'}, 'no credential'],
] as const) {
  test(`no connection, and what is missing is named: ${why}`, async () => {
    await assert.rejects(resolveConnection({env}), (error) => none(error) && (error as Error).message.includes(names))
    assert.ok((await readConnection({env})).missing.length > 0)
  })
}

for (const [why, env] of [
  ['a line break in the domain', {AUTH0_DOMAIN: 'a\r\nHost: b', AUTH0_API_TOKEN: 'token-value-3'}],
  ['a line break in the secret', {AUTH0_DOMAIN: 'a', AUTH0_CLIENT_ID: 'b', AUTH0_CLIENT_SECRET: 'x\ny'}],
  ['a line break in the client id', {AUTH0_DOMAIN: 'a', AUTH0_CLIENT_ID: 'b\n', AUTH0_CLIENT_SECRET: SECRET}],
  ['a long domain', {AUTH0_DOMAIN: 'a'.repeat(600), AUTH0_API_TOKEN: 'token-value-3'}],
  ['no key in PEM', {AUTH0_DOMAIN: 'a', AUTH0_CLIENT_ID: 'b', AUTH0_CLIENT_ASSERTION_PRIVATE_KEY: 'MIIB'}],
  [
    'a public key',
    {
      AUTH0_DOMAIN: 'a',
      AUTH0_CLIENT_ID: 'b',
      AUTH0_CLIENT_ASSERTION_PRIVATE_KEY: '-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----',
    },
  ],
  ['a relative key file', {AUTH0_DOMAIN: 'a', AUTH0_CLIENT_ID: 'b', AUTH0_CLIENT_ASSERTION_PRIVATE_KEY_FILE: 'key.pem'}],
  [
    'an unknown algorithm',
    {
      AUTH0_DOMAIN: 'a',
      AUTH0_CLIENT_ID: 'b',
      AUTH0_CLIENT_ASSERTION_PRIVATE_KEY: PEM,
      AUTH0_CLIENT_ASSERTION_SIGNING_ALG: 'HS256',
    },
  ],
] as const) {
  test(`the environment is refused without its value: ${why}`, async () => {
    await assert.rejects(resolveConnection({env}), (error) => invalid(error) && !(error as Error).message.includes('MIIB'))
  })
}

test("a profile is taken alone: the environment can't mix another tenant into it", async () => {
  const profile = {domain: 'prod.auth0.com', client_id: 'p', client_secret: 'env:PROD_SECRET', auth_method: 'basic'} as const
  const env = {
    PROD_SECRET: SECRET,
    AUTH0_DOMAIN: 'dev.auth0.com',
    AUTH0_CLIENT_ID: 'd',
    AUTH0_AUDIENCE: 'x',
    AUTH0_API_TOKEN: 'token-value-4',
  }
  const found = await resolveConnection({env, profile: {name: 'prod', profile}})
  assert.equal(found.domain, 'prod.auth0.com')
  assert.equal(found.audience, undefined)
  assert.deepEqual(
    found.credential.kind === 'secret' && [found.credential.client_id, found.credential.method, found.credential.secret.reveal()],
    ['p', 'basic', SECRET],
  )
  assert.equal(found.from.credential, 'profile prod, client_secret from env:PROD_SECRET')
  assert.match(found.warnings.join(), /AUTH0_DOMAIN.*are not/)
})

test('a profile with a private key or a token carries its options', async (t) => {
  const where = file(temporaryFolder(t), 'key.pem', PEM)
  const key = await resolveConnection({
    env: {},
    profile: {
      name: 'k',
      profile: {domain: 'a', client_id: 'c', private_key: `file:${where}`, signing_alg: 'RS384', key_id: 'kid1'},
    },
  })
  assert.ok(key.credential.kind === 'private_key')
  assert.deepEqual([key.credential.client_id, key.credential.alg, key.credential.kid], ['c', 'RS384', 'kid1'])
  const token = await resolveConnection({env: {T: 'token-value-5'}, profile: {name: 't', profile: {domain: 'a', token: 'env:T'}}})
  assert.equal(token.credential.kind, 'token')
})

test('a profile whose reference leads nowhere is refused by name', async () => {
  await assert.rejects(
    resolveConnection({env: {}, profile: {name: 'prod', profile: {domain: 'a', token: 'env:GONE'}}}),
    (error) => {
      return invalid(error) && /profile prod.*GONE/.test((error as StanchError).message)
    },
  )
})
