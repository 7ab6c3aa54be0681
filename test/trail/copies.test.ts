import {deepEqual, equal, match, ok, throws} from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import {join} from 'node:path'
import {describe, test, type TestContext} from 'node:test'
import tls from 'node:tls'

import {Copies, copyTargets} from '../../src/trail/copies.ts'
import type {CopyTarget} from '../../src/trail/copy-queue.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {AUTHORITY, GOOD, KEY} from '../support/certificates.ts'
import {temporaryFolder} from '../support/folder.ts'
import {oneAct, trailPlace} from '../support/trail.ts'

interface Collector {
  readonly port: number
  readonly text: () => string
  readonly target: CopyTarget
  /** Resolves when it has `lines` whole lines. */
  readonly got: (lines: number) => Promise<void>
}

async function collector(t: TestContext, work: (socket: net.Socket) => void = () => {}): Promise<Collector> {
  let text = ''
  const waiting: {lines: number; done: () => void}[] = []
  const lines = () => text.split('\n').length - 1
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    work(socket)
    if (socket.listenerCount('data') === 0 && !socket.isPaused()) {
      socket.setEncoding('utf8').on('data', (part: string) => {
        text += part
        for (const one of waiting) if (lines() >= one.lines) one.done()
      })
    }
  })
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket) => void sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const {port} = server.address() as net.AddressInfo
  return {
    port,
    text: () => text,
    target: {kind: 'tcp', host: '127.0.0.1', port, name: `tcp://127.0.0.1:${port}`},
    got: (wanted) => (lines() >= wanted ? Promise.resolve() : new Promise((done) => waiting.push({lines: wanted, done}))),
  }
}

/** Copies whose last word can be waited for. */
async function copies(targets: readonly CopyTarget[], more: {patienceMs?: number; mostBytes?: number} = {}) {
  const said: string[] = []
  return {said, copies: await Copies.start({targets, say: (line) => said.push(line), ...more})}
}

const settled = (condition: () => boolean) =>
  new Promise<void>((resolve) => {
    const look = () => (condition() ? resolve() : void setImmediate(look))
    look()
  })

const segment = (folder: string) => join(folder, 'records/000000000000.jsonl')

