import {deepEqual, equal, throws} from 'node:assert/strict'
import {test} from 'node:test'

import {orderedMembers} from '../../src/trail/format/members.ts'
import {makeRecord, MAX_RECORD_BYTES, parseRecord, recordLine} from '../../src/trail/format/record.ts'
import {VectorLog} from '../support/vector-log.ts'

const good = new VectorLog().lines[6]!
const envelope = {seq: 0, prev: '0'.repeat(64), salt: 'A'.repeat(22), time: '2026-11-21T10:00:00.000Z', kind: 'note'}

test('a line of the vectors is read back to the same bytes', () => {
  equal(recordLine(parseRecord(good)), good)
})

const notCanonical: Record<string, string> = {
  'a blank after a colon': good.replace('"v":1', '"v": 1'),
  'an escaped letter': good.replace('"kind"', '"kin\\u0064"'),
  'a fraction': good.replace('"mono":2512', '"mono":2512.0'),
  'an exponent': good.replace('"mono":2512', '"mono":2e3'),
  'minus zero': good.replace('"mono":2512', '"mono":-0'),
  'a number beyond 2^53': good.replace('"mono":2512', '"mono":9007199254740992'),
  'a repeated member': good.replace('"v":1', '"v":1,"v":1'),
  'a byte order mark': `\ufeff${good}`,
  'a carriage return at the end': `${good}\r`,
  'a member name in capitals': good.replace('"text"', '"Text"'),
  'a member name of 33 letters': good.replace('"text"', `"${'t'.repeat(33)}"`),
  'a prototype member': good.replace('"text"', '"__proto__"'),
  'a lone surrogate': good.replace('✓', '\\ud800'),
  'nine levels': good.replace(/"text":.*\}$/, `"text":${'['.repeat(8)}${']'.repeat(8)}}`),
  'an escaped solidus': good.replace('✓', '\\/'),
  'a list': '[1]',
  'no JSON': good.slice(0, -1),
  'nothing': '',
  'too many bytes': good.replace('✓', '✓'.repeat(22_000)),
}
for (const [what, line] of Object.entries(notCanonical)) {
  test(`a line with ${what} is not in canonical form`, () => {
    throws(() => parseRecord(line), {code: 'E_CHAIN', message: /^not in canonical form/})
  })
}

const badEnvelope: Record<string, string> = {
  'another version': good.replace('"v":1', '"v":2'),
  'members in another order': good.replace('"v":1,"seq":6', '"seq":6,"v":1'),
  'a negative seq': good.replace('"seq":6', '"seq":-6'),
  'a seq that is text': good.replace('"seq":6', '"seq":"6"'),
  'a prev in capitals': good.replace(/"prev":"[^"]*"/, `"prev":"${'A'.repeat(64)}"`),
  'a short salt': good.replace(/"salt":"./, '"salt":"'),
  'a salt with unused bits set': good.replace(/"salt":"[^"]*"/, `"salt":"${'A'.repeat(21)}B"`),
  'a 30 February': good.replace(/"time":"[^"]*"/, '"time":"2026-02-30T10:00:00.000Z"'),
  'a time without milliseconds': good.replace(/"time":"[^"]*"/, '"time":"2026-02-20T10:00:00Z"'),
  'a local time': good.replace(/"time":"[^"]*"/, '"time":"2026-02-20T10:00:00.000+01:00"'),
  'an empty kind': good.replace('"kind":"note"', '"kind":""'),
  'five members': '{"v":1,"seq":0}',
}
for (const [what, line] of Object.entries(badEnvelope)) {
  test(`a line with ${what} has a bad envelope`, () => {
    throws(() => parseRecord(line), {code: 'E_CHAIN', message: /^bad envelope/})
  })
}

test('an unknown kind and unknown members are read by a verifier', () => {
  deepEqual(parseRecord(good.replace('"note"', '"hunch"').replace('"text"', '"guess"')).kind, 'hunch')
})

test('eight levels are still canonical', () => {
  equal(parseRecord(good.replace(/"text":.*\}$/, `"text":${'['.repeat(7)}${']'.repeat(7)}}`)).kind, 'note')
})

test('a writer refuses values that have no canonical form, and records that are too long', () => {
  for (const text of [1.5, -0, 2 ** 53, Number.NaN, 'a\ud800', [undefined], {Key: 1}]) {
    throws(() => recordLine(makeRecord(envelope, {text: text as never})), {code: 'E_SCHEMA'})
  }
  const room = MAX_RECORD_BYTES - Buffer.byteLength(recordLine(makeRecord(envelope, {text: ''})))
  equal(Buffer.byteLength(recordLine(makeRecord(envelope, {text: 'x'.repeat(room)}))), MAX_RECORD_BYTES)
  throws(() => recordLine(makeRecord(envelope, {text: 'x'.repeat(room + 1)})), {code: 'E_TOO_LONG'})
})

const refusedDrafts: Record<string, {kind: string; [member: string]: unknown}> = {
  'an unknown kind': {kind: 'hunch', text: 'x'},
  'a kind that names a method of objects': {kind: 'toString'},
  'an unknown member': {kind: 'note', text: 'x', password: 'y'},
  'a missing member': {kind: 'gap', what: 'x'},
  'a member of the wrong type': {kind: 'note', text: 4},
  'an operation without id': {
    kind: 'intent',
    try: 1,
    action: 'a',
    tenant: 't',
    target: 'client:c',
    req: {method: 'POST', path: '/'},
  },
  'an operation id with a blank': {
    kind: 'intent',
    op: 'a b',
    try: 1,
    action: 'a',
    tenant: 't',
    target: 'client:c',
    req: {method: 'POST', path: '/'},
  },
  'a request with a body': {
    kind: 'intent',
    op: 'a',
    try: 1,
    action: 'a',
    tenant: 't',
    target: 'client:c',
    req: {method: 'POST', path: '/', body: {}},
  },
  'a response object': {
    kind: 'outcome',
    op: 'a',
    try: 1,
    intent: 1,
    action: 'a',
    corr: 'c',
    result: 'ok',
    res: {status: 200, headers: {}},
  },
  'a result that is not in the list': {kind: 'outcome', op: 'a', try: 1, intent: 1, action: 'a', corr: 'c', result: 'fine'},
  'a list where a text is due': {kind: 'note', text: ['x']},
  'a note of 4097 characters': {kind: 'note', text: 'x'.repeat(4097)},
  'an operation in a log record': {kind: 'log.close', reason: 'x', op: 'a'},
  'an intent number in a note': {kind: 'note', text: 'x', intent: 3},
}
for (const [what, draft] of Object.entries(refusedDrafts)) {
  test(`a writer refuses ${what}`, () => {
    throws(() => orderedMembers(draft), {code: 'E_SCHEMA'})
  })
}

test('members that are undefined are left out', () => {
  deepEqual(orderedMembers({kind: 'note', text: 'x', tenant: undefined, op: undefined}), {text: 'x'})
  deepEqual(
    orderedMembers({
      kind: 'outcome',
      op: 'a',
      try: 1,
      intent: 1,
      action: 'a',
      corr: 'c',
      result: 'ok',
      res: {status: 204, date: undefined},
    })['res'],
    {status: 204},
  )
})
