import {deepEqual, equal, match, notEqual, ok} from 'node:assert/strict'
import {after, before, test} from 'node:test'
import {makeKey, signToken} from '../../src/simulator/keys.ts'
import {INVOICES, LEDGER} from '../../src/simulator/scenarios/landscape.ts'
import {bench, START, type Bench} from './support.ts'

let b: Bench
before(async () => {
  b = await bench({plan: 'private'})
})
after(() => b.simulator.stop())

const leaked = () => b.simulator.practice.leak.client_id
const ALL =
  'read:clients create:clients update:clients delete:clients read:client_keys update:client_keys read:client_credentials ' +
  'create:client_credentials update:client_credentials delete:client_credentials read:client_grants create:client_grants ' +
  'update:client_grants delete:client_grants read:organization_client_grants create:organization_client_grants ' +
  'delete:organization_client_grants read:resource_servers create:resource_servers update:resource_servers ' +
  'delete:resource_servers read:logs'

test('a call without a token, with garbage, with an expired, a foreign or a misdirected token is refused each in its way', async () => {
  const {tenant} = b.simulator
  const {client_id} = b.simulator.practice.operator
  const claims = {
    iss: `${b.simulator.origin}/`,
    sub: 'x@clients',
    aud: `${b.simulator.origin}/api/v2/`,
    iat: START,
    exp: START + 60,
  }
  const cases: [string, string, number, string][] = [
    ['none', '', 401, 'Missing authentication'],
    ['opaque', 'abcdef', 400, 'Bad HTTP authentication header format'],
    ['not a JWT', 'a.b.c', 401, 'Invalid token'],
    ['expired', tenant.issueToken({client_id, age: 90_000}), 401, 'Expired token received for JSON Web Token validation'],
    [
      'foreign key',
      signToken(await makeKey(), claims, {alg: 'RS256', typ: 'JWT'}),
      401,
      'Invalid signature received for JSON Web Token validation',
    ],
    ['other API', tenant.issueToken({client_id, audience: INVOICES, scope: ''}), 401, `Bad audience: ${INVOICES}`],
    [
      'other issuer',
      signToken(tenant.world.key, {...claims, iss: 'https://evil.example/'}, {alg: 'RS256', typ: 'JWT'}),
      401,
      'Invalid token',
    ],
  ]
  for (const [what, token, status, message] of cases) {
    const answer = await b.api('GET', 'clients', {token})
    deepEqual([answer.status, answer.body.statusCode, answer.body.message], [status, status, message], what)
  }
  equal((await b.api('GET', 'clients', {token: 'abcdef'})).body.errorCode, 'Bearer')
})

test('a missing scope is named, all that would do', async () => {
  const answer = await b.api('DELETE', 'client-grants/cgr_1', {token: b.token('read:clients')})
  deepEqual(answer.body, {
    statusCode: 403,
    error: 'Forbidden',
    message: 'Insufficient scope, expected any of: delete:client_grants',
    errorCode: 'insufficient_scope',
  })
})

test('which fields of a client show depends on the scopes', async () => {
  const path = `clients/${leaked()}`
  const seen = async (scope: string) => Object.keys((await b.api('GET', path, {token: b.token(scope)})).body).sort()
  deepEqual(await seen('read:client_summary'), ['app_type', 'client_id', 'description', 'name', 'tenant'])
  const plain = await seen('read:clients')
  ok(plain.includes('grant_types'))
  ok(!plain.includes('client_secret') && !plain.includes('signing_keys'))
  ok((await seen('read:client_keys')).includes('client_secret'))
  const credentials = await seen('read:client_credentials')
  ok(credentials.includes('client_secret') && !credentials.includes('grant_types'))
})

