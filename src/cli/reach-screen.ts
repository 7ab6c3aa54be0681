import {reachOf} from '../auth0/reach.ts'
import {rankScopes} from '../auth0/scopes.ts'
import {rfc3339} from '../clock.ts'
import {exposureOf} from '../execution/expose.ts'
import type {Exposure} from '../incident/exposure.ts'
import {SKEW_SECONDS} from '../incident/exposure-facts.ts'
import {liveness, type Liveness} from '../execution/liveness.ts'
import type {LeakKind} from '../incident/leak.ts'
import {reopeningScopes} from '../incident/policy.ts'
import type {PlanFacts} from '../incident/policy.ts'
import {reachable, tokenPaths} from '../incident/token-paths.ts'
import {apiLines} from '../report/plan-screen.ts'
import {reachLines} from '../report/reach-lines.ts'
import {instantLine} from '../report/times.ts'
import type {Secret} from '../secret.ts'
import {inspectText} from '../tokens/inspect.ts'
import {printable, quoted} from '../untrusted.ts'
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

/** One screen: who, what it can do, until when issued tokens live if nothing is done. */
export function reachScreen(
  connected: Pick<Connected, 'clock'>,
  leak: LeakKind,
  facts: PlanFacts,
  alive: Liveness | undefined,
): string[] {
  const {snapshot} = facts
  const now = Math.floor(connected.clock.now() / 1000)
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const scopes = facts.leaked_token?.scopes ?? managementScopes(snapshot)
  const exposure = exposureOf(facts, {now, kind: leak, containment: new Map(), probe_tokens: []})
  const lines = [
    `${snapshot.mode === 'sim' ? 'SIMULATED' : 'REAL'} tenant ${printable(snapshot.tenant)}`,
    `Leaked: ${leak} of client ${snapshot.client.client_id} ${quoted(snapshot.client.name, 40)}`,
    ...(alive ? [`Alive: ${aliveWords(alive)}`] : []),
    'It can get tokens for:',
    ...apiLines(facts),
    ...otherWays(facts),
    ...reachLines(rankScopes(scopes), reachOf(scopes), 3),
    `If nothing more were issued, by today's lifetimes the last token would die ${instantLine(todaysEnd(exposure, now), now, zone)}`,
  ]
  const reopening = reopeningScopes(snapshot, facts.leaked_token)
  if (reopening.length > 0) lines.push(`Careful: an issued token can undo containment (${reopening.join(', ')}).`)
  const seen = snapshot.log?.filter((entry) => entry.type === 'seccft').length
  lines.push(
    seen === undefined
      ? 'The tenant log cannot be read with this credential.'
      : `The log at hand shows ${seen} token(s) issued to it.`,
  )
  return lines
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
