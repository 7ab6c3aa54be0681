import type {ClientGrantBody, ClientGrant} from '../auth0/resources/client-grant.ts'
import type {Tenant} from '../auth0/tenant.ts'
import {StanchError} from '../errors.ts'
import type {IncidentState} from '../incident/replay.ts'
import type {EvidenceGap, TenantSnapshot} from '../incident/tenant-snapshot.ts'
import type {ReadEvidence} from './known-containment.ts'
import {readServers} from './observe.ts'

/**
 * The snapshot as it was before the incident's first change: with the grants that earlier sessions set out to delete and
 * with the lifetimes of their APIs. No read of the tenant shows them any more, but tokens that were issued for them live
 * on: exposure, and what an issued token can undo, are computed from this one.
 */
export async function snapshotBefore(
  tenant: Tenant,
  read: ReadEvidence,
  now: TenantSnapshot,
  state: IncidentState | undefined,
): Promise<TenantSnapshot> {
  const present = new Set(now.grants.map((grant) => grant.id))
  const gone = grantsIntended(read, state).filter((grant) => !present.has(grant.id))
  if (gone.length === 0) return now
  const missing = [...new Set(gone.map((grant) => grant.audience))].filter(
    (audience) => !Object.hasOwn(now.resource_servers, audience),
  )
  const gaps: EvidenceGap[] = []
  let servers: TenantSnapshot['resource_servers']
  try {
    servers = await readServers(tenant, missing, gaps)
  } catch (error) {
    if (!(error instanceof StanchError)) throw error
    // Without them 30 days are assumed, and a gap says so: never a reason to give no account at all.
    servers = Object.fromEntries(missing.map((audience) => [audience, null]))
  }
  return {
    ...now,
    grants: [...now.grants, ...gone],
    resource_servers: {...now.resource_servers, ...servers},
    gaps: [...now.gaps, ...gaps],
  }
}

/** Every grant that stood when a deletion was intended, whatever became of the deletion. */
function grantsIntended(read: ReadEvidence, state: IncidentState | undefined): ClientGrant[] {
  const found = new Map<string, ClientGrant>()
  for (const operation of state?.operations ?? []) {
    if (operation.action !== 'client_grant.delete' || operation.state === undefined) continue
    const blob = read(operation.state)
    if (!blob) continue
    const saved = JSON.parse(blob.toString('utf8')) as {grant: ClientGrantBody; grant_id: string}
    found.set(saved.grant_id, {...saved.grant, id: saved.grant_id})
  }
  return [...found.values()]
}
