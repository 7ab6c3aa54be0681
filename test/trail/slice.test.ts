import {deepEqual, equal, ok, throws} from 'node:assert/strict'
import {test} from 'node:test'

import {hash} from 'node:crypto'
import {HashLevels} from '../../src/trail/format/hash-levels.ts'
import {leafHash, parseRecord} from '../../src/trail/format/record.ts'
import {consistencyLines} from '../../src/trail/format/older-states.ts'
import {makeSlice, type SliceFiles, verifySlice} from '../../src/trail/format/slice.ts'
import {pathLength} from '../../src/trail/format/tree.ts'
import {consistencyProof, inclusionProof, rootOf} from '../support/merkle.ts'
import type {Trust} from '../../src/trail/format/verify-input.ts'
import {oneAct, trailPlace} from '../support/trail.ts'
import {SIGNERS, VectorLog, VECTORS} from '../support/vector-log.ts'

const vkey = VECTORS.vkeys.log
const INC = 'INC-2026-0042'
const ORIGIN = 'stanch.local/0123456789abcdef'

/** A slice of the incident of the vectors, after a change of the log. */
function sliceOf(log = new VectorLog(), checkpoint = log.checkpoint, inc = INC): SliceFiles {
  const leaves = log.lines.map((line) => leafHash(line))
  return makeSlice(
    log.lines.map((line) => parseRecord(line)),
    inc,
    checkpoint,
    (seq) => inclusionProof(leaves, seq),
  )
}

/** 0 verified, 1 failed, 3 incomplete. */
function verdict(files: SliceFiles, trust: Trust = {vkey}): number {
  const {ok: good, complete} = verifySlice(files, trust)
  return good ? (complete ? 0 : 3) : 1
}

const lines = (text: string) => text.trimEnd().split('\n')
const joined = (all: readonly string[]) => (all.length === 0 ? '' : `${all.join('\n')}\n`)

test('trees that keep their levels make the proofs of the recursive definition, for every size to 70', () => {
  const tree = new HashLevels()
  const leaves: string[] = []
  for (let size = 1; size <= 70; size++) {
    leaves.push(hash('sha256', `leaf ${size}`, 'hex'))
    tree.add(leaves.at(-1)!)
    equal(tree.root(size), rootOf(leaves))
    for (let index = 0; index < size; index++) {
      deepEqual(tree.inclusion(index, size), inclusionProof(leaves, index))
      equal(tree.inclusion(index, size).length, pathLength(index, size))
    }
    for (let older = 1; older < size; older++) deepEqual(tree.consistency(older, size), consistencyProof(leaves, older))
  }
  deepEqual(tree.inclusion(3, 9), inclusionProof(leaves.slice(0, 9), 3))
  deepEqual([tree.consistency(0, 9), tree.consistency(9, 9)], [[], []])
})

test('a slice holds record 0, its sessions and its incident, and verifies with every anchor', () => {
  const files = sliceOf()
  deepEqual(
    lines(files.records).map((line) => parseRecord(line).seq),
    [0, 1, 2, 3, 4, 6, 7],
  )
  const checkpoint = new VectorLog().checkpoint
  const result = verifySlice(files, {vkey, first: VECTORS.leaves[0]!, known: [checkpoint], witness: [VECTORS.vkeys.witness]})
  deepEqual(
    {...result, anchors: result.anchors.map(({type}) => type)},
    {
      ok: true,
      complete: true,
      form: 'slice',
      records: 7,
      size: 9,
      root_hash: Buffer.from(VECTORS.roots[8]!, 'base64').toString('hex'),
      checkpoints: 1,
      signer: vkey,
      mode: 'sim',
      anchors: ['first_record', 'witness', 'known_checkpoint'],
      findings: [],
      first_bad: undefined,
    },
  )
})

