import {done, exposed, moments, proofs} from './markdown-acts.ts'
import {consumers, hunted, paths, people, watched} from './markdown-learned.ts'
import {cell, code, tableLines} from './markdown-text.ts'
import type {Report} from './report.ts'

/**
 * A report in Markdown, for people and for pasting into a ticket. All foreign text is in code spans, all times are UTC.
 */
export function markdownReport(report: Report): string {
  const sections = [
    head(report),
    first(report),
    leaked(report),
    done(report),
    proofs(report),
    exposed(report),
    moments(report),
    paths(report),
    consumers(report),
    hunted(report),
    watched(report),
    people(report),
    gaps(report),
    course(report),
    evidence(report),
    source(report),
  ]
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

function head(report: Report): string[] {
  return [
    `# Incident ${report.incident_id}`,
    '',
    report.simulated
      ? '**SIMULATED**: a drill or a practice tenant. Nothing of this happened on a real one.'
      : '**REAL** tenant.',
    ...(report.left_out.length === 0
      ? []
      : ['', `The ${report.view}'s view. Left out:`, '', ...report.left_out.map((one) => `- ${one}`)]),
  ]
}

function first(report: Report): string[] {
  const {all_clear: clear, client, next} = report
  return [
    ...tableLines(
      ['what', ''],
      [
        ['verdict', report.verdict.words],
        [
          'all clear',
          clear.worst_case_at === undefined
            ? clear.basis
            : `${clear.moves ? 'NOT CONTAINED, so it is not fixed yet: ' : ''}${clear.state === 'clear' ? 'since' : 'not before'} **${clear.worst_case_at}**`,
        ],
        ...(report.title === undefined ? [] : [['title', cell(report.title)]]),
        ['status', report.verdict.status],
        ['client', `${cell(client.client_id ?? 'unknown')}${client.name === undefined ? '' : ` ${cell(client.name)}`}`],
        ['tenant', cell(report.tenant)],
        ...(report.ticket === undefined ? [] : [['ticket', cell(report.ticket)]]),
        ['opened at', report.opened_at],
        ['closed at', report.closed_at ?? 'not closed'],
        ...(report.source ? [['plan', report.source.plan_sha256 === undefined ? 'none' : cell(report.source.plan_sha256)]] : []),
      ],
    ),
    '',
    '## Next',
    '',
    ...(next.length === 0 ? ['Nothing is open by the record.'] : next.map((step, index) => `${index + 1}. ${code(step, 400)}`)),
  ]
}

function leaked({leaked: leak}: Report): string[] {
  const {could} = leak
  const said = (['found_at', 'leaked_at', 'detected_at', 'aware_at'] as const).flatMap((member) =>
    leak[member] === undefined ? [] : [`${member.replace('_at', '')} ${code(leak[member], 60)}`],
  )
  return [
    '## What leaked and what it could do',
    '',
    `${code(leak.kind, 40)}: ${leak.words}.${said.length === 0 ? '' : ` It was ${said.join(', ')}.`}`,
    '',
    ...(could.not_known === undefined
      ? tableLines(
          ['API', 'scopes, the worst first'],
          could.access.map((one) => [
            cell(one.audience, 200),
            one.all_scopes
              ? 'all scopes of this API'
              : one.scopes
                  .map(
                    (scope) =>
                      `${cell(scope.scope, 80)}${scope.severity === undefined ? '' : ` ${scope.severity}: ${cell(scope.means ?? '')}`}`,
                  )
                  .join('; ') || 'no scope',
          ]),
        )
      : [`${could.not_known}.`]),
    ...(could.can_undo.length === 0
      ? []
      : ['', `Until the all clear an issued token can undo containment: ${could.can_undo.map((one) => code(one)).join(', ')}.`]),
  ]
}

function gaps({evidence_gaps: all}: Report): string[] {
  return [
    '## What is not known',
    '',
    ...(all.length === 0
      ? ['No evidence gap was recorded.']
      : all.map(
          (gap) => `- ${code(gap.what)}: ${code(gap.why, 600)}${gap.record === undefined ? '' : ` (record ${gap.record})`}`,
        )),
  ]
}

function course({course: {rows, omitted}}: Report): string[] {
  if (rows.length === 0) return []
  return [
    '## Course of events',
    '',
    `By the tenant's clock; ~ reckoned from the machine's. Each row's source is a record of the trail or an entry of the tenant's log.${omitted === 0 ? '' : ` ${omitted} older ones are in the evidence only.`}`,
    '',
    ...tableLines(
      ['source', 'at', 'kind', 'what'],
      rows.map((row) => [
        'record' in row.source ? String(row.source.record) : cell(row.source.log_id, 80),
        `${row.clock === 'tenant' ? '' : '~'}${row.at}`,
        row.lane,
        `${cell(row.what, 600)}${row.ip === undefined ? '' : ` from ${cell(row.ip, 60)}`}${row.verdict === undefined ? '' : ` ${cell(row.verdict, 20)}`}`,
      ]),
    ),
  ]
}

function evidence({evidence: rows}: Report): string[] {
  if (!rows) return []
  return [
    '## Evidence',
    '',
    ...(rows.length === 0
      ? ['None is named by the records.']
      : tableLines(
          ['record', 'collected at', 'by', 'SHA-256'],
          rows.map((one) => [String(one.record), one.at, cell(one.action), cell(one.sha256)]),
        )),
  ]
}

function source({source: from}: Report): string[] {
  if (!from) return []
  return [
    '## Where this comes from',
    '',
    `From the records of log ${code(from.origin)} up to its checkpoint of ${from.size} records and from the evidence they name. First written by ${code(from.tool)} with Node ${code(from.node)}${from.runbook === undefined ? '' : `, by runbook ${code(from.runbook.id)} version ${code(from.runbook.version)}`}. The checkpoint:`,
    '',
    '```',
    from.origin,
    String(from.size),
    Buffer.from(from.root_hash, 'hex').toString('base64'),
    '```',
  ]
}
