import {humanDuration} from '../../clock.ts'
import type {Report} from '../report.ts'
import {isNotKnown} from '../report.ts'
import type {Claim} from '../report-acts.ts'
import type {CourseRow, RowSource} from '../report-course.ts'
import {Html, markup, instant, instantCell, join, personal, recordLink, table, withPersonal} from './markup.ts'
import {picture, responseSpan, wholeSpan} from './picture.ts'

/** A part of the page: its anchor, its title, what is in it, and in which views it is. */
export interface Section {
  readonly id: string
  readonly title: string
  readonly body: Html
  /** Absent: in all views. */
  readonly views?: string
}

const ALL_BUT_PARTNER = 'war-room auditor'

export function sections(report: Report): Section[] {
  const all: (Section | undefined)[] = [
    {id: 'leaked', title: 'What leaked and what it could do', body: leak(report)},
    {id: 'proof', title: 'What is proven', body: proofs(report.claims)},
    coursePictures(report),
    courseTable(report),
    report.acts && {id: 'acts', title: 'What was done, and what undoes it', body: actTable(report.acts), views: ALL_BUT_PARTNER},
    {id: 'times', title: 'Response times and reporting clocks', body: timeTables(report)},
    report.paths && {id: 'paths', title: 'Every path to a token', body: pathTables(report.paths), views: ALL_BUT_PARTNER},
    report.consumers && {
      id: 'consumers',
      title: 'Who uses it, and who moved',
      body: consumerTable(report.consumers),
      views: ALL_BUT_PARTNER,
    },
    report.hunt && {id: 'hunt', title: 'What was done with it', body: huntTables(report.hunt), views: ALL_BUT_PARTNER},
    report.watch && {id: 'watch', title: 'What was seen since', body: watchTable(report.watch), views: ALL_BUT_PARTNER},
    report.people && {
      id: 'people',
      title: 'Who did, who decided, who approved',
      body: peopleTables(report.people),
      views: ALL_BUT_PARTNER,
    },
    report.source && {id: 'source', title: 'Where this comes from', body: origin(report), views: ALL_BUT_PARTNER},
  ]
  return all.filter((one) => one !== undefined)
}

function leak({leaked}: Report): Html {
  const {could} = leaked
  const said = (
    [
      ['found', leaked.found_at],
      ['leaked', leaked.leaked_at],
      ['detected', leaked.detected_at],
      ['known', leaked.aware_at],
    ] as const
  )
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        markup`<dt>${name}</dt>
<dd>${instant(value ?? '')}</dd>`,
    )
  const undo =
    could.can_undo.length === 0
      ? undefined
      : markup`<p class="warn">Until the all clear an issued token can undo containment: ${could.can_undo.join(', ')}.</p>`
  const rows = could.access.map((one) => [
    markup`${one.name ?? ''}
<code>${one.audience}</code>${one.from === 'default' ? markup`<br><span class="soft">default grant for third-party applications</span>` : undefined}${one.on_behalf_of_users ? markup`<br><span class="soft">on behalf of users</span>` : undefined}`,
    one.all_scopes
      ? 'all scopes of this API'
      : one.scopes.length === 0
        ? 'no scope'
        : markup`<ul>
${join(one.scopes.map((scope) => markup`<li><code>${scope.scope}</code>${scope.severity === undefined ? undefined : markup` <b>${scope.severity}</b>: ${scope.means}`}</li>`))}
</ul>`,
  ])
  return markup`<p>${leaked.kind}: ${leaked.words}.</p>
${said.length === 0 ? undefined : markup`<dl>${said}</dl>`}
${could.not_known === undefined ? markup`<p>As of ${instant(could.as_of ?? '')}, before the first change${could.record === undefined ? undefined : markup`, <span data-for="${ALL_BUT_PARTNER}">${recordLink(could.record)}</span>`}. What a scope of another API allows, that API says.</p>` : markup`<p>${could.not_known}.</p>`}
${table('APIs that it could get tokens for', ['API', 'scopes, the worst first'], rows)}${undo}`
}

const TONES = {proven: 'good', not_proven: 'warn', failed: 'bad'} as const

function proofs(claims: readonly Claim[]): Html {
  if (claims.length === 0) return markup`<p>Nothing was proven.</p>`
  const rows = claims.map((one) => [
    markup`<b class="${TONES[one.verdict]}">${one.word}</b>`,
    markup`${one.words} <span class="soft">${one.target}</span>`,
    one.basis,
    one.first_at === undefined ? '' : markup`${instantCell(one.first_at)}`,
    one.last_at === undefined ? '' : markup`${instantCell(one.last_at)}`,
    markup`<span data-for="${ALL_BUT_PARTNER}">${recordLink(one.record)}${
      one.probe_records.length === 0
        ? undefined
        : markup`, probes
${join(
  one.probe_records.map((seq) => markup`<a href="#r${seq}">${seq}</a>`),
  ', ',
)}`
    }</span>`,
  ])
  return markup`${table('Claims and their proofs, in tenant time', ['verdict', 'claim', 'basis', 'first probe, UTC', 'last probe, UTC', 'proof'], rows)}
<p class="soft">
A refusal counts as proven by at least three well-formed refusals in an unbroken run, the last no earlier than 35 s after
the change.
</p>`
}

