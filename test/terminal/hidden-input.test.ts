import assert from 'node:assert/strict'
import {PassThrough} from 'node:stream'
import test from 'node:test'
import fc from 'fast-check'
import {isCode} from '../../src/errors.ts'
import {Entry, MAX_PASTE, readHidden, tidy} from '../../src/terminal/hidden-input.ts'

const BEGIN = '\u001b[200~'
const END = '\u001b[201~'

/** Feeds the text in pieces of `size` characters. */
function feed(text: string, size: number) {
  const entry = new Entry()
  let end = 'more'
  for (let at = 0; at < text.length && end === 'more'; at += size) end = entry.take(text.slice(at, at + size))
  return {end, text: entry.text}
}

test('however a marked paste is cut into pieces, the same text comes out', () => {
  const ascii = fc.string({unit: fc.constantFrom('a', 'Z', '0', '_', '-', '.', ' ', '\n', '{', '"'), maxLength: 60})
  fc.assert(
    fc.property(ascii, fc.integer({min: 1, max: 9}), (text, size) => {
      const pasted = feed(`${BEGIN}${text}${END}`, size)
      assert.deepEqual(pasted, {end: 'more', text})
    }),
    {numRuns: 300},
  )
})

for (const [what, keys, text] of [
  ['one line', 'abc\r', 'abc'],
  ['a line break inside a marked paste', `${BEGIN}a\rb${END}\r`, 'a\nb'],
  ['CR LF counts once', `-----BEGIN X-----\r\nab\r\n-----END X-----\r\n`, '-----BEGIN X-----\nab\n-----END X-----'],
  ['a PEM key ends at an empty line', '-----BEGIN X-----\rab\r\r', '-----BEGIN X-----\nab\n'],
  ['JSON over several lines ends where it is complete', '{"a":\r1}\r', '{"a":\n1}'],
  ['broken JSON ends at an empty line', '{"a"\r\r', '{"a"\n'],
  ['backspace takes a whole emoji', 'a🔥\u007fb\r', 'ab'],
  ['backspace on nothing', '\u007f\u007fa\r', 'a'],
  ['control characters are not text', 'a\u0000\u0001\u0007b\r', 'ab'],
] as const) {
  test(`what was typed ends in the right place: ${what}`, () => {
    for (const size of [1, 2, 3, 1000]) assert.deepEqual(feed(keys, size), {end: 'done', text}, `in pieces of ${size}`)
  })
}

test('keys behind the end are dropped', () => {
  const entry = new Entry()
  assert.equal(entry.take('abc\rdef'), 'done')
  assert.equal(entry.text, 'abc')
})

test('Ctrl-C inside a marked paste is text that is dropped, outside it interrupts', () => {
  assert.deepEqual(feed(`${BEGIN}a\u0003b${END}`, 100), {end: 'more', text: 'ab'})
  assert.equal(feed('a\u0003', 100).end, 'interrupted')
  assert.equal(feed('\u0004', 100).end, 'interrupted')
})

test('an endless paste is refused, marked or not', () => {
  assert.equal(feed('a'.repeat(MAX_PASTE + 5000), 4096).end, 'too_large')
  assert.equal(feed(BEGIN + 'a\n'.repeat(MAX_PASTE), 4096).end, 'too_large')
})

test('a token that a terminal had wrapped becomes one line; keys and JSON keep theirs', () => {
  assert.equal(tidy('  eyJhbGciOi\n  JSUzI1NiJ9.e30.c2ln\n'), 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln')
  assert.equal(tidy('-----BEGIN KEY-----\nab\n-----END KEY-----\n'), '-----BEGIN KEY-----\nab\n-----END KEY-----')
  assert.equal(tidy('{"a":\n1}'), '{"a":\n1}')
  assert.equal(tidy('two words'), 'two words')
})

test('without a terminal nothing is asked', async () => {
  const stream = () => new PassThrough() as unknown as NodeJS.ReadStream & NodeJS.WriteStream
  await assert.rejects(readHidden('x', {input: stream(), output: stream(), env: {}}), (error) =>
    isCode(error, 'usage.no_terminal'),
  )
})
