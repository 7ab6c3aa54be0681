import assert from 'node:assert/strict'
import {createHash} from 'node:crypto'
import test from 'node:test'
import {dataPaths} from '../../src/config/paths.ts'
import {logId} from '../../src/trail/layout.ts'
import {isCode} from '../../src/errors.ts'

const defaults = {dataDir: '/home/r/.local/share/stanch', configDir: '/home/r/.config/stanch', cacheDir: '/home/r/.cache/stanch'}

test('the folders are those of the system unless a variable names another one', () => {
  const paths = dataPaths({}, defaults)
  assert.equal(paths.data, defaults.dataDir)
  assert.equal(paths.profiles, '/home/r/.config/stanch/profiles.json')
  assert.equal(paths.cache, defaults.cacheDir)
  const moved = dataPaths({STANCH_DATA_DIR: '/d', STANCH_CONFIG_DIR: '/c/', STANCH_CACHE_DIR: '/k'}, defaults)
  assert.deepEqual([moved.data, moved.profiles, moved.cache], ['/d', '/c/profiles.json', '/k'])
})

test('a variable that is set to nothing is not set', () => {
  assert.equal(dataPaths({STANCH_DATA_DIR: ''}, defaults).data, defaults.dataDir)
})

for (const value of ['data', './data', '../data', '~/data', '/a\nb']) {
  test(`a folder that would depend on where somebody stands is refused: ${JSON.stringify(value)}`, () => {
    for (const name of ['STANCH_DATA_DIR', 'STANCH_CONFIG_DIR', 'STANCH_CACHE_DIR']) {
      assert.throws(
        () => dataPaths({[name]: value}, defaults),
        (error) => isCode(error, 'config.invalid'),
      )
    }
  })
}

test('real and simulated incidents never share a trail', () => {
  const paths = dataPaths({STANCH_DATA_DIR: '/d'}, defaults)
  assert.equal(paths.trail('real'), '/d/trail')
  assert.equal(paths.trail('sim'), '/d/trail-sim')
})

test('the log id is the beginning of the hash of its origin and names the folder of its keys', () => {
  const id = logId('stanch/3f2a')
  assert.equal(id, createHash('sha256').update('stanch/3f2a').digest('hex').slice(0, 16))
  assert.equal(dataPaths({STANCH_DATA_DIR: '/d'}, defaults).keys(id), `/d/keys/${id}`)
})

for (const id of [
  '',
  '..',
  'inc-20261122-abc12',
  'inc-20261122-ABC123',
  'inc-20261122-abc123/..',
  '../inc-20261122-abc123',
  'inc-20261122-abc123\n',
  'xinc-20261122-abc123',
]) {
  test(`an incident id that is none never becomes a folder: ${JSON.stringify(id)}`, () => {
    assert.throws(
      () => dataPaths({}, defaults).incident(id),
      (error) => isCode(error, 'usage.invalid'),
    )
  })
}

test('an incident has a folder of its own', () => {
  assert.equal(dataPaths({STANCH_DATA_DIR: '/d'}, defaults).incident('inc-20261122-abc123'), '/d/incidents/inc-20261122-abc123')
  assert.throws(
    () => dataPaths({}, defaults).keys('../../etc'),
    (error) => isCode(error, 'usage.invalid'),
  )
})
