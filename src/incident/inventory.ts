import {answersAlarm} from './change-window.ts'
import type {CloseItem} from './close-items.ts'
import type {Exposure} from './exposure.ts'
import type {HuntResult} from './hunt/findings.ts'
import type {IncidentState} from './replay.ts'
import {parseRfc3339} from '../clock.ts'
import {shellWord} from '../untrusted.ts'
import {reachable} from './token-paths.ts'
import type {TokenPath} from './token-paths.ts'

/** What the record's evidence says is left over. Absent where nobody looked. */
export interface InventoryFacts {
  readonly state: IncidentState
  readonly exposure?: Exposure
  /** Paths to a token after what was done, by the newest look. */
  readonly paths?: readonly TokenPath[]
  readonly hunt?: Pick<HuntResult, 'inventory'>
  /** Inventory items that somebody signed off after the newest hunt. */
  readonly removed: ReadonlySet<string>
  /** NumericDate of the newest alarm of a watch. */
  readonly alarm_at?: number
}

/** Everything that the incident left open, each by a name that stays the same: nothing is closed over. */
export function inventoryItems(facts: InventoryFacts): CloseItem[] {
  const {state, removed} = facts
  const id = state.incident_id
  const items: CloseItem[] = openByLeak(facts).map((path) => ({
    item: `path.${path.id}`,
    what: `a way to a token is open: ${path.via.replaceAll('_', ' ')} on ${path.audience}, ${path.why}`,
    how: path.closes ?? `stanch respond --incident ${id}`,
  }))
  for (const one of facts.hunt?.inventory ?? []) {
    const item = `hunt.${one.id}`
    if (removed.has(item)) continue
    items.push({
      item,
      what: `${one.hunt}: ${one.what}`,
      how: `${one.remove}; then hunt again, or: stanch incident update ${id} --done ${shellWord(item)}`,
    })
  }
  if (state.deliveries.at(-1)?.result === 'failed') {
    items.push({
      item: 'delivery',
      what: 'the new secret was not handed over; it lies in its own file on this machine',
      how: `stanch secret deliver --incident ${id} --deliver SINK`,
    })
  }
  const computed = facts.exposure === undefined ? undefined : parseRfc3339(facts.exposure.computed_at)
  if (facts.alarm_at !== undefined && !answersAlarm(computed, facts.alarm_at)) {
    items.push({
      item: 'watch',
      what: 'the watch saw containment undone, and nothing proved it anew since',
      how: `stanch incident show ${id}, then: stanch respond --incident ${id}`,
    })
  }
  return items
}

/** What a hunt found and somebody signed off, by item: a hunt after that finds it anew or not at all. */
export function signedOffFindings(records: Iterable<{readonly kind: string; readonly [member: string]: unknown}>): Set<string> {
  const done = new Set<string>()
  for (const {kind, action, question, answer} of records) {
    if (kind === 'observe' && action === 'hunt') done.clear()
    if (kind === 'decision' && typeof question === 'string' && question.startsWith('hunt.') && answer === 'done')
      done.add(question)
  }
  return done
}

/** Of the paths that are open, those that what leaked opens. A secret that is proven dead opens none, nor does its successor. */
function openByLeak({state, paths}: InventoryFacts): TokenPath[] {
  const dead = state.proofs.some((one) => one.claim === 'old_secret_refused' && one.verdict === 'proven')
  const rotated = state.operations.some((one) => one.action === 'client_secret.rotate' || one.action === 'client_secret.set')
  // A token that could not read the secret opens nothing beside itself: then the plan rotates nothing.
  if (state.leak === 'management-token' && !rotated) return []
  return reachable(paths ?? []).filter((path) => !(dead && (path.credential === 'secret' || path.credential === 'new_secret')))
}
