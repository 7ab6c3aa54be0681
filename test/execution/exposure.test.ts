import {deepEqual, equal, ok} from 'node:assert/strict'
import {test} from 'node:test'
import type {TestContext} from 'node:test'

import {rfc3339} from '../../src/clock.ts'
import {LEDGER} from '../../src/simulator/scenarios/landscape.ts'
import {gapCodes, respond, scene} from '../support/incident.ts'
import type {Scene} from '../support/incident.ts'

/** A tenant whose Ledger API had another lifetime before and during the exposure, each change in its log. */
async function changed(t: TestContext, steps: readonly {readonly seconds: number; readonly wait: number}[]): Promise<Scene> {
  const at = await scene(t, {behaviour: {attacker: false, consumer: false}})
  const world = at.tenant.world as unknown as {intentOnDisk: unknown}
  const port = world.intentOnDisk
  world.intentOnDisk = undefined
  const server = at.tenant.resourceServers().find((one) => one['identifier'] === LEDGER)
  const token = at.tenant.issueToken({client_id: at.simulator.practice.operator.client_id, scope: 'update:resource_servers'})
  for (const {seconds, wait} of steps) {
    const answer = await fetch(`${at.simulator.origin}/api/v2/resource-servers/${String(server?.['id'])}`, {
      method: 'PATCH',
      headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json'},
      body: JSON.stringify({token_lifetime: seconds}),
    })
    ok(answer.ok)
    at.tenant.clock.advance(wait)
  }
  world.intentOnDisk = port
  return at
}

test('lifetimes during the exposure are those of the log: the largest counts, and each token has its own end', async (t) => {
  const at = await changed(t, [
    {seconds: 50_000, wait: 600},
    {seconds: 40_000, wait: 600},
    {seconds: 900, wait: 600},
  ])
  const now = at.tenant.clock.now()
  const from = {ip: '203.0.113.66', user_agent: 'curl'}
  at.tenant.issueClaims({client_id: at.client_id, audience: LEDGER, age: 900, from, lifetime: 40_000})
  at.tenant.issueClaims({client_id: at.client_id, audience: LEDGER, age: 300, from})
  at.tenant.clock.advance(5)
  const {result} = await respond(t, at, {options: {leaked_at: rfc3339(now - 1000)}})
  const ledger = result.exposure.audiences.find((one) => one.audience === LEDGER)
  equal(ledger?.token_lifetime_seconds, 40_000, JSON.stringify(ledger))
  equal(ledger?.lifetime_source, 'log')
  equal(gapCodes(result).includes('lifetime_changed'), false)
  deepEqual(
    ledger?.lifetime_changes?.map((one) => one.seconds),
    [900],
  )
  const seen = (ledger?.tokens ?? [])
    .filter((one) => one.ip === from.ip)
    .map((one) => (Date.parse(one.expires_at) - Date.parse(one.issued_at)) / 1000)
  deepEqual(
    seen.toSorted((a, b) => a - b),
    [900, 40_000],
  )
})

test('what stood before the first change is in no log: then the longest there is counts, for its tokens, too', async (t) => {
  const at = await changed(t, [{seconds: 900, wait: 600}])
  const now = at.tenant.clock.now()
  const {result} = await respond(t, at, {options: {leaked_at: rfc3339(now - 7200)}})
  const ledger = result.exposure.audiences.find((one) => one.audience === LEDGER)
  equal(ledger?.lifetime_source, 'assumed_max')
  ok(gapCodes(result).includes('lifetime_changed'))
  ok(ledger?.tokens.some((one) => one.assumed === true))
})
