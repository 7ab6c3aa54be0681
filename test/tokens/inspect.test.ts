import {deepEqual, doesNotMatch, equal, match, ok, throws} from 'node:assert/strict'
import {generateKeyPairSync} from 'node:crypto'
import {test} from 'node:test'
import fc from 'fast-check'
import {credentialIn, inspectText, type Inspection} from '../../src/tokens/inspect.ts'

const MANAGEMENT = 'https://acme.eu.auth0.com/api/v2/'
const MACHINE = {
  iss: 'https://acme.eu.auth0.com/',
  sub: 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6@clients',
  aud: MANAGEMENT,
  iat: 1_795_000_000,
  exp: 1_795_086_400,
  azp: 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6',
  gty: 'client-credentials',
  scope: 'read:clients update:client_keys',
}
const SIGNATURE = 'c2lnbmF0dXJlLWNhbmFyeQ'

function part(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

function token(claims: unknown, header: unknown = {alg: 'RS256', typ: 'JWT', kid: 'k1'}): string {
  return `${part(header)}.${part(claims)}.${SIGNATURE}`
}

function without(...names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(MACHINE).filter(([name]) => !names.includes(name)))
}

// The sample of Auth0's page on Management API tokens for production, without its signature's tail.
const PAGE_SAMPLE =
  'eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6Ik5ESTFNa05DTVRGQlJrVTRORVF6UXpFMk1qZEVNVVEzT1VORk5ESTVSVU5GUXpnM1FrRTFNdyJ9.' +
  'eyJpc3MiOiJodHRwczovL2RlbW8tYWNjb3VudC5hdXRoMC5jb20vIiwic3ViIjoib9O7eVBnMmd4VGdMNjkxTnNXY2RUOEJ1SmMwS2NZSEVAY2xpZW50cyIsImF1ZCI6Imh0dHBzOi8vZGVtby1hY2NvdW50LmF1dGgwLmNvbS9hcGkvdjIvIiwiZXhwIjoxNDg3MDg2Mjg5LCJpYXQiOjE5ODY5OTk4ODksInNjb3BlIjoicmVhZDpjbGllbnRzIGNyZWF0ZTpjbGllbnRzIHJlYWQ6Y2xpZW50X2tleXMifQ.' +
  'oKTT_cEA_U6hVzNYPCl_4'

const rsa = generateKeyPairSync('rsa', {modulusLength: 2048})
const PKCS8 = rsa.privateKey.export({type: 'pkcs8', format: 'pem'}).toString()
const PKCS1 = rsa.privateKey.export({type: 'pkcs1', format: 'pem'}).toString()
const SPKI = rsa.publicKey.export({type: 'spki', format: 'pem'}).toString()