describe('copies of records', () => {
  test('file and collector get byte for byte what the trail has, awkward texts included, and the file is 0600', async (t) => {
    const place = trailPlace(t)
    const there = await collector(t)
    const path = join(place.base, 'copy.jsonl')
    const {said, copies: out} = await copies([{kind: 'file', path, name: 'file'}, there.target])
    const trail = await place.open({copies: out})
    oneAct(trail, 'inc-1')
    for (const text of [
      '',
      '"\\/\b\f\n\r\t',
      '\u0000\u001f\u007f\u0080',
      '\u2028',
      '✓ 😀',
      '%s %d %j',
      '[Circular]',
      '__proto__',
    ]) {
      trail.append({kind: 'note', inc: 'inc-1', text})
    }
    trail.close('done')
    const original = readFileSync(segment(place.folder), 'utf8')
    const lines = original.split('\n').length - 1
    await there.got(lines)
    equal(there.text(), original)
    await settled(() => readFileSync(path, 'utf8').length === original.length)
    equal(readFileSync(path, 'utf8'), original)
    equal(statSync(path).mode & 0o777, 0o600)
    deepEqual(said, [])
  })

  test('a dead collector: every append succeeds, the trail verifies, and what is missing is counted', async (t) => {
    const place = trailPlace(t)
    const dead: CopyTarget = {kind: 'tcp', host: '127.0.0.1', port: 1, name: 'tcp://127.0.0.1:1'}
    const {said, copies: out} = await copies([dead], {patienceMs: 3000})
    const trail = await place.open({copies: out})
    oneAct(trail, 'inc-1')
    trail.close('done')
    const records = readFileSync(segment(place.folder), 'utf8').split('\n').length - 1
    await settled(() => said.some((line) => line.includes('did not get to')))
    match(said[0] ?? '', /^The copy of the trail to tcp:\/\/127\.0\.0\.1:1 fails: ECONNREFUSED\. The trail itself is complete/)
    match(
      said.at(-1) ?? '',
      new RegExp(`^${records} of ${records} records did not get to tcp://127\\.0\\.0\\.1:1 \\(ECONNREFUSED\\)`),
    )
    equal(said.length, 2)
    const {ok: verified, complete} = verifyFolder(place.folder, {})
    deepEqual([verified, complete], [true, true])
  })

  test('a collector that comes later gets everything, from the first record', async (t) => {
    const place = trailPlace(t)
    const late = net.createServer()
    late.listen(0, '127.0.0.1')
    await once(late, 'listening')
    const {port} = late.address() as net.AddressInfo
    late.close()
    await once(late, 'close')
    const {said, copies: out} = await copies([{kind: 'tcp', host: '127.0.0.1', port, name: 'late'}], {patienceMs: 10_000})
    const trail = await place.open({copies: out})
    oneAct(trail, 'inc-1')
    await settled(() => said.length === 1)
    let text = ''
    late.on('connection', (socket) => socket.setEncoding('utf8').on('data', (part: string) => (text += part)))
    late.listen(port, '127.0.0.1')
    await once(late, 'listening')
    t.after(() => late.close())
    trail.close('done')
    const original = readFileSync(segment(place.folder), 'utf8')
    await settled(() => text.length >= original.length)
    equal(text, original)
    equal(said.length, 1)
  })

  test('a collector that stops reading: the queue is bounded, appends go on at once, drops are counted', async (t) => {
    const place = trailPlace(t)
    const slow = await collector(t, (socket) => void socket.pause())
    const {said, copies: out} = await copies([slow.target], {patienceMs: 50, mostBytes: 200_000})
    const trail = await place.open({copies: out})
    const words = 'x'.repeat(4000)
    const notes = Array.from({length: 100}, () => ({kind: 'note', text: words}) as const)
    // more than the system's own buffers of a loopback connection
    for (let round = 0; round < 30; round++) {
      trail.appendAll(notes)
      await new Promise((resolve) => setImmediate(resolve))
    }
    trail.close('done')
    await settled(() => said.length > 0)
    const [, missing = '0', taken = '0'] = /^(\d+) of (\d+) records did not get to .*: it is too slow/.exec(said[0] ?? '') ?? []
    equal(Number(taken), 3000 + 3)
    ok(Number(missing) > 0 && Number(missing) < Number(taken))
    equal(verifyFolder(place.folder, {}).records, 3003)
  })

  test('a collector that hangs up after each piece gets every record at least once, in order', async (t) => {
    const place = trailPlace(t)
    const seen: number[] = []
    const rude = await collector(t, (socket) => {
      socket.setEncoding('utf8').on('data', (part: string) => {
        for (const line of part.split('\n')) {
          const seq = /^\{"v":1,"seq":(\d+),/.exec(line)?.[1]
          if (seq !== undefined && line.endsWith('}')) seen.push(Number(seq))
        }
        if (seen.length < 4) socket.end()
      })
    })
    const {copies: out} = await copies([rude.target], {patienceMs: 10_000})
    const trail = await place.open({copies: out})
    oneAct(trail, 'inc-1')
    await settled(() => seen.length > 0)
    trail.append({kind: 'note', inc: 'inc-1', text: 'after it hung up'})
    trail.close('done')
    const records = readFileSync(segment(place.folder), 'utf8').split('\n').length - 1
    await settled(() => seen.includes(records - 1))
    ok(seen.every((seq, i) => i === 0 || seq <= Math.max(...seen.slice(0, i)) + 1 || seq === records - 1))
  })

  test('a copy that finds no room (a limit on file size stands in for a full disk): the incident goes on, the trail is complete', async (t) => {
    const base = temporaryFolder(t)
    const child = spawn(process.execPath, [join(import.meta.dirname, '../support/copy-child.ts'), base], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
    const [code] = (await once(child, 'close')) as [number]
    equal(code, 0)
    const {appended, said, copied} = JSON.parse(text) as {appended: number; said: string[]; copied: number}
    equal(appended, 50)
    ok(copied < 50)
    match(said.at(-1) ?? '', /records did not get to the copy \(E[A-Z]+\)/)
    ok(verifyFolder(join(base, 'log'), {}).ok)
  })

  test('a line that a failure cut off is ended before the next: every other line stays whole', async (t) => {
    const place = trailPlace(t)
    const path = join(place.base, 'copy.jsonl')
    writeFileSync(path, '{"v":1,"seq":0,"pre')
    const {copies: out} = await copies([{kind: 'file', path, name: 'file'}])
    const trail = await place.open({copies: out})
    trail.close('done')
    const original = readFileSync(segment(place.folder), 'utf8')
    await settled(() => readFileSync(path, 'utf8').endsWith(original))
    equal(readFileSync(path, 'utf8'), `{"v":1,"seq":0,"pre\n${original}`)
  })

  test('over TLS to a collector whose certificate is good; one that is not trusted gets nothing', async (t) => {
    let text = ''
    const server = tls.createServer({key: KEY, cert: GOOD}, (socket) =>
      socket.setEncoding('utf8').on('data', (part: string) => (text += part)),
    )
    server.on('tlsClientError', () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const {port} = server.address() as net.AddressInfo
    const place = trailPlace(t)
    const {said, copies: out} = await copies([{kind: 'tls', host: '127.0.0.1', port, name: 'tls'}], {patienceMs: 3000})
    const trail = await place.open({copies: out})
    trail.close('done')
    await settled(() => said.length === 2)
    equal(text, '')
    match(said[0] ?? '', /UNABLE_TO_VERIFY|SELF_SIGNED|UNABLE_TO_GET/)
    // trusted by the environment, as a company's own authority is
    const ca = join(place.base, 'ca.pem')
    writeFileSync(ca, AUTHORITY)
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, '../support/copy-child.ts'), join(place.base, 'other'), String(port)],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: {...process.env, NODE_EXTRA_CA_CERTS: ca, NODE_TLS_REJECT_UNAUTHORIZED: '1'},
      },
    )
    const [code] = (await once(child, 'close')) as [number]
    equal(code, 0)
    equal(text, readFileSync(segment(join(place.base, 'other/log')), 'utf8'))
  })

  test('a switch that turns TLS checks off turns nothing off here', async (t) => {
    let connections = 0
    const server = tls.createServer({key: KEY, cert: GOOD}, () => connections++)
    server.on('tlsClientError', () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const {port} = server.address() as net.AddressInfo
    const base = join(temporaryFolder(t), 'x')
    const child = spawn(
      process.execPath,
      ['--no-warnings', join(import.meta.dirname, '../support/copy-child.ts'), base, String(port)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0'},
      },
    )
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
    await once(child, 'close')
    equal(connections, 0)
    ok((JSON.parse(text) as {said: string[]}).said.length > 0)
  })
})

