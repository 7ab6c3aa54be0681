import {randomUUID} from 'node:crypto'

import {parseClientCredential} from '../../src/auth0/resources/credential.ts'
import {parseClientGrant} from '../../src/auth0/resources/client-grant.ts'
import {parseClient} from '../../src/auth0/resources/client.ts'
import {parseOrganization} from '../../src/auth0/resources/organization.ts'
import {parseResourceServer} from '../../src/auth0/resources/resource-server.ts'
import type {Plan} from '../../src/incident/plan.ts'
import type {TenantSnapshot} from '../../src/incident/tenant-snapshot.ts'
import {tokenPaths, type TokenPath} from '../../src/incident/token-paths.ts'
import type {SimulatedTenant} from '../../src/simulator/tenant.ts'
import {tokenEndpoint} from '../../src/simulator/token-endpoint.ts'
import {assertionBy, type Suspect} from './made-tenants.ts'

/** One request to the token endpoint, however it gets there. */
export type Ask = (body: Record<string, string>, authorization?: string) => Promise<{status: number; scope?: string}>

export interface Difference {
  readonly request: string
  readonly assessed: boolean
  readonly token: boolean
  readonly detail?: string
}

/** The very function that answers POST /oauth/token. */
export function inProcess(tenant: SimulatedTenant): Ask {
  return async (body, authorization) => {
    const headers = authorization === undefined ? {} : {authorization}
    const answer = await tokenEndpoint(tenant.world, {body, headers, ip: '127.0.0.1'})
    return {status: answer.status, scope: (answer.body as {scope?: string}).scope ?? ''}
  }
}

export function overHttp(origin: string): Ask {
  return async (body, authorization) => {
    const headers = {'content-type': 'application/json', ...(authorization === undefined ? {} : {authorization})}
    const answer = await fetch(`${origin}/oauth/token`, {method: 'POST', headers, body: JSON.stringify(body)})
    return {status: answer.status, scope: ((await answer.json()) as {scope?: string}).scope ?? ''}
  }
}

/** What `observe` reads, read inside: the tenant's own members through the same parsers. */
export function seenInside(tenant: SimulatedTenant, client_id: string): TenantSnapshot {
  const {world} = tenant
  const client = parseClient(tenant.clients().find((one) => one['client_id'] === client_id))
  const all = [...world.grants.values()]
  const grants = all.filter(({wire}) => wire.client_id === client_id)
  const defaults = all.filter(({wire}) => wire['default_for'] === 'third_party_clients')
  const servers = tenant.resourceServers().map((one) => parseResourceServer(one))
  const named = (id: string) => parseOrganization(world.organizations.get(id)?.wire)
  return {
    tenant: world.host,
    mode: 'sim',
    management_audience: world.audience,
    taken_at: new Date(world.time.ms()).toISOString(),
    operator: {scopes: ['read:clients', 'read:client_keys', 'read:client_credentials'], source: 'secret'},
    client,
    grants: grants.map(({wire}) => parseClientGrant(wire)),
    default_grants: defaults.map(({wire}) => parseClientGrant(wire)),
    organizations: Object.fromEntries(
      [...grants, ...defaults].map((grant) => [grant.wire.id, [...grant.organizations].map(named)]),
    ),
    resource_servers: Object.fromEntries(servers.map((server) => [server.identifier, server])),
    apis: servers.map((server) => ({
      identifier: server.identifier,
      ...(server.is_system === undefined ? {} : {is_system: server.is_system}),
      ...(server.subject_type_authorization?.client?.policy === undefined
        ? {}
        : {client_policy: server.subject_type_authorization.client.policy}),
      ...(server.subject_type_authorization?.user?.policy === undefined
        ? {}
        : {user_policy: server.subject_type_authorization.user.policy}),
    })),
    credentials: [...(world.clients.get(client_id)?.credentials.values() ?? [])].map(({wire}) => parseClientCredential(wire)),
    log: [],
    setting_changes: [],
    gaps: [],
  }
}

interface Holder {
  readonly credential: TokenPath['credential']
  readonly id?: string
  readonly proof: () => {body: Record<string, string>; authorization?: string}
}

/**
 * Sends every request that a holder of any of the client's credentials could send, and compares each answer with what the
 * assessment of the snapshot says: a token or none, and with which scopes.
 */
