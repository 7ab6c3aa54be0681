import {equal, match, notEqual, ok, rejects, throws} from 'node:assert/strict'
import {createVerify, generateKeyPairSync, type KeyObject} from 'node:crypto'
import {test} from 'node:test'
import {Secret} from '../../src/secret.ts'
import {clientAssertion} from '../../src/tokens/assertion.ts'
import {checkPublicKey, openSealed, sealTo} from '../../src/tokens/jwe.ts'

const rsa = generateKeyPairSync('rsa', {modulusLength: 2048})
const ec = generateKeyPairSync('ec', {namedCurve: 'P-256'})
const x25519 = generateKeyPairSync('x25519')
const ed25519 = generateKeyPairSync('ed25519')
const short = generateKeyPairSync('rsa', {modulusLength: 1024})

const spki = (key: KeyObject) => key.export({type: 'spki', format: 'pem'}).toString()
const pkcs8 = (key: KeyObject) => key.export({type: 'pkcs8', format: 'pem'}).toString()
const jwk = (key: KeyObject) => JSON.stringify(key.export({format: 'jwk'}))

const SECRET = 'client-secret-to-hand-over-\u00e9-0123456789'

for (const [name, pair] of Object.entries({rsa, ec, x25519})) {
  test(`what is sealed to a ${name} key opens with its private half in both forms, and with no other`, async () => {
    for (const recipient of [spki(pair.publicKey), jwk(pair.publicKey)]) {
      const sealed = await sealTo(recipient, SECRET)
      ok(!sealed.includes(SECRET))
      equal(await openSealed(sealed, pkcs8(pair.privateKey)), SECRET)
      equal(await openSealed(`${sealed}\n`, jwk(pair.privateKey)), SECRET)
    }
    const other = name === 'rsa' ? generateKeyPairSync('rsa', {modulusLength: 2048}) : generateKeyPairSync('x25519')
    await rejects(openSealed(await sealTo(spki(pair.publicKey), SECRET), pkcs8(other.privateKey)), {code: 'delivery.unreadable'})
  })
}

test('two seals of one secret differ', async () => {
  notEqual(await sealTo(spki(rsa.publicKey), SECRET), await sealTo(spki(rsa.publicKey), SECRET))
})

test('a sealed delivery that was altered in any part does not open', async () => {
  const sealed = await sealTo(spki(rsa.publicKey), SECRET)
  const parts = sealed.split('.')
  for (let i = 0; i < parts.length; i++) {
    const altered = parts
      .map((part, index) => (index === i ? `${part.startsWith('A') ? 'B' : 'A'}${part.slice(1)}` : part))
      .join('.')
    await rejects(openSealed(altered, pkcs8(rsa.privateKey)), {code: 'delivery.unreadable'})
    await rejects(openSealed(parts.filter((_, index) => index !== i).join('.'), pkcs8(rsa.privateKey)), {
      code: 'delivery.unreadable',
    })
  }
  await rejects(openSealed('', pkcs8(rsa.privateKey)), {code: 'delivery.unreadable'})
  await rejects(openSealed(sealed, 'no key'), {code: 'delivery.unreadable'})
  await rejects(openSealed(sealed, spki(rsa.publicKey)), {code: 'delivery.unreadable'})
})

for (const [what, text, reason] of [
  ['a private PEM', pkcs8(rsa.privateKey), /private key/],
  ['a private JWK', jwk(ec.privateKey), /private key/],
  ['a PKCS#1 private PEM', rsa.privateKey.export({type: 'pkcs1', format: 'pem'}).toString(), /private key/],
  ['a shared JWK', '{"kty":"oct","k":"AAAA"}', /shared secret/],
  ['a signing key', spki(ed25519.publicKey), /ed25519/],
  ['a short RSA key', spki(short.publicKey), /too short/],
  ['nothing', '', /neither/],
  ['prose', 'my key', /neither/],
  ['a JWK of no known type', '{"kty":"XX"}', /neither/],
  ['64 KiB of text', 'a'.repeat(65_537), /64 KiB/],
] as const) {
  test(`${what} is no recipient for a sealed delivery`, async () => {
    throws(() => checkPublicKey(text), {code: 'sink.invalid', message: reason})
    await rejects(sealTo(text, SECRET), {code: 'sink.invalid'})
  })
}

const assertionOptions = {client_id: 'ClientA', audience: 'https://acme.eu.auth0.com/', alg: 'RS256', now: 1_795_000_000} as const

test('a client assertion is signed, lives 60 seconds, names the client twice and is never the same', async () => {
  for (const pem of [pkcs8(rsa.privateKey), rsa.privateKey.export({type: 'pkcs1', format: 'pem'}).toString()]) {
    const text = await clientAssertion({...assertionOptions, private_key_pem: new Secret(pem), kid: 'k1'})
    const [header = '', payload = '', signature = ''] = text.split('.')
    ok(createVerify('RSA-SHA256').update(`${header}.${payload}`).verify(rsa.publicKey, Buffer.from(signature, 'base64url')))
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
    equal(claims['iss'], 'ClientA')
    equal(claims['sub'], 'ClientA')
    equal(claims['aud'], 'https://acme.eu.auth0.com/')
    equal(claims['exp'], 1_795_000_060)
    match(String(claims['jti']), /^[0-9a-f-]{36}$/)
    ok(text.length <= 2048)
    notEqual(text, await clientAssertion({...assertionOptions, private_key_pem: new Secret(pem), kid: 'k1'}))
  }
})

for (const [what, pem] of [
  ['an EC key', pkcs8(ec.privateKey)],
  ['a short RSA key', pkcs8(short.privateKey)],
  ['a public key', spki(rsa.publicKey)],
  [
    'a key under a passphrase',
    rsa.privateKey.export({type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x'}).toString(),
  ],
  ['prose', 'my private key'],
] as const) {
  test(`${what} signs no client assertion, and the error does not quote it`, async () => {
    await rejects(clientAssertion({...assertionOptions, private_key_pem: new Secret(pem)}), (error: Error & {code?: string}) => {
      equal(error.code, 'config.invalid')
      ok(!error.message.includes(pem.trim().slice(-30)))
      return true
    })
  })
}
