import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync, gzipSync} from 'node:zlib'

import {signatureLine, signCheckpoint} from '../../src/trail/format/checkpoint.ts'
import {COSIGNATURE, ED25519} from '../../src/trail/format/vkey.ts'
import {DamagedLog, type Files, longLog, type Loose, nineRecords, seedOf, SIGNED_AT} from '../support/damaged-log.ts'
import {seeded} from '../support/vector-log.ts'

/*
 * Test vectors of the audit format: whole folders with what a verifier is given and what it must answer. Made from the
 * format's own nine records and a longer log of our own, with seeded keys, so that every run makes the same bytes.
 * `node test/vectors/make.ts --write` after a deliberate change.
 */

export const FILE = join(import.meta.dirname, 'audit.json.gz')

export interface Trust {
  readonly vkey?: string
  readonly first?: string
  /** contents of the files */
  readonly known?: readonly string[]
  readonly witness?: readonly string[]
}

export interface Vector {
  readonly name: string
  readonly form: 'log' | 'slice'
  readonly files: Files
  readonly trust: Trust
  /** 0 verified, 1 not verified, 3 verified but incomplete */
  readonly exit: 0 | 1 | 3
  /** the finding that must be among those that decide the exit */
  readonly reason: string | undefined
}

const vectors: Vector[] = []
const A = 'inc-20261122-aaaaaa'
const long = longLog()
const nine = nineRecords()
const LONG: Trust = {vkey: long.identity.vkey.text}
const NINE: Trust = {vkey: nine.identity.vkey.text}
const OTHER = seeded(seedOf('other'), long.origin, ED25519)
const BOB = 'stanch.local/witness/bob+1a1300e1+BAk+Zjw1fqMDMW4ttkdaZZqbDS47+wNVp5MfWs3v0x4J'
const NAME = long.origin
const EPOCH0 = `${NAME}/epoch-0`
const EPOCH2 = `${NAME}/epoch-2`

function add(name: string, form: 'log' | 'slice', exit: 0 | 1 | 3, reason: string | undefined, files: Files, trust: Trust = LONG): void {
  if (vectors.some((vector) => vector.name === name)) throw new Error(`two vectors are called ${name}`)
  vectors.push({name, form, files, trust, exit, reason})
}

/** A log that a holder of all keys changed and signed again: only the named rule can find it. */
function signed(name: string, exit: 0 | 1 | 3, reason: string | undefined, change: (log: DamagedLog) => void, trust?: Trust): void {
  const log = longLog()
  change(log)
  add(name, 'log', exit, reason, log.sign().files(), trust)
}

/** A log that was changed without keys. */
function changed(name: string, exit: 0 | 1 | 3, reason: string | undefined, change: (log: DamagedLog) => void | Files, trust?: Trust): void {
  const log = longLog()
  add(name, 'log', exit, reason, change(log) ?? log.files(), trust)
}

const CANONICAL = 'not in canonical form'
const ENVELOPE = 'bad envelope'
const LAST = long.lines.length - 1

// ---- canonical form, each in the last record so that nothing after it moves, and signed

const spelled = (name: string, from: string, to: string, reason = CANONICAL) =>
  signed(`spelling: ${name}`, 1, reason, (log) => log.replace(LAST, from, to))
spelled('a member twice', '"reason":"done"', '"reason":"done","reason":"done"')
spelled('the version twice', '{"v":1,', '{"v":1,"v":1,')
spelled('a blank after a colon', '"reason":', '"reason": ')
spelled('a blank after a comma', ',"reason"', ', "reason"')
spelled('a blank at the end', '}', '} ')
spelled('a blank at the start', '{"v"', ' {"v"')
spelled('a tab', '{"v"', '{\t"v"')
spelled('an escaped letter', '"done"', '"\\u0064one"')
spelled('an escaped slash', '"done"', '"a\\/b"')
spelled('an upper-case escape', '"done"', '"\\u001F"')
spelled('a short escape written long', '"done"', '"\\u000a"')
spelled('an escaped umlaut', '"done"', '"\\u00e4"')
spelled('a raw control character', '"done"', '"a\u0001b"')
spelled('a raw tab in a text', '"done"', '"a\tb"')
spelled('an escaped delete character', '"done"', '"\\u007f"')
spelled('a fraction of zero', `"mono":${LAST * 250}`, `"mono":${LAST * 250}.0`)
spelled('a fraction', `"mono":${LAST * 250}`, '"mono":0.5')
spelled('an exponent', `"mono":${LAST * 250}`, '"mono":6e3')
spelled('minus zero', `"mono":${LAST * 250}`, '"mono":-0')
spelled('a plus sign', `"mono":${LAST * 250}`, '"mono":+1')
spelled('a leading zero', `"mono":${LAST * 250}`, '"mono":01')
spelled('a number of 2^53', `"mono":${LAST * 250}`, '"mono":9007199254740992')
spelled('a number of -2^53', `"mono":${LAST * 250}`, '"mono":-9007199254740992')
spelled('a number of 30 digits', `"mono":${LAST * 250}`, `"mono":${'1'.repeat(30)}`)
spelled('NaN', `"mono":${LAST * 250}`, '"mono":NaN')
spelled('Infinity', `"mono":${LAST * 250}`, '"mono":Infinity')
spelled('a lone high surrogate', '"done"', '"\\ud800"')
spelled('a lone low surrogate', '"done"', '"\\udc00"')
spelled('a surrogate pair as escapes', '"done"', '"\\ud834\\udd1e"')
spelled('a member name in capitals', '"reason"', '"Reason"')
spelled('a member name with a dash', '"reason"', '"rea-son"')
spelled('a member name that begins with a digit', '"reason"', '"1reason"')
spelled('an empty member name', '"reason"', '""')
spelled('a member name of 33 characters', '"reason"', `"${'r'.repeat(33)}"`)
spelled('a member name of the prototype', '"reason":"done"', '"__proto__":"done"')
spelled('nesting of nine', '"reason":"done"', `"reason":${'['.repeat(8)}${']'.repeat(8)}`)
spelled('a comma at the end', '"done"', '"done",')
spelled('a comment', '"done"', '"done"/**/')
spelled('single quotes', '"done"', "'done'")
spelled('half an object', '"reason":"done"', '"reason":')
const bytes = (name: string, line: (text: string) => string | Buffer) => signed(`bytes: ${name}`, 1, CANONICAL, (log) => void (log.lines[LAST] = line(String(log.lines[LAST]))))
bytes('a carriage return at the end', (text) => `${text}\r`)
bytes('a byte order mark', (text) => `\ufeff${text}`)
bytes('the byte 0xff', (text) => Buffer.concat([Buffer.from(text.slice(0, -3)), Buffer.of(0xff), Buffer.from('"}')]))
bytes('an overlong slash', (text) => Buffer.concat([Buffer.from(text.slice(0, -2)), Buffer.of(0xc0, 0xaf), Buffer.from('"}')]))
bytes('a surrogate in UTF-8', (text) => Buffer.concat([Buffer.from(text.slice(0, -2)), Buffer.of(0xed, 0xa0, 0x80), Buffer.from('"}')]))
bytes('half a character', (text) => Buffer.concat([Buffer.from(text.slice(0, -2)), Buffer.of(0xc3), Buffer.from('"}')]))
bytes('a zero byte', (text) => `${text.slice(0, -2)}\0"}`)
bytes('an empty line', () => '')
bytes('a list', () => '[]')
bytes('a number', () => '1')
bytes('a text', () => '"x"')
bytes('null', () => 'null')
bytes('a record of 65536 bytes', (text) => text.replace('done', 'd'.repeat(65_536 - text.length + 4)))

