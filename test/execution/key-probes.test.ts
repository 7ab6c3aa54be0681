import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'
import type {TestContext} from 'node:test'

import {newRsaKey} from '../../src/simulator/keys.ts'
import {fileOf, noSecrets} from '../support/cli.ts'
import {scene} from '../support/incident.ts'
import type {Scene} from '../support/incident.ts'

/* What leaked may be a private key: the refusal of new tokens is then proven with what it signs. */

async function cut(t: TestContext, key: (at: Scene) => Promise<string> | string) {
  const at = await scene(t, {scenario: 'private-key', behaviour: {attacker: false, consumer: false}})
  const file = fileOf(at.home, 'leaked.pem', await key(at))
  const words = ['grant', 'delete', '--client', at.client_id, '--all', '--reason', 'key leaked', '--yes']
  const ran = await at.run([...words, '--credential-file', file])
  noSecrets(at.simulator, ran)
  const proofs = ran.document.proof.filter(({claim}) => claim.startsWith('new_tokens_refused'))
  const minted = at.tenant.logs().filter((entry) => entry['type'] === 'seccft' && entry['client_id'] === at.client_id)
  return {at, ran, proofs, minted}
}

describe('the grants of a client whose private key leaked', () => {
  test('new tokens are proven refused with the leaked key, for each API, and none is issued', async (t) => {
    const issued = (await scene(t, {scenario: 'private-key', behaviour: {attacker: false, consumer: false}})).tenant
      .logs()
      .filter((entry) => entry['type'] === 'seccft').length
    const {ran, proofs, minted} = await cut(t, (at) => at.leak.value)
    deepEqual(
      proofs.map(({verdict}) => verdict),
      ['proven', 'proven', 'proven'],
    )
    ok(proofs.every(({probes}) => probes >= 3))
    equal(minted.length, issued, 'a probe had a token issued')
    equal(ran.document.delivery, undefined)
  })

  test('a key that the client does not have proves nothing, and no token is asked for with it', async (t) => {
    const {at, ran, proofs} = await cut(t, async () =>
      (await newRsaKey()).privateKey.export({type: 'pkcs8', format: 'pem'}).toString(),
    )
    equal(ran.code, 6)
    ok(proofs.length > 0 && proofs.every(({verdict}) => verdict === 'not_proven'))
    equal(at.records().filter((record) => record['action'] === 'token.request').length, 0)
    match(ran.document.status, /partial/)
  })
})
