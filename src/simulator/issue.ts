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
  const grant = world.grantFor(client, wish.audience ?? '')
  if (!server || !grant) return {refusal: oauthError(500, 'server_error', 'The grant went away.')}
  const scope = wish.scope ? wish.scope.split(' ').filter(Boolean) : scopesOf(world, grant)
  const issued = issue(world, client.wire.client_id, server, scope.join(' '), {organization: wish.organization})
  logIssuance(world, client, issued, from, wish.organization)
  return {issued}
}

/** What the grant allows; with `allow_all_scopes` whatever its API has. */
export function scopesOf(world: World, grant: SimGrant): readonly string[] {
  if (grant.wire['allow_all_scopes'] === true) {
    const scopes = world.resourceServer(grant.wire.audience)?.wire['scopes']
    return Array.isArray(scopes) ? scopes.map((one: {value?: unknown}) => String(one.value)) : []
  }
  return (grant.wire['scope'] as readonly string[] | undefined) ?? []
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
  const policy = (server.wire['subject_type_authorization'] as {client?: {policy?: string}} | undefined)?.client?.policy
  if (policy === 'deny_all') {
    return oauthError(403, 'access_denied', `Client access to "${wish.audience}" is denied by the API's policy.`)
  }
  const grant = world.grantFor(client, wish.audience)
  if (!grant) return oauthError(403, 'access_denied', noGrantText(world, wish.audience))
  const allowed = scopesOf(world, grant)
  const missing = (wish.scope ?? '').split(' ').filter((one) => one && !allowed.includes(one))
  if (missing.length > 0) return oauthError(403, 'access_denied', `Client has not been granted scopes: ${missing.join(', ')}`)
  return refuseOrganization(world, grant, wish.organization)
}

function refuseOrganization(world: World, grant: SimGrant, organization: string | undefined): Answer | undefined {
  const usage = grant.wire['organization_usage'] ?? 'deny'
  if (!organization) {
    return usage === 'require'
      ? oauthError(403, 'access_denied', 'parameter organization is required for this client')
      : undefined
  }
  if (usage === 'deny') return oauthError(403, 'access_denied', 'parameter organization is not allowed for this client')
  const found = [...world.organizations.values()].find(({wire}) => wire.id === organization || wire.name === organization)
  if (!found) return oauthError(403, 'access_denied', `Organization not found: ${organization}`)
  if (grant.wire['allow_any_organization'] === true || grant.organizations.has(found.wire.id)) return undefined
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
      type: 'seccft',
      description: '',
      connection_id: '',
      client_id: client.wire.client_id,
      client_name: client.wire['name'],
      ip: from.ip,
      hostname: world.host,
      user_id: '',
      user_name: '',
      user_agent: from.user_agent,
      audience: issued.audience,
      ...(issued.scope ? {scope: issued.scope} : {}),
      ...(organization ? {organization_id: organization} : {}),
      details: world.behaviour.log_jti ? {access_token_jti: issued.jti} : null,
      isMobile: false,
      ...references(from),
    },
    at,
  )
}

export function logRefusal(world: World, client: SimClient, wish: TokenWish, from: Origin, refusal: Answer): void {
  const body = refusal.body as {error_description?: string}
  world.logs.add({
    type: 'feccft',
    description: body.error_description ?? '',
    connection_id: '',
    client_id: client.wire.client_id,
    client_name: client.wire['name'],
    ip: from.ip,
    hostname: world.host,
    user_id: '',
    user_name: '',
    user_agent: from.user_agent,
    ...(wish.audience ? {audience: wish.audience} : {}),
    details: {error: {message: body.error_description ?? ''}},
    isMobile: false,
    ...references(from),
  })
}

export function references(from: {correlation_id?: string | undefined}): Wire {
  return from.correlation_id ? {references: {correlation_id: from.correlation_id.slice(0, 64)}} : {}
}
