import {StanchError} from '../../errors.ts'
import {Random} from '../random.ts'
import {DEEDS} from './deeds.ts'
import type {Deed} from './deed.ts'
import {Homes} from './homes.ts'
import type {Home} from './homes.ts'
import {tellAdmins, tellAutomation, tellMoved, tellService, tellUsers} from './legitimate.ts'
import type {Service, Span} from './legitimate.ts'
import {Telling} from './telling.ts'
import type {Hand, Scene} from './telling.ts'

/** Journeys that are told: a secret in a repository, an API Explorer token, a bare string, a partner, a false alarm. */
export const JOURNEYS = ['J1', 'J2', 'J9', 'J10', 'J14'] as const

export type Journey = (typeof JOURNEYS)[number]

export interface StoryOptions {
  readonly journey: Journey
  readonly seed: number
  /** Milliseconds of tenant time at which the story ends. */
  readonly now: number
  readonly host: string
  /** Identifier of the Management API. */
  readonly audience: string
  /** The client that leaks, where the tenant has it already. */
  readonly leaked?: {readonly client_id: string; readonly name: string}
  /** Nobody has contained anything yet. */
  readonly open?: boolean
}

/** A tenant's history with an attacker whose acts are known. Instants are milliseconds. */
export interface Story {
  readonly journey: Journey
  readonly seed: number
  /** By time. */
  readonly scenes: readonly Scene[]
  readonly leaked: {readonly client_id: string; readonly name: string}
  readonly leaked_at: number
  /** Whether the responder knows when it leaked. */
  readonly leak_known: boolean
  readonly contained_at: number
  readonly rotated: boolean
  readonly leaked_jti?: string
  /** `probes`: when the responder asked for tokens with what leaked, to prove that they are refused. */
  readonly own: {
    readonly client_id: string
    readonly ip: string
    /** By correlation id. */
    readonly requests: readonly {readonly correlation_id: string; readonly path: string}[]
    readonly probes: readonly number[]
  }
  readonly explorer: string
  readonly dashboard: string
}

const HOUR = 3_600_000
const MINUTE = 60_000
const DAY = 24 * HOUR
const INVOICES = 'https://invoices.acme.example/'

/** Same options, same story. */
export function tellStory(options: StoryOptions): Story {
  const {journey, seed, now} = options
  const random = new Random(seed * 7919 + JOURNEYS.indexOf(journey))
  const homes = new Homes(random)
  const telling = new Telling({random, homes, host: options.host, audience: options.audience, jtis: random.chance(0.75)})
  const closed = spanOf(random, now)
  const span = options.open ? {...closed, contained: now} : closed
  const explorer = random.clientId()
  const dashboard = random.clientId()
  const storefront = random.clientId()
  const leaked = leakedClient(options, random, explorer)
  const service: Service = {
    ...leaked,
    homes: Array.from({length: 1 + random.below(3)}, () => homes.service(leaked.name)),
    // Applications of third parties cannot have tokens for the Management API.
    audiences: journey === 'J10' ? [INVOICES] : random.chance(0.5) ? [options.audience] : [options.audience, INVOICES],
    rhythm: (1 + random.below(12)) * HOUR,
    provisions: random.chance(0.4) && journey !== 'J10',
  }
  const others = otherServices(telling, service)
  for (const other of others) tellService(telling, other, span, false)
  tellAutomation(telling, random.clientId(), span)
  tellAdmins(telling, dashboard, explorer, span)
  tellUsers(telling, storefront, span, 60)
  const leaked_jti = journey === 'J2' ? tellExplorer(telling, leaked, span) : undefined
  if (journey !== 'J2') {
    tellService(telling, service, span, journey !== 'J14' && !options.open)
    tellMoved(telling, service, span)
  }
  const victim = others[0] ?? service
  if (journey !== 'J14') tellAttack(telling, {journey, leaked, service, victim, storefront, span, jti: leaked_jti})
  const own = journey === 'J14' || options.open ? undefined : tellOurs(telling, leaked, span)
  return {
    journey,
    seed,
    scenes: telling.scenes.filter(({at}) => at <= now).sort((a, b) => a.at - b.at),
    leaked,
    leaked_at: span.leaked,
    leak_known: journey === 'J2' || random.chance(0.8),
    contained_at: span.contained,
    rotated: journey !== 'J2' && journey !== 'J14',
    ...(leaked_jti === undefined || !telling.jtis ? {} : {leaked_jti}),
    own: own ?? {client_id: random.clientId(), ip: '192.0.2.250', requests: [], probes: []},
    explorer,
    dashboard,
  }
}

/** Five to ten days before the leak, some hours until it was contained, some until now. */
function spanOf(random: Random, now: number): Span {
  const contained = now - (3 + random.below(20)) * HOUR
  const leaked = contained - (6 + random.below(30)) * HOUR
  return {from: leaked - (5 + random.below(5)) * DAY, leaked, contained, to: now}
}

function leakedClient({journey, leaked}: StoryOptions, random: Random, explorer: string) {
  if (leaked) return leaked
  if (journey === 'J2') return {client_id: explorer, name: 'API Explorer Application'}
  if (journey === 'J10') return {client_id: random.thirdPartyClientId(), name: 'Partner portal'}
  return {client_id: random.clientId(), name: 'billing-sync'}
}

