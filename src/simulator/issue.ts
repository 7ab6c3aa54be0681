import {signToken} from './keys.ts'
import type {SimClient, SimGrant, SimResourceServer, World} from './state.ts'
import {oauthError, type Answer, type Wire, textOf} from './wire.ts'

/** A token before it is signed: the attacker and the consumer need no more than its claims. */
export interface Issued {
  readonly jti: string
  readonly exp: number
  readonly audience: string
  readonly client_id: string
  readonly scope: string
  readonly claims: Wire
}

/** From where a token request comes, for the log. */
export interface Origin {
  readonly ip: string
  readonly user_agent: string
  readonly correlation_id?: string | undefined
}

export interface TokenWish {
  readonly audience: string | undefined
  readonly scope?: string | undefined
  readonly organization?: string | undefined
}

/** A client_credentials request whose client has proven who it is: a token, or the refusal Auth0 gives. Logs either. */
export function mint(world: World, client: SimClient, wish: TokenWish, from: Origin): {issued: Issued} | {refusal: Answer} {
  const refusal = refuse(world, client, wish)
  if (refusal) {
    logRefusal(world, client, wish, from, refusal)
    return {refusal}
  }
  const server = world.resourceServer(wish.audience ?? '')
  if (!server) return {refusal: oauthError(500, 'server_error', 'The API went away.')}
  const open = ruleFor(world, client, server, 'client') === 'allow_all'
  const grant = open ? undefined : world.grantFor(client, server.wire.identifier)
  const allowed = grant ? scopesOf(world, grant) : scopesOfApi(world, server.wire.identifier)
  const scope = wish.scope ? wish.scope.split(' ').filter(Boolean) : allowed
  const organization = wish.organization ?? (grant && standingOrganization(world, client, grant))
  const issued = issue(world, client.wire.client_id, server, scope.join(' '), {organization})
  logIssuance(world, client, issued, from, organization)
  return {issued}
}

/** What the grant allows; with `allow_all_scopes` whatever its API has. */
export function scopesOf(world: World, grant: SimGrant): readonly string[] {
  if (grant.wire['allow_all_scopes'] === true) return scopesOfApi(world, grant.wire.audience)
  return (grant.wire['scope'] as readonly string[] | undefined) ?? []
}

export function scopesOfApi(world: World, audience: string): readonly string[] {
  const scopes = world.resourceServer(audience)?.wire['scopes']
  return Array.isArray(scopes) ? scopes.map((one: {value?: unknown}) => String(one.value)) : []
}

/**
 * The API's policy as it meets this client. A third-party client in strict mode always wants a grant and never reaches a
 * system API; in permissive mode, or without one, the policy counts.
 */
export function ruleFor(
  world: World,
  client: SimClient,
  server: SimResourceServer,
  subject: 'client' | 'user',
): 'allow_all' | 'require_client_grant' | 'deny_all' {
  const strict = client.wire['is_first_party'] === false && client.wire['third_party_security_mode'] === 'strict'
  if (strict && (server.wire['is_system'] === true || server.wire.identifier === world.audience)) return 'deny_all'
  const policies = server.wire['subject_type_authorization'] as Record<string, {policy?: string} | undefined> | undefined
  const policy = policies?.[subject]?.policy ?? (subject === 'client' ? 'require_client_grant' : 'allow_all')
  if (policy === 'deny_all') return 'deny_all'
  return policy === 'require_client_grant' || strict ? 'require_client_grant' : 'allow_all'
}

/** The refusal of a token request, nothing logged; undefined when a token would be given. */
export function refuse(world: World, client: SimClient, wish: TokenWish): Answer | undefined {
  const grantTypes = client.wire['grant_types']
  if (Array.isArray(grantTypes) && !grantTypes.includes('client_credentials')) return grantTypeRefused('client_credentials')
  if (!wish.audience) return oauthError(403, 'access_denied', 'Non-global clients are not allowed access to APIv1')
  const server = world.resourceServer(wish.audience)
  if (!server || server.wire.identifier !== wish.audience) {
    return oauthError(403, 'access_denied', `Service not found: ${wish.audience}`)
  }
  const rule = ruleFor(world, client, server, 'client')
  if (rule === 'deny_all') return policyRefused(wish.audience)
  const grant = rule === 'allow_all' ? undefined : world.grantFor(client, wish.audience)
  if (rule === 'require_client_grant' && !grant) return noGrant(world, wish.audience)
  const allowed = grant ? scopesOf(world, grant) : scopesOfApi(world, wish.audience)
  const missing = (wish.scope ?? '').split(' ').filter((one) => one && !allowed.includes(one))
  if (missing.length > 0) return oauthError(403, 'access_denied', `Client has not been granted scopes: ${missing.join(', ')}`)
  if (grant) return refuseOrganization(world, client, grant, wish.organization)
  return wish.organization ? organizationNotAllowed() : undefined
}

export function policyRefused(audience: string): Answer {
  return oauthError(403, 'access_denied', `Client access to "${audience}" is denied by the API's policy.`)
}

export function noGrant(world: World, audience: string): Answer {
  return oauthError(403, 'access_denied', noGrantText(world, audience))
}

function organizationNotAllowed(): Answer {
  return oauthError(403, 'access_denied', 'parameter organization is not allowed for this client')
}

function serves(grant: SimGrant, organization: string): boolean {
  return grant.wire['allow_any_organization'] === true || grant.organizations.has(organization)
}

