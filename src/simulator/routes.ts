import {createGrant, deleteGrant, getGrant, listGrants, updateGrant} from './client-grants.ts'
import {createClient, deleteClient, getClient, listClients, rotateSecret, updateClient} from './clients.ts'
import {deleteCredential, getCredential, listCredentials, patchCredential, postCredential} from './credentials.ts'
import {listCustomDomains} from './custom-domains.ts'
import {listLogStreams} from './log-streams.ts'
import {getLog, listLogs} from './logs.ts'
import {associateGrant, dissociateGrant, listGrantOrganizations, listOrganizationGrants} from './organizations.ts'
import type {BucketName} from './rate-limit.ts'
import {
  createResourceServer,
  deleteResourceServer,
  getResourceServer,
  listResourceServers,
  updateResourceServer,
} from './resource-servers.ts'
import type {World} from './state.ts'
import {isObject, type Answer, type Call} from './wire.ts'

export interface Route {
  readonly method: string
  /** Below /api/v2/; `:name` is a parameter. */
  readonly pattern: string
  /** The name by which faults, counts and changes know it. */
  readonly operation: string
  /** Groups of operations, for faults. */
  readonly groups: readonly string[]
  /** One of them is enough. */
  readonly scopes: readonly string[]
  /** Title of the endpoint: the `description` of its `sapi` or `mgmt_api_read` event. */
  readonly title: string
  readonly buckets: readonly BucketName[]
  handle(world: World, call: Call): Answer | Promise<Answer>
}

const READ_CLIENT = ['read:clients', 'read:client_keys', 'read:client_credentials', 'read:client_summary']
const UPDATE_CLIENT_SCOPES = [
  'update:clients',
  'update:client_keys',
  'update:client_credentials',
  'update:client_token_vault_privileged_access',
]
const LOGS = ['read:logs', 'read:logs_users']

function route(
  method: string,
  pattern: string,
  operation: string,
  scopes: readonly string[],
  title: string,
  handle: Route['handle'],
  bucket?: BucketName,
): Route {
  const group = method === 'GET' ? [`${operation.split('.')[0]}.read`, 'read'] : ['write']
  return {
    method,
    pattern,
    operation,
    groups: [...group, '*'],
    scopes,
    title,
    handle,
    buckets: bucket ? ['management', bucket] : ['management'],
  }
}

const CREDENTIAL = 'clients/:client_id/credentials/:credential_id'

