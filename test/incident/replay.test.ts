import assert from 'node:assert/strict'
import {test} from 'node:test'
import fc from 'fast-check'

import type {IncidentEvent} from '../../src/incident/events.ts'
import {inDoubt, isLive, replay, tookEffect} from '../../src/incident/replay.ts'
import type {IncidentState} from '../../src/incident/replay.ts'

const AT = '2026-11-22T03:00:00.000Z'
let seq = 0
const base = () => ({seq: seq++, at: AT})

type Bare<K extends IncidentEvent['kind']> = Omit<Extract<IncidentEvent, {kind: K}>, 'seq' | 'at' | 'kind'>

function event<K extends IncidentEvent['kind']>(kind: K, members: Bare<K>): IncidentEvent {
  return {...base(), kind, ...members} as unknown as IncidentEvent
}

const opened = () => event('opened', {tenant: 'acme', title: 'A leak', leak: 'client-secret', client_id: 'app1'})
const planned = (sha = 'a') => event('planned', {plan_sha256: sha, evidence: 'e'})
const yes = (answer = 'yes') => event('decided', {question: 'plan.confirm', answer})
const intent = (op = 'op1') =>
  event('intended', {
    op,
    try: 1,
    action: 'client_secret.rotate',
    target: 'client:app1',
    step: 'rotate',
    correlation_id: 'stanch-1',
  })
const ended = (intended: IncidentEvent, result: 'ok' | 'failed' | 'refused' | 'unknown') =>
  event('ended', {op: 'op1', intent: intended.seq, action: 'client_secret.rotate', result})
const settled = (intended: IncidentEvent, result: 'ok' | 'not_done') =>
  event('settled', {op: 'op1', intent: intended.seq, result, by: 'state'})
const status = (finding: string) => event('observed', {action: 'status', finding})

function stateOf(...events: IncidentEvent[]): IncidentState {
  const state = replay('inc-1', [opened(), ...events])
  assert.ok(state)
  return state
}

test('an incident that was never opened has no state', () => {
  assert.equal(replay('inc-1', []), undefined)
  assert.equal(replay('inc-1', [planned(), yes()]), undefined)
})

test('an intent without an outcome is in doubt, and so is an unknown one, until it is settled', () => {
  const sent = intent()
  assert.equal(stateOf(sent).operations.every(inDoubt), true)
  assert.equal(stateOf(sent, ended(sent, 'unknown')).operations.every(inDoubt), true)
  for (const result of ['ok', 'failed', 'refused'] as const)
    assert.equal(stateOf(sent, ended(sent, result)).operations.some(inDoubt), false)
  for (const result of ['ok', 'not_done'] as const)
    assert.equal(stateOf(sent, ended(sent, 'unknown'), settled(sent, result)).operations.some(inDoubt), false)
})

test('effect is an answer that says so, or a look afterwards; nothing else', () => {
  const sent = intent()
  assert.deepEqual(
    [
      stateOf(sent, ended(sent, 'ok')),
      stateOf(sent, settled(sent, 'ok')),
      stateOf(sent, ended(sent, 'refused')),
      stateOf(sent, ended(sent, 'failed')),
      stateOf(sent, settled(sent, 'not_done')),
      stateOf(sent),
    ].map((state) => state.operations.some(tookEffect)),
    [true, true, false, false, false, false],
  )
})

test('an outcome of another intent changes nothing', () => {
  const sent = intent()
  const other = {...ended(sent, 'ok'), intent: 9_999} as IncidentEvent
  assert.equal(stateOf(sent, other).operations.every(inDoubt), true)
})

test('a yes counts for the plan it was asked about, never for a newer one', () => {
  assert.equal(stateOf(planned('a'), yes()).confirmed, true)
  assert.equal(stateOf(planned('a'), yes(), planned('b')).confirmed, false)
  assert.equal(stateOf(planned('a'), yes(), planned('b'), yes()).confirmed, true)
  assert.equal(stateOf(planned('a'), yes('no')).declined, true)
  assert.equal(stateOf(planned('a'), yes('no'), planned('b')).declined, false)
})

test('live is what asks for more; finished work is not, until new work begins', () => {
  const sent = intent()
  assert.equal(isLive(stateOf()), true)
  for (const finished of ['contained', 'restored', 'declined', 'planned'])
    assert.equal(isLive(stateOf(planned(), yes(), status(finished))), false)
  for (const open of ['partial', 'in_doubt']) assert.equal(isLive(stateOf(planned(), yes(), status(open))), true)
  assert.equal(isLive(stateOf(planned(), yes(), status('contained'), planned('b'))), false)
  assert.equal(isLive(stateOf(planned(), yes(), status('contained'), planned('b'), yes())), true, 'a second plan is at work')
  assert.equal(isLive(stateOf(planned(), yes(), sent, status('contained'))), true, 'something is in doubt')
  assert.equal(isLive(stateOf(planned(), yes('no'))), false)
  assert.equal(isLive(stateOf(status('partial'), event('closed', {all_clear_at: AT}))), false)
})

test('the newest proof per claim and target stands', () => {
  const proof = (target: string, verdict: string) =>
    event('observed', {action: 'verify.new_tokens_refused', target, finding: 'x', verdict, count: 3})
  const {proofs} = stateOf(
    proof('api:a', 'not_proven'),
    proof('api:b', 'failed'),
    proof('api:a', 'proven'),
    proof('api:c', 'certainly'),
  )
  assert.deepEqual(Object.fromEntries(proofs.map((one) => [one.target, one.verdict])), {
    'api:a': 'proven',
    'api:b': 'failed',
    'api:c': 'not_proven',
  })
})

test('updates, titles, sign-offs, deliveries and gaps are kept', () => {
  const state = stateOf(
    event('updated', {members: {aware_at: AT, ticket: 'T-1', title: 7}}),
    event('decided', {question: 'incident.title', answer: 'Another title'}),
    event('decided', {question: 'manual.tell-owner', answer: 'done'}),
    event('delivered', {op: 'op1', sink: 'file:/x', result: 'ok'}),
    event('missing', {what: 'a', why: 'b'}),
  )
  assert.equal(state.aware_at, AT)
  assert.equal(state.ticket, 'T-1')
  assert.equal(state.title, 'Another title')
  assert.deepEqual(state.signed_off, {'tell-owner': 'done'})
  assert.equal(state.deliveries.length, 1)
  assert.deepEqual(state.gaps, [{what: 'a', why: 'b'}])
})

test('the same events give the same state, and a prefix never knows more effects than the whole', () => {
  const step = fc.constantFrom('intent', 'ok', 'unknown', 'refused', 'settle', 'status')
  fc.assert(
    fc.property(fc.array(step, {maxLength: 30}), (kinds) => {
      const events: IncidentEvent[] = [opened()]
      let sent = intent()
      events.push(sent)
      for (const kind of kinds) {
        if (kind === 'intent') events.push((sent = intent()))
        else if (kind === 'settle') events.push(settled(sent, 'ok'))
        else if (kind === 'status') events.push(status('partial'))
        else events.push(ended(sent, kind))
      }
      const whole = replay('inc-1', events)
      assert.deepEqual(replay('inc-1', events), whole)
      const half = replay('inc-1', events.slice(0, Math.ceil(events.length / 2)))
      assert.ok((half?.operations.length ?? 0) <= (whole?.operations.length ?? 0))
      assert.equal(whole?.records, events.length)
    }),
    {numRuns: 100},
  )
})
