import {deepEqual, equal, ok} from 'node:assert/strict'
import {hash} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {test} from 'node:test'

import {parseCheckpoint, signatureLine, signatureProblem, signCheckpoint} from '../../src/trail/format/checkpoint.ts'
import {type Json, orderedMembers} from '../../src/trail/format/members.ts'
import {
  correlationIdOf,
  leafHash,
  leafOf,
  makeRecord,
  NO_PREVIOUS,
  parseRecord,
  recordLine,
} from '../../src/trail/format/record.ts'
import {EMPTY_ROOT, Frontier, verifyConsistency, verifyInclusion} from '../../src/trail/format/tree.ts'
import {consistencyProof, inclusionProof, rootOf} from '../support/merkle.ts'
import {parseVkey} from '../../src/trail/format/vkey.ts'
import {blinded} from '../../src/trail/keys.ts'
import {ORIGIN, SIGNERS, VECTOR_FOLDER, VectorLog, VECTORS} from '../support/vector-log.ts'

const log = new VectorLog()
const hex = (b64: string) => Buffer.from(b64, 'base64').toString('hex')
const b64 = (text: string) => Buffer.from(text, 'hex').toString('base64')

test('the log of the vectors is built byte for byte from its members, the derived salts and our hashes', () => {
  let prev = NO_PREVIOUS
  const built: string[] = []
  for (const [seq, line] of log.lines.entries()) {
    const {v: _v, seq: _seq, prev: _prev, salt: _salt, time, kind, ...members} = JSON.parse(line) as Record<string, Json>
    const salt = Buffer.from(hash('sha256', `stanch-test-vector-1/salt${seq}`, 'hex').slice(0, 32), 'hex').toString('base64url')
    built.push(recordLine(makeRecord({seq, prev, salt, time: time as string, kind: kind as string}, members)))
    prev = leafHash(built.at(-1)!)
    equal(prev, VECTORS.leaves[seq])
  }
  const file = `${built.join('\n')}\n`
  equal(file, readFileSync(join(VECTOR_FOLDER, 'records/000000000000.jsonl'), 'utf8'))
  equal(hash('sha256', file, 'hex'), '75772c7ca313bf246461d9f1c0ffbc1fcf3c2784c67758bd87aef7f9a849c379')
})

test('seeds are those that the vectors name', () => {
  for (const [name, seed] of Object.entries(VECTORS.seeds)) equal(hash('sha256', `stanch-test-vector-1/${name}`, 'hex'), seed)
  equal(SIGNERS.identity.vkey.text, VECTORS.vkeys.log)
  equal(SIGNERS.witness.vkey.text, VECTORS.vkeys.witness)
  equal(parseVkey(VECTORS.vkeys.log).text, VECTORS.vkeys.log)
})

test('the writer puts the members of each kind in the order of the vectors', () => {
  for (const line of log.lines) {
    const {kind, v: _v, seq: _s, prev: _p, salt: _salt, time: _t, ...rest} = JSON.parse(line) as Record<string, Json>
    // these kinds have more members today than the vectors show
    if (['log.open', 'key.epoch', 'session.open', 'incident.open'].includes(kind as string)) continue
    const {inc, iseq: _i, sid: _sid, mode: _m, mono: _mono, actor: _a, ...own} = rest
    const shuffled = Object.fromEntries(Object.entries({kind: kind!, ...(inc === undefined ? {} : {inc}), ...own}).toReversed())
    equal(JSON.stringify(orderedMembers(shuffled as {kind: string})), JSON.stringify(own))
  }
})

test('every root of the vectors comes out of the frontier and out of the recursive definition', () => {
  const frontier = new Frontier()
  equal(b64(frontier.root()), VECTORS.empty_root)
  equal(b64(EMPTY_ROOT), VECTORS.empty_root)
  for (const [i, leaf] of VECTORS.leaves.entries()) {
    frontier.add(leaf)
    equal(b64(frontier.root()), VECTORS.roots[i])
    equal(b64(rootOf(VECTORS.leaves.slice(0, i + 1))), VECTORS.roots[i])
  }
})

test('seal and checkpoint are signed to the same bytes', () => {
  const {identity, epoch0, epoch1, witness} = SIGNERS
  const at = (size: number) => ({origin: ORIGIN, size, root: hex(VECTORS.roots[size - 1]!)})
  const time = (text: string, name: string) =>
    Number(Buffer.from(parseCheckpoint(text).signatures.find((line) => line.name === name)!.data).readBigUInt64BE(0))
  const seal = log.kept.get(6)!
  equal(signCheckpoint(at(6), [identity, epoch0], time(seal, epoch0.vkey.name)), seal)
  const newest = signCheckpoint(at(9), [identity, epoch1], time(log.checkpoint, epoch1.vkey.name))
  equal(newest, log.kept.get(9))
  equal(newest + signatureLine(parseCheckpoint(newest).body, witness, time(log.checkpoint, witness.vkey.name)), log.checkpoint)
  for (const {vkey} of [identity, epoch1, witness]) equal(signatureProblem(parseCheckpoint(log.checkpoint), vkey), undefined)
  equal(signatureProblem(parseCheckpoint(log.checkpoint), epoch0.vkey), `no signature by ${epoch0.vkey.name}`)
})

test('the proofs of the vectors are made and verified', () => {
  const root = hex(VECTORS.roots[8]!)
  for (const {index, path} of VECTORS.inclusion) {
    deepEqual(inclusionProof(VECTORS.leaves, index).map(b64), path)
    ok(verifyInclusion(VECTORS.leaves[index]!, index, 9, root, path.map(hex)))
  }
  for (const {from, path} of VECTORS.consistency) {
    deepEqual(consistencyProof(VECTORS.leaves, from).map(b64), path)
    ok(verifyConsistency(from, hex(VECTORS.roots[from - 1]!), 9, root, path.map(hex)))
  }
})

test('correlation id and blinded values are those of the vectors', () => {
  const {seq, id} = VECTORS.correlation
  equal(correlationIdOf(leafHash(log.lines[seq]!)), id)
  equal(correlationIdOf(leafOf(parseRecord(log.lines[seq]!))), id)
  equal(id.length, 63)
  const {tenant, target, field, values} = VECTORS.blinding
  const key = Buffer.from(VECTORS.seeds['blind']!, 'hex')
  for (const [value, expected] of Object.entries(values)) equal(blinded(key, tenant, target, field, value), expected)
})
