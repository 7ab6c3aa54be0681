import * as v from 'valibot'
import {id, read, text, texts} from './reading.ts'

/** A client grant as the Management API returns it (GET api/v2/client-grants). Unset optional members are absent. */
export interface ClientGrant {
  readonly id: string
  /** Absent when `default_for` is set. */
  readonly client_id?: string
  readonly default_for?: string
  readonly audience: string
  /** Absent when `allow_all_scopes` is true. */
  readonly scope?: readonly string[]
  readonly allow_all_scopes?: boolean
  /** Absent means `client`. */
  readonly subject_type?: string
  readonly organization_usage?: string
  readonly allow_any_organization?: boolean
  readonly authorization_details_types?: readonly string[]
  readonly is_system?: boolean
}

/** The members that POST api/v2/client-grants takes: what survives a deletion. The id and organisation ties do not. */
export type ClientGrantBody = Omit<ClientGrant, 'id' | 'is_system'>

const schema = v.object({
  id,
  client_id: v.exactOptional(id),
  default_for: v.exactOptional(text),
  audience: text,
  scope: v.exactOptional(texts),
  allow_all_scopes: v.exactOptional(v.boolean()),
  subject_type: v.exactOptional(text),
  organization_usage: v.exactOptional(text),
  allow_any_organization: v.exactOptional(v.boolean()),
  authorization_details_types: v.exactOptional(texts),
  is_system: v.exactOptional(v.boolean()),
})

/** @throws {StanchError} `auth0.unexpected_answer` */
export function parseClientGrant(value: unknown, at = 'client_grant'): ClientGrant {
  return read(schema, value, at)
}
