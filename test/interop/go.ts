import {spawnSync} from 'node:child_process'
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {systemClock} from '../../src/clock.ts'
import {leafOf} from '../../src/trail/format/record.ts'
import {HashLevels} from '../../src/trail/format/hash-levels.ts'
import {parseCheckpoint} from '../../src/trail/format/checkpoint.ts'
import {exportTiles} from '../../src/trail/tiles.ts'
import {Trail} from '../../src/trail/trail.ts'
import {IDENTITY, oneAct} from '../support/trail.ts'

/*
 * Interop with implementations that are not ours: Go's golang.org/x/mod/sumdb/note and tlog (Debian packages golang-go and
 * golang-golang-x-mod-dev) read our checkpoint, proofs and tiles; openssl verifies the signature. `node test/interop/go.ts`
 * fails when either cannot run: a check that did not happen is no pass.
 */

const GOCODE = '/usr/share/gocode'
/** Every proof of every tree up to this size. */
const ALL_TO = 130
const work = mkdtempSync(join(tmpdir(), 'stanch-go-'))
const b64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')

function need(what: string, present: boolean): void {
  if (!present) throw new Error(`${what} is missing: apt-get install golang-go golang-golang-x-mod-dev openssl`)
}

function run(command: string, args: readonly string[], env: Record<string, string> = {}): string {
  const {status, stdout, stderr, error} = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: 300_000,
    env: {...process.env, ...env},
    cwd: work,
  })
  if (error || status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? ''}${stdout}${stderr}`)
  return stdout
}

/** A trail with two epochs and some hundred records, as the program writes it. */
async function makeTrail(): Promise<{trail: Trail; text: string}> {
  const trail = await Trail.open({
    folder: join(work, 'log'),
    keys: join(work, 'keys'),
    mode: 'sim',
    clock: systemClock,
    identity: IDENTITY,
  })
  oneAct(trail, 'inc-20261122-aaaaaa')
  const {text: early} = trail.checkpoint()
  exportTiles(trail.folder, join(work, 'tiles'), early)
  trail.appendAll(Array.from({length: 600}, (_, i) => ({kind: 'note', inc: 'inc-20261122-aaaaaa', text: `note ${i} ✓`}) as const))
  trail.append({kind: 'incident.close', inc: 'inc-20261122-aaaaaa', all_clear_at: 'x'})
  trail.append({kind: 'note', text: 'in the second epoch'})
  return {trail, text: trail.checkpoint().text}
}

function writeProofs(leaves: readonly string[]): void {
  const tree = new HashLevels()
  const [inclusion, consistency]: [string[], string[]] = [[], []]
  const prove = (size: number, indexes: Iterable<number>) => {
    for (const i of indexes) {
      inclusion.push([i, size, b64(tree.root(size)), b64(leaves[i]!), ...tree.inclusion(i, size).map(b64)].join(' '))
      if (i > 0)
        consistency.push([i, size, b64(tree.root(i)), b64(tree.root(size)), ...tree.consistency(i, size).map(b64)].join(' '))
    }
  }
  for (const [i, leaf] of leaves.entries()) {
    tree.add(leaf)
    if (i < ALL_TO)
      prove(
        i + 1,
        Array.from({length: i + 1}, (_, j) => j),
      )
  }
  prove(
    leaves.length,
    Array.from({length: leaves.length}, (_, j) => j),
  )
  writeFileSync(join(work, 'inclusion.txt'), `${inclusion.join('\n')}\n`)
  writeFileSync(join(work, 'consistency.txt'), `${consistency.join('\n')}\n`)
}

function openssl(text: string, vkey: string): void {
  const checkpoint = parseCheckpoint(text)
  const raw = Buffer.from(vkey.split('+').slice(2).join('+'), 'base64').subarray(1)
  writeFileSync(join(work, 'body'), checkpoint.body)
  writeFileSync(join(work, 'sig'), checkpoint.signatures.find(({name}) => name === checkpoint.origin)!.data)
  writeFileSync(join(work, 'key.der'), Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]))
  const args = [
    'pkeyutl',
    '-verify',
    '-pubin',
    '-keyform',
    'DER',
    '-inkey',
    'key.der',
    '-rawin',
    '-in',
    'body',
    '-sigfile',
    'sig',
  ]
  run('openssl', args)
  writeFileSync(join(work, 'body'), checkpoint.body.replace(/\n\d+\n/, '\n1\n'))
  if (spawnSync('openssl', args, {cwd: work}).status === 0) throw new Error('openssl accepts another body')
  process.stdout.write(`${run('openssl', ['version']).trim()}: accepts the identity signature, rejects it on another body\n`)
}

let [passed, failed] = [0, 0]
try {
  need('go', spawnSync('go', ['version']).status === 0)
  need('golang.org/x/mod', existsSync(join(GOCODE, 'src/golang.org/x/mod/sumdb/tlog')))
  need('openssl', spawnSync('openssl', ['version']).status === 0)
  const {trail, text} = await makeTrail()
  writeFileSync(join(work, 'vkey'), `${trail.vkey}\n`)
  writeFileSync(join(work, 'checkpoint'), text)
  writeProofs([...trail.records()].map((record) => leafOf(record)))
  exportTiles(trail.folder, join(work, 'tiles'), text)
  process.stdout.write(run('go', ['version']))
  const offline = {GO111MODULE: 'off', GOPATH: GOCODE, GOFLAGS: '', GOPROXY: 'off', GOCACHE: join(work, 'cache')}
  process.stdout.write(run('go', ['run', join(import.meta.dirname, 'main.go'), work], offline))
  openssl(text, trail.vkey)
  trail.close('done')
  passed++
} catch (error) {
  failed++
  process.stdout.write(`FAIL ${(error as Error).message}\n`)
} finally {
  rmSync(work, {recursive: true, force: true})
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
