import {deepEqual, equal, match, ok, throws} from 'node:assert/strict'
import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {after, test} from 'node:test'

import {AppendFile} from '../../src/files/append-file.ts'
import {HintFile} from '../../src/files/hint-file.ts'
import {lineBlocks, linesFromEnd} from '../../src/files/line-blocks.ts'
import {Lock, withLock} from '../../src/files/lock.ts'
import {fileStat, listFolder, readBounded, readIfPresent} from '../../src/files/read.ts'
import {
  createExclusive,
  ensureFolder,
  removeFile,
  replaceUnsynced,
  rewriteDurably,
  writableProbe,
  writeDurably,
} from '../../src/files/write.ts'

const base = mkdtempSync(join(tmpdir(), 'stanch-files-'))
after(() => rmSync(base, {recursive: true, force: true}))
let count = 0
const fresh = () => join(base, `f${count++}`)
const posix = process.platform !== 'win32'
const asRoot = process.getuid?.() === 0

test('a file is read up to its bound and not a byte beyond', () => {
  const path = fresh()
  writeFileSync(path, 'x'.repeat(100))
  equal(readBounded(path, 100).length, 100)
  throws(() => readBounded(path, 99), {code: 'input.too_large'})
  writeFileSync(path, '')
  equal(readBounded(path, 0).length, 0)
})

test('a folder, a FIFO, a device and a missing file are refused without hanging', {skip: !posix}, () => {
  const fifo = fresh()
  equal(spawnSync('mkfifo', [fifo]).status, 0)
  for (const path of [base, fifo, '/dev/zero', '/dev/null', fresh(), join(fresh(), 'below')]) {
    throws(() => readBounded(path, 1000), {code: 'input.unreadable'}, path)
  }
})

test('only a missing file is undefined; an unreadable one is an error', () => {
  equal(readIfPresent(fresh(), 10), undefined)
  throws(() => readIfPresent(base, 10), {code: 'input.unreadable'})
})

test('a folder is listed in order, and an absent one is empty', () => {
  const folder = fresh()
  deepEqual(listFolder(folder), [])
  mkdirSync(folder)
  for (const name of ['b', 'a', 'c']) writeFileSync(join(folder, name), '')
  deepEqual(listFolder(folder), ['a', 'b', 'c'])
  throws(() => listFolder(join(folder, 'a')), {code: 'input.unreadable'})
})

test('fileStat names the kind and nothing when there is nothing', () => {
  const path = fresh()
  equal(fileStat(path), undefined)
  writeFileSync(path, 'abc', {mode: 0o600})
  const {mode, size, kind, uid} = fileStat(path)!
  deepEqual([mode, size, kind, uid], [0o600, 3, 'file', process.getuid?.() ?? 0])
  equal(fileStat(base)?.kind, 'folder')
  if (posix) equal(fileStat('/dev/null')?.kind, 'other')
})

test('a durable write replaces the file whole, with its mode, and leaves no other file', () => {
  const folder = fresh()
  ensureFolder(join(folder, 'a/b'))
  if (posix) equal(statSync(join(folder, 'a')).mode & 0o777, 0o700)
  const path = join(folder, 'x')
  const before = process.umask(0o777)
  try {
    writeDurably(path, 'one')
    writeDurably(path, Buffer.from('two'), 0o640)
  } finally {
    process.umask(before)
  }
  if (posix) equal(statSync(path).mode & 0o777, 0o640)
  equal(readFileSync(path, 'utf8'), 'two')
  replaceUnsynced(path, 'three')
  equal(readFileSync(path, 'utf8'), 'three')
  deepEqual(readdirSync(folder), ['a', 'x'])
})