function coursePictures({course}: Report): Section {
  const [whole, response] = [wholeSpan(course), responseSpan(course)]
  const parts = [
    ...(whole
      ? [picture('pw', 'From the leak to the all clear', course, whole)]
      : [markup`<p>Not known, because no instant is on record.</p>`]),
    ...(response
      ? [
          markup`<h3>The response</h3>`,
          picture('pr', 'The response, from the opening to the last proof', course, response, false),
        ]
      : []),
  ]
  return {
    id: 'picture',
    title: 'The exposure',
    body: markup`${parts}
<p class="soft">
Red ground: new tokens could be had. Yellow ground: contained, but issued tokens live. Calls with the credential:
${course.holder}.
</p>`,
  }
}

function courseTable({course}: Report): Section | undefined {
  if (course.rows.length === 0) return undefined
  const rows = join(course.rows.map(row))
  const omitted =
    course.omitted === 0 ? undefined : markup` ${course.omitted} older issuances, calls and refusals are in the evidence only.`
  return {
    id: 'course',
    title: 'Course of events',
    views: ALL_BUT_PARTNER,
    body: markup`<p>
${course.rows.length} rows, each with its source: a record of the trail or an entry of the tenant's log. UTC by the
tenant's clock; ~ reckoned from the machine's.${omitted} <button class="screen" type="button" id="rows" hidden></button>
</p>
<div class="wide" role="region" aria-label="Rows of the course of events" tabindex="0">
<table class="rows">
<caption>
Course of events
</caption>
<thead>
<tr>
<th scope="col">UTC</th>
<th scope="col">source</th>
<th scope="col">kind</th>
<th scope="col">what</th>
</tr>
</thead>
<tbody>
${rows}
</tbody>
</table>
</div>`,
  }
}

const LANE_WORDS: Readonly<Record<CourseRow['lane'], string>> = {
  leak: 'leak',
  issued: 'token issued',
  holder: 'call with it',
  refused: 'refused to it',
  ours: 'our act',
  asked: 'we asked',
  proof: 'proof',
  book: 'trail',
}

function row(one: CourseRow): Html {
  const {id, link} = sourceOf(one.source)
  const verdict =
    one.verdict === undefined || one.lane === 'proof' || one.lane === 'asked' ? undefined : markup` <b>${one.verdict}</b>`
  return markup`<tr id="${id}"${one.main ? undefined : Html.own(' class="minor"')}><td>${one.clock === 'tenant' ? '' : '~'}${instantCell(one.at)}</td><td>${link}</td><td>${LANE_WORDS[one.lane]}</td><td>${withPersonal(one.what)}${one.ip === undefined ? undefined : markup` from ${personal(one.ip)}`}${verdict}</td></tr>
`
}

function sourceOf(source: RowSource): {readonly id: string; readonly link: Html} {
  return 'record' in source
    ? {id: `r${source.record}`, link: markup`record ${source.record}`}
    : {id: `l${source.log_id}`, link: markup`log <code>${source.log_id}</code>`}
}

function actTable(acts: NonNullable<Report['acts']>): Html {
  if (acts.length === 0) return markup`<p>Nothing was changed.</p>`
  return table(
    'Requests that could change the tenant, each on record before it left',
    ['UTC', 'act', 'on', 'end', 'what undoes it', 'record', "in the tenant's log"],
    acts.map((one) => [
      instantCell(one.at),
      markup`${one.why}<br><code>${one.action}</code>`,
      markup`<code>${one.target}</code>`,
      markup`<b class="${one.result.startsWith('done') ? 'good' : one.result === 'IN DOUBT' ? 'bad' : 'warn'}">${one.result}</b>`,
      one.undo,
      markup`${recordLink(one.record)}${one.outcome_record === undefined ? undefined : markup`, <a href="#r${one.outcome_record}">${one.outcome_record}</a>`}`,
      markup`<code>${one.correlation_id}</code>`,
    ]),
  )
}

function timeTables({times}: Report): Html {
  const {clocks} = times
  return markup`${table(
    'Response times',
    ['what', 'how long'],
    times.spans.map((one) => [one.words, humanDuration(one.seconds)]),
  )}${table(
    'Moments',
    ['what', 'when, UTC', 'source'],
    times.moments.map((one) => [
      one.words,
      one.at === undefined ? (one.not_known ?? '') : instantCell(one.at),
      markup`<span data-for="${ALL_BUT_PARTNER}">${recordLink(one.record)}</span>`,
    ]),
  )}
<div data-for="${ALL_BUT_PARTNER}">
<h3>Reporting clocks</h3>
<p class="soft">${clocks.note}.</p>${clocks.warning === undefined ? undefined : markup`<p class="warn">${clocks.warning}.</p>`}${table(
    'Deadlines that may apply',
    ['duty', 'what', 'due, UTC', 'basis'],
    clocks.items.map((one) => [
      one.regime,
      one.what,
      one.due_at === undefined ? 'not begun' : instantCell(one.due_at),
      one.basis,
    ]),
  )}</div>`
}

