/**
 * Every answer of the simulated endpoints against Auth0's OpenAPI document, read with the rules of the deviations that
 * were observed in real traffic: other status codes, oneOf as anyOf, unknown members, null and unknown enum values.
 */
import {generateKeyPairSync} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import process from 'node:process'
import {Ajv2020} from 'ajv/dist/2020.js'
import {systemClock} from '../../src/clock.ts'
import {ROUTES} from '../../src/simulator/routes.ts'
import {INVOICES, LEDGER} from '../../src/simulator/scenarios/landscape.ts'
import {startSimulator, type Simulator} from '../../src/simulator/server.ts'
import {finish, sharedFolder} from './shared.ts'

type Json = Record<string, unknown>

const shared = sharedFolder()
const document = JSON.parse(readFileSync(join(shared, 'management-api.trimmed.oas.json'), 'utf8')) as Json
const {rules_for_responses: rules} = JSON.parse(
  readFileSync(join(shared, 'management-api.observed-deviations.json'), 'utf8'),
) as {
  rules_for_responses: {n: number; ops?: {op: string; declared: number; observed: number}[]}[]
}
const otherStatus = rules.find(({n}) => n === 1)?.ops ?? []
const schemas = relaxed((document['components'] as Json)['schemas']) as Json
const ajv = new Ajv2020({strict: false, validateFormats: false, allErrors: true})
ajv.addSchema({$id: 'oas', components: {schemas}}, 'oas')

const covered = new Set<string>()
let passed = 0
let failed = 0

const simulator = await startSimulator({
  clock: systemClock,
  seed: 5,
  plan: 'private',
  behaviour: {log_delay_seconds: 0},
  scenario: 'user-grant',
})
await everyOperation(simulator)
await simulator.stop()
const missing = ROUTES.filter(({operation}) => !covered.has(operation)).map(({operation}) => operation)
if (missing.length > 0) process.stdout.write(`never called: ${missing.join(', ')}\n`)
finish('fidelity/openapi', passed, failed + missing.length)

/** Rules 2 to 5. */
function relaxed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relaxed)
  if (typeof value !== 'object' || value === null) return value
  const out: Json = {}
  for (const [name, inner] of Object.entries(value)) {
    if (name === 'additionalProperties' && inner === false) continue
    if (name === 'enum') continue
    if (name === 'oneOf') out['anyOf'] = relaxed(inner)
    else if (name === '$ref' && typeof inner === 'string') out['$ref'] = inner.replace('#/', 'oas#/')
    else if (name === 'properties')
      out[name] = Object.fromEntries(Object.entries(inner as Json).map(([key, one]) => [key, nullable(relaxed(one))]))
    else out[name] = relaxed(inner)
  }
  return out
}

function nullable(schema: unknown): unknown {
  return {anyOf: [schema, {type: 'null'}]}
}

