import type {ClientGrant} from '../auth0/resources/client-grant.ts'
import type {ClientCredential} from '../auth0/resources/credential.ts'
import type {LogEntry} from '../auth0/resources/log-entry.ts'
import type {Organization} from '../auth0/resources/organization.ts'
import type {ResourceServer} from '../auth0/resources/resource-server.ts'
import type {Operator, Tenant} from '../auth0/tenant.ts'
import {rfc3339Millis} from '../clock.ts'
import type {Clock} from '../clock.ts'
import {attempt} from './attempt.ts'
import {usesKey, type ApiAccess, type EvidenceGap, type OperatorFacts, type TenantSnapshot} from '../incident/tenant-snapshot.ts'

const LOG_PAGE = 100
const LOG_PAGES = 10
/** A search of the tenant log gives no more entries. */
export const SEARCH_LIMIT = LOG_PAGE * LOG_PAGES
/** A tenant with more is judged by these. */
const MAX_APIS = 500

/**
 * Reads everything a plan is computed from. Two rounds: what needs no other answer goes out together, then what needs
 * one. Nothing is changed and no secret is asked for. What a missing scope hides becomes an evidence gap.
 *
 * @param also audiences whose settings are read too: of grants that were deleted earlier in the incident
 * @throws auth0.not_found when there is no such client; auth0.scope_missing when clients or grants cannot be read at all
 */
export async function observe(
  tenant: Tenant,
  clientId: string,
  mode: 'real' | 'sim',
  clock: Clock,
  also: readonly string[] = [],
): Promise<TenantSnapshot> {
  const operator = await tenant.operator()
  const gaps: EvidenceGap[] = []
  const [client, grants, defaults, log, settings, apis, shownCredentials] = await Promise.all([
    tenant.getClient(clientId),
    tenant.listClientGrants({client_id: clientId}),
    attempt(() => tenant.listClientGrants({default_for: 'third_party_clients'}), gaps, {
      code: 'default_grants_unreadable',
      what: 'default grants for third-party applications',
    }),
    attempt(() => tenant.searchLogs({q: `client_id:"${clientId}"`, page: 0, per_page: LOG_PAGE}), gaps, {
      code: 'log_unreadable',
      what: 'the tenant log of this client',
    }),
    attempt(() => tenant.searchLogs({q: 'type:"sapi"', page: 0, per_page: LOG_PAGE}), gaps, {
      code: 'log_unreadable',
      what: 'changes that others made',
    }),
    readApis(tenant, gaps),
    operator.scopes.includes('read:client_credentials') ? readCredentials(tenant, clientId, gaps) : undefined,
  ])
  // Tokens that the log shows live on although no grant shows their API any more: its lifetime is needed all the same.
  const issued = (log ?? []).flatMap((entry) => (entry.type === 'seccft' && entry.audience !== undefined ? [entry.audience] : []))
  const audiences = new Set([...grants.map((grant) => grant.audience), ...also, ...issued])
  // A third-party application gets tokens by every default grant, also for APIs that it has no grant of its own for.
  const defaultGrants = (defaults ?? []).filter((grant) => client.is_first_party === false || audiences.has(grant.audience))
  if (client.is_first_party === false) for (const grant of defaultGrants) audiences.add(grant.audience)
  const [servers, organizations, older, olderSettings, credentials] = await Promise.all([
    readServers(tenant, [...audiences], gaps),
    readOrganizations(tenant, [...grants, ...(client.is_first_party === false ? defaultGrants : [])], gaps),
    log?.length === LOG_PAGE ? readOlder(tenant, `client_id:"${clientId}"`, 'entries of this client', gaps) : Promise.resolve([]),
    settings?.length === LOG_PAGE ? readOlder(tenant, 'type:"sapi"', 'changes that others made', gaps) : Promise.resolve([]),
    shownCredentials ?? (usesKey(client) ? readCredentials(tenant, clientId, gaps) : null),
  ])
  const serverTime = tenant.serverTime()
  return {
    tenant: tenant.origin.host,
    mode,
    management_audience: tenant.audience,
    taken_at: rfc3339Millis(clock.now()),
    ...(serverTime === undefined ? {} : {server_time: serverTime}),
    operator: operatorFacts(operator),
    client,
    grants,
    default_grants: defaultGrants,
    organizations,
    resource_servers: servers,
    apis,
    credentials,
    log: log === undefined ? null : [...log, ...older],
    setting_changes: settings === undefined ? null : [...settings, ...olderSettings],
    gaps: dedupe(gaps),
  }
}