test('asking by name for a hidden field is refused, and one may ask for what one may see', async () => {
  const path = `clients/${leaked()}?fields=client_id,client_secret&include_fields=true`
  equal((await b.api('GET', path, {token: b.token('read:clients')})).status, 403)
  const {body} = await b.api('GET', path, {token: b.token('read:client_keys')})
  equal(body.client_secret, b.simulator.tenant.secretOf(leaked()))
  equal('name' in body, false)
  const without = await b.api('GET', `clients/${leaked()}?fields=client_secret,signing_keys&include_fields=false`)
  equal('client_secret' in without.body || 'signing_keys' in without.body, false)
})

test('a read that shows a secret is logged as such, one that does not is not logged', async () => {
  const reads = () => b.simulator.tenant.logs().filter(({type}) => type === 'mgmt_api_read').length
  const before = reads()
  await b.api('GET', `clients/${leaked()}?fields=client_id,name`)
  equal(reads(), before)
  await b.api('GET', `clients/${leaked()}?fields=client_id,client_secret`)
  equal(reads(), before + 1)
  const entry = b.simulator.tenant.logs().at(-1) as {details: {accessedSecrets: string[]}}
  deepEqual(entry.details.accessedSecrets, ['client_secret'])
})

test('rotate-secret gives another secret each time and both are counted', async () => {
  const {client_id} = b.simulator.tenant.addClient({name: 'to rotate'})
  const one = await b.api('POST', `clients/${client_id}/rotate-secret`)
  const two = await b.api('POST', `clients/${client_id}/rotate-secret`)
  deepEqual([one.status, two.status], [200, 200])
  match(one.body.client_secret, /^[A-Za-z0-9_-]{64}$/)
  notEqual(one.body.client_secret, two.body.client_secret)
  equal(b.simulator.tenant.count('client_secret.rotate', client_id), 2)
  equal((await b.api('POST', `clients/${'Z'.repeat(32)}/rotate-secret`)).body.errorCode, 'inexistent_client')
})

test('rotate-secret is refused for a client that authenticates with a key', async () => {
  const t = await bench({scenario: 'private-key'})
  const {client_id} = t.simulator.practice.leak
  equal((await t.api('POST', `clients/${client_id}/rotate-secret`)).status, 400)
  equal(t.simulator.tenant.count('client_secret.rotate'), 0)
  await t.simulator.stop()
})

test('PATCH client_secret is a setting of the caller, needs update:client_keys, and repeating it changes nothing more', async () => {
  const {client_id} = b.simulator.tenant.addClient({name: 'to set'})
  const body = {client_secret: 's'.repeat(50)}
  const refused = await b.api('PATCH', `clients/${client_id}`, {body, token: b.token('update:clients')})
  equal(refused.status, 403)
  match(refused.body.message, /^Some fields cannot be updated/)
  equal((await b.api('PATCH', `clients/${client_id}`, {body})).status, 200)
  equal((await b.api('PATCH', `clients/${client_id}`, {body})).status, 200)
  equal(b.simulator.tenant.secretOf(client_id), 's'.repeat(50))
  equal(b.simulator.tenant.count('client_secret.set', client_id), 2)
})

test('a client is created with defaults and a secret, and deleting it twice answers 204 twice', async () => {
  const token = b.token(ALL)
  const made = await b.api('POST', 'clients', {body: {name: 'new one', app_type: 'non_interactive'}, token})
  equal(made.status, 201)
  match(made.body.client_id, /^[A-Za-z0-9]{32}$/)
  match(made.body.client_secret, /^[A-Za-z0-9_-]{64}$/)
  equal((await b.api('DELETE', `clients/${made.body.client_id}`, {token})).status, 204)
  equal((await b.api('DELETE', `clients/${made.body.client_id}`, {token})).status, 204)
  equal(b.simulator.tenant.count('client.delete', made.body.client_id), 1)
  equal((await b.api('GET', `clients/${made.body.client_id}`, {token})).status, 404)
})

