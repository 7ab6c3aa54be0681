import {SECRET_READS} from '../incident/secret-reads.ts'
import type {StoredRecord} from '../trail/format/record.ts'

/** Acts whose correlation id the tenant's log keeps: acknowledged changes. Auth0 documents the header for these alone. */
export function isLoggedChange(record: StoredRecord): boolean {
  return record.kind === 'outcome' && record['result'] === 'ok' && !NOT_CHANGES.includes(String(record['action']))
}

const NOT_CHANGES: readonly string[] = ['token.request', ...SECRET_READS]

/** The same choice for jq, in a bundle's folder. */
export const CORRELATION_QUERY = `jq -r 'select(.kind=="outcome" and .result=="ok"${NOT_CHANGES.map((action) => ` and .action!="${action}"`).join('')}).corr' slice.jsonl`
