import {parseRfc3339, rfc3339} from '../clock.ts'
import type {LogEntry} from '../auth0/resources/log-entry.ts'
import {earliestEffect} from './change-window.ts'
import {CLIENT_CREDENTIALS, CLIENT_CREDENTIALS_REFUSED} from './issuance.ts'

/** Somebody who gets tokens as the client: one address, agent and TLS fingerprint. Instants are RFC 3339. */
export interface Consumer {
  readonly audiences: string[]
  readonly ip?: string
  readonly user_agent?: string
  /** JA4, else JA3. */
  readonly fingerprint?: string
  readonly first_at: string
  readonly last_at: string
  readonly issuances: number
  /** Usual time between two tokens of one API, seconds; absent with fewer than three. */
  readonly rhythm_seconds?: number
  /** When it asks for its next token; absent where nothing says when. */
  readonly next_needed_at?: string
  /**
   * `moved`: got a token after the delivery of the new secret. `failing`: its last request after the change was refused.
   * `waiting`: not heard of since, and its next token is not yet due. `silent`: it should have asked by now, and did not.
   */
  readonly standing: 'moved' | 'failing' | 'waiting' | 'silent'
}

/** What the standing of a consumer is measured against. Instants are NumericDate, tenant time. */
export interface ConsumerFacts {
  readonly client_id: string
  readonly now: number
  /** Token lifetime per API, seconds, where it is known. */
  readonly lifetimes: Readonly<Record<string, number>>
  /** When grants or the secret were changed; undefined before anything was. */
  readonly changed_at?: number
  /** When the new secret was handed over, from which on a token shows that it is used. */
  readonly delivered_at?: number
  /** Correlation ids of our own probes. */
  readonly own?: ReadonlySet<string>
}

/** Client libraries ask again this long before a token expires, seconds; what is that late is late. */
const EARLY = 60
/** A consumer is late after so many of its own rhythms. */
const PATIENCE = 2
/** Intervals that are kept for a rhythm; it follows what a consumer does now. */
const INTERVALS = 50
/** How our own probes call themselves. */
const OWN_AGENT = /^stanch\//i
/** Consumers that are told apart; a client with more has them counted as one. */
const MOST = 1000

interface Made {
  readonly ip: string | undefined
  readonly user_agent: string | undefined
  readonly fingerprint: string | undefined
  readonly first: number
  last: number
  issuances: number
  lastGot: number
  lastRefused: number
  readonly issued: Map<string, {last: number; readonly between: number[]}>
}

/**
 * Everybody who asked for tokens as the client: failing first, then in the order in which they need the next one. One pass,
 * memory per consumer. The attacker is among them: who is who is for the hunt to say.
 *
 * @param entries in the order of time
 */
export function consumersOf(entries: Iterable<LogEntry>, facts: ConsumerFacts): Consumer[] {
  const found = new Map<string, Made>()
  for (const entry of entries) {
    if (entry.client_id !== facts.client_id) continue
    if (entry.type !== CLIENT_CREDENTIALS && entry.type !== CLIENT_CREDENTIALS_REFUSED) continue
    const at = parseRfc3339(entry.date)
    if (at === undefined || isOwn(entry, facts)) continue
    note(consumerOf(found, entry, at), entry, at)
  }
  return [...found.values()].map((one) => view(one, facts)).sort(byNeed)
}

function isOwn(entry: LogEntry, {own}: ConsumerFacts): boolean {
  return (entry.correlation_id !== undefined && own?.has(entry.correlation_id) === true) || OWN_AGENT.test(entry.user_agent ?? '')
}

function consumerOf(found: Map<string, Made>, entry: LogEntry, at: number): Made {
  const full = found.size >= MOST
  const {ip, user_agent, fingerprint} = full ? {} : entry
  const key = `${ip ?? ''}|${user_agent ?? ''}|${fingerprint ?? ''}`
  const known = found.get(key)
  if (known) return known
  const made: Made = {
    ip,
    user_agent,
    fingerprint,
    first: at,
    last: at,
    issuances: 0,
    lastGot: 0,
    lastRefused: 0,
    issued: new Map(),
  }
  found.set(key, made)
  return made
}