export const ROUTES: readonly Route[] = [
  route('GET', 'clients', 'clients.list', READ_CLIENT, 'Get clients', listClients, 'read_clients'),
  route('POST', 'clients', 'client.create', ['create:clients'], 'Create a client', createClient),
  route('GET', 'clients/:id', 'clients.get', READ_CLIENT, 'Get client by ID', getClient, 'read_clients'),
  route('PATCH', 'clients/:id', 'client.update', UPDATE_CLIENT_SCOPES, 'Update a client', updateClient),
  route('DELETE', 'clients/:id', 'client.delete', ['delete:clients'], 'Delete a client', deleteClient),
  route(
    'POST',
    'clients/:id/rotate-secret',
    'client_secret.rotate',
    ['update:client_keys'],
    'Rotate a client secret',
    rotateSecret,
  ),
  route(
    'GET',
    'clients/:client_id/credentials',
    'client_credentials.list',
    ['read:client_credentials'],
    'Get client credentials',
    listCredentials,
  ),
  route(
    'POST',
    'clients/:client_id/credentials',
    'client_credential.create',
    ['create:client_credentials'],
    'Create a client credential',
    postCredential,
  ),
  route('GET', CREDENTIAL, 'client_credentials.get', ['read:client_credentials'], 'Get client credential details', getCredential),
  route(
    'PATCH',
    CREDENTIAL,
    'client_credential.update',
    ['update:client_credentials'],
    'Update a client credential',
    patchCredential,
  ),
  route(
    'DELETE',
    CREDENTIAL,
    'client_credential.delete',
    ['delete:client_credentials'],
    'Delete a client credential',
    deleteCredential,
  ),
  route('GET', 'client-grants', 'client_grants.list', ['read:client_grants'], 'Get client grants', listGrants),
  route('POST', 'client-grants', 'client_grant.create', ['create:client_grants'], 'Create client grant', createGrant),
  route('GET', 'client-grants/:id', 'client_grants.get', ['read:client_grants'], 'Get client grant', getGrant),
  route('PATCH', 'client-grants/:id', 'client_grant.update', ['update:client_grants'], 'Update client grant', updateGrant),
  route('DELETE', 'client-grants/:id', 'client_grant.delete', ['delete:client_grants'], 'Delete client grant', deleteGrant),
  route(
    'GET',
    'client-grants/:id/organizations',
    'client_grants.organizations',
    ['read:organization_client_grants'],
    'Get the organizations associated to a client grant',
    listGrantOrganizations,
  ),
  route(
    'GET',
    'organizations/:id/client-grants',
    'organization_client_grants.list',
    ['read:organization_client_grants'],
    'Get client grants associated to an organization',
    listOrganizationGrants,
    'read_organization_client_grants',
  ),
  route(
    'POST',
    'organizations/:id/client-grants',
    'organization_client_grant.create',
    ['create:organization_client_grants'],
    'Associate a client grant with an organization',
    associateGrant,
    'create_organization_client_grants',
  ),
  route(
    'DELETE',
    'organizations/:id/client-grants/:grant_id',
    'organization_client_grant.delete',
    ['delete:organization_client_grants'],
    'Remove a client grant from an organization',
    dissociateGrant,
  ),
  route('GET', 'log-streams', 'log_streams.list', ['read:log_streams'], 'Get log streams', listLogStreams),
  route(
    'GET',
    'custom-domains',
    'custom_domains.list',
    ['read:custom_domains'],
    'Get custom domains configurations',
    listCustomDomains,
  ),
  route(
    'GET',
    'resource-servers',
    'resource_servers.list',
    ['read:resource_servers'],
    'Get resource servers',
    listResourceServers,
  ),
  route(
    'POST',
    'resource-servers',
    'resource_server.create',
    ['create:resource_servers'],
    'Create a resource server',
    createResourceServer,
  ),
  route(
    'GET',
    'resource-servers/:id',
    'resource_servers.get',
    ['read:resource_servers'],
    'Get a resource server',
    getResourceServer,
  ),
  route(
    'PATCH',
    'resource-servers/:id',
    'resource_server.update',
    ['update:resource_servers'],
    'Update a resource server',
    updateResourceServer,
  ),
  route(
    'DELETE',
    'resource-servers/:id',
    'resource_server.delete',
    ['delete:resource_servers'],
    'Delete a resource server',
    deleteResourceServer,
  ),
  route('GET', 'logs', 'logs.list', LOGS, 'Search log events', listLogs, 'read_logs'),
  route('GET', 'logs/:id', 'logs.get', LOGS, 'Get a log event by id', getLog, 'read_logs'),
]

export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** The route of a request below /api/v2/. Path parameters are percent-decoded; a broken encoding matches nothing. */
export function findRoute(method: string, path: string): Match | undefined {
  const segments = path.slice('/api/v2/'.length).split('/')
  for (const candidate of ROUTES) {
    if (candidate.method !== method) continue
    const params = match(candidate.pattern.split('/'), segments)
    if (params) return {route: candidate, params}
  }
  return undefined
}

function match(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined
  const params: Record<string, string> = {}
  for (const [i, part] of pattern.entries()) {
    const segment = segments[i] ?? ''
    if (!part.startsWith(':')) {
      if (part !== segment) return undefined
      continue
    }
    if (segment === '') return undefined
    try {
      params[part.slice(1)] = decodeURIComponent(segment)
    } catch {
      return undefined
    }
  }
  return params
}

/** PATCH of a client that carries a secret is known by a name of its own. */
export function operationOf(route: Route, body: unknown): string {
  return route.operation === 'client.update' && isObject(body) && 'client_secret' in body ? 'client_secret.set' : route.operation
}
