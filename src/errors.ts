/**
 * Every way stanch can stop, by name. People match on `code`; `message` may be reworded in any release.
 * `cli/exit-codes.ts` gives each code its exit status; a code without one does not compile.
 */
export type StanchErrorCode =
  // usage and input: nothing was sent
  | 'usage.invalid'
  | 'usage.unknown_command'
  | 'usage.no_terminal'
  | 'usage.missing_reason'
  | 'usage.missing_sink'
  | 'usage.missing_flag'
  | 'usage.secret_in_argv'
  | 'input.unreadable'
  | 'input.too_large'
  | 'input.invalid'
  | 'config.invalid'
  | 'config.no_connection'
  | 'config.insecure'
  | 'node.too_old'
  | 'runbook.invalid'
  | 'plan.invalid'
  | 'plan.hash_mismatch'
  | 'incident.unknown'
  | 'incident.ambiguous'
  | 'sink.invalid'
  | 'delivery.unreadable'
  // guardrails and consent: nothing more was changed
  | 'consent.declined'
  | 'consent.missing'
  | 'guard.own_client'
  | 'guard.own_credential'
  | 'guard.too_many_actions'
  | 'guard.tenant_moved'
  | 'guard.live_incident'
  | 'guard.other_client'
  | 'guard.incident_closed'
  | 'guard.organization_ties'
  | 'guard.all_clear_pending'
  | 'guard.redacted'
  | 'guard.grant_doubted'
  | 'guard.client_exists'
  | 'guard.not_approved'
  // the tenant says no
  | 'auth0.unauthorized'
  | 'auth0.scope_missing'
  | 'auth0.not_found'
  | 'auth0.refused'
  // the tenant cannot be reached, understood or waited for
  | 'auth0.unreachable'
  | 'auth0.insecure'
  | 'auth0.redirected'
  | 'auth0.rate_limited'
  | 'auth0.unexpected_answer'
  // effects that need a second look
  | 'action.in_doubt'
  | 'delivery.failed'
  | 'verification.failed'
  | 'audit.not_verified'
  | 'audit.incomplete'
  // the trail and the disk: names as in the trail's format, section 12
  | 'E_LOCKED'
  | 'E_DISK'
  | 'E_POISONED'
  | 'E_MISSING'
  | 'E_REPLACED'
  | 'E_SHRUNK'
  | 'E_CHAIN'
  | 'E_TAMPERED'
  | 'E_ROLLED_BACK'
  | 'E_FORKED'
  | 'E_KEY_MISSING'
  | 'E_KEY_MODE'
  | 'E_SCHEMA'
  | 'E_TOO_LONG'
  | 'E_SECRET'
  | 'E_EMIT'
  | 'interrupted'
  | 'internal'

/**
 * An error that a person can act on. Never carries a secret, a token or a raw response body: `message` and `hint`
 * are written for somebody tired, and are the only parts that are ever shown.
 */
export class StanchError extends Error {
  override readonly name = 'StanchError'
  readonly code: StanchErrorCode
  /** What the responder can do next; shown under the message. */
  readonly hint: string | undefined

  constructor(code: StanchErrorCode, message: string, options: {hint?: string | undefined; cause?: unknown} = {}) {
    super(message, options.cause === undefined ? undefined : {cause: options.cause})
    this.code = code
    this.hint = options.hint
  }
}

/** True for a StanchError with that code. */
export function isCode(error: unknown, code: StanchErrorCode): boolean {
  return error instanceof StanchError && error.code === code
}

/** The system's error name (`ENOSPC`, `ECONNREFUSED`), if `error` carries one. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as {code?: unknown} | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}
