import assert from 'node:assert/strict'
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import test, {type TestContext} from 'node:test'
import {deliver, trySink, type Delivered} from '../../src/delivery/sink.ts'
import {isCode} from '../../src/errors.ts'
import {Secret} from '../../src/secret.ts'
import {temporaryFolder} from '../support/folder.ts'
import {marker, withCommand} from './command.ts'

/** Runs `tool` with `script`; `$OUT` is a folder that it may write to. */
async function run(
  t: TestContext,
  script: string,
  options: {secret?: Secret; argv?: string[]; env?: NodeJS.ProcessEnv; seconds?: number} = {},
) {
  const folder = temporaryFolder(t)
  const bin = withCommand(folder, 'tool', script)
  const env = {OUT: folder, PATH: `${bin}:/usr/bin:/bin`, ...options.env}
  const secret = options.secret ?? new Secret(marker())
  const delivered: Delivered = await deliver({kind: 'exec', argv: ['tool', ...(options.argv ?? [])]}, secret, {
    env,
    ...(options.seconds === undefined ? {} : {commandSeconds: options.seconds}),
  })
  return {folder, secret, delivered, read: (name: string) => readFileSync(path.join(folder, name), 'utf8')}
}

test('the command reads exactly the secret on standard input, without a newline', async (t) => {
  const {delivered, secret, read} = await run(t, 'cat > "$OUT/in"')
  assert.deepEqual(delivered, {result: 'ok'})
  assert.equal(read('in'), secret.reveal())
})

test(
  'a command that opens /dev/stdin by its name reads exactly the secret too',
  {skip: process.platform === 'win32'},
  async (t) => {
    for (const name of ['/dev/stdin', 'file:///dev/stdin', '/dev/fd/0']) {
      const {delivered, secret, read} = await run(t, 'cat "${1#file://}" > "$OUT/in"', {argv: [name]})
      assert.deepEqual(delivered, {result: 'ok'}, name)
      assert.equal(read('in'), secret.reveal())
    }
  },
)

test('no file with a name stays in memory', {skip: process.platform !== 'linux'}, async (t) => {
  await run(t, 'ls -a /dev/shm > "$OUT/ls"', {argv: ['/dev/stdin']})
  assert.deepEqual(
    readdirSync('/dev/shm').filter((name) => name.startsWith('.stanch-')),
    [],
  )
})

test('there is no shell: words reach the command as they are', async (t) => {
  const argv = ['$(touch pwned)', '; id', '"q"', "'", '*', '|', 'a b']
  const {read} = await run(t, 'for a in "$@"; do printf "%s\\n" "$a"; done > "$OUT/argv"; cat > /dev/null', {argv})
  assert.equal(read('argv'), `${argv.join('\n')}\n`)
})

test('the child gets no AUTH0_ or STANCH_ variable and none that holds a live secret', async (t) => {
  const operator = new Secret(marker())
  const {read, secret} = await run(t, 'env > "$OUT/env"; cat > /dev/null', {
    env: {
      AUTH0_CLIENT_SECRET: 'x1',
      auth0_domain: 'x2',
      STANCH_DATA_DIR: 'x3',
      VAULT_ADDR: 'https://vault.example',
      MY_OWN_NAME: operator.reveal(),
      ENCODED: Buffer.from(operator.reveal()).toString('base64'),
    },
  })
  const env = read('env')
  assert.match(env, /VAULT_ADDR=https:\/\/vault.example/)
  assert.doesNotMatch(env, /AUTH0|auth0|STANCH|MY_OWN_NAME|ENCODED/)
  assert.ok(!env.includes(secret.reveal()))
})

test('the secret is in no argument and no environment of the child', {skip: process.platform !== 'linux'}, async (t) => {
  const {read, secret} = await run(t, 'cat /proc/$$/cmdline /proc/$$/environ > "$OUT/seen"; cat > /dev/null')
  assert.ok(read('seen').length > 0)
  assert.ok(!read('seen').includes(secret.reveal()))
})

test('the child does not run in the current directory', async (t) => {
  const {read} = await run(t, 'pwd > "$OUT/pwd"; cat > /dev/null')
  assert.equal(read('pwd'), '/\n')
})

test('a command in the current directory, in a relative or in an open folder of PATH is never found', async (t) => {
  const folder = temporaryFolder(t)
  const bin = withCommand(folder, 'tool', 'cat > /dev/null')
  const before = process.cwd()
  process.chdir(bin)
  t.after(() => process.chdir(before))
  for (const searchPath of ['', '.', '::', `:.:./:${path.relative(bin, bin)}:bin`, path.relative(folder, bin)]) {
    await assert.rejects(
      trySink({kind: 'exec', argv: ['tool']}, {env: {PATH: searchPath}}),
      (e) => isCode(e, 'sink.invalid'),
      JSON.stringify(searchPath),
    )
    assert.equal(
      (await deliver({kind: 'exec', argv: ['tool']}, new Secret(marker()), {env: {PATH: searchPath}})).result,
      'failed',
    )
  }
  chmodSync(bin, 0o777)
  await assert.rejects(
    trySink({kind: 'exec', argv: ['tool']}, {env: {PATH: bin}}),
    (e) => isCode(e, 'sink.invalid'),
    'everybody may write there',
  )
  chmodSync(bin, 0o700)
  await trySink({kind: 'exec', argv: ['tool']}, {env: {PATH: `.:${bin}`}})
})

