import {parseRfc3339} from '../clock.ts'
import type {Proof} from '../incident/replay.ts'
import type {IncidentResult} from '../incident/result.ts'
import {printable, quoted} from '../untrusted.ts'
import {instantLine} from './times.ts'

export const VERDICTS: Readonly<Record<IncidentResult['status'], string>> = {
  contained: 'CONTAINED: new tokens are stopped, and that is proven',
  partial: 'PARTIAL: something is not done, not proven or not closed; see "next"',
  in_doubt: 'IN DOUBT: nobody knows yet what one change did; run the first command under "next"',
  planned: 'PLANNED: a dry run; nothing was changed and no probe was sent',
  declined: 'DECLINED: nothing was changed',
  restored: 'RESTORED: what was taken is given back',
}

export const CLAIM_WORDS: Readonly<Record<string, string>> = {
  old_secret_refused: 'the old secret is refused',
  new_secret_accepted: 'the new secret is accepted',
  new_tokens_refused: 'new tokens are refused',
  grants_absent: 'the deleted grants are still gone',
}

/**
 * The last screen: verdict in the fixed vocabulary, proofs, all clear, where the new secret went, what is not known, and
 * the next act. Pure; every foreign text is printable.
 */
export function summaryLines(result: IncidentResult, zone: string): string[] {
  const now = parseRfc3339(result.exposure.computed_at) ?? 0
  const lines = [
    `${result.simulated ? 'SIMULATED' : 'REAL'} tenant ${printable(result.tenant)}, client ${result.client.client_id} ${quoted(result.client.name)}`,
    `Verdict:    ${VERDICTS[result.status]}`,
  ]
  if (result.incident_id) lines.push(`Incident:   ${result.incident_id}`)
  for (const proof of result.proof) lines.push(proofLine(proof))
  const {all_clear: clear} = result.exposure
  lines.push(
    clear.state === 'clear'
      ? `All clear:  since ${clear.worst_case_at}`
      : `All clear:  ${instantLine(clear.worst_case_at, now, zone)}`,
    `            Issued access tokens cannot be revoked; each lives until its exp. ${printable(clear.basis, 300)}`,
  )
  if (clear.exact_at) lines.push(`            The leaked token itself lives until ${clear.exact_at}.`)
  if (clear.observed_at) lines.push(`            Tokens seen in the tenant log live until ${clear.observed_at} at the latest.`)
  if (result.delivery)
    lines.push(
      `New secret: ${result.delivery.result === 'ok' ? 'in' : 'NOT where you wanted it; it is in'} ${printable(result.delivery.sink)}`,
    )
  if (result.evidence_gaps.length > 0) {
    lines.push('Not known:')
    for (const gap of result.evidence_gaps) lines.push(`  - ${printable(gap.what, 160)}: ${printable(gap.why, 400)}`)
  }
  if (result.next.length > 0) {
    lines.push('Next:')
    result.next.forEach((step, index) => lines.push(`  ${index + 1}. ${printable(step, 400)}`))
  }
  if (result.audit) {
    lines.push('Checkpoint of the audit trail, to paste into the ticket:')
    for (const line of result.audit.checkpoint.split('\n').slice(0, 3)) lines.push(`  ${line}`)
  }
  return lines
}

/** A message for the ticket or the chat: at most ten lines, no secret, no scope list. */
export function messageLines(result: IncidentResult): string[] {
  const deleted = result.actions.filter((action) => action.kind === 'client_grant.delete' && isDone(action.outcome))
  const apis = result.exposure.audiences.map((audience) => printable(audience.name, 60))
  const rotated = result.actions.some((action) => action.kind === 'client_secret.rotate' && isDone(action.outcome))
  const {all_clear: clear} = result.exposure
  const lines = [
    `${result.simulated ? '[SIMULATED] ' : ''}Leaked ${result.leak} of client ${quoted(result.client.name)} (${result.client.client_id}), tenant ${printable(result.tenant)}: ${result.status}.`,
    `Cut: ${[deleted.length > 0 ? `${deleted.length} client grant(s)` : '', rotated ? 'the old client secret' : ''].filter(Boolean).join(' and ') || 'nothing'}.`,
  ]
  if (deleted.length > 0)
    lines.push(
      `Breaks: this client gets no token for ${apis.slice(0, 5).join(', ')}${apis.length > 5 ? ' and more' : ''} until its grants are given back.`,
    )
  if (rotated) lines.push('To do: whoever runs this client must deploy the new secret; it is handed over separately.')
  lines.push(
    `All clear: ${clear.state === 'clear' ? `since ${clear.worst_case_at}` : `${clear.worst_case_at}, not before`}; tokens issued earlier work until then.`,
  )
  if (result.evidence_gaps.some((gap) => gap.code === 'token_can_reopen'))
    lines.push('Until then an issued token could undo this; a second rotation is planned.')
  if (result.incident_id) lines.push(`Incident: ${result.incident_id}`)
  return lines.slice(0, 10)
}

/** One claim and its verdict in the fixed vocabulary. */
export function proofLine(proof: Pick<Proof, 'claim' | 'target' | 'verdict'>): string {
  const target = proof.target?.startsWith('api:') ? ` for ${printable(proof.target.slice(4), 80)}` : ''
  return `  ${verdictWord(proof)}: ${CLAIM_WORDS[proof.claim] ?? proof.claim}${target}`
}

/** The fixed vocabulary: `stopped` for a proven refusal, `not proven` for everything that was not. */
export function verdictWord(proof: Pick<Proof, 'claim' | 'verdict'>): string {
  if (proof.verdict === 'failed') return 'FAILED'
  if (proof.verdict === 'not_proven') return 'not proven'
  return proof.claim.endsWith('_refused') ? 'stopped' : 'proven'
}

function isDone(outcome: string): boolean {
  return outcome === 'done' || outcome === 'already'
}
