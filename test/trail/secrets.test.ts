import {deepEqual, equal, ok, throws} from 'node:assert/strict'
import {generateKeyPairSync, randomBytes} from 'node:crypto'
import {readdirSync, readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {test} from 'node:test'

import {cefLine} from '../../src/report/siem/cef.ts'
import {csvLine} from '../../src/report/siem/csv.ts'
import {ecsLine} from '../../src/report/siem/ecs.ts'
import {jsonLine} from '../../src/report/siem/jsonl.ts'
import {ocsfLine} from '../../src/report/siem/ocsf.ts'
import {Secret} from '../../src/secret.ts'
import {leafHash} from '../../src/trail/format/record.ts'
import {oneAct, trailPlace} from '../support/trail.ts'

/** Looks like a client secret of Auth0, with the signs that every encoding treats differently. */
const value = `${randomBytes(24).toString('base64url')}"\\/+=&é ${randomBytes(9).toString('base64url')}`
const secret = new Secret(value)
const bytes = Buffer.from(value)

const FORMS: Record<string, string> = {
  plain: value,
  'in a sentence': `the secret is ${value}, says the log`,
  'JSON-escaped': JSON.stringify(value),
  'JSON in JSON': JSON.stringify(JSON.stringify({client_secret: value})),
  'percent-encoded': encodeURIComponent(value),
  'in a form': `client_id=x&client_secret=${encodeURIComponent(value)}`,
  base64: bytes.toString('base64'),
  base64url: bytes.toString('base64url'),
  'basic authentication': `Basic ${Buffer.from(`client:${value}`).toString('base64')}`,
  'base64, one byte shifted': Buffer.concat([Buffer.from('x'), bytes]).toString('base64'),
  'base64, two bytes shifted': Buffer.concat([Buffer.from('xy'), bytes, Buffer.from('z')]).toString('base64'),
  hex: bytes.toString('hex'),
  'upper-case hex': bytes.toString('hex').toUpperCase(),
}

/** Not registered by anybody: recognised by their shape. */
const SHAPES: Record<string, string> = {
  'a JWT': `eyJhbGciOiJSUzI1NiJ9.${Buffer.from('{"sub":"x"}').toString('base64url')}.${randomBytes(32).toString('base64url')}`,
  'a JWT without a signature': `eyJhbGciOiJub25lIn0.${Buffer.from('{"sub":"xyz"}').toString('base64url')}.`,
  'a bearer header': `Bearer eyJhbGciOiJSUzI1NiJ9.${randomBytes(30).toString('base64url')}.${randomBytes(32).toString('base64url')}`,
  'a PKCS#8 key': generateKeyPairSync('ed25519').privateKey.export({type: 'pkcs8', format: 'pem'}).toString(),
  'an RSA key': generateKeyPairSync('rsa', {modulusLength: 1024}).privateKey.export({type: 'pkcs1', format: 'pem'}).toString(),
  'an EC key': generateKeyPairSync('ec', {namedCurve: 'P-256'}).privateKey.export({type: 'sec1', format: 'pem'}).toString(),
  'the head of a key': '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB',
}

test('a record with a live secret in any encoding, a JWT or a private key is refused, and nothing of it reaches the disk', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  oneAct(trail, 'inc-1')
  const before = trail.head()
  const files = () => filesUnder(place.base)
  const seen = files()
  for (const [name, text] of Object.entries({...FORMS, ...SHAPES})) {
    const drafts = [
      {kind: 'note', inc: 'inc-1', text},
      {kind: 'observe', inc: 'inc-1', action: 'x', finding: text},
      {kind: 'decision', inc: 'inc-1', question: 'q', answer: {deep: ['x', {deeper: text}]}},
      {kind: 'gap', inc: 'inc-1', what: text, why: 'y'},
      {
        kind: 'intent',
        inc: 'inc-1',
        op: 'op-9',
        try: 1,
        action: 'a',
        tenant: 't',
        target: `client:${text}`,
        req: {method: 'GET', path: '/'},
      },
      {
        kind: 'outcome',
        inc: 'inc-1',
        op: 'op-9',
        try: 1,
        intent: 3,
        action: 'a',
        corr: 'c',
        result: 'refused',
        error: {code: 'x', text},
      },
      {kind: 'auth', tenant: 't', scopes: ['read:clients', text], exp: 1},
      {kind: 'deliver', inc: 'inc-1', op: 'op-1', sink: `file:/${text}`, result: 'ok'},
    ] as const
    for (const draft of drafts)
      throws(
        () => trail.append(draft),
        (error: {code?: string}) => error.code === 'E_SECRET' || error.code === 'E_SCHEMA',
        `${name} in ${draft.kind}`,
      )
    throws(() => trail.append({kind: 'note', text}), {code: 'E_SECRET'}, name)
    throws(
      () =>
        trail.appendAll([
          {kind: 'note', text: 'harmless'},
          {kind: 'note', text},
        ]),
      {code: 'E_SECRET'},
      `${name} in a group`,
    )
    throws(() => trail.putEvidence(`before ${text} after`), {code: 'E_SECRET'}, `${name} as evidence`)
  }
  deepEqual(trail.head(), before)
  deepEqual(files(), seen)
  for (const file of seen) {
    const content = readFileSync(file, 'latin1')
    for (const text of Object.values({...FORMS, ...SHAPES}))
      ok(!content.includes(text) && !content.includes(Buffer.from(text).toString('latin1')))
  }
  // the trail goes on after every refusal
  equal(trail.append({kind: 'note', inc: 'inc-1', text: 'the secret was not written'}).seq, before.size)
  ok(secret.length > 0)
})

test('what is no secret is written: keyed fingerprints, ids, public keys, hashes', async (t) => {
  const trail = await trailPlace(t).open()
  const harmless = [
    trail.blind('t', 'client:x', 'client_secret', value),
    'AbCdEf0123456789AbCdEf0123456789',
    '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----',
    'a'.repeat(64),
    'eyJ is how a token begins',
  ]
  for (const text of harmless) trail.append({kind: 'note', text})
})

test('no export of a trail holds a secret: what the trail refused cannot come out of it', async (t) => {
  const trail = await trailPlace(t).open()
  oneAct(trail, 'inc-1')
  for (const text of Object.values(FORMS)) {
    try {
      trail.append({kind: 'note', inc: 'inc-1', text})
    } catch {
      // refused, as the test above shows
    }
  }
  let lines = 0
  for (const record of trail.records()) {
    const line = JSON.stringify(record)
    const event = {origin: trail.origin, record, line, leaf: leafHash(line), mode: 'sim', around: {}} as const
    for (const text of [ocsfLine(event), ecsLine(event), cefLine(event, '0.1.0'), csvLine(event), jsonLine(event)]) {
      lines++
      for (const form of Object.values(FORMS)) ok(!text.includes(form))
    }
  }
  ok(lines >= 25)
})

function filesUnder(folder: string): string[] {
  return readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && !path.endsWith('lock.db'))
    .toSorted()
}
