import {humanDuration} from '../clock.ts'
import {standing} from '../incident/standing.ts'
import {inDoubt, tookEffect} from '../incident/replay.ts'
import type {Operation} from '../incident/replay.ts'
import {blobsOf} from '../trail/format/blobs.ts'
import type {Account} from './account.ts'
import {newestExposure, observed, ofKind, partOf, proofRecords, snapshotBefore, said, textOf} from './account.ts'
import {cell, code, tableLines} from './markdown-text.ts'
import {timeline} from './timeline.ts'

/**
 * A plain summary of one incident in Markdown, for people and for pasting into a ticket. Pure: the same trail and
 * evidence give the same bytes. All foreign text is in code spans, all times are UTC.
 */
export function markdownReport(account: Account): string {
  const sections = [
    head(account),
    facts(account),
    done(account),
    proofs(account),
    exposed(account),
    people(account),
    gaps(account),
    course(account),
    evidence(account),
    source(account),
  ]
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function head({state, mode}: Account): string[] {
  return [
    `# Incident ${state.incident_id}`,
    '',
    mode === 'sim' ? '**SIMULATED**: a drill or a practice tenant. Nothing of this happened on a real one.' : '**REAL** tenant.',
  ]
}

function facts(account: Account): string[] {
  const {state} = account
  const name = snapshotBefore(account)?.snapshot.client.name
  const given = (value: string | undefined) => (value === undefined || value === 'unknown' ? 'unknown' : cell(value))
  return tableLines(
    ['what', ''],
    [
      ['title', cell(state.title)],
      ['status', standing(state)],
      ['leaked', cell(state.leak)],
      ['client', `${given(state.client_id)}${name === undefined ? '' : ` ${cell(name)}`}`],
      ['tenant', cell(state.tenant)],
      ['ticket', given(state.ticket)],
      ['leaked at', given(state.leaked_at)],
      ['known at', given(state.aware_at)],
      ['opened at', state.opened_at],
      ['closed at', state.closed_at ?? 'not closed'],
      [
        'plan',
        state.plan === undefined ? 'none' : `${cell(state.plan.sha256)}, ${state.confirmed ? 'confirmed' : 'not confirmed'}`,
      ],
    ],
  )
}

function done({state}: Account): string[] {
  const acts = state.operations.filter((one) => one.action !== 'token.request')
  if (acts.length === 0) return ['## What was done', '', 'Nothing was changed.']
  return [
    '## What was done',
    '',
    ...tableLines(
      ['record', 'at', 'act', 'on', 'end'],
      acts.map((one) => [String(one.seq), one.at, cell(one.action, 60), cell(one.target, 200), ending(one)]),
    ),
    ...state.deliveries.map(
      (one) =>
        `\nThe new secret ${one.result === 'ok' ? 'went to' : 'did NOT reach its place and is in'} ${code(one.sink)} at ${one.at}.`,
    ),
  ]
}

function ending(one: Operation): string {
  if (inDoubt(one)) return 'IN DOUBT'
  if (one.settled !== undefined) return `${one.settled === 'ok' ? 'done' : 'not done'}, settled by looking`
  if (tookEffect(one)) return 'done'
  return one.result === 'refused' ? `refused${one.status === undefined ? '' : ` (${one.status})`}` : 'did not leave'
}

function proofs(account: Account): string[] {
  const records = proofRecords(account)
  if (records.length === 0) return ['## What is proven', '', 'Nothing was proven.']
  return [
    '## What is proven',
    '',
    ...tableLines(
      ['record', 'claim', 'for', 'verdict', 'basis'],
      records.map((record) => [
        String(record.seq),
        cell((textOf(record, 'action') ?? '').slice('verify.'.length)),
        cell(textOf(record, 'target') ?? '', 200),
        cell(textOf(record, 'verdict') ?? 'not_proven'),
        cell(textOf(record, 'finding') ?? '', 600),
      ]),
    ),
  ]
}

function exposed(account: Account): string[] {
  const found = newestExposure(account)
  if (!found) return ['## Until when issued tokens live', '', 'It was not computed.']
  const {record, exposure} = found
  return [
    '## Until when issued tokens live',
    '',
    `All clear ${exposure.all_clear.state === 'clear' ? 'since' : 'not before'} **${exposure.all_clear.worst_case_at}** (record ${record.seq}, computed ${exposure.computed_at}). Issued access tokens cannot be revoked. ${code(exposure.all_clear.basis, 400)}`,
    '',
    ...tableLines(
      ['API', 'audience', 'contained at', 'tokens live', 'seen in the log', 'until'],
      exposure.audiences.map((one) => [
        cell(one.name, 100),
        cell(one.audience, 200),
        one.contained_at ?? 'not contained',
        `${humanDuration(one.token_lifetime_seconds)}${one.lifetime_source === 'tenant' ? '' : ', assumed'}`,
        String(one.tokens.length),
        one.worst_case_until,
      ]),
    ),
  ]
}

function people(account: Account): string[] {
  const sessions = ofKind(account, 'session.open').map((one) => [
    'session',
    String(one.seq),
    one.time,
    `${cell(textOf(one, 'actor') ?? '?')}, claimed by ${cell(textOf(one, 'actor_source') ?? '?')}`,
  ])
  const credentials = ofKind(account, 'auth').map((one) => [
    'credential',
    String(one.seq),
    one.time,
    `client ${cell(textOf(one, 'client_id') ?? '?')}, subject ${cell(textOf(one, 'subject') ?? 'none')}`,
  ])
  const decisions = ofKind(account, 'decision').map((one) => [
    'decision',
    String(one.seq),
    one.time,
    `${cell(textOf(one, 'question') ?? '?')}: ${cell(JSON.stringify(one['answer'] ?? null))} by ${cell(textOf(one, 'actor') ?? '?')}`,
  ])
  const approvals = ofKind(account, 'approval').map((one) => [
    'approval',
    String(one.seq),
    one.time,
    `${cell(textOf(one, 'by') ?? '?')} via ${cell(textOf(one, 'via') ?? '?')}`,
  ])
  return ['## Who', '', ...tableLines(['what', 'record', 'at', 'who'], [...sessions, ...credentials, ...decisions, ...approvals])]
}

function gaps(account: Account): string[] {
  const all = new Map(ofKind(account, 'gap').map((record) => [`${textOf(record, 'what')} ${textOf(record, 'why')}`, record]))
  if (all.size === 0) return ['## What is not known', '', 'No gap was recorded.']
  return [
    '## What is not known',
    '',
    ...[...all.values()].map(
      (record) => `- ${code(textOf(record, 'what') ?? '')}: ${code(textOf(record, 'why') ?? '', 600)} (record ${record.seq})`,
    ),
  ]
}

function course({records}: Account): string[] {
  return [
    '## Course of events',
    '',
    'Machine time. Numbers are those of the records.',
    '',
    ...tableLines(
      ['record', 'at', 'kind', 'what'],
      timeline(records).map((row) => [String(row.seq), row.time, cell(row.kind), row.what]),
    ),
  ]
}

function evidence(account: Account): string[] {
  const rows = account.records.flatMap((record) =>
    blobsOf(record).map((sha256) => [
      String(record.seq),
      record.time,
      cell(textOf(record, 'action') ?? record.kind),
      cell(sha256),
    ]),
  )
  const blinded = observed(account, 'evidence.blinded').length
  return [
    '## Evidence',
    '',
    ...(rows.length === 0 ? ['None is named by the records.'] : tableLines(['record', 'collected at', 'by', 'SHA-256'], rows)),
    ...(blinded === 0 ? [] : ['', `${blinded} blinded copies were made; their records name the originals.`]),
  ]
}

function source({log, records}: Account): string[] {
  const {node, tool} = Object.fromEntries(
    ['node', 'tool'].map((member) => [
      member,
      textOf(
        records.find((one) => one.kind === 'session.open'),
        member,
      ),
    ]),
  )
  const runbook = partOf(
    records.findLast((one) => one.kind === 'plan'),
    'runbook',
  )
  return [
    '## Where this comes from',
    '',
    `From the records of log ${code(log.origin)} up to its checkpoint of ${log.size} records and from the evidence they name. First written by ${code(tool ?? 'unknown')} with Node ${code(node ?? 'unknown')}${typeof runbook['id'] === 'string' ? `, by runbook ${code(runbook['id'])} version ${code(said(runbook['version']))}` : ''}. The checkpoint:`,
    '',
    '```',
    log.origin,
    String(log.size),
    Buffer.from(log.root, 'hex').toString('base64'),
    '```',
  ]
}
