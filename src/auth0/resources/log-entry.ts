/**
 * One entry of the tenant log. Absent, null and "" all mean "not said" and become undefined here.
 * `raw` keeps the entry as it came, for evidence; tenant logs hold personal data, never tokens or secrets.
 */
export interface LogEntry {
  readonly log_id: string
  /** RFC 3339, as the tenant wrote it. */
  readonly date: string
  readonly type: string
  readonly description?: string
  readonly client_id?: string
  readonly client_name?: string
  readonly ip?: string
  readonly user_agent?: string
  readonly user_id?: string
  readonly audience?: string
  readonly scope?: string
  /** `references.correlation_id`: the X-Correlation-ID of the request. */
  readonly correlation_id?: string
  /** `details.access_token_jti` of an issuance event. */
  readonly access_token_jti?: string
  /** `details.request`, for events of Management API calls; `method` in lower case as recorded. */
  readonly request?: {
    readonly method?: string
    readonly path?: string
    readonly channel?: string
    readonly ip?: string
    readonly jti?: string
    readonly user_email?: string
  }
  readonly response_status?: number
  /** `details.accessedSecrets`, for instance `["client_secret"]`. */
  readonly accessed_secrets?: readonly string[]
  readonly raw: unknown
}
