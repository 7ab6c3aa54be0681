import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {existsSync, symlinkSync} from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import {describeReference, followReference, parseReference} from '../../src/config/reference.ts'
import {isCode, type StanchError} from '../../src/errors.ts'
import {Secret} from '../../src/secret.ts'
import {temporaryFolder} from '../support/folder.ts'
import {file} from './file.ts'

const invalid = (error: unknown) => isCode(error, 'config.invalid')
const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJl'
const PEM = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n'

test('the three forms of a reference are read', () => {
  assert.deepEqual(parseReference('env:MY_SECRET', 'x'), {kind: 'env', name: 'MY_SECRET'})
  assert.deepEqual(parseReference('file:/run/secrets/a', 'x'), {kind: 'file', path: '/run/secrets/a'})
  assert.deepEqual(parseReference('exec:op read op://ops/auth0/secret', 'x'), {
    kind: 'exec',
    argv: ['op', 'read', 'op://ops/auth0/secret'],
  })
  assert.deepEqual(parseReference('exec:["op","read","op://ops/a b"]', 'x'), {kind: 'exec', argv: ['op', 'read', 'op://ops/a b']})
})

for (const text of [
  '',
  'MY_SECRET',
  'Zk3_longClientSecretThatSomebodyTyped0123456789',
  JWT,
  PEM,
  `env:${JWT}`,
  `file:/${JWT}`,
  `exec:echo ${JWT}`,
  'env:',
  'env:A-B',
  'env:1A',
  `env:${'A'.repeat(200)}`,
  'file:',
  'file:relative',
  'file:./a',
  'file:~/a',
  'file:/a\nb',
  'exec:',
  'exec:./tool',
  'exec:bin/tool',
  'exec:[1]',
  'exec:a\u0000',
  'https://vault.example/secret',
  'ENV:A',
]) {
  test(`no reference, and its text is not repeated: ${JSON.stringify(text.slice(0, 24))}`, () => {
    assert.throws(
      () => parseReference(text, 'client_secret'),
      (error) => {
        assert.ok(invalid(error))
        const said = `${(error as StanchError).message} ${(error as StanchError).hint}`
        if (text.length > 12) assert.ok(!said.includes(text.slice(0, 30)), said)
        return true
      },
    )
  })
}

test('a variable that is set is followed, one that is not is named', async () => {
  assert.equal((await followReference({kind: 'env', name: 'A'}, {A: 'value-of-a'}, 'x')).secret.reveal(), 'value-of-a')
  await assert.rejects(followReference({kind: 'env', name: 'A'}, {}, 'x'), /A is not set/)
  await assert.rejects(followReference({kind: 'env', name: 'A'}, {A: ''}, 'x'), invalid)
  await assert.rejects(followReference({kind: 'env', name: 'A'}, {A: 'two\nlines'}, 'x'), invalid)
})

test('a file loses one newline at its end, and a PEM key keeps its lines', async (t) => {
  const folder = temporaryFolder(t)
  const read = async (content: string) =>
    (await followReference({kind: 'file', path: file(folder, 'f', content)}, {}, 'x')).secret.reveal()
  assert.equal(await read('secret-value\n'), 'secret-value')
  assert.equal(await read('secret-value\r\n'), 'secret-value')
  assert.equal(await read('secret-value'), 'secret-value')
  assert.equal(await read(PEM), PEM.trimEnd())
  await assert.rejects(read('a\nb\n'), invalid)
  await assert.rejects(read(''), invalid)
  await assert.rejects(read('\n'), invalid)
  await assert.rejects(read('a'.repeat(70_000)), (error) => isCode(error, 'input.too_large'))
})

test('a file that others can read is used with a warning', async (t) => {
  const folder = temporaryFolder(t)
  const warnings = async (mode: number) =>
    (await followReference({kind: 'file', path: file(folder, `f${mode}`, 'secret-value', mode)}, {}, 'x')).warnings
  assert.deepEqual(await warnings(0o600), [])
  assert.deepEqual(await warnings(0o400), [])
  for (const mode of [0o640, 0o604, 0o644, 0o666]) assert.match((await warnings(mode))[0] ?? '', /read by others/)
})

test('only a regular file is read', async (t) => {
  const folder = temporaryFolder(t)
  execFileSync('mkfifo', [path.join(folder, 'fifo')])
  symlinkSync('/dev/zero', path.join(folder, 'endless'))
  for (const where of ['fifo', 'endless', 'missing', '.']) {
    await assert.rejects(
      followReference({kind: 'file', path: path.join(folder, where)}, {}, 'x'),
      (error) => isCode(error, 'input.unreadable'),
      where,
    )
  }
})

async function output(folder: string, script: string, env: NodeJS.ProcessEnv = {}) {
  file(folder, 'bin/tool', `#!/bin/sh\n${script}\n`, 0o700)
  return followReference(
    {kind: 'exec', argv: ['tool', 'a b', '$(id)']},
    {OUT: folder, PATH: `${folder}/bin:/usr/bin:/bin`, ...env},
    'x',
  )
}

test('a command yields what it prints, without a shell, outside the current directory', async (t) => {
  const folder = temporaryFolder(t)
  assert.equal((await output(folder, 'printf "%s\\n" "$1-$2-$(pwd)"')).secret.reveal(), 'a b-$(id)-/')
})

test('a command gets neither AUTH0_ nor STANCH_ variables nor one with a live secret', async (t) => {
  const folder = temporaryFolder(t)
  const other = new Secret('another-live-secret-0123')
  await output(folder, 'env > "$OUT/env"; echo value-of-it', {
    AUTH0_CLIENT_SECRET: 'a',
    STANCH_DATA_DIR: 'b',
    OP_ACCOUNT: 'kept',
    HIDDEN: other.reveal(),
  })
  const env = execFileSync('cat', [path.join(folder, 'env')]).toString()
  assert.match(env, /OP_ACCOUNT=kept/)
  assert.doesNotMatch(env, /AUTH0|STANCH|HIDDEN/)
})

for (const [what, script] of [
  ['fails', 'echo leak-on-stdout; echo leak-on-stderr >&2; exit 1'],
  ['prints nothing', 'true'],
  ['prints two lines', 'echo a; echo b'],
  ['floods', 'head -c 200000 /dev/zero | tr "\\0" x'],
  ['is ended by a signal', 'kill -TERM $$'],
] as const) {
  test(`a command that ${what} is refused without its output`, async (t) => {
    await assert.rejects(output(temporaryFolder(t), script), (error) => {
      assert.ok(invalid(error))
      assert.doesNotMatch((error as Error).message, /leak-on|xxx/)
      return true
    })
  })
}

test('a command in the current directory is never run', async (t) => {
  const folder = temporaryFolder(t)
  file(folder, 'tool', `#!/bin/sh\ntouch ${folder}/ran\necho value\n`, 0o700)
  const before = process.cwd()
  process.chdir(folder)
  t.after(() => process.chdir(before))
  for (const searchPath of ['', '.', ':', './', undefined]) {
    await assert.rejects(
      followReference({kind: 'exec', argv: ['tool']}, searchPath === undefined ? {} : {PATH: searchPath}, 'x'),
      invalid,
    )
  }
  assert.ok(!existsSync(path.join(folder, 'ran')))
})

test('a reference is described without arguments or values', () => {
  assert.equal(describeReference(parseReference('exec:/opt/bin/op read op://private', 'x')), 'exec:op')
  assert.equal(describeReference(parseReference('env:A', 'x')), 'env:A')
  assert.equal(describeReference(parseReference('file:/a/b', 'x')), 'file:/a/b')
})
