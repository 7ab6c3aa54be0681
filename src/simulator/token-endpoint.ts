import type {IncomingHttpHeaders} from 'node:http'
import {authenticateClient} from './client-authentication.ts'
import {grantTypeRefused, logRefusal, mint, references, signed, type Origin} from './issue.ts'
import type {SimClient, World} from './state.ts'
import {isObject, oauthError, type Answer, type Wire} from './wire.ts'

const NO_STORE = {'cache-control': 'no-store', pragma: 'no-cache'}

/** POST /oauth/token. */
export async function tokenEndpoint(
  world: World,
  request: {body: unknown; headers: IncomingHttpHeaders; ip: string; correlation_id?: string | undefined},
): Promise<Answer> {
  const body: Wire = isObject(request.body) ? request.body : {}
  const from: Origin = {
    ip: request.ip,
    user_agent: request.headers['user-agent'] ?? 'Other 0.0.0 / Other 0.0.0',
    correlation_id: request.correlation_id,
  }
  const answer = await exchange(world, body, request.headers.authorization, from)
  world.score.look()
  return {...answer, headers: {...NO_STORE, ...answer.headers}}
}

async function exchange(world: World, body: Wire, authorization: string | undefined, from: Origin): Promise<Answer> {
  const grantType = body['grant_type']
  if (typeof grantType !== 'string' || grantType === '') {
    return oauthError(400, 'invalid_request', 'Missing required parameter: grant_type')
  }
  const who = await authenticateClient(world, body, authorization)
  const wish = {audience: word(body['audience']), scope: word(body['scope']), organization: word(body['organization'])}
  if ('refusal' in who) {
    if (who.client && grantType === 'client_credentials') logRefusal(world, who.client, wish, from, who.refusal)
    if (who.client && grantType === 'authorization_code') logCode(world, who.client, from, who.refusal)
    return who.refusal
  }
  if (grantType === 'authorization_code') return codeExchange(world, who.client, body, from)
  if (grantType !== 'client_credentials') return oauthError(403, 'unsupported_grant_type', `Unsupported grant type: ${grantType}`)
  if (who.client.wire['token_endpoint_auth_method'] === 'none') {
    return oauthError(401, world.behaviour.token_refusal, 'Unauthorized')
  }
  if (refusedUnlogged(world, who.client, from)) return unlogged(world)
  const result = mint(world, who.client, wish, from)
  if ('refusal' in result) return result.refusal
  const {issued} = result
  return {
    status: 200,
    body: {
      access_token: signed(world, issued),
      ...(issued.scope ? {scope: issued.scope} : {}),
      expires_in: issued.exp - world.time.now(),
      token_type: 'Bearer',
    },
    effect: {operation: 'token', ids: [who.client.wire.client_id, issued.audience]},
  }
}

/**
 * Nobody logs in here, so no code was ever given out: every exchange fails, and how it fails tells whether the
 * client's secret was right.
 */
function codeExchange(world: World, client: SimClient, body: Wire, from: Origin): Answer {
  const grantTypes = client.wire['grant_types']
  const answer =
    Array.isArray(grantTypes) && !grantTypes.includes('authorization_code')
      ? grantTypeRefused('authorization_code')
      : typeof body['code'] !== 'string'
        ? oauthError(400, 'invalid_request', 'Missing required parameter: code')
        : oauthError(403, 'invalid_grant', 'Invalid authorization code')
  logCode(world, client, from, answer)
  return answer
}

function logCode(world: World, client: SimClient, from: Origin, refusal: Answer): void {
  const body = refusal.body as {error_description?: string}
  world.logs.add({
    type: 'feacft',
    description: body.error_description ?? '',
    client_id: client.wire.client_id,
    client_name: client.wire['name'],
    ip: from.ip,
    hostname: world.host,
    user_agent: from.user_agent,
    details: {},
    isMobile: false,
    ...references(from),
  })
}

/** Minting with somebody else's credential is an act: when it says which intent it belongs to, that must be on disk. */
function refusedUnlogged(world: World, client: SimClient, from: Origin): boolean {
  if (!world.intentOnDisk || !from.correlation_id || client.wire.client_id === world.operatorId) return false
  return !world.intentOnDisk(from.correlation_id)
}

function unlogged(world: World): Answer {
  world.unlogged++
  return oauthError(418, 'stanch_unlogged', 'No intent on disk carries this correlation id.')
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
