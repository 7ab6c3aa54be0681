import {parseRfc3339} from '../clock.ts'
import {clearMoves} from '../incident/contained-at.ts'
import {makesTokens} from '../incident/leak.ts'
import type {Proof} from '../incident/replay.ts'
import type {IncidentResult} from '../incident/result.ts'
import {printable, quoted} from '../untrusted.ts'
import {bothTimes, instantLine} from './times.ts'

export const VERDICTS: Readonly<Record<IncidentResult['status'], string>> = {
  contained: 'CONTAINED: new tokens are stopped, and that is proven',
  partial: 'PARTIAL: something is not done, not proven or not closed; see "next"',
  in_doubt: 'IN DOUBT: nobody knows yet what one change did; run the first command under "next"',
  planned: 'PLANNED: a dry run; nothing was changed and no probe was sent',
  declined: 'DECLINED: nothing was changed',
  restored: 'RESTORED: what was taken is given back',
}

const SIGNING_SECRET = 'none to wait for: whoever holds the signing secret makes tokens until the API verifies with another key'

export const CLAIM_WORDS: Readonly<Record<string, string>> = {
  old_secret_refused: 'the old secret is refused',
  new_secret_accepted: 'the new secret is accepted',
  new_tokens_refused: 'new tokens are refused',
  grants_absent: 'the deleted grants are still gone',
}

/**
 * What stands above the last screen: proofs, on what the all clear rests, what is not known, the checkpoint. Pure; every
 * foreign text is printable.
 */
export function detailLines(result: IncidentResult): string[] {
  const {all_clear: clear} = result.exposure
  const lines: string[] = []
  if (result.proof.length > 0) lines.push('Proven by probing:')
  for (const proof of result.proof) lines.push(proofLine(proof))
  lines.push('Issued access tokens cannot be revoked; each lives until its exp.')
  lines.push(`All clear = ${makesTokens(result.leak) ? SIGNING_SECRET : printable(clear.basis, 300)}`)
  if (clear.exact_at) lines.push(`  The leaked token itself lives until ${clear.exact_at}.`)
  if (clear.observed_at) lines.push(`  Tokens seen in the tenant log live until ${clear.observed_at} at the latest.`)
  if (result.evidence_gaps.length > 0) {
    lines.push('Not known:')
    for (const gap of result.evidence_gaps) lines.push(`  - ${printable(gap.what, 160)}: ${printable(gap.why, 400)}`)
  }
  if (result.audit) {
    lines.push('Checkpoint of the audit trail, to paste into the ticket:')
    for (const line of result.audit.checkpoint.split('\n').slice(0, 3)) lines.push(`  ${line}`)
  }
  return lines
}

/** Begins the last screen: simulated or real, verdict in the fixed vocabulary, all clear, where the new secret is. */
export function verdictLines(result: IncidentResult, zone: string): string[] {
  const now = parseRfc3339(result.exposure.computed_at) ?? 0
  const {all_clear: clear, audiences} = result.exposure
  const gaps = result.evidence_gaps.length
  const lines = [
    `${result.simulated ? 'SIMULATED' : 'REAL'} tenant ${printable(result.tenant)}, client ${result.client.client_id} ${quoted(result.client.name)}`,
    `Verdict:    ${VERDICTS[result.status]}`,
    ...(clear.state === 'open' && audiences.length > 0 && !makesTokens(result.leak)
      ? ['            tokens issued before still work, until the all clear']
      : []),
  ]
  if (result.incident_id) lines.push(`Incident:   ${result.incident_id}`)
  const {deleted, rotated} = cutBy(result)
  const cut = [
    ...(deleted > 0 ? [`${deleted} client grant(s) (until given back)`] : []),
    ...(rotated ? ['the old secret (for good)'] : []),
  ]
  if (cut.length > 0 && result.status !== 'restored') lines.push(`Cut:        ${cut.join(' and ')}`)
  lines.push(...allClearLines(result, now, zone))
  if (result.next.some(isWatch) && !makesTokens(result.leak))
    lines.push(`            until then: stanch watch ${result.incident_id ?? 'ID'}`)
  const [gap] = result.evidence_gaps
  if (gap) lines.push(`Not known:  ${printable(gap.what, 80)}${gaps > 1 ? ` and ${gaps - 1} more` : ''} (why: above)`)
  if (result.delivery) lines.push(...deliveryLines(result.delivery))
  return lines
}

