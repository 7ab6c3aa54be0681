import type {ClientGrantBody} from '../auth0/resources/client-grant.ts'
import {parseRfc3339} from '../clock.ts'
import {earliestEffect} from '../incident/change-window.ts'
import {containedAt} from '../incident/exposure-facts.ts'
import type {Exposure} from '../incident/exposure.ts'
import {ownTokenRequests} from '../incident/own-traces.ts'
import {inDoubt, tookEffect} from '../incident/replay.ts'
import type {IncidentState, Operation} from '../incident/replay.ts'
import type {TenantSnapshot} from '../incident/tenant-snapshot.ts'
import {expectedOf, sourceKey} from '../incident/watch/facts.ts'
import type {ExpectedGrant, WatchFacts} from '../incident/watch/facts.ts'
import {changedAt, containmentOf, SECRET_CHANGES} from './known-containment.ts'
import type {ReadEvidence} from './known-containment.ts'

/** An operation without the tenant's date may have happened this long before its record says, seconds. */
const UNDATED_SECONDS = 60

/** The record's evidence that a watch reads. Absent where nobody made it. */
export interface WatchRecord {
  readonly state: IncidentState
  readonly exposure?: Exposure
  readonly snapshot?: TenantSnapshot
}

/** What the record says about an incident, for its watch. */
export function watchRecord(state: IncidentState, read: ReadEvidence): WatchRecord {
  const of = <T>(action: string): T | undefined => {
    const sha256 = state.evidence[action]
    const blob = sha256 === undefined ? undefined : read(sha256)
    return blob ? (JSON.parse(blob.toString('utf8')) as T) : undefined
  }
  const exposure = of<Exposure>('exposure')
  const snapshot = of<TenantSnapshot>('tenant.snapshot')
  return {state, ...(exposure ? {exposure} : {}), ...(snapshot ? {snapshot} : {})}
}

/** The facts that entries and looks are judged by. Pure but for the evidence it reads. */
export function watchFacts({state, exposure, snapshot}: WatchRecord, clientId: string, read: ReadEvidence): WatchFacts {
  const contained = new Map<string, number>()
  const lifetimes = new Map<string, number>()
  for (const one of exposure?.audiences ?? []) {
    lifetimes.set(one.audience, one.token_lifetime_seconds)
    const at = one.contained_at === undefined ? undefined : parseRfc3339(one.contained_at)
    if (at !== undefined) contained.set(one.audience, at)
  }
  const dead = secretDeadAt(state)
  // Whoever has nothing but the dead secret gets a token for no API at all.
  if (dead !== undefined) contained.set('*', dead)
  // One whose answer is still on its way counts, too: what it lets in may stand in the log before its outcome does here.
  const back = state.operations.filter((one) => one.action === 'client_grant.create' && (tookEffect(one) || inDoubt(one)))
  const deleted = state.operations.filter((one) => one.action === 'client_grant.delete' && tookEffect(one))
  const gone = new Set(deleted.map((one) => one.target))
  const expected = new Map<string, ExpectedGrant>()
  for (const grant of snapshot?.grants ?? []) if (!gone.has(`grant:${grant.id}`)) expected.set(grant.id, expectedOf(grant))
  const given_back = back.flatMap((create) => {
    const blob = deleted.find((one) => one.target === create.target && one.state !== undefined)?.state
    const saved = blob === undefined ? undefined : read(blob)
    if (!saved) return []
    const {grant} = JSON.parse(saved.toString('utf8')) as {grant: ClientGrantBody}
    const at =
      create.date === undefined ? Math.floor(Date.parse(create.at) / 1000) - UNDATED_SECONDS : earliestEffect(create.date)
    return [{...expectedOf({...grant, id: ''}), at}]
  })
  const changed = changedAt(state.operations, SECRET_CHANGES)
  return {
    incident_id: state.incident_id,
    client_id: clientId,
    contained,
    ...(dead === undefined ? {} : {secret_dead_at: dead}),
    ...(changed === undefined ? {} : {secret_changed_at: changed}),
    changes: [...deleted, ...state.operations.filter(isSecretChange)].flatMap(({date}) => date ?? []),
    lifetimes,
    ...(snapshot ? {expected} : {}),
    given_back,
    third_party: snapshot?.client.is_first_party === false,
    own: new Set(state.operations.map((one) => one.correlation_id)),
    own_token_requests: ownTokenRequests(state),
    ...peopleOf(state, read),
  }
}

function isSecretChange(one: Operation): boolean {
  return SECRET_CHANGES.includes(one.action) && tookEffect(one)
}

/** When the old secret was proven dead, as the rule counts it; undefined when it was not. */
function secretDeadAt(state: IncidentState): number | undefined {
  const proven = state.proofs.some((one) => one.claim === 'old_secret_refused' && one.verdict === 'proven')
  if (!proven) return undefined
  const found = containmentOf(
    {...state, proofs: state.proofs.filter((one) => one.claim === 'old_secret_refused')},
    {grants: []},
    ['*'],
  )
  const containment = found.get('*')
  return containment ? containedAt(containment) : undefined
}

interface Hunted {
  readonly suspects?: {
    readonly ips?: readonly string[]
    readonly fingerprints?: readonly string[]
    readonly jtis?: readonly string[]
  }
}

interface Consumed {
  readonly consumers?: readonly {
    readonly ip?: string
    readonly user_agent?: string
    readonly fingerprint?: string
    readonly first_at: string
  }[]
}

/** Who is whom, by the newest hunt and by who used the client before it leaked. Without the instant of the leak nobody is vouched for. */
function peopleOf(state: IncidentState, read: ReadEvidence): Pick<WatchFacts, 'suspects' | 'consumers'> {
  const of = <T>(action: string): T | undefined => {
    const sha256 = state.evidence[action]
    const blob = sha256 === undefined ? undefined : read(sha256)
    return blob ? (JSON.parse(blob.toString('utf8')) as T) : undefined
  }
  const hunted = of<Hunted>('hunt')?.suspects
  const leaked = state.leaked_at === undefined ? undefined : parseRfc3339(state.leaked_at)
  const before = (of<Consumed>('consumers')?.consumers ?? []).filter(
    (one) => leaked !== undefined && Date.parse(one.first_at) / 1000 < leaked,
  )
  return {
    suspects: {
      ips: new Set(hunted?.ips),
      fingerprints: new Set(hunted?.fingerprints),
      jtis: new Set(hunted?.jtis),
    },
    consumers: new Set(before.map((one) => sourceKey(one))),
  }
}

/** NumericDate: before the first thing that the tenant dated in this incident could have any effect; undefined while nothing is. */
export function workBegan({state, exposure}: WatchRecord): number | undefined {
  const dates = [
    ...state.operations.map((one) => one.date),
    ...state.proofs.map((one) => (one.first_at === undefined ? undefined : parseRfc3339(one.first_at))),
    ...(exposure?.audiences ?? []).map((one) => (one.contained_at === undefined ? undefined : parseRfc3339(one.contained_at))),
    exposure === undefined ? undefined : parseRfc3339(exposure.computed_at),
  ].filter((date) => date !== undefined)
  return dates.length === 0 ? undefined : earliestEffect(Math.min(...dates))
}