export async function compare(
  tenant: SimulatedTenant,
  suspect: Suspect,
  snapshot: TenantSnapshot,
  ask: Ask,
  after?: {readonly plan: Plan; readonly old_secret: string},
): Promise<{requests: number; tokens: number; differences: Difference[]}> {
  const paths = tokenPaths(snapshot, after?.plan)
  const differences: Difference[] = []
  let requests = 0
  let tokens = 0
  for (const holder of holdersOf(tenant, suspect, after?.old_secret)) {
    for (const audience of suspect.audiences) {
      // Of the new secret only those APIs are assessed whose own grant the plan takes.
      if (holder.credential === 'new_secret' && !stops(snapshot, after?.plan, audience)) continue
      for (const wish of wishesOf(tenant, suspect, audience)) {
        if (holder.credential === 'new_secret' && wish.grant_type !== 'client_credentials') continue
        const {body, authorization} = holder.proof()
        const answer = await ask({client_id: suspect.client_id, audience, ...wish, ...body}, authorization)
        requests++
        const token = answer.status === 200
        if (token) tokens++
        const path = paths.find((one) => leads(one, holder, audience, wish))
        const scopes = path && token ? scopeDifference(tenant, path, answer.scope ?? '') : undefined
        if ((path !== undefined) !== token || scopes !== undefined) {
          const request = `${holder.credential} ${holder.id ?? ''} ${wish.grant_type} ${audience} ${wish['organization'] ?? ''}`
          differences.push({request, assessed: path !== undefined, token, ...(scopes === undefined ? {} : {detail: scopes})})
        }
      }
    }
  }
  return {requests, tokens, differences}
}

function holdersOf(tenant: SimulatedTenant, suspect: Suspect, oldSecret: string | undefined): Holder[] {
  const {client_id} = suspect
  const client = tenant.world.clients.get(client_id)
  const method = client?.wire['token_endpoint_auth_method']
  if (method === 'none') return [{credential: 'none', proof: () => ({body: {}})}]
  const current = tenant.secretOf(client_id)
  const by = (secret: string) => () =>
    method === 'client_secret_basic'
      ? {body: {}, authorization: `Basic ${Buffer.from(`${client_id}:${secret}`).toString('base64')}`}
      : {body: {client_secret: secret}}
  const keys = [...suspect.keys].map(([id, key]): Holder => ({
    credential: 'key',
    id,
    proof: () => ({
      body: {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertionBy(key, client_id, tenant.world.issuer, tenant.world.time.now(), randomUUID()),
      },
    }),
  }))
  const rotated = oldSecret !== undefined && oldSecret !== current
  return [
    {credential: 'secret', proof: by(oldSecret ?? current)},
    ...(rotated ? [{credential: 'new_secret' as const, proof: by(current)}] : []),
    ...keys,
  ]
}

type Wish = Record<string, string> & {grant_type: string}

function wishesOf(tenant: SimulatedTenant, {client_id, organizations, user}: Suspect, audience: string): Wish[] {
  return [
    {grant_type: 'client_credentials'},
    ...organizations.map((organization) => ({grant_type: 'client_credentials', organization})),
    {grant_type: 'authorization_code', code: tenant.giveCode({client_id, user_id: user.id, audience})},
    {grant_type: 'password', username: user.name, password: user.password},
  ]
}

function leads(path: TokenPath, holder: Holder, audience: string, wish: Wish): boolean {
  if (!path.open || path.audience !== audience || path.credential !== holder.credential) return false
  if (path.credential_id !== holder.id || !path.grant_types.includes(wish.grant_type)) return false
  if ((wish.grant_type === 'client_credentials') !== (path.subject === 'client')) return false
  const {organization} = wish
  if (organization === undefined) return path.without_organization
  return path.organizations === 'any' || path.organizations.includes(organization)
}

function scopeDifference(tenant: SimulatedTenant, path: TokenPath, scope: string): string | undefined {
  const server = tenant.resourceServers().find((one) => one['identifier'] === path.audience)
  const all = ((server?.['scopes'] ?? []) as {value: string}[]).map((one) => one.value)
  const self = path.subject === 'user' && path.audience === tenant.world.audience
  const most = path.scopes === 'all' ? all : path.scopes
  const expected = most
    .filter((one) => !self || all.includes(one))
    .sort()
    .join(' ')
  const found = scope.split(' ').filter(Boolean).sort().join(' ')
  return expected === found ? undefined : `scopes assessed "${expected}", given "${found}"`
}

function stops(snapshot: TenantSnapshot, plan: Plan | undefined, audience: string): boolean {
  return (plan?.steps ?? []).some(
    (step) =>
      step.action === 'client_grant.delete' &&
      snapshot.grants.some(
        (grant) =>
          grant.id === step.args.grant_id && grant.audience === audience && (grant.subject_type ?? 'client') === 'client',
      ),
  )
}
