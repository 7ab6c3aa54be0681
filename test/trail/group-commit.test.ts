import {deepEqual, equal, ok, rejects} from 'node:assert/strict'
import {unlinkSync} from 'node:fs'
import {join} from 'node:path'
import {test} from 'node:test'

import {GroupCommit} from '../../src/trail/group-commit.ts'
import {leafOf} from '../../src/trail/format/record.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {patch} from '../support/dying-disk.ts'
import {trailPlace} from '../support/trail.ts'

const note = (i: number) => ({kind: 'note', text: `note ${i}`}) as const

test('64 callers of one turn share one sync, and each is told its own record', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  let syncs = 0
  const restore = patch((name, call) => {
    if (name === 'fdatasyncSync') syncs++
    return call()
  })
  const appended = await Promise.all(Array.from({length: 64}, (_, i) => trail.appendGrouped(note(i)))).finally(restore)
  equal(syncs, 1)
  const records = [...trail.records()]
  for (const [i, {seq, leaf}] of appended.entries())
    deepEqual([records[seq]!['text'], leafOf(records[seq]!)], [`note ${i}`, leaf])
  trail.close('done')
  equal(verifyFolder(place.folder).complete, true)
})

test('a refused record fails for its own caller only', async (t) => {
  const trail = await trailPlace(t).open()
  const results = await Promise.allSettled([
    trail.appendGrouped(note(1)),
    trail.appendGrouped({kind: 'note', inc: 'inc-none', text: 'no such incident'}),
    trail.appendGrouped({kind: 'note', text: '-----BEGIN PRIVATE KEY-----'}),
    trail.appendGrouped(note(2)),
  ])
  deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? 'ok' : (result.reason as {code: string}).code)),
    ['ok', 'E_SCHEMA', 'E_SECRET', 'ok'],
  )
  equal(trail.head().size, 4)
})

test('an error of the disk fails for all, and later callers are refused', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  unlinkSync(join(place.folder, 'records/000000000000.jsonl'))
  const results = await Promise.allSettled(Array.from({length: 5}, (_, i) => trail.appendGrouped(note(i))))
  deepEqual(
    new Set(results.map((result) => result.status === 'rejected' && (result.reason as {code: string}).code)),
    new Set(['E_MISSING']),
  )
  await rejects(trail.appendGrouped(note(9)), {code: 'E_MISSING'})
})

test('what waits when a session ends is written before its end', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  const waiting = trail.appendGrouped(note(1))
  trail.close('done')
  equal((await waiting).seq, 2)
  equal([...trail.records()].at(-1)!.kind, 'session.close')
})

test('groups are bounded, in the order in which their callers came', async () => {
  const groups: number[][] = []
  const commit = new GroupCommit<number, number>((drafts) => (groups.push([...drafts]), drafts))
  const all = Array.from({length: 600}, (_, i) => i)
  deepEqual(await Promise.all(all.map((i) => commit.add(i))), all)
  deepEqual(groups.flat(), all)
  ok(groups.every((group) => group.length <= 256) && groups.length === 3)
})
