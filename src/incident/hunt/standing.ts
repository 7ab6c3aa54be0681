import {toolOf} from './actors.ts'
import type {Actor} from './actors.ts'
import type {CompromisedClient, HuntFacts} from './findings.ts'

/**
 * What an actor is held to be. `expected`: known from before the leak, named as known, or has the new secret. `kin`: new,
 * but shares an address, tool or fingerprint with a known one of the same client: a service that moved looks like that,
 * and so may an attacker. `stranger`: new, and shares nothing. `unsure`: nobody knows when it leaked, and this one was
 * there all along. `other`: acts with a client that nothing is held against.
 */
export type Standing = 'expected' | 'kin' | 'stranger' | 'unsure' | 'other'

export interface Judged {
  readonly standing: Standing
  readonly because: string
  /** Held against an actor for the address alone: his client is not known to be compromised. */
  readonly by_address?: true
}

export interface StandingContext {
  readonly facts: HuntFacts
  readonly clients: ReadonlyMap<string, CompromisedClient>
  readonly suspect_ips: ReadonlySet<string>
  readonly suspect_fingerprints: ReadonlySet<string>
  readonly planted_users: ReadonlySet<string>
  /** Somebody else read the new secret: who has it is no longer known to be the owner. */
  readonly new_secret_read: boolean
  /** Where nobody knows when it leaked: whoever was seen by then was there all along. RFC 3339 with milliseconds. */
  readonly edge: string
}

/** Says of every actor of a pass what he is held to be. */
export function judgeActors(actors: readonly Actor[], context: StandingContext): Map<Actor, Judged> {
  const judged = new Map<Actor, Judged>()
  const byClient = Map.groupBy(actors, ({client_id}) => client_id)
  for (const [client_id, group] of byClient) {
    const compromised = context.clients.get(client_id)
    const known = new Known()
    const left: Actor[] = []
    for (const actor of group) {
      const verdict = onItsOwn(actor, compromised, context)
      if (verdict) judged.set(actor, verdict)
      else left.push(actor)
      if (verdict?.standing === 'expected' || verdict?.standing === 'unsure') known.add(actor)
    }
    // Tokens first: who uses one is judged by who got it.
    for (const kind of ['token', 'other', 'api'] as const) {
      for (const actor of left) if (actor.kind === kind) judged.set(actor, byRelation(actor, known, judged, compromised, context))
    }
    for (const actor of group) if (actor.kind === 'api') linkByAddress(actor, group, judged, compromised)
  }
  return judged
}

/** What the known actors of a client show. */
class Known {
  readonly ips = new Set<string>()
  readonly tools = new Set<string>()
  readonly fingerprints = new Set<string>()

  add({ip, agent, fingerprint}: Actor): void {
    if (ip !== '') this.ips.add(ip)
    const tool = toolOf(agent)
    if (tool !== undefined) this.tools.add(tool)
    if (fingerprint !== '') this.fingerprints.add(fingerprint)
  }
}

/** Decided without looking at the others of the same client. */
function onItsOwn(actor: Actor, compromised: CompromisedClient | undefined, context: StandingContext): Judged | undefined {
  const {facts} = context
  if (actor.ip !== '' && facts.isKnown?.(actor.ip)) return {standing: 'expected', because: 'an address that was named as known'}
  if (actor.user !== '' && context.planted_users.has(actor.user))
    return {standing: 'stranger', because: 'an account that the attacker made or invited'}
  if (compromised?.how === 'planted') return {standing: 'stranger', because: 'a client that the attacker made'}
  const since = compromised ? compromised.since : facts.leaked_at
  // The attacker may have had this client before the log shows how he got it.
  const early = actor.first_at > (facts.leaked_at ?? context.edge) && context.suspect_ips.has(actor.ip)
  if (since !== undefined && actor.first_at < since && !actor.leaked_token && !early)
    return {standing: 'expected', because: `seen since ${actor.first_at}, before ${compromised ? 'the leak' : 'anything leaked'}`}
  if (!compromised) return undefined
  if (actor.adopted && !context.new_secret_read) return {standing: 'expected', because: 'it has the new secret'}
  if (since === undefined && actor.first_at <= context.edge && !actor.leaked_token)
    return {standing: 'unsure', because: 'there since the log begins, and nobody knows when it leaked'}
  return undefined
}

