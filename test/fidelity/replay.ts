/**
 * Replays Auth0's own recorded test traffic against the embedded tenant: all scenarios that lie wholly under clients,
 * client-grants and resource-servers. Goal: every status, at least 98 % of the shapes, at least 95 % of the values.
 */
import {spawn} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import process from 'node:process'
import {systemClock} from '../../src/clock.ts'
import {startSimulator, type Simulator} from '../../src/simulator/server.ts'
import {finish, sharedFolder} from './shared.ts'

const SCENARIOS: Readonly<Record<string, readonly string[]>> = {
  'scenarios-go-auth0.json': [
    'TestClientGrantManager_Create',
    'TestClientGrantManager_Delete',
    'TestClientGrantManager_List',
    'TestClientGrantManager_Read',
    'TestClientGrantManager_Update',
    'TestClient_Create',
    'TestClient_CreateCredential',
    'TestClient_Delete',
    'TestClient_DeleteCredential',
    'TestClient_GetCredentials',
    'TestClient_List',
    'TestClient_ListCredentials',
    'TestClient_Read',
    'TestClient_RotateSecret',
    'TestClient_Update',
    'TestClient_UpdateCredential',
    'TestResourceServer_Create',
    'TestResourceServer_Delete',
    'TestResourceServer_List',
    'TestResourceServer_Read',
    'TestResourceServer_Update',
  ],
  'scenarios-terraform.json': [
    'TestAccClientCredentialsImport',
    'TestAccClientCredentialsPrivateKeyJWTFullRotation',
    'TestAccClientCredentialsPrivateKeyJWTRenameWithSameKeyRotates',
    'TestAccClientCredentialsTokenVaultPrivilegedAccess',
    'TestAccClientCredentialsTokenVaultPrivilegedAccessSurvivesAuthMethodSwitch',
    'TestAccClientCredentialsWriteOnlySecret',
    'TestAccClientGrant',
    'TestAccClientGrant_DefaultFor',
    'TestAccDataClientById',
    'TestAccDataSourceClientGrants',
    'TestAccDataSourceClientNonexistentID',
  ],
}

const STEPS = 353
const PREFIXES = ['/api/v2/clients', '/api/v2/client-grants', '/api/v2/resource-servers']

interface Step {
  method: string
  path: string
  status: number
  response_body?: Record<string, unknown>
}

interface Recorded {
  path: string
  steps: Step[]
}

const shared = sharedFolder()
const files = Object.keys(SCENARIOS).map((name) => join(shared, 'recordings', name))
const recorded = files.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as Recorded[])
const nameOf = (path: string) =>
  path
    .split('recordings/')
    .at(-1)
    ?.replace(/\.yaml$/, '') ?? ''
const names = Object.values(SCENARIOS).flat()
const lying = recorded.filter(({steps}) =>
  steps.every(({path}) => PREFIXES.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))),
)
const forgotten = lying.map(({path}) => nameOf(path)).filter((name) => !names.includes(name))
if (forgotten.length > 0) process.stdout.write(`not listed here: ${forgotten.join(', ')}\n`)

const simulator = await startSimulator({
  clock: systemClock,
  seed: 7,
  plan: 'private',
  behaviour: {attacker: false, consumer: false},
})
prepare(simulator)
const {client_id} = simulator.practice.operator
const token = simulator.tenant.issueToken({client_id, scope: everyScope(simulator)})
const {summary, results} = await replay(simulator.origin, token)
await simulator.stop()

for (const {scenario, findings} of results) for (const finding of findings) process.stdout.write(`  ${scenario}: ${finding}\n`)
process.stdout.write(`${JSON.stringify(summary)}\n`)
const goals = [
  forgotten.length === 0,
  summary.scenarios === names.length,
  summary.scenarios_status_ok === names.length,
  summary.steps === STEPS,
  summary.status_pct === 100,
  summary.shape_pct >= 98,
  summary.value_pct >= 95,
]
finish('fidelity/replay', goals.filter(Boolean).length, goals.filter((met) => !met).length)

/** The recordings read some objects that their tenant had before: they are put there under their recorded ids. */
function prepare({tenant}: Simulator): void {
  for (const {steps} of lying) {
    const made = new Set<unknown>()
    for (const {method, path, status, response_body} of steps) {
      const id = path.split('/')[4]
      if (method === 'POST') made.add(response_body?.['client_id'] ?? response_body?.['id'])
      const existing =
        method === 'GET' && status === 200 && path.startsWith('/api/v2/clients/') && id && !path.includes('/credentials')
      if (!existing || made.has(id) || tenant.world.clients.has(id) || !response_body) continue
      const {client_secret: _, client_authentication_methods: methods, ...wire} = response_body
      tenant.addClient({...wire, client_id: id})
      const client = tenant.world.clients.get(id)
      if (!client || !methods) continue
      client.wire['client_authentication_methods'] = methods
      client.secret_hidden = true
      for (const step of steps) {
        const credential =
          step.method === 'GET' && step.path.startsWith(`/api/v2/clients/${id}/credentials/`) && step.response_body
        if (credential) client.credentials.set(String(credential['id']), {wire: credential as {id: string}, pem: ''})
      }
    }
  }
}

function everyScope({tenant}: Simulator): string {
  const scopes = tenant.world.resourceServer(tenant.world.audience)?.wire['scopes'] as {value: string}[]
  return scopes.map(({value}) => value).join(' ')
}

interface Replayed {
  summary: Record<'scenarios' | 'scenarios_status_ok' | 'steps' | 'status_pct' | 'shape_pct' | 'value_pct', number>
  results: {scenario: string; findings: string[]}[]
}

function replay(base: string, bearer: string): Promise<Replayed> {
  const only = `^(${names.join('|')})\\.yaml$`
  const script = join(shared, 'recordings', 'replay.py')
  const child = spawn('python3', [script, '--base', base, '--token', bearer, '--only', only, '--json', ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve(JSON.parse(out) as Replayed))
  })
}
