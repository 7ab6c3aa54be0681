import assert from 'node:assert/strict'
import {rmSync} from 'node:fs'
import path from 'node:path'
import {suite, test} from 'node:test'
import type {TestContext} from 'node:test'

import {rfc3339} from '../../src/clock.ts'
import {canonicalJson} from '../../src/incident/plan.ts'
import {INVOICES, LEDGER} from '../../src/simulator/scenarios/landscape.ts'
import {
  assertInvariants,
  assertTrail,
  exitCodeOf,
  outcomes,
  respond,
  restore,
  resume,
  scene,
  takeGrants,
} from '../support/incident.ts'
import type {Scene, SceneOptions} from '../support/incident.ts'

async function contained(
  t: TestContext,
  options: SceneOptions = {},
): Promise<{at: Scene; id: string; before: Record<string, unknown>[]; ties: string[]}> {
  const at = await scene(t, options)
  const before = at.tenant.grants(at.client_id)
  const ties = before.flatMap((grant) => at.tenant.ties(String(grant['id'])))
  const {result} = await respond(t, at, {options: {leaked_at: rfc3339(at.tenant.clock.now() - 3600)}})
  assert.equal(result.status, 'contained')
  return {at, id: String(result.incident_id), before, ties}
}

function bodies(grants: readonly Record<string, unknown>[]): string[] {
  return grants.map(({id: _, ...body}) => canonicalJson(body)).sort()
}

function onlyClientGrants(grants: readonly Record<string, unknown>[]) {
  return grants.filter((grant) => grant['subject_type'] === 'client')
}

