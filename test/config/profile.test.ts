import assert from 'node:assert/strict'
import {chmodSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import {addProfile, listProfiles, removeProfile, showProfile} from '../../src/config/profile.ts'
import {isCode, type StanchError} from '../../src/errors.ts'
import {temporaryFolder} from '../support/folder.ts'
import {file} from './file.ts'

const invalid = (error: unknown) => isCode(error, 'config.invalid')
const PROD = {domain: 'acme.eu.auth0.com', client_id: 'abc', client_secret: 'env:PROD_SECRET'}

test('a profile is added, listed, shown and removed, in a file for its owner only', (t) => {
  const where = path.join(temporaryFolder(t), 'config', 'profiles.json')
  assert.equal(listProfiles(where).size, 0)
  addProfile(where, 'prod', PROD)
  addProfile(where, 'dev-2', {domain: 'http://127.0.0.1:4010', token: 'exec:op read op://x'})
  assert.deepEqual([...listProfiles(where).keys()], ['dev-2', 'prod'])
  assert.deepEqual(showProfile(where, 'prod'), PROD)
  assert.equal(statSync(where).mode & 0o777, 0o600)
  assert.equal(statSync(path.dirname(where)).mode & 0o777, 0o700)
  removeProfile(where, 'prod')
  assert.deepEqual([...listProfiles(where).keys()], ['dev-2'])
  assert.throws(
    () => showProfile(where, 'prod'),
    (error) => isCode(error, 'config.no_connection') && (error as StanchError).hint?.includes('dev-2') === true,
  )
  assert.throws(
    () => removeProfile(where, 'prod'),
    (error) => isCode(error, 'config.no_connection'),
  )
  assert.deepEqual(readdirSync(path.dirname(where)), ['profiles.json'])
})

test('a profile is not replaced unasked', (t) => {
  const where = path.join(temporaryFolder(t), 'profiles.json')
  addProfile(where, 'prod', PROD)
  assert.throws(() => addProfile(where, 'prod', {...PROD, domain: 'evil.example'}), invalid)
  assert.equal(showProfile(where, 'prod').domain, PROD.domain)
  addProfile(where, 'prod', {...PROD, client_id: 'def'}, true)
  assert.equal(showProfile(where, 'prod').client_id, 'def')
})

for (const name of ['', 'Prod', 'a b', 'a_b', '../x', 'a'.repeat(33), 'a\n', '__proto__']) {
  test(`a name is refused: ${JSON.stringify(name)}`, (t) => {
    const where = path.join(temporaryFolder(t), 'profiles.json')
    assert.throws(() => addProfile(where, name, PROD), invalid)
    assert.throws(() => showProfile(where, name), invalid)
    assert.equal(readdirSync(path.dirname(where)).length, 0)
  })
}

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJl'
for (const [why, profile, names] of [
  ['no object', null, ''],
  ['no domain', {client_id: 'a', client_secret: 'env:A'}, 'domain'],
  ['no credential', {domain: 'a'}, 'exactly one'],
  ['two credentials', {domain: 'a', client_id: 'b', client_secret: 'env:A', token: 'env:B'}, 'exactly one'],
  ['an unknown member', {...PROD, tenant: 'x'}, 'tenant'],
  ['a credential without client id', {domain: 'a', client_secret: 'env:A'}, 'client_id'],
  ['a secret in place of a reference', {...PROD, client_secret: 'Zk3LongSecretValue0123456789abcdef'}, 'client_secret'],
  ['a token in place of a reference', {domain: 'a', token: JWT}, 'token'],
  ['a token as client id', {...PROD, client_id: JWT}, 'client_id'],
  ['a relative file', {...PROD, client_secret: 'file:secret'}, 'client_secret'],
  ['a line break in the domain', {...PROD, domain: 'a\nb'}, 'domain'],
  ['an empty domain', {...PROD, domain: ''}, 'domain'],
  ['a number', {...PROD, client_id: 5}, 'client_id'],
  ['an unknown method', {...PROD, auth_method: 'none'}, 'auth_method'],
  ['an unknown algorithm', {domain: 'a', client_id: 'b', private_key: 'env:A', signing_alg: 'HS256'}, 'signing_alg'],
] as const) {
  test(`a profile is refused and not written: ${why}`, (t) => {
    const where = path.join(temporaryFolder(t), 'profiles.json')
    assert.throws(
      () => addProfile(where, 'prod', profile),
      (error) => {
        assert.ok(invalid(error))
        assert.ok((error as Error).message.includes(names), (error as Error).message)
        assert.doesNotMatch((error as Error).message, /Zk3Long|eyJhbG/)
        return true
      },
    )
    assert.equal(readdirSync(path.dirname(where)).length, 0)
  })
}

for (const [why, content] of [
  ['no JSON', '{'],
  ['an array', '[]'],
  ['another version', '{"version":2,"profiles":{}}'],
  ['an unknown member', '{"version":1,"profiles":{},"hooks":["x"]}'],
  ['a bad name', '{"version":1,"profiles":{"../x":{"domain":"a","token":"env:A"}}}'],
  ['a secret inside', '{"version":1,"profiles":{"x":{"domain":"a","token":"plainsecretvalue0123"}}}'],
] as const) {
  test(`a file of profiles is refused: ${why}`, (t) => {
    const where = file(temporaryFolder(t), 'profiles.json', content)
    assert.throws(
      () => listProfiles(where),
      (error) => invalid(error) && !(error as Error).message.includes('plainsecret'),
    )
    assert.throws(() => addProfile(where, 'prod', PROD), invalid)
    assert.equal(readFileSync(where, 'utf8'), content, 'a file that is not understood is not overwritten')
  })
}

test('a file that others can change is refused, because it names commands', {skip: process.platform === 'win32'}, (t) => {
  const where = path.join(temporaryFolder(t), 'profiles.json')
  addProfile(where, 'prod', PROD)
  for (const mode of [0o620, 0o602, 0o666]) {
    chmodSync(where, mode)
    assert.throws(
      () => listProfiles(where),
      (error) => isCode(error, 'config.insecure'),
    )
  }
  chmodSync(where, 0o644)
  assert.equal(listProfiles(where).size, 1)
})

test('an oversized file of profiles is refused', (t) => {
  const where = path.join(temporaryFolder(t), 'profiles.json')
  writeFileSync(where, ' '.repeat(300_000))
  assert.throws(
    () => listProfiles(where),
    (error) => isCode(error, 'input.too_large'),
  )
})
