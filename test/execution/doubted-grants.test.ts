import assert from 'node:assert/strict'
import {suite, test} from 'node:test'
import type {TestContext} from 'node:test'

import {parseLogEntry} from '../../src/auth0/resources/log-entry.ts'
import {doubtedGrants, grantChanges} from '../../src/incident/grants-since-leak.ts'
import {INVOICES} from '../../src/simulator/scenarios/landscape.ts'
import {unattendedResponder} from '../../src/terminal/unattended.ts'
import {assertTrail, outcomes, restore, scene, takeGrants, withoutStanch} from '../support/incident.ts'
import type {Scene} from '../support/incident.ts'

/** An API that the client had no grant for before somebody gave it one. */
const PAYROLL = 'https://payroll.example/api'
const HOUR = 3600

/** The trail is whole, and all changes but the attacker's one had their intent. */
function assertOwnTrail(at: Scene): void {
  const changes = at.tenant.changes().slice(1)
  assertTrail({
    home: at.home,
    tenant: {unlogged: () => at.tenant.unlogged(), changes: () => changes} as unknown as Scene['tenant'],
  })
}

async function attacked(t: TestContext): Promise<{at: Scene; planted: string}> {
  const at = await scene(t)
  at.tenant.addResourceServer({identifier: PAYROLL, name: 'payroll', scopes: [{value: 'read:payroll'}]})
  const made = await withoutStanch(at, 'POST', 'client-grants', {
    client_id: at.client_id,
    audience: PAYROLL,
    scope: ['read:payroll'],
  })
  at.tenant.clock.advance(60)
  return {at, planted: String(made['id'])}
}

function instant(at: Scene, secondsAgo: number): string {
  return new Date((at.tenant.clock.now() - secondsAgo) * 1000).toISOString()
}

function audiences(at: Scene): string[] {
  return at.tenant.grants(at.client_id).map((grant) => String(grant['audience']))
}

suite('a grant that was made or changed since the leak', () => {
  test('is taken with the others, named and not given back; the others are', async (t) => {
    const {at, planted} = await attacked(t)
    const taken = await at.respond('--leaked-at', instant(at, HOUR))
    assert.equal(taken.document.status, 'contained')
    assert.equal(audiences(at).length, 0)
    const id = String(taken.document.incident_id)
    const ran = await at.run(['grant', 'restore', '--incident', id, '--yes'])
    assert.equal(ran.document.status, 'restored', ran.stdout)
    assert.equal(audiences(at).includes(PAYROLL), false)
    assert.deepEqual(outcomes(ran.document, 'client_grant.restore'), ['done', 'done', 'done'])
    const said = ran.stderr.replaceAll(/\s+/g, ' ')
    assert.match(said, new RegExp(`Left out: grant ${planted} on "${PAYROLL}" was made at \\S+ by \\w+ \\(log \\d+\\)`))
    assert.ok(
      ran.document.next.some((one) => one.includes(`--include-grant ${planted}`)),
      'the way to it is named',
    )
    assertOwnTrail(at)
  })

  test('is given back to whoever names it, and only then', async (t) => {
    const {at, planted} = await attacked(t)
    const taken = await at.respond('--leaked-at', instant(at, HOUR))
    const id = String(taken.document.incident_id)
    await at.run(['grant', 'restore', '--incident', id, '--yes'])
    const before = at.tenant.changes().length
    const nothing = await at.run(['grant', 'restore', '--incident', id, '--yes'])
    assert.equal(nothing.code, 3)
    assert.equal(nothing.document.error?.code, 'guard.grant_doubted')
    assert.match(nothing.document.error?.hint ?? '', new RegExp(`--include-grant ${planted}`))
    const unknown = await at.run(['grant', 'restore', '--incident', id, '--yes', '--include-grant', 'cgr_ofNobody0000000'])
    assert.equal(unknown.document.error?.code, 'usage.invalid')
    assert.equal(at.tenant.changes().length, before, 'nothing was sent')
    const named = await at.run(['grant', 'restore', '--incident', id, '--yes', '--include-grant', planted])
    assert.equal(named.document.status, 'restored', named.stdout)
    assert.ok(audiences(at).includes(PAYROLL))
    assertOwnTrail(at)
  })

  test('is known by what the log showed when it was taken, also when the log has forgotten it', async (t) => {
    const {at} = await attacked(t)
    const taken = await at.respond('--leaked-at', instant(at, HOUR))
    at.tenant.clock.advance(40 * 86_400)
    const {result} = await restore(t, at, String(taken.document.incident_id))
    assert.equal(result.status, 'restored')
    assert.equal(audiences(at).includes(PAYROLL), false)
  })

  test('one whose scopes were widened since the leak is left out, too', async (t) => {
    const at = await scene(t)
    const invoices = at.tenant.grants(at.client_id).find((grant) => grant['audience'] === INVOICES)
    await withoutStanch(at, 'PATCH', `client-grants/${String(invoices?.['id'])}`, {scope: ['read:invoices', 'delete:invoices']})
    at.tenant.clock.advance(60)
    const taken = await at.respond('--leaked-at', instant(at, HOUR))
    const warnings: string[] = []
    const responder = unattendedResponder({
      progress: {notify: (event) => void (event.kind === 'warning' && warnings.push(event.text))},
      answers: {'plan.confirm': 'yes'},
    })
    await restore(t, at, String(taken.document.incident_id), {responder})
    assert.equal(audiences(at).includes(INVOICES), false)
    assert.ok(
      warnings.some((text) => text.includes('was changed at')),
      warnings.join(),
    )
  })

  test('one that was made before the leak is given back like any other', async (t) => {
    const {at} = await attacked(t)
    at.tenant.clock.advance(2 * HOUR)
    const taken = await at.respond('--leaked-at', instant(at, HOUR))
    const {result} = await restore(t, at, String(taken.document.incident_id))
    assert.equal(result.status, 'restored')
    assert.ok(audiences(at).includes(PAYROLL))
  })

  test('with an unknown time of the leak every change in the log counts', async (t) => {
    const {at} = await attacked(t)
    const taken = await at.respond('--leaked-at', 'unknown')
    const {result} = await restore(t, at, String(taken.document.incident_id))
    assert.equal(result.status, 'restored')
    assert.equal(audiences(at).includes(PAYROLL), false)
  })

  test('one that appeared while the incident was under way is left out, whatever the log says', async (t) => {
    const at = await scene(t)
    at.tenant.addResourceServer({identifier: PAYROLL, name: 'payroll', scopes: []})
    const id = String((await at.respond()).document.incident_id)
    // Straight into the tenant: no log entry tells of it.
    at.tenant.addGrant({client_id: at.client_id, audience: PAYROLL, scope: []})
    const again = await at.run(takeGrants(at, id))
    assert.equal(again.code, 0, again.stdout)
    const {result} = await restore(t, at, id)
    assert.equal(result.status, 'restored')
    assert.equal(audiences(at).length, 3)
    assert.equal(audiences(at).includes(PAYROLL), false)
  })

  test('what stanch itself gave back and took again is no stranger', async (t) => {
    const at = await scene(t)
    const id = String((await at.respond()).document.incident_id)
    await restore(t, at, id)
    at.tenant.clock.advance(60)
    const again = await at.run(takeGrants(at, id))
    assert.equal(again.code, 0, again.stdout)
    const {result} = await restore(t, at, id)
    assert.equal(result.status, 'restored')
    assert.equal(audiences(at).length, 3)
  })
})