test('bodies are checked: unknown members, missing ones, wrong types, values out of bounds, no JSON', async () => {
  const token = b.token(ALL)
  const cases: [string, string, unknown, RegExp][] = [
    ['POST', 'clients', {name: 'x', nonsense: 1}, /^Payload validation error: 'Additional properties not allowed: nonsense'/],
    ['POST', 'clients', {}, /'Missing required property: name'/],
    ['POST', 'clients', {name: 5}, /'Expected type string but found type integer' on property name/],
    ['POST', 'clients', {name: 'x', app_type: 'toaster'}, /'No enum match for: "toaster"' on property app_type/],
    ['PATCH', `clients/${leaked()}`, {client_secret: ''}, /String is too short \(0 chars\), minimum 1/],
    ['PATCH', `resource-servers/${encodeURIComponent(LEDGER)}`, {token_lifetime: 2_592_001}, /greater than maximum 2592000/],
    ['POST', 'client-grants', {client_id: leaked(), audience: INVOICES}, /'Missing required property: scope'/],
    ['POST', 'client-grants', {audience: INVOICES, scope: []}, /Exactly one of client_id and default_for/],
    ['PATCH', `clients/${leaked()}`, '{"name":', /Invalid request payload JSON format/],
    ['POST', 'clients', '{"name":"x","__proto__":{}}', /Additional properties not allowed: __proto__/],
  ]
  for (const [method, path, body, message] of cases) {
    const answer = await b.api(method, path, {body, token})
    equal(answer.status, 400, String(message))
    match(answer.body.message, message)
  }
})

test('grants are listed by every filter and in all page forms', async () => {
  const {tenant} = b.simulator
  const {client_id} = tenant.addClient({name: 'many grants'})
  for (let i = 0; i < 5; i++) {
    tenant.addResourceServer({identifier: `https://many${i}.example/`})
    tenant.addGrant({client_id, audience: `https://many${i}.example/`, scope: []})
  }
  tenant.addGrant({client_id, audience: INVOICES, scope: [], subject_type: 'user', allow_any_organization: true})
  const list = async (query: string) => (await b.api('GET', `client-grants?${query}`)).body
  equal((await list(`client_id=${client_id}`)).length, 6)
  equal((await list(`client_id=${client_id}&audience=${encodeURIComponent(INVOICES)}`)).length, 1)
  equal((await list(`client_id=${client_id}&subject_type=user`)).length, 1)
  equal((await list(`client_id=${client_id}&subject_type=client`)).length, 5)
  equal((await list(`client_id=${client_id}&allow_any_organization=true`)).length, 1)
  deepEqual(await list('client_id=nobody'), [])
  const totals = await list(`client_id=${client_id}&include_totals=true&per_page=4&page=1`)
  deepEqual([totals.total, totals.start, totals.limit, totals.client_grants.length], [6, 4, 4, 2])
  const ids: string[] = []
  let next: string | undefined
  let pages = 0
  do {
    const page = await list(`client_id=${client_id}&take=4&include_totals=true${next ? `&from=${next}` : ''}`)
    equal('total' in page, false)
    ids.push(...page.client_grants.map((one: {id: string}) => one.id))
    next = page.next
    pages++
  } while (next)
  deepEqual([ids.length, new Set(ids).size, pages], [6, 6, 2])
  equal((await b.api('GET', 'client-grants?per_page=101')).body.errorCode, 'invalid_query_string')
  equal((await b.api('GET', 'client-grants?from=nonsense')).status, 400)
})

test('DELETE of a grant answers 204 whether or not there was one, and only the first counts', async () => {
  const id = b.simulator.tenant.addGrant({client_id: leaked(), audience: INVOICES, scope: [], subject_type: 'user'})
  equal((await b.api('DELETE', `client-grants/${id}`)).status, 204)
  equal((await b.api('DELETE', `client-grants/${id}`)).status, 204)
  equal((await b.api('DELETE', 'client-grants/cgr_never')).status, 204)
  equal(b.simulator.tenant.count('client_grant.delete', id), 1)
  deepEqual((await b.api('GET', `client-grants/${id}`)).body, {
    statusCode: 404,
    error: 'Not Found',
    message: 'The grant does not exist.',
    errorCode: 'inexistent_client_grant',
  })
})

