import type {Report} from '../report.ts'
import type {CourseRow, RowSource} from '../report-course.ts'
import {Html, markup, instantCell, join, personal, tableOf, withPersonal} from './markup.ts'
import {picture, responseSpan, wholeSpan} from './picture.ts'
import type {Span} from './picture-marks.ts'
import {ALL_BUT_PARTNER} from './section.ts'
import type {Section} from './section.ts'

export function coursePictures({course}: Report): Section {
  const [whole, response] = [wholeSpan(course), responseSpan(course)]
  const parts = [
    ...(whole
      ? [picture('pw', 'From the leak to the all clear', course, whole)]
      : [markup`<p>Not known, because no instant is on record.</p>`]),
    ...(response && !(whole && covers(response, whole))
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
Red ground, until "contained": new tokens could be had. Yellow ground, from there to "all clear": issued tokens live. The axis is in UTC.
${course.rows.length === 0 ? undefined : markup`A number is of marks that would touch. Calls with the credential: ${course.holder}.`}
</p>`,
  }
}

/** Is it the same stretch of time, so that it would be the same picture again? */
function covers(one: Span, other: Span): boolean {
  return one.from <= other.from && one.to >= other.to
}

export function courseTable({course}: Report): Section | undefined {
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
${tableOf('Rows of the course of events', ['UTC', 'kind', 'what', 'source'], rows, 'rows')}`,
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
  return markup`<tr id="${id}" role="row"${one.main ? undefined : Html.own(' class="minor"')}><td role="cell">${one.clock === 'tenant' ? '' : '~'}${instantCell(one.at)}</td><td role="cell">${LANE_WORDS[one.lane]}</td><td role="cell">${withPersonal(one.what)}${one.ip === undefined ? undefined : markup` from ${personal(one.ip)}`}${verdict}</td><td role="cell">${link}</td></tr>
`
}

function sourceOf(source: RowSource): {readonly id: string; readonly link: Html} {
  return 'record' in source
    ? {id: `r${source.record}`, link: markup`record ${source.record}`}
    : {id: `l${source.log_id}`, link: markup`log <code>${source.log_id}</code>`}
}
