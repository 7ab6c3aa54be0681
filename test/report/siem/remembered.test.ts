import {deepEqual, equal} from 'node:assert/strict'
import {test} from 'node:test'

import {Remembered} from '../../../src/report/siem/event.ts'
import {INTENT, recordOf} from './events.ts'

test('a record is told of its session, credential, incident and intent, and of nothing else', () => {
  const remembered = new Remembered()
  const open = recordOf('session.open', {inc: '', sid: 's-1'}, 1)
  const auth = recordOf('auth', {inc: '', sid: 's-1'}, 2)
  const opening = recordOf('incident.open', {sid: 's-1'}, 3)
  const intent = recordOf('intent', {...INTENT, sid: 's-1'}, 4)
  for (const record of [open, auth, opening]) remembered.take(record)
  deepEqual(remembered.take(intent), {session: open, auth, opening})
  deepEqual(remembered.take(recordOf('outcome', {sid: 's-1', intent: 4, result: 'unknown'}, 5)), {
    session: open,
    auth,
    intent,
    opening,
  })
  deepEqual(remembered.take(recordOf('settle', {sid: 's-1', intent: 4, result: 'ok'}, 6)), {session: open, auth, intent, opening})
  deepEqual(remembered.take(recordOf('outcome', {sid: 's-1', intent: 4, result: 'ok'}, 7)), {session: open, auth, opening})
  deepEqual(remembered.take(recordOf('note', {sid: 's-2', inc: 'INC-2'}, 8)), {})
})

test('another session begins without the credential of an earlier one of the same name', () => {
  const remembered = new Remembered()
  remembered.take(recordOf('session.open', {sid: 's-1'}, 1))
  remembered.take(recordOf('auth', {sid: 's-1'}, 2))
  const again = recordOf('session.open', {sid: 's-1'}, 3)
  remembered.take(again)
  deepEqual(remembered.take(recordOf('note', {sid: 's-1', inc: ''}, 4)), {session: again})
})

test('names of every kind are remembered as names', () => {
  const remembered = new Remembered()
  for (const sid of ['__proto__', 'constructor', 'toString']) {
    deepEqual(remembered.take(recordOf('note', {sid, inc: sid}, 1)), {})
    const opening = recordOf('incident.open', {sid, inc: sid}, 2)
    remembered.take(opening)
    equal(remembered.take(recordOf('note', {sid, inc: sid}, 3)).opening, opening)
  }
})

test('what is never answered is forgotten in the end: memory is bounded', () => {
  const remembered = new Remembered()
  for (let seq = 0; seq < 10_000; seq++) remembered.take(recordOf('intent', INTENT, seq))
  equal(remembered.take(recordOf('outcome', {intent: 0, result: 'ok'}, 10_000)).intent, undefined)
  equal(remembered.take(recordOf('outcome', {intent: 9_999, result: 'ok'}, 10_001)).intent?.seq, 9_999)
})
