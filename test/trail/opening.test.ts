import {deepEqual, equal, ok, rejects, throws} from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import {test} from 'node:test'

import {leafHash} from '../../src/trail/format/record.ts'
import type {Trail} from '../../src/trail/trail.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {oneAct, trailPlace} from '../support/trail.ts'

const segment = (folder: string) => join(folder, 'records/000000000000.jsonl')

/** A well-formed next record, as somebody without keys could write it. */
function forged(trail: {folder: string}, sid: string): string {
  const lines = readFileSync(segment(trail.folder), 'utf8').trimEnd().split('\n')
  return `${JSON.stringify({v: 1, seq: lines.length, prev: leafHash(lines.at(-1)!), salt: 'A'.repeat(22), time: (JSON.parse(lines.at(-1)!) as {time: string}).time, kind: 'note', sid, mode: 'sim', mono: 1, actor: 'm', text: 'forged'})}\n`
}

function flip(path: string, what: string): void {
  const text = readFileSync(path, 'utf8')
  ok(text.includes(what))
  writeFileSync(path, text.replace(what, `${what.slice(0, -1)}${what.endsWith('X') ? 'Y' : 'X'}`))
}

test('a torn tail is kept as evidence, cut off, and recorded before the next record', async (t) => {
  const place = trailPlace(t)
  const one = await place.open()
  oneAct(one, 'inc-1')
  one.close('done')
  const torn = '{"v":1,"seq":6,"prev":"00'
  appendFileSync(segment(place.folder), torn)
  const two = await place.open()
  const records = [...two.records()]
  deepEqual(
    records.slice(6).map(({kind}) => kind),
    ['log.recovered', 'session.open'],
  )
  const {signed_size: signed, tail_from: from, torn_bytes: bytes, torn_sha256: sha256} = records[6]!
  deepEqual([signed, from, bytes], [6, 6, torn.length])
  equal(two.getEvidence(String(sha256))?.toString(), torn)
  two.close('done')
  deepEqual(verifyFolder(place.folder).ok, true)
})

test('zeros that a power cut left where an append was on its way are a torn tail as well', async (t) => {
  const place = trailPlace(t)
  const one = await place.open()
  one.close('done')
  appendFileSync(segment(place.folder), Buffer.concat([Buffer.alloc(700), Buffer.from('"x"}\n')]))
  const two = await place.open()
  deepEqual(
    [...two.records()].slice(3).map(({kind, torn_bytes: torn}) => [kind, torn]),
    [
      ['log.recovered', 705],
      ['session.open', undefined],
    ],
  )
})

test('records that no signature covered stay recognisable: log.recovered names the signed size', async (t) => {
  const place = trailPlace(t)
  const one = await place.open()
  one.close('done')
  const inode = statSync(segment(place.folder)).ino
  appendFileSync(segment(place.folder), forged(one, one.sid))
  const two = await place.open()
  const recovered = [...two.records()][4]!
  deepEqual(
    [recovered.kind, recovered['signed_size'], recovered['tail_from'], recovered['torn_bytes']],
    ['log.recovered', 3, 4, 0],
  )
  ok(statSync(segment(place.folder)).ino !== inode, 'the segment was not written anew')
  two.close('done')
  equal(verifyFolder(place.folder).complete, true)
})

test('a tip that was lost with the power leaves its records unsigned but not lost', async (t) => {
  const place = trailPlace(t)
  const one = await place.open()
  one.append({kind: 'note', text: 'acknowledged'})
  // as if the process had died here and the unsynced tip with it
  cpSync(place.folder, join(place.base, 'copy'), {recursive: true})
  writeFileSync(join(place.base, 'copy/tip'), '')
  const two = await place.open({folder: join(place.base, 'copy')})
  deepEqual(
    [...two.records()].map(({kind}) => kind),
    ['log.open', 'session.open', 'note', 'log.recovered', 'session.open'],
  )
})

test('without a lost tip a killed writer leaves nothing to recover', async (t) => {
  const place = trailPlace(t)
  const one = await place.open()
  one.append({kind: 'note', text: 'acknowledged'})
  cpSync(place.folder, join(place.base, 'copy'), {recursive: true})
  const two = await place.open({folder: join(place.base, 'copy')})
  deepEqual(
    [...two.records()].map(({kind}) => kind),
    ['log.open', 'session.open', 'note', 'session.open'],
  )
})

