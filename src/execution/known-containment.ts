import type {ClientGrantBody, ClientGrant} from '../auth0/resources/client-grant.ts'
import {parseRfc3339} from '../clock.ts'
import {containedAt} from '../incident/exposure-facts.ts'
import type {Containment} from '../incident/exposure-facts.ts'
import {tookEffect} from '../incident/replay.ts'
import type {IncidentState, Operation, Proof} from '../incident/replay.ts'
import {subjectOf} from '../incident/tenant-snapshot.ts'
import type {TenantSnapshot} from '../incident/tenant-snapshot.ts'

/** Reads a piece of evidence by its SHA-256; undefined when it is gone. */
export type ReadEvidence = (sha256: string) => Buffer | undefined

/**
 * The newest open incident about a client that has a proven refusal on record. A closed one says nothing about today:
 * whatever leaks after it is another leak.
 */
export function containingIncident(
  incidents: readonly IncidentState[],
  clientId: string,
  tenant: string,
): IncidentState | undefined {
  return incidents.findLast(
    (one) => one.client_id === clientId && one.tenant === tenant && one.closed_at === undefined && one.proofs.some(isRefusal),
  )
}

function isRefusal(proof: Proof): boolean {
  return proof.verdict === 'proven' && (proof.claim === 'old_secret_refused' || proof.claim === 'new_tokens_refused')
}

/** Grants that the client had before the incident took them: the APIs that tokens were issued for although no grant shows it any more. */
export function grantsTaken(state: IncidentState, read: ReadEvidence): ClientGrant[] {
  return state.operations.flatMap((operation) => {
    if (operation.action !== 'client_grant.delete' || !tookEffect(operation) || operation.state === undefined) return []
    const blob = read(operation.state)
    if (!blob) return []
    const saved = JSON.parse(blob.toString('utf8')) as {grant: ClientGrantBody; grant_id: string}
    return [{...saved.grant, id: saved.grant_id}]
  })
}

/**
 * Containment per audience as the incident proved it. A dead secret contains every API. A refused token contains its
 * API only while no client grant for it stands: one that was given back opens it again.
 *
 * @param since NumericDate; a containment that may be before it is about another leak
 */
export function containmentOf(
  state: IncidentState,
  now: Pick<TenantSnapshot, 'grants'>,
  audiences: readonly string[],
  since?: number,
): Map<string, Containment> {
  const found = new Map<string, Containment>()
  const open = new Set(now.grants.filter((grant) => subjectOf(grant) === 'client').map((grant) => grant.audience))
  const rotated = changedAt(state.operations, SECRET_CHANGES)
  const deleted = changedAt(state.operations, ['client_grant.delete'])
  for (const proof of state.proofs.filter(isRefusal)) {
    const first = proof.first_at === undefined ? undefined : parseRfc3339(proof.first_at)
    if (first === undefined) continue
    const dead = proof.claim === 'old_secret_refused'
    // Without the tenant's own date of the change the first refusal counts, which is never earlier.
    const containment = {changed_at: (dead ? rotated : deleted) ?? first, first_refusal_at: first}
    // Both are rounded down: in the same second nobody knows which came first.
    if (since !== undefined && containedAt(containment) <= since) continue
    const covered = dead ? audiences : audiences.filter((audience) => proof.target === `api:${audience}` && !open.has(audience))
    for (const audience of covered) {
      const known = found.get(audience)
      if (!known || containedAt(containment) < containedAt(known)) found.set(audience, containment)
    }
  }
  return found
}

/** What replaces a client's secret. */
export const SECRET_CHANGES: readonly string[] = ['client_secret.rotate', 'client_secret.set']

/** Tenant time of the newest change of these kinds that took effect; undefined when one of them has no date. */
export function changedAt(operations: readonly Operation[], actions: readonly string[]): number | undefined {
  const dates = operations.filter((one) => actions.includes(one.action) && tookEffect(one)).map((one) => one.date)
  if (dates.length === 0 || dates.includes(undefined)) return undefined
  return Math.max(...dates.filter((date) => date !== undefined))
}
