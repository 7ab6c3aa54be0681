import type {LogEntry} from '../../auth0/resources/log-entry.ts'
import {fitsRequest, isFirstOfId, isOwnTokenRequest, noteOwnAddress} from '../own-traces.ts'
import type {OwnTraces} from '../own-traces.ts'
import {Actors, isToken} from './actors.ts'
import type {Actor} from './actors.ts'
import type {Sets} from './condition.ts'
import {Detector} from './detector.ts'
import type {Hit} from './detector.ts'
import type {OwnRequest} from '../reconcile/facts.ts'
import type {CompromisedClient, HuntFacts} from './findings.ts'
import {Groups} from './groups.ts'
import {textOf} from './leavings.ts'
import type {Hunt} from './hunt.ts'

/** What is known before a pass: the incident's facts, and what earlier passes found. */
export interface Knowledge {
  readonly facts: HuntFacts
  readonly sets: Sets
  readonly clients: ReadonlyMap<string, CompromisedClient>
}

/** Questions that are asked of everything; a sharper one on the same entry goes before them. */
const GENERAL = new Set(['H5', 'H25', 'H26'])
/** Kinds of requests, and actors of each, that are remembered. */
const MAX_HABITS = 20_000
const MAX_WHO = 8

/** As Auth0 writes it. */
const INSTANT = /^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d\.\d{3}Z$/
/** Of an entry without a date before any that has one, where nobody knows when anything was. */
const BEGINNING = '1970-01-01T00:00:00.000Z'

