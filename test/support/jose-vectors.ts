import {createHmac, createSign, generateKeyPairSync, sign} from 'node:crypto'
import type {KeyObject} from 'node:crypto'

/*
 * Writes test/vectors/jose/vectors.json: `node test/support/jose-vectors.ts > test/vectors/jose/vectors.json`. The private
 * keys exist while it runs and are not kept, so the vectors are made once and then only read. Each is a lesson of the 649
 * JOSE vectors of Wycheproof, or of a CVE, in the form of an Auth0 access token.
 */

export interface JoseVector {
  readonly name: string
  readonly token: string
  /** What may be said about the signature. */
  readonly verdict: 'valid' | 'invalid' | 'unknown'
  /** Whether the inspection must report damage. */
  readonly damaged: boolean
}

export interface JoseVectors {
  readonly issuer: string
  readonly jwks: {readonly keys: readonly object[]}
  readonly vectors: readonly JoseVector[]
}

function make(): JoseVectors {
  const issuer = 'https://acme.eu.auth0.com/'
  const rsa = () => generateKeyPairSync('rsa', {modulusLength: 2048})
  const ours = rsa()
  const second = rsa()
  const stranger = rsa()
  const short = generateKeyPairSync('rsa', {modulusLength: 1024})
  const ec = generateKeyPairSync('ec', {namedCurve: 'P-256'})
  const publicPem = ours.publicKey.export({type: 'spki', format: 'pem'}).toString()
  const jwk = (key: KeyObject, more: object) => ({...key.export({format: 'jwk'}), ...more})
  const jwks = {
    keys: [
      jwk(ours.publicKey, {kid: 'k1', use: 'sig', alg: 'RS256'}),
      jwk(second.publicKey, {kid: 'k2', use: 'sig'}),
      jwk(stranger.publicKey, {kid: 'enc', use: 'enc'}),
      jwk(short.publicKey, {kid: 'short', use: 'sig'}),
      jwk(ec.publicKey, {kid: 'ec', use: 'sig', alg: 'ES256'}),
      {kty: 'oct', kid: 'oct', k: Buffer.from('secret').toString('base64url')},
    ],
  }
  const b64 = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
  const claims = {
    iss: issuer,
    sub: 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6@clients',
    aud: `${issuer}api/v2/`,
    iat: 4_102_358_400,
    exp: 4_102_444_800,
    azp: 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6',
    gty: 'client-credentials',
    scope: 'read:users',
  }
  const header = {alg: 'RS256', typ: 'JWT', kid: 'k1'}
  const rs = (head: object, body: unknown = claims, key: KeyObject = ours.privateKey, hash = 'RSA-SHA256') => {
    const input = `${b64(head)}.${b64(body)}`
    return `${input}.${createSign(hash).update(input).sign(key).toString('base64url')}`
  }
  const hs = (head: object, key: string | Buffer) => {
    const input = `${b64(head)}.${b64(claims)}`
    return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`
  }
  const good = rs(header)
  const [h = '', p = '', s = ''] = good.split('.')
  const without = (...names: string[]) => Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)))
  const es = () => {
    const input = `${b64({alg: 'ES256', kid: 'ec'})}.${b64(claims)}`
    return `${input}.${sign('sha256', Buffer.from(input), {key: ec.privateKey, dsaEncoding: 'ieee-p1363'}).toString('base64url')}`
  }
  /** Another spelling of the last character: the stray bits of base64url set. */
  const stray = (part: string) => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    return part.slice(0, -1) + alphabet[(alphabet.indexOf(part.at(-1) ?? 'A') | 1) % 64]
  }
  const list: [string, string, JoseVector['verdict'], boolean][] = [
    ['signed by the key it names', good, 'valid', false],
    ['signed by the second key', rs({...header, kid: 'k2'}, claims, second.privateKey), 'valid', false],
    ['without a kid, signed by one of the keys', rs({alg: 'RS256'}), 'valid', false],
    [
      'RS512 with a key that says no algorithm',
      rs({alg: 'RS512', kid: 'k2'}, claims, second.privateKey, 'RSA-SHA512'),
      'valid',
      false,
    ],
    ['alg none, empty signature', `${b64({alg: 'none'})}.${p}.`, 'invalid', true],
    ['alg none with our kid', `${b64({alg: 'none', kid: 'k1'})}.${p}.`, 'invalid', true],
    ['alg None', `${b64({alg: 'None', kid: 'k1'})}.${p}.${s}`, 'invalid', false],
    ['alg NONE', `${b64({alg: 'NONE', kid: 'k1'})}.${p}.${s}`, 'invalid', false],
    ['alg nOnE without signature', `${b64({alg: 'nOnE'})}.${p}.`, 'invalid', true],
    ['alg empty', `${b64({alg: '', kid: 'k1'})}.${p}.${s}`, 'invalid', false],
    ['alg absent', `${b64({kid: 'k1'})}.${p}.${s}`, 'invalid', false],
    ['alg is a list', `${b64({alg: ['RS256'], kid: 'k1'})}.${p}.${s}`, 'invalid', false],
    ['alg is a number', `${b64({alg: 256, kid: 'k1'})}.${p}.${s}`, 'invalid', false],
    ['alg in lower case', rs({alg: 'rs256', kid: 'k1'}), 'invalid', false],
    ['HS256 with our public key in PEM', hs({alg: 'HS256', kid: 'k1'}, publicPem), 'unknown', false],
    [
      'HS256 with our public key in DER',
      hs({alg: 'HS256', kid: 'k1'}, ours.publicKey.export({type: 'spki', format: 'der'})),
      'unknown',
      false,
    ],
    [
      'HS256 with the modulus as key',
      hs({alg: 'HS256', kid: 'k1'}, Buffer.from(String(ours.publicKey.export({format: 'jwk'}).n), 'base64url')),
      'unknown',
      false,
    ],
    ['HS256 with an empty key', hs({alg: 'HS256', kid: 'k1'}, ''), 'unknown', false],
    ['HS256 with the oct key of the set', hs({alg: 'HS256', kid: 'oct'}, 'secret'), 'unknown', false],
    ['RS256 that names the oct key', rs({alg: 'RS256', kid: 'oct'}), 'unknown', false],
    ['RS256 that names the EC key', rs({alg: 'RS256', kid: 'ec'}), 'unknown', false],
    ['ES256 by the EC key of the set', es(), 'invalid', false],
    [
      'an algorithm other than the key says',
      rs({alg: 'RS512', kid: 'k1'}, claims, ours.privateKey, 'RSA-SHA512'),
      'unknown',
      false,
    ],
    ['the header says RS512, the signature is RS256', rs({alg: 'RS512', kid: 'k2'}, claims, second.privateKey), 'invalid', false],
    ['a key for encryption', rs({alg: 'RS256', kid: 'enc'}, claims, stranger.privateKey), 'unknown', false],
    ['a key of 1024 bits', rs({alg: 'RS256', kid: 'short'}, claims, short.privateKey), 'invalid', false],
    [
      'a jwk of its own (CVE-2018-0114)',
      rs({alg: 'RS256', jwk: stranger.publicKey.export({format: 'jwk'})}, claims, stranger.privateKey),
      'invalid',
      false,
    ],
    [
      'a jwk of its own beside our kid',
      rs({alg: 'RS256', kid: 'k1', jwk: stranger.publicKey.export({format: 'jwk'})}, claims, stranger.privateKey),
      'invalid',
      false,
    ],
    [
      'a jku',
      rs({alg: 'RS256', kid: 'evil', jku: 'http://127.0.0.1:9/jwks.json'}, claims, stranger.privateKey),
      'unknown',
      false,
    ],
    [
      'a jku beside our kid',
      rs({alg: 'RS256', kid: 'k1', jku: 'http://127.0.0.1:9/jwks.json'}, claims, stranger.privateKey),
      'invalid',
      false,
    ],
    [
      'an x5u',
      rs({alg: 'RS256', kid: 'evil', x5u: 'http://127.0.0.1:9/cert.pem'}, claims, stranger.privateKey),
      'unknown',
      false,
    ],
    ['an x5c of its own', rs({alg: 'RS256', x5c: ['MIIB']}, claims, stranger.privateKey), 'invalid', false],
    ['a kid that is a path', rs({alg: 'RS256', kid: '../../../dev/null'}), 'unknown', false],
    ['a kid that is a query', rs({alg: 'RS256', kid: "k1' OR '1'='1"}), 'unknown', false],
    ['a kid that is a list', rs({alg: 'RS256', kid: ['k1']}), 'unknown', false],
    ['a kid that names a member of objects', rs({alg: 'RS256', kid: '__proto__'}), 'unknown', false],
    ['crit that names exp', rs({...header, crit: ['exp']}), 'invalid', false],
    ['crit that is empty', rs({...header, crit: []}), 'invalid', false],
    ['b64 false', rs({...header, b64: false}), 'invalid', false],
    ['payload changed', `${h}.${b64({...claims, scope: 'delete:users'})}.${s}`, 'invalid', false],
    ['header changed', `${b64({...header, x: 1})}.${p}.${s}`, 'invalid', false],
    ['signature cut', `${h}.${p}.${s.slice(0, -8)}`, 'invalid', false],
    ['signature of another token', `${h}.${p}.${rs(header, {...claims, iat: 1}).split('.')[2]}`, 'invalid', false],
    ['signature all zero', `${h}.${p}.${Buffer.alloc(256).toString('base64url')}`, 'invalid', false],
    ['signature padded', `${good}==`, 'invalid', false],
    ['signature with stray bits', `${h}.${p}.${stray(s)}`, 'invalid', false],
    ['payload padded', `${h}.${p}=.${s}`, 'invalid', true],
    [
      'payload in the alphabet of base64',
      `${h}.${b64({...claims, sub: '\u00ff\u00fe\u00ff?>?>'})
        .replaceAll('-', '+')
        .replaceAll('_', '/')}.${s}`,
      'invalid',
      true,
    ],
    ['header padded', `${h}==.${p}.${s}`, 'invalid', true],
    ['payload of length 4n+1', `${h}.${p}${'A'.repeat((5 - (p.length % 4)) % 4)}.${s}`, 'invalid', true],
    ['header is a list', `${b64([1])}.${p}.${s}`, 'invalid', false],
    ['payload is a string', rs(header, '"text"'), 'invalid', true],
    ['payload nested deep', rs(header, `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`), 'invalid', true],
    ['without exp', rs(header, without('exp')), 'unknown', false],
    ['without aud', rs(header, without('aud')), 'unknown', false],
    ['exp is text', rs(header, {...claims, exp: '4102444800'}), 'unknown', true],
    ['exp is beyond every calendar', rs(header, {...claims, exp: 1e300}), 'unknown', true],
    ['exp is below zero', rs(header, {...claims, exp: -1}), 'unknown', true],
    ['aud is an empty list', rs(header, {...claims, aud: []}), 'unknown', false],
    ['aud is a number', rs(header, {...claims, aud: 7}), 'unknown', false],
    ['without iss', rs(header, without('iss')), 'unknown', false],
    ['iss of another tenant', rs(header, {...claims, iss: 'https://evil.eu.auth0.com/'}), 'unknown', false],
    ['iss without its slash', rs(header, {...claims, iss: issuer.slice(0, -1)}), 'unknown', false],
    ['iss is a list that holds ours', rs(header, {...claims, iss: [issuer]}), 'unknown', false],
    ['expired long ago, signed by us', rs(header, {...claims, iat: 0, exp: 1}), 'valid', false],
  ]
  return {issuer, jwks, vectors: list.map(([name, token, verdict, damaged]) => ({name, token, verdict, damaged}))}
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(make(), null, 1)}\n`)
