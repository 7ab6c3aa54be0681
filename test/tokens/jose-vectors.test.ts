import {equal, ok} from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {createServer} from 'node:http'
import {describe, test} from 'node:test'

import {inspectText} from '../../src/tokens/inspect.ts'
import {sameToken} from '../../src/tokens/jwt.ts'
import {verifySignature} from '../../src/tokens/verify.ts'
import type {JoseVectors} from '../support/jose-vectors.ts'
import {ROOT} from '../support/tree.ts'

const {issuer, jwks, vectors} = JSON.parse(readFileSync(`${ROOT}test/vectors/jose/vectors.json`, 'utf8')) as JoseVectors

test('there are at least 40 vectors, and most must not verify', () => {
  ok(vectors.length >= 40)
  ok(vectors.filter(({verdict}) => verdict !== 'valid').length >= vectors.length - 10)
})

describe('a token', () => {
  for (const {name, token, verdict, damaged} of vectors) {
    test(`${name}: ${verdict}${damaged ? ', damaged' : ''}`, async () => {
      equal((await verifySignature(token, jwks, {issuer})).verdict, verdict)
      const found = inspectText(token)
      equal(found.damaged.length > 0, damaged, found.damaged.join('; '))
      if (damaged) ok(found.confidence !== 'certain')
    })
  }
})

test('no key is fetched from where a token says', async (t) => {
  let asked = 0
  const server = createServer((_, response) => {
    asked += 1
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const {port} = server.address() as {port: number}
  const [, payload = '', signature = ''] = vectors[0]?.token.split('.') ?? []
  for (const member of ['jku', 'x5u', 'kid']) {
    const header = Buffer.from(JSON.stringify({alg: 'RS256', [member]: `http://127.0.0.1:${port}/keys`})).toString('base64url')
    equal((await verifySignature(`${header}.${payload}.${signature}`, jwks, {issuer})).verdict === 'valid', false)
  }
  equal(asked, 0)
})

describe('spellings of one token', () => {
  const good = vectors[0]?.token ?? ''
  const [header = '', payload = '', signature = ''] = good.split('.')
  const same = [good, `${good}==`, `${header}.${payload}=.${signature}`, good.replaceAll('-', '+').replaceAll('_', '/')]
  for (const [i, one] of same.entries()) {
    test(`spelling ${i + 1} is the same token`, () => ok(sameToken(one, good) && sameToken(good, one)))
  }
  const others = [vectors[1]?.token ?? '', `${header}.${payload}`, '', 'x', `${payload}.${header}.${signature}`]
  for (const [i, one] of others.entries()) test(`text ${i + 1} is another one`, () => ok(!sameToken(one, good)))
})
