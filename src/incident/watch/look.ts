import type {ClientGrant} from '../../auth0/resources/client-grant.ts'
import type {LogStream} from '../../auth0/resources/log-stream.ts'
import {printable, quoted} from '../../untrusted.ts'
import type {EvidenceGap} from '../tenant-snapshot.ts'
import type {WatchEvent} from './event.ts'
import {expectedOf} from './facts.ts'
import type {ExpectedGrant, WatchFacts} from './facts.ts'

/** The tenant's state at one moment, by reads that show no secret. */
export interface WatchLook {
  /** RFC 3339, tenant time. */
  readonly at: string
  readonly grants: readonly ClientGrant[]
  /** Ids of the client's credentials; null when they could not be read. */
  readonly credentials: readonly string[] | null
  readonly not_seen: readonly EvidenceGap[]
}

/** What stands in the tenant that should not: each is reported once, and `open` lists what stands there now. */
export function judgeLook(
  look: WatchLook,
  facts: WatchFacts,
  known: readonly string[] | undefined,
): {readonly events: WatchEvent[]; readonly open: string[]} {
  const events: WatchEvent[] = []
  const open: string[] = []
  for (const grant of look.grants) {
    const why = unexpected(grant, facts)
    if (why === undefined) continue
    open.push(`grant ${grant.id} on ${printable(grant.audience, 120)}`)
    events.push({
      ...once(look.at),
      verdict: 'grant_back',
      target: `grant:${grant.id}`,
      finding: `${why}: grant ${grant.id} on ${printable(grant.audience, 120)} (${grant.subject_type ?? 'client'})`,
      alarm: true,
      client_id: facts.client_id,
      audience: grant.audience,
    })
  }
  for (const id of look.credentials ?? []) {
    if (known === undefined || known.includes(id)) continue
    open.push(`credential ${printable(id, 60)}`)
    events.push({
      ...once(look.at),
      verdict: 'new_credential',
      target: `credential:${id}`,
      finding: `the client has a credential that was not there: ${printable(id, 60)}`,
      alarm: true,
      client_id: facts.client_id,
    })
  }
  return {events, open}
}

/** Log streams that carry nothing, whoever or whatever stopped them. @param at RFC 3339, tenant time */
export function judgeStreams(streams: readonly LogStream[], at: string): WatchEvent[] {
  return streams
    .filter(({status}) => status !== 'active')
    .map(({id, name, type, status}) => ({
      ...once(at),
      verdict: 'log_stream_paused',
      target: `log_stream:${id}`,
      finding: `log stream ${quoted(name, 60)} (${printable(type, 20)}) is ${printable(status, 20)}: no event reaches it`,
      alarm: false,
    }))
}

/** Why a grant should not be there; undefined when it may. A grant that nobody can compare is left alone. */
function unexpected(grant: ClientGrant, facts: WatchFacts): string | undefined {
  if (facts.expected === undefined) return undefined
  const now = expectedOf(grant)
  const before = facts.expected.get(grant.id)
  if (before) return wider(now, before) ? 'a client grant allows more than it did' : undefined
  const back = facts.given_back.find((one) => one.audience === now.audience && one.subject === now.subject)
  if (back) return wider(now, back) ? 'a client grant allows more than the one that was given back' : undefined
  return 'a client grant is there that was not'
}

function wider(now: ExpectedGrant, before: ExpectedGrant): boolean {
  if (before.scope === undefined) return false
  if (now.scope === undefined) return true
  return now.scope.some((scope) => !before.scope?.includes(scope))
}

function once(at: string) {
  return {count: 1, again: false, first_at: at, last_at: at, log_ids: []}
}
