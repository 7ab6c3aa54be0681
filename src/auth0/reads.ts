import {isCode, StanchError} from '../errors.ts'
import {quoted} from '../untrusted.ts'
import {MAX_LOG_PAGE} from './transport.ts'
import {parseClientGrant, type ClientGrant} from './resources/client-grant.ts'
import {parseClient, type Client} from './resources/client.ts'
import {parseClientCredential, type ClientCredential} from './resources/credential.ts'
import {parseCustomDomain, type CustomDomain} from './resources/custom-domain.ts'
import {parseLogEntry, type LogEntry} from './resources/log-entry.ts'
import {parseNetworkAcl, type NetworkAcl} from './resources/network-acl.ts'
import {parseOrganization, type Organization} from './resources/organization.ts'
import {mustEcho, readList, unexpected} from './resources/reading.ts'
import {parseResourceServer, type ResourceServer} from './resources/resource-server.ts'
import type {ManagementApi, Query} from './management-api.ts'
import {checkpointItems, collect, offsetItems, PAGE} from './paginate.ts'

export interface GrantFilter {
  readonly client_id?: string
  readonly audience?: string
  readonly default_for?: string
}

export interface LogSearch {
  /** Lucene; `audience`, `scope` and `details` cannot be searched. */
  readonly q: string
  /** From 0; the tenant gives 1,000 results in all. */
  readonly page: number
  readonly per_page: number
  readonly sort?: string
}

export interface LogPage {
  readonly entries: LogEntry[]
  /** Where the next page starts; the same again when nothing new has come. */
  readonly next?: string
}

/** Which scope shows which member is documented at GET /api/v2/clients; asking for one that is hidden gives 403. */
export function clientFields(scopes: readonly string[]): string {
  const fields = ['client_id', 'name', 'description', 'app_type']
  const keys = scopes.includes('read:client_keys')
  if (keys || scopes.includes('read:clients')) {
    fields.push(
      'is_first_party',
      'global',
      'grant_types',
      'token_endpoint_auth_method',
      'organization_usage',
      'default_organization',
    )
    fields.push('third_party_security_mode', 'jwt_configuration', 'refresh_token')
  }
  if (keys || scopes.includes('read:client_credentials')) fields.push('client_authentication_methods')
  return fields.join(',')
}

export async function getClient(api: ManagementApi, id: string, scopes: readonly string[]): Promise<Client> {
  const {body} = await api.get(
    `/api/v2/clients/${segment(id)}`,
    {fields: clientFields(scopes), include_fields: true},
    {what: `client ${id}`},
  )
  const client = parseClient(body)
  mustEcho(client.client_id, id, 'client.client_id')
  return client
}

export async function* listClients(api: ManagementApi, scopes: readonly string[]): AsyncGenerator<Client> {
  const fields = clientFields(scopes)
  let index = 0
  for await (const item of checkpointItems(
    pages(api, '/api/v2/clients', {fields, include_fields: true}, 'the list of clients'),
    'clients',
  )) {
    yield parseClient(item, `clients[${index++}]`)
  }
}

export async function listClientGrants(api: ManagementApi, filter: GrantFilter): Promise<ClientGrant[]> {
  const grants: ClientGrant[] = []
  for await (const item of checkpointItems(pages(api, '/api/v2/client-grants', {...filter}, 'client grants'), 'client_grants')) {
    const at = `client_grants[${grants.length}]`
    const grant = parseClientGrant(item, at)
    // A tenant that ignored the filter would hand us the grants of somebody else to delete.
    for (const name of ['client_id', 'audience', 'default_for'] as const) {
      const asked = filter[name]
      if (asked !== undefined && grant[name] !== asked) throw unexpected(`${at}.${name}`, 'the value that was asked for')
    }
    grants.push(grant)
  }
  return grants
}

export async function getClientGrant(api: ManagementApi, id: string): Promise<ClientGrant | undefined> {
  return absentAs404(async () => {
    const {body} = await api.get(`/api/v2/client-grants/${segment(id)}`, {}, {what: `client grant ${id}`})
    const grant = parseClientGrant(body)
    mustEcho(grant.id, id, 'client_grant.id')
    return grant
  })
}

export async function listGrantOrganizations(api: ManagementApi, grantId: string): Promise<Organization[]> {
  const path = `/api/v2/client-grants/${segment(grantId)}/organizations`
  return readList(
    await collect(checkpointItems(pages(api, path, {}, `organizations of grant ${grantId}`), 'organizations')),
    'organizations',
    parseOrganization,
  )
}

