import {deepEqual, equal, throws} from 'node:assert/strict'
import {test} from 'node:test'

import {parseCheckpoint, signatureProblem, signCheckpoint} from '../../src/trail/format/checkpoint.ts'
import {ED25519, parseVkey} from '../../src/trail/format/vkey.ts'
import {ORIGIN, seeded, SIGNERS, VectorLog, VECTORS} from '../support/vector-log.ts'

const text = new VectorLog().checkpoint
const identityLine = text.split('\n')[4]!
const flipped = identityLine.replace(/.(.{20})$/, (_, rest: string) => `${identityLine.at(-21) === 'A' ? 'B' : 'A'}${rest}`)

const malformed: Record<string, [text: string, message: RegExp]> = {
  nothing: ['', /^malformed checkpoint/],
  'no empty line': [text.replace('\n\n', '\n'), /^malformed checkpoint/],
  'no signature': [`${text.split('\n\n')[0]}\n\n`, /^malformed signature line|^malformed checkpoint/],
  'no last LF': [text.slice(0, -1), /^malformed checkpoint/],
  'a fourth body line': [text.replace('\n\n', '\nextension\n\n'), /^malformed checkpoint/],
  'a size with a leading zero': [text.replace('\n9\n', '\n09\n'), /^malformed checkpoint/],
  'a negative size': [text.replace('\n9\n', '\n-9\n'), /^malformed checkpoint/],
  'a size beyond 2^53': [text.replace('\n9\n', '\n9007199254740993\n'), /^malformed checkpoint/],
  'a plus in the origin': [text.replace(ORIGIN, 'a+b'), /^malformed checkpoint/],
  'a blank in the origin': [text.replace(ORIGIN, 'a b'), /^malformed checkpoint/],
  'a short root': [text.replace(/\n9\n.*\n/, '\n9\nAAAA\n'), /^malformed checkpoint/],
  'a root in base64url': [text.replace('vgK/flQM', 'vgK_flQM'), /^base64 not canonical/],
  'a root with unused bits set': [text.replace('flQM=', 'flQN='), /^base64 not canonical/],
  'carriage returns': [text.replaceAll('\n', '\r\n'), /^malformed checkpoint/],
  'another dash': [text.replace('\u2014', '-'), /^malformed signature line/],
  'a signature line of four words': [text.replace(identityLine, `${identityLine} x`), /^malformed signature line/],
  'a signature that is not base64': [text.replace(identityLine, identityLine.replace(/.$/, '!')), /^base64 not canonical/],
  'a signature of no bytes': [text.replace(identityLine, `\u2014 ${ORIGIN} Pnx3+Q==`), /^malformed signature line/],
  'a line without name': [text.replace(identityLine, '\u2014  AAAAAAAA'), /^malformed signature line/],
  'an empty line at the end': [`${text}\n`, /^malformed signature line/],
}
for (const [what, [bad, message]] of Object.entries(malformed)) {
  test(`a checkpoint with ${what} is refused`, () => {
    throws(() => parseCheckpoint(bad), {code: 'audit.not_verified', message})
  })
}

test('a line of a key that we know must verify, and must be there', () => {
  const {identity, epoch1} = SIGNERS
  const problem = (changed: string, vkey = identity.vkey) => signatureProblem(parseCheckpoint(changed), vkey)
  equal(problem(text), undefined)
  equal(problem(text.replace(identityLine, flipped)), `bad signature by ${ORIGIN}`)
  equal(problem(text.replace(`${identityLine}\n`, '')), `no signature by ${ORIGIN}`)
  equal(problem(text.replace(identityLine, `${identityLine}\n${flipped}`)), `bad signature by ${ORIGIN}`)
  equal(problem(text.replace(identityLine, `${identityLine.slice(0, -8)}`)), `bad signature by ${ORIGIN}`)
  equal(problem(text.replace('\n9\n', '\n8\n')), `bad signature by ${ORIGIN}`)
  equal(problem(text.replace('\n9\n', '\n8\n'), epoch1.vkey), `bad signature by ${epoch1.vkey.name}`)
  const stranger = seeded('00'.repeat(32), ORIGIN, ED25519)
  equal(problem(text, stranger.vkey), `no signature by ${ORIGIN}`)
})

test('forty lines of unknown keys do no harm', () => {
  const lines = Array.from({length: 40}, (_, i) => `\u2014 witness-${i} ${Buffer.alloc(68 + i, i).toString('base64')}\n`).join('')
  const checkpoint = parseCheckpoint(text + lines)
  equal(checkpoint.signatures.length, 43)
  equal(signatureProblem(checkpoint, SIGNERS.identity.vkey), undefined)
})

test('the time of a cosignature is under its signature', () => {
  const head = {origin: ORIGIN, size: 9, root: VECTORS.leaves[0]!}
  const one = parseCheckpoint(signCheckpoint(head, [SIGNERS.epoch1], 1000))
  const two = parseCheckpoint(signCheckpoint(head, [SIGNERS.epoch1], 1001))
  const {data} = one.signatures[0]!
  const moved = Buffer.concat([two.signatures[0]!.data.subarray(0, 8), data.subarray(8)])
  const line = (bytes: Uint8Array) => Buffer.concat([Buffer.from(SIGNERS.epoch1.vkey.id, 'hex'), bytes]).toString('base64')
  equal(signatureProblem(one, SIGNERS.epoch1.vkey), undefined)
  equal(
    signatureProblem(parseCheckpoint(one.text.replace(line(data), line(moved))), SIGNERS.epoch1.vkey),
    `bad signature by ${SIGNERS.epoch1.vkey.name}`,
  )
})

const badVkeys: Record<string, string> = {
  'split at the last plus': VECTORS.vkeys.log.replaceAll('+', ' ').replace(/ (?=[^ ]*$)/, '+'),
  'another key id': VECTORS.vkeys.log.replace('+3e7c77f9+', '+3e7c77f8+'),
  'a key id in capitals': VECTORS.vkeys.log.replace('+3e7c77f9+', '+3E7C77F9+'),
  'an unknown type': VECTORS.vkeys.log.replace('+AVgP', '+BVgP'),
  'a short key': VECTORS.vkeys.log.slice(0, -4),
  'another name': VECTORS.vkeys.log.replace('stanch', 'starch'),
  'non-canonical base64': `${VECTORS.vkeys.log}=`,
  'no name': VECTORS.vkeys.log.slice(ORIGIN.length),
  'a blank': VECTORS.vkeys.log.replace('.local', ' local'),
  nothing: '',
}
for (const [what, bad] of Object.entries(badVkeys)) {
  test(`a vkey with ${what} is refused`, () => {
    throws(() => parseVkey(bad), {code: 'audit.not_verified', message: /^bad vkey/})
  })
}

test('a vkey whose base64 holds a plus is read whole', () => {
  const {name, id} = parseVkey(VECTORS.vkeys.log)
  deepEqual({name, id}, {name: ORIGIN, id: '3e7c77f9'})
})
