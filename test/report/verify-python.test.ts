import {equal, match, ok} from 'node:assert/strict'
import {cpSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'

import {leafHash, type StoredRecord} from '../../src/trail/format/record.ts'
import {makeSlice} from '../../src/trail/format/slice.ts'
import {inclusionProof} from '../support/merkle.ts'
import {COSIGNATURE} from '../../src/trail/format/vkey.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {verifyPython} from '../support/bundle.ts'
import {temporaryFolder} from '../support/folder.ts'
import {ORIGIN, seeded, SIGNERS, VECTOR_FOLDER, VectorLog, VECTORS} from '../support/vector-log.ts'

const VKEY = ['--vkey', VECTORS.vkeys.log]
const FIRST = ['--first', VECTORS.leaves[0]!]
const INC = 'INC-2026-0042'
const newest = new VectorLog().checkpoint

/** Exit of the product's verifier in the words of the Python one. */
function own(folder: string, trust: Parameters<typeof verifyFolder>[1] = {}): number {
  const {ok: good, complete} = verifyFolder(folder, {vkey: VECTORS.vkeys.log, ...trust})
  return good ? (complete ? 0 : 3) : 1
}

interface Slice {
  lines: string[]
  proofs: string[]
  checkpoint: string
}

/** The slice of the vectors' incident; `size` is that of the checkpoint it leads to. */
function sliceOf(log: VectorLog): Slice {
  const records = log.lines.map((line) => JSON.parse(line) as StoredRecord)
  const leaves = log.lines.map((line) => leafHash(line))
  const slice = makeSlice(records, INC, log.checkpoint, (seq) => inclusionProof(leaves, seq))
  return {lines: slice.records.trimEnd().split('\n'), proofs: slice.proofs.trimEnd().split('\n'), checkpoint: slice.checkpoint}
}

function put(folder: string, {lines, proofs, checkpoint}: Slice): void {
  rmSync(folder, {recursive: true, force: true})
  mkdirSync(folder)
  const text = (all: readonly string[]) => all.map((line) => `${line}\n`).join('')
  writeFileSync(path.join(folder, 'slice.jsonl'), text(lines))
  writeFileSync(path.join(folder, 'slice.proof'), text(proofs))
  writeFileSync(path.join(folder, 'checkpoint'), checkpoint)
}

describe('the shipped Python verifier', () => {
  test('verifies the vectors with every anchor, and says which it had', () => {
    const known = path.join(VECTOR_FOLDER, 'checkpoint')
    const said = verifyPython(VECTOR_FOLDER, ...VKEY, ...FIRST, '--known', known, '--witness', VECTORS.vkeys.witness)
    equal(said.code, 0, said.output)
    match(
      said.output,
      /^VERIFIED: log, SIMULATED, 9 records, signed size 9, root ZLcK3snyoip1fjvfYTQajDGfWL18gk7T2BrvgK\/flQM=, anchors: first record, known checkpoint of size 9, witness stanch\.local\/witness\/bob\n/,
    )
    const bare = verifyPython(VECTOR_FOLDER)
    equal(bare.code, 0)
    match(bare.output, /signer not pinned/)
    match(bare.output, /first record not pinned/)
  })

  test('usage is exit 2, whatever the folder holds', () => {
    for (const argv of [['--first', 'short'], ['--known', '/nowhere'], ['--nonsense']])
      equal(verifyPython(VECTOR_FOLDER, ...argv).code, 2, argv.join(' '))
  })

  test('a known checkpoint may be the three lines or one line', (t) => {
    const folder = temporaryFolder(t)
    const body = newest.split('\n\n')[0]!
    const tries: [string, number][] = [
      [newest, 0],
      [`${body}\n`, 0],
      [body.replaceAll('\n', ' '), 0],
      [body.replaceAll('\n', ' ').replace(' 9 ', ' 8 '), 1],
      [body.replaceAll('\n', ' ').replace(' 9 ', ' 10 '), 1],
      ['', 1],
      [newest.replace('\n9\n', '\n6\n'), 1],
    ]
    for (const [text, code] of tries) {
      const file = path.join(folder, 'known')
      writeFileSync(file, text)
      equal(verifyPython(VECTOR_FOLDER, ...VKEY, '--known', file).code, code, text)
      equal(own(VECTOR_FOLDER, {known: [text]}), code, text)
    }
  })

  test('a slice of the vectors is verified by both; each damage is rejected by both', (t) => {
    const folder = path.join(temporaryFolder(t), 'slice')
    const good = sliceOf(new VectorLog())
    const set = (list: readonly string[], i: number, change: (text: string) => string) =>
      list.map((one, at) => (at === i ? change(one) : one))
    const drop = (list: readonly string[], i: number) => list.filter((_, at) => at !== i)
    const {lines, proofs, checkpoint} = good
    const last = lines.length - 1
    const older = new VectorLog().kept.get(6)!
    const signed = (change: (log: VectorLog) => void): Slice => {
      const log = new VectorLog()
      change(log)
      return sliceOf(log)
    }
    const note = {kind: 'note', sid: 's-01', mode: 'sim', mono: 1, actor: 'x', text: 'x'}
    const cases: Record<string, [slice: Slice, code: number, words?: RegExp]> = {
      none: [good, 0],
      'a record changed': [
        {...good, lines: set(lines, 3, (one) => one.replace('rotate', 'rotatE'))},
        1,
        /record 3: not in the signed tree/,
      ],
      'a record left out': [{...good, lines: drop(lines, 4), proofs: drop(proofs, 4)}, 1, /iseq gap/],
      'a record without its proof': [{...good, proofs: drop(proofs, 4)}, 1],
      'a proof without its record': [{...good, lines: drop(lines, 4)}, 1],
      'proofs swapped': [
        {
          ...good,
          proofs: set(
            set(proofs, 3, () => proofs[4]!),
            4,
            () => proofs[3]!,
          ),
        },
        1,
      ],
      'two records swapped': [
        {
          ...good,
          lines: set(
            set(lines, 3, () => lines[4]!),
            4,
            () => lines[3]!,
          ),
          proofs: set(
            set(proofs, 3, () => proofs[4]!),
            4,
            () => proofs[3]!,
          ),
        },
        1,
        /do not ascend|iseq gap/,
      ],
      'another index': [{...good, proofs: set(proofs, 3, (one) => one.replace(/^3 /, '4 '))}, 1],
      'an index beyond the tree': [{...good, proofs: set(proofs, 3, (one) => one.replace(/^3 /, '9 '))}, 1],
      'a path that is short': [
        {...good, proofs: set(proofs, 3, (one) => one.split(' ').slice(0, -1).join(' '))},
        1,
        /not in the signed tree/,
      ],
      'a path that is long': [{...good, proofs: set(proofs, 3, (one) => `${one} ${one.split(' ')[1]}`)}, 1, /proof too long/],
      'a path with a base64 that is not canonical': [
        {
          ...good,
          proofs: set(proofs, 3, (one) =>
            one.replace(/(.)=( |$)/, (_all, c: string, end: string) => `${String.fromCodePoint(c.codePointAt(0)! + 1)}=${end}`),
          ),
        },
        1,
      ],
      'an older checkpoint': [{...good, checkpoint: older}, 1],
      'no identity line': [
        {
          ...good,
          checkpoint: checkpoint
            .split('\n')
            .filter((line) => !line.startsWith(`\u2014 ${ORIGIN} `))
            .join('\n'),
        },
        1,
        /no signature by/,
      ],
      'an identity line that was changed': [{...good, checkpoint: checkpoint.replace('WI9BKk', 'WI9BKl')}, 1, /bad signature by/],
      'the checkpoint of another origin': [
        {...good, checkpoint: checkpoint.replaceAll(ORIGIN, 'stanch.local/other')},
        1,
        /checkpoint of another log|no signature by/,
      ],
      'without record 0': [{...good, lines: lines.slice(1), proofs: proofs.slice(1)}, 1],
      'without the session': [{...good, lines: drop(lines, 1), proofs: drop(proofs, 1)}, 1, /unknown session/],
      'empty': [{...good, lines: [], proofs: []}, 1, /nothing to verify/],
      'nothing but record 0': [{...good, lines: lines.slice(0, 1), proofs: proofs.slice(0, 1)}, 1, /nothing to verify/],
      'no checkpoint text': [{...good, checkpoint: ''}, 1, /malformed checkpoint/],
      'a blank after a colon': [
        {...good, lines: set(lines, 2, (one) => one.replace('"seq":', '"seq": '))},
        1,
        /not in canonical form/,
      ],
      'a record twice': [{...good, lines: [...lines, lines[last]!], proofs: [...proofs, proofs[last]!]}, 1],
      'its end missing': [{...good, lines: lines.slice(0, -1), proofs: proofs.slice(0, -1)}, 3, /incident without its end/],
      'key holder: one record marked real': [
        signed((log) => void log.edit(6, {mode: 'real'}).rechain(7).sign()),
        1,
        /mode differs/,
      ],
      'key holder: a record after the end': [
        signed((log) => void log.append({...note, inc: INC, iseq: 5}).sign()),
        1,
        /iseq gap/,
      ],
      'key holder: the end comes first': [
        signed((log) => void log.edit(2, {kind: 'incident.close'}).rechain().sign()),
        1,
        /iseq gap/,
      ],
      'key holder: an outcome without intent': [
        signed((log) => void log.edit(3, {kind: 'note'}).rechain(4).sign()),
        1,
        /outcome without an open intent/,
      ],
      'key holder: time goes back': [
        signed((log) => void log.edit(7, {time: '2026-11-21T09:00:04.012Z'}).rechain(8).sign()),
        3,
        /time goes back/,
      ],
    }
    for (const [what, [slice, code, words]] of Object.entries(cases)) {
      put(folder, slice)
      const said = verifyPython(folder, ...VKEY, ...FIRST)
      equal(said.code, code, `${what}: ${said.output}`)
      if (words) match(said.output, words, what)
      equal(own(folder, {first: VECTORS.leaves[0]!}), code, `${what}, by the product`)
    }
    for (const name of ['slice.proof', 'checkpoint']) {
      put(folder, good)
      unlinkSync(path.join(folder, name))
      equal(verifyPython(folder, ...VKEY).code, 1, name)
      equal(own(folder), 1, name)
    }
  })

  test('a slice for another key, first record, witness or known checkpoint is not verified', (t) => {
    const folder = path.join(temporaryFolder(t), 'slice')
    put(folder, sliceOf(new VectorLog()))
    const known = path.join(path.dirname(folder), 'known')
    writeFileSync(known, newest)
    equal(verifyPython(folder, ...VKEY, '--known', known, '--witness', VECTORS.vkeys.witness).code, 0)
    writeFileSync(known, newest.split('\n\n')[0]!.replaceAll('\n', ' ').replace('ZLcK', 'ZLcL'))
    const wrong = [
      ['--vkey', SIGNERS.epoch0.vkey.text],
      ['--vkey', 'nonsense'],
      [...VKEY, '--first', VECTORS.leaves[1]!],
      [...VKEY, '--known', known],
      [...VKEY, '--witness', seeded('04'.repeat(32), 'bob', COSIGNATURE).vkey.text],
    ]
    for (const argv of wrong) equal(verifyPython(folder, ...argv).code, 1, argv.join(' '))
  })

  test('a log folder, damaged at every 211th byte of its records and every 31st of its checkpoint, is rejected as by the product', (t) => {
    const folder = path.join(temporaryFolder(t), 'log')
    cpSync(VECTOR_FOLDER, folder, {recursive: true})
    let tried = 0
    for (const [name, step] of [
      ['records/000000000000.jsonl', 211],
      ['checkpoint', 31],
      ['checkpoints/000000000006', 61],
    ] as const) {
      const file = path.join(folder, name)
      const clean = readFileSync(file)
      for (let at = 0; at < clean.length; at += step) {
        const bytes = Buffer.from(clean)
        bytes[at]! ^= 1 << (at % 8)
        writeFileSync(file, bytes)
        const said = verifyPython(folder, ...VKEY, ...FIRST)
        equal(said.code, own(folder, {first: VECTORS.leaves[0]!}), `${name}, byte ${at}: ${said.output}`)
        tried += said.code
      }
      writeFileSync(file, clean)
    }
    ok(tried > 20, `${tried}`)
  })

  test('evidence that was changed is found in a log folder when asked for', (t) => {
    const folder = path.join(temporaryFolder(t), 'log')
    cpSync(VECTOR_FOLDER, folder, {recursive: true})
    mkdirSync(path.join(folder, 'evidence'))
    writeFileSync(path.join(folder, 'evidence', 'a'.repeat(64)), 'not that')
    equal(verifyPython(folder, ...VKEY).code, 0)
    const said = verifyPython(folder, ...VKEY, '--evidence')
    equal(said.code, 1)
    match(said.output, /evidence altered/)
  })

  test('without a program that checks Ed25519 nothing is verified', (t) => {
    const folder = temporaryFolder(t)
    for (const [name, text] of [
      ['no', '#!/bin/sh\nexit 1\n'],
      ['yes', '#!/bin/sh\nexit 0\n'],
    ] as const) {
      const bin = path.join(folder, name)
      mkdirSync(bin)
      writeFileSync(path.join(bin, 'openssl'), text, {mode: 0o755})
      const before = process.env['PATH']
      process.env['PATH'] = `${bin}:${before ?? ''}`
      try {
        const said = verifyPython(VECTOR_FOLDER, ...VKEY)
        equal(said.code, 1, name)
        match(said.output, /^NOT VERIFIED: the program openssl is missing or cannot check Ed25519/)
      } finally {
        process.env['PATH'] = before
      }
    }
  })
})