test('a grant for the same client, API and subject type is a conflict; for another subject type it is not', async () => {
  const {client_id} = b.simulator.tenant.addClient({name: 'twice'})
  const body = {client_id, audience: INVOICES, scope: ['read:invoices']}
  const first = await b.api('POST', 'client-grants', {body})
  deepEqual([first.status, first.body.subject_type], [201, 'client'])
  match(first.body.id, /^cgr_[A-Za-z0-9]{16}$/)
  equal((await b.api('POST', 'client-grants', {body})).status, 409)
  equal((await b.api('POST', 'client-grants', {body: {...body, subject_type: 'user'}})).status, 201)
  equal((await b.api('POST', 'client-grants', {body: {...body, client_id: 'Q'.repeat(32)}})).status, 404)
  equal((await b.api('POST', 'client-grants', {body: {...body, audience: 'https://no.example/'}})).status, 404)
})

test('ties to organisations are read from both sides, made anew and refused the second time', async () => {
  const t = await bench({scenario: 'user-grant'})
  const {client_id} = t.simulator.practice.leak
  const [organization] = [...t.simulator.tenant.world.organizations.keys()]
  const tied = t.simulator.tenant.grants(client_id).find(({id}) => t.simulator.tenant.ties(String(id)).length > 0)
  const grant_id = String(tied?.['id'])
  deepEqual(
    (await t.api('GET', `client-grants/${grant_id}/organizations`)).body.map((one: {id: string}) => one.id),
    [organization],
  )
  equal((await t.api('GET', `organizations/${organization}/client-grants?grant_ids=${grant_id}`)).body.length, 1)
  const again = await t.api('POST', `organizations/${organization}/client-grants`, {body: {grant_id}})
  equal(again.status, 409)
  const other = t.simulator.tenant.grants(client_id).find((one) => one['id'] !== grant_id)
  const made = await t.api('POST', `organizations/${organization}/client-grants`, {body: {grant_id: other?.['id']}})
  deepEqual([made.status, made.body.grant_id, 'id' in made.body], [201, other?.['id'], false])
  await t.simulator.stop()
})

test('an API is read by id and by encoded identifier; HS256 shows its signing secret unasked', async () => {
  const id = b.simulator.tenant.addResourceServer({identifier: 'https://hs.example/', signing_alg: 'HS256'})
  const byId = await b.api('GET', `resource-servers/${id}`)
  const byIdentifier = await b.api('GET', `resource-servers/${encodeURIComponent('https://hs.example/')}`)
  deepEqual(byId.body, byIdentifier.body)
  ok(b.simulator.tenant.knownSecrets().includes(byId.body.signing_secret))
  equal((await b.api('GET', 'resource-servers/unknown')).body.errorCode, 'inexistent_resource_server')
  const listed = await b.api('GET', `resource-servers?identifiers=${encodeURIComponent(LEDGER)}&include_totals=true`)
  deepEqual([listed.body.total, listed.body.resource_servers[0].token_lifetime], [1, 7200])
})

test('the Management API entry may get another lifetime, but no other scopes and no deletion', async () => {
  const token = b.token(ALL)
  const path = `resource-servers/${encodeURIComponent(`${b.simulator.origin}/api/v2/`)}`
  const longer = await b.api('PATCH', path, {body: {token_lifetime: 172_800}, token})
  deepEqual([longer.status, longer.body.token_lifetime], [200, 172_800])
  const refused = await b.api('PATCH', path, {body: {scopes: []}, token})
  deepEqual([refused.status, refused.body.message], [400, 'System resource servers cannot be patched.'])
  equal((await b.api('PATCH', path, {body: {subject_type_authorization: {client: {policy: 'deny_all'}}}, token})).status, 400)
  equal((await b.api('DELETE', path, {token})).status, 400)
})

test('what the API does not have is 404, and a broken percent encoding too', async () => {
  equal((await b.api('GET', 'toasters')).status, 404)
  equal((await b.api('PUT', `clients/${leaked()}`)).status, 404)
  equal((await b.api('GET', 'clients/%E0%A4%A')).status, 404)
})
