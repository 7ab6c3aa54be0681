// No false alarm: `node test/fidelity/reconcile.ts [RUNS]`, 100 by default.
//
// Whole incidents on the embedded tenant, each with other ways of its log, its tokens and its faults; reading commands in
// between; then the comparison with the tenant's log, which must agree every time.
import {deepEqual, equal, ok} from 'node:assert/strict'
import {test} from 'node:test'

import {reconcileNow} from '../../src/cli/reconcile.ts'
import {connectTo, placeOf, respond, restore, resume, scene} from '../support/incident.ts'

const runs = Number(process.argv[2] ?? 100)
const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T

/** What a tenant may do on a good day: answers are lost, reads fail once, requests are slowed down. */
const FAULTS = [
  undefined,
  {on: 'clients.read', do: 'lose_answer', times: 1},
  {on: 'client_grant.delete', do: 'lose_answer', times: 1},
  {on: 'client_grant.delete', do: 'status', status: 429, retry_after: 1, times: 1},
  {on: 'client_secret.rotate', do: 'lose_answer', times: 1},
  {on: 'client_grant.delete', do: 'status', status: 403, times: 1},
] as const

for (let n = 0; n < runs; n++) {
  const behaviour = {token_jti: n % 2 === 1, log_jti: n % 3 !== 2, log_delay_seconds: pick([0, 2, 30, 200], n)}
  const fault = pick(FAULTS, n)
  test(`run ${n}: ${JSON.stringify(behaviour)} ${JSON.stringify(fault ?? {})}`, async (t) => {
    const at = await scene(t, {seed: 1000 + n, behaviour})
    if (fault) at.tenant.fault(fault)
    const {result} = await respond(t, at)
    const incident = String(result.incident_id)
    if (result.status !== 'contained') await resume(t, at, incident)
    if (n % 4 === 0) equal((await at.run(['grant', 'list', '--client', at.client_id])).code, 0)
    if (n % 5 === 0) equal((await at.run(['exposure', '--client', at.client_id])).code, 0)
    if (n % 3 === 0) at.tenant.clock.advance(n * 60)
    if (n % 7 === 0) await restore(t, at, incident, {beforeAllClear: true})
    const connected = await connectTo(t, at)
    const found = await reconcileNow(placeOf(at.home), connected, {wait: true, incident}, {notify: () => {}}, {requested: false})
    const alarms = found.findings.filter(({code}) => code !== 'OTHER_ACTOR')
    deepEqual(alarms, [])
    ok(found.complete && found.matched > 5)
  })
}