// ---- envelope

const envelope = (name: string, change: Loose) => signed(`envelope: ${name}`, 1, ENVELOPE, (log) => log.edit(LAST, change))
envelope('version 2', {v: 2})
envelope('version 0', {v: 0})
envelope('a version that is a text', {v: '1'})
envelope('a version that is true', {v: true})
envelope('a seq that is a text', {seq: String(LAST)})
envelope('a negative seq', {seq: -1})
envelope('the seq of the record before', {seq: LAST - 1})
envelope('a seq too high', {seq: LAST + 1})
envelope('a prev in capitals', {prev: 'AB'.repeat(32)})
envelope('a prev of 63 digits', {prev: 'a'.repeat(63)})
envelope('a salt of 21 characters', {salt: 'A'.repeat(21)})
envelope('a salt whose last bits are set', {salt: `${'A'.repeat(21)}B`})
envelope('a salt with padding', {salt: `${'A'.repeat(20)}==`})
envelope('a time without milliseconds', {time: '2026-11-22T03:00:10Z'})
envelope('a time with a zone', {time: '2026-11-22T03:00:10.000+00:00'})
envelope('a thirteenth month', {time: '2026-13-22T03:00:10.000Z'})
envelope('the 30th of February', {time: '2026-02-30T03:00:10.000Z'})
envelope('the 24th hour', {time: '2026-11-22T24:00:00.000Z'})
envelope('a leap second', {time: '2026-12-31T23:59:60.000Z'})
envelope('a time that is a number', {time: SIGNED_AT})
envelope('a kind in capitals', {kind: 'Note'})
envelope('a kind that is no text', {kind: 7})
envelope('an empty kind', {kind: ''})
signed('envelope: seq after prev', 1, ENVELOPE, (log) => {
  const {v, seq, prev, ...rest} = log.record(LAST)
  log.lines[LAST] = JSON.stringify({v, prev, seq, ...rest})
})
signed('envelope: a member before v', 1, ENVELOPE, (log) => void (log.lines[LAST] = JSON.stringify({extra: 1, ...log.record(LAST)})))
signed('envelope: no salt', 1, ENVELOPE, (log) => {
  const {salt: _salt, ...rest} = log.record(LAST)
  log.lines[LAST] = JSON.stringify(rest)
})
signed('envelope: a second log.open', 1, ENVELOPE, (log) => void log.add('log.open', {format: 'stanch-audit/1', mode: 'real', epoch: 3, epoch_vkey: log.epochSigner(3).vkey.text}))
signed('envelope: a record without its session', 1, ENVELOPE, (log) => void log.add('note', {mode: 'real', text: 'x'}))

// ---- chain and tree

