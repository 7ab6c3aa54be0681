/** An API as the Management API returns it; `signing_secret`, which a read returns unasked, is dropped by the parser. */
export interface ResourceServer {
  readonly id: string
  readonly identifier: string
  readonly name?: string
  readonly is_system?: boolean
  /** Seconds, 0 to 2,592,000. Absent when a scope or an old answer hides it: then the lifetime is not known. */
  readonly token_lifetime?: number
  readonly token_lifetime_for_web?: number
  readonly signing_alg?: string
  readonly allow_offline_access?: boolean
  readonly token_dialect?: string
  readonly enforce_policies?: boolean
  readonly token_encryption?: boolean
  readonly proof_of_possession_required?: boolean
  readonly scopes?: readonly {readonly value: string; readonly description?: string}[]
  readonly subject_type_authorization?: {
    readonly user?: {readonly policy?: string}
    readonly client?: {readonly policy?: string}
  }
}
