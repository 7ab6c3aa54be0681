import {humanDuration} from '../../clock.ts'
import type {Report} from '../report.ts'
import {coursePictures, courseTable} from './course-section.ts'
import {claimAnchor} from './first-screen.ts'
import {consumerTable, huntTables, pathTables, watchTable} from './learned-sections.ts'
import type {Html, Piece} from './markup.ts'
import {markup, instant, instantCell, join, recordLink, sentence, table} from './markup.ts'
import {origin, peopleTables} from './people-sections.ts'
import {ALL_BUT_PARTNER} from './section.ts'
import type {Section} from './section.ts'

/** The parts of the page, in their order. */

export function sections(report: Report): Section[] {
  const all: (Section | undefined)[] = [
    {id: 'leaked', title: 'What leaked and what it could do', body: leak(report)},
    {id: 'proof', title: 'What is proven', body: proofs(report)},
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

/** Who gets no records gets no column of them. */
function withSource<T>(view: Report['view'], cells: readonly T[]): readonly T[] {
  return view === 'partner' ? cells.slice(0, -1) : cells
}

function proofs({claims, view}: Report): Html {
  if (claims.length === 0) return markup`<p>Nothing was proven.</p>`
  const rows = claims.map((one) =>
    withSource<Piece>(view, [
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
    ]),
  )
  const titles = withSource(view, ['verdict', 'claim', 'basis', 'first probe, UTC', 'last probe, UTC', 'proof'])
  return markup`${table('Claims and their proofs, in tenant time', titles, rows, claimAnchor)}
<p class="soft">
A refusal counts as proven by at least three well-formed refusals in an unbroken run, the last no earlier than 35 s after
the change.
</p>`
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
      sentence(one.undo),
      markup`${recordLink(one.record)}${one.outcome_record === undefined ? undefined : markup`, <a href="#r${one.outcome_record}">${one.outcome_record}</a>`}`,
      markup`<code>${one.correlation_id}</code>`,
    ]),
  )
}

function timeTables({times, view}: Report): Html {
  return markup`${table(
    'Response times',
    ['what', 'how long'],
    times.spans.map((one) => [one.words, humanDuration(one.seconds)]),
  )}${table(
    'Moments',
    withSource(view, ['what', 'when, UTC', 'source']),
    times.moments.map((one) =>
      withSource<Piece>(view, [
        one.words,
        one.at === undefined ? (one.not_known ?? '') : instantCell(one.at),
        markup`<span data-for="${ALL_BUT_PARTNER}">${recordLink(one.record)}</span>`,
      ]),
    ),
  )}${view === 'partner' ? undefined : clockTable(times.clocks)}`
}

function clockTable(clocks: Report['times']['clocks']): Html {
  return markup`<div data-for="${ALL_BUT_PARTNER}">
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
