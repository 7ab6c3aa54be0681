import {grantOf, noGrant} from './client-grants.ts'
import {page} from './paging.ts'
import {ASSOCIATE_GRANT} from './request-schemas.ts'
import type {SimGrant, SimOrganization, World} from './state.ts'
import {validBody} from './validation.ts'
import {apiError, copy, Refusal, type Answer, type Call, type Wire} from './wire.ts'

function organizationOf(world: World, id: string | undefined): SimOrganization {
  const organization = world.organizations.get(id ?? '')
  if (!organization) throw new Refusal(apiError(404, 'No organization found by that id or name', 'inexistent_organization'))
  return organization
}

/** GET client-grants/{id}/organizations. */
export function listGrantOrganizations(world: World, call: Call): Answer {
  const grant = grantOf(world, call.params['id'])
  const tied = [...world.organizations.values()].filter(({wire}) => grant.organizations.has(wire.id))
  return page(
    world,
    call.query,
    'organizations',
    tied.map(({seq, wire}) => ({seq, wire: copy(wire)})),
  )
}

/** GET organizations/{id}/client-grants. */
export function listOrganizationGrants(world: World, call: Call): Answer {
  const organization = organizationOf(world, call.params['id'])
  const {query} = call
  const ids = query.getAll('grant_ids').flatMap((one) => one.split(','))
  const found = [...world.grants.values()].filter(
    ({wire, organizations}) =>
      organizations.has(organization.wire.id) &&
      (!query.has('client_id') || wire.client_id === query.get('client_id')) &&
      (!query.has('audience') || wire.audience === query.get('audience')) &&
      (ids.length === 0 || ids.includes(wire.id)),
  )
  return page(
    world,
    query,
    'client_grants',
    found.map(({seq, wire}) => ({seq, wire: copy(wire)})),
  )
}

/** The answer names the grant `grant_id`, not `id`. */
function association(grant: SimGrant): Wire {
  const {id, client_id, audience, scope, organization_usage, allow_any_organization} = grant.wire as Wire
  const rest = {scope, organization_usage, allow_any_organization}
  return {
    grant_id: id,
    client_id,
    audience,
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
  }
}

export function associateGrant(world: World, call: Call): Answer {
  const organization = organizationOf(world, call.params['id'])
  const {grant_id} = validBody(call.body, ASSOCIATE_GRANT)
  const grant = world.grants.get(String(grant_id))
  if (!grant) throw noGrant()
  if (grant.organizations.has(organization.wire.id)) {
    throw new Refusal(apiError(409, 'The client grant is already associated with the organization.'))
  }
  grant.organizations.add(organization.wire.id)
  return {
    status: 201,
    body: copy(association(grant)),
    effect: {operation: 'organization_client_grant.create', ids: [organization.wire.id, grant.wire.id]},
  }
}

export function dissociateGrant(world: World, call: Call): Answer {
  const organization = organizationOf(world, call.params['id'])
  const grant = world.grants.get(call.params['grant_id'] ?? '')
  if (!grant?.organizations.delete(organization.wire.id)) return {status: 204}
  return {
    status: 204,
    effect: {operation: 'organization_client_grant.delete', ids: [organization.wire.id, grant.wire.id]},
  }
}
