import type {SimulatedTenant} from '../tenant.ts'

/** Scopes of the Management API entry: what the simulated endpoints want, and some that only name a danger. */
const MANAGEMENT_SCOPES = [
  'read:client_grants',
  'create:client_grants',
  'update:client_grants',
  'delete:client_grants',
  'read:organization_client_grants',
  'create:organization_client_grants',
  'delete:organization_client_grants',
  'read:clients',
  'create:clients',
  'update:clients',
  'delete:clients',
  'read:client_summary',
  'read:client_keys',
  'update:client_keys',
  'read:client_credentials',
  'create:client_credentials',
  'update:client_credentials',
  'delete:client_credentials',
  'update:client_token_vault_privileged_access',
  'read:resource_servers',
  'create:resource_servers',
  'update:resource_servers',
  'delete:resource_servers',
  'read:logs',
  'read:logs_users',
  'read:users',
  'update:users',
  'create:users',
  'delete:users',
  'read:connections',
  'update:tenant_settings',
  'read:log_streams',
  'read:custom_domains',
  'read:network_acls',
]

/** Least privilege for containing, proving and giving back. */
export const OPERATOR_SCOPES = [
  'read:clients',
  'read:client_keys',
  'update:client_keys',
  'read:client_grants',
  'create:client_grants',
  'delete:client_grants',
  'read:organization_client_grants',
  'create:organization_client_grants',
  'read:resource_servers',
  'read:logs',
]

export const INVOICES = 'https://invoices.acme.example/'
export const LEDGER = 'https://ledger.acme.example/'

export interface Landscape {
  readonly operator: {readonly client_id: string; readonly client_secret: string}
}

/** What every practice tenant has: the Management API, two APIs of its own, an operator and an innocent client. */
export function landscape(tenant: SimulatedTenant, operatorScopes: readonly string[] = OPERATOR_SCOPES): Landscape {
  const {world} = tenant
  tenant.addResourceServer({
    name: 'Auth0 Management API',
    identifier: world.audience,
    is_system: true,
    token_lifetime: 86_400,
    token_lifetime_for_web: 7_200,
    signing_alg: 'RS256',
    allow_offline_access: false,
    scopes: MANAGEMENT_SCOPES.map((value) => ({value, description: value.replaceAll(/[:_]/g, ' ')})),
  })
  tenant.addResourceServer({
    name: 'Invoices API',
    identifier: INVOICES,
    token_lifetime: 86_400,
    scopes: [
      {value: 'read:invoices', description: 'Read invoices'},
      {value: 'write:invoices', description: 'Write invoices'},
    ],
  })
  tenant.addResourceServer({
    name: 'Ledger API',
    identifier: LEDGER,
    token_lifetime: 7_200,
    scopes: [{value: 'post:entries', description: 'Post entries'}],
  })
  const operator = tenant.addClient({
    name: 'stanch responder',
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['client_credentials'],
  })
  world.operatorId = operator.client_id
  tenant.addGrant({client_id: operator.client_id, audience: world.audience, scope: operatorScopes})
  const innocent = tenant.addClient({
    name: 'warehouse-report',
    description: 'nightly report, has nothing to do with it',
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['client_credentials'],
  })
  tenant.addGrant({client_id: innocent.client_id, audience: INVOICES, scope: ['read:invoices']})
  return {operator}
}

export const ATTACKER_HOME = {ip: '203.0.113.66', user_agent: 'curl 8.9.1 / Other 0.0.0'}
export const CONSUMER_HOME = {ip: '198.51.100.7', user_agent: 'billing-sync 4.2.0 / Linux 6.8.0'}

/** The client that leaks, with its grants, the tokens issued before, its consumer and the attacker. */
export function billingSync(
  tenant: SimulatedTenant,
  options: {managementScopes?: readonly string[]; wire?: Record<string, unknown>} = {},
) {
  const {audience} = tenant.world
  const client = tenant.addClient({
    name: 'billing-sync',
    description: 'moves invoices into the ledger',
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['client_credentials'],
    ...options.wire,
  })
  const {client_id} = client
  const managementScopes = options.managementScopes ?? ['read:users', 'read:client_grants', 'read:clients']
  tenant.addGrant({client_id, audience, scope: managementScopes})
  tenant.addGrant({client_id, audience: INVOICES, scope: ['read:invoices', 'write:invoices']})
  tenant.addGrant({client_id, audience: LEDGER, scope: ['post:entries']})
  const audiences = [audience, INVOICES, LEDGER]
  const before = (age: number, one: string, from: typeof ATTACKER_HOME) =>
    tenant.issueClaims({client_id, audience: one, age, from})
  const used = [
    before(72_000, audience, CONSUMER_HOME),
    before(39_600, INVOICES, CONSUMER_HOME),
    before(1_800, LEDGER, CONSUMER_HOME),
  ]
  const stolen = [before(2_700, INVOICES, ATTACKER_HOME), before(1_500, audience, ATTACKER_HOME)]
  return {client, audiences, used, stolen}
}
