import {deepEqual, equal} from 'node:assert/strict'
import {test} from 'node:test'

import type {OpenIntent} from '../../src/trail/format/continuity.ts'
import {OpenIntents} from '../../src/trail/format/open-intents.ts'

const intent = (seq: number, state: OpenIntent['state'] = 'sent'): OpenIntent => ({
  seq,
  op: `op-${seq}`,
  try: 1,
  corr: 'c',
  state,
})

for (const count of [3, 256, 257, 5000]) {
  test(`${count} open intents are found by record and by operation, replaced and removed`, () => {
    const open = new OpenIntents()
    for (let seq = 0; seq < count; seq++) open.put(intent(seq))
    deepEqual(
      [open.ofSeq(1)?.op, open.ofOp('op-2')?.seq, open.ofSeq(count), open.ofOp('x'), open.ofSeq('1')],
      ['op-1', 2, undefined, undefined, undefined],
    )
    open.put(intent(1, 'unknown'))
    equal(open.ofOp('op-1')?.state, 'unknown')
    equal(open.all().length, count)
    for (let seq = 0; seq < count; seq++) if (seq !== 2) open.remove(intent(seq))
    open.remove(intent(99_999))
    deepEqual(
      open.all().map(({seq}) => seq),
      [2],
    )
  })
}
