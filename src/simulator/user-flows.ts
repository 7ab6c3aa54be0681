import {issue, noGrant, policyRefused, references, ruleFor, scopesOf, scopesOfApi, type Issued, type Origin} from './issue.ts'
import type {SimClient, World} from './state.ts'
import {oauthError, type Answer} from './wire.ts'

/** A token in a user's name, after the user has signed in. */
export interface UserWish {
  readonly user_id: string
  readonly audience: string
  /** Blank-separated; empty means all that may be had. */
  readonly scope: string
  readonly flow: 'authorization_code' | 'password'
}

/**
 * The API's policy for users decides: anybody, only clients with a user grant (their own before a default one), nobody.
 * What is asked beyond the grant is left out, as for a user who may do less.
 */
export function issueToUser(world: World, client: SimClient, wish: UserWish, from: Origin): {issued: Issued} | {refusal: Answer} {
  const {audience} = wish
  const server = world.resourceServer(audience)
  if (!server || server.wire.identifier !== audience) {
    return {refusal: oauthError(403, 'access_denied', `Service not found: ${audience}`)}
  }
  const rule = ruleFor(world, client, server, 'user')
  if (rule === 'deny_all') return {refusal: policyRefused(audience)}
  const grant = rule === 'allow_all' ? undefined : world.grantFor(client, audience, 'user')
  if (rule === 'require_client_grant' && !grant) return {refusal: noGrant(world, audience)}
  const most = grant ? scopesOf(world, grant) : scopesOfApi(world, audience)
  const own = audience === world.audience ? most.filter((scope) => /:current_user(_|$)/.test(scope)) : most
  const asked = wish.scope.split(' ').filter(Boolean)
  const scope = (asked.length === 0 ? own : own.filter((one) => asked.includes(one))).join(' ')
  const issued = issue(world, client.wire.client_id, server, scope, {subject: wish.user_id})
  world.logs.add({
    type: wish.flow === 'password' ? 'sepft' : 'seacft',
    description: '',
    client_id: client.wire.client_id,
    client_name: client.wire['name'],
    ip: from.ip,
    hostname: world.host,
    user_id: wish.user_id,
    user_agent: from.user_agent,
    audience,
    ...(scope ? {scope} : {}),
    details: world.behaviour.log_jti ? {access_token_jti: issued.jti} : null,
    isMobile: false,
    ...references(from),
  })
  return {issued}
}
