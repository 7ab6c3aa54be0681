import {deepEqual, equal} from 'node:assert/strict'
import {createHmac, createSign, generateKeyPairSync, type KeyObject} from 'node:crypto'
import {test} from 'node:test'
import {Secret} from '../../src/secret.ts'
import {verifySignature} from '../../src/tokens/verify.ts'

const issuer = 'https://acme.eu.auth0.com/'
const ours = generateKeyPairSync('rsa', {modulusLength: 2048})
const theirs = generateKeyPairSync('rsa', {modulusLength: 2048})
const stranger = generateKeyPairSync('rsa', {modulusLength: 2048})
const jwk = {...ours.publicKey.export({format: 'jwk'}), kid: 'k1', use: 'sig', alg: 'RS256'}
const jwks = {keys: [{...theirs.publicKey.export({format: 'jwk'}), kid: 'k0', use: 'sig'}, jwk]}
const claims = {iss: issuer, sub: 'c@clients', aud: `${issuer}api/v2/`, exp: 1}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function signed(header: object, payload: object = claims, key: KeyObject = ours.privateKey): string {
  const input = `${part(header)}.${part(payload)}`
  return `${input}.${createSign('RSA-SHA256').update(input).sign(key).toString('base64url')}`
}

const good = signed({alg: 'RS256', typ: 'JWT', kid: 'k1'})

test('a token signed by the key it names is valid, expired or not', async () => {
  equal((await verifySignature(good, jwks, {issuer})).verdict, 'valid')
  equal((await verifySignature(new Secret(good), jwks, {issuer})).verdict, 'valid')
})

test('a token without a kid is tried against every key', async () => {
  equal((await verifySignature(signed({alg: 'RS256'}), jwks, {issuer})).verdict, 'valid')
})

const [head = '', payload = '', signature = ''] = good.split('.')
const hmac = (key: string) => {
  const input = `${part({alg: 'HS256', kid: 'k1'})}.${payload}`
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`
}

const invalid: readonly (readonly [string, string])[] = [
  ['whose payload was changed', `${head}.${part({...claims, scope: 'x'})}.${signature}`],
  ['whose header was changed', `${part({alg: 'RS256', typ: 'JWT', kid: 'k1', x: 1})}.${payload}.${signature}`],
  ['signed by another key under our kid', signed({alg: 'RS256', kid: 'k1'}, claims, theirs.privateKey)],
  ['with alg none', `${part({alg: 'none'})}.${payload}.`],
  ['with alg none and a signature', `${part({alg: 'none', kid: 'k1'})}.${payload}.${signature}`],
  ['without a signature', `${head}.${payload}.`],
  ['whose signature is padded', `${good}==`],
  [
    'in the alphabet of plain base64',
    good
      .replaceAll('-', '+')
      .replaceAll('_', '/')
      .replace(/[A-Za-z0-9]$/, '+'),
  ],
  ['with an algorithm Auth0 does not use', signed({alg: 'ES256', kid: 'k1'})],
  ['with an algorithm that is no text', signed({alg: ['RS256'], kid: 'k1'})],
  ['with a crit header', signed({alg: 'RS256', kid: 'k1', crit: ['exp']})],
  ['with an unencoded payload', signed({alg: 'RS256', kid: 'k1', b64: false})],
  [
    'that brings its own key',
    signed({alg: 'RS256', jwk: stranger.publicKey.export({format: 'jwk'})}, claims, stranger.privateKey),
  ],
]

for (const [what, token] of invalid) {
  test(`a token ${what} is not valid`, async () => {
    equal((await verifySignature(token, jwks, {issuer})).verdict, 'invalid')
  })
}

const unknown: readonly (readonly [string, string, unknown])[] = [
  ['of another issuer', signed({alg: 'RS256', kid: 'k1'}, {...claims, iss: 'https://evil.example/'}), jwks],
  ['without an issuer', signed({alg: 'RS256', kid: 'k1'}, {sub: 'x'}), jwks],
  ['that names a key the tenant does not publish', signed({alg: 'RS256', kid: 'k9'}), jwks],
  ['whose kid is a path', signed({alg: 'RS256', kid: '../../dev/null'}), jwks],
  ['signed with a shared secret', hmac('secret'), jwks],
  ['signed with the public key as a shared secret', hmac(ours.publicKey.export({type: 'spki', format: 'pem'}).toString()), jwks],
  ['when the key set is empty', good, {keys: []}],
  ['when the key set is no key set', good, 'nonsense'],
  ['when the key set is null', good, null],
  ['when the key is for encryption', good, {keys: [{...jwk, use: 'enc'}]}],
  ['when the key is for another algorithm', good, {keys: [{...jwk, alg: 'RS512'}]}],
  ['that is no token', 'hello', jwks],
  ['that is encrypted', 'eyJ.a.b.c.d', jwks],
]

for (const [what, token, keys] of unknown) {
  test(`nothing is claimed about a token ${what}`, async () => {
    equal((await verifySignature(token, keys, {issuer})).verdict, 'unknown')
  })
}

test('a key too short to trust proves nothing', async () => {
  const short = generateKeyPairSync('rsa', {modulusLength: 1024})
  const token = signed({alg: 'RS256', kid: 's'}, claims, short.privateKey)
  equal(
    (await verifySignature(token, {keys: [{...short.publicKey.export({format: 'jwk'}), kid: 's'}]}, {issuer})).verdict,
    'invalid',
  )
})

test('a verdict is a word and a reason, and nothing of the token', async () => {
  deepEqual(Object.keys(await verifySignature(good, jwks, {issuer})), ['verdict', 'reason'])
})
