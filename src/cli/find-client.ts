import type {Tenant} from '../auth0/tenant.ts'
import {namedClient, ownerOfKey, ownerOfSecret, type Owner} from '../execution/find-client.ts'
import type {Secret} from '../secret.ts'
import type {Inspection} from '../tokens/inspect.ts'
import {openTrail, recordTokens} from './context.ts'
import type {Connected, Place} from './context.ts'
import {ActTrail} from '../execution/act-trail.ts'

/** Said before secrets are compared, to people and on standard error. */
export const COMPARE_WARNING =
  "Comparing reads the secrets of all applications of this tenant into memory; the tenant's log shows that it was done. Nothing is kept."

export interface Sought {
  readonly found: Inspection
  readonly value: Secret
  /** Named by a person or a scanner. */
  readonly client_id?: string | undefined
}

/**
 * Whose it is: the client that a token names, the one that has registered a key, the one whose secret is the leaked value.
 * Only the last reads secrets; its intents go into the trail before.
 *
 * @throws {StanchError} `auth0.scope_missing` and what reads throw
 */
export async function findClient(place: Place, connected: Connected, {found, value, client_id}: Sought): Promise<Owner> {
  const {tenant} = connected
  if (found.type === 'operator-token') return notSought(found)
  if (found.type === 'private-key' && found.kid !== undefined) return ownerOfKey(tenant, found.kid, client_id)
  const named = client_id ?? found.client_id
  if (named !== undefined) return namedClient(tenant, named)
  if (!mayBeSecret(found)) return notSought(found)
  return comparing(place, connected, tenant, value)
}

/** A secret that was set by hand may be any string; only what is certainly something else is none. */
export function mayBeSecret(found: Pick<Inspection, 'type'>): boolean {
  return found.type === 'client-secret' || found.type === 'opaque-token' || found.type === 'unknown'
}

async function comparing(place: Place, connected: Connected, tenant: Tenant, value: Secret): Promise<Owner> {
  const trail = await openTrail(place, connected.mode)
  try {
    await tenant.operator()
    await recordTokens(trail, connected)
    return await ownerOfSecret({tenant, journal: new ActTrail(trail, tenant.origin.host)}, value)
  } finally {
    trail.close('done')
  }
}

function notSought(found: Inspection): Owner {
  const reason =
    found.type === 'operator-token'
      ? 'it belongs to an administrator, not to an application of this tenant'
      : 'it names no application, and nothing of the tenant can be compared with it'
  return {verdict: 'unknown', compared: 0, not_shown: 0, reason}
}