test(
  'a hint is overwritten in place, shorter and longer, and stands under its name whatever happened to the file',
  {skip: !posix},
  () => {
    const path = fresh()
    const hint = new HintFile(path)
    const holds = (text: string) => {
      hint.overwrite(Buffer.from(text))
      equal(readFileSync(path, 'utf8'), text)
    }
    holds('the first one')
    equal(statSync(path).mode & 0o077, 0)
    holds('short')
    holds('')
    holds('longer than all before')
    // somebody else's longer content in the same file
    writeFileSync(path, 'x'.repeat(100))
    holds('ours')
    unlinkSync(path)
    holds('made again')
    renameSync(path, fresh())
    holds('again')
    writeFileSync(`${path}.new`, 'another file of the same name, as a restored copy is')
    renameSync(`${path}.new`, path)
    holds('mine')
    hint.close()
    holds('after it was closed')
    const target = fresh()
    writeFileSync(target, 'target')
    unlinkSync(path)
    symlinkSync(target, path)
    throws(() => hint.overwrite(Buffer.from('x')), {code: 'E_DISK'})
    unlinkSync(path)
    mkdirSync(path)
    throws(() => hint.overwrite(Buffer.from('x')), {code: 'E_DISK'})
    equal(readFileSync(target, 'utf8'), 'target')
    hint.close()
    hint.close()
  },
)

test('a durable write replaces a symbolic link and does not follow it', {skip: !posix}, () => {
  const [target, link] = [fresh(), fresh()]
  writeFileSync(target, 'target')
  symlinkSync(target, link)
  writeDurably(link, 'new')
  equal(readFileSync(target, 'utf8'), 'target')
  equal(readFileSync(link, 'utf8'), 'new')
})

test('a write that fails leaves the old content and no temporary file', () => {
  const folder = fresh()
  mkdirSync(folder)
  mkdirSync(join(folder, 'taken'))
  writeFileSync(join(folder, 'taken/inside'), '')
  throws(() => writeDurably(join(folder, 'taken'), 'x'), {code: 'E_DISK'})
  throws(() => writeDurably(join(folder, 'none/x'), 'x'), {code: 'E_DISK'})
  throws(() => ensureFolder(join(folder, 'taken/inside')), {code: 'E_DISK'})
  throws(() => ensureFolder(join(folder, 'taken/inside/deeper')), {code: 'E_DISK'})
  deepEqual(readdirSync(folder), ['taken'])
})

test('an exclusive creation refuses what exists, even a dangling link', () => {
  const path = fresh()
  createExclusive(path, 'one')
  throws(() => createExclusive(path, 'two'), {code: 'E_DISK'})
  equal(readFileSync(path, 'utf8'), 'one')
  removeFile(path)
  removeFile(path)
  if (posix) {
    symlinkSync(fresh(), path)
    throws(() => createExclusive(path, 'two'), {code: 'E_DISK'})
  }
})

test('a file is written anew up to a length', () => {
  const path = fresh()
  writeFileSync(path, 'hello, world', {mode: 0o600})
  const {ino} = statSync(path)
  rewriteDurably(path, 5)
  equal(readFileSync(path, 'utf8'), 'hello')
  ok(statSync(path).ino !== ino)
})

test('the probe tells a writable folder from one that is not, and leaves nothing', () => {
  const folder = fresh()
  mkdirSync(folder)
  writableProbe(folder)
  deepEqual(readdirSync(folder), [])
  throws(() => writableProbe(join(folder, 'none')), {code: 'E_DISK'})
  if (posix && !asRoot) {
    chmodSync(folder, 0o500)
    throws(() => writableProbe(folder), {code: 'E_DISK'})
  }
})

test('a lock is exclusive between holders, also in one process, and free after its holder threw', () => {
  const path = fresh()
  throws(() => withLock(path, 0, () => withLock(path, 0, () => 'never')), {code: 'E_LOCKED'})
  throws(
    () =>
      withLock(path, 0, () => {
        throw new TypeError('mine')
      }),
    TypeError,
  )
  equal(
    withLock(path, 0, () => 'free'),
    'free',
  )
  if (posix) equal(statSync(path).mode & 0o777, 0o600)
  equal(statSync(path).size, 0)
})

