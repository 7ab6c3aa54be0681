import type {ReconcileFinding, Reconciliation} from '../incident/reconcile/facts.ts'
import {reconcileVerdict} from '../incident/reconcile/facts.ts'
import {printable} from '../untrusted.ts'

/** More than these of one code are counted. */
const SHOWN = 20

/** What a comparison of the trail with the tenant's log showed, for people. */
export function reconcileLines(found: Reconciliation & {readonly tenant: string; readonly simulated: boolean}): string[] {
  const verdict = {in_order: 'AGREES', unknowable: 'NOT KNOWN YET OR ANY MORE', differs: 'DIFFERS'}[
    reconcileVerdict(found.findings)
  ]
  const lines = [
    `Trail and tenant log: ${verdict} (${found.simulated ? 'SIMULATED' : 'REAL'} tenant ${printable(found.tenant, 120)})`,
    `Window:   ${found.window.from} to ${found.window.to}; the log is covered to ${found.window.covered_to}`,
    `Matched:  ${found.matched} recorded act(s), present or rightly absent`,
  ]
  const codes = [...new Set(found.findings.map(({code}) => code))]
  for (const code of codes) {
    const all = found.findings.filter((one) => one.code === code)
    lines.push(`${code} (${all.length}): ${MEANING[code]}`)
    for (const one of all.slice(0, SHOWN)) lines.push(`  - ${where(one)}${printable(one.detail, 400)}`)
    if (all.length > SHOWN) lines.push(`  - and ${all.length - SHOWN} more`)
  }
  return lines
}

function where({seq, log_id}: ReconcileFinding): string {
  const at = [seq === undefined ? '' : `record ${seq}`, log_id === undefined ? '' : `log ${printable(log_id, 80)}`].filter(
    (part) => part !== '',
  )
  return at.length === 0 ? '' : `${at.join(', ')}: `
}

const MEANING: Readonly<Record<ReconcileFinding['code'], string>> = {
  SETTLE_OK: 'had no answer; the log shows that it happened',
  SETTLE_NOT_DONE: 'had no answer; the log shows that it did not happen',
  OTHER_ACTOR: 'changes by other clients or people, for the investigation',
  TOO_EARLY: 'entries may still come; run it again, or add --wait',
  BEYOND_RETENTION: "the tenant's log does not reach back that far",
  NO_TENANT_ENTRY: 'recorded as done, and the tenant logged nothing',
  WRITE_WITHOUT_AUDIT: 'somebody else uses your credential, or the trail is short',
  SECRET_READ_WITHOUT_AUDIT: 'somebody else reads secrets with your credential, or the trail is short',
  TOKEN_WITHOUT_AUDIT: 'somebody else gets tokens with your credential, or the trail is short',
  CORRELATION_REUSED: 'an id of ours stands on an entry that is not ours',
  REQUEST_DIFFERS: 'the entry with our id is another request',
  CLIENT_DIFFERS: 'the entry with our id is by another client or token',
  EFFECT_BEFORE_INTENT: 'the tenant logged it before it was recorded here',
  OUTCOME_CONTRADICTED: 'recorded as not done, yet the tenant logged it',
  UNKNOWN_STANCH_ID: 'another trail of stanch is missing, or was cut; name it with --also',
}
