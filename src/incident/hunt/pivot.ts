import type {Actor} from './actors.ts'
import type {CompromisedClient, HuntFacts, Verdict} from './findings.ts'
import type {Group} from './groups.ts'
import type {Judged} from './standing.ts'

/** What one pass taught: the next one looks for it everywhere. */
export interface Learned {
  readonly clients: ReadonlyMap<string, CompromisedClient>
  readonly ips: ReadonlySet<string>
  readonly fingerprints: ReadonlySet<string>
  readonly users: ReadonlySet<string>
}

export interface PassOutcome {
  readonly facts: HuntFacts
  readonly actors: readonly Actor[]
  readonly judged: ReadonlyMap<Actor, Judged>
  readonly groups: readonly {readonly group: Group; readonly verdict: Verdict}[]
  readonly shared: ReadonlySet<string>
  readonly own_ips: ReadonlySet<string>
  readonly own_clients: ReadonlySet<string>
}

/** Addresses, tools, clients and users of the attacker, with what was known before. */
export function learn(before: Learned, outcome: PassOutcome): Learned {
  const {actors, judged, groups, shared, own_ips} = outcome
  const known = {ips: new Set<string>(own_ips), fingerprints: new Set<string>()}
  const suspects: Actor[] = []
  for (const actor of actors) {
    const standing = judged.get(actor)?.standing
    // Somebody who was there before the leak, with whatever client, is not pointed at by what he shares.
    if (standing === 'expected' || standing === 'unsure') {
      known.ips.add(actor.ip)
      known.fingerprints.add(actor.fingerprint)
    } else if (standing === 'stranger' || standing === 'kin') suspects.push(actor)
  }
  const ips = new Set<string>()
  const fingerprints = new Set<string>()
  for (const {ip, fingerprint} of suspects) {
    if (ip !== '' && !known.ips.has(ip) && !shared.has(ip)) ips.add(ip)
    if (fingerprint !== '' && !known.fingerprints.has(fingerprint) && !shared.has(fingerprint)) fingerprints.add(fingerprint)
  }
  const clients = new Map(before.clients)
  const users = new Set(before.users)
  const join = (client_id: string | undefined, how: CompromisedClient['how'], since: string) => {
    if (client_id === undefined || client_id === '' || outcome.own_clients.has(client_id)) return
    if (!clients.has(client_id)) clients.set(client_id, {client_id, how, since})
  }
  for (const {group, verdict} of groups) {
    if (verdict !== 'suspect' && verdict !== 'hostile') continue
    const {hunt, object, first_at, path = ''} = group
    if (hunt.id === 'H9' && object) join(object.id, 'planted', first_at)
    if (hunt.id === 'H6') {
      if (object?.kind === 'client_secret') {
        join(object.id, 'secret_read', first_at)
        // Where a token alone leaked, now its client's secret did, too.
        if (outcome.facts.token_only && clients.get(object.id)?.how === 'leaked')
          clients.set(object.id, {client_id: object.id, how: 'secret_read', since: first_at})
      }
      // A list of clients with secrets: every one of them is known now.
      else if (path === '/api/v2/clients') for (const client of issuedTo(actors)) join(client, 'secret_read', first_at)
    }
    if (hunt.id === 'H10') join(group.about_client, 'credential_set', first_at)
    if (hunt.id === 'H8') join(group.about_client, 'granted', first_at)
    if ((hunt.id === 'H23' && object?.kind === 'user') || hunt.id === 'H13') if (object) users.add(object.id)
  }
  for (const actor of actors) {
    if (clients.has(actor.client_id) || actor.kind !== 'token') continue
    const standing = judged.get(actor)?.standing
    if (standing === 'expected' || standing === 'unsure') continue
    // Its own secret may be as old a leak as the first one.
    const since = outcome.facts.leaked_at ?? justBefore(actor.first_at)
    if (before.ips.has(actor.ip) && ips.has(actor.ip)) join(actor.client_id, 'same_address', since)
    else if (before.fingerprints.has(actor.fingerprint) && fingerprints.has(actor.fingerprint))
      join(actor.client_id, 'same_fingerprint', since)
  }
  return {clients, ips, fingerprints, users}
}

function justBefore(date: string): string {
  const ms = Date.parse(date)
  return Number.isFinite(ms) ? new Date(ms - 1).toISOString() : date
}

/** Clients that got tokens. */
function issuedTo(actors: readonly Actor[]): Set<string> {
  return new Set(actors.filter(({kind}) => kind === 'token').map(({client_id}) => client_id))
}

export function sameKnowledge(a: Learned, b: Learned): boolean {
  return (
    a.clients.size === b.clients.size && equal(a.ips, b.ips) && equal(a.fingerprints, b.fingerprints) && equal(a.users, b.users)
  )
}

function equal(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((one) => b.has(one))
}
