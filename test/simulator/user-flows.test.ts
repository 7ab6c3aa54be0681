import {deepEqual, equal, match} from 'node:assert/strict'
import {after, before, test} from 'node:test'
import {decodeJwt} from 'jose'
import {INVOICES} from '../../src/simulator/scenarios/landscape.ts'
import {bench, type Bench} from './support.ts'

let b: Bench
let user: string
before(async () => {
  b = await bench()
  user = b.simulator.tenant.addUser('ann', 'correct horse')
})
after(() => b.simulator.stop())

const app = (wire: Record<string, unknown> = {}) =>
  b.simulator.tenant.addClient({
    name: 'web',
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['authorization_code', 'password'],
    ...wire,
  })
const policy = (value: string) => {
  const server = b.simulator.tenant.world.resourceServer(INVOICES)
  if (server) server.wire['subject_type_authorization'] = {user: {policy: value}, client: {policy: 'require_client_grant'}}
}
const byPassword = (client: {client_id: string; client_secret: string}, more: Record<string, unknown> = {}) =>
  b.oauth({...client, grant_type: 'password', username: 'ann', password: 'correct horse', audience: INVOICES, ...more})

test('a code is good for one exchange, by the client it was given to, in the name of its user', async () => {
  policy('allow_all')
  const client = app()
  const code = b.simulator.tenant.giveCode({
    client_id: client.client_id,
    user_id: user,
    audience: INVOICES,
    scope: 'read:invoices',
  })
  const exchange = (by: object) => b.oauth({...by, grant_type: 'authorization_code', code, redirect_uri: 'https://app.example/'})
  equal((await exchange(app())).body.error, 'invalid_grant')
  const answer = await exchange(client)
  const claims = decodeJwt(answer.body.access_token)
  deepEqual(
    [answer.status, claims.sub, claims['azp'], claims['gty'], claims['scope']],
    [200, user, client.client_id, undefined, 'read:invoices'],
  )
  equal((await exchange(client)).body.error, 'invalid_grant')
})

test('the policy for users decides: everybody, only with a user grant, nobody', async () => {
  const client = app()
  const statuses = []
  for (const value of ['allow_all', 'require_client_grant', 'deny_all']) {
    policy(value)
    statuses.push((await byPassword(client)).status)
  }
  deepEqual(statuses, [200, 403, 403])
  policy('require_client_grant')
  // A grant of the client itself is none for users.
  b.simulator.tenant.addGrant({client_id: client.client_id, audience: INVOICES, scope: ['read:invoices']})
  match((await byPassword(client)).body.error_description, /client-grant/)
  b.simulator.tenant.addGrant({client_id: client.client_id, audience: INVOICES, scope: ['read:invoices'], subject_type: 'user'})
  const answer = await byPassword(client, {scope: 'read:invoices write:invoices'})
  deepEqual([answer.status, answer.body.scope], [200, 'read:invoices'])
})

test('a third-party client wants a grant in strict mode whatever the policy, in permissive mode the policy counts', async () => {
  policy('allow_all')
  const status = async (mode: string) => (await byPassword(app({is_first_party: false, third_party_security_mode: mode}))).status
  deepEqual([await status('strict'), await status('permissive')], [403, 200])
})

test('a wrong password, an unknown user and a client without the flow get no token', async () => {
  policy('allow_all')
  equal((await byPassword(app(), {password: 'nope'})).body.error, 'invalid_grant')
  equal((await byPassword(app(), {username: 'bob'})).body.error, 'invalid_grant')
  equal((await byPassword(app({grant_types: ['authorization_code']}))).body.error, 'unauthorized_client')
  equal((await byPassword({...app(), client_secret: 'nope'})).status, 401)
})