/** Other services of the tenant; one may go out through the same address as the leaked one. */
function otherServices(telling: Telling, leaked: Service): Service[] {
  const {random, homes, audience} = telling
  return Array.from({length: 2 + random.below(4)}, (_, i) => {
    const home = homes.service()
    const nat: Home = {...home, ip: leaked.homes[0]?.ip ?? home.ip}
    return {
      client_id: random.clientId(),
      name: `service-${i}`,
      homes: [i === 1 && random.chance(0.5) ? nat : home],
      audiences: [audience],
      rhythm: (1 + random.below(12)) * HOUR,
      provisions: false,
    }
  })
}

/** An administrator copies the all-scopes token and works with it from his own address; then it gets out. */
function tellExplorer(telling: Telling, explorer: {client_id: string; name: string}, span: Span): string {
  const {random, homes} = telling
  const hand: Hand = {by: 'legitimate', ...explorer, home: homes.person()}
  const jti = telling.token(span.leaked - 2 * HOUR, hand, telling.audience, {
    user: 'admin0@acme.example',
    scope: 'read:users update:clients',
  })
  for (let at = span.leaked - HOUR; at < span.to; at += (2 + random.below(6)) * HOUR) {
    telling.request(at, hand, 'patch', `/users/auth0%7C${random.text(24, '0123456789abcdef')}`, {jti, body: {user_metadata: {}}})
    if (random.chance(0.3))
      telling.request(at + MINUTE, hand, 'post', '/clients', {jti, response: {client_id: random.clientId()}})
  }
  return jti
}

interface Attack {
  readonly journey: Journey
  readonly leaked: {readonly client_id: string; readonly name: string}
  /** The service that the leaked client was made for. */
  readonly service: Service
  readonly victim: Service
  readonly storefront: string
  readonly span: Span
  readonly jti: string | undefined
}

/** One to three places, tokens where he has the secret, a handful of deeds, and tries after containment. */
function tellAttack(telling: Telling, {journey, leaked, service, victim, storefront, span, jti}: Attack): void {
  const {random, homes} = telling
  const [audience = telling.audience] = service.audiences
  const deeds = journey === 'J10' ? DEEDS.filter(({outside}) => outside) : [...DEEDS]
  const thieves = Array.from({length: 1 + random.below(3)}, (): Hand => {
    const home = homes.thief()
    // Some say that they are the service, or have the library of another one.
    const [disguise] = random.chance(0.2) ? service.homes : random.chance(0.2) ? victim.homes : []
    return {by: 'attacker', ...leaked, home: disguise ? {...disguise, ip: home.ip} : home}
  })
  const tokens = new Map<Hand, string>()
  const start = span.leaked + (2 + random.below(90)) * MINUTE
  for (const thief of thieves) {
    if (journey === 'J2') continue
    tokens.set(thief, telling.token(start + random.below(HOUR), thief, audience, {deed: 'gets a token'}))
    if (random.chance(0.4))
      telling.refused(
        start + random.below(HOUR),
        thief,
        'https://ledger.acme.example/',
        'Client is not authorized',
        'tries an API without a grant',
      )
    for (let at = span.contained + 5 * MINUTE; at < span.to; at += (1 + random.below(5)) * HOUR)
      telling.refused(at, thief, audience, 'Unauthorized', 'tries the dead secret')
  }
  const wanted = new Set<Deed>()
  const count = Math.min(deeds.length, 2 + random.below(6))
  while (wanted.size < count) wanted.add(deeds[random.below(deeds.length)] ?? DEEDS[0])
  let at = start + HOUR + MINUTE
  for (const deed of wanted) {
    const thief = thieves[random.below(thieves.length)] ?? thieves[0]
    if (!thief) throw new StanchError('internal', 'A story without an attacker.')
    deed.tell({
      telling,
      thief,
      victim: victim.client_id,
      victimName: victim.name,
      leaked: leaked.client_id,
      storefront,
      jti: jti ?? tokens.get(thief),
      at,
      minted: tokens.has(thief),
    })
    at += (5 + random.below(40)) * MINUTE
  }
}

/** Our own response: grants taken, then probes with the dead credential from our own address. */
function tellOurs(telling: Telling, leaked: {client_id: string; name: string}, span: Span): Story['own'] {
  const {random, homes, audience} = telling
  const home: Home = {...homes.person(), agent: 'stanch/1.0.0'}
  const hand: Hand = {by: 'ours', client_id: random.clientId(), name: 'stanch responder', home}
  telling.token(span.contained - 4 * MINUTE, hand, audience)
  const requests = Array.from({length: 3}, () => ({
    correlation_id: `stanch-${random.text(16, '0123456789abcdef')}`,
    path: `/client-grants/${random.grantId()}`,
  }))
  for (const [i, {correlation_id, path}] of requests.entries())
    telling.request(span.contained - (3 - i) * 20_000, hand, 'delete', path, {correlation_id})
  const probes = Array.from({length: 4}, (_, i) => span.contained + i * 12_000)
  for (const at of probes) telling.refused(at, {...hand, ...leaked}, audience)
  return {client_id: hand.client_id, ip: home.ip, requests, probes}
}
