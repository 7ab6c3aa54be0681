import {StanchError} from '../errors.ts'
import type {Secret} from '../secret.ts'
import {errorOf} from './answers.ts'
import type {Credential} from './credential.ts'
import {ManagementApi} from './management-api.ts'
import {parseChange, secretAnswer, wireRequest, type ChangeBody, type Mutation} from './mutations.ts'
import {heldFrom, heldFromToken, OperatorToken, type Operator} from './operator-token.ts'
import type {Origin} from './origin.ts'
import {probeKey, probeMint, probeMintByKey, probeSecret, probeToken, type PrivateKeyClient, type Probe} from './probes.ts'
import type {Limits} from './rate-limit.ts'
import * as reads from './reads.ts'
import {resendRead} from './resend.ts'
import type {ClientGrant} from './resources/client-grant.ts'
import type {Client} from './resources/client.ts'
import type {ClientCredential} from './resources/credential.ts'
import type {CustomDomain} from './resources/custom-domain.ts'
import type {LogEntry} from './resources/log-entry.ts'
import {parseLogStream, type LogStream} from './resources/log-stream.ts'
import type {NetworkAcl} from './resources/network-acl.ts'
import type {Organization} from './resources/organization.ts'
import {readList} from './resources/reading.ts'
import type {ResourceServer} from './resources/resource-server.ts'
import {readSecretPage, type SecretPage} from './secret-list.ts'
import {judge, type Sent} from './sent.ts'
import {clientCredentialsRequest, grantRefused, parseGranted, type GrantedToken, type TokenRequest} from './token-endpoint.ts'
import {Transport} from './transport.ts'
import type {TransportOptions} from './transport.ts'

/** What a look at the log streams asks for. */
export const LOG_STREAMS_PATH = '/api/v2/log-streams'

export type {Operator} from './operator-token.ts'
export type {PrivateKeyClient, Probe} from './probes.ts'

export interface TenantOptions extends TransportOptions {
  /** Audience of the Management API; set it behind a custom domain. */
  readonly audience?: string
  readonly credential: Credential
  /** All waits of one call together; default 60. */
  readonly budgetSeconds?: number
}

/** A token that this process had issued for itself. */
export interface Minted {
  /** NumericDate. */
  readonly exp: number
  readonly jti?: string
  readonly audience: string
  readonly client_id: string
  /** Seconds from its issue, where the tenant said it. */
  readonly lifetime?: number
}

export interface Change {
  readonly sent: Sent
  /** How often it went out: 1 unless it certainly had not left or met 429. */
  readonly attempts: number
  readonly body?: ChangeBody
}

/** Connections opened ahead of a burst of parallel requests; Auth0 allows 20 reads of the key set a second on every plan. */
const WARM = 8
/** Seconds for which a key set is good; Auth0 advises 5 to 10 minutes. */
const JWKS_SECONDS = 300

/** One tenant over HTTP: reads repeat themselves, changes never do blindly, secrets are wrapped at the door. */
export class Tenant {
  readonly origin: Origin
  readonly audience: string
  /** Called for every own token obtained. */
  onAuth?: (operator: Operator) => void
  /** Called for every application that is read. */
  onClient?: (client: Client) => void
  readonly #options: TenantOptions
  readonly #transport: Transport
  readonly #token: OperatorToken
  readonly #api: ManagementApi
  readonly #minted: Minted[] = []
  #jwks: {readonly keys: unknown; readonly until: number} | undefined

