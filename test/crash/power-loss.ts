// Power loss on the real writer of the trail: `node test/crash/power-loss.ts`, Linux with a C compiler.
//
// A child appends to a trail on a disk that keeps nothing but what was synced (power-loss.c) and is killed before its
// n-th operation on files. The folder is rebuilt from what the disk kept, opened again, and held against what the
// child had acknowledged. The same is done with disks that lie about one kind of sync: there, records must be found
// lost, else this script could not fail.
import {spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {systemClock} from '../../src/clock.ts'
import {leafOf} from '../../src/trail/format/record.ts'
import {readTrail} from '../../src/trail/read-trail.ts'
import {Trail} from '../../src/trail/trail.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {IDENTITY} from '../support/trail.ts'

const CHILD = join(import.meta.dirname, '../support/trail-child.ts')
const RECORDS = '10'
const CHECKPOINT_EVERY = '3'
const POINTS = 30
/** What the disk did with bytes that were written and not synced. */
const TAILS = ['dropped', 'half', 'zeros'] as const

const work = mkdtempSync(join(tmpdir(), 'stanch-power-'))
const library = join(work, 'power-loss.so')

interface Run {
  readonly root: string
  readonly shadow: string
  readonly acks: ReadonlyMap<number, string>
  /** largest size for which checkpoint() had returned */
  readonly signed: number
  readonly operations: number
}

let runs = 0

function run(crashAt: number | undefined, ignored: string | undefined): Run {
  const base = join(work, `run-${runs++}`)
  const [root, shadow] = [join(base, 'disk'), join(base, 'shadow')]
  mkdirSync(root, {recursive: true})
  mkdirSync(shadow)
  const count = join(base, 'count')
  const {stdout} = spawnSync(process.execPath, [CHILD, join(root, 'log'), join(root, 'keys'), RECORDS, CHECKPOINT_EVERY], {
    encoding: 'utf8',
    timeout: 30_000,
    env: {
      ...process.env,
      LD_PRELOAD: library,
      ROOT: root,
      SHADOW: shadow,
      COUNT_FILE: count,
      ...(crashAt === undefined ? {} : {CRASH_AT: String(crashAt)}),
      ...(ignored === undefined ? {} : {IGNORE: ignored}),
    },
  })
  const lines = stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '))
  return {
    root,
    shadow,
    acks: new Map(lines.filter(([word]) => word === 'ack').map(([, seq, leaf]) => [Number(seq), leaf!])),
    signed: Math.max(0, ...lines.filter(([word]) => word === 'signed').map(([, size]) => Number(size))),
    operations: existsSync(count) ? Number(readFileSync(count, 'utf8')) : 0,
  }
}

/** Makes `to` what the disk of a run holds after the power cut. */
function rebuild({root, shadow}: Run, to: string, tail: (typeof TAILS)[number]): void {
  const kept = new Map(readdirSync(shadow).map((name) => [name, join(shadow, name)]))
  const live = new Map<string, string>()
  for (const name of readdirSync(root, {recursive: true, encoding: 'utf8'}))
    live.set(String(statSync(join(root, name)).ino), join(root, name))
  const folder = (inode: string, path: string): void => {
    mkdirSync(path, {mode: 0o700})
    const list = kept.get(`d-${inode}`)
    for (const line of list ? readFileSync(list, 'utf8').split('\n').slice(0, -1) : []) {
      const [type, child, generation, ...name] = line.split(' ')
      const below = join(path, name.join(' '))
      if (type === 'd') folder(child!, below)
      else writeFileSync(below, content(child!, generation!), {mode: 0o600})
    }
  }
  const content = (inode: string, generation: string): Buffer => {
    const synced = kept.get(`f-${inode}-${generation}`)
    const bytes = synced ? readFileSync(synced) : Buffer.alloc(0)
    const current = live.get(inode)
    const now = current && statSync(current).isFile() ? readFileSync(current) : bytes
    const more = now.subarray(0, bytes.length).equals(bytes) ? now.subarray(bytes.length) : Buffer.alloc(0)
    if (tail === 'half') return Buffer.concat([bytes, more.subarray(0, Math.floor(more.length / 2))])
    return tail === 'zeros' ? Buffer.concat([bytes, Buffer.alloc(more.length)]) : bytes
  }
  folder(String(statSync(root).ino), to)
}

/** What is wrong with the trail after the power cut; undefined when every promise was kept. */
async function problem(crashed: Run, tail: (typeof TAILS)[number]): Promise<string | undefined> {
  const disk = `${crashed.root}-${tail}`
  rebuild(crashed, disk, tail)
  const folder = join(disk, 'log')
  try {
    const trail = await Trail.open({folder, keys: join(disk, 'keys'), mode: 'sim', clock: systemClock, identity: IDENTITY})
    trail.append({kind: 'note', text: 'after the power came back'})
    trail.close('done')
  } catch (error) {
    return `cannot go on: ${(error as Error).message}`
  }
  const records = [...readTrail(folder)]
  for (const [seq, leaf] of crashed.acks) {
    const record = records[seq]
    if (record === undefined || leafOf(record) !== leaf) return `record ${seq} was acknowledged and is lost`
  }
  const {ok, complete, findings} = verifyFolder(folder)
  if (!ok || !complete) return `does not verify: ${JSON.stringify(findings)}`
  const signedSize = Number(readdirSync(join(folder, 'checkpoints')).at(-1))
  return signedSize < crashed.signed ? `size ${crashed.signed} was signed and is forgotten` : undefined
}

async function matrix(ignored: string | undefined): Promise<{cells: number; problems: string[]}> {
  const {operations} = run(undefined, ignored)
  // The last point lies beyond the end: the power goes after everything was done.
  const points = new Set(Array.from({length: POINTS}, (_, i) => 1 + Math.round((i * operations) / (POINTS - 1))))
  const problems: string[] = []
  let cells = 0
  for (const point of points) {
    const crashed = run(point, ignored)
    for (const tail of TAILS) {
      cells++
      const found = await problem(crashed, tail)
      if (found !== undefined) problems.push(`operation ${point} of ${operations}, unsynced bytes ${tail}: ${found}`)
    }
  }
  return {cells, problems}
}

const compiler = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, join(import.meta.dirname, 'power-loss.c'), '-ldl'], {
  encoding: 'utf8',
})
let [passed, failed] = [0, 0]
try {
  if (process.platform !== 'linux' || compiler.status !== 0) {
    process.stdout.write(`power loss: skipped, ${process.platform === 'linux' ? 'no C compiler' : 'needs Linux'}\n`)
  } else {
    const honest = await matrix(undefined)
    for (const text of honest.problems.slice(0, 10)) process.stdout.write(`  ${text}\n`)
    process.stdout.write(`power loss, honest disk: ${honest.cells} cells, ${honest.problems.length} with a loss\n`)
    passed += honest.cells - honest.problems.length
    failed += honest.problems.length
    // Each promise of the disk is needed: without it the same cells must show losses.
    for (const ignored of ['fdatasync', 'fsync', 'folder']) {
      const lying = await matrix(ignored)
      process.stdout.write(
        `power loss, ${ignored} ignored: ${lying.problems.length} of ${lying.cells} cells show a loss, for example: ${lying.problems[0] ?? 'none'}\n`,
      )
      if (lying.problems.length > 0) passed++
      else failed++
    }
  }
} finally {
  rmSync(work, {recursive: true, force: true})
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
