import {page} from './paging.ts'
import {CREATE_CLIENT_GRANT, UPDATE_CLIENT_GRANT} from './request-schemas.ts'
import type {SimGrant, World} from './state.ts'
import {invalidBody, validBody} from './validation.ts'
import {apiError, copy, Refusal, type Answer, type Call, type Wire} from './wire.ts'

export function noGrant(): Refusal {
  return new Refusal(apiError(404, 'The grant does not exist.', 'inexistent_client_grant'))
}

export function grantOf(world: World, id: string | undefined): SimGrant {
  const grant = world.grants.get(id ?? '')
  if (!grant) throw noGrant()
  return grant
}

export function listGrants(world: World, call: Call): Answer {
  const {query} = call
  const equal = (name: string, value: unknown) => !query.has(name) || query.get(name) === value
  const found = [...world.grants.values()].filter(
    ({wire}) =>
      equal('client_id', wire.client_id) &&
      equal('audience', wire.audience) &&
      equal('subject_type', wire['subject_type'] ?? 'client') &&
      equal('default_for', wire['default_for']) &&
      (query.get('allow_any_organization') !== 'true' || wire['allow_any_organization'] === true),
  )
  return page(
    world,
    query,
    'client_grants',
    found.map(({seq, wire}) => ({seq, wire: copy(wire)})),
  )
}

export function getGrant(world: World, call: Call): Answer {
  return {status: 200, body: copy(grantOf(world, call.params['id']).wire)}
}

/** A grant without the checks of the endpoint; unset members stay absent, the subject type defaults to `client`. */
export function newGrant(world: World, body: Wire): SimGrant {
  const wire = {id: world.random.grantId(), subject_type: 'client', ...copy(body)} as unknown as SimGrant['wire']
  if (wire['allow_all_scopes'] === true) delete wire['scope']
  const grant: SimGrant = {seq: world.seq(), wire, organizations: new Set()}
  world.grants.set(wire.id, grant)
  return grant
}

export function createGrant(world: World, call: Call): Answer {
  const body = validBody(call.body, CREATE_CLIENT_GRANT)
  const {client_id, default_for, audience} = body
  if ((client_id === undefined) === (default_for === undefined)) {
    throw invalidBody("'Exactly one of client_id and default_for is needed'")
  }
  if (body['scope'] === undefined && body['allow_all_scopes'] !== true) throw invalidBody("'Missing required property: scope'")
  const client = world.clients.get(String(client_id))
  if (client_id !== undefined && !client) throw new Refusal(apiError(404, 'The client does not exist', 'inexistent_client'))
  if (client?.wire['app_type'] === 'express_configuration') {
    throw new Refusal(apiError(400, 'Client of type express_configuration cannot be used', 'validation_error'))
  }
  const server = world.resourceServer(String(audience))
  if (!server || server.wire.identifier !== audience) {
    throw new Refusal(apiError(404, 'The resource server does not exist', 'inexistent_resource_server'))
  }
  const subject = body['subject_type'] ?? 'client'
  for (const {wire} of world.grants.values()) {
    const same = wire.client_id === client_id && wire['default_for'] === default_for && wire.audience === audience
    if (same && (wire['subject_type'] ?? 'client') === subject) {
      throw new Refusal(apiError(409, 'A grant for this client and this audience already exists.', 'client_grant_conflict'))
    }
  }
  const grant = newGrant(world, body)
  return {
    status: 201,
    body: copy(grant.wire),
    effect: {operation: 'client_grant.create', ids: [grant.wire.id, String(client_id ?? default_for)]},
  }
}

export function updateGrant(world: World, call: Call): Answer {
  const grant = grantOf(world, call.params['id'])
  const body = validBody(call.body, UPDATE_CLIENT_GRANT)
  if (grant.wire['is_system'] === true) throw systemGrant()
  for (const [name, value] of Object.entries(body)) {
    if (value === null) delete grant.wire[name]
    else grant.wire[name] = copy(value)
  }
  if (grant.wire['allow_all_scopes'] === true) delete grant.wire['scope']
  return {status: 200, body: copy(grant.wire), effect: {operation: 'client_grant.update', ids: [grant.wire.id]}}
}

/** 204 also when there was nothing: that answer proves nothing, as on a real tenant. */
export function deleteGrant(world: World, call: Call): Answer {
  const grant = world.grants.get(call.params['id'] ?? '')
  if (!grant) return {status: 204}
  if (grant.wire['is_system'] === true) throw systemGrant()
  world.deleteGrant(grant)
  return {
    status: 204,
    effect: {operation: 'client_grant.delete', ids: [grant.wire.id, String(grant.wire.client_id ?? grant.wire['default_for'])]},
  }
}

function systemGrant(): Refusal {
  return new Refusal(apiError(403, 'System client grants cannot be changed.', 'operation_not_supported'))
}
