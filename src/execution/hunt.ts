import type {Tenant} from '../auth0/tenant.ts'
import {parseRfc3339, rfc3339Millis} from '../clock.ts'
import {isCode} from '../errors.ts'
import type {Exposure} from '../incident/exposure.ts'
import type {HuntFacts, HuntResult, InventoryItem} from '../incident/hunt/findings.ts'
import {ownTokenRequests} from '../incident/own-traces.ts'
import type {IncidentState} from '../incident/replay.ts'
import type {Recorded} from '../incident/reconcile/facts.ts'
import {changedAt, SECRET_CHANGES} from './known-containment.ts'
import type {ReadEvidence} from './known-containment.ts'

/** Around what we did, what comes from our own address on the leaked client is taken for our probes, milliseconds. */
const AROUND_MS = 10 * 60_000

/** What a person says, beside what the record has. */
export interface HuntSaid {
  readonly client_id: string
  /** RFC 3339, or `unknown`. */
  readonly leaked_at?: string | undefined
  /** The leaked token's own id and time of issue (NumericDate), where it is at hand. */
  readonly token?: {readonly jti?: string; readonly issued_at?: number} | undefined
  readonly isKnown?: ((ip: string) => boolean) | undefined
}

/** The facts of a hunt: what the incident's record says, where there is one, and what a person says. */
export function huntFacts(said: HuntSaid, recorded: Recorded, state?: IncidentState, read?: ReadEvidence): HuntFacts {
  const leaked_at = leakInstant(said, state)
  const contained_at = state && read ? containedAt(state, read) : undefined
  const rotated_at = state ? rotatedAt(state) : undefined
  return {
    clients: [{client_id: said.client_id, how: 'leaked', ...(leaked_at === undefined ? {} : {since: leaked_at})}],
    ...(leaked_at === undefined ? {} : {leaked_at}),
    ...(contained_at === undefined ? {} : {contained_at}),
    ...(rotated_at === undefined ? {} : {rotated_at}),
    ...(said.token?.jti === undefined ? {} : {leaked_jti: said.token.jti}),
    ...(state?.leak === 'management-token' ? {token_only: true} : {}),
    probed: state ? probed(state) : [],
    own_requests: new Map(recorded.intents.map((intent) => [intent.correlation_id, intent])),
    own_token_requests: state ? ownTokenRequests(state) : [],
    ...(said.isKnown ? {isKnown: said.isKnown} : {}),
  }
}

/** A token cannot have leaked before it was issued. */
function leakInstant({leaked_at, token}: HuntSaid, state: IncidentState | undefined): string | undefined {
  const text = leaked_at ?? state?.leaked_at
  const at = text === undefined ? undefined : parseRfc3339(text)
  const issued = token?.issued_at
  const latest = at === undefined ? issued : issued === undefined ? at : Math.max(at, issued)
  return latest === undefined ? undefined : rfc3339Millis(latest * 1000)
}

/** When the last API was contained, by the newest exposure; undefined while one is not. */
function containedAt(state: IncidentState, read: ReadEvidence): string | undefined {
  const sha256 = state.evidence['exposure']
  const blob = sha256 === undefined ? undefined : read(sha256)
  if (!blob) return undefined
  const {audiences} = JSON.parse(blob.toString('utf8')) as Exposure
  const dates = audiences.map((one) => (one.contained_at === undefined ? undefined : parseRfc3339(one.contained_at)))
  if (dates.length === 0 || dates.includes(undefined)) return undefined
  return rfc3339Millis(Math.max(...dates.filter((date) => date !== undefined)) * 1000)
}

function rotatedAt({operations}: IncidentState): string | undefined {
  const at = changedAt(operations, SECRET_CHANGES)
  return at === undefined ? undefined : rfc3339Millis(at * 1000)
}

function probed({operations, proofs}: IncidentState): {from: string; to: string}[] {
  const spans = [
    ...operations.flatMap(({date}) => (date === undefined ? [] : [[date * 1000, date * 1000] as const])),
    ...proofs.flatMap(({first_at, last_at}) => {
      const from = first_at === undefined ? NaN : Date.parse(first_at)
      const to = last_at === undefined ? from : Date.parse(last_at)
      return Number.isFinite(from + to) ? [[from, to] as const] : []
    }),
  ]
  return spans.map(([from, to]) => ({from: rfc3339Millis(from - AROUND_MS), to: rfc3339Millis(to + AROUND_MS)}))
}

/** Looks at the tenant whether what was left behind is still there: applications and client grants. Only GETs. */
export async function lookAtInventory(tenant: Tenant, result: HuntResult): Promise<HuntResult> {
  const there = await Promise.all(result.inventory.map((item) => isThere(tenant, item)))
  const gone = result.inventory.filter((_, index) => there[index] === false)
  const unseen = result.inventory.filter((_, index) => there[index] === undefined)
  return {
    ...result,
    inventory: result.inventory.filter((one) => !gone.includes(one)),
    not_seen: [
      ...result.not_seen,
      ...(unseen.length > 0
        ? [
            {
              what: `whether ${unseen.length} thing(s) left behind are still there`,
              why: 'only applications and client grants are looked up in the tenant; the rest is known from the log alone',
            },
          ]
        : []),
    ],
  }
}

async function isThere(tenant: Tenant, {object}: InventoryItem): Promise<boolean | undefined> {
  try {
    if (object?.kind === 'grant') return (await tenant.getClientGrant(object.id)) !== undefined
    if (object?.kind === 'client') return (await tenant.getClient(object.id)) !== undefined
  } catch (error) {
    if (isCode(error, 'auth0.not_found')) return false
    if (isCode(error, 'interrupted')) throw error
  }
  return undefined
}