suite('what the log says of a grant', () => {
  const body = {client_id: 'AAAA', audience: PAYROLL, scope: []}
  const entry = (details: unknown, more: Record<string, unknown> = {}) =>
    parseLogEntry({log_id: '1', date: '2026-11-22T03:00:00.000Z', type: 'sapi', client_id: 'BBBB', details, ...more})
  const post = {method: 'post', path: '/api/v2/client-grants'}

  test('the id in the recorded answer decides; without an answer the recorded request does', () => {
    const asked = {...post, body: {client_id: 'AAAA', audience: PAYROLL}}
    const cases: [unknown, number][] = [
      [{request: asked, response: {body: {id: 'cgr_1'}}}, 1],
      [{request: asked, response: {body: {id: 'cgr_2'}}}, 0],
      [{request: asked}, 1],
      [{request: {...asked, body: {client_id: 'AAAA', audience: INVOICES}}}, 0],
      [{request: {...asked, body: {client_id: 'CCCC', audience: PAYROLL}}}, 0],
      [{request: {...asked, body: {...asked.body, subject_type: 'user'}}}, 0],
      [{request: {method: 'patch', path: '/api/v2/client-grants/cgr_1'}}, 1],
      [{request: {method: 'patch', path: '/api/v2/client-grants/cgr_12'}}, 0],
      [{request: {method: 'delete', path: '/api/v2/client-grants/cgr_1'}}, 0],
      [{request: 'garbage', response: [null]}, 0],
      [null, 0],
    ]
    for (const [details, count] of cases)
      assert.equal(grantChanges([entry(details)], 'cgr_1', body).length, count, JSON.stringify(details))
    assert.equal(grantChanges([entry(cases[0]?.[0], {type: 'fapi'})], 'cgr_1', body).length, 0)
    assert.equal(grantChanges([entry(cases[0]?.[0], {date: 'soon'})], 'cgr_1', body).length, 0)
  })

  test('our own change is no reason, also when a stranger reads like us in everything but the correlation id', () => {
    const grant = {id: 'cgr_1', body, organizations: []}
    const made = (id: string) =>
      entry({request: {...post, body}, response: {body: {id: 'cgr_1'}}}, {references: {correlation_id: id}})
    const history = {own: new Set(['stanch-ours']), first: new Map([['cgr_1', body]])}
    assert.equal(doubtedGrants([grant], {...history, entries: [made('stanch-ours')]}).length, 0)
    assert.equal(doubtedGrants([grant], {...history, entries: [made('stanch-theirs')]}).length, 1)
    assert.equal(doubtedGrants([grant], {...history, first: new Map(), entries: [made('stanch-ours')]}).length, 0)
    assert.equal(doubtedGrants([grant], {...history, first: new Map(), entries: []})[0]?.what, 'made')
  })
})
