import {deepEqual, equal, match, notEqual, ok} from 'node:assert/strict'
import {appendFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'

import {Trail} from '../../src/trail/trail.ts'
import {logId} from '../../src/trail/layout.ts'
import {readTrail} from '../../src/trail/read-trail.ts'
import {systemClock} from '../../src/clock.ts'
import {fileOf, run} from '../support/cli.ts'
import {newHome, type Home} from '../support/run-stanch.ts'
import {IDENTITY, oneAct} from '../support/trail.ts'

const ORIGIN = 'stanch.local/00112233445566ff'

/** A real trail with one incident, made without a tenant. */
async function realTrail(home: Home): Promise<{folder: string; keys: string; checkpoint: string}> {
  const [folder, keys] = [path.join(home.data, 'trail'), path.join(home.data, 'keys', logId(ORIGIN))]
  const trail = await Trail.open({folder, keys, mode: 'real', origin: ORIGIN, clock: systemClock, identity: IDENTITY})
  oneAct(trail, 'inc-20261122-aaaaaa')
  const {text} = trail.checkpoint()
  trail.close('done')
  return {folder, keys, checkpoint: text}
}

const rotated = async (home: Home, ...argv: string[]) => run(home, ['audit', 'key', 'rotate', ...argv])

describe('stanch audit key', () => {
  test('show prints two lines for the roster, and they pin the trail', async (t) => {
    const home = newHome(t)
    await realTrail(home)
    const ran = await run(home, ['audit', 'key', 'show'])
    equal(ran.code, 0, ran.stderr)
    const [log, first, ...more] = ran.stdout.trimEnd().split('\n')
    deepEqual(more, [])
    match(log!, new RegExp(`^log ${ORIGIN}\\+[0-9a-f]{8}\\+`))
    match(first!, new RegExp(`^${ORIGIN} [0-9a-f]{64}$`))
    const pinned = ['--vkey', log!.slice(4), '--first', first!.split(' ')[1]!]
    equal((await run(home, ['audit', 'verify', ...pinned])).code, 0)
    equal((await run(home, ['audit', 'verify', '--vkey', log!.slice(4), '--first', 'f'.repeat(64)])).code, 5)
  })

  test('show and rotate need a trail: exit 2, and none is made', async (t) => {
    const home = newHome(t)
    for (const argv of [['show'], ['rotate'], ['show', '--simulated']])
      equal((await run(home, ['audit', 'key', ...argv])).code, 2)
    deepEqual(readdirSync(home.data), [])
  })

  test('rotate seals what is recorded and goes on with a new epoch key', async (t) => {
    const home = newHome(t)
    const {keys} = await realTrail(home)
    const before = readFileSync(path.join(keys, 'epoch.pem'), 'utf8')
    const ran = await rotated(home, '--json')
    equal(ran.code, 0, ran.stderr)
    const {epoch, size, checkpoint} = ran.json() as {epoch: number; size: number; checkpoint: string}
    equal(epoch, 1)
    notEqual(readFileSync(path.join(keys, 'epoch.pem'), 'utf8'), before)
    equal(readFileSync(path.join(home.data, `trail/checkpoints/${String(size).padStart(12, '0')}`), 'utf8'), checkpoint)
    equal((await run(home, ['audit', 'verify', '--known', fileOf(home, 'seal', checkpoint)])).code, 0)
  })

  test('flags that do not fit: a new log needs a reason, a reason needs a new log', async (t) => {
    const home = newHome(t)
    await realTrail(home)
    equal((await rotated(home, '--new-log')).code, 2)
    equal((await rotated(home, '--new-log', '--reason', ' ')).code, 2)
    equal((await rotated(home, '--reason', 'x')).code, 2)
    equal(
      [...readTrail(path.join(home.data, 'trail'))].some(({kind}) => kind === 'key.epoch'),
      false,
    )
  })

  test('a healthy trail is closed, moved aside whole, and named in record 0 of the new one', async (t) => {
    const home = newHome(t)
    await realTrail(home)
    const ran = await rotated(home, '--new-log', '--reason', 'new laptop', '--json')
    equal(ran.code, 0, ran.stderr)
    const {aside, origin, refused} = ran.json() as {aside: string; origin: string; refused?: string}
    equal(refused, undefined)
    match(path.basename(aside), /^trail\.closed-\d{8}T\d{9}Z$/)
    const [old, fresh] = [[...readTrail(aside)], [...readTrail(path.join(home.data, 'trail'))]]
    deepEqual([old.at(-1)!.kind, old.at(-1)!['next'], old.at(-1)!['reason']], ['log.close', origin, 'new laptop'])
    deepEqual([fresh[0]!['origin'], fresh[0]!['reason']], [origin, 'new laptop'])
    deepEqual(
      [(fresh[0]!['continues'] as {origin: string; size: number}).origin, (fresh[0]!['continues'] as {size: number}).size],
      [ORIGIN, old.length],
    )
    equal((await run(home, ['audit', 'verify', aside])).code, 0)
    const verdict = await run(home, ['audit', 'verify'])
    equal(verdict.code, 0)
    match(
      verdict.stdout,
      /record 0: continues another log: "stanch\.local\/00112233445566ff" up to size 9, because: "new laptop"/,
    )
  })

  test('a real trail that vanished, or that was cut, is refused until a new one says why', async (t) => {
    const home = newHome(t)
    const {folder} = await realTrail(home)
    rmSync(folder, {recursive: true})
    const note = async () => run(home, ['audit', 'key', 'rotate', '--json'])
    equal((await note()).code, 2)
    const options = {
      folder,
      keys: path.join(home.data, 'keys', logId('stanch.local/new')),
      mode: 'real',
      clock: systemClock,
      identity: IDENTITY,
    } as const
    const refused = await Trail.open(options).catch((error: {code?: string}) => error.code)
    equal(refused, 'E_ROLLED_BACK')
    const begun = await rotated(home, '--new-log', '--reason', 'the folder is gone', '--json')
    equal(begun.code, 0, begun.stdout + begun.stderr)
    deepEqual(
      [...readTrail(folder)].map(({kind, continues}) => [kind, (continues as {origin?: string} | undefined)?.origin])[0],
      ['log.open', ORIGIN],
    )
    equal((await run(home, ['audit', 'verify'])).code, 0)

    const segment = path.join(folder, 'records/000000000000.jsonl')
    writeFileSync(segment, readFileSync(segment, 'utf8').split('\n').slice(0, 1).join('\n') + '\n')
    const stopped = await rotated(home, '--json')
    equal((stopped.json()['error'] as {code: string}).code, 'E_ROLLED_BACK')
    const again = await rotated(home, '--new-log', '--reason', 'it was cut', '--json')
    equal(again.code, 0, again.stderr + again.stdout)
    match(String(again.json()['refused']), /^E_ROLLED_BACK: /)
    match(String(again.json()['aside']), /trail\.refused-/)
    const last = await rotated(home)
    equal(last.code, 0, last.stderr)
  })

  test('a trail of drills that vanished is no loss', async (t) => {
    const home = newHome(t)
    const options = {
      folder: path.join(home.data, 'trail-sim'),
      keys: path.join(home.data, 'keys/0011223344556677'),
      mode: 'sim',
      clock: systemClock,
      identity: IDENTITY,
    } as const
    ;(await Trail.open(options)).close('done')
    rmSync(options.folder, {recursive: true})
    ;(await Trail.open({...options, keys: path.join(home.data, 'keys/0011223344556688')})).close('done')
    ok(readdirSync(options.folder).includes('checkpoint'))
  })
})

describe('stanch audit verify, for what a responder holds', () => {
  test('a trail of this machine is pinned to its own key, and the answer says so', async (t) => {
    const home = newHome(t)
    const {folder} = await realTrail(home)
    const lines = await run(home, ['audit', 'verify'])
    match(lines.stdout, /signer \S+, the key of this trail on this machine\n/)
    match(lines.stdout, /not excluded by this:\n {4}- a rewrite from record 0/)
    const found = (await run(home, ['audit', 'verify', '--json'])).json() as {signer_from: string; not_excluded: string[]}
    equal(found.signer_from, 'machine')
    equal(found.not_excluded.length, 5)
    // another log put whole in the place of ours, under our name, does not pass
    const other = newHome(t)
    await realTrail(other)
    rmSync(folder, {recursive: true})
    cpSync(path.join(other.data, 'trail'), folder, {recursive: true})
    equal((await run(home, ['audit', 'verify'])).code, 5)
    equal((await run(home, ['audit', 'verify', path.join(other.data, 'trail')])).code, 5)
    rmSync(path.join(home.data, 'keys'), {recursive: true})
    const unpinned = (await run(home, ['audit', 'verify', '--json'])).json() as {signer_from: string; not_excluded: string[]}
    deepEqual([unpinned.signer_from, unpinned.not_excluded.length], ['trail', 6])
  })

  test('with record 0 and the newest checkpoint held, only the honesty of the words is left open', async (t) => {
    const home = newHome(t)
    await realTrail(home)
    const {first} = (await run(home, ['audit', 'key', 'show', '--json'])).json() as {first: string}
    const newest = path.join(home.data, 'trail/checkpoint')
    const found = (await run(home, ['audit', 'verify', '--first', first, '--known', newest, '--json'])).json() as {
      not_excluded: string[]
    }
    equal(found.not_excluded.length, 2)
    match(found.not_excluded[0] ?? '', /pieces of evidence were changed or taken away.*--evidence/)
    const held = ['--first', first, '--known', newest, '--evidence', '--json']
    equal(((await run(home, ['audit', 'verify', ...held])).json() as typeof found).not_excluded.length, 1)
  })

  test('the first bad record is named by file, line, number and check', async (t) => {
    const home = newHome(t)
    const {folder} = await realTrail(home)
    const segment = path.join(folder, 'records/000000000000.jsonl')
    writeFileSync(segment, readFileSync(segment, 'utf8').replace('"status":204', '"status": 204'))
    const ran = await run(home, ['audit', 'verify'])
    equal(ran.code, 5)
    match(ran.stdout, /\n {2}first bad record: records\/000000000000\.jsonl line 5 \(seq 4\): not in canonical form: /)
  })

  test('--quick checks hashes and signatures only, says so, and is never more than incomplete', async (t) => {
    const home = newHome(t)
    const {folder} = await realTrail(home)
    const quick = await run(home, ['audit', 'verify', '--quick'])
    equal(quick.code, 6)
    match(quick.stdout, /rules not checked/)
    const segment = path.join(folder, 'records/000000000000.jsonl')
    writeFileSync(segment, readFileSync(segment, 'utf8').replace('"status":204', '"status":205'))
    equal((await run(home, ['audit', 'verify', '--quick'])).code, 5)
  })

  test('a witness that did not sign, and a vkey that is none: exit 5', async (t) => {
    const home = newHome(t)
    await realTrail(home)
    const witness = 'stanch.local/witness/bob+1a1300e1+BAk+Zjw1fqMDMW4ttkdaZZqbDS47+wNVp5MfWs3v0x4J'
    equal((await run(home, ['audit', 'verify', '--witness', witness])).code, 5)
    equal((await run(home, ['audit', 'verify', '--witness', 'bob'])).code, 5)
    appendFileSync(path.join(home.data, 'trail/checkpoint'), '— x\n')
    equal((await run(home, ['audit', 'verify'])).code, 5)
  })
})
