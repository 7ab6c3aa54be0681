import {FAULT_KINDS, type Fault} from './faults.ts'
import type {Practice} from './scenarios/scenario.ts'
import type {SimulatedTenant} from './tenant.ts'
import {apiError, isObject, type Answer} from './wire.ts'

const MAX_STEP_SECONDS = 100 * 86_400

/** The endpoints that make this a simulator. Served on loopback only, like everything here. */
export function control(
  tenant: SimulatedTenant,
  request: {method: string; path: string; query: URLSearchParams; body: unknown},
  about: {scenario: string; practice: Practice},
): Answer {
  const {method, path} = request
  if (method === 'GET' && path === '/.stanch/handshake') {
    return {status: 200, body: {stanch_simulator: 1, scenario: about.scenario, now: tenant.clock.now()}}
  }
  if (method === 'GET' && path === '/.stanch/state') return {status: 200, body: state(tenant, request.query, about)}
  if (method === 'POST' && path === '/.stanch/clock') return clock(tenant, request.body)
  if (method === 'POST' && path === '/.stanch/faults') return faults(tenant, request.body)
  if (method === 'POST' && path === '/.stanch/deploy') return deploy(tenant, request.body)
  return apiError(404, 'Not Found')
}

function clock(tenant: SimulatedTenant, body: unknown): Answer {
  const seconds = isObject(body) ? body['advance_seconds'] : undefined
  if (typeof seconds !== 'number' || !(seconds >= 0) || seconds > MAX_STEP_SECONDS) {
    return apiError(400, `advance_seconds must be a number from 0 to ${MAX_STEP_SECONDS}`)
  }
  tenant.clock.advance(seconds)
  return {status: 200, body: {now: tenant.clock.now()}}
}

/** Adds the faults; an empty array clears them. */
function faults(tenant: SimulatedTenant, body: unknown): Answer {
  if (!Array.isArray(body) || !body.every(isFault)) return apiError(400, 'An array of faults is expected')
  if (body.length === 0) tenant.clearFaults()
  for (const fault of body) tenant.fault(fault)
  return {status: 200, body: {faults: body.length}}
}

function isFault(value: unknown): value is Fault {
  return isObject(value) && typeof value['on'] === 'string' && FAULT_KINDS.includes(value['do'] as Fault['do'])
}

function deploy(tenant: SimulatedTenant, body: unknown): Answer {
  if (!isObject(body) || typeof body['client_id'] !== 'string' || typeof body['client_secret'] !== 'string') {
    return apiError(400, 'client_id and client_secret are expected')
  }
  tenant.deploy(body['client_id'], body['client_secret'])
  return {status: 200, body: {}}
}

function state(tenant: SimulatedTenant, query: URLSearchParams, about: {scenario: string; practice: Practice}): unknown {
  const effects: Record<string, number> = {}
  for (const {operation} of tenant.world.effects) effects[operation] = (effects[operation] ?? 0) + 1
  const {practice} = about
  return {
    scenario: about.scenario,
    now: tenant.clock.now(),
    clients: tenant.world.clients.size,
    client_grants: tenant.world.grants.size,
    effects,
    changes: tenant.changes(),
    unlogged: tenant.unlogged(),
    score: tenant.score(),
    practice:
      query.get('secrets') === '1'
        ? practice
        : {
            operator: {client_id: practice.operator.client_id},
            leak: {kind: practice.leak.kind, client_id: practice.leak.client_id},
          },
  }
}
