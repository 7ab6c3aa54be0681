import type {LogEntry} from '../../auth0/resources/log-entry.ts'
import {rfc3339Millis} from '../../clock.ts'
import {earliestEffect} from '../change-window.ts'
import type {Sets} from './condition.ts'
import {HUNTS} from './catalogue.ts'
import {VERDICTS} from './findings.ts'
import type {Finding, HuntFacts, HuntResult, InventoryItem, Verdict} from './findings.ts'
import type {Group} from './groups.ts'
import type {Hunt} from './hunt.ts'
import {notSeen} from './not-seen.ts'
import {Pass} from './pass.ts'
import {learn, sameKnowledge} from './pivot.ts'
import type {Learned} from './pivot.ts'
import {judgeActors} from './standing.ts'
import {habitJudge, hostileActors, verdictOf} from './verdicts.ts'

/** Rounds of the pivot; each goes through the log once. */
const MAX_ROUNDS = 8

export interface HuntOptions {
  /** The log, from its beginning each time it is asked for. */
  readonly entries: () => Iterable<LogEntry>
  readonly facts: HuntFacts
  /** Without the sets that the hunt fills in itself. */
  readonly sets: Sets
  /** RFC 3339. */
  readonly computed_at: string
  readonly hunts?: readonly Hunt[]
}

/**
 * What was done with the credential: goes through the log, judges who is who, and looks again with what it learned about
 * addresses, tools and clients of the attacker until nothing new comes. Pure: same log and facts, same answer.
 */
export function runHunt(options: HuntOptions): HuntResult {
  let learned: Learned = {
    clients: new Map(options.facts.clients.map((one) => [one.client_id, one])),
    ips: new Set(),
    fingerprints: new Set(),
    users: new Set(),
  }
  for (let round = 1; ; round++) {
    const {pass, outcome, graded} = onePass(options, learned)
    const next = learn(learned, outcome)
    const settled = sameKnowledge(learned, next)
    if (settled || round === MAX_ROUNDS) return resultOf(options, {pass, graded, learned: next, outcome, round, settled})
    learned = next
  }
}

type Graded = {readonly group: Group; readonly verdict: Verdict; readonly because: string}

function onePass({entries, facts, sets, hunts = HUNTS}: HuntOptions, learned: Learned) {
  const pass = new Pass(hunts, {
    facts,
    clients: learned.clients,
    sets: {
      ...sets,
      compromised_clients: new Set(learned.clients.keys()),
      suspect_addresses: learned.ips,
      suspect_fingerprints: learned.fingerprints,
      planted_users: learned.users,
    },
  })
  for (const entry of entries()) pass.see(entry)
  const judged = judgeActors(pass.actors.all, {
    facts,
    clients: learned.clients,
    suspect_ips: learned.ips,
    suspect_fingerprints: learned.fingerprints,
    planted_users: learned.users,
    new_secret_read: newSecretRead(pass, facts),
    edge: edgeOf(pass),
  })
  const planted = new Set([...learned.clients.values()].filter(({how}) => how === 'planted').map(({client_id}) => client_id))
  for (const user of learned.users) planted.add(user)
  const isHabit = habitJudge(pass.habits, judged)
  const context = {
    judged,
    isHabit,
    hostile: hostileActors(pass.groups.all, judged, isHabit),
    suspect_ips: learned.ips,
    own_ips: pass.own_ips,
    planted,
  }
  const graded = pass.groups.all.map((group) => ({group, ...verdictOf(group, context)}))
  const outcome = {
    facts,
    actors: pass.actors.all,
    judged,
    groups: graded,
    shared: pass.shared,
    own_ips: pass.own_ips,
    own_clients: sets.own_clients ?? new Set<string>(),
  }
  return {pass, outcome, graded}
}

/** Somebody else read the secret of the leaked client when we may have replaced it already. */
function newSecretRead(pass: Pass, {clients, rotated_at}: HuntFacts): boolean {
  const [leaked] = clients
  if (rotated_at === undefined || !leaked) return false
  const from = rfc3339Millis(earliestEffect(Date.parse(rotated_at) / 1000) * 1000)
  return pass.groups.all.some(
    ({hunt, ours, object, last_at}) =>
      hunt.id === 'H6' && !ours && object?.kind === 'client_secret' && object.id === leaked.client_id && last_at >= from,
  )
}

/** Where nobody knows when it leaked: a tenth of the log counts as its beginning. */
function edgeOf({first_at, last_at}: Pass): string {
  const from = Date.parse(first_at)
  const to = Date.parse(last_at)
  return Number.isFinite(from + to) ? new Date(from + (to - from) / 10).toISOString() : first_at
}