signed('chain: prev is that of another record', 1, 'prev does not match', (log) => log.edit(LAST, {prev: log.leaves()[3]!}))
changed('chain: a byte of a record', 1, 'altered or forked', (log) => log.replace(7, '"ms":12', '"ms":13') && undefined)
changed('chain: a byte of a record, re-chained', 1, 'altered or forked', (log) => void log.replace(7, '"ms":12', '"ms":13').rechain())
changed('chain: a record deleted, re-chained', 1, 'truncated or rolled back', (log) => (log.lines.splice(13, 1), void log.rechain()))
changed('chain: two records deleted in a row, re-chained', 1, 'truncated or rolled back', (log) => (log.lines.splice(12, 2), void log.rechain()))
changed('chain: two records swapped', 1, 'prev does not match', (log) => void log.lines.splice(4, 2, log.lines[5]!, log.lines[4]!))
changed('chain: a record repeated', 1, ENVELOPE, (log) => void log.lines.push(log.lines[LAST]!))
changed('chain: an old record replayed, re-chained', 1, 'altered or forked', (log) => (log.lines.splice(14, 1, log.lines[13]!), void log.rechain()))
changed('chain: the last two records cut', 1, 'truncated or rolled back', (log) => void log.lines.splice(LAST - 1))
changed('chain: a record added without keys', 3, 'not in the signed tree', (log) => void log.add('note', {text: 'x'}, 's-01'))
changed('chain: a torn line after all that is signed', 3, 'torn last line', (log) => torn(log, '{"v":1,"se'))
changed('chain: the last line cut in the middle', 1, 'truncated or rolled back', (log) => cut(log, 30))
changed('chain: the last line end missing', 1, 'truncated or rolled back', (log) => cut(log, 1))
changed('files: no record', 1, 'nothing to verify', (log) => ({...log.files(), 'records/000000000000.jsonl': Buffer.alloc(0)}))
changed('files: no segment', 1, 'nothing to verify', (log) => without(log.files(), 'records/000000000000.jsonl'))
changed('files: the segment renamed', 1, 'segment gap', (log) => renamed(log.files(), 'records/000000000000.jsonl', 'records/000000000001.jsonl'))
changed('files: an empty first segment', 1, 'segment gap', (log) => ({...renamed(log.files(), 'records/000000000000.jsonl', 'records/000000065536.jsonl'), 'records/000000000000.jsonl': Buffer.alloc(0)}))
changed('files: an empty last segment', 1, 'segment gap', (log) => ({...log.files(), 'records/000000065536.jsonl': Buffer.alloc(0)}))
changed('files: the second segment without the first', 1, 'segment gap', (log) => renamed(log.files(), 'records/000000000000.jsonl', 'records/000000065536.jsonl'))
changed('files: nothing at all', 1, 'nothing to verify', () => ({}))

function torn(log: DamagedLog, more: string): Files {
  const files = log.files()
  return {...files, 'records/000000000000.jsonl': Buffer.concat([files['records/000000000000.jsonl']!, Buffer.from(more)])}
}

function cut(log: DamagedLog, count: number): Files {
  const files = log.files()
  return {...files, 'records/000000000000.jsonl': files['records/000000000000.jsonl']!.subarray(0, -count)}
}

function without(files: Files, name: string): Files {
  const {[name]: _gone, ...rest} = files
  return rest
}

function renamed(files: Files, from: string, to: string): Files {
  return {...without(files, from), [to]: files[from]!}
}

// ---- checkpoints

const noted = (name: string, exit: 0 | 1 | 3, reason: string | undefined, change: (text: string) => string) =>
  changed(`checkpoint: ${name}`, exit, reason, (log) => void (log.checkpoint = change(log.checkpoint)))
