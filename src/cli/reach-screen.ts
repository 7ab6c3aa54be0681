import {reachOf} from '../auth0/reach.ts'
import {rankScopes} from '../auth0/scopes.ts'
import {humanDuration, rfc3339} from '../clock.ts'
import {exposureOf} from '../execution/expose.ts'
import type {Exposure} from '../incident/exposure.ts'
import {SKEW_SECONDS} from '../incident/exposure-facts.ts'
import {liveness, type Liveness} from '../execution/liveness.ts'
import type {Decision} from '../execution/responder.ts'
import type {LeakKind} from '../incident/leak.ts'
import {reopeningScopes} from '../incident/policy.ts'
import type {PlanFacts} from '../incident/policy.ts'
import {reachable, tokenPaths} from '../incident/token-paths.ts'
import {apiLines} from '../report/plan-screen.ts'
import {reachParts} from '../report/reach-lines.ts'
import {instantLine} from '../report/times.ts'
import {quotedWithin} from '../report/width.ts'
import type {Secret} from '../secret.ts'
import {inspectText} from '../tokens/inspect.ts'
import {printable} from '../untrusted.ts'
import {managementScopes} from './assess.ts'
import type {Connected} from './context.ts'
import {aliveWords} from './inspect-token.ts'
import {takenAs} from './leaked-value.ts'

/** Does the value at hand still work? One question that mints nothing; without a value nothing is asked. */
export async function standing(
  connected: Connected,
  leak: LeakKind,
  clientId: string,
  value: Secret | undefined,
): Promise<Liveness | undefined> {
  if (!value) return undefined
  const leaked = {found: takenAs(leak, inspectText(value.reveal())), value, client_id: clientId}
  return liveness(connected.tenant, leaked, Math.floor(connected.clock.now() / 1000))
}

export type Screen = NonNullable<Decision['screen']>

/** Above the question about when: who, what it can do, until when issued tokens live if nothing is done. */
export function reachScreen(
  connected: Pick<Connected, 'clock'>,
  leak: LeakKind,
  facts: PlanFacts,
  alive: Liveness | undefined,
): Screen {
  const {snapshot} = facts
  const now = Math.floor(connected.clock.now() / 1000)
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const scopes = facts.leaked_token?.scopes ?? managementScopes(snapshot)
  const exposure = exposureOf(facts, {now, kind: leak, containment: new Map(), probe_tokens: []})
  const reopening = reopeningScopes(snapshot, facts.leaked_token)
  const seen = snapshot.log?.filter((entry) => entry.type === 'seccft').length
  return [
    `${snapshot.mode === 'sim' ? 'SIMULATED' : 'REAL'} tenant ${printable(snapshot.tenant)}`,
    `Leaked: ${leak} of ${snapshot.client.client_id} ${quotedWithin(snapshot.client.name, 40)}`,
    ...aliveLine(alive, facts.leaked_token?.expires_at, now),
    ...(reopening.length > 0 ? [`Careful: an issued token can undo containment (${reopening.join(', ')}).`] : []),
    `It can get tokens for (${seen === undefined ? 'how many it got is not known: no log' : `${seen} issued in the log at hand`}):`,
    // A token opens no other API than its own.
    {lines: apiLines(facts), least: facts.leaked_token ? 0 : 1},
    ...otherWays(facts),
    ...reachParts(rankScopes(scopes), reachOf(scopes)),
    `If no more were issued, by today's lifetimes the last token would die ${instantLine(todaysEnd(exposure, now), now, zone)}`,
  ]
}

/** The status of the tenant's answer stands in the record; a token's own end is shorter than any lifetime. */
function aliveLine(alive: Liveness | undefined, expires: number | undefined, now: number): string[] {
  if (!alive) return []
  const until =
    alive.verdict === 'alive' && expires !== undefined ? `; cannot be revoked, ends in ${humanDuration(expires - now)}` : ''
  return [`Alive: ${aliveWords({...alive, reason: alive.reason.replace(/ \(\d{3}[^()]*\)$/, '')})}${until}`]
}

/** By today's lifetimes: when it leaked is asked later, and what stood before them is then for the exposure to say. */
function todaysEnd({audiences, all_clear}: Exposure, now: number): string {
  if (audiences.length === 0) return all_clear.worst_case_at
  return rfc3339(now + Math.max(...audiences.map((one) => one.token_lifetime_seconds)) + SKEW_SECONDS)
}

/** Ways that do not rest on a grant of its own: nothing above shows them. */
function otherWays({snapshot}: PlanFacts): string[] {
  const others = reachable(tokenPaths(snapshot)).filter((path) => path.via !== 'client_grant')
  if (others.length === 0) return []
  const how = others.some((path) => path.via === 'allow_all') ? 'APIs that let every application in' : 'default grants'
  return [`  and ${others.length} more way(s), by ${how}: stanch assess --client ${snapshot.client.client_id}`]
}
