import type {LogEntry} from '../auth0/resources/log-entry.ts'
import type {Tenant} from '../auth0/tenant.ts'
import {rfc3339, type Clock} from '../clock.ts'
import {isCode} from '../errors.ts'
import type {EvidenceGap} from '../incident/tenant-snapshot.ts'
import type {WatchLook} from '../incident/watch/look.ts'
import {checkpointBefore} from './tenant-log.ts'

/** Auth0's largest page. */
const PAGE = 100
/** Share of the tenant's budget that is left to the people who work on the incident. */
const RESERVE = 0.25
/** Longest wait for the budget to fill, seconds. */
const LONGEST_WAIT = 60

/** Where a watch gets its entries and its looks from; in a soak a generated stream stands in for the tenant. */
export interface WatchSource {
  /** The log id to read on from, so that everything since `since` (NumericDate) comes, and its own entry; no id while the log is empty. */
  begin(since: number): Promise<{readonly from?: string; readonly entries: readonly LogEntry[]}>
  /** What arrived after `from`, at most a page; empty at the end. */
  page(from: string): Promise<{readonly entries: readonly LogEntry[]; readonly next?: string}>
  look(clientId: string, thirdParty: boolean): Promise<WatchLook>
}

/** The tenant as a source: GETs only, and never the last quarter of its rate limit. */
export function tenantSource(tenant: Tenant, clock: Clock, now: () => number, signal?: AbortSignal): WatchSource {
  const courteous = async <T>(read: () => Promise<T>): Promise<T> => {
    const {limit, remaining, reset} = tenant.limits()
    if (limit !== undefined && remaining !== undefined && reset !== undefined && remaining < Math.ceil(limit * RESERVE)) {
      const seconds = Math.min(LONGEST_WAIT, reset - now())
      if (seconds > 0) await clock.sleep(seconds, signal)
    }
    return read()
  }
  // What a scope hides stays hidden: it is asked for once.
  let hidden: EvidenceGap | undefined
  return {
    begin: (since) => courteous(() => checkpointBefore(tenant, since * 1000)),
    page: (from) => courteous(() => tenant.logsFrom({from, take: PAGE})),
    async look(clientId, thirdParty) {
      const not_seen: EvidenceGap[] = []
      const own = await courteous(() => tenant.listClientGrants({client_id: clientId}))
      const defaults = thirdParty
        ? await unlessHidden(() => courteous(() => tenant.listClientGrants({default_for: 'third_party_clients'})), not_seen, {
            code: 'default_grants_unreadable',
            what: 'default grants for third-party applications',
          })
        : []
      const credentials = hidden
        ? null
        : await unlessHidden(() => courteous(() => tenant.listCredentials(clientId)), not_seen, {
            code: 'credentials_unreadable',
            what: "the client's keys, but for what the log says of them",
          })
      if (hidden) not_seen.push(hidden)
      else if (credentials === null) hidden = not_seen.at(-1)
      return {
        at: rfc3339(now()),
        grants: [...own, ...(defaults ?? [])],
        credentials: credentials?.map(({id}) => id) ?? null,
        not_seen,
      }
    },
  }
}

async function unlessHidden<T>(
  read: () => Promise<T>,
  gaps: EvidenceGap[],
  gap: {code: string; what: string},
): Promise<T | null> {
  try {
    return await read()
  } catch (error) {
    if (!isCode(error, 'auth0.scope_missing') && !isCode(error, 'auth0.unexpected_answer') && !isCode(error, 'auth0.not_found'))
      throw error
    gaps.push({...gap, why: (error as Error).message})
    return null
  }
}
