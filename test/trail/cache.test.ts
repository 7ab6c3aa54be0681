import {deepEqual, equal, ok, rejects} from 'node:assert/strict'
import {copyFileSync, existsSync, readFileSync, unlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {test} from 'node:test'

import {readCache} from '../../src/trail/log-cache.ts'
import type {Trail} from '../../src/trail/trail.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {oneAct, trailPlace} from '../support/trail.ts'

const segment = (folder: string) => join(folder, 'records/000000000000.jsonl')

/** A closed trail of more than a thousand records with an open incident, an open intent and two epochs. */
async function closed(
  t: Parameters<typeof trailPlace>[0],
): Promise<{place: ReturnType<typeof trailPlace>; head: ReturnType<Trail['checkpoint']>}> {
  const place = trailPlace(t)
  const trail = await place.open()
  oneAct(trail, 'inc-1')
  trail.rotateEpoch()
  trail.append({
    kind: 'intent',
    inc: 'inc-1',
    op: 'op-open',
    try: 1,
    action: 'a',
    tenant: 't',
    target: 'client:c',
    req: {method: 'POST', path: '/'},
  })
  trail.appendAll(Array.from({length: 1200}, (_, i) => ({kind: 'note', inc: 'inc-1', text: `note ${i}`}) as const))
  trail.close('done')
  return {place, head: {...trail.head(), text: readFileSync(join(place.folder, 'checkpoint'), 'utf8')}}
}

test('an opening from the cache knows what one without it knows', async (t) => {
  const {place, head} = await closed(t)
  const key = readFileSync(join(place.keys, 'blind.key'))
  const origin = head.text.split('\n')[0]!
  ok(readCache(place.folder, key, {...head, origin}))
  const one = await place.open()
  deepEqual([one.head().size, one.openIntents().map(({op}) => op)], [head.size + 1, ['op-open']])
  equal(one.append({kind: 'note', inc: 'inc-1', text: 'next'}).seq, head.size + 1)
  one.close('done')
  unlinkSync(join(place.folder, 'frontier'))
  const two = await place.open()
  deepEqual(
    two.openIntents().map(({op}) => op),
    ['op-open'],
  )
  two.close('done')
  equal(verifyFolder(place.folder).ok, true)
})

test('a cache that is damaged, of another size, another root or sealed by another key says nothing', async (t) => {
  const {place, head} = await closed(t)
  const origin = head.text.split('\n')[0]!
  const key = readFileSync(join(place.keys, 'blind.key'))
  const good = readFileSync(join(place.folder, 'frontier'), 'utf8')
  const read = () => readCache(place.folder, key, {...head, origin})
  ok(read())
  equal(readCache(place.folder, key, {...head, origin, size: head.size - 1}), undefined)
  equal(readCache(place.folder, key, {...head, origin, root: 'ab'.repeat(32)}), undefined)
  equal(readCache(place.folder, key, {...head, origin: 'acme.example/other'}), undefined)
  equal(readCache(place.folder, Buffer.alloc(32), {...head, origin}), undefined)
  for (const text of [
    '',
    'x',
    good.slice(0, -9),
    good.replace('"mode":"sim"', '"mode":"real"'),
    good.replace(/"epoch":1/, '"epoch":0'),
    good.replace('"inc-1",', '"inc-2",'),
    `${'0'.repeat(64)}\n${good.split('\n')[1]}\n`,
  ]) {
    ok(text !== good)
    writeFileSync(join(place.folder, 'frontier'), text)
    equal(read(), undefined, text.slice(0, 80))
  }
  const trail = await place.open()
  trail.close('done')
  equal(verifyFolder(place.folder).ok, true)
})

test('with a cache a changed end of the log, a cut one and a missing segment are found all the same', async (t) => {
  for (const [change, code] of [
    [
      (path: string) => writeFileSync(path, readFileSync(path, 'utf8').replace(/"reason":"done"\}\n$/, '"reason":"gone"}\n')),
      'E_TAMPERED',
    ],
    [
      (path: string) => writeFileSync(path, readFileSync(path, 'utf8').split('\n').slice(0, -2).join('\n') + '\n'),
      'E_ROLLED_BACK',
    ],
    [(path: string) => unlinkSync(path), 'E_ROLLED_BACK'],
  ] as const) {
    const {place} = await closed(t)
    change(segment(place.folder))
    await rejects(place.open(), {code})
  }
})

test('a short log has no cache', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  trail.close('done')
  equal(existsSync(join(place.folder, 'frontier')), false)
  copyFileSync(join(place.folder, 'checkpoint'), join(place.folder, 'frontier'))
  ;(await place.open()).close('done')
})