const swap = (files: SliceFiles, change: (proofs: string[]) => string[]): SliceFiles => ({
  ...files,
  proofs: joined(change(lines(files.proofs))),
})
const drop = (files: SliceFiles, seq: number): SliceFiles => {
  const keep = (line: string) => !line.startsWith(`{"v":1,"seq":${seq},`)
  return {
    ...files,
    records: joined(lines(files.records).filter(keep)),
    proofs: joined(lines(files.proofs).filter((line) => line.split(' ')[0] !== String(seq))),
  }
}

const DAMAGED: Record<string, [files: () => SliceFiles, verdict: number, finding: string]> = {
  'a record changed': [
    () => ({...sliceOf(), records: sliceOf().records.replace('"status":200', '"status":201')}),
    1,
    'not in the signed tree',
  ],
  'a record of the incident left out': [() => drop(sliceOf(), 4), 1, 'iseq gap'],
  'the first record of the incident left out': [() => drop(sliceOf(), 2), 1, 'iseq gap'],
  'two proofs swapped': [() => swap(sliceOf(), (all) => all.with(3, all[4]!).with(4, all[3]!)), 1, 'bad envelope'],
  'the paths of two proofs swapped': [
    () => swap(sliceOf(), (all) => all.with(3, all[3]!.replace(/ .*/, all[4]!.replace(/^\d+/, '')))),
    1,
    'not in the signed tree',
  ],
  'another index': [() => swap(sliceOf(), (all) => all.with(3, all[3]!.replace(/^3/, '5'))), 1, 'bad envelope'],
  'a path too short': [() => swap(sliceOf(), (all) => all.with(3, all[3]!.replace(/ [^ ]+$/, ''))), 1, 'not in the signed tree'],
  'a path too long': [() => swap(sliceOf(), (all) => all.with(3, `${all[3]} ${all[3]!.split(' ')[1]}`)), 1, 'proof too long'],
  'a path of 60 hashes': [
    () => swap(sliceOf(), (all) => all.with(3, `3${` ${all[3]!.split(' ')[1]}`.repeat(60)}`)),
    1,
    'proof too long',
  ],
  'a hash of 31 bytes': [
    () => swap(sliceOf(), (all) => all.with(3, `3 ${Buffer.alloc(31).toString('base64')}`)),
    1,
    'base64 not canonical',
  ],
  'a hash that is no base64': [() => swap(sliceOf(), (all) => all.with(3, '3 ????')), 1, 'base64 not canonical'],
  'a hash with unused bits set': [
    () => swap(sliceOf(), (all) => all.with(3, all[3]!.replace('3tY=', '3tZ='))),
    1,
    'base64 not canonical',
  ],
  'a proof too few': [() => swap(sliceOf(), (all) => all.slice(0, -1)), 1, 'proof too long or short'],
  'a proof too many': [() => swap(sliceOf(), (all) => [...all, all.at(-1)!]), 1, 'proof too long or short'],
  'an index with a leading zero': [() => swap(sliceOf(), (all) => all.with(3, `0${all[3]}`)), 1, 'not in the signed tree'],
  'two blanks in a proof': [() => swap(sliceOf(), (all) => all.with(3, all[3]!.replace(' ', '  '))), 1, 'base64 not canonical'],
  'records in another order': [
    () => ({
      ...sliceOf(),
      records: joined(lines(sliceOf().records).toReversed()),
      proofs: joined(lines(sliceOf().proofs).toReversed()),
    }),
    1,
    'bad envelope',
  ],
  'a record twice': [
    () => ({
      ...sliceOf(),
      records: joined([...lines(sliceOf().records), lines(sliceOf().records).at(-1)!]),
      proofs: joined([...lines(sliceOf().proofs), lines(sliceOf().proofs).at(-1)!]),
    }),
    1,
    'bad envelope',
  ],
  'an older checkpoint': [() => ({...sliceOf(), checkpoint: new VectorLog().kept.get(6)!}), 1, 'not in the signed tree'],
  'no record 0': [() => drop(sliceOf(), 0), 1, 'bad envelope'],
  'no session.open': [() => drop(sliceOf(), 1), 1, 'unknown session'],
  'no intent': [() => drop(sliceOf(), 3), 1, 'iseq gap'],
  'nothing but record 0': [
    () => ({...sliceOf(), records: `${lines(sliceOf().records)[0]}\n`, proofs: `${lines(sliceOf().proofs)[0]}\n`}),
    1,
    'nothing to verify',
  ],
  'no record at all': [() => ({...sliceOf(), records: '', proofs: ''}), 1, 'nothing to verify'],
  'no checkpoint': [() => ({...sliceOf(), checkpoint: ''}), 1, 'malformed checkpoint'],
  'no line end after the last record': [() => ({...sliceOf(), records: sliceOf().records.trimEnd()}), 1, 'torn last line'],
  'no incident.close': [() => drop(sliceOf(), 7), 3, 'incident without its end'],
  'a blank after a colon': [
    () => ({...sliceOf(), records: sliceOf().records.replace('"seq":6', '"seq": 6')}),
    1,
    'not in canonical form',
  ],
  'a real record in a simulated log': [() => sliceOf(signedAgain((log) => log.edit(6, {mode: 'real'}))), 1, 'mode differs'],
  'time that goes back': [
    () => sliceOf(signedAgain((log) => log.edit(7, {time: '2026-11-21T09:00:04.012Z'}))),
    3,
    'time goes back',
  ],
  'an intent without outcome': [() => sliceOf(signedAgain((log) => (log.lines.splice(4), log))), 3, 'intent without outcome'],
  'the identity line dropped': [
    () => ({...sliceOf(), checkpoint: withoutIdentity()}),
    1,
    'no signature by stanch.local/0123456789abcdef',
  ],
}