const recognised: readonly (readonly [name: string, text: string, expected: Partial<Inspection>])[] = [
  [
    'a machine token of today',
    token(MACHINE),
    {
      kind: 'management-token',
      format: 'jwt',
      confidence: 'certain',
      tenant: 'acme.eu.auth0.com',
      client_id: MACHINE.azp,
      subject_type: 'client',
      for_management_api: true,
    },
  ],
  [
    'a machine token without gty',
    token(without('gty', 'azp')),
    {kind: 'management-token', confidence: 'likely', client_id: MACHINE.azp},
  ],
  ['a machine token of an agent', token({...without('gty'), sub: MACHINE.azp}), {kind: 'management-token', confidence: 'likely'}],
  [
    'a machine token for another API',
    token({...MACHINE, aud: 'https://billing.acme.example'}),
    {kind: 'unknown', subject_type: 'client', for_management_api: false, client_id: MACHINE.azp},
  ],
  [
    'a machine token of a tenant on loopback',
    token({...MACHINE, iss: 'http://127.0.0.1:8080/', aud: 'http://127.0.0.1:8080/api/v2/'}),
    {kind: 'management-token', tenant: '127.0.0.1:8080'},
  ],
  [
    'a machine token through a custom domain',
    token({...MACHINE, iss: 'https://login.acme.example/'}),
    {kind: 'management-token', tenant: 'acme.eu.auth0.com'},
  ],
  [
    'a token in the RFC 9068 dialect',
    token({...without('gty', 'azp'), client_id: MACHINE.azp, sub: MACHINE.azp, jti: 'j'}, {alg: 'RS256', typ: 'at+jwt'}),
    {kind: 'management-token', client_id: MACHINE.azp},
  ],
  [
    'a user token of a single-page application',
    token({
      ...without('gty'),
      sub: 'auth0|5f7c',
      aud: [MANAGEMENT, 'https://acme.eu.auth0.com/userinfo'],
      scope: 'read:current_user',
    }),
    {kind: 'user-token', confidence: 'certain', subject_type: 'user', for_management_api: true},
  ],
  [
    'a user token through a custom domain',
    token({
      ...without('gty'),
      iss: 'https://login.acme.example/',
      sub: 'auth0|5f7c',
      aud: [MANAGEMENT, 'https://login.acme.example/userinfo'],
    }),
    {kind: 'user-token'},
  ],
  ['a user whose id ends in @clients', token({...without('gty'), sub: 'auth0|mallory@clients'}), {kind: 'user-token'}],
  [
    'a user token for another API',
    token({...without('gty'), sub: 'google-oauth2|1', aud: 'https://billing.acme.example'}),
    {kind: 'user-token', for_management_api: false},
  ],
  [
    'an operator token of the CLI',
    token({
      ...without('gty', 'azp'),
      iss: 'https://auth0.auth0.com/',
      sub: 'auth0|admin',
      azp: '2iZo3Uczt5LFHacKdM0zzgUO2eG2uDjT',
      aud: [MANAGEMENT, 'https://auth0.auth0.com/userinfo'],
    }),
    {kind: 'operator-token', confidence: 'certain', tenant: 'acme.eu.auth0.com'},
  ],
  [
    'an ID token',
    token({iss: MACHINE.iss, sub: 'auth0|5f7c', aud: MACHINE.azp, nonce: 'n', iat: 1, exp: 2}),
    {kind: 'unknown', subject_type: 'user', what: 'an ID token, which opens no API'},
  ],
  [
    'a legacy token',
    token({aud: MACHINE.azp, scopes: {clients: {actions: ['read']}}, iat: 1, jti: 'j'}, {alg: 'HS256', typ: 'JWT'}),
    {kind: 'management-token', what: 'a legacy token of the Management API'},
  ],
  ['an encrypted token', `${part({alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT'})}.a.b.c.d`, {kind: 'unknown', format: 'jwe'}],
  ['a client secret', 'aB3_-'.repeat(12) + 'wxyz', {kind: 'client-secret', format: 'secret', confidence: 'likely'}],
  ['64 hex digits', 'ab01'.repeat(16), {kind: 'client-secret', confidence: 'guess'}],
  ['a client id', MACHINE.azp, {kind: 'unknown', format: 'client_id', client_id: MACHINE.azp}],
  ['a refresh token', 'v1.MRrTcZ7Q0qvT2dYQ1gqZb3Wq', {kind: 'refresh-token', format: 'opaque'}],
  ['an opaque token', 'kX_9vP-2mQ7rT4wY8zB1nC5dF6gH3jL0', {kind: 'unknown', format: 'opaque'}],
  ['a PKCS#8 key', PKCS8, {kind: 'private-key', format: 'pem', confidence: 'certain'}],
  ['a PKCS#1 key', PKCS1, {kind: 'private-key', format: 'pem'}],
  ['a key with written-out line breaks', JSON.stringify(PKCS8).slice(1, -1), {kind: 'private-key', format: 'pem'}],
  ['a private JWK', JSON.stringify(rsa.privateKey.export({format: 'jwk'})), {kind: 'private-key', format: 'jwk'}],
  ['a public key', SPKI, {kind: 'unknown', format: 'pem', confidence: 'certain'}],
  ['a shared JWK', '{"kty":"oct","k":"c2VjcmV0"}', {kind: 'signing-secret', format: 'jwk'}],
  ['a grant id', 'cgr_A1b2C3d4E5f6G7h8', {kind: 'unknown', format: 'unknown'}],
  ['a token endpoint answer', JSON.stringify({access_token: token(MACHINE), expires_in: 86_400}), {kind: 'management-token'}],
  ['a Bearer header', `Authorization: Bearer ${token(MACHINE)}`, {kind: 'management-token'}],
  [
    'a curl command',
    `curl -H "Authorization: Bearer ${token(MACHINE)}" https://acme.eu.auth0.com/api/v2/clients`,
    {kind: 'management-token'},
  ],
  ['a token wrapped over lines', token(MACHINE).replace(/(.{64})/g, '$1\n'), {kind: 'management-token'}],
  [
    'a Basic header',
    `Basic ${Buffer.from(`${MACHINE.azp}:s3cret-of-its-own-making`).toString('base64')}`,
    {kind: 'client-secret', client_id: MACHINE.azp},
  ],
  ['an environment line', 'AUTH0_CLIENT_SECRET=s3cret-of-its-own-making', {kind: 'client-secret', format: 'secret'}],
  ['a sentence', 'I think we leaked something', {kind: 'unknown', format: 'unknown', confidence: 'guess'}],
]

