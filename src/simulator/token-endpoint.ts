import type {IncomingHttpHeaders} from 'node:http'
import {authenticateClient} from './client-authentication.ts'
import {grantTypeRefused, logRefusal, mint, references, signed, type Issued, type Origin} from './issue.ts'
import type {SimClient, World} from './state.ts'
import {issueToUser, type UserWish} from './user-flows.ts'
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
    if (who.client && grantType === 'authorization_code') logUserRefusal(world, who.client, from, who.refusal, 'feacft')
    return who.refusal
  }
  if (grantType === 'authorization_code') return codeExchange(world, who.client, body, from)
  if (grantType === 'password') return passwordExchange(world, who.client, body, from)
  if (grantType !== 'client_credentials') return oauthError(403, 'unsupported_grant_type', `Unsupported grant type: ${grantType}`)
  if (who.client.wire['token_endpoint_auth_method'] === 'none') {
    return oauthError(401, world.behaviour.token_refusal, 'Unauthorized')
  }
  if (refusedUnlogged(world, who.client, from)) return unlogged(world)
  const result = mint(world, who.client, wish, from)
  if ('refusal' in result) return result.refusal
  return granted(world, result.issued)
}

function granted(world: World, issued: Issued): Answer {
  return {
    status: 200,
    body: {
      access_token: signed(world, issued),
      ...(issued.scope ? {scope: issued.scope} : {}),
      expires_in: issued.exp - world.time.now(),
      token_type: 'Bearer',
    },
    effect: {operation: 'token', ids: [issued.client_id, issued.audience]},
  }
}

/** How the exchange of a code that was never given out fails tells whether the client's secret was right. */
function codeExchange(world: World, client: SimClient, body: Wire, from: Origin): Answer {
  const missing = grantTypeMissing(client, 'authorization_code')
  const code = word(body['code'])
  const given = code === undefined ? undefined : world.codes.get(code)
  if (code !== undefined && given?.client_id === client.wire.client_id && !missing) {
    world.codes.delete(code)
    return toUser(world, client, {...given, flow: 'authorization_code'}, from)
  }
  const answer = missing
    ? grantTypeRefused('authorization_code')
    : code === undefined
      ? oauthError(400, 'invalid_request', 'Missing required parameter: code')
      : oauthError(403, 'invalid_grant', 'Invalid authorization code')
  logUserRefusal(world, client, from, answer, 'feacft')
  return answer
}

function passwordExchange(world: World, client: SimClient, body: Wire, from: Origin): Answer {
  const missing = grantTypeMissing(client, 'password')
  const user = world.users.get(word(body['username']) ?? '')
  if (user && user.password === body['password'] && !missing) {
    const wish = {user_id: user.user_id, audience: word(body['audience']) ?? '', scope: word(body['scope']) ?? ''}
    return toUser(world, client, {...wish, flow: 'password'}, from)
  }
  const answer = missing ? grantTypeRefused('password') : oauthError(403, 'invalid_grant', 'Wrong email or password.')
  logUserRefusal(world, client, from, answer, 'fepft')
  return answer
}

function toUser(world: World, client: SimClient, wish: UserWish, from: Origin): Answer {
  const result = issueToUser(world, client, wish, from)
  if ('issued' in result) return granted(world, result.issued)
  logUserRefusal(world, client, from, result.refusal, wish.flow === 'password' ? 'fepft' : 'feacft')
  return result.refusal
}

function grantTypeMissing(client: SimClient, grantType: string): boolean {
  const grantTypes = client.wire['grant_types']
  return Array.isArray(grantTypes) && !grantTypes.includes(grantType)
}

function logUserRefusal(world: World, client: SimClient, from: Origin, refusal: Answer, type: 'feacft' | 'fepft'): void {
  const body = refusal.body as {error_description?: string}
  world.logs.add({
    type,
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
