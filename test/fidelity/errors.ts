/** Auth0's recorded refusals for the simulated endpoints, provoked again: status and body must be the same. */
import {isDeepStrictEqual} from 'node:util'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import process from 'node:process'
import {systemClock} from '../../src/clock.ts'
import {startSimulator, type Simulator} from '../../src/simulator/server.ts'
import {finish, sharedFolder} from './shared.ts'

interface Refused {
  method: string
  path: string
  query: string | null
  route: string
  request_body: Record<string, unknown> | null
  status: number
  response_body: Record<string, unknown> | null
}

const SIMULATED =
  /^\/(oauth\/token|api\/v2\/(clients|client-grants|resource-servers|logs)(\/\{id\}|\/\{client_id\})?(\/credentials.*|\/rotate-secret|\/organizations)?|api\/v2\/organizations\/\{id\}\/client-grants.*)$/

const simulator = await startSimulator({clock: systemClock, seed: 3, plan: 'paid', behaviour: {attacker: false, consumer: false}})
const recorded = JSON.parse(readFileSync(join(sharedFolder(), 'recordings', 'errors.json'), 'utf8')) as Refused[]
let passed = 0
let failed = 0
for (const one of recorded.filter(({route}) => SIMULATED.test(route))) {
  const token = prepare(simulator, one)
  const {status, body} = await ask(simulator.origin, one, token)
  const same = status === one.status && (one.response_body === null || isDeepStrictEqual(body, one.response_body))
  if (same) passed++
  else failed++
  const line = `${one.method} ${one.route} ${one.status}`
  process.stdout.write(
    same ? `ok   ${line}\n` : `FAIL ${line}: ${status} ${JSON.stringify(body)}, recorded ${JSON.stringify(one.response_body)}\n`,
  )
}
await simulator.stop()
finish('fidelity/errors', passed, failed)

/** Puts the tenant into the state the recording was made in, and returns the token of the call. */
function prepare({tenant, practice}: Simulator, one: Refused): string {
  const body = one.request_body ?? {}
  if (one.route === '/api/v2/client-grants') {
    tenant.addClient({client_id: body['client_id'], name: 'express', app_type: 'express_configuration'})
    tenant.addResourceServer({identifier: body['audience']})
  }
  const id = one.path.split('/').at(-1) ?? ''
  if (one.route === '/api/v2/resource-servers/{id}' && one.method === 'PATCH') {
    const server = tenant.world.resourceServer(tenant.addResourceServer({identifier: `https://${id}.example/`}))
    if (server) {
      tenant.world.resourceServers.delete(server.wire.id)
      tenant.world.resourceServers.set(id, {...server, wire: {...server.wire, id}})
    }
  }
  if (one.route === '/oauth/token') {
    const form = (body['__form'] ?? body) as Record<string, string>
    const {client_id, client_secret} = form
    if (!tenant.world.clients.has(client_id ?? ''))
      tenant.addClient({client_id, client_secret, name: 'web', app_type: 'regular_web'})
  }
  const missing = /expected any of: (.*)$/.exec(String(one.response_body?.['message']))?.[1] ?? ''
  const scopes = tenant.world.resourceServer(tenant.world.audience)?.wire['scopes'] as {value: string}[]
  const scope = scopes.map(({value}) => value).filter((value) => !missing.split(',').includes(value))
  return tenant.issueToken({client_id: practice.operator.client_id, scope: scope.join(' ')})
}

async function ask(origin: string, one: Refused, token: string): Promise<{status: number; body: unknown}> {
  const form = one.request_body?.['__form'] as Record<string, string> | undefined
  const response = await fetch(`${origin}${one.path}${one.query ? `?${one.query}` : ''}`, {
    method: one.method,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json',
    },
    ...(form ? {body: new URLSearchParams(form).toString()} : one.request_body ? {body: JSON.stringify(one.request_body)} : {}),
  })
  const text = await response.text()
  return {status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown)}
}
