import {deepEqual, equal} from 'node:assert/strict'
import {test} from 'node:test'

import {verificationLines} from '../../src/report/verification-lines.ts'

test('an altered record in a log of many checkpoints is one line and a count, not one line for each checkpoint', () => {
  const altered = Array.from({length: 40}, (_, i) => ({
    severity: 'failed' as const,
    kind: 'altered or forked',
    detail: `the first ${i} records are not those that a checkpoint covers`,
  }))
  const first = {severity: 'failed', seq: 12, kind: 'prev does not match', detail: 'not the one it was written after'} as const
  const lines = verificationLines({
    ok: false,
    complete: false,
    form: 'log',
    records: 40,
    size: 40,
    root_hash: 'ab'.repeat(32),
    checkpoints: 0,
    signer: '',
    mode: 'sim',
    anchors: [],
    findings: [first, ...altered],
  })
  equal(lines.filter((line) => line.includes('prev does not match')).length, 1)
  equal(lines.filter((line) => line.startsWith('  failed: altered or forked')).length, 5)
  deepEqual(lines.slice(-1), ['  35 more: altered or forked; all of them: --json'])
})
