import type {Report} from '../report.ts'
import {Html, markup, instantCell, personal, recordLink, table, withPersonal} from './markup.ts'

export function peopleTables(people: NonNullable<Report['people']>): Html {
  const {responders, credentials, decisions, approvals, notes} = people
  return markup`${table(
    'Responders, as they claimed to be',
    ['who', 'claimed by', 'on', 'as', 'with', 'UTC', 'source'],
    responders.map((one) => [
      personal(one.actor),
      one.claimed_by,
      personal(one.host),
      personal(one.os_user),
      one.tool,
      instantCell(one.at),
      recordLink(one.record),
    ]),
  )}${table(
    'Credentials they acted with: what the token proves',
    ['client', 'subject', 'UTC', 'source'],
    credentials.map((one) => [
      markup`<code>${one.client_id}</code>`,
      withPersonal(one.subject),
      instantCell(one.at),
      recordLink(one.record),
    ]),
  )}${table(
    'Decisions',
    ['question', 'answer', 'who', 'UTC', 'source'],
    decisions.map((one) => [
      one.question,
      withPersonal(one.answer),
      personal(one.actor),
      instantCell(one.at),
      recordLink(one.record),
    ]),
  )}${
    approvals.length === 0
      ? markup`<p>Nobody else approved: no approval is on record.</p>`
      : table(
          'Approvals by a second person',
          ['who', 'how', 'plan', 'UTC', 'source'],
          approvals.map((one) => [
            personal(one.by),
            one.via,
            markup`<code>${one.plan_sha256}</code>`,
            instantCell(one.at),
            recordLink(one.record),
          ]),
        )
  }${table(
    'Notes',
    ['who', 'what', 'UTC', 'source'],
    notes.map((one) => [
      personal(one.actor),
      markup`<span data-for="war-room">${one.text}</span>`,
      instantCell(one.at),
      recordLink(one.record),
    ]),
  )}`
}

export function origin({source, evidence = [], format}: Report): Html {
  if (!source) return Html.own('')
  return markup`<p>
From the records of one log up to its signed checkpoint and from the evidence they name, and from nothing else: the same
trail gives the same page (${format}). The page proves nothing by itself: <code>stanch bundle</code> hands out the records
with their proofs.
</p>
<dl>
<dt>log</dt>
<dd><code>${source.origin}</code></dd>
<dt>key</dt>
<dd><code>${source.vkey}</code></dd>
<dt>record 0</dt>
<dd><code>${source.first_record}</code></dd>
<dt>checkpoint</dt>
<dd>${source.size} records, root <code>${source.root_hash}</code></dd>
<dt>anchors</dt>
<dd>
${source.anchors.length === 0 && source.witnesses.length === 0 ? 'none is on record: a copy of the checkpoint elsewhere would rule out a rollback' : [...source.witnesses.map((one) => `countersigned in the name of ${one}`), ...source.anchors.map((one) => `${one.type}, size ${one.size}, record ${one.record}`)].join('; ')}
</dd>
<dt>plan</dt>
<dd>
<code>${source.plan_sha256 ?? 'none'}</code>${source.runbook ? markup`, runbook ${source.runbook.id} version ${source.runbook.version} <code>${source.runbook.sha256}</code>` : undefined}
</dd>
<dt>made with</dt>
<dd>${source.tool}, Node ${source.node}</dd>
</dl>
${table(
  'Evidence by SHA-256',
  ['collected, UTC', 'by', 'SHA-256', 'source'],
  evidence.map((one) => [instantCell(one.at), one.action, markup`<code>${one.sha256}</code>`, recordLink(one.record)]),
)}`
}
