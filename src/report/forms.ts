import {parseRfc3339} from '../clock.ts'
import {printable, quoted} from '../untrusted.ts'
import type {Report} from './report.ts'
import {isNotKnown} from './report.ts'
import {utc} from './times.ts'

/** For a ticket: plain text, one fact a line, in the order in which somebody needs them. */
export function ticketText(report: Report): string {
  const {all_clear: clear, client} = report
  const lines = [
    `${report.simulated ? 'SIMULATED ' : ''}Incident ${report.incident_id}${report.title === undefined ? '' : `: ${printable(report.title)}`}`,
    `Verdict: ${report.verdict.words}`,
    `All clear: ${allClear(report)}`,
    `  ${printable(clear.basis, 400)}`,
    `  Issued access tokens cannot be revoked; each lives until its exp.`,
    'Next:',
    ...numbered(report.next),
    'Not known:',
    ...(report.evidence_gaps.length === 0 ? ['  no evidence gap was recorded'] : []),
    ...report.evidence_gaps.map((gap) => `  - ${printable(gap.what)}: ${printable(gap.why, 400)}`),
    `What leaked: ${report.leaked.kind} of client ${quoted(client.name ?? '')} ${printable(client.client_id ?? 'not known')}, tenant ${printable(report.tenant)}`,
    ...moments(report),
    'Proofs:',
    ...(report.claims.length === 0 ? ['  nothing was proven'] : []),
    ...report.claims.map(
      (one) =>
        `  ${one.word}: ${one.words}, ${printable(one.target)}${report.view === 'partner' ? '' : ` (record ${one.record})`}`,
    ),
    ...(report.acts === undefined
      ? []
      : [
          'Acts, and what undoes each:',
          ...(report.acts.length === 0 ? ['  nothing was changed'] : []),
          ...report.acts.map(
            (one) =>
              `  ${one.at.slice(0, 19).replace('T', ' ')} UTC ${one.result}: ${printable(one.action)} on ${printable(one.target)} (record ${one.record}); undo: ${printable(one.undo)}`,
          ),
        ]),
    ...findings(report),
    ...(report.source === undefined
      ? []
      : [
          `Checkpoint: ${report.source.origin} ${report.source.size} ${Buffer.from(report.source.root_hash, 'hex').toString('base64')}`,
        ]),
    ...(report.left_out.length === 0 ? [] : ['Left out:', ...report.left_out.map((one) => `  - ${one}`)]),
  ]
  return `${lines.join('\n')}\n`
}

/** For a chat: at most ten lines. */
export function chatText(report: Report): string {
  const {next, evidence_gaps: gaps, client} = report
  const stopped = report.claims.filter((one) => one.verdict === 'proven')
  const open = report.claims.filter((one) => one.verdict !== 'proven')
  const lines = [
    `${report.simulated ? '[SIMULATED] ' : ''}${report.incident_id}: leaked ${report.leak} of ${quoted(client.name ?? client.client_id ?? 'an application')}, tenant ${printable(report.tenant, 80)}`,
    report.verdict.words,
    `All clear: ${allClear(report)}`,
    ...(stopped.length > 0 ? [`Proven: ${unique(stopped.map((one) => one.words)).join('; ')}`] : []),
    ...(open.length > 0 ? [`NOT proven: ${unique(open.map((one) => one.words)).join('; ')}`] : []),
    ...(next[0] === undefined ? [] : [`Next: ${printable(next[0], 200)}`]),
    gaps.length === 0
      ? 'Not known: no evidence gap was recorded'
      : `Not known: ${printable(gaps[0]?.what ?? '', 120)}${gaps.length > 1 ? ` and ${gaps.length - 1} more` : ''}`,
    ...(isNotKnown(report.hunt) ? [`What was done with it: ${report.hunt.not_known}`] : []),
    ...(foundLine(report) === undefined ? [] : [`Found: ${foundLine(report)}`]),
  ]
  return `${lines.slice(0, 10).join('\n')}\n`
}

/** What a verdict does not say: that somebody was there. Undefined where no hunt found it, or who reads does not get it. */
export function foundLine({hunt}: Pick<Report, 'hunt'>): string | undefined {
  if (hunt === undefined || isNotKnown(hunt)) return undefined
  const [hostile, suspect] = ['hostile', 'suspect'].map(
    (verdict) => hunt.findings.filter((one) => one.verdict === verdict).length,
  )
  if (hostile === 0 && suspect === 0) return undefined
  return `${hostile} hostile and ${suspect} suspect acts${hunt.inventory.length === 0 ? '' : `, ${hunt.inventory.length} left behind`}`
}

/**
 * One sentence for a public status page: no name of a tenant, an application or a person, and nothing that was not
 * proven.
 */
export function statusText(report: Report): string {
  const {verdict, all_clear: clear, course} = report
  const cut = course.window.contained_at
  const at = (instant: string) => `${utc(parseRfc3339(instant) ?? 0).slice(0, 16)} UTC`
  const contained = ['contained', 'restored'].includes(verdict.status) || (verdict.status === 'closed' && cut !== undefined)
  const until = clear.worst_case_at
  const sentence = !contained
    ? 'We are investigating the exposure of an access credential; it is not yet fully stopped, and we will say here when it is.'
    : `An access credential of ours was exposed; ${cut === undefined ? 'new access with it is stopped' : `new access with it has been stopped since ${at(cut)}`}${
        until === undefined || clear.state === 'clear'
          ? ', and no access that was issued with it before can still be valid.'
          : `, and access that was issued with it before ends by ${at(until)} at the latest.`
      }`
  return `${report.simulated ? 'SIMULATED, a drill: ' : ''}${sentence}\n`
}

function allClear({all_clear: clear}: Report): string {
  if (clear.worst_case_at === undefined) return printable(clear.basis)
  const instant = `${utc(parseRfc3339(clear.worst_case_at) ?? 0)} UTC`
  if (clear.moves) return `NOT CONTAINED, so it is not fixed yet: each moment it moves on; not before ${instant}`
  return clear.state === 'clear' ? `since ${instant}` : `not before ${instant}`
}

function moments({times}: Report): string[] {
  return times.moments.map((one) => `  ${one.words}: ${one.at === undefined ? (one.not_known ?? '') : printable(one.at, 40)}`)
}

function findings({hunt, consumers}: Report): string[] {
  return [
    ...(hunt === undefined
      ? []
      : isNotKnown(hunt)
        ? [`What was done with it: ${hunt.not_known}`]
        : [
            `What was done with it: ${hunt.findings.length} finding(s) in ${hunt.entries} log entries, ${hunt.inventory.length} open in the inventory`,
            ...hunt.findings
              .filter((one) => one.verdict === 'hostile' || one.verdict === 'suspect')
              .slice(0, 20)
              .map((one) => `  ${one.verdict}: ${printable(one.what, 300)} (${printable(one.at, 40)})`),
          ]),
    ...(consumers === undefined
      ? []
      : isNotKnown(consumers)
        ? [`Who uses it: ${consumers.not_known}`]
        : [
            `Who uses it: ${Object.entries(consumers.adoption)
              .map(([standing, count]) => `${count} ${standing}`)
              .join(', ')}`,
          ]),
  ]
}

function numbered(steps: readonly string[]): string[] {
  return steps.length === 0
    ? ['  nothing is open by the record']
    : steps.map((step, index) => `  ${index + 1}. ${printable(step, 400)}`)
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)]
}
