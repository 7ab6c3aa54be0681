import {deepEqual, equal, notEqual, ok, rejects, throws} from 'node:assert/strict'
import {cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {test} from 'node:test'

import {systemClock} from '../../src/clock.ts'
import {leafOf} from '../../src/trail/format/record.ts'
import {readTrail} from '../../src/trail/read-trail.ts'
import {Trail} from '../../src/trail/trail.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {dieAt} from '../support/dying-disk.ts'
import {IDENTITY, oneAct, trailPlace} from '../support/trail.ts'

const kinds = (folder: string) => [...readTrail(folder)].map(({kind}) => kind)
const close = (trail: Trail, inc: string) => trail.append({kind: 'incident.close', inc, all_clear_at: 'x'})

test('the end of an incident ends the key epoch: sealed by the old key, signed on by the new one', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  oneAct(trail, 'inc-1')
  const old = readFileSync(join(place.keys, 'epoch.pem'), 'utf8')
  equal(close(trail, 'inc-1').seq, 5)
  deepEqual(kinds(place.folder).slice(5), ['incident.close', 'key.epoch'])
  deepEqual(readdirSync(join(place.folder, 'checkpoints')), ['000000000007'])
  const seal = readFileSync(join(place.folder, 'checkpoints/000000000007'), 'utf8')
  ok(seal.includes('/epoch-0 ') && !seal.includes('/epoch-1 '))
  notEqual(readFileSync(join(place.keys, 'epoch.pem'), 'utf8'), old)
  for (const name of readdirSync(place.keys))
    equal(readFileSync(join(place.keys, name), 'utf8').includes(old.split('\n')[1]!), false, name)
  equal(existsSync(join(place.keys, 'epoch.next.pem')), false)
  trail.append({kind: 'note', text: 'in the next epoch'})
  ok(trail.checkpoint().text.includes('/epoch-1 '))
  trail.close('done')
  deepEqual([verifyFolder(place.folder).ok, verifyFolder(place.folder).complete], [true, true])
})

test('a checkpoint right after the seal is the seal', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  const {size, text} = trail.rotateEpoch()
  equal(text, readFileSync(join(place.folder, `checkpoints/00000000000${size}`), 'utf8'))
  equal(trail.checkpoint().text, text)
  equal(trail.rotateEpoch().size, size + 1)
  equal(verifyFolder(place.folder).complete, true)
})

test('an epoch of more than 24 hours, or of 10,000 records, ends at the next append', async (t) => {
  let now = Date.parse('2026-11-22T10:00:00Z')
  const place = trailPlace(t)
  const trail = await place.open({clock: {...systemClock, now: () => now}})
  now += 24 * 3600 * 1000
  trail.append({kind: 'note', text: 'a day'})
  equal(kinds(place.folder).includes('key.epoch'), false)
  now += 1
  trail.append({kind: 'note', text: 'more than a day'})
  deepEqual(kinds(place.folder).slice(-2), ['key.epoch', 'note'])
  for (const length of [4999, 4998]) trail.appendAll(Array.from({length}, () => ({kind: 'note', text: 'x'}) as const))
  trail.append({kind: 'note', text: 'the last of this epoch'})
  equal(kinds(place.folder).filter((kind) => kind === 'key.epoch').length, 1)
  trail.append({kind: 'note', text: 'the first of the next'})
  deepEqual(kinds(place.folder).slice(-2), ['key.epoch', 'note'])
  equal(verifyFolder(place.folder).ok, true)
})

test('two writers of one log: each goes on in an epoch that the other began', async (t) => {
  const place = trailPlace(t)
  const [one, two] = [await place.open(), await place.open()]
  for (let round = 0; round < 3; round++) {
    one.rotateEpoch()
    two.append({kind: 'note', text: 'two'})
    two.rotateEpoch()
    one.append({kind: 'note', text: 'one'})
  }
  equal(kinds(place.folder).includes('log.recovered'), false)
  one.close('done')
  two.close('done')
  equal(verifyFolder(place.folder).complete, true)
})

