import {Attacker, type Loot} from './attacker.ts'
import {newGrant} from './client-grants.ts'
import {newClient} from './clients.ts'
import {Consumer} from './consumer.ts'
import {createCredential} from './credentials.ts'
import type {Fault} from './faults.ts'
import {issue, logIssuance, signed, type Issued, type Origin} from './issue.ts'
import {newResourceServer} from './resource-servers.ts'
import type {AttackerScore, ConsumerScore} from './score.ts'
import type {Change, SimClient, SimGrant, World} from './state.ts'
import {StanchError} from '../errors.ts'
import {copy, type Wire} from './wire.ts'

export interface TokenOptions {
  readonly client_id: string
  /** Default: the Management API. */
  readonly audience?: string
  /** Blank-separated; default: what the client's grant allows. */
  readonly scope?: string
  /** Seconds before now. */
  readonly age?: number
  /** Seconds; default: the API's token lifetime. */
  readonly lifetime?: number
  readonly subject?: string
  /** Writes the event of the issue, from this address. */
  readonly from?: Origin
}

/** The tenant as a test or the drill sees it from inside: everything as plain copies. */
export class SimulatedTenant {
  readonly world: World
  #consumers = new Map<string, Consumer>()

  constructor(world: World) {
    this.world = world
  }

  /** `now()` is NumericDate; `advance` moves tenant time and lets attacker and consumer act on the way. */
  readonly clock = {
    now: (): number => this.world.time.now(),
    advance: (seconds: number): void => {
      this.world.time.advance(seconds)
      this.world.score.look()
    },
  }

  /** How often an operation took effect, of one client, grant or API if an id is given. */
  count(operation: string, id?: string): number {
    return this.world.effects.filter((one) => one.operation === operation && (id === undefined || one.ids.includes(id))).length
  }

  changes(): readonly Readonly<Change>[] {
    return copy(this.world.changes)
  }

  /** Changing requests, marked reads and marked token requests that were refused because no intent was on disk. */
  unlogged(): number {
    return this.world.unlogged
  }

  clients(): Wire[] {
    return [...this.world.clients.values()].map(({wire}) => copy(wire))
  }

  grants(client_id?: string): Wire[] {
    const all = [...this.world.grants.values()].map(({wire}) => copy(wire) as Wire)
    return client_id === undefined ? all : all.filter((wire) => wire['client_id'] === client_id)
  }

  resourceServers(): Wire[] {
    return [...this.world.resourceServers.values()].map(({wire}) => copy(wire))
  }

  /** Organisations tied to a grant. */
  ties(grant_id: string): string[] {
    return [...(this.world.grants.get(grant_id)?.organizations ?? [])]
  }

  /** Every event, also those that cannot be read yet. */
  logs(): Wire[] {
    return this.world.logs.all()
  }

  /** The secret in force; what it was before rotations stands in knownSecrets. */
  secretOf(client_id: string): string {
    return this.#client(client_id).secrets.at(-1)?.value ?? ''
  }

  /** Every client secret, signing secret, private key and signed token there ever was: what must not be found anywhere. */
  knownSecrets(): string[] {
    return [...this.world.everySecret]
  }

  fault(fault: Fault): void {
    this.world.faults.add(fault)
  }

  clearFaults(): void {
    this.world.faults.clear()
  }

  score(): {attacker: AttackerScore; consumer: ConsumerScore} {
    return {attacker: this.world.score.readAttacker(), consumer: this.world.score.readConsumer()}
  }

  /** Members of a client as the API takes them; `client_id` and `client_secret` may be given. Returns both. */
  addClient(wire: Wire): {client_id: string; client_secret: string} {
    const {client_id, ...rest} = wire
    const client = newClient(this.world, {app_type: 'non_interactive', ...rest}, client_id as string | undefined)
    return {client_id: client.wire.client_id, client_secret: client.secrets.at(-1)?.value ?? ''}
  }