for (const [name, text, expected] of recognised) {
  test(`${name} is recognised, and neither it nor a signature is in the result`, () => {
    const found = inspectText(text)
    for (const [member, value] of Object.entries(expected)) deepEqual(found[member as keyof Inspection], value, member)
    const shown = JSON.stringify(found)
    ok(!shown.includes(SIGNATURE))
    if (expected.format !== 'client_id') ok(!shown.includes(text))
  })
}

test('the sample of the Auth0 page is decoded as far as it goes and said to be damaged', () => {
  const found = inspectText(PAGE_SAMPLE)
  equal(found.kind, 'management-token')
  equal(found.tenant, 'demo-account.auth0.com')
  equal(found.client_id, undefined)
  equal(found.expires_at, 1_487_086_289)
  deepEqual(found.scopes, ['read:clients', 'create:clients', 'read:client_keys'])
  deepEqual(found.damaged, ['iat: lies after exp', 'sub: holds characters that no client id has'])
})

test('a payload with bytes that are not UTF-8 is read as far as it goes and said to be damaged', () => {
  const bytes = Buffer.from(JSON.stringify(MACHINE)).toString('latin1').replace('A1b2', '\xd3\xff\xfe2')
  const found = inspectText(`${part({alg: 'RS256'})}.${Buffer.from(bytes, 'latin1').toString('base64url')}.${SIGNATURE}`)
  equal(found.kind, 'management-token')
  equal(found.confidence, 'likely')
  ok(found.damaged.includes('payload: holds bytes that are not UTF-8'))
})

test('of a token that was cut before it says what it is, nothing is concluded', () => {
  const payload = Buffer.from('{"iss":"https://acme.eu.auth0.com/","su').toString('base64url')
  const found = inspectText(`${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${payload}`)
  match(found.what, /^a damaged JWT: what kind of token it was cannot be said$/)
  equal(found.confidence, 'guess')
  equal(found.tenant, 'acme.eu.auth0.com')
})

test('a token that was cut in the middle of its payload still says whose it was', () => {
  const whole = token(MACHINE)
  const found = inspectText(whole.slice(0, whole.indexOf('.') + 190))
  equal(found.format, 'jwt')
  equal(found.tenant, 'acme.eu.auth0.com')
  equal(found.confidence, 'likely')
  match(found.damaged.join(), /payload: not a JSON object, or cut.*signature: missing/)
  ok(!found.what.includes('not one of'), 'what it lacks is not concluded from a part of it')
})