function withoutIdentity(): string {
  return new VectorLog().checkpoint
    .split('\n')
    .filter((line) => !line.includes('cdef Pnx'))
    .join('\n')
}

function signedAgain(change: (log: VectorLog) => VectorLog): VectorLog {
  return change(new VectorLog()).rechain().sign([SIGNERS.identity, SIGNERS.epoch1])
}

for (const [what, [files, expected, finding]] of Object.entries(DAMAGED)) {
  test(`a slice with: ${what}`, () => {
    const damaged = files()
    equal(verdict(damaged), expected)
    const kinds = verifySlice(damaged, {vkey}).findings.map(({kind}) => kind)
    ok(kinds.includes(finding), `${finding} not among ${kinds.join(', ')}`)
  })
}

test('what the verifier holds from elsewhere counts for slices, too', () => {
  const files = sliceOf()
  const {checkpoint} = new VectorLog()
  equal(verdict(files, {vkey, first: VECTORS.leaves[1]!}), 1)
  equal(verdict(files, {vkey: SIGNERS.epoch0.vkey.text}), 1)
  equal(verdict(files, {vkey, witness: [SIGNERS.epoch0.vkey.text]}), 1)
  equal(verdict(files, {vkey, known: [checkpoint.replace('ZLcK', 'ZLcL')]}), 1)
  equal(verdict(files, {vkey, known: [checkpoint.replaceAll('0123456789abcdef', '0123456789abcdee')]}), 1)
  const older = verifySlice(files, {vkey, known: [new VectorLog().kept.get(6)!]})
  deepEqual([older.complete, older.findings.map(({kind}) => kind)], [true, ['not compared', 'first record not pinned']])
  deepEqual(
    verifySlice(files).findings.map(({kind}) => kind),
    ['signer not pinned', 'first record not pinned'],
  )
})

