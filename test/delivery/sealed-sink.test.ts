import assert from 'node:assert/strict'
import {generateKeyPairSync, randomBytes} from 'node:crypto'
import {readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import test, {type TestContext} from 'node:test'
import {openDelivery} from '../../src/delivery/open.ts'
import {deliver, trySink} from '../../src/delivery/sink.ts'
import {isCode, StanchError} from '../../src/errors.ts'
import {Secret} from '../../src/secret.ts'
import {temporaryFolder} from '../support/folder.ts'
import {marker} from './command.ts'

const deps = {env: {}}
const invalid = (error: unknown) => isCode(error, 'sink.invalid')

const rsa = generateKeyPairSync('rsa', {modulusLength: 2048})
const ec = generateKeyPairSync('ec', {namedCurve: 'P-256'})
const pem = {
  rsaPublic: rsa.publicKey.export({type: 'spki', format: 'pem'}).toString(),
  rsaPrivate: rsa.privateKey.export({type: 'pkcs8', format: 'pem'}).toString(),
  ecPublicJwk: JSON.stringify(ec.publicKey.export({format: 'jwk'})),
  ecPrivateJwk: JSON.stringify(ec.privateKey.export({format: 'jwk'})),
}

function files(t: TestContext, content: Record<string, string>) {
  const folder = temporaryFolder(t)
  for (const [name, text] of Object.entries(content)) writeFileSync(path.join(folder, name), text, {mode: 0o600})
  return (name: string) => path.join(folder, name)
}

for (const [kind, publicKey, privateKey] of [
  ['RSA key in PEM', pem.rsaPublic, pem.rsaPrivate],
  ['EC key in JWK', pem.ecPublicJwk, pem.ecPrivateJwk],
] as const) {
  test(`a delivery sealed to an ${kind} is opened by its owner only and shows nothing`, async (t) => {
    const at = files(t, {
      public: publicKey,
      private: privateKey,
      other: privateKey === pem.rsaPrivate ? pem.ecPrivateJwk : pem.rsaPrivate,
    })
    const secret = new Secret(marker())
    const sink = {kind: 'sealed', path: at('out'), to: at('public')} as const
    await trySink(sink, deps, {fresh: true})
    assert.deepEqual(await deliver(sink, secret, deps), {result: 'ok'})
    assert.equal(statSync(at('out')).mode & 0o777, 0o600)
    const sealed = readFileSync(at('out'), 'utf8')
    assert.ok(!sealed.includes(secret.reveal()))
    assert.ok(!sealed.includes(Buffer.from(secret.reveal()).toString('base64url').slice(0, 20)))
    assert.equal((await openDelivery(at('out'), at('private'))).reveal(), secret.reveal())
    await assert.rejects(openDelivery(at('out'), at('other')), StanchError)
  })
}

test('a sealed delivery that was changed by one character is not opened', async (t) => {
  const at = files(t, {public: pem.rsaPublic, private: pem.rsaPrivate})
  await deliver({kind: 'sealed', path: at('out'), to: at('public')}, new Secret(marker()), deps)
  const text = readFileSync(at('out'), 'utf8').trim()
  for (const part of [0, 1, 2, 3, 4]) {
    const parts = text.split('.')
    const piece = parts[part] ?? ''
    parts[part] = (piece.startsWith('A') ? 'B' : 'A') + piece.slice(1)
    writeFileSync(at('changed'), parts.join('.'))
    await assert.rejects(openDelivery(at('changed'), at('private')), (e) => isCode(e, 'delivery.unreadable'), `part ${part}`)
  }
})

test('what is no sealed delivery, no key or not there is refused with a sentence and without its content', async (t) => {
  const at = files(t, {
    empty: '',
    text: `hello ${marker()}`,
    binary: randomBytes(64).toString('latin1'),
    private: pem.rsaPrivate,
    public: pem.rsaPublic,
  })
  await deliver({kind: 'sealed', path: at('out'), to: at('public')}, new Secret(marker()), deps)
  for (const [file, key] of [
    ['empty', 'private'],
    ['text', 'private'],
    ['binary', 'private'],
    ['out', 'text'],
    ['out', 'public'],
    ['out', 'empty'],
    ['missing', 'private'],
    ['out', 'missing'],
    ['.', 'private'],
  ] as const) {
    await assert.rejects(openDelivery(at(file), at(key)), (error) => {
      assert.ok(error instanceof StanchError, String(error))
      assert.match(error.code, /^(delivery\.unreadable|input\.)/)
      assert.doesNotMatch(error.message, /stnch-/)
      return true
    })
  }
})

test('a key that cannot seal, a private key and a file that exists are refused at the trial', async (t) => {
  const weak = generateKeyPairSync('rsa', {modulusLength: 1024}).publicKey.export({type: 'spki', format: 'pem'}).toString()
  const at = files(t, {
    public: pem.rsaPublic,
    private: pem.rsaPrivate,
    privateJwk: pem.ecPrivateJwk,
    weak,
    text: 'no key',
    empty: '',
    oct: JSON.stringify({kty: 'oct', k: 'AAAA'}),
    there: 'x',
    big: 'x'.repeat(70_000),
  })
  for (const key of ['private', 'privateJwk', 'weak', 'text', 'empty', 'oct', 'big', 'missing', '.']) {
    await assert.rejects(trySink({kind: 'sealed', path: at('out'), to: at(key)}, deps), invalid, key)
  }
  symlinkSync(at('nowhere'), at('link'))
  for (const out of ['there', 'link', 'missing/out']) {
    await assert.rejects(trySink({kind: 'sealed', path: at(out), to: at('public')}, deps), invalid, out)
    assert.equal((await deliver({kind: 'sealed', path: at(out), to: at('public')}, new Secret(marker()), deps)).result, 'failed')
  }
  assert.equal(readFileSync(at('there'), 'utf8'), 'x')
})
