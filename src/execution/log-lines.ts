import type {LogEntry} from '../auth0/resources/log-entry.ts'
import {containsLiveSecret, scrub, withoutSecretShapes} from '../secret.ts'
import type {Trail} from '../trail/trail.ts'

/** Lines are gathered into blobs of about this size, characters. */
export const BLOB = 1 << 20

/** An entry as it is kept in evidence: as the tenant gave it; what is shaped like a secret reads `[secret]`. */
export function evidenceLine({raw}: Pick<LogEntry, 'raw'>): string {
  return withoutSecretShapes(JSON.stringify(raw))
}

/**
 * Stores lines as one blob. Somebody may have put what leaked into a name or an address of an agent: evidence never holds it.
 *
 * @returns its SHA-256
 */
export function putLines(trail: Pick<Trail, 'putEvidence'>, lines: readonly string[]): string {
  const text = lines.length === 0 ? '' : `${lines.join('\n')}\n`
  return trail.putEvidence(containsLiveSecret(text) ? scrub(text) : text)
}
