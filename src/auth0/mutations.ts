import {Secret} from '../secret.ts'
import {parseClientGrant, type ClientGrant, type ClientGrantBody} from './resources/client-grant.ts'
import {mustEcho, unexpected} from './resources/reading.ts'
import {segment} from './reads.ts'
import type {WireRequest} from './transport.ts'

/** Every way in which stanch changes a tenant. */
export type Mutation =
  | {readonly kind: 'client_grant.delete'; readonly grant_id: string}
  | {readonly kind: 'client_grant.create'; readonly body: ClientGrantBody}
  | {readonly kind: 'organization_client_grant.create'; readonly organization_id: string; readonly grant_id: string}
  | {readonly kind: 'client_secret.rotate'; readonly client_id: string}
  | {readonly kind: 'client_secret.set'; readonly client_id: string; readonly secret: Secret}
  | {readonly kind: 'client.create'; readonly body: Readonly<Record<string, unknown>>}
  | {readonly kind: 'client.delete'; readonly client_id: string}

/** What the answer of a change is good for; a secret is wrapped before anything else sees it. */
export interface ChangeBody {
  readonly client_id?: string
  readonly secret?: Secret
  readonly grant?: ClientGrant
}

/** Method and path as the intent records them. */
export function requestOf(mutation: Mutation): {readonly method: 'POST' | 'PATCH' | 'DELETE'; readonly path: string} {
  switch (mutation.kind) {
    case 'client_grant.delete':
      return {method: 'DELETE', path: `/api/v2/client-grants/${segment(mutation.grant_id)}`}
    case 'client_grant.create':
      return {method: 'POST', path: '/api/v2/client-grants'}
    case 'organization_client_grant.create':
      return {method: 'POST', path: `/api/v2/organizations/${segment(mutation.organization_id)}/client-grants`}
    case 'client_secret.rotate':
      return {method: 'POST', path: `/api/v2/clients/${segment(mutation.client_id)}/rotate-secret`}
    case 'client_secret.set':
      return {method: 'PATCH', path: `/api/v2/clients/${segment(mutation.client_id)}`}
    case 'client.create':
      return {method: 'POST', path: '/api/v2/clients'}
    case 'client.delete':
      return {method: 'DELETE', path: `/api/v2/clients/${segment(mutation.client_id)}`}
  }
}

/** The request on the wire. X-Correlation-ID ties the tenant's own log entry to our intent. */
export function wireRequest(mutation: Mutation, correlationId: string): WireRequest {
  const body = bodyOf(mutation)
  return {
    ...requestOf(mutation),
    headers: {'x-correlation-id': correlationId, ...(body !== undefined && {'content-type': 'application/json'})},
    ...(body !== undefined && {body: JSON.stringify(body)}),
  }
}

function bodyOf(mutation: Mutation): object | undefined {
  switch (mutation.kind) {
    case 'client_grant.create':
    case 'client.create':
      return mutation.body
    case 'organization_client_grant.create':
      return {grant_id: mutation.grant_id}
    case 'client_secret.set':
      return {client_secret: mutation.secret.reveal()}
    case 'client_grant.delete':
    case 'client_secret.rotate':
    case 'client.delete':
      return undefined
  }
}

/**
 * The parsed answer of a change that was done; undefined where none is needed.
 *
 * @throws {StanchError} `auth0.unexpected_answer`: then the change is in doubt, not failed
 */
export function parseChange(mutation: Mutation, body: unknown): ChangeBody | undefined {
  switch (mutation.kind) {
    case 'client_grant.delete':
    case 'client.delete':
    case 'organization_client_grant.create':
      return undefined
    case 'client_grant.create': {
      const grant = parseClientGrant(body)
      if (mutation.body.client_id !== undefined)
        mustEcho(grant.client_id ?? '', mutation.body.client_id, 'client_grant.client_id')
      mustEcho(grant.audience, mutation.body.audience, 'client_grant.audience')
      return {grant}
    }
    case 'client.create':
      return secretAnswer(body)
    case 'client_secret.rotate':
    case 'client_secret.set': {
      const answer = secretAnswer(body)
      mustEcho(answer.client_id, mutation.client_id, 'client.client_id')
      if (mutation.kind === 'client_secret.rotate' && answer.secret === undefined)
        throw unexpected('client.client_secret', 'string')
      return answer
    }
  }
}

/** `client_id` and `client_secret` of a client object; nothing else of it is kept. */
export function secretAnswer(body: unknown): {readonly client_id: string; readonly secret?: Secret} {
  const client = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  const value = client['client_secret']
  const secret = typeof value === 'string' && value !== '' ? new Secret(value) : undefined
  const client_id = client['client_id']
  if (typeof client_id !== 'string') throw unexpected('client.client_id', 'string')
  if (value !== undefined && value !== null && secret === undefined) throw unexpected('client.client_secret', 'string')
  return {client_id, ...(secret !== undefined && {secret})}
}
