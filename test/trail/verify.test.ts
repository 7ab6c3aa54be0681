import {deepEqual, equal, ok} from 'node:assert/strict'
import {mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, unlinkSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {after, test} from 'node:test'

import {COSIGNATURE, ED25519} from '../../src/trail/format/vkey.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {type Loose, ORIGIN, seeded, SIGNERS, VectorLog, VECTORS} from '../support/vector-log.ts'

const base = mkdtempSync(join(tmpdir(), 'stanch-verify-'))
after(() => rmSync(base, {recursive: true, force: true}))
const folder = join(base, 'log')
const file = join(folder, 'records/000000000000.jsonl')

const {identity, epoch0, epoch1} = SIGNERS
const vkey = VECTORS.vkeys.log
const first = VECTORS.leaves[0]!
const newest = new VectorLog().checkpoint
const OTHER0 = seeded('01'.repeat(32), `${ORIGIN}/epoch-0`, COSIGNATURE)
const OTHER1 = seeded('02'.repeat(32), `${ORIGIN}/epoch-1`, COSIGNATURE)
const SESSION: Loose = {sid: 's-01', mode: 'sim', mono: 9000, actor: 'mallory'}
const INTENT: Loose = {
  ...SESSION,
  op: 'op-02',
  try: 1,
  action: 'a',
  tenant: 't',
  target: 'client:c',
  req: {method: 'POST', path: '/'},
}

/** 0 verified, 1 failed, 3 incomplete: what the independent checker exits with. */
function verdict(trust: Parameters<typeof verifyFolder>[1]): number {
  const {ok: good, complete} = verifyFolder(folder, trust)
  return good ? (complete ? 0 : 3) : 1
}

type Damage = (log: VectorLog) => void | (() => void)
const rewrite =
  (change: (bytes: Buffer) => Buffer | string): Damage =>
  (log) => {
    const bytes = Buffer.from(`${log.lines.join('\n')}\n`)
    return () => log.write(folder, change(bytes) as Buffer)
  }
const replaceText = (from: string, to: string) => rewrite((bytes) => bytes.toString().replace(from, to))
const withoutLine = (name: string) => (log: VectorLog) => {
  log.checkpoint = log.checkpoint
    .split('\n')
    .filter((line) => !line.startsWith(`\u2014 ${name} `))
    .join('\n')
}
const flipLine = (name: string) => (log: VectorLog) => {
  log.checkpoint = log.checkpoint
    .split('\n')
    .map((line) =>
      line.startsWith(`\u2014 ${name} `)
        ? line.replace(/.(.{9})$/, (all, rest: string) => (all.startsWith('A') ? 'B' : 'A') + rest)
        : line,
    )
    .join('\n')
}

/** The format's table 13.6: expected verdict with the vkey only, with record 0 pinned, with the true newest checkpoint known. */
const NEGATIVE: Record<string, [damage: Damage, vkey: number, first: number, known: number, finding?: string]> = {
  none: [() => {}, 0, 0, 0],
  'one byte of record 4': [(log) => log.edit(4, {mono: 1313}) && undefined, 1, 1, 1, 'altered or forked'],
  'one byte of record 4, re-chained': [(log) => void log.edit(4, {mono: 1313}).rechain(), 1, 1, 1, 'altered or forked'],
  'record 6 deleted, re-chained': [(log) => (log.lines.splice(6, 1), void log.rechain()), 1, 1, 1, 'truncated or rolled back'],
  'records 6 and 7 swapped': [(log) => void log.lines.splice(6, 2, log.lines[7]!, log.lines[6]!), 1, 1, 1, 'bad envelope'],
  'record 6 repeated at the end': [(log) => void log.lines.push(log.lines[6]!), 1, 1, 1, 'bad envelope'],
  'the last 2 records cut': [(log) => void log.lines.splice(7), 1, 1, 1, 'truncated or rolled back'],
  'the last line cut in the middle': [(log) => () => (log.write(folder), truncateSync(file, 3500)), 1, 1, 1, 'torn last line'],
  'a record appended without keys': [
    (log) => void log.append({kind: 'note', ...SESSION, text: 'x'}),
    3,
    3,
    3,
    'not in the signed tree',
  ],
  'identity line dropped': [withoutLine(ORIGIN), 1, 1, 1, `no signature by ${ORIGIN}`],
  'identity line flipped': [flipLine(ORIGIN), 1, 1, 1, `bad signature by ${ORIGIN}`],
  'epoch line dropped': [withoutLine(`${ORIGIN}/epoch-1`), 1, 1, 1, `no signature by ${ORIGIN}/epoch-1`],
  'epoch line flipped': [flipLine(`${ORIGIN}/epoch-1`), 1, 1, 1, `bad signature by ${ORIGIN}/epoch-1`],
  'signed by another key under the name': [
    (log) => void log.sign([seeded('03'.repeat(32), ORIGIN, ED25519), epoch1]),
    1,
    1,
    1,
    `no signature by ${ORIGIN}`,
  ],
  'signed by another epoch key under the name': [
    (log) => void log.sign([identity, OTHER1]),
    1,
    1,
    1,
    `no signature by ${ORIGIN}/epoch-1`,
  ],
  'identity and epoch 1 stolen, record 4 changed': [
    (log) => void log.edit(4, {mono: 1313}).rechain().sign(),
    1,
    1,
    1,
    'altered or forked',
  ],
  'the same, size 6 signed with epoch 1': [
    (log) => (log.edit(4, {mono: 1313}).rechain().sign(), void log.kept.set(6, log.note(6, [identity, epoch1]))),
    1,
    1,
    1,
    `no signature by ${ORIGIN}/epoch-0`,
  ],
  'the same, the seal deleted': [
    (log) => (log.edit(4, {mono: 1313}).rechain().sign(), void log.kept.delete(6)),
    1,
    1,
    1,
    'epoch without seal',
  ],
  'the same keys, record 6 changed': [(log) => void log.edit(6, {mono: 2513}).rechain(7).sign(), 0, 0, 1, 'altered or forked'],
  'rewritten from record 0 with new epoch keys': [
    (log) => {
      log.edit(0, {epoch_vkey: OTHER0.vkey.text}).edit(5, {epoch_vkey: OTHER1.vkey.text}).rechain()
      log
        .edit(4, {corr: `stanch-${(log.record(4)['prev'] as string).slice(0, 56)}`})
        .rechain()
        .sign([identity, OTHER1])
      log.kept.set(6, log.note(6, [identity, OTHER0]))
    },
    0,
    1,
    1,
    'record 0 not the registered one',
  ],
  'everything as it was at size 6': [
    (log) => (log.lines.splice(6), log.kept.delete(9), void (log.checkpoint = log.kept.get(6)!)),
    0,
    0,
    1,
    'truncated or rolled back',
  ],
  'a repeated member': [replaceText('"v":1,"seq":6', '"v":1,"v":1,"seq":6'), 1, 1, 1, 'not in canonical form'],
  'a blank after a colon': [replaceText('"seq":6', '"seq": 6'), 1, 1, 1, 'not in canonical form'],
  'an escaped letter': [replaceText('"text":"Old', '"text":"Ol\\u0064'), 1, 1, 1, 'not in canonical form'],
  'a number with a fraction': [replaceText('"pid":4242', '"pid":4242.0'), 1, 1, 1, 'not in canonical form'],
  'CRLF line ends': [rewrite((bytes) => bytes.toString().replaceAll('\n', '\r\n')), 1, 1, 1, 'not in canonical form'],
  'a byte order mark': [rewrite((bytes) => `\ufeff${bytes.toString()}`), 1, 1, 1, 'not in canonical form'],
  'the byte 0xff': [rewrite((bytes) => (bytes.fill(0xff, 1500, 1501), bytes)), 1, 1, 1, 'not in canonical form'],
  'a root in base64 that is not canonical': [
    (log) => void (log.checkpoint = log.checkpoint.replace('flQM=', 'flQN=')),
    1,
    1,
    1,
    'base64 not canonical',
  ],
  'the segment removed': [(log) => () => (log.write(folder), unlinkSync(file)), 1, 1, 1, 'nothing to verify'],
  'the segment renamed': [
    (log) => () => (log.write(folder), renameSync(file, file.replace('0.jsonl', '1.jsonl'))),
    1,
    1,
    1,
    'segment gap',
  ],
  'the key holder leaves out record 6': [(log) => (log.lines.splice(6, 1), void log.rechain().sign()), 1, 1, 1, 'iseq gap'],
  'the key holder sets record 7 one hour back': [
    (log) => void log.edit(7, {time: '2026-11-21T09:00:04.012Z'}).rechain(8).sign(),
    3,
    3,
    1,
    'time goes back',
  ],
  'the key holder adds an outcome without intent': [
    (log) =>
      void log.append({kind: 'outcome', ...SESSION, op: 'op-09', try: 1, intent: 3, action: 'a', corr: 'x', result: 'ok'}).sign(),
    1,
    1,
    1,
    'outcome without an open intent',
  ],
  'the key holder marks one record real': [(log) => void log.edit(6, {mode: 'real'}).rechain(7).sign(), 1, 1, 1, 'mode differs'],
  'the key holder leaves an intent without outcome as record 8': [
    (log) => (log.lines.pop(), void log.append({kind: 'intent', ...INTENT}).sign()),
    3,
    3,
    1,
    'intent without outcome',
  ],
  // beyond the table
  'an outcome unknown and never settled': [
    (log) => (
      log.append({kind: 'intent', ...INTENT}),
      void log
        .append({kind: 'outcome', ...SESSION, op: 'op-02', try: 1, intent: 9, action: 'a', corr: corr(log), result: 'unknown'})
        .sign()
    ),
    3,
    3,
    3,
    'outcome unknown and not settled',
  ],
  'the correlation id of another intent': [
    (log) => (
      log.append({kind: 'intent', ...INTENT}),
      void log
        .append({
          kind: 'outcome',
          ...SESSION,
          op: 'op-02',
          try: 1,
          intent: 9,
          action: 'a',
          corr: VECTORS.correlation.id,
          result: 'ok',
        })
        .sign()
    ),
    1,
    1,
    1,
    'outcome without an open intent',
  ],
  'two outcomes of one intent': [
    (log) =>
      void log
        .append({
          kind: 'outcome',
          ...SESSION,
          op: 'op-01',
          try: 1,
          intent: 3,
          action: 'a',
          corr: VECTORS.correlation.id,
          result: 'ok',
        })
        .sign(),
    1,
    1,
    1,
    'outcome without an open intent',
  ],
  'a record after incident.close': [
    (log) => void log.append({kind: 'note', inc: 'INC-2026-0042', iseq: 5, ...SESSION, text: 'x'}).sign(),
    1,
    1,
    1,
    'iseq gap',
  ],
  'an incident that begins with a note': [
    (log) => void log.append({kind: 'note', inc: 'INC-2', iseq: 0, ...SESSION, text: 'x'}).sign(),
    1,
    1,
    1,
    'iseq gap',
  ],
  'an incident number without incident': [
    (log) => void log.append({kind: 'note', iseq: 0, ...SESSION, text: 'x'}).sign(),
    1,
    1,
    1,
    'iseq gap',
  ],
  'a session that was never opened': [
    (log) => void log.append({kind: 'note', ...SESSION, sid: 's-02', text: 'x'}).sign(),
    1,
    1,
    1,
    'unknown session',
  ],
  'a second log.open': [
    (log) => void log.append({kind: 'log.open', format: 'stanch-audit/1', mode: 'sim'}).sign(),
    1,
    1,
    1,
    'bad envelope',
  ],
  'a skipped epoch': [
    (log) => void log.append({kind: 'key.epoch', epoch: 3, epoch_vkey: OTHER1.vkey.text}).sign(),
    1,
    1,
    1,
    'key epoch out of order',
  ],
  'an epoch key of another name': [
    (log) => void log.append({kind: 'key.epoch', epoch: 2, epoch_vkey: OTHER1.vkey.text}).sign(),
    1,
    1,
    1,
  ],
  'a record after log.close': [
    (log) =>
      void log
        .append({kind: 'log.close', reason: 'x'})
        .append({kind: 'note', ...SESSION, text: 'x'})
        .sign(),
    1,
    1,
    1,
    'record after the end',
  ],
  'a format that is not known': [(log) => void log.edit(0, {format: 'stanch-audit/2'}).rechain().sign(), 1, 1, 1, 'bad envelope'],
  'no checkpoint': [(log) => () => (log.write(folder), unlinkSync(join(folder, 'checkpoint'))), 1, 1, 1, 'malformed checkpoint'],
  'an empty checkpoint': [(log) => void (log.checkpoint = ''), 1, 1, 1, 'malformed checkpoint'],
  'a kept checkpoint under another size': [(log) => void log.kept.set(7, log.kept.get(6)!), 1, 1, 1, 'malformed checkpoint'],
  'a checkpoint of another log': [
    (log) => void (log.checkpoint = log.checkpoint.replaceAll(ORIGIN, 'stanch.local/other')),
    1,
    1,
    1,
    'checkpoint of another log',
  ],
  'an unknown kind': [(log) => void log.append({kind: 'hunch', ...SESSION, guess: 'x'}).sign(), 0, 0, 0, 'unknown kind'],
  'a torn line after all that is signed': [
    rewrite((bytes) => Buffer.concat([bytes, Buffer.from('{"v":1,"se')])),
    3,
    3,
    3,
    'torn last line',
  ],
}

function corr(log: VectorLog): string {
  return `stanch-${verifierLeaf(log)}`
}

function verifierLeaf(log: VectorLog): string {
  log.append({kind: 'note', ...SESSION, text: 'x'})
  return String((JSON.parse(log.lines.pop()!) as {prev: string}).prev).slice(0, 56)
}

for (const [what, [damage, withVkey, withFirst, withKnown, finding]] of Object.entries(NEGATIVE)) {
  test(`verdict on: ${what}`, () => {
    const log = new VectorLog()
    const write = damage(log)
    if (write) write()
    else log.write(folder)
    equal(verdict({vkey}), withVkey, 'vkey')
    equal(verdict({vkey, first}), withFirst, 'first')
    equal(verdict({vkey, known: [newest]}), withKnown, 'known')
    if (finding) {
      const kinds = verifyFolder(folder, {vkey, first, known: [newest]}).findings.map(({kind}) => kind)
      ok(kinds.includes(finding), `${finding} not among ${kinds.join(', ')}`)
    }
  })
}

test('the vectors verify whole, with every anchor named', () => {
  new VectorLog().write(folder)
  const result = verifyFolder(folder, {vkey, first, known: [newest], witness: [VECTORS.vkeys.witness]})
  deepEqual(
    {...result, anchors: result.anchors.map(({type}) => type)},
    {
      ok: true,
      complete: true,
      form: 'log',
      records: 9,
      size: 9,
      root_hash: Buffer.from(VECTORS.roots[8]!, 'base64').toString('hex'),
      checkpoints: 4,
      signer: vkey,
      mode: 'sim',
      anchors: ['first_record', 'known_checkpoint', 'witness'],
      findings: [],
    },
  )
})

test('without anything from outside it says that the first record is not pinned', () => {
  new VectorLog().write(folder)
  deepEqual(
    verifyFolder(folder, {vkey}).findings.map(({kind}) => kind),
    ['first record not pinned'],
  )
  deepEqual(
    verifyFolder(folder).findings.map(({kind}) => kind),
    ['signer not pinned', 'first record not pinned'],
  )
})

test('a known checkpoint may be the three lines or one line', () => {
  new VectorLog().write(folder)
  const body = newest.split('\n\n')[0]!
  equal(verdict({vkey, known: [`${body}\n`]}), 0)
  equal(verdict({vkey, known: [body.replaceAll('\n', ' ')]}), 0)
  equal(verdict({vkey, known: [body.replaceAll('\n', ' ').replace(' 9 ', ' 8 ')]}), 1)
  equal(verdict({vkey, known: [body.replaceAll('\n', ' ').replace(' 9 ', ' 10 ')]}), 1)
  equal(verdict({vkey, known: ['']}), 1)
  equal(verdict({vkey, known: [newest.replace('\n9\n', '\n6\n')]}), 1)
})

test('a required witness must have signed the newest checkpoint', () => {
  const log = new VectorLog()
  log.write(folder)
  equal(verdict({vkey, witness: [seeded('04'.repeat(32), 'bob', COSIGNATURE).vkey.text]}), 1)
  equal(verdict({vkey, witness: ['bob']}), 1)
  log.checkpoint = log.kept.get(9)!
  log.write(folder)
  equal(verdict({vkey, witness: [VECTORS.vkeys.witness]}), 1)
})

test('another vkey, a wrong first record, or no log at all is a failure', () => {
  new VectorLog().write(folder)
  equal(verdict({vkey: seeded('05'.repeat(32), ORIGIN, ED25519).vkey.text}), 1)
  equal(verdict({vkey: epoch0.vkey.text}), 1)
  equal(verdict({vkey: ''}), 1)
  equal(verdict({vkey, first: VECTORS.leaves[1]!}), 1)
  rmSync(folder, {recursive: true})
  equal(verdict({vkey}), 1)
})

test('every change of one character of a record or of the newest checkpoint is detected', () => {
  const log = new VectorLog()
  log.write(folder)
  const clean = readFileSync(file)
  let tried = 0
  for (let at = 0; at < clean.length; at += 11) {
    const bytes = Buffer.from(clean)
    bytes[at]! ^= 1 << (at % 8)
    log.write(folder, bytes)
    equal(verdict({vkey}), 1, `byte ${at}`)
    tried++
  }
  const note = Buffer.from(log.kept.get(9)!)
  for (let at = 0; at < note.length; at += 3) {
    const bytes = Buffer.from(note)
    bytes[at]! ^= 1 << (at % 7)
    log.checkpoint = bytes.toString()
    log.write(folder)
    equal(verdict({vkey}), 1, `byte ${at} of the checkpoint`)
    tried++
  }
  ok(tried > 400)
})

test('verifying changes no byte and makes no file', () => {
  new VectorLog().write(folder)
  const before = readdirSync(folder, {recursive: true, encoding: 'utf8'}).toSorted()
  verifyFolder(folder, {vkey})
  deepEqual(readdirSync(folder, {recursive: true, encoding: 'utf8'}).toSorted(), before)
})