function byRelation(
  actor: Actor,
  known: Known,
  judged: ReadonlyMap<Actor, Judged>,
  compromised: CompromisedClient | undefined,
  context: StandingContext,
): Judged {
  const suspectAddress = actor.ip !== '' && context.suspect_ips.has(actor.ip)
  const suspectTool = actor.fingerprint !== '' && context.suspect_fingerprints.has(actor.fingerprint)
  if (!compromised) {
    if (suspectAddress) return {standing: 'stranger', because: "the suspect's address with another client", by_address: true}
    return {standing: 'other', because: 'a client that nothing is held against'}
  }
  const {holder} = actor
  if (
    context.facts.token_only &&
    compromised.how === 'leaked' &&
    !actor.leaked_token &&
    (actor.kind === 'token' || (actor.has_jti && context.facts.leaked_jti !== undefined))
  )
    return {standing: 'other', because: 'another token of this client than the one that leaked'}
  if (holder) {
    const got = judged.get(holder)
    if (got?.standing === 'stranger' || got?.standing === 'kin')
      return {standing: got.standing, because: `its token was issued to ${holder.ip}: ${got.because}`}
    if (got && holder.ip === actor.ip)
      return {standing: got.standing, because: `its token was issued to this address: ${got.because}`}
    if (got && !known.ips.has(actor.ip))
      return {standing: 'stranger', because: `uses a token that was issued to ${holder.ip}, from another address`}
    if (got)
      return {standing: got.standing, because: `its token was issued to ${holder.ip}; both addresses are known: ${got.because}`}
  }
  if (actor.leaked_token) {
    return known.ips.has(actor.ip)
      ? {standing: 'expected', because: 'the leaked token, at an address that is known for it'}
      : {standing: 'stranger', because: 'the leaked token, from an address that is not known for it'}
  }
  if ((compromised.how === 'same_address' || compromised.how === 'same_fingerprint') && !suspectAddress && !suspectTool)
    return {standing: 'other', because: 'new with this client, but neither address nor tool of the suspect'}
  const shared = sharedWith(actor, known)
  if (shared !== undefined)
    return {standing: 'kin', because: `new since ${actor.first_at}, ${shared} of a known one of this client`}
  return {standing: 'stranger', because: `not seen before ${actor.first_at}; neither address nor tool is known of this client`}
}

function sharedWith({ip, agent, fingerprint}: Actor, known: Known): string | undefined {
  if (ip !== '' && known.ips.has(ip)) return 'with the address'
  const tool = toolOf(agent)
  if (tool !== undefined && known.tools.has(tool)) return 'with the tool'
  if (fingerprint !== '' && known.fingerprints.has(fingerprint)) return 'with the fingerprint'
  return undefined
}

/**
 * Without token ids: whoever acts on the Management API from an address is the one who got tokens there, if that was one
 * alone. Agents cannot be compared between the two kinds of entries.
 */
function linkByAddress(
  actor: Actor,
  group: readonly Actor[],
  judged: Map<Actor, Judged>,
  compromised: CompromisedClient | undefined,
): void {
  if (!compromised || actor.holder || actor.leaked_token || actor.ip === '') return
  const own = judged.get(actor)
  if (own?.standing === 'expected') return
  const there = group.filter((one) => one.kind === 'token' && one.ip === actor.ip)
  const standings = new Set(there.map((one) => judged.get(one)?.standing))
  const first = there[0] && judged.get(there[0])
  if (first && standings.size === 1) judged.set(actor, {standing: first.standing, because: first.because})
}