test('one holder may hold again inside', () => {
  const lock = new Lock(fresh(), 0)
  equal(
    lock.hold(() => lock.hold(() => 'inner')),
    'inner',
  )
  lock.close()
})

test('a lock held in another process is seen, and gone when that process is killed', {timeout: 20_000}, async () => {
  const path = fresh()
  const code = `import {withLock} from ${JSON.stringify(join(import.meta.dirname, '../../src/files/lock.ts'))}
    withLock(${JSON.stringify(path)}, 0, () => { require('node:fs').writeSync(1, 'held'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 15000) })`
  const holder = spawn(
    process.execPath,
    ['--input-type=module', '-e', code.replace("require('node:fs')", "process.getBuiltinModule('node:fs')")],
    {stdio: ['ignore', 'pipe', 'inherit']},
  )
  await once(holder.stdout, 'data')
  throws(() => withLock(path, 20, () => 'never'), {code: 'E_LOCKED'})
  holder.kill('SIGKILL')
  await once(holder, 'close')
  equal(
    withLock(path, 0, () => 'free'),
    'free',
  )
})

test('a lock whose file was exchanged is taken on the file that is there now', () => {
  const path = fresh()
  const lock = new Lock(path, 0)
  lock.hold(() => {})
  renameSync(path, `${path}.old`)
  lock.hold(() => {
    throws(() => withLock(path, 0, () => 'never'), {code: 'E_LOCKED'})
  })
  lock.close()
})

test('a lock in a folder that is gone is an error of its own', () => {
  throws(() => withLock(join(fresh(), 'lock'), 0, () => 'never'), {code: 'E_MISSING'})
})

test('loading the lock prints no warning', () => {
  const code = `import {withLock} from ${JSON.stringify(join(import.meta.dirname, '../../src/files/lock.ts'))}; withLock(${JSON.stringify(fresh())}, 0, () => {})`
  const {stderr, status} = spawnSync(process.execPath, ['--input-type=module', '-e', code], {encoding: 'utf8'})
  deepEqual([stderr, status], ['', 0])
})

test('an append file grows by what is appended and sees what happens to its name', () => {
  const path = fresh()
  throws(() => AppendFile.open(path), {code: 'E_MISSING'})
  const file = AppendFile.create(path)
  throws(() => AppendFile.create(path), {code: 'E_DISK'})
  file.append(Buffer.from('one\n'))
  file.append(Buffer.from('two\n'))
  equal(file.read(4, 100).toString(), 'two\n')
  deepEqual(file.look(), {size: 8, replaced: false})
  linkSync(path, `${path}.second`)
  throws(() => file.look(), {code: 'E_REPLACED'})
  unlinkSync(`${path}.second`)
  renameSync(path, `${path}.away`)
  throws(() => file.look(), {code: 'E_MISSING'})
  writeFileSync(path, 'other')
  deepEqual(file.look(), {size: 5, replaced: true})
  file.close()
  throws(() => file.append(Buffer.from('x')), {code: 'E_DISK'})
})

test('lines come whole whatever the blocks are, and the rest is told apart', () => {
  const path = fresh()
  const lines = Array.from({length: 5000}, (_, i) => `${i} ${'x'.repeat((i * 37) % 700)}`)
  writeFileSync(path, `${lines.join('\n')}\ntorn`)
  const blocks = lineBlocks(path)
  let text = ''
  let step = blocks.next()
  for (; !step.done; step = blocks.next()) {
    match(step.value.toString('utf8', step.value.length - 1), /\n/)
    text += step.value.toString()
  }
  equal(text, `${lines.join('\n')}\n`)
  equal(step.value.toString(), 'torn')
  deepEqual([...linesFromEnd(path, statSync(path).size, 1000)], lines.toReversed())
  throws(() => lineBlocks(fresh()).next(), {code: 'input.unreadable'})
  writeFileSync(path, 'x'.repeat(100))
  throws(() => [...lineBlocks(path, 0, 50)], {code: 'input.too_large'})
  deepEqual([...linesFromEnd(path, 100)], [])
})
