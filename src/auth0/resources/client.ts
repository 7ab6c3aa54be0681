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