/** The client's default organisation stands in where a request names none and the grant may be used for it. */
function standingOrganization(world: World, client: SimClient, grant: SimGrant): string | undefined {
  if ((grant.wire['organization_usage'] ?? 'deny') === 'deny') return undefined
  const wire = client.wire['default_organization'] as {organization_id?: string; flows?: readonly string[]} | undefined
  const id = wire?.flows?.includes('client_credentials') === true ? wire.organization_id : undefined
  return id !== undefined && world.organizations.has(id) && serves(grant, id) ? id : undefined
}

function refuseOrganization(
  world: World,
  client: SimClient,
  grant: SimGrant,
  organization: string | undefined,
): Answer | undefined {
  const usage = grant.wire['organization_usage'] ?? 'deny'
  if (!organization) {
    return usage === 'require' && standingOrganization(world, client, grant) === undefined
      ? oauthError(403, 'access_denied', 'parameter organization is required for this client')
      : undefined
  }
  if (usage === 'deny') return organizationNotAllowed()
  const found = [...world.organizations.values()].find(({wire}) => wire.id === organization || wire.name === organization)
  if (!found) return oauthError(403, 'access_denied', `Organization not found: ${organization}`)
  if (serves(grant, found.wire.id)) return undefined
  return oauthError(403, 'access_denied', `Client is not authorized to access organization "${organization}".`)
}

export function grantTypeRefused(grantType: string): Answer {
  return oauthError(403, 'unauthorized_client', `Grant type '${grantType}' not allowed for the client.`, {
    error_uri: 'https://auth0.com/docs/clients/client-grant-types',
  })
}

function noGrantText(world: World, audience: string): string {
  const advice = world.behaviour.no_grant_wording === 'old' ? 'You might probably want to create' : 'You need to create'
  return (
    `Client is not authorized to access "${audience}". ${advice} a "client-grant" associated to this API. ` +
    'See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants'
  )
}

/**
 * @param options.at NumericDate of issue, default now
 * @param options.lifetime seconds, default the API's `token_lifetime`
 */
export function issue(
  world: World,
  client_id: string,
  server: SimResourceServer,
  scope: string,
  options: {at?: number; lifetime?: number; organization?: string | undefined; subject?: string} = {},
): Issued {
  const iat = options.at ?? world.time.now()
  const exp = iat + (options.lifetime ?? Number(server.wire['token_lifetime'] ?? 86_400))
  const jti = world.random.jti()
  const rfc9068 = textOf(server.wire['token_dialect']).startsWith('rfc9068')
  const machine = options.subject === undefined
  const claims: Wire = {
    iss: world.issuer,
    sub: options.subject ?? `${client_id}@clients`,
    aud: server.wire.identifier,
    iat,
    exp,
    ...(scope ? {scope} : {}),
    ...(options.organization ? {org_id: options.organization} : {}),
    ...(rfc9068 ? {client_id} : machine ? {gty: 'client-credentials', azp: client_id} : {azp: client_id}),
    ...(rfc9068 || world.behaviour.token_jti ? {jti} : {}),
  }
  if (textOf(server.wire['token_dialect']).endsWith('authz')) claims['permissions'] = scope.split(' ').filter(Boolean)
  return {jti, exp, audience: server.wire.identifier, client_id, scope, claims}
}

/** The token as text; remembered, so that leak tests can look for it. */
export function signed(world: World, issued: Issued): string {
  const server = world.resourceServer(issued.audience)
  const rfc9068 = textOf(server?.wire['token_dialect']).startsWith('rfc9068')
  const token = signToken(world.key, issued.claims, {
    alg: textOf(server?.wire['signing_alg'], 'RS256'),
    typ: rfc9068 ? 'at+jwt' : 'JWT',
    hmacSecret: server?.wire['signing_secret'] as string | undefined,
  })
  world.everySecret.add(token)
  world.tokenJti.set(token, issued.jti)
  return token
}

export function logIssuance(
  world: World,
  client: SimClient,
  issued: Issued,
  from: Origin,
  organization?: string,
  at?: number,
): void {
  world.logs.add(
    {
      ...tokenEvent(world, client, from),
      type: 'seccft',
      description: '',
      audience: issued.audience,
      ...(issued.scope ? {scope: issued.scope} : {}),
      ...(organization ? {organization_id: organization} : {}),
      details: world.behaviour.log_jti ? {access_token_jti: issued.jti} : null,
    },
    at,
  )
}

export function logRefusal(world: World, client: SimClient, wish: TokenWish, from: Origin, refusal: Answer): void {
  const {error_description: description = ''} = refusal.body as {error_description?: string}
  world.logs.add({
    ...tokenEvent(world, client, from),
    type: 'feccft',
    description,
    ...(wish.audience ? {audience: wish.audience} : {}),
    details: {error: {message: description}},
  })
}

/** What issuance and refusal have in common. */
function tokenEvent(world: World, client: SimClient, from: Origin): Wire {
  return {
    connection_id: '',
    client_id: client.wire.client_id,
    client_name: client.wire['name'],
    ip: from.ip,
    hostname: world.host,
    user_id: '',
    user_name: '',
    user_agent: from.user_agent,
    isMobile: false,
    ...references(from),
  }
}

export function references(from: {correlation_id?: string | undefined}): Wire {
  return from.correlation_id ? {references: {correlation_id: from.correlation_id.slice(0, 64)}} : {}
}