test('proofs of older states let a slice be compared with a checkpoint of another size, and with its own anchors', () => {
  const log = new VectorLog()
  const leaves = log.lines.map((line) => leafHash(line))
  const older = log.kept.get(6)!
  const files = {...sliceOf(log), consistency: consistencyLines([2, 4, 6], (size) => consistencyProof(leaves, size))}
  const kinds = (slice: SliceFiles, known: string) => {
    const {ok: good, findings, anchors} = verifySlice(slice, {vkey, known: [known]})
    return [good, ...findings.map(({kind}) => kind), ...anchors.map(({type}) => type)]
  }
  deepEqual(kinds(files, older), [true, 'known_checkpoint'])
  const oneLine = `${ORIGIN} 4 ${VECTORS.roots[3]!}`
  deepEqual(kinds(files, oneLine), [true, 'known_checkpoint'])
  deepEqual(kinds(files, oneLine.replace(VECTORS.roots[3]!, VECTORS.roots[2]!)), [
    false,
    'altered or forked',
    'first record not pinned',
  ])
  deepEqual(kinds(files, `other.example 4 ${VECTORS.roots[3]!}`)[1], 'checkpoint of another log')
  deepEqual(kinds(files, `${ORIGIN} 5 ${VECTORS.roots[4]!}`), [true, 'not compared', 'first record not pinned'])
  for (const bad of [
    files.consistency.replace('6 ', '06 '),
    files.consistency.replace(/=\n$/, '\n'),
    files.consistency.slice(0, -1),
    `${files.consistency}\n`,
    `3 ${Array.from({length: 107}, () => Buffer.alloc(32).toString('base64')).join(' ')}\n`,
  ])
    equal(kinds({...files, consistency: bad}, older)[1], 'malformed consistency proof', bad.slice(0, 80))
  const swapped = files.consistency.replace(/^(\d+) (.*)\n(\d+) (.*)\n/, '$1 $4\n$3 $2\n')
  deepEqual(kinds({...files, consistency: swapped}, oneLine)[1], 'altered or forked', 'the proof of another size proves nothing')
})

test('an anchor record that names a root which the log never had is found', () => {
  for (const [root, expected] of [
    [Buffer.from(VECTORS.roots[3]!, 'base64').toString('hex'), 'anchor on record'],
    ['ab'.repeat(32), 'altered or forked'],
  ] as const) {
    const log = new VectorLog()
    log.append({
      kind: 'anchor',
      target: `incident:${INC}`,
      sid: 's-01',
      mode: 'sim',
      mono: 1,
      actor: 'a',
      size: 4,
      root,
      type: 'chat',
    })
    log.sign()
    const leaves = log.lines.map((line) => leafHash(line))
    const files = {...sliceOf(log), consistency: consistencyLines([4], (size) => consistencyProof(leaves, size))}
    const {ok: good, findings} = verifySlice(files, {vkey})
    equal(good, expected === 'anchor on record')
    const finding = findings.find(({kind}) => kind === expected)
    equal(finding?.seq, log.lines.length - 1)
  }
})

test('a slice of an incident that no signed record has is refused, and later records are left out', () => {
  throws(() => sliceOf(new VectorLog(), undefined, 'INC-other'), {code: 'incident.unknown'})
  const log = new VectorLog()
  log.append({kind: 'note', inc: INC, iseq: 5, sid: 's-01', mode: 'sim', mono: 1, actor: 'a', text: 'later'})
  const nine = log.lines.slice(0, 9).map((line) => leafHash(line))
  const files = makeSlice(
    log.lines.map((line) => parseRecord(line)),
    INC,
    log.checkpoint,
    (seq) => inclusionProof(nine, seq),
  )
  equal(verdict(files), 0)
})

test('a running trail proves its records, and that it extends its older states', async (t) => {
  const trail = await trailPlace(t).open()
  oneAct(trail, 'inc-1')
  const older = trail.checkpoint()
  deepEqual(trail.proof(0, older.size).length, 3)
  trail.append({kind: 'incident.close', inc: 'inc-1', all_clear_at: 'x'})
  const {text, size} = trail.checkpoint()
  equal(
    verdict(
      makeSlice([...trail.records()], 'inc-1', text, (seq) => trail.proof(seq, size)),
      {vkey: trail.vkey},
    ),
    0,
  )
  const leaves = [...trail.records()].map((record) => leafHash(JSON.stringify(record)))
  deepEqual(trail.consistency(older.size), consistencyProof(leaves, older.size))
  throws(() => trail.proof(size, size), {code: 'usage.invalid'})
  throws(() => trail.proof(0, size + 1), {code: 'usage.invalid'})
  throws(() => trail.consistency(size + 1, size), {code: 'usage.invalid'})
})