/** No countdown to an instant that moves, and none where nothing that was issued has to expire. */
function allClearLines(result: IncidentResult, now: number, zone: string): string[] {
  const {exposure} = result
  const {all_clear: clear} = exposure
  if (makesTokens(result.leak)) return [`All clear:  ${SIGNING_SECRET}`]
  if (clear.state === 'clear') return [`All clear:  since ${clear.worst_case_at}`]
  const at = (instant: string) => bothTimes(parseRfc3339(instant) ?? now, zone)
  if (clearMoves(exposure))
    return [`All clear:  not contained: it moves on until new tokens are refused; not before ${at(clear.worst_case_at)}`]
  return [
    `All clear:  ${instantLine(clear.worst_case_at, now, zone)}`,
    ...(clear.ruled_at === undefined ? [] : [`            ${at(clear.ruled_at)} if no lifetime was ever larger`]),
  ]
}

/** A path stands on a line of its own, so that it can be copied whole. */
function deliveryLines({result, sink}: NonNullable<IncidentResult['delivery']>): string[] {
  return [`New secret: ${result === 'ok' ? 'handed over to' : 'NOT where you wanted it; it is in'}`, `  ${printable(sink, 4096)}`]
}

/** What is next, an item each; a command stands on a line of its own, so that it can be copied whole. */
export function nextLines(next: readonly string[]): string[][] {
  // The all clear, and what watches until then, stand above already.
  const shown = next.filter((step) => !step.startsWith('all clear at ') && !isWatch(step))
  return shown.map((step, index) => {
    const number = `  ${index + 1}. `
    const [, why, command] =
      /^(.*?) ?\(then: (stanch .*)\)$/.exec(step) ??
      /^(.*?): (stanch (?:incident|grant|hunt|watch|resume|exposure) [^,;()]*)$/.exec(step) ??
      []
    if (why === undefined || command === undefined) return [`${number}${printable(step, 400)}`]
    return [`${number}${printable(why, 400)}${why.endsWith('?') ? ' When yes:' : ':'}`, `     ${printable(command, 400)}`]
  })
}

function isWatch(step: string): boolean {
  return step.startsWith('until the all clear')
}

/** How many client grants are gone, and whether the old secret is. */
function cutBy(result: IncidentResult): {deleted: number; rotated: boolean} {
  const done = (kind: string) => result.actions.filter((action) => action.kind === kind && isDone(action.outcome)).length
  return {deleted: done('client_grant.delete'), rotated: done('client_secret.rotate') > 0}
}

/** A message for the ticket or the chat: at most ten lines, no secret, no scope list. */
export function messageLines(result: IncidentResult): string[] {
  const {deleted, rotated} = cutBy(result)
  const refused = new Set(result.proof.filter((one) => one.claim === 'new_tokens_refused').map((one) => one.target))
  const apis = result.exposure.audiences.filter((one) => refused.has(`api:${one.audience}`)).map((one) => printable(one.name, 60))
  const {all_clear: clear} = result.exposure
  const lines = [
    `${result.simulated ? '[SIMULATED] ' : ''}Leaked ${result.leak} of client ${quoted(result.client.name)} (${result.client.client_id}), tenant ${printable(result.tenant)}: ${result.status}.`,
    `Cut: ${[deleted > 0 ? `${deleted} client grant(s)` : '', rotated ? 'the old client secret' : ''].filter(Boolean).join(' and ') || 'nothing'}.`,
  ]
  if (deleted > 0)
    lines.push(
      `Breaks: this client gets no token for ${apis.slice(0, 5).join(', ') || 'what it lost a grant on'}${apis.length > 5 ? ' and more' : ''} until its grants are given back.`,
    )
  if (rotated) lines.push('To do: whoever runs this client must deploy the new secret; it is handed over separately.')
  lines.push(allClearSentence(result))
  if (clear.state === 'open' && result.evidence_gaps.some((gap) => gap.code === 'token_can_reopen'))
    lines.push(
      `Until then an issued token could undo this; ${rotated ? 'a second rotation is planned' : 'the secret was not rotated'}.`,
    )
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

function allClearSentence(result: IncidentResult): string {
  const {exposure} = result
  const {all_clear: clear} = exposure
  if (makesTokens(result.leak)) return `All clear: ${SIGNING_SECRET}.`
  if (clear.state === 'clear') return `All clear since ${clear.worst_case_at}: no token that was issued before works any more.`
  return clearMoves(exposure)
    ? `All clear: not contained, so it moves on until new tokens are refused; not before ${clear.worst_case_at}.`
    : `All clear: ${clear.worst_case_at}, not before; tokens issued earlier work until then.`
}