test('what is not executable or no file is not a command', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(path.join(folder, 'plain'), '#!/bin/sh\n', {mode: 0o600})
  mkdirSync(path.join(folder, 'folder'))
  for (const name of ['plain', 'folder', path.join(folder, 'plain'), path.join(folder, 'folder')]) {
    await assert.rejects(trySink({kind: 'exec', argv: [name]}, {env: {PATH: folder}}), (e) => isCode(e, 'sink.invalid'))
  }
})

test('a status other than 0 is a failure that says what the command said, made harmless', async (t) => {
  const {delivered} = await run(
    t,
    'cat > /dev/null; printf "denied \\033[31m\\033]0;title\\007 \\342\\200\\256 policy" >&2; exit 3',
  )
  assert.equal(delivered.result, 'failed')
  assert.match(delivered.detail ?? '', /^tool ended with status 3: denied/)
  assert.match(delivered.detail ?? '', /policy$/)
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(delivered.detail ?? '', /[\u0000-\u001f\u007f-\u009f\u202e]/)
})

test('a command that repeats the secret, a part of it or an encoding of it is not quoted', async (t) => {
  for (const script of [
    'cat >&2; exit 1',
    'head -c 12 >&2; cat > /dev/null; exit 1',
    'tail -c 9; exit 1',
    'base64 >&2; exit 1',
    'od -An -tx1 | tr -d " \\n" >&2; exit 1',
  ]) {
    const {delivered, secret} = await run(t, script)
    const value = secret.reveal()
    assert.equal(delivered.result, 'failed')
    for (let at = 0; at + 6 <= value.length; at++) assert.ok(!delivered.detail?.includes(value.slice(at, at + 6)), script)
    assert.ok(!delivered.detail?.includes(Buffer.from(value).toString('base64').slice(4, 20)), script)
    assert.ok(!delivered.detail?.includes(Buffer.from(value).toString('hex').slice(4, 20)), script)
  }
})

test('a flood of output is cut and does not block the command', async (t) => {
  const {delivered} = await run(t, 'cat > /dev/null; head -c 3000000 /dev/zero | tr "\\0" x; exit 1')
  assert.match(delivered.detail ?? '', /^tool ended with status 1: x+/)
  assert.ok((delivered.detail ?? '').length <= 300)
})

test('a successful command may say what it likes: nothing of it is kept', async (t) => {
  const {delivered} = await run(t, 'cat; echo; env')
  assert.deepEqual(delivered, {result: 'ok'})
})

test('a command that does not end is stopped with everything it started', async (t) => {
  const folder = temporaryFolder(t)
  // the grandchild holds the FIFO open for as long as it lives; both block without the machine's clock
  const bin = withCommand(folder, 'tool', 'mkfifo "$OUT/hold"; cat "$OUT/hold" & echo $! > "$OUT/pid"; wait')
  const delivered = await deliver({kind: 'exec', argv: ['tool']}, new Secret(marker()), {
    env: {OUT: folder, PATH: `${bin}:/usr/bin:/bin`},
    commandSeconds: 1,
  })
  assert.deepEqual(delivered.result, 'failed')
  assert.match(delivered.detail ?? '', /did not end within 1 s/)
  const pid = Number(readFileSync(path.join(folder, 'pid'), 'utf8'))
  let alive = true
  // Bounded, not slept: when the kernel has ended it is not ours to say.
  for (const until = performance.now() + 20_000; alive && performance.now() < until;) {
    // a killed orphan may be a zombie until init reaps it
    alive = existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(!alive, 'the grandchild lives on')
})

test('a command ended by a signal is a failure', async (t) => {
  const {delivered} = await run(t, 'cat > /dev/null; kill -TERM $$')
  assert.equal(delivered.result, 'failed')
  assert.match(delivered.detail ?? '', /SIGTERM/)
})

test('a daemon that a command leaves behind does not keep the delivery waiting', async (t) => {
  const folder = temporaryFolder(t)
  const bin = withCommand(folder, 'tool', 'mkfifo "$OUT/hold"; cat "$OUT/hold" & echo $! > "$OUT/pid"; cat > /dev/null')
  const delivered = await deliver({kind: 'exec', argv: ['tool']}, new Secret(marker()), {
    env: {OUT: folder, PATH: `${bin}:/usr/bin:/bin`},
    commandSeconds: 20,
  })
  const pid = Number(readFileSync(path.join(folder, 'pid'), 'utf8'))
  t.after(() => process.kill(pid, 'SIGKILL'))
  assert.deepEqual(delivered, {result: 'ok'})
})
