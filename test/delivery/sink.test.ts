import assert from 'node:assert/strict'
import test from 'node:test'
import {describeSink, parseSink, trySink} from '../../src/delivery/sink.ts'
import {isCode} from '../../src/errors.ts'
import {temporaryFolder} from '../support/folder.ts'
import {withCommand} from './command.ts'

const invalid = (error: unknown) => isCode(error, 'sink.invalid')

test('each form of a sink is read, and relative paths count from the given folder', () => {
  assert.deepEqual(parseSink('file:/a/b', '/w'), {kind: 'file', path: '/a/b'})
  assert.deepEqual(parseSink('file:b', '/w'), {kind: 'file', path: '/w/b'})
  assert.deepEqual(parseSink('prompt', '/w'), {kind: 'prompt'})
  assert.deepEqual(parseSink('sealed:out.jwe?to=keys/owner.pem', '/w'), {
    kind: 'sealed',
    path: '/w/out.jwe',
    to: '/w/keys/owner.pem',
  })
  assert.deepEqual(parseSink('sealed:/a?to=b?to=/k', '/w'), {kind: 'sealed', path: '/a?to=b', to: '/k'}, 'the last ?to= counts')
  assert.deepEqual(parseSink('exec:vault kv put  secret/x value=-', '/w'), {
    kind: 'exec',
    argv: ['vault', 'kv', 'put', 'secret/x', 'value=-'],
  })
  assert.deepEqual(parseSink('exec:["op","document","create","-","--title","a b; $(id)"]', '/w'), {
    kind: 'exec',
    argv: ['op', 'document', 'create', '-', '--title', 'a b; $(id)'],
  })
})

for (const [text, why] of [
  ['', 'nothing'],
  ['vault', 'no kind'],
  ['prompt:', 'prompt takes nothing'],
  ['FILE:/a', 'kinds are lower case'],
  ['file:', 'no path'],
  ['file:/a/', 'a folder'],
  ['file:/a\nb', 'a line break'],
  ['file:/a\u0000', 'NUL'],
  [`file:/${'a'.repeat(5000)}`, 'too long'],
  ['sealed:/a', 'no key'],
  ['sealed:?to=/k', 'no path'],
  ['sealed:/a?to=', 'no key path'],
  ['exec:', 'no command'],
  ['exec:   ', 'blanks only'],
  ['exec:[]', 'an empty array'],
  ['exec:[""]', 'an empty word'],
  ['exec:["a",1]', 'not only words'],
  ['exec:["a"', 'broken JSON'],
  ['exec:./tool', 'relative to the current folder'],
  ['exec:bin/tool x', 'relative to the current folder'],
  ['exec:../tool', 'relative to the current folder'],
  ['exec:a\tb', 'a control character'],
  ['https://example.com', 'no sink'],
] as const) {
  test(`a sink is refused: ${why} (${JSON.stringify(text.slice(0, 30))})`, () => {
    assert.throws(() => parseSink(text, '/w'), invalid)
  })
}

test('a sink is described without the arguments of its command and without escapes', () => {
  assert.equal(describeSink({kind: 'exec', argv: ['/opt/bin/vault', 'kv', 'put', 'secret/private-name']}), 'exec:vault')
  assert.equal(describeSink({kind: 'file', path: '/a\u001b[31m'}), 'file:/a\\u001b[31m')
  assert.equal(describeSink({kind: 'sealed', path: '/a', to: '/k'}), 'sealed:/a')
  assert.equal(describeSink({kind: 'prompt'}), 'prompt')
})

test('prompt is refused where there is no terminal', async () => {
  await assert.rejects(trySink({kind: 'prompt'}, {env: {}}), invalid)
  await trySink({kind: 'prompt'}, {env: {}, showOnTerminal: async () => {}})
})

test('a command that is not on PATH is refused, and nothing is run by the trial', async (t) => {
  const folder = temporaryFolder(t)
  const bin = withCommand(folder, 'tool', `touch ${folder}/ran`)
  await trySink({kind: 'exec', argv: ['tool']}, {env: {PATH: bin}})
  await assert.rejects(trySink({kind: 'exec', argv: ['other']}, {env: {PATH: bin}}), invalid)
  await assert.rejects(trySink({kind: 'exec', argv: ['tool']}, {env: {}}), invalid)
  await assert.rejects(trySink({kind: 'file', path: `${folder}/ran/x`}, {env: {}}), invalid, 'the command was not run')
})
