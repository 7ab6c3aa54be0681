import {deepEqual, equal, ok} from 'node:assert/strict'
import {test} from 'node:test'

import {judgeLog} from '../../src/incident/log-reading.ts'
import type {LogReading} from '../../src/incident/log-reading.ts'
import type {EvidenceGap} from '../../src/incident/tenant-snapshot.ts'

const LEAK = 1_790_000_000
const CONTAINED = LEAK + 7200

function judged(log: Partial<LogReading>, facts: {leaked_at?: number; contained?: readonly (number | undefined)[]} = {}) {
  const gaps: EvidenceGap[] = []
  const complete = judgeLog(
    {read_at: CONTAINED + 600, oldest_at: LEAK - 86_400, whole: true, ...log},
    {leaked_at: LEAK, contained: [CONTAINED], ...facts},
    gaps,
  )
  return {complete, gaps: gaps.map((gap) => gap.code), why: gaps.map((gap) => `${gap.what} ${gap.why}`).join('\n')}
}

test('a log that was read whole, from before the leak until ten minutes after containment, speaks for the exposure', () => {
  deepEqual(judged({}), {complete: true, gaps: [], why: ''})
  equal(judged({from: LEAK}).complete, true)
})

test('read too early it is late: an entry may still be on its way', () => {
  const {complete, gaps, why} = judged({read_at: CONTAINED + 599})
  equal(complete, false)
  deepEqual(gaps, ['log_delay'])
  ok(why.includes('10 minutes'))
  deepEqual(judged({}, {contained: [CONTAINED, undefined]}).gaps, ['log_delay'])
  deepEqual(judged({}, {contained: [CONTAINED, CONTAINED + 1]}).gaps, ['log_delay'])
})

test('a log that begins after the leak has lost what retention took, and names the stretch', () => {
  const {complete, gaps, why} = judged({oldest_at: LEAK + 3600})
  equal(complete, false)
  deepEqual(gaps, ['log_retention'])
  ok(why.includes('2026-09-21T'), why)
})

test('what was only searched, or begins later, or leaks at a time nobody knows, is not complete', () => {
  deepEqual(judged({whole: false}).gaps, ['log_not_read_whole'])
  equal(judged({whole: false}).complete, false)
  equal(judged({from: LEAK + 1}).complete, false)
  const gaps: EvidenceGap[] = []
  equal(judgeLog({read_at: CONTAINED + 600, oldest_at: LEAK, whole: true}, {contained: [CONTAINED]}, gaps), false)
})
