import {equal, ok, throws} from 'node:assert/strict'
import {cpSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {test} from 'node:test'

import {exportTiles} from '../../src/trail/tiles.ts'
import {leafHash} from '../../src/trail/format/record.ts'
import {oneAct, trailPlace} from '../support/trail.ts'

const notes = (count: number) => Array.from({length: count}, (_, i) => ({kind: 'note', text: `note ${i} ✓`}) as const)

test('tiles hold every hash and every record, whole tiles are written once, partial ones get their width', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  const store = join(place.base, 'store')
  oneAct(trail, 'inc-1')
  equal(exportTiles(place.folder, store, trail.checkpoint().text).size, 5)
  ok(existsSync(join(store, 'tile/0/000.p/5')) && existsSync(join(store, 'tile/entries/000.p/5')))
  trail.appendAll(notes(600))
  const second = exportTiles(place.folder, store, trail.checkpoint().text)
  equal(second.size, 605)
  for (const name of [
    'tile/0/000',
    'tile/0/001',
    'tile/0/002.p/93',
    'tile/1/000.p/2',
    'tile/entries/001',
    'tile/entries/002.p/93',
  ])
    ok(existsSync(join(store, name)), name)
  const tile = readFileSync(join(store, 'tile/0/001'))
  const records = [...trail.records()].map((record) => JSON.stringify(record))
  equal(tile.length, 256 * 32)
  equal(tile.toString('hex', 0, 32), leafHash(records[256]!))
  const entries = readFileSync(join(store, 'tile/entries/001'))
  equal(entries.toString('utf8', 2, 2 + entries.readUInt16BE(0)), records[256])
  equal(exportTiles(place.folder, store, trail.checkpoint().text).written, 1)
  equal(readFileSync(join(store, 'checkpoint'), 'utf8'), trail.checkpoint().text)
})

test('a store refuses a rollback, a fork, another log, and a checkpoint that is not of these records', async (t) => {
  const place = trailPlace(t)
  const store = join(place.base, 'store')
  const one = await place.open()
  one.close('done')
  for (const name of ['log', 'keys']) cpSync(join(place.base, name), join(place.base, 'elsewhere', name), {recursive: true})
  const old = readFileSync(join(place.folder, 'checkpoint'), 'utf8')
  const here = await place.open()
  here.appendAll(notes(3))
  const {text} = here.checkpoint()
  exportTiles(place.folder, store, text)
  throws(() => exportTiles(place.folder, store, old), {code: 'E_ROLLED_BACK'})
  const there = await place.open({folder: join(place.base, 'elsewhere/log'), keys: join(place.base, 'elsewhere/keys')})
  there.appendAll(notes(9))
  throws(() => exportTiles(there.folder, store, there.checkpoint().text), {code: 'E_FORKED'})
  const other = await place.open({folder: join(place.base, 'other/log'), keys: join(place.base, 'other/keys')})
  other.appendAll(notes(20))
  throws(() => exportTiles(other.folder, store, other.checkpoint().text), {code: 'E_FORKED'})
  throws(() => exportTiles(other.folder, join(place.base, 'store-2'), there.checkpoint().text), {code: 'E_TAMPERED'})
  throws(() => exportTiles(other.folder, join(place.base, 'store-3'), 'no note'), {code: 'audit.not_verified'})
  equal(existsSync(join(place.base, 'store-2')), false)
  equal(readFileSync(join(store, 'checkpoint'), 'utf8'), text)
  equal(statSync(store).mode & 0o777, 0o700)
  writeFileSync(join(store, 'checkpoint'), 'damaged')
  throws(() => exportTiles(place.folder, store, text), {code: 'audit.not_verified'})
  ok(readdirSync(store).length === 2)
})
