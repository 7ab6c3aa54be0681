import {DEFAULT_BEHAVIOUR, LOG_RETENTION_DAYS, type Behaviour, type Plan} from './behaviour.ts'
import {Faults} from './faults.ts'
import type {SigningKey} from './keys.ts'
import {LogStore} from './log-store.ts'
import type {Random} from './random.ts'
import {RateLimits} from './rate-limit.ts'
import {Score} from './score.ts'
import type {TenantTime} from './time.ts'
import type {Wire} from './wire.ts'

export interface SimSecret {
  readonly value: string
  /** Milliseconds from which it is refused; undefined while it is the client's secret. */
  until?: number
}

export interface SimCredential {
  readonly wire: Wire & {readonly id: string; readonly alg?: string}
  readonly pem: string
}

export interface SimClient {
  /** Order of creation; what a checkpoint page continues after. */
  readonly seq: number
  /** The client as the API shows it, without its secret. */
  wire: Wire & {readonly client_id: string}
  /** Oldest first; the last is the current one. */
  readonly secrets: SimSecret[]
  readonly credentials: Map<string, SimCredential>
  /** A client that was switched from a secret to keys keeps its secret, unseen. */
  secret_hidden: boolean
}

export interface SimGrant {
  readonly seq: number
  wire: Wire & {readonly id: string; readonly audience: string; readonly client_id?: string}
  readonly organizations: Set<string>
}

export interface SimResourceServer {
  readonly seq: number
  wire: Wire & {readonly id: string; readonly identifier: string}
}

/** A user with a password; tokens in a user's name come by it, or by a code that was given out. */
export interface SimUser {
  readonly user_id: string
  readonly username: string
  readonly password: string
}

/** An authorization code as a login would have left it. */
export interface SimCode {
  readonly client_id: string
  readonly user_id: string
  readonly audience: string
  readonly scope: string
}

export interface SimOrganization {
  readonly seq: number
  readonly wire: Wire & {readonly id: string; readonly name: string}
}

/** A request that wanted to change the tenant. */
export interface Change {
  readonly at: number
  readonly method: string
  readonly path: string
  readonly operation: string
  readonly correlation_id?: string | undefined
  /** 0 while unanswered, or when the answer was lost. */
  status: number
  effect: boolean
  /** Its intent was on disk when it arrived; undefined when nobody asked. */
  logged?: boolean | undefined
}

export interface WorldOptions {
  readonly origin: string
  readonly plan: Plan
  readonly behaviour: Partial<Behaviour>
  readonly time: TenantTime
  readonly random: Random
  readonly key: SigningKey
  readonly intentOnDisk?: ((correlationId: string) => boolean) | undefined
}

/** Everything the simulated tenant knows. Endpoints are functions over it. */
export class World {
  readonly origin: string
  readonly issuer: string
  readonly audience: string
  readonly host: string
  /** The short name that the API shows as `tenant`. */
  readonly name = 'stanch-practice'
  readonly behaviour: Behaviour
  readonly plan: Plan
  readonly time: TenantTime
  readonly random: Random
  readonly key: SigningKey
  readonly limits: RateLimits
  readonly logs: LogStore
  readonly faults = new Faults()
  readonly score: Score
  readonly intentOnDisk: ((correlationId: string) => boolean) | undefined

  readonly clients = new Map<string, SimClient>()
  readonly grants = new Map<string, SimGrant>()
  /** Deleted grants that still yield tokens until `until`, milliseconds. */
  readonly ghosts: {grant: SimGrant; until: number}[] = []
  readonly resourceServers = new Map<string, SimResourceServer>()
  readonly organizations = new Map<string, SimOrganization>()
  /** Host names of the tenant's own, beside the one that Auth0 gives it. */
  readonly customDomains: string[] = []
  readonly logStreams: {
    readonly id: string
    readonly name: string
    readonly type: string
    status: string
    readonly sink: Wire
  }[] = []
  /** By user name. */
  readonly users = new Map<string, SimUser>()
  /** By code; each is good for one exchange. */
  readonly codes = new Map<string, SimCode>()
  readonly usedAssertions = new Map<string, number>()
  /** What the tenant knows of its tokens even where their claims do not say it. */
  readonly tokenJti = new Map<string, string>()