test('a rotation that dies at any call of the system is undone or ended by the next opening, and nothing is lost', async (t) => {
  const place = trailPlace(t)
  const begun = await place.open()
  oneAct(begun, 'inc-1')
  begun.close('done')
  for (let at = 1, done = false; !done; at++) {
    const base = join(place.base, `at-${at}`)
    mkdirSync(base)
    for (const name of ['log', 'keys']) cpSync(join(place.base, name), join(base, name), {recursive: true})
    const [folder, keys] = [join(base, 'log'), join(base, 'keys')]
    const open = () => Trail.open({folder, keys, mode: 'sim', clock: systemClock, identity: IDENTITY})
    const dying = await open()
    dying.append({kind: 'note', text: 'acknowledged'})
    const acknowledged = [...readTrail(folder)].map((record) => leafOf(record))
    done = (await dieAt(at, () => dying.rotateEpoch())).error === undefined
    const next = await open()
    next.append({kind: 'note', text: 'after'})
    next.rotateEpoch()
    next.close('done')
    const leaves = [...readTrail(folder)].map((record) => leafOf(record))
    deepEqual(leaves.slice(0, acknowledged.length), acknowledged, `call ${at}`)
    const {ok: good, complete, findings} = verifyFolder(folder)
    deepEqual([good, complete], [true, true], `call ${at}: ${JSON.stringify(findings)}`)
    deepEqual(
      [folder, keys]
        .flatMap((root) => readdirSync(root, {recursive: true, encoding: 'utf8'}))
        .filter((name) => /\.tmp$|next/.test(name)),
      [],
      `call ${at}`,
    )
    ok(at < 200)
    rmSync(base, {recursive: true})
    if (done) ok(at > 20, 'there was less to die at than there should be')
  }
})

test('a birth that dies at any call of the system is finished by the next opening', async (t) => {
  const place = trailPlace(t)
  for (let at = 1, done = false; !done; at++) {
    const base = join(place.base, `at-${at}`)
    mkdirSync(base)
    const options = {
      folder: join(base, 'log'),
      keys: join(base, 'keys'),
      mode: 'real',
      clock: systemClock,
      identity: IDENTITY,
    } as const
    const origin = 'acme.example/alice'
    const {error, calls} = await dieAt(at, async () => (await Trail.open({...options, origin})).close('x'))
    done = error === undefined
    const next = await Trail.open({...options, origin})
    next.append({kind: 'note', text: 'after'})
    next.close('done')
    deepEqual([verifyFolder(options.folder).ok, verifyFolder(options.folder).complete], [true, true], `call ${at}`)
    rmSync(base, {recursive: true})
    ok(at < 300)
    if (done) ok(calls > 40, 'there was less to die at than there should be')
  }
})

test('a next key that no record announced is dropped; an announced one without its old key is missing', async (t) => {
  const place = trailPlace(t)
  const one = await place.open()
  one.close('done')
  writeFileSync(join(place.keys, 'epoch.next.pem'), readFileSync(join(place.keys, 'identity.pem')), {mode: 0o600})
  const two = await place.open()
  equal(existsSync(join(place.keys, 'epoch.next.pem')), false)
  const before = readFileSync(join(place.keys, 'epoch.pem'))
  two.rotateEpoch()
  two.close('done')
  writeFileSync(join(place.keys, 'epoch.pem'), before)
  await rejects(place.open(), {code: 'E_KEY_MISSING'})
})

test('a seal that somebody put in the place of ours closes the log', async (t) => {
  const place = trailPlace(t)
  const one = await place.open()
  const {text} = one.checkpoint()
  writeFileSync(join(place.folder, 'checkpoints/000000000003'), text)
  throws(() => one.rotateEpoch(), {code: 'E_TAMPERED'})
  throws(() => one.append({kind: 'note', text: 'x'}), {code: 'E_TAMPERED'})
})

test('a trail verifies without any of its keys, and without the key of its fingerprints', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  oneAct(trail, 'inc-1')
  trail.append({kind: 'note', inc: 'inc-1', text: `user ${trail.blind('t', 'user:u', 'email', 'a@example.com')}`})
  close(trail, 'inc-1')
  trail.close('done')
  const {vkey} = trail
  unlinkSync(join(place.keys, 'blind.key'))
  deepEqual(verifyFolder(place.folder, {vkey}).complete, true)
  rmSync(place.keys, {recursive: true})
  deepEqual(verifyFolder(place.folder, {vkey}).complete, true)
})