describe('where copies go', () => {
  test('files and collectors are read from the environment', () => {
    deepEqual(copyTargets({}, []), [])
    deepEqual(copyTargets({STANCH_COPY_FILE: '', STANCH_COPY_TO: ''}, []), [])
    deepEqual(copyTargets({STANCH_COPY_FILE: '/var/log/x', STANCH_COPY_TO: 'tcp://[::1]:514'}, ['/data']), [
      {kind: 'file', path: '/var/log/x', name: 'file:/var/log/x'},
      {kind: 'tcp', host: '::1', port: 514, name: 'tcp://[::1]:514'},
    ])
    deepEqual(copyTargets({STANCH_COPY_TO: 'tls://siem.example:6514'}, []), [
      {kind: 'tls', host: 'siem.example', port: 6514, name: 'tls://siem.example:6514'},
    ])
  })

  test('clear text leaves this machine for nobody', () => {
    for (const to of [
      'tcp://siem.example:514',
      'tcp://10.0.0.1:514',
      'tcp://0.0.0.0:514',
      'tcp://127.0.0.1.evil.example:514',
      'tcp://[fe80::1]:514',
    ]) {
      throws(() => copyTargets({STANCH_COPY_TO: to}, []), {code: 'config.insecure'}, to)
    }
  })

  test('what is no collector is refused', () => {
    for (const to of [
      '127.0.0.1:514',
      'http://127.0.0.1:80',
      'tcp://127.0.0.1',
      'tcp://127.0.0.1:0',
      'tcp://:514',
      'tcp://a@127.0.0.1:514',
      'tcp://127.0.0.1:514/x',
      'tcp://127.0.0.1:514?x',
      'tcp://127.0.0.1:514#x',
      'tcp://127.0.0.1:99999',
      'file:///etc/passwd',
      'x',
    ]) {
      throws(() => copyTargets({STANCH_COPY_TO: to}, []), {code: 'config.invalid'}, to)
    }
  })

  test('a copy inside the trail or its keys is refused, by whatever way it is named', (t) => {
    const base = temporaryFolder(t)
    mkdirSync(join(base, 'trail/records'), {recursive: true})
    symlinkSync(join(base, 'trail'), join(base, 'way'))
    for (const file of [
      'trail/records/000000000000.jsonl',
      'trail/x',
      'trail',
      'trail/../trail/x',
      'way/x',
      'way/records/x',
      'trail/new/folder/x',
    ]) {
      throws(() => copyTargets({STANCH_COPY_FILE: join(base, file)}, [join(base, 'trail')]), {code: 'config.invalid'}, file)
    }
    for (const file of ['trailx', 'other/x', '..x'])
      equal(copyTargets({STANCH_COPY_FILE: join(base, file)}, [join(base, 'trail')]).length, 1)
    for (const file of ['copy.jsonl', './copy', '../x'])
      throws(() => copyTargets({STANCH_COPY_FILE: file}, []), {code: 'config.invalid'})
  })

  test('a link, a folder or a device is no file for copies', async (t) => {
    const place = trailPlace(t)
    const target = join(place.base, 'precious')
    writeFileSync(target, 'precious\n')
    symlinkSync(target, join(place.base, 'link'))
    mkdirSync(join(place.base, 'folder'))
    const targets = ['link', 'folder', '../../../../../../../dev/null'].map((name): CopyTarget => ({
      kind: 'file',
      path: join(place.base, name),
      name,
    }))
    const {said, copies: out} = await copies(targets, {patienceMs: 3000})
    const trail = await place.open({copies: out})
    trail.close('done')
    await settled(() => said.length === 6)
    equal(readFileSync(target, 'utf8'), 'precious\n')
  })
})
