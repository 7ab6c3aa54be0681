import type {ClientGrant} from '../auth0/resources/client-grant.ts'
import {subjectOf, type ApiAccess, type TenantSnapshot} from './tenant-snapshot.ts'

/** One way by which the client is let in to an API, whoever proves to be the client. */
export interface Access {
  readonly via: 'client_grant' | 'default_third_party_grant' | 'allow_all'
  readonly grant?: ClientGrant
  readonly open: boolean
  readonly why: string
  readonly without_organization: boolean
  readonly organizations: readonly string[] | 'any'
  readonly scopes: readonly string[] | 'all'
}

/**
 * What lets this client in to one API, in the client's own name or in a user's. The client's own grant goes before a default
 * grant for third-party applications; an API whose policy is `allow_all` asks for neither.
 *
 * @param left the client's own grants as they are, or as they will be
 */
export function accessRows(
  snapshot: TenantSnapshot,
  left: readonly ClientGrant[],
  audience: string,
  subject: 'client' | 'user',
): Access[] {
  const {client} = snapshot
  const own = left.find((grant) => grant.audience === audience && subjectOf(grant) === subject)
  const shared =
    client.is_first_party === false
      ? snapshot.default_grants.find((grant) => grant.audience === audience && subjectOf(grant) === subject)
      : undefined
  const rule = ruleOf(snapshot, audience, subject)
  const rows: Access[] = []
  if (rule.lets === 'all') {
    rows.push({via: 'allow_all', open: true, why: rule.why, without_organization: true, organizations: [], scopes: rule.scopes})
  }
  for (const [via, grant] of [
    ['client_grant', own],
    ['default_third_party_grant', shared],
  ] as const) {
    if (!grant) continue
    const shadowed = via === 'default_third_party_grant' && own !== undefined
    const organization = organizationsOf(snapshot, grant)
    const closed =
      rule.lets === 'nobody'
        ? rule.why
        : rule.lets === 'all'
          ? `not needed: ${rule.why}; deleting it closes nothing`
          : shadowed
            ? 'the own grant goes before it; once that is deleted this one takes over'
            : !organization.without_organization &&
                organization.organizations !== 'any' &&
                organization.organizations.length === 0
              ? 'it wants an organisation and is tied to none'
              : undefined
    rows.push({
      via,
      grant,
      open: closed === undefined,
      why: closed ?? openWhy(via, grant),
      ...organization,
      scopes: within(rule.scopes, grant.allow_all_scopes ? 'all' : (grant.scope ?? [])),
    })
  }
  return rows
}

function openWhy(via: Access['via'], grant: ClientGrant): string {
  if (via === 'client_grant')
    return grant.is_system ? 'a system grant, which Auth0 does not let anybody delete' : `the client's own grant ${grant.id}`
  return `the default grant ${grant.id} for third-party applications; it serves others, too`
}

/** All that users get at the Management API (Auth0's page on Management API tokens for single-page applications). */
const CURRENT_USER = [
  'read:current_user',
  'update:current_user_identities',
  'create:current_user_metadata',
  'update:current_user_metadata',
  'create:current_user_device_credentials',
  'delete:current_user_device_credentials',
]

function within(most: Access['scopes'], scopes: Access['scopes']): Access['scopes'] {
  return most === 'all' ? scopes : scopes === 'all' ? most : scopes.filter((one) => most.includes(one))
}

interface Rule {
  readonly lets: 'all' | 'granted' | 'nobody'
  readonly why: string
  /** The most that anybody gets there. */
  readonly scopes: Access['scopes']
}

/**
 * The API's policy as it meets this client. Defaults where none is shown: machine access wants a grant, users' access lets
 * all applications in. A third-party application in strict mode always wants a grant and never reaches a system API; in
 * permissive mode, and where the mode is not shown, the API's policy counts.
 */
function ruleOf(snapshot: TenantSnapshot, audience: string, subject: 'client' | 'user'): Rule {
  const {client} = snapshot
  const api = apiOf(snapshot, audience)
  const system = api?.is_system === true || audience === snapshot.management_audience
  const strict = client.is_first_party === false && client.third_party_security_mode === 'strict'
  // Users get no more at the Management API than what concerns themselves.
  const own = subject === 'user' && audience === snapshot.management_audience
  const scopes = own ? CURRENT_USER : 'all'
  if (strict && system)
    return {lets: 'nobody', why: 'a third-party application in strict mode never reaches a system API', scopes}
  const shown = subject === 'client' ? api?.client_policy : api?.user_policy
  const policy = shown ?? (subject === 'client' ? 'require_client_grant' : 'allow_all')
  if (policy === 'deny_all') return {lets: 'nobody', why: `the API denies ${whom(subject)} (deny_all)`, scopes}
  if (policy === 'require_client_grant' || strict) return {lets: 'granted', why: 'the API wants a grant', scopes}
  const why =
    policy === 'allow_all'
      ? `the API lets every application in for ${whom(subject)} (allow_all)`
      : `the API has a policy for ${whom(subject)} that is not known here, so it counts as open`
  return {lets: 'all', why: own ? `${why}, with the scopes of one's own user only` : why, scopes}
}

function whom(subject: 'client' | 'user'): string {
  return subject === 'client' ? 'machine access' : 'access of users'
}

function apiOf({apis, resource_servers}: TenantSnapshot, audience: string): ApiAccess | undefined {
  const listed = apis?.find((api) => api.identifier === audience)
  if (listed) return listed
  const server = Object.hasOwn(resource_servers, audience) ? resource_servers[audience] : undefined
  if (!server) return undefined
  const {client, user} = server.subject_type_authorization ?? {}
  return {
    identifier: server.identifier,
    ...(server.is_system === undefined ? {} : {is_system: server.is_system}),
    ...(client?.policy === undefined ? {} : {client_policy: client.policy}),
    ...(user?.policy === undefined ? {} : {user_policy: user.policy}),
  }
}

/** Which requests a grant serves: without an organisation, and for which ones. Ties that could not be read count as any. */
function organizationsOf(snapshot: TenantSnapshot, grant: ClientGrant): Pick<Access, 'without_organization' | 'organizations'> {
  const usage = grant.organization_usage ?? 'deny'
  if (usage === 'deny' || subjectOf(grant) === 'user') return {without_organization: true, organizations: []}
  const ties = snapshot.organizations[grant.id]
  const organizations = grant.allow_any_organization || !ties ? 'any' : ties.map((one) => one.id)
  const standing = snapshot.client.default_organization
  const stands =
    standing?.flows.includes('client_credentials') === true &&
    (organizations === 'any' || organizations.includes(standing.organization_id))
  return {without_organization: usage !== 'require' || stands, organizations}
}
