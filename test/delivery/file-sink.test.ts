import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import {deliver, trySink, type Sink} from '../../src/delivery/sink.ts'
import {isCode} from '../../src/errors.ts'
import {Secret} from '../../src/secret.ts'
import {temporaryFolder} from '../support/folder.ts'
import {marker} from './command.ts'

const invalid = (error: unknown) => isCode(error, 'sink.invalid')
const file = (where: string): Sink => ({kind: 'file', path: where})
const deps = {env: {}}

test('a new file holds the secret and one newline, for its owner only, whatever the umask', async (t) => {
  const where = path.join(temporaryFolder(t), 'new')
  const before = process.umask(0)
  t.after(() => process.umask(before))
  const secret = new Secret(marker())
  assert.deepEqual(await deliver(file(where), secret, deps), {result: 'ok'})
  assert.equal(readFileSync(where, 'utf8'), `${secret.reveal()}\n`)
  assert.equal(statSync(where).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(path.dirname(where)), ['new'], 'no second copy stays behind')
})

test('delivering the same secret again is fine and changes nothing', async (t) => {
  const where = path.join(temporaryFolder(t), 'again')
  const secret = new Secret(marker())
  await deliver(file(where), secret, deps)
  const before = statSync(where)
  assert.deepEqual(await deliver(file(where), secret, deps), {result: 'ok'})
  assert.equal(statSync(where).mtimeMs, before.mtimeMs)
  assert.equal(statSync(where).ino, before.ino)
})

for (const [what, content] of [
  ['another secret', () => `${marker()}\n`],
  ['nothing', () => ''],
  ['the secret without its newline', (secret: string) => secret],
  ['the secret and more', (secret: string) => `${secret}\n\n`],
  ['the secret behind something', (secret: string) => `x${secret.slice(1)}\n`],
] as const) {
  test(`a file that holds ${what} is left alone`, async (t) => {
    const where = path.join(temporaryFolder(t), 'there')
    const secret = new Secret(marker())
    writeFileSync(where, content(secret.reveal()))
    const before = readFileSync(where)
    const {result, detail} = await deliver(file(where), secret, deps)
    assert.equal(result, 'failed')
    assert.ok(!detail?.includes(secret.reveal()))
    assert.deepEqual(readFileSync(where), before)
  })
}

test('links, FIFOs and folders are refused before and at the delivery', async (t) => {
  const folder = temporaryFolder(t)
  const secret = new Secret(marker())
  writeFileSync(path.join(folder, 'target'), 'kept')
  symlinkSync(path.join(folder, 'target'), path.join(folder, 'link'))
  symlinkSync(path.join(folder, 'nothing'), path.join(folder, 'dangling'))
  execFileSync('mkfifo', [path.join(folder, 'fifo')])
  mkdirSync(path.join(folder, 'folder'))
  for (const name of ['link', 'dangling', 'fifo', 'folder']) {
    await assert.rejects(trySink(file(path.join(folder, name)), deps), invalid, name)
    assert.equal((await deliver(file(path.join(folder, name)), secret, deps)).result, 'failed', name)
  }
  assert.equal(readFileSync(path.join(folder, 'target'), 'utf8'), 'kept')
  assert.ok(!existsSync(path.join(folder, 'nothing')))
})

test('a link to a file that holds this very secret is still refused', async (t) => {
  const folder = temporaryFolder(t)
  const secret = new Secret(marker())
  writeFileSync(path.join(folder, 'target'), `${secret.reveal()}\n`)
  symlinkSync(path.join(folder, 'target'), path.join(folder, 'link'))
  assert.equal((await deliver(file(path.join(folder, 'link')), secret, deps)).result, 'failed')
})

test('a folder that is missing, open to everybody or no folder is refused at the trial', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(path.join(folder, 'plain'), '')
  mkdirSync(path.join(folder, 'open'))
  chmodSync(path.join(folder, 'open'), 0o777)
  await assert.rejects(trySink(file(path.join(folder, 'missing', 'f')), deps), invalid)
  await assert.rejects(trySink(file(path.join(folder, 'plain', 'f')), deps), invalid)
  await assert.rejects(trySink(file(path.join(folder, 'open', 'f')), deps), invalid)
  chmodSync(path.join(folder, 'open'), 0o1777)
  await trySink(file(path.join(folder, 'open', 'f')), deps)
  assert.deepEqual(readdirSync(path.join(folder, 'open')), [], 'the trial leaves nothing behind')
})

test('a file that exists passes the trial only when it could hold this very secret', async (t) => {
  const where = path.join(temporaryFolder(t), 'there')
  writeFileSync(where, 'something\n')
  await trySink(file(where), deps)
  await assert.rejects(trySink(file(where), deps, {fresh: true}), invalid, 'a secret that is not made yet is in no file')
  writeFileSync(where, '')
  await assert.rejects(trySink(file(where), deps), invalid)
  writeFileSync(where, Buffer.alloc(70_000))
  await assert.rejects(trySink(file(where), deps), invalid)
})

test('a secret with a line break or NUL does not become a file', async (t) => {
  const where = path.join(temporaryFolder(t), 'new')
  for (const value of [`${marker()}\nsecond`, `${marker()}\r`, `${marker()}\u0000`]) {
    assert.equal((await deliver(file(where), new Secret(value), deps)).result, 'failed')
    assert.ok(!existsSync(where))
  }
})

test('a folder that vanishes after the trial is a failed delivery, not an exception', async (t) => {
  const {result, detail} = await deliver(file(path.join(temporaryFolder(t), 'gone', 'f')), new Secret(marker()), deps)
  assert.equal(result, 'failed')
  assert.match(detail ?? '', /ENOENT/)
})