test('padding, the alphabet of plain base64 and stray bits are damage', () => {
  for (const spoil of [(p: string) => `${p}=`, (p: string) => p.replace('-', '+').replace('_', '/') + '==']) {
    const found = inspectText(`${part({alg: 'RS256'})}.${spoil(part(MACHINE))}.${SIGNATURE}`)
    match(found.damaged.join(), /not strict base64url/)
  }
})

for (const [name, exp] of [
  ['text', '1795086400'],
  ['negative', -1],
  ['after the year 9999', 1e15],
  ['infinite in spelling', 1e300],
  ['null', null],
] as const) {
  test(`an exp that is ${name} is damage and no date`, () => {
    const found = inspectText(token({...MACHINE, exp}))
    equal(found.expires_at, undefined)
    deepEqual(found.damaged, ['exp: not a date'])
  })
}

test('a payload nested 1,000 deep is damage, not a crash', () => {
  const found = inspectText(`${part({alg: 'RS256'})}.${part('{"a":'.repeat(1000) + '1' + '}'.repeat(1000))}.x`)
  equal(found.claims, undefined)
  match(found.damaged.join(), /nested deeper than 32/)
})

test('a member named __proto__ changes nothing about the result', () => {
  const found = inspectText(token('{"__proto__":{"gty":"client-credentials","aud":"x"},"sub":"a"}'))
  equal(found.kind, 'unknown')
  equal(found.audiences.length, 0)
})

test('the thumbprint of a key is that of RFC 7638, whatever form the key comes in', () => {
  const prints = [PKCS8, PKCS1, SPKI, JSON.stringify(rsa.privateKey.export({format: 'jwk'}))].map((text) => inspectText(text).kid)
  equal(new Set(prints).size, 1)
  // The key and thumbprint of RFC 7638 section 3.1.
  const rfc = {
    kty: 'RSA',
    n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    e: 'AQAB',
  }
  equal(inspectText(JSON.stringify(rfc)).kid, 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
})

test('nothing and too much are refused with a code', () => {
  throws(() => inspectText(' \n '), {code: 'input.invalid'})
  throws(() => inspectText('a'.repeat(64 * 1024 + 1)), {code: 'input.too_large'})
})

test('the credential is found in what was pasted around it', () => {
  equal(credentialIn(`  "${token(MACHINE)}",`).value, token(MACHINE))
  equal(credentialIn('client_secret: "abc-def-ghi"').value, 'abc-def-ghi')
})

test('64 KiB of anything is looked at within half a second', () => {
  const pumps = [
    'eyJ',
    'eyJ.',
    'a.',
    '{"a":',
    '"',
    '-----BEGIN A-----',
    'client_secret=',
    `${part({alg: 'x'})}.`,
    '\\n',
    ' ',
    `eyJ.${part('{"a":"')}`,
  ]
  for (const pump of pumps) {
    const text = pump.repeat(Math.floor((64 * 1024) / pump.length)) || 'x'
    if (text.trim() === '') continue
    const started = performance.now()
    inspectText(text)
    ok(performance.now() - started < 500, pump)
  }
})

test('any text gives a result or a typed error, and any claims give one without the signature', () => {
  fc.assert(
    fc.property(fc.string({unit: 'binary', maxLength: 300}), (text) => {
      try {
        doesNotMatch(inspectText(text).kind, /^$/)
      } catch (error) {
        equal((error as {code?: string}).code, 'input.invalid')
      }
    }),
    {numRuns: 300},
  )
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom('sub', 'aud', 'iss', 'azp', 'gty', 'exp', 'iat', 'scope', 'permissions', 'scopes', 'client_id'),
        fc.jsonValue(),
      ),
      fc.jsonValue(),
      (claims, header) => {
        ok(!JSON.stringify(inspectText(`eyJ${token(claims, header).slice(3)}`)).includes(SIGNATURE))
      },
    ),
    {numRuns: 300},
  )
})
