import {deepEqual, equal, throws} from 'node:assert/strict'
import {test} from 'node:test'

import {makeRecord, recordLine} from '../../src/trail/format/record.ts'
import {PinoChannel} from '../../src/trail/pino-channel.ts'
import {VectorLog} from '../support/vector-log.ts'

const record = (text: string) =>
  makeRecord({seq: 0, prev: '0'.repeat(64), salt: 'A'.repeat(22), time: '2026-11-21T10:00:00.000Z', kind: 'note'}, {text})
const emitted = (text: string) => ({record: record(text), line: recordLine(record(text))})

test('pino writes every record of the vectors, and every awkward text, exactly in its canonical form', async () => {
  const channel = await PinoChannel.create()
  let committed = 0
  for (const line of new VectorLog().lines) channel.emit([{record: JSON.parse(line), line}], () => committed++)
  const awkward = [
    '',
    '"\\/\b\f\n\r\t',
    '\u0000\u001f\u007f\u0080',
    '\u2028\u2029',
    '✓ 😀',
    'x'.repeat(5000),
    '%s %d %j',
    '[Circular]',
    '__proto__',
  ]
  for (const text of awkward) channel.emit([emitted(text)], () => committed++)
  equal(committed, 9 + awkward.length)
})

test('a group is committed once, after its last line', async () => {
  const channel = await PinoChannel.create()
  const seen: string[] = []
  channel.emit([emitted('a'), emitted('b'), emitted('c')], () => seen.push('commit'))
  deepEqual(seen, ['commit'])
})

test('a line that pino would write otherwise than it was checked is not committed', async () => {
  const channel = await PinoChannel.create()
  const never = () => {
    throw new TypeError('committed')
  }
  for (const other of [emitted('b').line, `${emitted('a').line} `, '', '{}']) {
    throws(() => channel.emit([{record: record('a'), line: other}], never), {code: 'E_EMIT'})
  }
  throws(() => channel.emit([emitted('a'), {record: record('b'), line: 'x'}], never), {code: 'E_EMIT'})
})

test('what the disk says reaches the caller through pino, and the channel still works afterwards', async () => {
  const channel = await PinoChannel.create()
  const full = new RangeError('no space left')
  throws(
    () =>
      channel.emit([emitted('a')], () => {
        throw full
      }),
    full,
  )
  let committed = false
  channel.emit([emitted('b')], () => void (committed = true))
  equal(committed, true)
})
