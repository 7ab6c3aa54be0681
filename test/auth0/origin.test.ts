import {deepEqual, equal, throws} from 'node:assert/strict'
import {test} from 'node:test'
import fc from 'fast-check'
import {parseOrigin} from '../../src/auth0/origin.ts'
import {StanchError} from '../../src/errors.ts'

test('a host and an origin are the same tenant', () => {
  const expected = {
    origin: 'https://acme.eu.auth0.com',
    host: 'acme.eu.auth0.com',
    issuer: 'https://acme.eu.auth0.com/',
    audience: 'https://acme.eu.auth0.com/api/v2/',
    loopback: false,
  }
  for (const text of [
    'acme.eu.auth0.com',
    'https://acme.eu.auth0.com',
    'https://acme.eu.auth0.com/',
    ' ACME.eu.auth0.com\n',
    'https://acme.eu.auth0.com:443',
  ])
    deepEqual(parseOrigin(text), expected)
})

test('plain http is for loopback addresses alone', () => {
  for (const text of [
    'http://127.0.0.1:8080',
    'http://localhost:1',
    'http://[::1]:8080',
    'http://127.9.9.9',
    'https://127.0.0.1:1',
    'localhost',
  ]) {
    equal(parseOrigin(text).loopback, true)
  }
  for (const text of [
    'http://acme.eu.auth0.com',
    'http://10.0.0.1:8080',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'http://0.0.0.0:1',
    'HTTP://acme.eu.auth0.com',
  ]) {
    throws(() => parseOrigin(text), {code: 'config.insecure'}, text)
  }
})

const hostile = [
  '',
  ' ',
  'https://',
  'acme',
  'ftp://acme.auth0.com',
  'javascript://acme.auth0.com',
  'file:///etc/passwd',
  'https://user@acme.auth0.com',
  'user:pw@acme.auth0.com',
  'https://acme.auth0.com@evil.example',
  'acme.auth0.com/api/v2',
  'https://acme.auth0.com/login',
  'acme.auth0.com?x',
  'acme.auth0.com#x',
  'acme.auth0.com\\evil.example',
  'acme.auth0.com\r\nHost: evil.example',
  'acme.auth0.com\nx',
  'acme.auth0.com evil.example',
  'acme.auth0.com\u0000',
  'acme.auth0\u3002com',
  '\u0430cme.auth0.com',
  'acme.auth0.com.',
  'acme%2eauth0.com',
  'https:acme.auth0.com',
  'https:///acme.auth0.com',
  'https://https://acme.auth0.com',
  'acme.auth0.com:99999',
  'acme.auth0.com:port',
  '0x7f.1',
  '2130706433',
  'http://0x7f000001',
  'http://127.1',
  'http://[::ffff:127.0.0.1]',
  `${'a'.repeat(300)}.auth0.com`,
  '//acme.auth0.com',
  'acme..auth0.com/..',
]

for (const text of hostile) {
  test(`${JSON.stringify(text.slice(0, 60))} is no tenant domain`, () => {
    throws(
      () => parseOrigin(text),
      (error) => error instanceof StanchError && (error.code === 'config.invalid' || error.code === 'config.insecure'),
    )
  })
}

test('whatever is accepted is one host without user, path or query, and parses to itself', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({maxLength: 60}), fc.webUrl(), fc.domain()), (text) => {
      try {
        const {origin, host} = parseOrigin(text)
        const url = new URL(origin)
        equal(url.origin, origin)
        equal(url.host, host)
        deepEqual(parseOrigin(origin).origin, origin)
      } catch (error) {
        equal(error instanceof StanchError, true)
      }
    }),
    {numRuns: 1000},
  )
})
