import {deepEqual, equal, ok} from 'node:assert/strict'
import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {test} from 'node:test'

import {leafOf} from '../../src/trail/format/record.ts'
import {readTrail} from '../../src/trail/read-trail.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {trailPlace} from '../support/trail.ts'

const CHILD = join(import.meta.dirname, '../support/trail-child.ts')
const hasPrlimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0

function child(...args: string[]) {
  const process_ = spawn(process.execPath, [CHILD, ...args], {stdio: ['ignore', 'pipe', 'inherit']})
  let out = ''
  process_.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  return {process: process_, lines: () => out.split('\n').slice(0, -1), done: once(process_, 'close')}
}

function acknowledged(lines: readonly string[]): Map<number, string> {
  return new Map(lines.filter((line) => line.startsWith('ack ')).map((line) => [Number(line.split(' ')[1]), line.split(' ')[2]!]))
}

function allThere(folder: string, acks: ReadonlyMap<number, string>): void {
  const records = [...readTrail(folder)]
  for (const [seq, leaf] of acks) equal(leafOf(records[seq]!), leaf, `record ${seq}`)
}

test(
  'processes that come to an empty folder at once and append together lose and repeat nothing',
  {timeout: 60_000},
  async (t) => {
    const {folder, keys} = trailPlace(t)
    const children = Array.from({length: 3}, () => child(folder, keys, '40', '10'))
    await Promise.all(children.map(({done}) => done))
    const acks = children.map(({lines}) => acknowledged(lines()))
    deepEqual(
      acks.map((each) => each.size),
      [40, 40, 40],
    )
    const all = new Map(acks.flatMap((each) => [...each]))
    equal(all.size, 120)
    allThere(folder, all)
    const result = verifyFolder(folder)
    deepEqual([result.ok, result.complete, result.records], [true, true, 1 + 3 * 42])
    equal(
      [...readTrail(folder)].some(({kind}) => kind === 'log.recovered'),
      false,
    )
  },
)

test('a writer killed at any moment loses no record that it acknowledged', {timeout: 120_000}, async (t) => {
  const {folder, keys} = trailPlace(t)
  const acks = new Map<number, string>()
  for (let round = 0; round < 8; round++) {
    const writers = [child(folder, keys, '100000', '7'), child(folder, keys, '100000', '7')]
    // killed when it has said so many lines, not after a time
    for (const [i, writer] of writers.entries()) {
      writer.process.stdout.on('data', () => {
        if (writer.lines().length > 5 + 9 * round + i) writer.process.kill('SIGKILL')
      })
    }
    await Promise.all(writers.map(({done}) => done))
    for (const writer of writers) for (const [seq, leaf] of acknowledged(writer.lines())) acks.set(seq, leaf)
  }
  ok(acks.size > 100)
  allThere(folder, acks)
  const last = child(folder, keys, '1')
  await last.done
  ok(last.lines().includes('closed'))
  for (const root of [folder, keys]) {
    deepEqual(
      readdirSync(root, {recursive: true, encoding: 'utf8'}).filter((name) => name.endsWith('.tmp')),
      [],
    )
  }
  deepEqual([verifyFolder(folder).ok, verifyFolder(folder).complete], [true, true])
})

test(
  'a full disk ends the writer: the append fails with E_DISK, the next is refused, what was acknowledged stays',
  {skip: !hasPrlimit, timeout: 60_000},
  async (t) => {
    const {folder, keys} = trailPlace(t)
    const limited = spawnSync('prlimit', ['--fsize=6000', process.execPath, CHILD, folder, keys, '40'], {
      encoding: 'utf8',
      timeout: 30_000,
    })
    const lines = limited.stdout.split('\n').slice(0, -1)
    const acks = acknowledged(lines)
    ok(acks.size > 3)
    equal(lines.filter((line) => line === 'error E_DISK').length, 1)
    equal(lines.indexOf('error E_DISK'), acks.size + 1)
    equal(lines.filter((line) => line === 'error E_POISONED').length, 40 - acks.size - 1)
    allThere(folder, acks)
    const next = child(folder, keys, '1')
    await next.done
    ok(next.lines().includes('closed'))
    allThere(folder, acks)
    ok([...readTrail(folder)].some(({kind, torn_bytes: torn}) => kind === 'log.recovered' && Number(torn) > 0))
    equal(verifyFolder(folder).ok, true)
  },
)
