import test from 'node:test'
import * as h from '/work/main/test/support/incident.ts'
import type {SimulatorOptions} from '/work/main/src/simulator/server.ts'
for (const scenario of ['client-secret','management-token','user-grant','third-party-default','missing-scope','private-key']) {
  test(scenario, async (t) => {
    const at = await h.scene(t, {scenario})
    const ran = await at.respond()
    const d = ran.document
    console.log(scenario, ran.code, d.status, d.error, d.proof && h.verdicts(d), d.proof && h.gapCodes(d), d.actions?.map((a)=>a.kind+':'+a.outcome).join(' '), d.exposure?.all_clear, d.next)
    if (d.status) { h.assertTrail(at); h.assertNoSecrets(at, [ran]); h.assertInvariants(d) }
  })
}
test('kill-ish: in-process rotate lose_answer', async (t) => {
  const at = await h.scene(t)
  at.tenant.fault({on: 'client_secret.rotate', do: 'lose_answer'})
  const t0 = Date.now()
  const {result, failure} = await h.respond(t, at)
  console.log(Date.now()-t0, result.status, failure, h.verdicts(result), h.outcomes(result,'client_secret.rotate'), result.delivery)
  h.assertTrail(at); h.assertInvariants(result)
})
