import type {StanchErrorCode} from '../errors.ts'
import type {IncidentResult} from '../incident/result.ts'

/** Exit status per error code. A code without a status does not compile. */
export const EXIT = {
  'usage.invalid': 2,
  'usage.unknown_command': 2,
  'usage.no_terminal': 2,
  'usage.missing_reason': 2,
  'usage.missing_sink': 2,
  'usage.missing_flag': 2,
  'usage.secret_in_argv': 2,
  'input.unreadable': 2,
  'input.too_large': 2,
  'input.invalid': 2,
  'config.invalid': 2,
  'config.no_connection': 2,
  'config.insecure': 2,
  'node.too_old': 2,
  'runbook.invalid': 2,
  'plan.invalid': 2,
  'plan.hash_mismatch': 3,
  'incident.unknown': 2,
  'incident.ambiguous': 2,
  'sink.invalid': 2,
  'delivery.unreadable': 2,
  'consent.declined': 3,
  'consent.missing': 3,
  'guard.own_client': 3,
  'guard.own_credential': 3,
  'guard.too_many_actions': 3,
  'guard.tenant_moved': 3,
  'guard.live_incident': 3,
  'guard.other_client': 3,
  'guard.incident_closed': 3,
  'guard.organization_ties': 3,
  'guard.all_clear_pending': 3,
  'guard.redacted': 3,
  'guard.grant_doubted': 3,
  'guard.client_exists': 3,
  'guard.not_approved': 3,
  'auth0.unauthorized': 4,
  'auth0.scope_missing': 4,
  'auth0.not_found': 2,
  'auth0.refused': 1,
  'auth0.unreachable': 75,
  'auth0.insecure': 75,
  'auth0.redirected': 75,
  'auth0.rate_limited': 75,
  'auth0.unexpected_answer': 75,
  'action.in_doubt': 6,
  'delivery.failed': 6,
  'verification.failed': 5,
  'audit.not_verified': 5,
  'audit.incomplete': 6,
  E_LOCKED: 7,
  E_DISK: 7,
  E_POISONED: 7,
  E_MISSING: 7,
  E_REPLACED: 7,
  E_SHRUNK: 7,
  E_CHAIN: 7,
  E_TAMPERED: 5,
  E_ROLLED_BACK: 5,
  E_FORKED: 5,
  E_KEY_MISSING: 7,
  E_KEY_MODE: 7,
  E_SCHEMA: 1,
  E_TOO_LONG: 1,
  E_SECRET: 1,
  E_EMIT: 1,
  interrupted: 130,
  internal: 1,
} satisfies Record<StanchErrorCode, number>

/** Exit status of a finished incident command: what the responder's script goes on with. */
export function exitOf(result: Pick<IncidentResult, 'status' | 'proof'>): number {
  switch (result.status) {
    case 'contained':
    case 'restored':
    case 'planned':
      return 0
    case 'declined':
      return 3
    case 'in_doubt':
      return 6
    case 'partial':
      return result.proof.some((proof) => proof.claim === 'old_secret_refused' && proof.verdict === 'failed') ? 5 : 6
  }
}
