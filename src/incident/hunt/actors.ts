import type {LogEntry} from '../../auth0/resources/log-entry.ts'
import {mayPrecede} from '../change-window.ts'

/** Somebody who acts: a client, or a person in the Dashboard, from an address with a tool. */
export interface Actor {
  /** Number within the pass; those beyond the bound share -1. */
  readonly index: number
  readonly client_id: string
  readonly ip: string
  /** Text of the agent: parsed by Auth0 in events of tokens, raw in those of the Management API. */
  readonly agent: string
  readonly fingerprint: string
  /** E-mail of the person in the Dashboard, or the user that the attacker made. */
  readonly user: string
  /** The one who got the token that this one acts with, by token id. */
  readonly holder?: Actor
  /** Acts with the very token that leaked. */
  readonly leaked_token: boolean
  /** The log names the token that this one acts with. */
  readonly has_jti: boolean
  readonly kind: 'token' | 'api' | 'other'
  first_at: string
  last_at: string
  /** Got a token when the old secret was no longer accepted: has the new one. */
  adopted: boolean
}

/** More are not told apart, and that is said. */
const MAX_ACTORS = 50_000
/** Token ids that are remembered. */
const MAX_TOKENS = 200_000

/** Every actor of a pass, each once. Flat: bounded, whatever the log holds. */
export class Actors {
  readonly all: Actor[] = []
  /** How many entries had an actor beyond the bound. */
  crowded = 0
  readonly #byKey = new Map<string, Actor>()
  /** The newest at each address: mostly the same one comes again. */
  readonly #newest = new Map<string, Actor>()
  readonly #holders = new Map<string, Actor>()
  /** NumericDate. */
  readonly #rotated: number | undefined
  readonly #leaked_jti: string | undefined
  readonly #leaked: string | undefined
  readonly #planted: ReadonlySet<string>

  constructor(facts: {
    rotated_at?: string | undefined
    leaked_jti?: string | undefined
    leaked_client?: string | undefined
    planted_users?: ReadonlySet<string> | undefined
  }) {
    this.#rotated = facts.rotated_at === undefined ? undefined : Math.floor(Date.parse(facts.rotated_at) / 1000)
    this.#leaked_jti = facts.leaked_jti
    this.#leaked = facts.leaked_client
    this.#planted = facts.planted_users ?? new Set()
  }

  /** The actor of an entry, with its times brought up to date. */
  of(entry: LogEntry, date: string): Actor {
    const api = entry.type === 'sapi' || entry.type === 'mgmt_api_read'
    const client_id = entry.client_id ?? ''
    const ip = entry.ip ?? entry.request?.ip ?? ''
    const agent = (api ? entry.request?.user_agent : undefined) ?? entry.user_agent ?? ''
    const fingerprint = entry.fingerprint ?? ''
    const user = api ? (entry.request?.user_email ?? '') : this.#planted.has(entry.user_id ?? '') ? (entry.user_id ?? '') : ''
    const jti = api ? entry.request?.jti : undefined
    const holder = jti === undefined ? undefined : this.#holders.get(jti)
    const leaked = jti !== undefined && jti === this.#leaked_jti
    const kind = api ? 'api' : isToken(entry.type) ? 'token' : 'other'
    const last = this.#newest.get(ip)
    if (
      last &&
      last.kind === kind &&
      last.client_id === client_id &&
      last.agent === agent &&
      last.fingerprint === fingerprint &&
      last.user === user &&
      last.leaked_token === leaked &&
      last.holder === holder
    )
      return this.#seen(last, entry, date)
    const key = `${kind}|${client_id}|${ip}|${fingerprint}|${agent}|${user}|${leaked ? 'leaked' : ''}|${holder ? `${holder.ip}|${holder.agent}` : ''}`
    const known = this.#byKey.get(key)
    const actor: Actor = known ?? {
      index: this.all.length < MAX_ACTORS ? this.all.length : -1,
      client_id,
      ip,
      agent,
      fingerprint,
      user,
      ...(holder ? {holder} : {}),
      leaked_token: leaked,
      has_jti: jti !== undefined,
      kind,
      first_at: date,
      last_at: date,
      adopted: false,
    }
    if (actor.index === -1) {
      this.crowded++
      return actor
    }
    if (!known) {
      this.#byKey.set(key, actor)
      this.all.push(actor)
    }
    this.#newest.set(ip, actor)
    return this.#seen(actor, entry, date)
  }

  #seen(actor: Actor, entry: LogEntry, date: string): Actor {
    if (date < actor.first_at) actor.first_at = date
    if (date > actor.last_at) actor.last_at = date
    if (entry.type === 'seccft') this.#issued(actor, entry, date)
    return actor
  }

  #issued(actor: Actor, entry: LogEntry, date: string): void {
    if (actor.client_id === this.#leaked && this.#rotated !== undefined && !actor.adopted)
      actor.adopted = !mayPrecede(Math.floor(Date.parse(date) / 1000), this.#rotated)
    const jti = entry.access_token_jti
    if (jti === undefined || this.#holders.has(jti)) return
    if (this.#holders.size >= MAX_TOKENS) this.#holders.delete(this.#holders.keys().next().value ?? jti)
    this.#holders.set(jti, actor)
  }
}

export function isToken(type: string): boolean {
  return type === 'seccft' || type === 'feccft'
}

/** The name of a tool without its versions; undefined where Auth0 could not parse it, which says nothing. */
export function toolOf(agent: string): string | undefined {
  if (agent === '' || agent.startsWith('Other 0.0.0')) return undefined
  const name = agent.split('/')[0] ?? agent
  return (
    name
      .replaceAll(/[\d.]+/g, '')
      .trim()
      .toLowerCase() || undefined
  )
}
