import type {Tenant} from '../auth0/tenant.ts'
import {SCOPES} from '../auth0/scopes-data.ts'
import {isCode, StanchError} from '../errors.ts'
import type {Sets} from '../incident/hunt/condition.ts'
import type {HuntResult} from '../incident/hunt/findings.ts'
import type {Recorded} from '../incident/reconcile/facts.ts'

type Gap = HuntResult['not_seen'][number]

/** What a hunt knows about the tenant, and which questions it is blind for, and why. */
export interface Filled {
  readonly sets: Sets
  readonly not_seen: readonly Gap[]
}

/** What a tenant is asked for. Only GETs, none of which shows a secret. */
export type Asked = Pick<Tenant, 'audience' | 'listClients' | 'listCustomDomains' | 'listNetworkAcls'>

/** The application that gives administrators a token with all scopes; Auth0 makes it under this name. */
const EXPLORER = 'API Explorer Application'
/** Applications that are looked through for it and for the global client. */
const MAX_CLIENTS = 500

/** What is known as our own, what a person named as known, and what counts as a critical scope. */
export function huntSets(recorded: Recorded, known: readonly string[], ownClient?: string): Sets {
  const own_clients = new Set(
    [...recorded.tokens.map(({client_id}) => client_id), ownClient ?? ''].filter((id) => id !== '' && id !== 'none'),
  )
  return {
    own_correlation_ids: new Set(recorded.intents.map(({correlation_id}) => correlation_id)),
    own_tokens: new Set(recorded.tokens.flatMap(({jti}) => jti ?? [])),
    own_clients,
    trusted_clients: own_clients,
    known_allowlist: new Set(known),
    critical_scopes: new Set(Object.entries(SCOPES).flatMap(([scope, [severity]]) => (severity === 'critical' ? [scope] : []))),
  }
}

/** What the tenant itself says, as far as our scopes let us read it. Without a connection every such question is blind. */
export async function tenantSets(tenant: Asked | undefined): Promise<Filled> {
  if (!tenant)
    return {sets: {}, not_seen: [...GAPS.values()].map((what) => ({what, why: 'no connection to the tenant was given'}))}
  const not_seen: Gap[] = []
  const asked = async <T>(of: Of, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof StanchError) || isCode(error, 'interrupted')) throw error
      not_seen.push({what: GAPS.get(of) ?? of, why: error.message})
      return undefined
    }
  }
  const [clients, hosts, acls] = [
    await asked('clients', () => namedClients(tenant)),
    await asked('hosts', () => canonicalHosts(tenant)),
    await asked('acls', async () => (await tenant.listNetworkAcls()).map(({id}) => id)),
  ]
  if (clients?.cut)
    not_seen.push({
      what: GAPS.get('clients') ?? '',
      why: `it has more than ${MAX_CLIENTS} applications, and the rest was not read`,
    })
  return {
    sets: {
      ...(clients ? {explorer_clients: new Set(clients.explorer), dashboard_clients: new Set(clients.dashboard)} : {}),
      ...(hosts ? {canonical_hosts: new Set(hosts)} : {}),
      ...(acls ? {fence_acls: new Set(acls)} : {}),
    },
    not_seen,
  }
}

type Of = 'clients' | 'hosts' | 'acls'

const GAPS: ReadonlyMap<Of, string> = new Map([
  ['clients', 'H7 and H12: an API Explorer under another name, and the global client, which is left out where it is known'],
  ['hosts', 'H27: logins past a custom domain'],
  ['acls', 'H29: what the access control lists matched; changes of them are seen'],
])

async function namedClients(tenant: Asked) {
  const [explorer, dashboard]: [string[], string[]] = [[], []]
  let read = 0
  for await (const {client_id, name, global} of tenant.listClients()) {
    if (name === EXPLORER) explorer.push(client_id)
    if (global === true) dashboard.push(client_id)
    if (++read >= MAX_CLIENTS) return {explorer, dashboard, cut: true}
  }
  return {explorer, dashboard, cut: false}
}

/** The tenant's own host, where a custom domain is in use; none where there is no other way in. */
async function canonicalHosts(tenant: Asked): Promise<string[]> {
  const domains = await tenant.listCustomDomains()
  return domains.some(({status}) => status === undefined || status === 'ready') ? [new URL(tenant.audience).host] : []
}