function pathTables(paths: NonNullable<Report['paths']>): Html {
  if (isNotKnown(paths)) return markup`<p>${paths.not_known}.</p>`
  const rows = (list: (typeof paths)['before']) =>
    list.map((one) => [
      markup`<b class="${one.open ? 'bad' : 'good'}">${one.open ? 'open' : 'closed'}</b>`,
      markup`<code>${one.audience}</code>`,
      `${one.subject}, ${one.via}, ${one.credential}`,
      one.why,
      one.closes ?? '',
    ])
  const titles = ['state', 'API', 'path', 'why', 'what closes it']
  return markup`<p>Computed ${instant(paths.computed_at)}, ${recordLink(paths.record)}.</p>
${table('Before', titles, rows(paths.before))}${table('After the plan', titles, rows(paths.after))}`
}

function consumerTable(consumers: NonNullable<Report['consumers']>): Html {
  if (isNotKnown(consumers)) return markup`<p>${consumers.not_known}.</p>`
  const adoption = Object.entries(consumers.adoption).map(([standing, count]) => `${count} ${standing}`)
  return markup`<p>${adoption.join(', ')}. Computed ${instant(consumers.computed_at)}, ${recordLink(consumers.record)}.</p>
${table(
  'Users of the credential',
  ['standing', 'from', 'APIs', 'tokens', 'every', 'first, UTC', 'last, UTC', 'needs its next, UTC'],
  consumers.items.map((one) => [
    markup`<b class="${one.standing === 'moved' ? 'good' : one.standing === 'failing' ? 'bad' : 'warn'}">${one.standing}</b>`,
    markup`${one.ip === undefined ? 'no address' : personal(one.ip)}
${one.user_agent}${one.fingerprint === undefined ? undefined : markup` <code>${one.fingerprint}</code>`}`,
    one.audiences.join(', '),
    one.issuances,
    one.rhythm_seconds === undefined ? 'no rhythm' : humanDuration(one.rhythm_seconds),
    instantCell(one.first_at),
    instantCell(one.last_at),
    one.next_needed_at === undefined ? 'not known' : instantCell(one.next_needed_at),
  ]),
)}`
}

function huntTables(hunt: NonNullable<Report['hunt']>): Html {
  if (isNotKnown(hunt)) return markup`<p>${hunt.not_known}.</p>`
  const suspects = Object.entries(hunt.suspects)
    .filter(([, values]) => values.length > 0)
    .map(
      ([kind, values]) =>
        markup`<dt>${kind.replaceAll('_', ' ')}</dt>
<dd>
${join(
  values.map((one) => (kind === 'ips' ? personal(one) : markup`<code>${one}</code>`)),
  ', ',
)}
</dd>`,
    )
  return markup`<p>${hunt.entries} log entries were searched, ${instant(hunt.computed_at)}, ${recordLink(hunt.record)}.</p>
${
  suspects.length === 0
    ? undefined
    : markup`<h3>Suspects</h3>
<dl>${suspects}</dl>`
}${table(
    'Findings',
    ['verdict', 'what', 'UTC', 'hunt', 'what removes it'],
    hunt.findings.map((one) => [
      markup`<b class="${one.verdict === 'hostile' ? 'bad' : one.verdict === 'suspect' ? 'warn' : 'soft'}">${one.verdict}</b>`,
      markup`${withPersonal(one.what)}${one.ip === undefined ? undefined : markup` from ${personal(one.ip)}`}${logEntries(one.log_ids)}`,
      instantCell(one.at),
      one.hunt,
      one.remove ?? '',
    ]),
  )}${table(
    'Inventory: open until it is removed or waived',
    ['what', 'hunt', 'what removes it', 'id'],
    hunt.inventory.map((one) => [withPersonal(one.what), one.hunt, one.remove, markup`<code>${one.id}</code>`]),
  )}${
    hunt.not_seen.length === 0
      ? undefined
      : markup`<h3>What a hunt cannot see</h3>
<ul>
${join(hunt.not_seen.map((one) => markup`<li>${one.what}: ${one.why}</li>`))}
</ul>`
  }`
}

/** Entries of the tenant's log that a finding rests on: some of them, the rest counted; `--json` has all. */
function logEntries(ids: readonly string[]): Html | undefined {
  if (ids.length === 0) return undefined
  const shown = join(
    ids.slice(0, 3).map((id) => markup`<code>${id}</code>`),
    ', ',
  )
  return markup`<br><span class="soft log">log ${shown}${ids.length > 3 ? ` and ${ids.length - 3} more` : ''}</span>`
}

function watchTable(watch: NonNullable<Report['watch']>): Html {
  if (isNotKnown(watch)) return markup`<p>${watch.not_known}.</p>`
  return table(
    'Seen while watching',
    ['UTC', 'what', 'finding', 'source'],
    watch.items.map((one) => [instantCell(one.at), one.verdict, withPersonal(one.finding), recordLink(one.record)]),
  )
}

function peopleTables(people: NonNullable<Report['people']>): Html {
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

function origin({source, evidence = [], format}: Report): Html {
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
