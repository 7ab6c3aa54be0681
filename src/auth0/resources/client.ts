import * as v from 'valibot'
import {id, read, seconds, text, texts} from './reading.ts'

/** An application as the Management API returns it, without anything secret. Members a scope hides are absent. */
export interface Client {
  readonly client_id: string
  readonly name: string
  readonly description?: string
  readonly app_type?: string
  readonly is_first_party?: boolean
  readonly global?: boolean
  readonly grant_types?: readonly string[]
  /** Null or absent together with `client_authentication_methods`: the client authenticates with a key. */
  readonly token_endpoint_auth_method?: string | null
  readonly client_authentication_methods?: ClientAuthenticationMethods | null
  readonly organization_usage?: string
  readonly default_organization?: {readonly organization_id: string; readonly flows: readonly string[]} | null
  readonly third_party_security_mode?: string
  readonly jwt_configuration?: {readonly alg?: string; readonly lifetime_in_seconds?: number}
  readonly refresh_token?: {readonly rotation_type?: string; readonly expiration_type?: string; readonly token_lifetime?: number}
}

export interface ClientAuthenticationMethods {
  readonly private_key_jwt?: {readonly credentials: readonly {readonly id: string}[]}
  readonly tls_client_auth?: {readonly credentials: readonly {readonly id: string}[]}
  readonly self_signed_tls_client_auth?: {readonly credentials: readonly {readonly id: string}[]}
}

const bound = v.exactOptional(v.object({credentials: v.array(v.object({id}))}))

// A positive list: `client_secret`, `signing_keys`, `encryption_key` and whatever comes next have no way in.
const schema = v.object({
  client_id: id,
  name: v.exactOptional(text, ''),
  description: v.exactOptional(text),
  app_type: v.exactOptional(text),
  is_first_party: v.exactOptional(v.boolean()),
  global: v.exactOptional(v.boolean()),
  grant_types: v.exactOptional(texts),
  token_endpoint_auth_method: v.exactOptional(text),
  client_authentication_methods: v.exactOptional(
    v.object({private_key_jwt: bound, tls_client_auth: bound, self_signed_tls_client_auth: bound}),
  ),
  organization_usage: v.exactOptional(text),
  default_organization: v.exactOptional(v.object({organization_id: text, flows: texts})),
  third_party_security_mode: v.exactOptional(text),
  jwt_configuration: v.exactOptional(v.object({alg: v.exactOptional(text), lifetime_in_seconds: v.exactOptional(seconds)})),
  refresh_token: v.exactOptional(
    v.object({
      rotation_type: v.exactOptional(text),
      expiration_type: v.exactOptional(text),
      token_lifetime: v.exactOptional(seconds),
    }),
  ),
})

/** @throws {StanchError} `auth0.unexpected_answer` */
export function parseClient(value: unknown, at = 'client'): Client {
  return read(schema, value, at)
}
