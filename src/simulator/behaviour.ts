/**
 * What a scenario or a test may switch. The defaults are listed in BEHAVIOUR.md with where they come from; where
 * Auth0 documents nothing, the default is marked there as unverified.
 */
export interface Behaviour {
  /** Answer to a failed client authentication at the token endpoint. */
  readonly token_refusal: 'access_denied' | 'invalid_client'
  /** Text of the refusal when no client grant exists. */
  readonly no_grant_wording: 'new' | 'old'
  /** Seconds, 0 to 30, in which a replaced secret may still be accepted. */
  readonly secret_propagation_seconds: number
  /** Within that time: both secrets work; answers alternate between them; only the old one works. */
  readonly secret_propagation: 'both' | 'mixed' | 'old_only'
  /** Seconds, 0 or more, in which a deleted client grant still yields tokens. */
  readonly grant_propagation_seconds: number
  /** Status of PATCH resource-servers and PATCH credentials: recorded 200, documented 201. */
  readonly patch_status: 200 | 201
  readonly per_page_over_limit: 'refuse' | 'clamp'
  /** Seconds until an event can be read from the tenant log. */
  readonly log_delay_seconds: number
  /** `details.access_token_jti` in issuance events. */
  readonly log_jti: boolean
  /** A `jti` claim in access tokens of the `access_token` dialect too. */
  readonly token_jti: boolean
  /** Tokens of a deleted application at the Management API. */
  readonly deleted_application_tokens: 'accepted' | 'refused'
  /** The two who act as tenant time passes. */
  readonly attacker: boolean
  readonly consumer: boolean
  /** The attacker uses a held token with create:client_grants to give the client its grants back. */
  readonly attacker_recreates_grants: boolean
}

export const DEFAULT_BEHAVIOUR: Behaviour = {
  token_refusal: 'access_denied',
  no_grant_wording: 'new',
  secret_propagation_seconds: 5,
  secret_propagation: 'both',
  grant_propagation_seconds: 0,
  patch_status: 200,
  per_page_over_limit: 'refuse',
  log_delay_seconds: 2,
  log_jti: true,
  token_jti: false,
  deleted_application_tokens: 'accepted',
  attacker: true,
  consumer: true,
  attacker_recreates_grants: false,
}

/** `private` is the largest private cloud: what a fast client needs in order not to be slowed down. */
export type Plan = 'free' | 'paid' | 'enterprise' | 'private'

/** Days for which the tenant log can be read (free and paid: the documented figures of Free and Professional). */
export const LOG_RETENTION_DAYS: Readonly<Record<Plan, number>> = {free: 1, paid: 10, enterprise: 30, private: 30}
