import type {Actor} from './actors.ts'
import type {Verdict} from './findings.ts'
import type {Group} from './groups.ts'
import {habitOf} from './pass.ts'
import type {Judged} from './standing.ts'

export interface VerdictContext {
  readonly judged: ReadonlyMap<Actor, Judged>
  readonly isHabit: (group: Group) => boolean
  readonly hostile: ReadonlySet<Actor>
  readonly suspect_ips: ReadonlySet<string>
  readonly own_ips: ReadonlySet<string>
  readonly planted: ReadonlySet<string>
}

/**
 * Strangers that did something which lasts, opens a door or reads secrets, and which no known actor of that client does. Whoever shares an address with one of them, and is a stranger too, is the same.
 */
export function hostileActors(
  groups: readonly Group[],
  judged: ReadonlyMap<Actor, Judged>,
  isHabit: (group: Group) => boolean,
): Set<Actor> {
  const hostile = new Set<Actor>()
  const ips = new Map<string, Set<string>>()
  const add = (actor: Actor) => {
    hostile.add(actor)
    if (actor.ip !== '') ips.set(actor.ip, (ips.get(actor.ip) ?? new Set()).add(actor.client_id))
    if (actor.holder && judged.get(actor.holder)?.standing === 'stranger' && !hostile.has(actor.holder)) add(actor.holder)
  }
  const acted = new Set<Actor>()
  for (const group of groups) {
    const {hunt, actor, ours} = group
    if (ours || !actor || hunt.weight !== 'act' || judged.get(actor)?.standing !== 'stranger' || isHabit(group)) continue
    acted.add(actor)
    if (!judged.get(actor)?.by_address) add(actor)
  }
  for (const [actor, {standing, by_address}] of judged) {
    if (standing !== 'stranger') continue
    // Another client at that address counts where it did such a thing itself.
    if (by_address ? ips.has(actor.ip) && acted.has(actor) : ips.get(actor.ip)?.has(actor.client_id)) hostile.add(actor)
  }
  return hostile
}

/** @returns the verdict, and why in words */
export function verdictOf(group: Group, context: VerdictContext): {verdict: Verdict; because: string} {
  if (group.ours) return {verdict: 'ours', because: 'it carries an id of this trail, or answers a probe of ours'}
  if (group.hunt.id === 'H31') {
    // A tenant that logs our ids logs them with every change of ours: one without came from somebody beside us.
    if (group.changes && context.own_ips.has(group.ip ?? ''))
      return {
        verdict: 'unknown',
        because: "the responder's client at our own address, but no record of ours: stanch audit reconcile",
      }
    return context.own_ips.has(group.ip ?? '')
      ? {verdict: 'ours', because: "the responder's client, from the address of our own requests"}
      : {
          verdict: context.own_ips.size > 0 ? 'suspect' : 'unknown',
          because: "the responder's client, but no record of ours has it: stanch audit reconcile",
        }
  }
  const {actor} = group
  if (!actor) return withoutActor(group, context)
  if (context.hostile.has(actor))
    return {verdict: 'hostile', because: context.judged.get(actor)?.because ?? 'a stranger who did what lasts'}
  const found = context.judged.get(actor)
  if (!found) return {verdict: 'unknown', because: 'there were too many actors to tell them apart'}
  switch (found.standing) {
    case 'expected':
      return {verdict: 'expected', because: found.because}
    case 'kin':
    case 'stranger':
      return {
        verdict: 'suspect',
        because: context.isHabit(group) ? `${found.because}; known ones of this client do the like` : found.because,
      }
    case 'unsure':
      return {verdict: 'unknown', because: found.because}
    case 'other':
      return context.suspect_ips.has(actor.ip)
        ? {verdict: 'suspect', because: "from the suspect's address"}
        : {verdict: 'unknown', because: found.because}
  }
}

/** Hunts that count by client or user look at many addresses: only what the attacker made is held against anybody. */
function withoutActor(group: Group, context: VerdictContext): {verdict: Verdict; because: string} {
  if (context.planted.has(group.client_id) || context.planted.has(group.user ?? ''))
    return {verdict: 'suspect', because: 'made by the attacker'}
  return {verdict: 'unknown', because: 'worth a look, whoever did it; addresses differ'}
}

/** Do known ones of the same client make requests of this kind? */
export function habitJudge(
  habits: ReadonlyMap<string, ReadonlySet<Actor>>,
  judged: ReadonlyMap<Actor, Judged>,
): (group: Group) => boolean {
  return ({client_id, text, actor}) => {
    for (const other of habits.get(habitOf(client_id, text)) ?? []) {
      const standing = judged.get(other)?.standing
      if (other !== actor && (standing === 'expected' || standing === 'unsure')) return true
    }
    return false
  }
}
