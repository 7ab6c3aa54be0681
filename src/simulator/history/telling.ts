import type {Event} from '../log-store.ts'
import type {Random} from '../random.ts'
import type {Home, Homes} from './homes.ts'

/** One event of a history, and what only the one who made it up knows. */
export interface Scene {
  /** Milliseconds. */
  readonly at: number
  readonly event: Event
  readonly by: 'attacker' | 'legitimate' | 'ours'
  /** What the attacker did, in words. */
  readonly deed?: string
  /** What stays behind until somebody takes it away. */
  readonly leaves?: {readonly kind: string; readonly id: string}
}

/** Somebody who acts with a client. */
export interface Hand {
  readonly by: Scene['by']
  readonly client_id: string
  readonly name: string
  readonly home: Home
  /** E-mail of an administrator in the Dashboard. */
  readonly email?: string
}

export interface Request {
  readonly body?: unknown
  readonly response?: Readonly<Record<string, unknown>> | readonly unknown[]
  readonly description?: string
  readonly status?: number
  readonly jti?: string | undefined
  readonly secrets?: readonly string[]
  readonly correlation_id?: string
  readonly deed?: string
  readonly leaves?: Scene['leaves']
}

/** Writes down scenes in the shapes of the tenant's log. */
export class Telling {
  readonly scenes: Scene[] = []
  readonly random: Random
  readonly homes: Homes
  readonly #host: string
  /** The Management API's identifier. */
  readonly audience: string
  /** Whether this tenant logs the ids of tokens; older ones do not. */
  readonly jtis: boolean

  constructor(options: {random: Random; homes: Homes; host: string; audience: string; jtis: boolean}) {
    this.random = options.random
    this.homes = options.homes
    this.#host = options.host
    this.audience = options.audience
    this.jtis = options.jtis
  }

  /** A token that was issued. @returns its id, which is logged only where the tenant logs such */
  token(at: number, hand: Hand, audience: string, about: {deed?: string; user?: string; scope?: string} = {}): string {
    const jti = this.random.jti()
    this.#add(at, hand, about.deed === undefined ? {} : {deed: about.deed}, {
      type: 'seccft',
      description: '',
      connection_id: '',
      ...this.#who(hand),
      user_id: about.user ?? '',
      user_name: about.user ?? '',
      audience,
      scope: about.scope ?? 'read:users',
      details: this.jtis ? {access_token_jti: jti} : null,
    })
    return jti
  }

  refused(at: number, hand: Hand, audience: string, text = 'Unauthorized', deed?: string): void {
    this.#add(at, hand, deed === undefined ? {} : {deed}, {
      type: 'feccft',
      description: text,
      connection_id: '',
      ...this.#who(hand),
      user_id: '',
      user_name: '',
      audience,
      details: {error: {message: text}},
    })
  }

  /** A change through the Management API, or a read that returned a secret. */
  request(at: number, hand: Hand, method: string, path: string, about: Request = {}): void {
    const {home, email} = hand
    const {deed, leaves} = about
    this.#add(
      at,
      hand,
      {...(deed === undefined ? {} : {deed}), ...(leaves ? {leaves} : {})},
      {
        type: method === 'get' ? 'mgmt_api_read' : 'sapi',
        description: about.description ?? '',
        ...this.#who(hand),
        client_name: '',
        user_agent: 'Other 0.0.0 / Other 0.0.0',
        user_id: email === undefined ? null : `auth0|${email}`,
        details: {
          request: {
            method,
            path: `/api/v2${path}`,
            query: {},
            userAgent: home.agent,
            body: about.body ?? null,
            channel: email === undefined ? 'api' : 'https://manage.auth0.com/',
            ip: home.ip,
            auth: {
              user: email === undefined ? {} : {user_id: `auth0|${email}`, email},
              strategy: 'jwt',
              credentials: {scopes: ['read:users'], ...(this.jtis && about.jti !== undefined ? {jti: about.jti} : {})},
            },
          },
          response: {statusCode: about.status ?? (method === 'delete' ? 204 : 200), body: about.response ?? {}},
          ...(about.secrets ? {accessedSecrets: about.secrets} : {}),
        },
        ...(about.correlation_id === undefined ? {} : {references: {correlation_id: about.correlation_id}}),
      },
    )
  }

  /** What a user of an application does. */
  user(at: number, type: string, about: {ip: string; user_id: string; client_id: string; by?: Scene['by']; deed?: string}): void {
    const {by = 'legitimate', deed, ...members} = about
    this.#put(at, by, deed === undefined ? {} : {deed}, {
      type,
      description: '',
      ...members,
      client_name: 'Storefront',
      user_name: about.user_id,
      connection: 'Username-Password-Authentication',
      user_agent: 'Chrome Mobile 140.0.0 / Android 16.0.0',
      hostname: this.#host,
      details: {},
      isMobile: true,
    })
  }

  #who({client_id, name, home}: Hand): Record<string, unknown> {
    return {
      client_id,
      client_name: name,
      ip: home.ip,
      hostname: this.#host,
      user_agent: home.parsed,
      isMobile: false,
      ...(home.ja4 === undefined ? {} : {security_context: {ja4: home.ja4}}),
    }
  }

  #add(at: number, hand: Hand, more: Pick<Scene, 'deed' | 'leaves'>, event: Event): void {
    this.#put(at, hand.by, more, event)
  }

  #put(at: number, by: Scene['by'], more: Pick<Scene, 'deed' | 'leaves'>, event: Event): void {
    this.scenes.push({at: Math.round(at), event, by, ...more})
  }
}
