import {humanDuration} from '../clock.ts'
import {cell, code, tableLines} from './markdown-text.ts'
import type {Report} from './report.ts'
import {isNotKnown} from './report.ts'

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
            : `${clear.state === 'clear' ? 'since' : 'not before'} **${clear.worst_case_at}**`,
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

function done({acts}: Report): string[] {
  if (acts === undefined) return []
  if (acts.length === 0) return ['## What was done', '', 'Nothing was changed.']
  return [
    '## What was done',
    '',
    ...tableLines(
      ['record', 'at', 'act', 'on', 'end', 'what undoes it'],
      acts.map((one) => [
        String(one.record),
        one.at,
        cell(one.action, 60),
        cell(one.target, 200),
        one.result,
        cell(one.undo, 200),
      ]),
    ),
  ]
}

function proofs({claims}: Report): string[] {
  if (claims.length === 0) return ['## What is proven', '', 'Nothing was proven.']
  return [
    '## What is proven',
    '',
    ...tableLines(
      ['record', 'claim', 'for', 'verdict', 'basis'],
      claims.map((one) => [String(one.record ?? ''), one.words, cell(one.target, 200), one.word, cell(one.basis, 600)]),
    ),
  ]
}

function exposed({all_clear: clear, course: {window, tokens}}: Report): string[] {
  if (clear.worst_case_at === undefined) return ['## Until when issued tokens live', '', 'It was not computed.']
  return [
    '## Until when issued tokens live',
    '',
    `All clear ${clear.state === 'clear' ? 'since' : 'not before'} **${clear.worst_case_at}**${clear.record === undefined ? '' : ` (record ${clear.record}, computed ${clear.computed_at ?? 'at an unknown time'})`}. Issued access tokens cannot be revoked. ${code(clear.basis, 400)}`,
    '',
    `No new token ${window.contained_at === undefined ? 'could not be proven: not every API is contained' : `since ${window.contained_at}`}. ${clear.observed_at === undefined ? '' : `Those seen in the tenant log (${tokens.length} listed) live until ${clear.observed_at} at the latest.`}`,
  ]
}

function moments({times}: Report): string[] {
  return [
    '## Response times and reporting clocks',
    '',
    ...tableLines(
      ['what', 'how long'],
      times.spans.map((one) => [one.words, humanDuration(one.seconds)]),
    ),
    '',
    ...tableLines(
      ['moment', 'at'],
      times.moments.map((one) => [one.words, one.at === undefined ? (one.not_known ?? '') : code(one.at, 60)]),
    ),
    '',
    `Reporting clocks: ${times.clocks.note}.${times.clocks.warning === undefined ? '' : ` WARNING: ${times.clocks.warning}.`}`,
    '',
    ...tableLines(
      ['duty', 'what', 'due', 'basis'],
      times.clocks.items.map((one) => [one.regime, one.what, one.due_at ?? 'not begun', cell(one.basis, 400)]),
    ),
  ]
}

function paths({paths: found}: Report): string[] {
  if (found === undefined) return []
  if (isNotKnown(found)) return ['## Every path to a token', '', `${found.not_known}.`]
  const rows = (when: string, list: typeof found.before) =>
    list.map((one) => [
      when,
      one.open ? 'open' : 'closed',
      cell(one.audience, 200),
      cell(`${one.subject}, ${one.via}`),
      cell(one.why, 300),
    ])
  return [
    '## Every path to a token',
    '',
    ...tableLines(['when', 'state', 'API', 'path', 'why'], [...rows('before', found.before), ...rows('after', found.after)]),
  ]
}

function consumers({consumers: found}: Report): string[] {
  if (found === undefined) return []
  if (isNotKnown(found)) return ['## Who uses it, and who moved', '', `${found.not_known}.`]
  return [
    '## Who uses it, and who moved',
    '',
    ...tableLines(
      ['standing', 'from', 'agent', 'tokens', 'last', 'needs its next'],
      found.items.map((one) => [
        cell(one.standing, 20),
        cell(one.ip ?? 'no address', 60),
        cell(one.user_agent ?? 'none', 120),
        String(one.issuances),
        one.last_at,
        one.next_needed_at ?? 'not known',
      ]),
    ),
  ]
}

function hunted({hunt}: Report): string[] {
  if (hunt === undefined) return []
  if (isNotKnown(hunt)) return ['## What was done with it', '', `${hunt.not_known}.`]
  return [
    '## What was done with it',
    '',
    `${hunt.entries} log entries were searched (record ${hunt.record}).`,
    '',
    ...tableLines(
      ['verdict', 'what', 'at', 'hunt', 'log entries', 'what removes it'],
      hunt.findings.map((one) => [
        cell(one.verdict, 20),
        cell(one.what, 300),
        one.at,
        cell(one.hunt, 20),
        one.log_ids
          .slice(0, 3)
          .map((id) => cell(id, 80))
          .join(' '),
        cell(one.remove ?? 'nothing to remove', 200),
      ]),
    ),
    ...hunt.not_seen.map((one) => `\nNot seen: ${code(one.what)}: ${code(one.why, 400)}`),
  ]
}

function watched({watch}: Report): string[] {
  if (watch === undefined) return []
  if (isNotKnown(watch)) return ['## What was seen since', '', `${watch.not_known}.`]
  return [
    '## What was seen since',
    '',
    ...tableLines(
      ['record', 'at', 'what', 'finding'],
      watch.items.map((one) => [String(one.record), one.at, cell(one.verdict, 40), cell(one.finding, 400)]),
    ),
  ]
}

function people({people: found}: Report): string[] {
  if (!found) return []
  const rows = [
    ...found.responders.map((one) => ['session', one, `${cell(one.actor)}, claimed by ${cell(one.claimed_by)}`] as const),
    ...found.credentials.map(
      (one) => ['credential', one, `client ${cell(one.client_id)}, subject ${cell(one.subject)}`] as const,
    ),
    ...found.decisions.map(
      (one) => ['decision', one, `${cell(one.question)}: ${cell(one.answer)} by ${cell(one.actor)}`] as const,
    ),
    ...found.approvals.map((one) => ['approval', one, `${cell(one.by)} via ${cell(one.via)}`] as const),
    ...found.notes.map((one) => ['note', one, `${cell(one.text, 1000)} by ${cell(one.actor)}`] as const),
  ]
  return [
    '## Who',
    '',
    ...tableLines(
      ['what', 'record', 'at', 'who'],
      rows.map(([what, {record, at}, who]) => [what, String(record), at, who]),
    ),
    ...(found.approvals.length === 0 ? ['', 'Nobody else approved: no approval is on record.'] : []),
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