async function everyOperation({origin, tenant, practice}: Simulator): Promise<void> {
  const scopes = tenant.world.resourceServer(tenant.world.audience)?.wire['scopes'] as {value: string}[]
  const {client_id} = practice.operator
  const token = tenant.issueToken({client_id, scope: scopes.map(({value}) => value).join(' ')})
  const leaked = practice.leak.client_id
  const [organization = ''] = [...tenant.world.organizations.keys()]
  const call = async (method: string, path: string, body?: unknown): Promise<Json> => {
    const response = await fetch(`${origin}/api/v2/${path}`, {
      method,
      headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json'},
      ...(body === undefined ? {} : {body: JSON.stringify(body)}),
    })
    const text = await response.text()
    const answer = text === '' ? undefined : (JSON.parse(text) as Json)
    check(method, path.split('?')[0] ?? '', response.status, answer)
    return answer ?? {}
  }
  const pem = generateKeyPairSync('rsa', {modulusLength: 2048}).publicKey.export({type: 'spki', format: 'pem'})

  for (const query of ['', '?include_totals=true', '?take=2', '?fields=client_id,name', '?per_page=1&page=1']) {
    await call('GET', `clients${query}`)
    await call('GET', `client-grants${query}`)
    if (!query.includes('take')) await call('GET', `resource-servers${query.replace('client_id,name', 'id,name')}`)
  }
  const made = await call('POST', 'clients', {name: 'checked', app_type: 'non_interactive', jwt_configuration: {alg: 'RS256'}})
  const id = String(made['client_id'])
  await call('GET', `clients/${id}`)
  await call('PATCH', `clients/${id}`, {description: 'checked twice', client_secret: 'a secret of our own'})
  await call('POST', `clients/${id}/rotate-secret`)
  const credential = await call('POST', `clients/${id}/credentials`, {credential_type: 'public_key', name: 'key', pem})
  const one = `clients/${id}/credentials/${String(credential['id'])}`
  await call('GET', `clients/${id}/credentials`)
  await call('GET', one)
  await call('PATCH', one, {expires_at: '2099-01-01T00:00:00Z'})
  await call('DELETE', one)
  const grant = await call('POST', 'client-grants', {client_id: id, audience: INVOICES, scope: ['read:invoices']})
  const grantPath = `client-grants/${String(grant['id'])}`
  await call('GET', grantPath)
  await call('PATCH', grantPath, {scope: [], organization_usage: 'allow'})
  await call('POST', `organizations/${organization}/client-grants`, {grant_id: grant['id']})
  for (const query of ['', '?include_totals=true', '?take=1']) {
    await call('GET', `${grantPath}/organizations${query}`)
    await call('GET', `organizations/${organization}/client-grants${query}`)
  }
  await call('DELETE', `organizations/${organization}/client-grants/${String(grant['id'])}`)
  await call('DELETE', grantPath)
  await call('DELETE', grantPath)
  await call('DELETE', `clients/${id}`)
  const server = await call('POST', 'resource-servers', {
    identifier: 'https://checked.example/',
    signing_alg: 'HS256',
    name: 'checked',
  })
  await call('GET', `resource-servers/${String(server['id'])}`)
  await call('GET', `resource-servers/${encodeURIComponent(LEDGER)}`)
  await call('PATCH', `resource-servers/${String(server['id'])}`, {token_lifetime: 60, token_lifetime_for_web: 60})
  await call('DELETE', `resource-servers/${String(server['id'])}`)
  await call('GET', `clients/${leaked}?fields=client_id,client_secret`)
  tenant.world.logStreams.push({
    id: 'lst_0000000000000001',
    name: 'siem',
    type: 'http',
    status: 'suspended',
    sink: {httpEndpoint: 'https://siem.checked.example/', httpAuthorization: 'a secret', httpContentFormat: 'JSONLINES'},
  })
  await call('GET', 'log-streams')
  tenant.world.customDomains.push('login.checked.example')
  for (const query of ['', '?take=1']) await call('GET', `custom-domains${query}`)
  for (const query of ['', '?include_totals=true', '?take=3', '?q=type:seccft', '?fields=date,type'])
    await call('GET', `logs${query}`)
  const [entry] = tenant.logs()
  await call('GET', `logs/${String(entry?.['log_id'])}`)
  mustFail(await call('GET', `client-grants?client_id=${leaked}&include_totals=true`))
}

/** The check checks: damaged answers are refused. */
function mustFail(good: Json): void {
  const grants = good['client_grants'] as Json[]
  const damaged: Json[] = [
    {...good, client_grants: 'none'},
    {...good, client_grants: grants.map((one) => ({...one, scope: 5}))},
    {...good, client_grants: grants.map((one) => ({...one, id: 7}))},
    {...good, client_grants: {}, total: 'many'},
  ]
  const operation = ((document['paths'] as Json)['/client-grants'] as Json)['get'] as Json
  for (const answer of damaged) {
    if (problemOf(operation, 'GET /client-grants', 200, answer) !== undefined) continue
    failed++
    process.stdout.write(`FAIL a damaged answer passed: ${JSON.stringify(answer).slice(0, 120)}\n`)
  }
}

function check(method: string, path: string, status: number, answer: Json | undefined): void {
  const segments = path.split('/')
  const route = ROUTES.find((candidate) => {
    const pattern = candidate.pattern.split('/')
    return (
      candidate.method === method &&
      pattern.length === segments.length &&
      pattern.every((part, i) => part.startsWith(':') || part === segments[i])
    )
  })
  const template = `/${(route?.pattern ?? '').replaceAll(/:(\w+)/g, '{$1}')}`
  const operation = ((document['paths'] as Json)[template] as Json | undefined)?.[method.toLowerCase()] as Json | undefined
  const problem = problemOf(operation, `${method} ${template}`, status, answer)
  if (route) covered.add(route.operation)
  if (problem === undefined) passed++
  else {
    failed++
    process.stdout.write(`FAIL ${method} ${path} ${status}: ${problem}\n`)
  }
}

function problemOf(operation: Json | undefined, name: string, status: number, answer: Json | undefined): string | undefined {
  if (!operation) return 'not in the document'
  const declared = otherStatus.find(({op, observed}) => op === name && observed === status)?.declared ?? status
  const response = (operation['responses'] as Json)[String(declared)] as Json | undefined
  if (!response) return 'status not in the document'
  if (status >= 300) return `refused: ${JSON.stringify(answer)}`
  const content = response['content'] as Record<string, {schema: unknown}> | undefined
  const schema = content?.['application/json']?.schema
  if (!schema) return answer === undefined ? undefined : 'a body where none is declared'
  const validate = ajv.compile(relaxed(schema) as object)
  if (validate(answer)) return undefined
  return (validate.errors ?? [])
    .slice(0, 4)
    .map(({instancePath, message}) => `${instancePath} ${message}`)
    .join('; ')
}
