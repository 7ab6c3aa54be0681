import {deepEqual, equal, ok, throws} from 'node:assert/strict'
import {appendFileSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, test} from 'node:test'

import {leafHash, makeRecord, NO_PREVIOUS, recordLine} from '../../src/trail/format/record.ts'
import {SEGMENT, segmentPath} from '../../src/trail/layout.ts'
import {TrailReader} from '../../src/trail/reader.ts'
import {temporaryFolder} from '../support/folder.ts'
import {oneAct, trailPlace} from '../support/trail.ts'
import {ROOT} from '../support/tree.ts'

const VECTOR = join(ROOT, 'test/vectors/trail/stanch-audit-1')

const seqs = (reader: TrailReader, wanted?: (line: string) => boolean) =>
  [...reader.available(wanted)].map(({record}) => record.seq)

describe('reading a trail on and on', () => {
  test('every record once, with its line and leaf hash, and later only what is new', async (t) => {
    const place = trailPlace(t)
    const reader = new TrailReader(place.folder)
    deepEqual(seqs(reader), [])
    const trail = await place.open()
    deepEqual(seqs(reader), [0, 1])
    oneAct(trail, 'inc-1')
    const lines = readFileSync(segmentPath(place.folder, 0), 'utf8').trimEnd().split('\n')
    const read = [...reader.available()]
    deepEqual(
      read.map(({line}) => line),
      lines.slice(2),
    )
    deepEqual(
      read.map(({leaf}) => leaf),
      lines.slice(2).map((line) => leafHash(line)),
    )
    deepEqual(seqs(reader), [])
    equal(reader.lastLeaf, leafHash(lines.at(-1) ?? ''))
    equal(reader.records, lines.length)
  })

  test('records that are not wanted are passed by, and still hold the chain together', (t) => {
    const folder = join(temporaryFolder(t), 'log')
    cpSync(VECTOR, folder, {recursive: true})
    deepEqual(
      seqs(new TrailReader(folder), (line) => line.includes('"kind":"note"')),
      [6],
    )
    const path = segmentPath(folder, 0)
    writeFileSync(path, readFileSync(path, 'utf8').replace('"title":"Client', '"title":"client'))
    throws(() => seqs(new TrailReader(folder), (line) => line.includes('"kind":"note"')), {code: 'E_CHAIN'})
  })

  test('a torn line waits for its end', (t) => {
    const folder = join(temporaryFolder(t), 'log')
    cpSync(VECTOR, folder, {recursive: true})
    const path = segmentPath(folder, 0)
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.slice(0, -40))
    const reader = new TrailReader(folder)
    deepEqual(seqs(reader), [0, 1, 2, 3, 4, 5, 6, 7])
    appendFileSync(path, text.slice(-40, -1))
    deepEqual(seqs(reader), [])
    appendFileSync(path, '\n')
    deepEqual(seqs(reader), [8])
  })

  test('it goes on in the next segment, and a log that was written anew under the same name is still the same', (t) => {
    const folder = join(temporaryFolder(t), 'log')
    mkdirSync(join(folder, 'records'), {recursive: true})
    const {lines} = chain(SEGMENT + 3)
    writeFileSync(segmentPath(folder, 0), lines.slice(0, SEGMENT - 1).join(''))
    const reader = new TrailReader(folder)
    let seen = 0
    for (const _ of reader.available((line) => line.startsWith('{"v":1,"seq":65'))) seen++
    equal(seen, 1 + 10 + 100 + SEGMENT - 1 - 65_000)
    appendFileSync(segmentPath(folder, 0), lines[SEGMENT - 1] ?? '')
    deepEqual(seqs(reader), [SEGMENT - 1])
    writeFileSync(segmentPath(folder, SEGMENT), lines[SEGMENT] ?? '')
    deepEqual(seqs(reader), [SEGMENT])
    writeFileSync(`${segmentPath(folder, SEGMENT)}.new`, lines.slice(SEGMENT).join(''))
    renameSync(`${segmentPath(folder, SEGMENT)}.new`, segmentPath(folder, SEGMENT))
    deepEqual(seqs(reader), [SEGMENT + 1, SEGMENT + 2])
  })

  test('what is no chain is refused at its record: changed, removed, swapped, repeated, foreign, not canonical, not text', (t) => {
    const base = temporaryFolder(t)
    const good = readFileSync(join(VECTOR, 'records/000000000000.jsonl'), 'utf8')
    const lines = good.trimEnd().split('\n')
    const damages: Record<string, [Buffer | string, number]> = {
      changed: [good.replace('Client secret in', 'Client Secret in'), 3],
      removed: [`${lines.toSpliced(3, 1).join('\n')}\n`, 3],
      swapped: [`${[...lines.slice(0, 6), lines[7], lines[6], lines[8]].join('\n')}\n`, 6],
      repeated: [`${good}${lines[8]}\n`, 9],
      'first one gone': [`${lines.slice(1).join('\n')}\n`, 0],
      'an empty line': [good.replace('\n', '\n\n'), 1],
      'a blank after a colon': [good.replace('"kind":"note"', '"kind": "note"'), 6],
      'a line end of Windows': [good.replaceAll('\n', '\r\n'), 0],
      'a byte that is no text': [Buffer.concat([Buffer.from(good), Buffer.from([0xff, 0x0a])]), 9],
      'another version': [good.replace('{"v":1,', '{"v":2,'), 0],
    }
    for (const [name, [text, at]] of Object.entries(damages)) {
      const folder = join(base, name)
      mkdirSync(join(folder, 'records'), {recursive: true})
      writeFileSync(segmentPath(folder, 0), text)
      throws(
        () => seqs(new TrailReader(folder)),
        (error: {code?: string; message?: string}) =>
          error.code === 'E_CHAIN' && error.message?.startsWith(`Record ${at} `) === true,
        name,
      )
    }
  })

  test('a file that was cut or taken away while it is followed is noticed', (t) => {
    const folder = join(temporaryFolder(t), 'log')
    cpSync(VECTOR, folder, {recursive: true})
    const path = segmentPath(folder, 0)
    const text = readFileSync(path, 'utf8')
    const cut = new TrailReader(folder)
    const gone = new TrailReader(folder)
    ok(seqs(cut).length === 9 && seqs(gone).length === 9)
    writeFileSync(path, text.slice(0, 500))
    throws(() => seqs(cut), {code: 'E_SHRUNK'})
    rmSync(path)
    throws(() => seqs(gone), {code: 'E_MISSING'})
  })
})

/** So many notes, chained. */
function chain(count: number): {lines: string[]} {
  const lines: string[] = []
  let prev = NO_PREVIOUS
  for (let seq = 0; seq < count; seq++) {
    const line = recordLine(
      makeRecord({seq, prev, salt: 'AAAAAAAAAAAAAAAAAAAAAA', time: '2026-11-21T10:00:00.000Z', kind: 'note'}, {text: 'x'}),
    )
    prev = leafHash(line)
    lines.push(`${line}\n`)
  }
  return {lines}
}