export function operatorFacts(operator: Operator): OperatorFacts {
  return {
    ...(operator.client_id === undefined ? {} : {client_id: operator.client_id}),
    ...(operator.subject === undefined ? {} : {subject: operator.subject}),
    scopes: operator.scopes,
    ...(operator.exp === undefined ? {} : {exp: operator.exp}),
    source: operator.source,
  }
}

export async function readServers(
  tenant: Tenant,
  audiences: readonly string[],
  gaps: EvidenceGap[],
): Promise<Record<string, ResourceServer | null>> {
  const found = await Promise.all(
    audiences.map(async (audience): Promise<[string, ResourceServer | null] | undefined> => {
      const missed: EvidenceGap[] = []
      const server = await attempt(() => tenant.getResourceServer(audience), missed, {
        code: 'lifetime_unreadable',
        what: `settings of the API ${audience}`,
      })
      gaps.push(...missed)
      if (missed.length > 0) return [audience, null]
      return server ? [audience, server] : undefined
    }),
  )
  return Object.fromEntries(found.filter((one) => one !== undefined))
}

/** Whom each API of the tenant lets in; without what concerns no path, and bounded. */
async function readApis(tenant: Tenant, gaps: EvidenceGap[]): Promise<readonly ApiAccess[] | null> {
  const what = 'which APIs let applications in without a grant'
  const read = async () => {
    const found: ApiAccess[] = []
    for await (const server of tenant.listResourceServers()) {
      if (found.length === MAX_APIS) {
        gaps.push({
          code: 'apis_cut',
          what,
          why: `the tenant has more than ${MAX_APIS} APIs; the first ${MAX_APIS} were looked at`,
        })
        break
      }
      found.push(accessOf(server))
    }
    return found
  }
  return (await attempt(read, gaps, {code: 'apis_unreadable', what})) ?? null
}

function accessOf(server: ResourceServer): ApiAccess {
  const {client, user} = server.subject_type_authorization ?? {}
  return {
    identifier: server.identifier,
    ...(server.name === undefined ? {} : {name: server.name}),
    ...(server.is_system === undefined ? {} : {is_system: server.is_system}),
    ...(client?.policy === undefined ? {} : {client_policy: client.policy}),
    ...(user?.policy === undefined ? {} : {user_policy: user.policy}),
    ...(server.token_lifetime === undefined ? {} : {token_lifetime: server.token_lifetime}),
  }
}

/** Keys of the client; null when they could not be read. */
async function readCredentials(
  tenant: Tenant,
  clientId: string,
  gaps: EvidenceGap[],
): Promise<readonly ClientCredential[] | null> {
  const what = 'the keys of this client, and until when they are good'
  return (await attempt(() => tenant.listCredentials(clientId), gaps, {code: 'credentials_unreadable', what})) ?? null
}

/** Ties of each grant that organisations may use; null where they could not be read. */
async function readOrganizations(
  tenant: Tenant,
  grants: readonly ClientGrant[],
  gaps: EvidenceGap[],
): Promise<Record<string, readonly Organization[] | null>> {
  const tied = grants.filter((grant) => (grant.organization_usage ?? 'deny') !== 'deny')
  const found = await Promise.all(
    tied.map(async (grant): Promise<[string, readonly Organization[] | null]> => {
      const ties = await attempt(() => tenant.listGrantOrganizations(grant.id), gaps, {
        code: 'ties_unreadable',
        what: `organisations tied to grant ${grant.id}`,
      })
      return [grant.id, ties ?? null]
    }),
  )
  return Object.fromEntries(found)
}

/** The remaining pages of the newest 1,000 entries, all at once: search mode gives no more than that. */
async function readOlder(tenant: Tenant, q: string, what: string, gaps: EvidenceGap[]): Promise<LogEntry[]> {
  const pages = await Promise.all(
    Array.from({length: LOG_PAGES - 1}, (_, index) =>
      attempt(() => tenant.searchLogs({q, page: index + 1, per_page: LOG_PAGE}), gaps, {
        code: 'log_incomplete',
        what: `older entries of the tenant log: ${what}`,
      }),
    ),
  )
  const entries = pages.flatMap((page) => page ?? [])
  if (entries.length >= LOG_PAGE * (LOG_PAGES - 1)) {
    gaps.push({
      code: 'log_cut',
      what: `beyond the newest 1,000: ${what}`,
      why: 'the log search gives no more than 1,000',
    })
  }
  return entries
}

function dedupe(gaps: readonly EvidenceGap[]): EvidenceGap[] {
  return [...new Map(gaps.map((gap) => [`${gap.code} ${gap.what}`, gap])).values()]
}