interface Concluded {
  readonly pass: Pass
  readonly graded: readonly Graded[]
  readonly learned: Learned
  readonly outcome: ReturnType<typeof onePass>['outcome']
  readonly round: number
  readonly settled: boolean
}

function resultOf(options: HuntOptions, {pass, graded, learned, outcome, round, settled}: Concluded): HuntResult {
  const sorted = graded.toSorted(worstFirst)
  const agents = new Set<string>()
  const jtis = new Set<string>(options.facts.leaked_jti === undefined ? [] : [options.facts.leaked_jti])
  for (const {group, verdict} of sorted) {
    if (verdict !== 'hostile' && verdict !== 'suspect') continue
    if (group.actor && group.actor.agent !== '') agents.add(group.actor.agent)
    if (group.jti !== undefined) jtis.add(group.jti)
  }
  return {
    computed_at: options.computed_at,
    client_ids: [...learned.clients.keys()],
    clients: [...learned.clients.values()],
    suspects: {
      ips: [...learned.ips].sort(),
      fingerprints: [...learned.fingerprints].sort(),
      user_agents: [...agents].sort(),
      jtis: [...jtis].sort(),
    },
    findings: sorted.map(findingOf),
    inventory: inventoryOf(sorted, outcome.judged),
    not_seen: notSeen({
      facts: options.facts,
      empty: pass.entries === 0,
      crowded_hits: pass.groups.crowded,
      crowded_actors: pass.actors.crowded,
      without_token_ids: !pass.actors.all.some(({holder}) => holder !== undefined),
      unsettled: !settled,
      ...(pass.first_at === '' ? {} : {from: pass.first_at}),
    }),
    entries: pass.entries,
    ...(pass.first_at === '' ? {} : {covers: {from: pass.first_at, to: pass.last_at}}),
    rounds: round,
  }
}

const WEIGHTS = ['act', 'trace', 'note']

function worstFirst(a: Graded, b: Graded): number {
  return (
    VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict) ||
    WEIGHTS.indexOf(a.group.hunt.weight) - WEIGHTS.indexOf(b.group.hunt.weight) ||
    (a.group.first_at < b.group.first_at ? -1 : a.group.first_at > b.group.first_at ? 1 : 0)
  )
}

function findingOf({group, verdict, because}: Graded): Finding {
  const {hunt, actor, closed, object, remove} = group
  const undone = closed === undefined ? '' : `; undone at ${closed.at}`
  const wasBad = verdict === 'hostile' || verdict === 'suspect'
  return {
    hunt: hunt.id,
    verdict,
    what: `${hunt.title}: ${group.text}${object ? ` (${object.kind} ${object.id})` : ''}${undone}`,
    because,
    at: group.first_at,
    last_at: group.last_at,
    count: group.count,
    log_ids: group.log_ids,
    ...(group.client_id === '' ? {} : {client_id: group.client_id}),
    ...optional('ip', actor?.ip ?? group.ip),
    ...optional('user_agent', actor?.agent),
    ...optional('fingerprint', actor?.fingerprint),
    ...optional('jti', group.jti),
    ...optional('user', actor?.user || group.user),
    ...(object ? {object} : {}),
    ...(wasBad && remove !== undefined && closed === undefined ? {remove} : {}),
  }
}

function optional<K extends string>(name: K, value: string | undefined): {[P in K]?: string} {
  return (value === undefined || value === '' ? {} : {[name]: value}) as {[P in K]?: string}
}

/** What suspects and attackers left behind and nobody else took away since; each thing once. */
function inventoryOf(graded: readonly Graded[], judged: Concluded['outcome']['judged']): InventoryItem[] {
  const items = new Map<string, InventoryItem>()
  for (const {group, verdict} of graded) {
    const {hunt, object, remove, closed} = group
    if ((verdict !== 'hostile' && verdict !== 'suspect') || !object || remove === undefined) continue
    if (closed && (closed.by === null || judged.get(closed.by)?.standing !== 'stranger' || object.kind !== 'client_secret'))
      continue
    const id = `${hunt.id}:${object.kind}:${object.id}`
    const before = items.get(id)
    items.set(id, {
      id,
      what: before?.what ?? `${hunt.title}: ${object.kind.replaceAll('_', ' ')} ${object.id}`,
      hunt: hunt.id,
      object,
      remove: before?.remove ?? remove,
      log_ids: before ? [...before.log_ids, ...group.log_ids] : group.log_ids,
    })
  }
  return [...items.values()]
}