  readonly changes: Change[] = []
  readonly effects: {operation: string; ids: readonly string[]}[] = []
  readonly everySecret = new Set<string>()
  /** Who is behind the entries of a history that was told: what a hunt is held against. */
  readonly truth: {log_id: string; by: 'attacker' | 'legitimate' | 'ours'; deed?: string; leaves?: {kind: string; id: string}}[] =
    []
  unlogged = 0
  operatorId: string | undefined
  #seq = 0
  #flips = 0

  constructor(options: WorldOptions) {
    this.origin = options.origin
    this.issuer = `${options.origin}/`
    this.audience = `${options.origin}/api/v2/`
    this.host = new URL(options.origin).host
    this.behaviour = {...DEFAULT_BEHAVIOUR, ...options.behaviour}
    this.plan = options.plan
    this.time = options.time
    this.random = options.random
    this.key = options.key
    this.intentOnDisk = options.intentOnDisk
    this.limits = new RateLimits(options.time, options.plan)
    this.logs = new LogStore(options.time, options.random, this.behaviour.log_delay_seconds, LOG_RETENTION_DAYS[options.plan])
    this.score = new Score(options.time)
  }

  seq(): number {
    return ++this.#seq
  }

  resourceServer(idOrIdentifier: string): SimResourceServer | undefined {
    const byId = this.resourceServers.get(idOrIdentifier)
    if (byId) return byId
    for (const server of this.resourceServers.values()) if (server.wire.identifier === idOrIdentifier) return server
    return undefined
  }

  /** Makes `value` the client's secret; the one before goes through the propagation. */
  setSecret(client: SimClient, value: string): void {
    const until = this.time.ms() + this.behaviour.secret_propagation_seconds * 1000
    for (const secret of client.secrets) secret.until = Math.min(secret.until ?? until, until)
    client.secrets.push({value})
    this.everySecret.add(value)
  }

  /** Whether the token endpoint takes `value` at this moment. In `mixed` mode answers alternate during propagation. */
  secretAccepted(client: SimClient, value: string): boolean {
    const now = this.time.ms()
    const current = client.secrets.at(-1)
    const previous = client.secrets.filter((secret) => secret.until !== undefined && now < secret.until)
    const isCurrent = current?.value === value
    const isPrevious = previous.some((secret) => secret.value === value)
    if (previous.length === 0 || this.behaviour.secret_propagation === 'both') return isCurrent || isPrevious
    if (this.behaviour.secret_propagation === 'old_only') return isPrevious
    return this.#flips++ % 2 === 0 ? isPrevious : isCurrent
  }

  /** Whether `value` is accepted by at least one node, however answers alternate. */
  secretAlive(client: SimClient, value: string): boolean {
    const now = this.time.ms()
    const current = client.secrets.at(-1)
    return client.secrets.some((secret) => secret.value === value && (secret === current || now < (secret.until ?? 0)))
  }

  deleteGrant(grant: SimGrant): void {
    this.grants.delete(grant.wire.id)
    const wait = this.behaviour.grant_propagation_seconds
    if (wait > 0) this.ghosts.push({grant, until: this.time.ms() + wait * 1000})
  }

  /** The grant of this subject type that a token request of this client uses; its own goes before a default. */
  grantFor(client: SimClient, audience: string, subject: 'client' | 'user' = 'client'): SimGrant | undefined {
    const now = this.time.ms()
    const live = [...this.grants.values(), ...this.ghosts.filter(({until}) => now < until).map(({grant}) => grant)].filter(
      ({wire}) => wire.audience === audience && (wire['subject_type'] ?? 'client') === subject,
    )
    const own = live.find(({wire}) => wire.client_id === client.wire.client_id)
    if (own || client.wire['is_first_party'] !== false) return own
    return live.find(({wire}) => wire['default_for'] === 'third_party_clients')
  }

  recordEffect(effect: {operation: string; ids: readonly string[]}): void {
    this.effects.push(effect)
  }
}