function note(one: Made, entry: LogEntry, at: number): void {
  one.last = Math.max(one.last, at)
  if (entry.type === CLIENT_CREDENTIALS_REFUSED) {
    one.lastRefused = Math.max(one.lastRefused, at)
    return
  }
  one.issuances += 1
  one.lastGot = Math.max(one.lastGot, at)
  const audience = entry.audience ?? ''
  const api = one.issued.get(audience)
  if (!api) {
    one.issued.set(audience, {last: at, between: []})
    return
  }
  if (at > api.last) {
    api.between.push(at - api.last)
    if (api.between.length > INTERVALS) api.between.shift()
    api.last = at
  }
}

function view(one: Made, facts: ConsumerFacts): Consumer {
  const apis = [...one.issued].filter(([audience]) => audience !== '')
  const rhythms = apis.flatMap(([, {between}]) => (between.length >= 2 ? [median(between)] : []))
  const rhythm = rhythms.length > 0 ? Math.min(...rhythms) : undefined
  const needs = apis.flatMap(([audience, {last, between}]) => {
    const lifetime = facts.lifetimes[audience]
    // A token serves until shortly before its end; whoever asks more often than that asks in his own rhythm.
    const serves = lifetime === undefined ? undefined : Math.max(1, lifetime - EARLY)
    const usual = between.length >= 2 ? median(between) : undefined
    const every = usual === undefined ? serves : serves === undefined ? usual : Math.min(usual, serves)
    return every === undefined ? [] : [last + every]
  })
  const needed = needs.length > 0 ? Math.min(...needs) : undefined
  return {
    audiences: apis.map(([audience]) => audience).sort(),
    ...(one.ip === undefined ? {} : {ip: one.ip}),
    ...(one.user_agent === undefined ? {} : {user_agent: one.user_agent}),
    ...(one.fingerprint === undefined ? {} : {fingerprint: one.fingerprint}),
    first_at: rfc3339(one.first),
    last_at: rfc3339(one.last),
    issuances: one.issuances,
    ...(rhythm === undefined ? {} : {rhythm_seconds: rhythm}),
    ...(needed === undefined ? {} : {next_needed_at: rfc3339(needed)}),
    standing: standingOf(one, needed, rhythm, facts),
  }
}

function standingOf(
  one: Made,
  needed: number | undefined,
  rhythm: number | undefined,
  facts: ConsumerFacts,
): Consumer['standing'] {
  const {changed_at, delivered_at, now} = facts
  if (delivered_at !== undefined && one.lastGot > delivered_at && one.lastGot >= one.lastRefused) return 'moved'
  const changing = changed_at === undefined ? one.lastGot : earliestEffect(changed_at)
  if (one.lastRefused > changing && one.lastRefused > one.lastGot) return 'failing'
  const late = needed === undefined ? undefined : needed + EARLY + (PATIENCE - 1) * (rhythm ?? 0)
  return late !== undefined && now > late ? 'silent' : 'waiting'
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

/** Failing first, then whoever needs a token next. */
function byNeed(a: Consumer, b: Consumer): number {
  const rank = (one: Consumer) =>
    one.standing === 'failing' ? 0 : one.standing === 'waiting' ? 1 : one.standing === 'moved' ? 2 : 3
  const need = (one: Consumer) => one.next_needed_at ?? '9'
  return rank(a) - rank(b) || (need(a) < need(b) ? -1 : need(a) > need(b) ? 1 : 0)
}

/** What a consumer will miss when nothing but the change is done. */
export interface Breakage {
  readonly consumer: Consumer
  /** RFC 3339; absent where nothing says when it asks again. */
  readonly at?: string
}

/**
 * Who gets no token any more once the secret is replaced, or these APIs' grants are gone: each at its next request, not
 * before. Whoever has been silent for long is left out.
 */
export function breakageOf(
  consumers: readonly Consumer[],
  change: {readonly rotated: boolean; readonly audiences: ReadonlySet<string>},
): Breakage[] {
  return consumers
    .filter((one) => one.standing !== 'silent' && one.issuances > 0)
    .filter((one) => change.rotated || one.audiences.some((audience) => change.audiences.has(audience)))
    .map((consumer) => ({consumer, ...(consumer.next_needed_at === undefined ? {} : {at: consumer.next_needed_at})}))
}

/** How many consumers stand where: the adoption meter. */
export function adoptionOf(consumers: readonly Consumer[]): Record<Consumer['standing'], number> {
  const counts = {moved: 0, failing: 0, waiting: 0, silent: 0}
  for (const {standing} of consumers) counts[standing] += 1
  return counts
}
