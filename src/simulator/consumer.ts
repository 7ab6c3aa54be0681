import {logRefusal, mint, type Issued, type Origin} from './issue.ts'
import type {World} from './state.ts'
import type {Actor} from './time.ts'
import {oauthError} from './wire.ts'

const HOME: Origin = {ip: '198.51.100.7', user_agent: 'billing-sync 4.2.0 / Linux 6.8.0'}
const EVERY_MS = 300_000
/** Seconds before `exp` at which it asks for the next token, as client libraries do. */
const EARLY = 60

/** The service the client was made for. It works on until its token runs out, then needs the secret of the day. */
export class Consumer implements Actor {
  next: number
  readonly #world: World
  readonly #client_id: string
  readonly #audiences: readonly string[]
  #secret: string
  #tokens = new Map<string, Issued>()

  constructor(world: World, options: {client_id: string; secret: string; audiences: readonly string[]; held: readonly Issued[]}) {
    this.#world = world
    this.#client_id = options.client_id
    this.#secret = options.secret
    this.#audiences = options.audiences
    for (const issued of options.held) this.#tokens.set(issued.audience, issued)
    this.next = world.time.ms() + 90_000
  }

  /** Gives the service the new secret. */
  deploy(secret: string): void {
    this.#secret = secret
  }

  act(at: number): void {
    const now = this.#world.time.now()
    for (const audience of this.#audiences) {
      const held = this.#tokens.get(audience)
      if (!held || held.exp - EARLY <= now) this.#renew(audience)
      const token = this.#tokens.get(audience)
      this.#world.score.consumer(token && now < token.exp ? 'calls_ok' : 'calls_failed')
    }
    this.next = at + EVERY_MS
  }

  #renew(audience: string): void {
    const client = this.#world.clients.get(this.#client_id)
    if (!client || !this.#world.secretAccepted(client, this.#secret)) {
      if (client) logRefusal(this.#world, client, {audience}, HOME, oauthError(401, 'access_denied', 'Unauthorized'))
      this.#world.score.consumer('mints_failed')
      return
    }
    const result = mint(this.#world, client, {audience}, HOME)
    if ('issued' in result) this.#tokens.set(audience, result.issued)
    else this.#world.score.consumer('mints_failed')
  }
}