  /** A public key for a client, bound as its way to authenticate. */
  async addKeyCredential(client_id: string, publicKeyPem: string, name = 'deployment key'): Promise<string> {
    const client = this.#client(client_id)
    const wire = await createCredential(this.world, client, {credential_type: 'public_key', name, pem: publicKeyPem})
    const bound = client.wire['client_authentication_methods'] as {private_key_jwt?: {credentials?: Wire[]}} | undefined
    const others = bound?.private_key_jwt?.credentials ?? []
    client.wire['client_authentication_methods'] = {private_key_jwt: {credentials: [...others, {id: wire['id']}]}}
    delete client.wire['token_endpoint_auth_method']
    client.secret_hidden = true
    return String(wire['id'])
  }

  addGrant(wire: Wire, organizations: readonly string[] = []): string {
    const grant = newGrant(this.world, wire)
    for (const id of organizations) grant.organizations.add(id)
    return grant.wire.id
  }

  removeGrant(grant_id: string): void {
    this.world.grants.delete(grant_id)
  }

  addResourceServer(wire: Wire): string {
    return newResourceServer(this.world, wire).wire.id
  }

  addOrganization(name: string): string {
    const id = this.world.random.organizationId()
    this.world.organizations.set(id, {seq: this.world.seq(), wire: {id, name, display_name: name}})
    return id
  }

  /** A user who can sign in by password. Returns the user id. */
  addUser(username: string, password: string): string {
    const user_id = `auth0|${this.world.random.text(24, '0123456789abcdef')}`
    this.world.users.set(username, {user_id, username, password})
    this.world.everySecret.add(password)
    return user_id
  }

  /** The authorization code that a login of this user at this client would have left behind. */
  giveCode(code: {client_id: string; user_id: string; audience: string; scope?: string}): string {
    const value = this.world.random.clientSecret()
    this.world.codes.set(value, {...code, scope: code.scope ?? ''})
    this.world.everySecret.add(value)
    return value
  }

  /** A rotation by somebody else, for instance through the Dashboard; goes through the propagation like any other. */
  rotate(client_id: string): string {
    const secret = this.world.random.clientSecret()
    this.world.setSecret(this.#client(client_id), secret)
    return secret
  }

  issueToken(options: TokenOptions): string {
    return signed(this.world, this.issueClaims(options))
  }

  /** As issueToken, unsigned: for those who act inside. */
  issueClaims(options: TokenOptions): Issued {
    const audience = options.audience ?? this.world.audience
    const server = this.world.resourceServer(audience)
    if (!server) throw new StanchError('input.invalid', `The simulated tenant has no API "${audience}".`)
    const client = this.world.clients.get(options.client_id)
    const at = this.world.time.now() - (options.age ?? 0)
    const grant = client && this.world.grantFor(client, audience)
    const scope = options.scope ?? grantScope(grant)
    const issued = issue(this.world, options.client_id, server, scope, {
      at,
      ...(options.lifetime === undefined ? {} : {lifetime: options.lifetime}),
      ...(options.subject === undefined ? {} : {subject: options.subject}),
    })
    if (client && options.from) logIssuance(this.world, client, issued, options.from, undefined, at * 1000)
    return issued
  }

  addAttacker(options: {client_id: string; loot: Loot; audiences: readonly string[]; held: readonly Issued[]}): void {
    if (this.world.behaviour.attacker) this.world.time.add(new Attacker(this.world, options))
  }

  addConsumer(options: {client_id: string; audiences: readonly string[]; held: readonly Issued[]}): void {
    if (!this.world.behaviour.consumer) return
    const consumer = new Consumer(this.world, {...options, secret: this.secretOf(options.client_id)})
    this.#consumers.set(options.client_id, consumer)
    this.world.time.add(consumer)
  }

  /** The owner deploys a secret to the consumer of this client. */
  deploy(client_id: string, secret: string): void {
    this.#consumers.get(client_id)?.deploy(secret)
  }

  #client(client_id: string): SimClient {
    const client = this.world.clients.get(client_id)
    if (!client) throw new StanchError('input.invalid', `The simulated tenant has no client "${client_id}".`)
    return client
  }
}

function grantScope(grant: SimGrant | undefined): string {
  return ((grant?.wire['scope'] as string[] | undefined) ?? []).join(' ')
}
