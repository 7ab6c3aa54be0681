import type {Clock} from '../clock.ts'
import {rfc3339} from '../clock.ts'
import {StanchError} from '../errors.ts'
import type {Secret} from '../secret.ts'
import {decodeJwt, numericDate} from '../tokens/jwt.ts'
import {printable} from '../untrusted.ts'
import type {Credential} from './credential.ts'
import type {GrantedToken} from './token-endpoint.ts'

/** Who we are on the Management API. */
export interface Operator {
  readonly client_id?: string
  readonly subject?: string
  readonly scopes: readonly string[]
  /** NumericDate. */
  readonly exp?: number
  readonly jti?: string
  readonly source: Credential['kind']
  /** True when this process had the token issued. */
  readonly minted: boolean
}

/** Seconds before `exp` at which a token counts as used up. */
const EARLY = 60

interface Held {
  readonly token: Secret
  readonly operator: Operator
  /** Local milliseconds after which it is renewed; undefined for a token we cannot renew. */
  readonly renewAt?: number
}

/**
 * The responder's own token: kept in memory, shared by parallel requests, renewed before it expires and once when the
 * tenant refuses it.
 */
export class OperatorToken {
  readonly #clock: Clock
  readonly #obtain: () => Promise<Held>
  readonly #onAuth: (operator: Operator) => void
  #held: Held | undefined
  #obtaining: Promise<Held> | undefined

  constructor(clock: Clock, obtain: () => Promise<Held>, onAuth: (operator: Operator) => void) {
    this.#clock = clock
    this.#obtain = obtain
    this.#onAuth = onAuth
  }

  /** @throws {StanchError} `auth0.unauthorized` and whatever keeps the token endpoint from answering */
  async get(): Promise<Held> {
    const held = this.#held
    if (held && (held.renewAt === undefined || this.#clock.now() < held.renewAt)) return held
    this.#obtaining ??= this.#obtain().finally(() => (this.#obtaining = undefined))
    const fresh = await this.#obtaining
    if (this.#held !== fresh) {
      this.#held = fresh
      this.#onAuth(fresh.operator)
    }
    return fresh
  }

  /** Drops `token` after the tenant refused it. False when there is no way to get another one. */
  drop(token: Secret): boolean {
    if (this.#held?.token !== token) return true
    if (this.#held.renewAt === undefined) return false
    this.#held = undefined
    return true
  }

  /** The token in memory, without asking for one. */
  get current(): Operator | undefined {
    return this.#held?.operator
  }
}

/** A freshly issued token; the lifetime counts from our own clock, so that skew does not matter. */
export function heldFrom(granted: GrantedToken, credential: Exclude<Credential, {kind: 'token'}>, now: number): Held {
  const early = Math.min(EARLY, granted.expires_in / 2)
  return {
    token: granted.token,
    renewAt: now + (granted.expires_in - early) * 1000,
    operator: {
      client_id: credential.client_id,
      ...(granted.subject !== undefined && {subject: granted.subject}),
      scopes: granted.scopes,
      exp: granted.exp,
      ...(granted.jti !== undefined && {jti: granted.jti}),
      source: credential.kind,
      minted: true,
    },
  }
}

/**
 * A token somebody made by hand. It is sent only where its `aud` says: a token of another tenant would be shown to
 * this one.
 *
 * @throws {StanchError} `auth0.unauthorized` when it is unreadable, expired or for another audience
 */
export function heldFromToken(token: Secret, audience: string, now: number): Held {
  const refuse = (why: string, hint?: string) =>
    new StanchError('auth0.unauthorized', `The access token you gave cannot be used: ${why}.`, {hint})
  const {claims = {}, damaged} = decodeJwt(token.reveal())
  if (token.reveal().split('.').length !== 3 || damaged.length > 0)
    throw refuse('it is not a readable JWT', 'Copy it again, whole, from the API Explorer.')
  const audiences = [claims['aud']].flat().filter((one) => typeof one === 'string')
  if (!audiences.includes(audience)) {
    throw refuse(
      `it is for ${printable(audiences.join(', ') || 'no audience', 120)}, not for ${audience}`,
      'Behind a custom domain, set the audience of the canonical tenant domain.',
    )
  }
  const exp = numericDate(claims['exp'])
  if (exp !== undefined && exp * 1000 <= now) throw refuse(`it expired at ${rfc3339(exp)}`)
  const named = (key: string) => (typeof claims[key] === 'string' ? (claims[key] as string) : undefined)
  const client = named('azp') ?? named('client_id')
  const subject = named('sub')
  const jti = named('jti')
  return {
    token,
    operator: {
      ...(client !== undefined && {client_id: client}),
      ...(subject !== undefined && {subject}),
      scopes: (named('scope') ?? '').split(' ').filter((scope) => scope !== ''),
      ...(exp !== undefined && {exp}),
      ...(jti !== undefined && {jti}),
      source: 'token',
      minted: false,
    },
  }
}