test('a crash while the log was born is finished at the next opening', async (t) => {
  const place = trailPlace(t)
  const one = await place.open()
  const whole = readFileSync(segment(place.folder), 'utf8')
  for (const [what, records] of Object.entries({
    'no record': '',
    'half of record 0': whole.slice(0, 100),
    'record 0': `${whole.split('\n')[0]}\n`,
  })) {
    const base = join(place.base, what)
    mkdirSync(join(base, 'log/records'), {recursive: true})
    writeFileSync(segment(join(base, 'log')), records)
    cpSync(place.keys, join(base, 'keys'), {recursive: true})
    unlinkSync(join(base, 'keys/head'))
    const two = await place.open({
      folder: join(base, 'log'),
      keys: join(base, 'keys'),
      ...(what === 'record 0' ? {origin: one.origin} : {}),
    })
    two.append({kind: 'note', text: 'x'})
    two.close('done')
    deepEqual([verifyFolder(join(base, 'log')).complete, what], [true, what])
  }
})

const BEFORE_OPENING: Record<string, [damage: (folder: string, keys: string, trail: Trail) => void, code: string]> = {
  'a byte of a signed record': [(folder) => flip(segment(folder), 'A leaked secreX'.replace('X', 't')), 'E_TAMPERED'],
  'the signed tail cut': [
    (folder) => writeFileSync(segment(folder), readFileSync(segment(folder), 'utf8').split('\n').slice(0, 3).join('\n') + '\n'),
    'E_ROLLED_BACK',
  ],
  'the segment deleted': [(folder) => unlinkSync(segment(folder)), 'E_ROLLED_BACK'],
  'the whole log deleted': [(folder) => rmSync(folder, {recursive: true}), 'E_ROLLED_BACK'],
  'the checkpoint deleted': [(folder) => unlinkSync(join(folder, 'checkpoint')), 'E_TAMPERED'],
  'the checkpoint damaged': [(folder) => writeFileSync(join(folder, 'checkpoint'), 'x'), 'E_TAMPERED'],
  'the identity line dropped': [(folder) => dropLine(folder, 4), 'E_TAMPERED'],
  'the epoch line dropped': [(folder) => dropLine(folder, 5), 'E_TAMPERED'],
  'a line of garbage appended': [(folder) => appendFileSync(segment(folder), 'garbage\n'), 'E_CHAIN'],
  'a record with a wrong prev appended': [
    (folder, _keys, trail) =>
      appendFileSync(
        segment(folder),
        forged(trail, trail.sid).replace(/"prev":"(.)/, (_, digit) => `"prev":"${digit === '0' ? '1' : '0'}`),
      ),
    'E_CHAIN',
  ],
  'a record with a wrong seq appended': [
    (folder, _keys, trail) => appendFileSync(segment(folder), forged(trail, trail.sid).replace('"seq":6', '"seq":7')),
    'E_CHAIN',
  ],
  'a record of an unknown session appended': [
    (folder, _keys, trail) => appendFileSync(segment(folder), forged(trail, 's-none')),
    'E_CHAIN',
  ],
  'bytes that are no UTF-8 appended': [(folder) => appendFileSync(segment(folder), Buffer.from([0xff, 0x0a])), 'E_CHAIN'],
  'a segment that does not follow': [(folder) => writeFileSync(join(folder, 'records/000000131072.jsonl'), ''), 'E_CHAIN'],
  'the identity key gone': [(_folder, keys) => unlinkSync(join(keys, 'identity.pem')), 'E_KEY_MISSING'],
  'the epoch key gone': [(_folder, keys) => unlinkSync(join(keys, 'epoch.pem')), 'E_KEY_MISSING'],
  'the blinding key gone': [(_folder, keys) => unlinkSync(join(keys, 'blind.key')), 'E_KEY_MISSING'],
  'the blinding key cut': [(_folder, keys) => truncateSync(join(keys, 'blind.key'), 31), 'E_KEY_MISSING'],
  'the keys exchanged': [(_folder, keys) => copyFileSync(join(keys, 'epoch.pem'), join(keys, 'identity.pem')), 'E_KEY_MISSING'],
  'an identity key that is no key': [(_folder, keys) => writeFileSync(join(keys, 'identity.pem'), 'x'), 'E_KEY_MISSING'],
  'an identity key that the group can read': [(_folder, keys) => chmodSync(join(keys, 'identity.pem'), 0o640), 'E_KEY_MODE'],
  'an epoch key that all can read': [(_folder, keys) => chmodSync(join(keys, 'epoch.pem'), 0o604), 'E_KEY_MODE'],
  'a blinding key that others can write': [(_folder, keys) => chmodSync(join(keys, 'blind.key'), 0o602), 'E_KEY_MODE'],
}

function dropLine(folder: string, index: number): void {
  const path = join(folder, 'checkpoint')
  writeFileSync(
    path,
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((_, i) => i !== index)
      .join('\n'),
  )
}

for (const [what, [damage, code]] of Object.entries(BEFORE_OPENING)) {
  test(`a log is not opened after: ${what}`, async (t) => {
    const place = trailPlace(t)
    const trail = await place.open()
    oneAct(trail, 'inc-1')
    trail.close('done')
    damage(place.folder, place.keys, trail)
    await rejects(place.open(), {code})
  })
}

test('all files put back to an older complete state are a rollback, because this machine remembers', async (t) => {
  const place = trailPlace(t)
  const one = await place.open()
  one.close('done')
  cpSync(place.folder, join(place.base, 'old'), {recursive: true})
  const two = await place.open()
  oneAct(two, 'inc-1')
  two.close('done')
  rmSync(place.folder, {recursive: true})
  cpSync(join(place.base, 'old'), place.folder, {recursive: true})
  equal(verifyFolder(place.folder).complete, true)
  await rejects(place.open(), {code: 'E_ROLLED_BACK'})
})

test('a copy that went on elsewhere with the same keys is a fork', async (t) => {
  const place = trailPlace(t)
  const one = await place.open()
  one.close('done')
  for (const name of ['log', 'keys']) cpSync(join(place.base, name), join(place.base, 'elsewhere', name), {recursive: true})
  const here = await place.open()
  here.close('here')
  const there = await place.open({folder: join(place.base, 'elsewhere/log'), keys: join(place.base, 'elsewhere/keys')})
  oneAct(there, 'inc-1')
  there.close('there')
  rmSync(place.folder, {recursive: true})
  cpSync(join(place.base, 'elsewhere/log'), place.folder, {recursive: true})
  await rejects(place.open(), {code: 'E_FORKED'})
})

const WHILE_RUNNING: Record<string, [damage: (folder: string, trail: Trail) => void, code: string]> = {
  'the segment deleted': [(folder) => unlinkSync(segment(folder)), 'E_MISSING'],
  'the folder renamed': [(folder) => renameSync(folder, `${folder}-moved`), 'E_MISSING'],
  'the segment swapped for an empty file': [
    (folder) => (unlinkSync(segment(folder)), writeFileSync(segment(folder), '')),
    'E_REPLACED',
  ],
  'the segment swapped for one with another last record': [
    (folder) => {
      const text = readFileSync(segment(folder), 'utf8')
      unlinkSync(segment(folder))
      writeFileSync(segment(folder), text.replace('"status":204', '"status":404'))
    },
    'E_REPLACED',
  ],
  'a second name for the segment': [(folder) => linkSync(segment(folder), `${folder}.link`), 'E_REPLACED'],
  'the segment cut': [(folder) => truncateSync(segment(folder), 800), 'E_SHRUNK'],
  'the last record overwritten in place': [(folder) => flipInPlace(segment(folder), '"status":204', '"status":404'), 'E_CHAIN'],
  'garbage appended': [(folder) => appendFileSync(segment(folder), '{"v":1}\n'), 'E_CHAIN'],
}

function flipInPlace(path: string, from: string, to: string): void {
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to), {flag: 'r+'})
}

for (const [what, [damage, code]] of Object.entries(WHILE_RUNNING)) {
  test(`a running writer appends nothing more after: ${what}`, async (t) => {
    const place = trailPlace(t)
    const trail = await place.open()
    oneAct(trail, 'inc-1')
    damage(place.folder, trail)
    throws(() => trail.append({kind: 'note', text: 'x'}), {code})
    throws(() => trail.append({kind: 'note', text: 'x'}), {code})
    throws(() => trail.checkpoint(), {code})
    trail.close('quiet')
  })
}

test('a record that a stranger appended under a running writer is marked, not taken for ours', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  oneAct(trail, 'inc-1')
  appendFileSync(segment(place.folder), forged(trail, trail.sid))
  equal(trail.append({kind: 'note', text: 'next'}).seq, 7)
  deepEqual(
    [...trail.records()].slice(5).map(({kind, signed_size: size}) => [kind, size]),
    [
      ['note', undefined],
      ['log.recovered', 5],
      ['note', undefined],
    ],
  )
  trail.close('done')
  equal(verifyFolder(place.folder).ok, true)
})

test('a writer goes on in a file that another writer wrote anew', async (t) => {
  const place = trailPlace(t)
  const one = await place.open()
  oneAct(one, 'inc-1')
  appendFileSync(segment(place.folder), 'torn')
  const two = await place.open()
  two.append({kind: 'note', text: 'after recovery'})
  equal(one.append({kind: 'note', inc: 'inc-1', text: 'the first one'}).seq, 8)
  equal(two.append({kind: 'note', inc: 'inc-1', text: 'the second one'}).seq, 9)
  two.close('done')
  one.close('done')
  const result = verifyFolder(place.folder)
  deepEqual([result.ok, result.complete, result.records], [true, true, 12])
  deepEqual(
    readdirSync(place.folder).filter((name) => name.endsWith('.tmp')),
    [],
  )
})
