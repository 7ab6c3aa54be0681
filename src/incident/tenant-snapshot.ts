import type {ClientGrant} from '../auth0/resources/client-grant.ts'
import type {Client} from '../auth0/resources/client.ts'
import type {ClientCredential} from '../auth0/resources/credential.ts'
import type {LogEntry} from '../auth0/resources/log-entry.ts'
import type {Organization} from '../auth0/resources/organization.ts'
import type {ResourceServer} from '../auth0/resources/resource-server.ts'

/** What could not be seen, and why. Part of every result; never empty by accident. */
export interface EvidenceGap {
  /** Stable name, for instance `lifetime_unreadable`. */
  readonly code: string
  readonly what: string
  readonly why: string
}

/** Whom the responder's own credential proves, and what it may do. */
export interface OperatorFacts {
  readonly client_id?: string
  readonly subject?: string
  readonly scopes: readonly string[]
  /** NumericDate. */
  readonly exp?: number
  readonly source: 'secret' | 'private_key' | 'token'
}

/** Who gets tokens for an API, by its own rule. A policy that is absent was not shown: then Auth0's default counts. */
export interface ApiAccess {
  readonly identifier: string
  readonly name?: string
  readonly is_system?: boolean
  readonly client_policy?: string
  readonly user_policy?: string
  /** Seconds. */
  readonly token_lifetime?: number
}

/**
 * One client of a tenant and every path to a token that is known for it, at one moment. Holds no secret.
 * It is stored as evidence before anything is changed; plans are computed from it and from nothing else.
 */
export interface TenantSnapshot {
  /** Host of the tenant as it was asked. */
  readonly tenant: string
  readonly mode: 'real' | 'sim'
  /** Identifier of the Management API of this tenant, with the trailing slash. */
  readonly management_audience: string
  /** Machine time, RFC 3339 with milliseconds. */
  readonly taken_at: string
  /** NumericDate of the tenant's newest Date header; absent when none was seen. */
  readonly server_time?: number
  readonly operator: OperatorFacts
  readonly client: Client
  /** All grants of the client, of both subject types. */
  readonly grants: readonly ClientGrant[]
  /** Grants for all third-party applications on the same APIs: they take over when the own grant goes. */
  readonly default_grants: readonly ClientGrant[]
  /** Organisation ties per grant id; null when they could not be read. */
  readonly organizations: Readonly<Record<string, readonly Organization[] | null>>
  /** Per audience; null when it could not be read, absent when there is no such API. */
  readonly resource_servers: Readonly<Record<string, ResourceServer | null>>
  /** Every API of the tenant and whom it lets in; null when the list could not be read, absent in older evidence. */
  readonly apis?: readonly ApiAccess[] | null
  /** Keys that are registered for the client, bound or not; null when they could not be read, absent in older evidence. */
  readonly credentials?: readonly ClientCredential[] | null
  /** The client's newest log entries, newest first; null when the log could not be read. */
  readonly log: readonly LogEntry[] | null
  /** Changes of API settings in the log (they can have changed a lifetime); null when not read. */
  readonly setting_changes: readonly LogEntry[] | null
  readonly gaps: readonly EvidenceGap[]
}

/** A grant's subject type; absent on the wire means `client`. */
export function subjectOf(grant: ClientGrant): 'client' | 'user' | 'other' {
  const subject = grant.subject_type ?? 'client'
  return subject === 'client' || subject === 'user' ? subject : 'other'
}

/** True when the client proves itself with a key, so that its secret, if it has one, is not in use. */
export function usesKey(client: Client): boolean {
  const methods = client.client_authentication_methods
  return Boolean(methods?.private_key_jwt ?? methods?.tls_client_auth ?? methods?.self_signed_tls_client_auth)
}