  private constructor(options: TenantOptions, transport: Transport) {
    this.origin = options.origin
    this.audience = options.audience ?? options.origin.audience
    this.#options = options
    this.#transport = transport
    const {clock, credential} = options
    this.#token = new OperatorToken(
      clock,
      async () => {
        if (credential.kind === 'token') return heldFromToken(credential.token, this.audience, clock.now())
        return heldFrom(await this.getToken({audience: this.audience}), credential, clock.now())
      },
      (operator) => this.onAuth?.(operator),
    )
    this.#api = new ManagementApi(transport, this.#token, options.origin, clock, options.logger, this.#budgetSeconds)
  }

  /** @throws {StanchError} `config.insecure`, `config.invalid` */
  static async connect(options: TenantOptions): Promise<Tenant> {
    return new Tenant(options, await Transport.open(options))
  }

  close(): Promise<void> {
    return this.#transport.close()
  }

  /** Opens connections while a human is reading; sends no credential, never throws. */
  async warm(): Promise<void> {
    await Promise.all(Array.from({length: WARM}, () => this.#transport.send({method: 'GET', path: '/.well-known/jwks.json'})))
  }

  /** @throws {StanchError} `auth0.unauthorized` and what keeps the token endpoint from answering */
  async operator(): Promise<Operator> {
    return (await this.#token.get()).operator
  }

  minted(): readonly Minted[] {
    return this.#minted
  }

  serverTime(): number | undefined {
    return this.#transport.serverTime
  }

  skewSeconds(): number | undefined {
    return this.#transport.skew
  }

  limits(): Limits {
    return this.#api.limits
  }

  async getClient(id: string): Promise<Client> {
    const client = await reads.getClient(this.#api, id, (await this.operator()).scopes)
    this.onClient?.(client)
    return client
  }

  async *listClients(): AsyncGenerator<Client> {
    for await (const client of reads.listClients(this.#api, (await this.operator()).scopes)) {
      this.onClient?.(client)
      yield client
    }
  }

  listClientGrants(filter: reads.GrantFilter): Promise<ClientGrant[]> {
    return reads.listClientGrants(this.#api, filter)
  }

  getClientGrant(id: string): Promise<ClientGrant | undefined> {
    return reads.getClientGrant(this.#api, id)
  }

  listGrantOrganizations(grantId: string): Promise<Organization[]> {
    return reads.listGrantOrganizations(this.#api, grantId)
  }

  getResourceServer(identifier: string): Promise<ResourceServer | undefined> {
    return reads.getResourceServer(this.#api, identifier)
  }

  listResourceServers(): AsyncGenerator<ResourceServer> {
    return reads.listResourceServers(this.#api)
  }

  listCustomDomains(): Promise<CustomDomain[]> {
    return reads.listCustomDomains(this.#api)
  }

  listNetworkAcls(): Promise<NetworkAcl[]> {
    return reads.listNetworkAcls(this.#api)
  }

  listCredentials(clientId: string): Promise<ClientCredential[]> {
    return reads.listCredentials(this.#api, clientId)
  }

  searchLogs(search: reads.LogSearch): Promise<LogEntry[]> {
    return reads.searchLogs(this.#api, search)
  }

  logsFrom(page: {readonly from?: string; readonly take: number}): Promise<reads.LogPage> {
    return reads.logsFrom(this.#api, page.from, page.take)
  }

  /**
   * The client's secret, for a fingerprint. The tenant logs such a read, so the caller has recorded its intent.
   * `secret` is absent when a scope hides it; then nothing is known about it.
   */
  async readSecret(clientId: string, correlationId: string): Promise<{readonly sent: Sent; readonly secret?: Secret}> {
    const path = `/api/v2/clients/${reads.segment(clientId)}?fields=client_id,client_secret&include_fields=true`
    const {sent, body} = await this.#api.look({method: 'GET', path, headers: {'x-correlation-id': correlationId}})
    if (judge(sent) !== 'done') return {sent}
    try {
      const answer = secretAnswer(body)
      if (answer.client_id !== clientId) return {sent: inDoubt(sent, 'the answer names another client')}
      return {sent, ...(answer.secret !== undefined && {secret: answer.secret})}
    } catch (error) {
      return {sent: inDoubt(sent, unreadable(error))}
    }
  }

  /** The log streams. The answer holds secrets of their receivers, and the tenant logs it: the caller has recorded its intent. */
  async readLogStreams(correlationId: string): Promise<{readonly sent: Sent; readonly streams?: readonly LogStream[]}> {
    const {sent, body} = await this.#api.look({
      method: 'GET',
      path: LOG_STREAMS_PATH,
      headers: {'x-correlation-id': correlationId},
    })
    if (judge(sent) !== 'done') return {sent}
    try {
      return {sent, streams: readList(body, 'log_streams', parseLogStream)}
    } catch (error) {
      return {sent: inDoubt(sent, unreadable(error))}
    }
  }

  /** As `readSecret`, for a page of all applications. */
  readSecrets(from: string | undefined, correlationId: string): Promise<SecretPage> {
    return readSecretPage(this.#api, from, correlationId)
  }

  /** The caller has recorded its intent, whose leaf hash is in `correlationId`. Never throws. */
  async change(mutation: Mutation, correlationId: string): Promise<Change> {
    const may = mutation.kind === 'client_secret.rotate' ? 'never_on_429' : 'also_on_429'
    const {wire, attempts} = await this.#api.change(wireRequest(mutation, correlationId), may)
    if (judge(wire.sent) !== 'done') return {sent: wire.sent, attempts}
    try {
      const body = parseChange(mutation, wire.body)
      return {sent: wire.sent, attempts, ...(body !== undefined && {body})}
    } catch (error) {
      return {sent: inDoubt(wire.sent, unreadable(error)), attempts}
    }
  }

  /** Is this secret still accepted? Mints nothing. Never throws, never repeats. */
  probeSecret(clientId: string, secret: Secret, method: 'post' | 'basic', correlation?: string): Promise<Probe> {
    return probeSecret(this.#transport, {client_id: clientId, secret, method}, correlation)
  }

  /** Is this private key still accepted? Mints nothing. Never repeats. @throws {StanchError} `config.invalid` for a key of another sort */
  probeKey(client: PrivateKeyClient): Promise<Probe> {
    return probeKey(this.#transport, client, this.origin, Math.floor(this.#options.clock.now() / 1000))
  }

  /** Does the Management API still take this token? Reads nothing. Never throws, never repeats. */
  probeToken(token: Secret): Promise<Probe> {
    return probeToken(this.#transport, token)
  }

  /** Does this credential still get a token for `audience`? What it mints is in `minted()`. Never throws, never repeats. */
  async probeMint(
    clientId: string,
    secret: Secret,
    method: 'post' | 'basic',
    audience: string,
    correlation?: string,
  ): Promise<Probe> {
    const probe = await probeMint(
      this.#transport,
      {client_id: clientId, secret, method},
      audience,
      this.#options.clock,
      correlation,
    )
    return this.#counted(clientId, audience, probe)
  }

  /** As `probeMint`, for a client that proves itself with a private key. */
  async probeMintByKey(client: PrivateKeyClient, audience: string, correlation?: string): Promise<Probe> {
    const where = {audience, origin: this.origin, clock: this.#options.clock}
    return this.#counted(client.client_id, audience, await probeMintByKey(this.#transport, client, where, correlation))
  }

  #counted(clientId: string, audience: string, probe: Probe): Probe {
    if (probe.token?.exp !== undefined)
      this.#count(clientId, audience, {exp: probe.token.exp, ...(probe.token.jti !== undefined && {jti: probe.token.jti})})
    return probe
  }

  /**
   * A token for the operator's own client, by client_credentials.
   *
   * @throws {StanchError} `auth0.unauthorized`, `auth0.refused`, `config.invalid` for a ready-made token
   */
  async getToken(request: TokenRequest): Promise<GrantedToken> {
    const {credential, clock, logger, origin} = this.#options
    if (credential.kind === 'token') {
      throw new StanchError('config.invalid', 'A token made by hand cannot get another one.', {
        hint: 'Connect with a client id and its secret or private key.',
      })
    }
    const {sent, body} = await resendRead(
      async () =>
        this.#transport.send(await clientCredentialsRequest(credential, request, origin, Math.floor(clock.now() / 1000))),
      {clock, logger, budgetSeconds: this.#budgetSeconds},
    )
    if (judge(sent) === 'refused' && sent.kind === 'answered') {
      const other = request.audience === this.audience ? undefined : request.audience
      throw grantRefused(credential.client_id, sent.status, sent.error, other)
    }
    if (judge(sent) !== 'done') throw errorOf(sent, 'a token', origin, Math.floor(clock.now() / 1000))
    const granted = parseGranted(body, clock.now() / 1000)
    this.#count(credential.client_id, request.audience, granted)
    return granted
  }

  /** The tenant's key set, as it came; cached for five minutes. */
  async jwks(): Promise<unknown> {
    const {clock, logger, origin} = this.#options
    if (this.#jwks && clock.now() < this.#jwks.until) return this.#jwks.keys
    const {sent, body} = await resendRead(() => this.#transport.send({method: 'GET', path: '/.well-known/jwks.json'}), {
      clock,
      logger,
      budgetSeconds: this.#budgetSeconds,
    })
    if (judge(sent) !== 'done' || body === undefined)
      throw errorOf(sent, 'its signing keys', origin, Math.floor(clock.now() / 1000))
    this.#jwks = {keys: body, until: clock.now() + JWKS_SECONDS * 1000}
    return body
  }

  #count(
    clientId: string,
    audience: string,
    token: {readonly exp: number; readonly jti?: string; readonly expires_in?: number},
  ): void {
    this.#minted.push({
      exp: token.exp,
      ...(token.jti !== undefined && {jti: token.jti}),
      audience,
      client_id: clientId,
      ...(token.expires_in !== undefined && {lifetime: token.expires_in}),
    })
  }

  get #budgetSeconds(): number {
    return this.#options.budgetSeconds ?? 60
  }
}

/** A 2xx whose body does not say what it must: the effect is there or not, and this answer does not tell. */
function inDoubt(sent: Sent, cause: string): Sent {
  if (sent.kind !== 'answered') return sent
  const {status, date, request_id, ms} = sent
  return {kind: 'in_doubt', cause, status, ms, ...(date !== undefined && {date}), ...(request_id !== undefined && {request_id})}
}

function unreadable(error: unknown): string {
  return error instanceof StanchError ? error.message : 'the answer could not be read'
}