/** One pass over the log: entries go in one by one, in any order of arrival; memory does not grow with their number. */
export class Pass {
  readonly actors: Actors
  readonly groups = new Groups()
  /** Who made which kind of request with which client; the first few. */
  readonly habits = new Map<string, Set<Actor>>()
  entries = 0
  first_at = ''
  last_at = ''
  /** Suspect addresses and fingerprints that somebody had before the leak: shared, so nothing is concluded from them. */
  readonly shared = new Set<string>()
  /** Of the newest entry that had one. */
  #date: string
  /** Where our own requests came from, and those that no entry accounts for yet. */
  readonly #mine: OwnTraces
  readonly #knowledge: Knowledge
  readonly #detector: Detector
  readonly #own: {
    readonly requests: ReadonlyMap<string, OwnRequest>
    readonly clients: ReadonlySet<string>
    readonly tokens: ReadonlySet<string>
  }

  constructor(hunts: readonly Hunt[], knowledge: Knowledge) {
    const {facts, sets} = knowledge
    this.#knowledge = knowledge
    this.#date = facts.contained_at ?? facts.leaked_at ?? BEGINNING
    this.#mine = {spare: [...(facts.own_token_requests ?? [])], ips: new Set(), seen: new Set()}
    this.#detector = new Detector(hunts, {sets, ...(facts.contained_at === undefined ? {} : {contained_at: facts.contained_at})})
    this.#own = {
      requests: facts.own_requests ?? new Map(),
      clients: sets.own_clients ?? new Set(),
      tokens: sets.own_tokens ?? new Set(),
    }
    this.actors = new Actors({
      rotated_at: facts.rotated_at,
      leaked_jti: facts.leaked_jti,
      leaked_client: facts.clients[0]?.client_id,
      planted_users: sets.planted_users,
    })
  }

  /** Addresses of the responder. */
  get own_ips(): ReadonlySet<string> {
    return this.#mine.ips
  }

  see(given: LogEntry): void {
    const read = INSTANT.test(given.date) ? given.date : normalised(given.date)
    if (read !== undefined) this.#cover(read)
    // An entry whose date nobody can read is as old as the one before it, and says nothing about what the log covers.
    const date = read ?? this.#date
    const entry = read === undefined ? {...given, date} : given
    this.entries++
    const hits = this.#detector.hits(entry)
    if (this.#isOurs(entry, date)) {
      if (entry.correlation_id !== undefined) noteOwnAddress(entry, this.#mine)
      this.groups.close(entry, null, date)
      const own = hits.find(({hunt}) => hunt.id === 'H31') ?? hits[0]
      if (own) this.groups.add(own, entry, {actor: undefined, ours: true, date, text: textOf(entry)})
      return
    }
    const unrecorded = this.#isOwnClient(entry) ? hits.find(({hunt}) => hunt.id === 'H31') : undefined
    if (unrecorded) return this.groups.add(unrecorded, entry, {actor: undefined, ours: false, date, text: textOf(entry)})
    const api = entry.type === 'sapi' || entry.type === 'mgmt_api_read'
    this.#noteShared(entry, date)
    if (!api && !isToken(entry.type) && hits.length === 0) return
    const actor =
      api || isToken(entry.type) || hits.some(({hunt}) => (hunt.group ?? 'actor') === 'actor')
        ? this.actors.of(entry, date)
        : undefined
    const text = textOf(entry)
    if (api && actor) this.#learnHabit(entry, text, actor)
    if (api) this.groups.close(entry, actor ?? null, date)
    for (const hit of sharpest(hits)) this.groups.add(hit, entry, {actor, ours: false, date, text})
  }

  #cover(date: string): void {
    if (this.first_at === '' || date < this.first_at) this.first_at = date
    if (date > this.last_at) this.last_at = date
    this.#date = date
  }

  /** The responder's client, which is judged by our own records alone, unless it is what leaked. */
  #isOwnClient({client_id}: LogEntry): boolean {
    const {sets, clients} = this.#knowledge
    return client_id !== undefined && sets.own_clients?.has(client_id) === true && !clients.has(client_id)
  }

  #isOurs(entry: LogEntry, date: string): boolean {
    const {correlation_id, access_token_jti, request} = entry
    const {requests, clients} = this.#own
    const own = correlation_id === undefined ? undefined : requests.get(correlation_id)
    if (own && fitsRequest(own, entry, clients) && isFirstOfId(entry, requests, this.#mine)) return true
    if (access_token_jti !== undefined && this.#own.tokens.has(access_token_jti)) return true
    if (request?.jti !== undefined && this.#own.tokens.has(request.jti)) return true
    return this.#isProbe(entry, date)
  }

  /** A refusal or a token of a compromised client at our own address, at the time of a request of ours. */
  #isProbe(entry: LogEntry, date: string): boolean {
    const {facts, clients} = this.#knowledge
    if (entry.ip === undefined || !this.own_ips.has(entry.ip) || !clients.has(entry.client_id ?? '')) return false
    if (isToken(entry.type)) return isOwnTokenRequest(entry, Math.floor(Date.parse(date) / 1000), this.#mine)
    return entry.type === 'feacft' && facts.probed.some(({from, to}) => date >= from && date <= to)
  }

  /** Remembers who made requests of a kind: what a known one does is no sign of an attack when somebody new does it. */
  #learnHabit(entry: LogEntry, text: string, actor: Actor): void {
    const kind = habitOf(entry.client_id ?? '', text)
    const who = this.habits.get(kind)
    if (who) {
      if (who.size < MAX_WHO) who.add(actor)
    } else if (this.habits.size < MAX_HABITS) this.habits.set(kind, new Set([actor]))
  }

  #noteShared(entry: LogEntry, date: string): void {
    const since = this.#knowledge.facts.leaked_at
    if (since === undefined || date >= since) return
    const {suspect_addresses, suspect_fingerprints} = this.#knowledge.sets
    if (entry.ip !== undefined && suspect_addresses?.has(entry.ip)) this.shared.add(entry.ip)
    if (entry.fingerprint !== undefined && suspect_fingerprints?.has(entry.fingerprint)) this.shared.add(entry.fingerprint)
  }
}

/** Of several questions that an act answers, the general ones are left out; of general ones alone the first stays. */
function sharpest(hits: readonly Hit[]): readonly Hit[] {
  if (hits.length < 2) return hits
  const sharp = hits.filter(({hunt}) => !GENERAL.has(hunt.id))
  const general = sharp.some(({hunt}) => hunt.weight !== 'note') ? undefined : hits.find(({hunt}) => GENERAL.has(hunt.id))
  return general ? [...sharp, general] : sharp
}

/** RFC 3339 in the 24 characters that compare as text. */
function normalised(date: string): string | undefined {
  const ms = Date.parse(date)
  return Number.isFinite(ms) ? new Date(ms).toISOString() : undefined
}

/** The kind of a request: the client, the method and the path without its ids. */
export function habitOf(client_id: string, text: string): string {
  return `${client_id}|${text}`
}