const lineOf = (text: string, name: string) => text.split('\n').find((line) => line.startsWith(`— ${name} `))!
const dropped = (name: string) => (text: string) => text.split('\n').filter((line) => !line.startsWith(`— ${name} `)).join('\n')
const MALFORMED = 'malformed checkpoint'
noted('missing', 1, MALFORMED, () => '')
changed('checkpoint: no file', 1, MALFORMED, (log) => without(log.files(), 'checkpoint'))
noted('no empty line', 1, MALFORMED, (text) => text.replace('\n\n', '\n'))
noted('no line end', 1, MALFORMED, (text) => text.trimEnd())
noted('no signature at all', 1, MALFORMED, (text) => text.split('\n\n')[0]! + '\n')
noted('four lines', 1, MALFORMED, (text) => text.replace('\n\n', '\nextension\n\n'))
noted('two lines', 1, MALFORMED, (text) => text.replace(/\n\d+\n/, '\n'))
noted('a leading zero in the size', 1, MALFORMED, (text) => text.replace('\n25\n', '\n025\n'))
noted('a negative size', 1, MALFORMED, (text) => text.replace('\n25\n', '\n-25\n'))
noted('a size of 2^53', 1, MALFORMED, (text) => text.replace('\n25\n', '\n9007199254740992\n'))
noted('a size that is no number', 1, MALFORMED, (text) => text.replace('\n25\n', '\nmany\n'))
noted('a root of 31 bytes', 1, MALFORMED, (text) => text.replace(/\n25\n.*\n/, `\n25\n${Buffer.alloc(31).toString('base64')}\n`))
noted('a root whose last bits are set', 1, 'base64 not canonical', (text) => text.replace('Xy/iA=', 'Xy/iB='))
noted('a root without padding', 1, 'base64 not canonical', (text) => text.replace('Xy/iA=', 'Xy/iA'))
noted('a root in base64url', 1, 'base64 not canonical', (text) => text.replace('Xy/iA=', 'Xy_iA='))
noted('a blank in the origin', 1, MALFORMED, (text) => text.replace(NAME, 'acme example'))
noted('a plus in the origin', 1, MALFORMED, (text) => text.replace(NAME, 'acme+example'))
noted('carriage returns', 1, MALFORMED, (text) => text.replaceAll('\n', '\r\n'))
noted('101 signature lines', 1, MALFORMED, (text) => text + `${lineOf(text, NAME)}\n`.repeat(98))
noted('a hyphen for the dash', 1, 'malformed signature line', (text) => text.replace('— ', '- '))
noted('a signature line without name', 1, 'malformed signature line', (text) => text.replace(`— ${NAME} `, '—  '))
noted('a fourth word in a signature line', 1, 'malformed signature line', (text) => text.replace(lineOf(text, NAME), `${lineOf(text, NAME)} x`))
noted('an empty line among the signatures', 1, 'malformed signature line', (text) => `${text}\n`)
noted('a signature of four bytes', 1, 'malformed signature line', (text) => `${text}— someone ${Buffer.alloc(4).toString('base64')}\n`)
noted('a signature that is no base64', 1, 'base64 not canonical', (text) => `${text}— someone ????????\n`)
noted('identity line dropped', 1, `no signature by ${NAME}`, dropped(NAME))
noted('epoch line dropped', 1, `no signature by ${EPOCH2}`, dropped(EPOCH2))
noted('identity line of another size', 1, `bad signature by ${NAME}`, (text) => text.replace(lineOf(text, NAME), lineOf(long.kept.get(16)!, NAME)))
noted('identity line twice, once wrong', 1, `bad signature by ${NAME}`, (text) => `${text}${lineOf(long.kept.get(16)!, NAME)}\n`)
noted('epoch line with another time', 1, `bad signature by ${EPOCH2}`, (text) => retimed(text))
noted('another key id', 1, `no signature by ${NAME}`, (text) => text.replace(lineOf(text, NAME), OTHER_LINE(text)))
noted('identity signature of 63 bytes', 1, `bad signature by ${NAME}`, (text) => resized(text, -1))
noted('identity signature of 65 bytes', 1, `bad signature by ${NAME}`, (text) => resized(text, 1))
noted('of another log', 1, 'checkpoint of another log', (text) => text.replaceAll(NAME, 'acme.example/stanch/bob'))
noted('16 lines of unknown keys', 0, undefined, (text) => text + Array.from({length: 16}, (_, i) => `— witness-${i} ${Buffer.alloc(68, i).toString('base64')}\n`).join(''))
noted('a line of a type that version 1 does not know', 0, undefined, (text) => `${text}— ml-dsa ${Buffer.alloc(2424, 6).toString('base64')}\n`)
noted('witness line dropped', 0, undefined, dropped('stanch.local/witness/bob'))
changed('checkpoint: signed by another key under the name', 1, `no signature by ${NAME}`, (log) => void (log.checkpoint = log.note(25, [OTHER, log.epochSigner(2)])))
changed('checkpoint: signed by the epoch before', 1, `no signature by ${EPOCH2}`, (log) => void (log.checkpoint = log.note(25, [log.identity, log.epochSigner(1)])))
changed('checkpoint: kept under another size', 1, MALFORMED, (log) => (log.kept.set(17, log.kept.get(16)!), undefined))
changed('checkpoint: one more kept, all good', 0, undefined, (log) => (log.kept.set(20, log.note(20, log.signersAt(20))), undefined))
changed('checkpoint: a kept one without epoch line', 1, `no signature by ${EPOCH2}`, (log) => (log.kept.set(20, log.note(20, [log.identity])), undefined))
changed('checkpoint: a kept one of another history', 1, 'altered or forked', (log) => {
  log.kept.set(20, signCheckpoint({origin: NAME, size: 20, root: 'cd'.repeat(32)}, log.signersAt(20), SIGNED_AT))
})
changed('checkpoint: of the size 0', 1, 'no signature by the epoch in force', (log) => {
  log.kept.set(0, signCheckpoint({origin: NAME, size: 0, root: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'}, [log.identity], SIGNED_AT))
})

function OTHER_LINE(text: string): string {
  return signatureLine(text.split('\n\n')[0]! + '\n', OTHER, SIGNED_AT).trimEnd()
}

function retimed(text: string): string {
  const line = lineOf(text, EPOCH2)
  const data = Buffer.from(line.split(' ')[2]!, 'base64')
  data.writeUInt8(data.readUInt8(11) ^ 1, 11)
  return text.replace(line, `— ${EPOCH2} ${data.toString('base64')}`)
}

function resized(text: string, by: number): string {
  const line = lineOf(text, NAME)
  const data = Buffer.from(line.split(' ')[2]!, 'base64')
  return text.replace(line, `— ${NAME} ${(by < 0 ? data.subarray(0, by) : Buffer.concat([data, Buffer.alloc(by)])).toString('base64')}`)
}

// ---- epochs and thieves of keys

const stolen = (log: DamagedLog, from: number) => {
  // Identity and today's epoch key: all that a thief finds on the machine.
  const sizes = [...log.kept].filter(([size]) => size <= from)
  log.kept = new Map(sizes)
  log.checkpoint = log.note(log.lines.length, [log.identity, log.epochSigner(2)])
}
changed('epochs: today\'s keys stolen, a sealed record changed', 1, 'altered or forked', (log) => {
  log.replace(7, '"ms":12', '"ms":13').rechain(8)
  stolen(log, 99)
})
changed('epochs: the same, seals deleted', 1, 'epoch without seal', (log) => {
  log.replace(7, '"ms":12', '"ms":13').rechain(8)
  stolen(log, 0)
})
changed('epochs: the same, seals signed with today\'s key', 1, `no signature by ${EPOCH0}`, (log) => {
  log.replace(7, '"ms":12', '"ms":13').rechain(8)
  stolen(log, 0)
  for (const size of [16, 19]) log.kept.set(size, log.note(size, [log.identity, log.epochSigner(2)]))
})
changed('epochs: a record of the present epoch changed by a thief of today\'s keys', 0, undefined, (log) => {
  log.replace(20, 'retention', 'detention').rechain(21)
  stolen(log, 19)
})
changed('epochs: the same, held against the true checkpoint', 1, 'altered or forked', (log) => {
  log.replace(20, 'retention', 'detention').rechain(21)
  stolen(log, 19)
}, {...LONG, known: [long.checkpoint]})
changed('epochs: a seal deleted', 1, 'epoch without seal', (log) => void log.kept.delete(16))
changed('epochs: both seals deleted', 1, 'epoch without seal', (log) => void log.kept.clear())
changed('epochs: a seal signed by the epoch that it begins', 1, `no signature by ${EPOCH0}`, (log) => void log.kept.set(16, log.note(16, [log.identity, log.epochSigner(1)])))
signed('epochs: one skipped', 1, 'key epoch out of order', (log) => {
  log.add('key.epoch', {epoch: 4, epoch_vkey: log.epochSigner(4).vkey.text})
  log.seal()
})
signed('epochs: one repeated', 1, 'key epoch out of order', (log) => {
  log.add('key.epoch', {epoch: 2, epoch_vkey: log.epochSigner(2).vkey.text})
  log.seal()
})
signed('epochs: a number that is a text', 1, 'key epoch out of order', (log) => {
  log.add('key.epoch', {epoch: '3', epoch_vkey: log.epochSigner(3).vkey.text})
  log.seal()
})
const announced = (name: string, vkey: (log: DamagedLog) => Loose) =>
  signed(`epochs: ${name}`, 1, 'bad vkey', (log) => {
    log.add('key.epoch', {epoch: 3, ...vkey(log)})
    log.seal()
  })
announced('the key of another name', (log) => ({epoch_vkey: log.epochSigner(4).vkey.text}))
announced('a key of the identity\'s type', () => ({epoch_vkey: seeded(seedOf('epoch3'), `${NAME}/epoch-3`, ED25519).vkey.text}))
announced('a key with a wrong id', (log) => ({epoch_vkey: log.epochSigner(3).vkey.text.replace(/\+[0-9a-f]{8}\+/, '+00000000+')}))
announced('no key', () => ({}))
announced('a key that is a number', () => ({epoch_vkey: 3}))
signed('epochs: record 0 begins epoch 1', 1, 'key epoch out of order', (log) => void log.edit(0, {epoch: 1}).rechain())

// ---- record 0

const zero = (name: string, reason: string, change: Loose, trust?: Trust) => signed(`record 0: ${name}`, 1, reason, (log) => void log.edit(0, change).rechain(), trust)
zero('another format', ENVELOPE, {format: 'stanch-audit/2'})
zero('no format', ENVELOPE, {format: 7})
zero('neither real nor simulated', 'mode differs', {mode: 'live'})
zero('the key of another log', 'record 0 not the registered one', {vkey: nine.identity.vkey.text})
zero('a key that is none', 'record 0 not the registered one', {vkey: 'acme'})
zero('a key that is none, nobody pinned', 'bad vkey', {vkey: 'acme'}, {})
zero('another origin', 'record 0 not the registered one', {origin: 'acme.example/stanch/bob'})
zero('another kind', ENVELOPE, {kind: 'note'})
signed('record 0: begun anew by a thief, pinned key only', 0, undefined, (log) => void log.edit(0, {reason: 'x'}).rechain())
signed('record 0: begun anew by a thief, first record pinned', 1, 'record 0 not the registered one', (log) => void log.edit(0, {reason: 'x'}).rechain(), {...LONG, first: long.leaves()[0]!})

// ---- rules between records

signed('mode: one record of a drill', 1, 'mode differs', (log) => void log.edit(LAST, {mode: 'sim'}))
signed('mode: a record without one', 1, ENVELOPE, (log) => void log.add('note', {text: 'x', sid: 's-01'}))
signed('session: one that was never opened', 1, 'unknown session', (log) => void log.add('note', {text: 'x'}, 's-03'))
signed('session: one that is a number', 1, ENVELOPE, (log) => void log.add('note', {text: 'x', sid: 1, mode: 'real'}))
const GAP = 'iseq gap'
signed('incident: a number left out', 1, GAP, (log) => (log.lines.splice(13, 1), void moved(log)))
signed('incident: a number twice', 1, GAP, (log) => (log.edit(13, {iseq: 6}), void log.rechain(14)))
signed('incident: a number without incident', 1, GAP, (log) => void log.add('note', {iseq: 0, text: 'x'}, 's-01'))
signed('incident: an incident without number', 1, GAP, (log) => (log.add('note', {text: 'x'}, 's-01'), void log.edit(25, {inc: 'inc-20261122-cccccc'})))
signed('incident: a number that is a text', 1, GAP, (log) => void log.add('note', {inc: 'inc-20261122-cccccc', iseq: '0', text: 'x'}, 's-01'))
signed('incident: one that begins with a note', 1, GAP, (log) => void log.add('note', {inc: 'inc-20261122-cccccc', text: 'x'}, 's-01'))
signed('incident: a second opening', 1, GAP, (log) => {
  log.add('incident.open', {inc: 'inc-20261122-cccccc', title: 'x'}, 's-01')
  log.add('incident.open', {inc: 'inc-20261122-cccccc', title: 'x'}, 's-01')
})
signed('incident: a record after its end', 1, GAP, (log) => void log.add('note', {inc: A, text: 'x'}, 's-01'))
signed('incident: one left open is no fault', 0, undefined, (log) => void log.add('incident.open', {inc: 'inc-20261122-cccccc', title: 'x'}, 's-01'))
const NOT_OPEN = 'outcome without an open intent'
const answer = (kind: string, more: Loose) => ({kind, more: {op: 'op-9', try: 1, intent: 25, action: 'a', tenant: 't', target: 'client:c', ...more}})
function asked(log: DamagedLog): number {
  return log.add('intent', {op: 'op-9', try: 1, action: 'a', tenant: 't', target: 'client:c', req: {method: 'POST', path: '/'}}, 's-01')
}
const operation = (name: string, exit: 0 | 1 | 3, reason: string | undefined, work: (log: DamagedLog) => void) => signed(`operation: ${name}`, exit, reason, work)
const reply = (log: DamagedLog, more: Loose, kind = 'outcome') => {
  const {more: members} = answer(kind, more)
  log.add(kind, members, 's-01')
}
operation('an intent without outcome', 3, 'intent without outcome', (log) => void asked(log))
operation('an outcome unknown and never settled', 3, 'outcome unknown and not settled', (log) => reply(log, {corr: log.corr(asked(log)), result: 'unknown'}))
operation('an outcome of no intent', 1, NOT_OPEN, (log) => reply(log, {corr: 'stanch-x', result: 'ok'}))
operation('an outcome of a note', 1, NOT_OPEN, (log) => reply(log, {intent: 13, corr: log.corr(13), result: 'ok'}))
operation('two outcomes of one intent', 1, NOT_OPEN, (log) => {
  const corr = log.corr(asked(log))
  reply(log, {corr, result: 'ok'})
  reply(log, {corr, result: 'ok'})
})
operation('an outcome of another operation', 1, NOT_OPEN, (log) => reply(log, {corr: log.corr(asked(log)), op: 'op-8', result: 'ok'}))
operation('an outcome of another try', 1, NOT_OPEN, (log) => reply(log, {corr: log.corr(asked(log)), try: 2, result: 'ok'}))
operation('an outcome with the correlation id of another intent', 1, NOT_OPEN, (log) => (asked(log), reply(log, {corr: log.corr(6), result: 'ok'})))
operation('an outcome without correlation id', 1, NOT_OPEN, (log) => (asked(log), reply(log, {result: 'ok'})))
operation('an outcome whose intent is a text', 1, NOT_OPEN, (log) => reply(log, {corr: log.corr(asked(log)), intent: '25', result: 'ok'}))
operation('an outcome before its intent', 1, NOT_OPEN, (log) => (reply(log, {intent: 26, corr: 'stanch-x', result: 'ok'}), void asked(log)))
operation('a settle of nothing', 1, NOT_OPEN, (log) => reply(log, {result: 'ok', by: 'state'}, 'settle'))
operation('a settle of another operation', 1, NOT_OPEN, (log) => (asked(log), reply(log, {op: 'op-8', result: 'ok', by: 'state'}, 'settle')))
operation('a settle of a missing outcome', 0, undefined, (log) => (asked(log), reply(log, {result: 'not_done', by: 'state'}, 'settle')))
operation('an outcome after its settle', 1, NOT_OPEN, (log) => {
  const corr = log.corr(asked(log))
  reply(log, {result: 'not_done', by: 'state'}, 'settle')
  reply(log, {corr, result: 'ok'})
})
operation('a second intent before the first was answered', 1, 'intent before the last one was settled', (log) => {
  asked(log)
  asked(log)
})
signed('end: a record after log.close', 1, 'record after the end', (log) => {
  log.add('log.close', {reason: 'x', next: 'acme.example/stanch/next'})
  log.add('note', {text: 'x'}, 's-01')
})
signed('end: log.close is the last record', 0, undefined, (log) => void log.add('log.close', {reason: 'x', next: 'acme.example/stanch/next'}))
signed('time: an hour back', 3, 'time goes back', (log) => void log.edit(LAST, {time: '2026-11-22T02:00:00.000Z'}))
signed('kind: one that is not known yet', 0, undefined, (log) => void log.add('hunch', {guess: 'x'}, 's-01'))
signed('member: one that is not known yet', 0, undefined, (log) => void log.add('note', {text: 'x', mood: 'calm'}, 's-01'))

function moved(log: DamagedLog): void {
  log.kept = new Map([...log.kept].map(([size, text]) => [size - 1, text]))
  for (let seq = 13; seq < log.lines.length; seq++) {
    const {intent} = log.record(seq)
    if (typeof intent === 'number' && intent > 13) log.edit(seq, {intent: intent - 1})
  }
  log.rechain(13)
}

// ---- what the verifier holds

const held = (name: string, exit: 0 | 1 | 3, reason: string | undefined, trust: Trust) => add(`held: ${name}`, 'log', exit, reason, longLog().files(), trust)
const body = `${long.checkpoint.split('\n\n')[0]!}\n`
held('nothing', 0, undefined, {})
held('the key', 0, undefined, LONG)
held('key, first record, newest checkpoint, witness', 0, undefined, {...LONG, first: long.leaves()[0]!, known: [long.checkpoint], witness: [BOB]})
held('a seal', 0, undefined, {...LONG, known: [long.kept.get(16)!]})
held('the three lines', 0, undefined, {...LONG, known: [body]})
held('one line', 0, undefined, {...LONG, known: [body.trim().replaceAll('\n', ' ')]})
held('pasted: empty lines, blanks and CRs around it', 0, undefined, {...LONG, known: [`\n${long.checkpoint.replaceAll('\n', ' \r\n  ')}\n\n`, `${body}\n`]})
held('pasted: a blank inside a line', 1, 'malformed signature line', {...LONG, known: [long.checkpoint.replace('— ', '—  ')]})
held('one line of a larger size', 1, 'truncated or rolled back', {...LONG, known: [body.trim().replaceAll('\n', ' ').replace(' 25 ', ' 26 ')]})
held('one line of another root', 1, 'altered or forked', {...LONG, known: [body.trim().replaceAll('\n', ' ').replace(' 25 ', ' 24 ')]})
held('a checkpoint of another log', 1, 'checkpoint of another log', {...LONG, known: [nine.checkpoint]})
held('an empty checkpoint', 1, MALFORMED, {...LONG, known: ['']})
held('a checkpoint that nobody signed', 1, `no signature by ${NAME}`, {...LONG, known: [`${body}\n— someone ${Buffer.alloc(68).toString('base64')}\n`]})
held('another first record', 1, 'record 0 not the registered one', {...LONG, first: long.leaves()[1]!})
held('the first record in capitals', 0, undefined, {...LONG, first: long.leaves()[0]!.toUpperCase()})
held('another key of the same name', 1, 'record 0 not the registered one', {vkey: OTHER.vkey.text})
held('the key of another log', 1, 'record 0 not the registered one', NINE)
held('a key that is none', 1, 'bad vkey', {vkey: 'acme+00000000+AAAA'})
held('a key split at its last plus', 1, 'bad vkey', {vkey: nine.identity.vkey.text.replace(/\+([^+]*)$/, ' $1')})
held('a key with a wrong id', 1, 'bad vkey', {vkey: LONG.vkey!.replace(/\+[0-9a-f]{8}\+/, '+00000000+')})
held('a witness that did not sign', 1, 'no signature by stanch.local/witness/eve', {...LONG, witness: [seeded(seedOf('eve'), 'stanch.local/witness/eve', COSIGNATURE).vkey.text]})
held('a witness that is none', 1, 'bad vkey', {...LONG, witness: ['bob']})
changed('held: a witness line that is wrong', 1, 'bad signature by stanch.local/witness/bob', (log) => {
  log.checkpoint = log.checkpoint.replace(lineOf(log.checkpoint, 'stanch.local/witness/bob'), signatureLine(long.kept.get(16)!.split('\n\n')[0]! + '\n', long.witness!, SIGNED_AT).trimEnd())
}, {...LONG, witness: [BOB]})
changed('rollback: everything as it was at a seal', 0, undefined, (log) => older(log))
changed('rollback: the same, newest checkpoint held', 1, 'truncated or rolled back', (log) => older(log), {...LONG, known: [long.checkpoint]})
add('the nine records of the format', 'log', 0, undefined, nine.files(), {...NINE, first: nine.leaves()[0]!, known: [nine.checkpoint], witness: [BOB]})

function older(log: DamagedLog): void {
  log.lines.splice(19)
  log.checkpoint = log.kept.get(19)!
}

// ---- slices

type SliceText = {records: string[]; proofs: string[]; checkpoint: string}
function sliced(name: string, exit: 0 | 1 | 3, reason: string | undefined, change: (slice: SliceText) => void, trust: Trust = LONG, log: DamagedLog = longLog(), inc = A): void {
  const files = log.slice(inc)
  const text = (file: string) => files[file]!.toString('utf8').trimEnd().split('\n')
  const slice: SliceText = {records: text('slice.jsonl'), proofs: text('slice.proof'), checkpoint: files['checkpoint']!.toString('utf8')}
  change(slice)
  const joined = (lines: readonly string[]) => Buffer.from(lines.length === 0 ? '' : `${lines.join('\n')}\n`)
  add(`slice: ${name}`, 'slice', exit, reason, {'slice.jsonl': joined(slice.records), 'slice.proof': joined(slice.proofs), checkpoint: Buffer.from(slice.checkpoint)}, trust)
}
const leave = (slice: SliceText, at: number) => (slice.records.splice(at, 1), slice.proofs.splice(at, 1))
const TREE = 'not in the signed tree'
sliced('sound', 0, undefined, () => {}, {...LONG, first: long.leaves()[0]!, known: [long.checkpoint], witness: [BOB]})
sliced('sound, of the other incident', 0, undefined, () => {}, LONG, longLog(), 'inc-20261122-bbbbbb')
sliced('nothing held', 0, undefined, () => {}, {})
sliced('of the nine records', 0, undefined, () => {}, NINE, nineRecords(), 'INC-2026-0042')
sliced('a record changed', 1, TREE, ({records}) => void (records[4] = records[4]!.replace('"Rotate?"', '"Delete?"')))
sliced('a record of the incident left out', 1, GAP, (slice) => leave(slice, 4))
sliced('its first record left out', 1, GAP, (slice) => leave(slice, 2))
sliced('an intent left out', 1, GAP, (slice) => leave(slice, 5))
sliced('its end left out', 3, 'incident without its end', (slice) => leave(slice, slice.records.length - 1))
sliced('record 0 left out', 1, ENVELOPE, (slice) => leave(slice, 0))
sliced('its session left out', 1, 'unknown session', (slice) => leave(slice, 1))
sliced('nothing but record 0', 1, 'nothing to verify', (slice) => (slice.records.splice(1), slice.proofs.splice(1)))
sliced('empty', 1, 'nothing to verify', (slice) => (slice.records.splice(0), slice.proofs.splice(0)))
sliced('two proofs swapped', 1, ENVELOPE, ({proofs}) => void proofs.splice(3, 2, proofs[4]!, proofs[3]!))
sliced('two paths swapped', 1, TREE, ({proofs}) => {
  const [three, four] = [proofs[3]!.split(' '), proofs[4]!.split(' ')]
  proofs.splice(3, 2, [three[0], ...four.slice(1)].join(' '), [four[0], ...three.slice(1)].join(' '))
})
sliced('another index', 1, ENVELOPE, ({proofs}) => void (proofs[3] = proofs[3]!.replace(/^\d+/, '9')))
sliced('an index beyond the size', 1, TREE, ({proofs}) => void (proofs[3] = proofs[3]!.replace(/^\d+/, '99')))
sliced('an index with a leading zero', 1, TREE, ({proofs}) => void (proofs[3] = `0${proofs[3]}`))
sliced('a path too short', 1, TREE, ({proofs}) => void (proofs[3] = proofs[3]!.replace(/ [^ ]+$/, '')))
sliced('a path too long', 1, 'proof too long', ({proofs}) => void (proofs[3] += ` ${Buffer.alloc(32).toString('base64')}`))
sliced('a path of 60 hashes', 1, 'proof too long', ({proofs}) => void (proofs[3] += ` ${Buffer.alloc(32).toString('base64')}`.repeat(55)))
sliced('no path', 1, TREE, ({proofs}) => void (proofs[3] = proofs[3]!.split(' ')[0]!))
sliced('a hash of 31 bytes', 1, 'base64 not canonical', ({proofs}) => void (proofs[3] += ` ${Buffer.alloc(31).toString('base64')}`))
sliced('a hash whose last bits are set', 1, 'base64 not canonical', ({proofs}) => void (proofs[3] = proofs[3]!.replace(/A=$|Q=$|g=$|w=$|[A-Za-z0-9+/]=$/, (end) => `${String.fromCodePoint(end.codePointAt(0)! + 1)}=`)))
sliced('two blanks', 1, 'base64 not canonical', ({proofs}) => void (proofs[3] = proofs[3]!.replace(' ', '  ')))
sliced('a proof too few', 1, 'proof too long or short', ({proofs}) => void proofs.pop())
sliced('a proof too many', 1, 'proof too long or short', ({proofs}) => void proofs.push(proofs.at(-1)!))
sliced('records backwards', 1, ENVELOPE, (slice) => (slice.records.reverse(), slice.proofs.reverse()))
sliced('a record twice', 1, ENVELOPE, ({records, proofs}) => (records.push(records.at(-1)!), proofs.push(proofs.at(-1)!)))
sliced('an older checkpoint', 1, TREE, (slice) => void (slice.checkpoint = long.kept.get(16)!))
sliced('no checkpoint', 1, MALFORMED, (slice) => void (slice.checkpoint = ''))
sliced('a checkpoint of another log', 1, 'checkpoint of another log', (slice) => void (slice.checkpoint = slice.checkpoint.replaceAll(NAME, 'acme.example/stanch/bob')))
sliced('identity line dropped', 1, `no signature by ${NAME}`, (slice) => void (slice.checkpoint = dropped(NAME)(slice.checkpoint)))
sliced('epoch line dropped, which a slice cannot judge', 0, undefined, (slice) => void (slice.checkpoint = dropped(EPOCH2)(slice.checkpoint)))
sliced('signed by another key', 1, `no signature by ${NAME}`, (slice) => void (slice.checkpoint = long.note(25, [OTHER])))
sliced('a blank after a colon', 1, CANONICAL, ({records}) => void (records[4] = records[4]!.replace('"question":', '"question": ')))
sliced('another first record held', 1, 'record 0 not the registered one', () => {}, {...LONG, first: long.leaves()[1]!})
sliced('another key held', 1, 'record 0 not the registered one', () => {}, NINE)
sliced('a witness that did not sign', 1, 'no signature by stanch.local/witness/eve', () => {}, {...LONG, witness: [seeded(seedOf('eve'), 'stanch.local/witness/eve', COSIGNATURE).vkey.text]})
sliced('another root held at its size', 1, 'altered or forked', () => {}, {...LONG, known: [signCheckpoint({origin: NAME, size: 25, root: 'cd'.repeat(32)}, [long.identity], SIGNED_AT)]})
sliced('an older checkpoint held, which cannot be compared', 0, undefined, () => {}, {...LONG, known: [long.kept.get(16)!]})
const slicedAgain = (name: string, exit: 0 | 1 | 3, reason: string | undefined, change: (log: DamagedLog) => void) => {
  const log = longLog()
  change(log)
  sliced(name, exit, reason, () => {}, LONG, log.sign())
}
slicedAgain('a record of a drill', 1, 'mode differs', (log) => (log.edit(13, {mode: 'sim'}), void log.rechain(14)))
slicedAgain('an outcome without intent', 1, NOT_OPEN, (log) => (log.edit(7, {op: 'op-7'}), void log.rechain(8)))
slicedAgain('time that goes back', 3, 'time goes back', (log) => (log.edit(13, {time: '2026-11-22T02:00:00.000Z'}), void log.rechain(14)))
slicedAgain('an intent without outcome', 3, 'intent without outcome', (log) => {
  log.edit(7, {kind: 'observe', op: 'op-0'})
  log.rechain(8)
})

// ---- the file

type Stored = Omit<Vector, 'files' | 'trust'> & {readonly files: Record<string, string>; readonly trust: Trust}

/** Deterministic: the same vectors give the same text. Contents are base64, each kept once. */
function text(): string {
  const contents: string[] = []
  const place = new Map<string, number>()
  const stored = vectors.map(({files, ...rest}) => ({
    ...rest,
    files: Object.fromEntries(
      Object.entries(files).map(([name, content]) => {
        const base64 = content.toString('base64')
        if (!place.has(base64)) place.set(base64, contents.push(base64) - 1)
        return [name, place.get(base64)]
      }),
    ),
  }))
  return `${JSON.stringify({contents, vectors: stored})}\n`
}

/** The vectors of the file. */
export function readVectors(): Vector[] {
  const {contents, vectors: stored} = JSON.parse(gunzipSync(readFileSync(FILE)).toString('utf8')) as {contents: string[]; vectors: Stored[]}
  return stored.map((one) => ({
    ...one,
    files: Object.fromEntries(Object.entries(one.files).map(([name, index]) => [name, Buffer.from(contents[Number(index)]!, 'base64')])),
  }))
}

/** True when the file holds what this script makes. */
export function isCurrent(): boolean {
  return gunzipSync(readFileSync(FILE)).toString('utf8') === text()
}

if (process.argv[1] === import.meta.filename) {
  const fails = vectors.filter(({exit}) => exit === 1).length
  if (process.argv.includes('--write')) writeFileSync(FILE, gzipSync(text(), {level: 9}))
  process.stdout.write(`${vectors.length} vectors, ${fails} must fail; the file is ${isCurrent() ? 'current' : 'old'}\n`)
}
