import {deepEqual, equal} from 'node:assert/strict'
import {test} from 'node:test'
import {INVOICES} from '../../src/simulator/scenarios/landscape.ts'
import {bench} from './support.ts'

const GOOD = `stanch-${'a'.repeat(56)}`
const correlated = (id: string) => ({headers: {'x-correlation-id': id}})

test('without an intent on disk a change is refused as such and counted, with one it is carried out', async () => {
  const onDisk = new Set([GOOD])
  const b = await bench({intentOnDisk: (id) => onDisk.has(id)})
  const path = `clients/${b.simulator.practice.leak.client_id}/rotate-secret`
  for (const options of [{}, correlated('stanch-other'), correlated('')]) {
    const refused = await b.api('POST', path, options)
    deepEqual([refused.status, refused.body.errorCode], [418, 'stanch_unlogged'])
  }
  equal(b.simulator.tenant.count('client_secret.rotate'), 0)
  equal((await b.api('POST', path, correlated(GOOD))).status, 200)
  onDisk.delete(GOOD)
  equal((await b.api('POST', path, correlated(GOOD))).status, 418)
  deepEqual(
    b.simulator.tenant.changes().map(({logged, effect, correlation_id}) => [logged, effect, correlation_id]),
    [
      [false, false, undefined],
      [false, false, 'stanch-other'],
      [false, false, ''],
      [true, true, GOOD],
      [false, false, GOOD],
    ],
  )
  equal((await b.control('state')).body.unlogged, 4)
  await b.simulator.stop()
})

test('reads need no intent, but one that shows a secret is held to the intent it names', async () => {
  const b = await bench({intentOnDisk: (id) => id === GOOD})
  const path = `clients/${b.simulator.practice.leak.client_id}?fields=client_id,client_secret`
  equal((await b.api('GET', path)).status, 200)
  equal((await b.api('GET', path, correlated(GOOD))).status, 200)
  equal((await b.api('GET', path, correlated('stanch-unknown'))).status, 418)
  equal((await b.api('GET', 'clients?fields=client_id', correlated('stanch-unknown'))).status, 200)
  equal(b.simulator.tenant.unlogged(), 1)
  await b.simulator.stop()
})

test('a token request with a foreign credential is held to the intent it names, the operator is free', async () => {
  const b = await bench({intentOnDisk: (id) => id === GOOD})
  const {operator, leak} = b.simulator.practice
  const ask = (client_id: string, client_secret: string, audience: string, id: string) =>
    b.oauth({grant_type: 'client_credentials', client_id, client_secret, audience}, correlated(id))
  equal((await ask(leak.client_id, leak.value, INVOICES, 'stanch-unknown')).status, 418)
  equal((await ask(leak.client_id, leak.value, INVOICES, GOOD)).status, 200)
  const own = await ask(operator.client_id, operator.client_secret, `${b.simulator.origin}/api/v2/`, 'stanch-unknown')
  equal(own.status, 200)
  equal(b.simulator.tenant.unlogged(), 1)
  await b.simulator.stop()
})
