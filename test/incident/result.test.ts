import assert from 'node:assert/strict'
import {suite, test} from 'node:test'

import {computeExposureWindow} from '../../src/incident/exposure.ts'
import {nextSteps} from '../../src/incident/next.ts'
import type {NextFacts} from '../../src/incident/next.ts'
import type {StepOutcome} from '../../src/incident/plan.ts'
import type {Proof} from '../../src/incident/replay.ts'
import {statusOf} from '../../src/incident/result.ts'
import type {ActionResult} from '../../src/incident/result.ts'
import {aPlan} from './facts.ts'

const act = (outcome: StepOutcome, kind: ActionResult['kind'] = 'client_secret.rotate'): ActionResult => ({
  kind,
  target: 'client:app1',
  outcome,
  undo: '',
})
const proof = (verdict: Proof['verdict']): Proof => ({claim: 'old_secret_refused', verdict, probes: 3, basis: ''})

suite('the status', () => {
  const sound: Parameters<typeof statusOf>[0] = {
    actions: [act('done'), act('already', 'client_grant.delete')],
    proof: [proof('proven')],
    open_paths: [],
    delivery_failed: false,
    restored: false,
  }
  test('contained is every change made, every claim proven, nothing open, the secret handed over', () =>
    assert.equal(statusOf(sound), 'contained'))
  const partial: readonly [string, Partial<typeof sound>][] = [
    ['a change that was refused', {actions: [act('refused')]}],
    ['a change that was not reached', {actions: [act('not_attempted')]}],
    ['a change that a person must make', {actions: [act('manual')]}],
    ['a claim that is not proven', {proof: [proof('proven'), proof('not_proven')]}],
    ['a claim that failed', {proof: [proof('failed')]}],
    ['no claim at all', {proof: []}],
    ['an open path', {open_paths: ['x']}],
    ['a delivery that failed', {delivery_failed: true}],
  ]
  for (const [title, changed] of partial)
    test(`${title} is partial`, () => assert.equal(statusOf({...sound, ...changed}), 'partial'))
  test('doubt goes before everything', () =>
    assert.equal(statusOf({...sound, actions: [act('refused'), act('in_doubt')]}), 'in_doubt'))
  test('manual steps of the runbook hold nothing back', () =>
    assert.equal(statusOf({...sound, actions: [...sound.actions, act('manual', 'manual')]}), 'contained'))
  test('restored needs no claim, but every tie', () => {
    const restored = {...sound, actions: [act('done', 'client_grant.restore')], proof: [], restored: true}
    assert.equal(statusOf(restored), 'restored')
    assert.equal(statusOf({...restored, untied: true}), 'partial')
    assert.equal(statusOf({...restored, actions: [act('refused', 'client_grant.restore')]}), 'partial')
  })
})

suite('what to do next', () => {
  const plan = aPlan()
  const exposure = computeExposureWindow({
    client_id: 'app1',
    computed_at: 1_790_000_000,
    audiences: [
      {
        audience: 'https://a',
        token_lifetime: 3600,
        paths: [],
        containment: {changed_at: 1_790_000_000, first_refusal_at: 1_790_000_000},
      },
    ],
    observed: [],
    probe_tokens: [],
    gaps: [],
  })
  const base: NextFacts = {
    incident_id: 'inc-1',
    status: 'contained',
    plan,
    actions: [act('done'), act('done', 'client_grant.delete')],
    exposure,
    gaps: [],
    proof: [],
    open_paths: [],
    left: [],
    reopening: [],
    delivery_failed: false,
    signed_off: [],
  }
  const next = (changed: Partial<NextFacts>) => nextSteps({...base, ...changed}).join('\n')
  test('unfinished: resume, first', () => {
    assert.equal(nextSteps({...base, status: 'partial', actions: [act('not_attempted')]})[0], 'stanch resume inc-1')
    assert.equal(
      nextSteps({...base, status: 'in_doubt', actions: [act('in_doubt', 'client_grant.delete')]})[0],
      'stanch resume inc-1',
    )
  })
  test('a rotation in doubt: the two ways out, by name', () => {
    const [first, second] = nextSteps({...base, status: 'in_doubt', actions: [act('in_doubt')]})
    assert.match(first ?? '', /^stanch resume inc-1 --credential-file FILE .*read:client_keys/)
    assert.match(second ?? '', /stanch secret rotate --client app1 --incident inc-1 --method set --deliver SINK/)
  })
  test('a delivery that failed is repeated; a secret that nobody saw is not', () => {
    assert.match(next({status: 'partial', delivery_failed: true}), /stanch secret deliver --incident inc-1/)
    const unknown = next({status: 'partial', delivery_failed: true, gaps: [{code: 'new_secret_unknown', what: 'x', why: 'y'}]})
    assert.doesNotMatch(unknown, /secret deliver/)
    assert.match(unknown, /--method set/)
  })
  test('refused, not probed, open, there again, reopening: each has its line', () => {
    assert.match(next({status: 'partial', actions: [act('refused')]}), /by hand, in the Dashboard/)
    assert.match(
      next({status: 'partial', gaps: [{code: 'not_probed', what: 'old_secret_refused', why: ''}]}),
      /resume inc-1 --credential-file FILE/,
    )
    assert.doesNotMatch(next({gaps: [{code: 'not_probed', what: 'new_secret_accepted', why: ''}]}), /--credential-file/)
    assert.match(next({status: 'partial', open_paths: ['the door']}), /still open: the door/)
    assert.match(next({status: 'partial', gaps: [{code: 'grant_is_back', what: '', why: ''}]}), /gave the client a grant again/)
    assert.match(next({reopening: ['read:client_keys']}), /rotate again then/)
  })
  test('what was not proven is asked again, and a window that was too short names the command that takes its time', () => {
    const unproven = {status: 'partial' as const, proof: [proof('not_proven')]}
    assert.match(next(unproven), /^stanch resume inc-1 \(asks again/)
    assert.doesNotMatch(
      next({...unproven, open_paths: ['the door'], proof: [{...proof('not_proven'), probes: 0}]}),
      /stanch resume/,
    )
    const short = next({...unproven, gaps: [{code: 'window_too_short', what: '', why: ''}]})
    assert.match(short, /stanch secret verify --client app1 --credential-file FILE/)
    assert.match(next({status: 'partial', proof: [proof('failed')]}), /still accepted/)
    assert.doesNotMatch(next({proof: [proof('proven')]}), /stanch resume|still accepted/)
  })
  test('signed-off steps are not asked for again', () => {
    assert.match(next({}), /--done tell-owner/)
    assert.doesNotMatch(next({signed_off: ['tell-owner']}), /--done tell-owner/)
  })
  test('restore is offered only when contained', () => {
    assert.match(next({}), /stanch grant restore --incident inc-1/)
    // right behind what it waits for, so that it is on the first screen
    assert.match(next({}), /--done deploy-new-secret\)\n.*stanch grant restore/)
    assert.doesNotMatch(next({status: 'partial'}), /grant restore/)
  })
  test('a dry run and a no have one line each', () => {
    assert.equal(nextSteps({...base, status: 'planned'}).length, 1)
    assert.equal(nextSteps({...base, status: 'declined'}).length, 1)
  })
})
