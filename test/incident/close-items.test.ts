import {deepEqual, match} from 'node:assert/strict'
import {test} from 'node:test'

import {closeItems} from '../../src/incident/close-items.ts'
import type {IncidentState, Operation} from '../../src/incident/replay.ts'

const operation: Operation = {
  seq: 41,
  at: '2026-11-22T03:00:00Z',
  op: 'op-1',
  try: 1,
  action: 'client_secret.rotate',
  target: 'client:AbC',
  correlation_id: 'stanch-x',
  result: 'ok',
}

const open = (operations: readonly Operation[]) =>
  closeItems({
    state: {incident_id: 'inc-20261122-abcdef', operations, signed_off: {}} as unknown as IncidentState,
    manual: [],
    inventory: [],
    disposition: 'accepted',
    reconciliation: {findings: [], complete: true},
    anchored: false,
  })

test('an anchor that is too old is not called none: the item says up to which record one is needed', () => {
  const [item, ...others] = open([operation])
  deepEqual([item?.item, others], ['anchor', []])
  match(item?.what ?? '', /^no checkpoint that reaches to the newest change \(record 41\) is on record/)
  match(open([])[0]?.what ?? '', /^no checkpoint that reaches to the newest change is on record/)
})