suite('grant restore', () => {
  test('gives back exactly what was taken, organisation ties included, the Management API last', async (t) => {
    const {at, id, before, ties} = await contained(t, {scenario: 'user-grant'})
    assert.equal(ties.length, 1)
    const {result, failure} = await restore(t, at, id)
    assertInvariants(result)
    assertTrail(at)
    assert.equal(failure, undefined)
    assert.equal(result.status, 'restored')
    assert.equal(exitCodeOf({result}), 0)
    const after = at.tenant.grants(at.client_id)
    assert.deepEqual(bodies(after), bodies(before))
    assert.deepEqual(
      after.flatMap((grant) => at.tenant.ties(String(grant['id']))),
      ties,
    )
    const made = onlyClientGrants(after).slice(-3)
    assert.equal(made.at(-1)?.['audience'], at.tenant.world.audience)
    assert.ok(
      made.every((grant) => !before.some((one) => one['id'] === grant['id'])),
      'ids are new',
    )
    assert.deepEqual(
      result.actions.map((action) => action.outcome),
      ['done', 'done', 'done'],
    )
  })

  test('what was proven before stays: the all clear is the one of the incident, not of now', async (t) => {
    const {at, id} = await contained(t)
    const first = at.records().findLast((record) => record.kind === 'observe' && record['action'] === 'exposure')
    at.tenant.clock.advance(3600)
    const {result} = await restore(t, at, id)
    assert.equal(result.exposure.audiences.length, 3)
    assert.ok(result.exposure.audiences.every((one) => one.contained_at !== undefined))
    assert.equal(result.exposure.all_clear.state, 'open')
    const before = Date.parse(/worst case (\S+);/.exec(String(first?.['finding']))?.[1] ?? '')
    const later = (Date.parse(result.exposure.all_clear.worst_case_at) - before) / 1000
    // The grants are back, so the dead secret alone contains: its first refusal may have come a few seconds after the grants'.
    assert.ok(later >= 0 && later <= 30, `${later} s later than before`)
  })

  test('a grant of a secret that was not changed opens its API again: the all clear says so', async (t) => {
    const at = await scene(t)
    const {result: taken} = await respond(t, at, {choices: {rotate: false}})
    assert.equal(taken.status, 'contained')
    const {result} = await restore(t, at, String(taken.incident_id))
    assert.equal(result.status, 'restored')
    assert.equal(result.exposure.all_clear.state, 'open')
    assert.ok(result.exposure.audiences.every((one) => one.contained_at === undefined))
  })

  test('before the all clear, where an issued token could use it, it takes a flag', async (t) => {
    const {at, id} = await contained(t, {scenario: 'management-token'})
    const before = at.tenant.changes().length
    await assert.rejects(restore(t, at, id), {code: 'guard.all_clear_pending'})
    assert.equal(at.tenant.changes().length, before)
    const {result} = await restore(t, at, id, {beforeAllClear: true})
    assert.equal(result.status, 'restored')
  })

  test('after the all clear it takes none', async (t) => {
    const {at, id} = await contained(t, {scenario: 'management-token'})
    at.tenant.clock.advance(90_000)
    const {result} = await restore(t, at, id)
    assert.equal(result.status, 'restored')
  })

  test('a grant that is there again just as it was is left, and named', async (t) => {
    const {at, id, before} = await contained(t)
    const {id: _, ...body} = before.find((grant) => grant['audience'] === INVOICES) ?? {}
    at.tenant.addGrant(body)
    const {result} = await restore(t, at, id)
    assert.equal(result.status, 'restored')
    assert.deepEqual(result.actions.map((action) => action.outcome).sort(), ['already', 'done', 'done'])
    assert.equal(at.tenant.grants(at.client_id).length, 3)
    assertTrail(at)
  })

  test('a grant that is there with other scopes is never overwritten', async (t) => {
    const {at, id} = await contained(t)
    const other = at.tenant.addGrant({client_id: at.client_id, audience: LEDGER, scope: []})
    const worked = await restore(t, at, id)
    assert.equal(worked.result.status, 'partial')
    assert.equal(exitCodeOf(worked), 6)
    assert.deepEqual(outcomes(worked.result, 'client_grant.restore').sort(), ['done', 'done', 'refused'])
    assert.deepEqual(at.tenant.grants(at.client_id).find((grant) => grant['id'] === other)?.['scope'], [])
  })

  test('a grant that somebody else made and that was taken, too, is not what is given back', async (t) => {
    const {at, id, before} = await contained(t)
    at.tenant.addGrant({client_id: at.client_id, audience: INVOICES, scope: []})
    const again = await at.run(takeGrants(at, id))
    assert.equal(again.code, 0, again.stdout)
    assert.deepEqual(at.tenant.grants(at.client_id), [])
    const {result} = await restore(t, at, id)
    assert.equal(result.status, 'restored')
    assert.deepEqual(bodies(at.tenant.grants(at.client_id)), bodies(before))
  })

  test('a second time there is nothing left to give back', async (t) => {
    const {at, id} = await contained(t)
    await restore(t, at, id)
    await assert.rejects(restore(t, at, id), {code: 'incident.unknown'})
    assert.equal(at.tenant.count('client_grant.create'), 3)
  })

  test('what is not whole in the evidence is not written back', async (t) => {
    const {at, id} = await contained(t)
    rmSync(path.join(at.home.data, 'trail-sim', 'evidence'), {recursive: true, force: true})
    await assert.rejects(restore(t, at, id), {code: 'guard.redacted'})
    assert.equal(at.tenant.count('client_grant.create'), 0)
  })

  for (const [title, fault, requests] of [
    ['the answer is lost', {do: 'lose_answer'}, 3],
    ['500 after the effect', {do: 'status', status: 500, after_effect: true}, 3],
    ['429', {do: 'status', status: 429, retry_after: 1}, 4],
  ] as const) {
    test(`${title}: looked at, never created twice`, async (t) => {
      const {at, id, before} = await contained(t)
      at.tenant.fault({on: 'client_grant.create', ...fault})
      const {result} = await restore(t, at, id)
      assert.equal(result.status, 'restored')
      assert.deepEqual(bodies(at.tenant.grants(at.client_id)), bodies(before))
      assert.equal(at.tenant.changes().filter((one) => one.operation === 'client_grant.create').length, requests)
      assertTrail(at)
    })
  }

  test('the request is lost: said, and resume gives the rest back', async (t) => {
    const {at, id, before} = await contained(t)
    at.tenant.fault({on: 'client_grant.create', do: 'lose_change_and_answer'})
    const {result} = await restore(t, at, id)
    assert.equal(result.status, 'partial')
    assert.equal(result.next[0], `stanch resume ${id}`)
    const later = await resume(t, at, id)
    assert.equal(later.result.status, 'restored')
    assert.deepEqual(bodies(at.tenant.grants(at.client_id)), bodies(before))
    assertTrail(at)
  })

  test('an organisation tie that is refused: the grant is back, the missing tie is named, the status is partial', async (t) => {
    const {at, id} = await contained(t, {scenario: 'user-grant'})
    at.tenant.fault({on: 'organization_client_grant.create', do: 'status', status: 403})
    const worked = await restore(t, at, id)
    assertInvariants(worked.result)
    assert.equal(worked.result.status, 'partial')
    assert.ok(worked.result.evidence_gaps.some((gap) => gap.code === 'tie_missing'))
  })

  test('an organisation tie whose answer is lost is looked at', async (t) => {
    const {at, id, ties} = await contained(t, {scenario: 'user-grant'})
    at.tenant.fault({on: 'organization_client_grant.create', do: 'lose_answer'})
    const {result} = await restore(t, at, id)
    assert.equal(result.status, 'restored')
    assert.deepEqual(
      at.tenant.grants(at.client_id).flatMap((grant) => at.tenant.ties(String(grant['id']))),
      ties,
    )
  })
})
