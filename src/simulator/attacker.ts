import {newGrant} from './client-grants.ts'
import {boundKeys} from './client-authentication.ts'
import {logRefusal, mint, refuse, type Issued, type Origin} from './issue.ts'
import type {SimClient, World} from './state.ts'
import type {Actor} from './time.ts'
import {oauthError} from './wire.ts'

/** What leaked: a client's secret, a key of it, or nothing but a token. */
export type Loot = {secret: string} | {credential_id: string} | {token_only: true}

const HOME: Origin = {ip: '203.0.113.66', user_agent: 'curl 8.9.1 / Other 0.0.0'}

/**
 * Holds what leaked and acts on schedule: uses every token he holds until its `exp`, and asks for another one for every
 * API he knows. He cannot be stopped from the first, only from the second.
 */
export class Attacker implements Actor {
  next: number
  readonly #world: World
  readonly #client_id: string
  readonly #loot: Loot
  readonly #audiences: readonly string[]
  readonly #start: number
  #held: Issued[]

  constructor(world: World, options: {client_id: string; loot: Loot; audiences: readonly string[]; held: readonly Issued[]}) {
    this.#world = world
    this.#client_id = options.client_id
    this.#loot = options.loot
    this.#audiences = options.audiences
    this.#held = [...options.held]
    this.#start = world.time.ms()
    this.next = this.#start + 20_000
    for (const {exp} of this.#held) world.score.holds(exp)
    world.score.canMint = () => this.#canMint()
  }

  act(at: number): void {
    this.#useTokens()
    if (this.#world.behaviour.attacker_recreates_grants) this.#recreateGrants()
    if (!('token_only' in this.#loot)) for (const audience of this.#audiences) this.#tryMint(audience)
    this.#world.score.look()
    const age = at - this.#start
    this.next = at + (age < 600_000 ? 20_000 : age < 7_200_000 ? 300_000 : 1_800_000)
  }

  #useTokens(): void {
    const now = this.#world.time.now()
    for (const {exp} of this.#held) this.#world.score.attacker(now < exp ? 'calls_accepted' : 'calls_refused')
    // A token that was refused once is thrown away.
    this.#held = this.#held.filter(({exp}) => now < exp)
  }

  #tryMint(audience: string): void {
    const client = this.#world.clients.get(this.#client_id)
    if (!client || !this.#accepted(client, true)) {
      if (client) logRefusal(this.#world, client, {audience}, HOME, oauthError(401, 'access_denied', 'Unauthorized'))
      this.#world.score.attacker('refused')
      return
    }
    const result = mint(this.#world, client, {audience}, HOME)
    if ('refusal' in result) {
      this.#world.score.attacker('refused')
      return
    }
    // The newest token of an API is enough.
    this.#held = [...this.#held.filter((one) => one.audience !== audience), result.issued]
    this.#world.score.attacker('minted', result.issued.exp)
  }

  #accepted(client: SimClient, asking: boolean): boolean {
    const loot = this.#loot
    if ('credential_id' in loot) return boundKeys(this.#world, client).some(({id}) => id === loot.credential_id)
    if (!('secret' in loot)) return false
    if (client.wire['client_authentication_methods']) return false
    return asking ? this.#world.secretAccepted(client, loot.secret) : this.#world.secretAlive(client, loot.secret)
  }

  #canMint(): boolean {
    const client = this.#world.clients.get(this.#client_id)
    if (!client) return false
    // With a token alone he gets no other, but its client's grant is what the next one would come from.
    if (!('token_only' in this.#loot) && !this.#accepted(client, false)) return false
    return this.#audiences.some((audience) => refuse(this.#world, client, {audience}) === undefined)
  }

  #recreateGrants(): void {
    const world = this.#world
    const now = world.time.now()
    const able = this.#held.some(
      ({exp, audience, scope}) => now < exp && audience === world.audience && scope.split(' ').includes('create:client_grants'),
    )
    const client = world.clients.get(this.#client_id)
    if (!able || !client) return
    for (const audience of this.#audiences) {
      const there = [...world.grants.values()].some(({wire}) => wire.client_id === this.#client_id && wire.audience === audience)
      if (there) continue
      const grant = newGrant(world, {client_id: this.#client_id, audience, scope: []})
      world.logs.add({
        type: 'sapi',
        description: 'Create client grant',
        client_id: this.#client_id,
        client_name: '',
        ip: HOME.ip,
        hostname: world.host,
        user_agent: HOME.user_agent,
        user_id: null,
        details: {
          request: {method: 'post', path: '/api/v2/client-grants', query: {}, channel: 'api', ip: HOME.ip, body: {audience}},
          response: {statusCode: 201, body: {id: grant.wire.id}},
        },
        isMobile: false,
      })
    }
  }
}