/** All of them: a tenant has few. */
export async function listCustomDomains(api: ManagementApi): Promise<CustomDomain[]> {
  const {body} = await api.get('/api/v2/custom-domains', {take: 100}, {what: 'custom domains'})
  return readList(listIn(body, 'custom_domains'), 'custom_domains', parseCustomDomain)
}

/** All of them: Auth0 allows ten at most. */
export async function listNetworkAcls(api: ManagementApi): Promise<NetworkAcl[]> {
  const {body} = await api.get('/api/v2/network-acls', {page: 0, per_page: PAGE}, {what: 'access control lists'})
  return readList(listIn(body, 'network_acls'), 'network_acls', parseNetworkAcl)
}

/** A list as it stands alone, or as a member of a page. */
function listIn(body: unknown, key: string): unknown {
  return Array.isArray(body) ? body : (body as Readonly<Record<string, unknown>> | null)?.[key]
}

export async function getResourceServer(api: ManagementApi, identifier: string): Promise<ResourceServer | undefined> {
  return absentAs404(async () => {
    const {body} = await api.get(`/api/v2/resource-servers/${segment(identifier)}`, {}, {what: `API ${identifier}`})
    const server = parseResourceServer(body)
    if (server.id !== identifier) mustEcho(server.identifier, identifier, 'resource_server.identifier')
    return server
  })
}

export async function* listResourceServers(api: ManagementApi): AsyncGenerator<ResourceServer> {
  let index = 0
  for await (const item of offsetItems(pages(api, '/api/v2/resource-servers', {}, 'the list of APIs'), 'resource_servers')) {
    yield parseResourceServer(item, `resource_servers[${index++}]`)
  }
}

export async function listCredentials(api: ManagementApi, clientId: string): Promise<ClientCredential[]> {
  const {body} = await api.get(
    `/api/v2/clients/${segment(clientId)}/credentials`,
    {},
    {what: `credentials of client ${clientId}`},
  )
  return readList(body, 'credentials', parseClientCredential)
}

export async function searchLogs(api: ManagementApi, search: LogSearch): Promise<LogEntry[]> {
  const query = {q: search.q, page: search.page, per_page: search.per_page, sort: search.sort}
  const {body} = await api.get('/api/v2/logs', query, {what: 'the tenant log', maxBytes: MAX_LOG_PAGE})
  const list = Array.isArray(body) ? body : (body as {logs?: unknown} | null)?.logs
  return readList(list, 'logs', parseLogEntry)
}

export async function logsFrom(api: ManagementApi, from: string | undefined, take: number): Promise<LogPage> {
  const {body, link} = await api.get('/api/v2/logs', {from, take}, {what: 'the tenant log', maxBytes: MAX_LOG_PAGE})
  const entries = readList(body, 'logs', parseLogEntry)
  const next = nextCheckpoint(link) ?? entries.at(-1)?.log_id ?? from
  return {entries, ...(next !== undefined && {next})}
}

/** `from` of the rel="next" link. The link itself is never followed: only its checkpoint is ours to use. */
function nextCheckpoint(link: string | undefined): string | undefined {
  const target = /<([^<>]{1,2000})>\s*;[^,]*\brel="?next"?/i.exec(link ?? '')?.[1]
  if (target === undefined || !URL.canParse(target, 'https://tenant.invalid')) return undefined
  const from = new URL(target, 'https://tenant.invalid').searchParams.get('from')
  return from !== null && /^[A-Za-z0-9_-]{1,200}$/.test(from) ? from : undefined
}

function pages(api: ManagementApi, path: string, fixed: Query, what: string) {
  return async (query: Query) => (await api.get(path, {...fixed, ...query}, {what})).body
}

async function absentAs404<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isCode(error, 'auth0.not_found')) return undefined
    throw error
  }
}

/**
 * One path segment, whatever is in it: identifiers of APIs are URLs, user ids hold pipes.
 *
 * @throws {StanchError} `input.invalid` for `.` and `..`, which servers take as steps in the path however they are written
 */
export function segment(value: string): string {
  if (value === '' || value === '.' || value === '..') throw new StanchError('input.invalid', `${quoted(value)} is not an id.`)
  return encodeURIComponent(value)
}
