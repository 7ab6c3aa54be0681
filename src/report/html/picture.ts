import {humanDuration, parseRfc3339} from '../../clock.ts'
import type {Course, CourseRow, Lane, TokenBar} from '../report-course.ts'
import {Html, markup, join} from './markup.ts'

/** Units of the picture; the page scales it. */
const WIDTH = 1000
const LEFT = 150
const RIGHT = 16
const LANE = 30
const TOP = 46
/** Columns of the picture that a letter of an edge's name takes, at most; names that would touch stand one above the other. */
const LETTER = 7
/** Bars of tokens that are drawn one by one; more are drawn as groups. */
const MAX_BARS = 24
const BAR = 5
/** Marks of one lane closer than this are one mark with a number. */
const CLOSE = 9

/** A lane of the picture: its rows, drawn in one shape. */
const LANES: readonly (readonly [Lane, string, ((row: CourseRow) => boolean)?])[] = [
  ['issued', 'tokens issued'],
  ['holder', "the attacker's acts", isHostile],
  ['asked', 'other calls with it', (row) => row.lane === 'holder' && !isHostile(row)],
  ['refused', 'refused to it'],
  ['ours', 'our acts'],
  ['asked', 'our probes'],
  ['proof', 'proofs'],
]

/** Judged so by the hunt: a call, or a token that was got. */
function isHostile(row: CourseRow): boolean {
  return (row.lane === 'holder' || row.lane === 'issued') && (row.verdict === 'hostile' || row.verdict === 'suspect')
}

export interface Span {
  /** Milliseconds. */
  readonly from: number
  readonly to: number
}

/** The whole exposure: from the first thing known to the all clear. */
export function wholeSpan(course: Course): Span | undefined {
  const {window, rows, tokens} = course
  const known = [
    window.from,
    window.until,
    window.contained_at,
    ...rows.filter((row) => row.lane !== 'book').map((row) => row.at),
    ...tokens.flatMap((one) => [one.issued_at, one.expires_at]),
  ]
  return spanOf(known)
}

/** From the opening to the last proof: on the whole span these minutes would be one line. */
export function responseSpan(course: Course): Span | undefined {
  const own = course.rows.filter((row) => 'record' in row.source && ['ours', 'asked', 'proof'].includes(row.lane))
  return spanOf([...own.map((row) => row.at), course.window.contained_at])
}

function spanOf(instants: readonly (string | undefined)[]): Span | undefined {
  let [from, to] = [Infinity, -Infinity]
  for (const instant of instants) {
    const ms = instant === undefined ? Number.NaN : Date.parse(instant)
    if (!Number.isFinite(ms)) continue
    from = Math.min(from, ms)
    to = Math.max(to, ms)
  }
  if (from > to) return undefined
  const room = Math.max(1000, (to - from) * 0.02)
  return {from: from - room, to: to + room}
}

/**
 * A picture of the course of events; the table below it holds the same, so its text is a summary.
 *
 * @param lifetimes whether token lifetimes are drawn: over some minutes each would be a bar from edge to edge
 */
export function picture(id: string, title: string, course: Course, span: Span, lifetimes = true): Html {
  const x = (ms: number) => LEFT + ((ms - span.from) / (span.to - span.from)) * (WIDTH - LEFT - RIGHT)
  const at = (instant: string) => x(Date.parse(instant))
  const inside = (instant: string) => Date.parse(instant) >= span.from && Date.parse(instant) <= span.to
  const lanes = LANES.map(([lane, name, belongs = (row: CourseRow) => row.lane === lane]) => ({
    lane,
    name,
    rows: course.rows.filter((row) => belongs(row) && inside(row.at)),
  }))
  const shown = lanes.filter(({rows}) => rows.length > 0)
  const bars = lifetimes ? groups(course.tokens.filter((one) => overlaps(one, span))) : []
  const laneTop = (index: number) => TOP + 24 + index * LANE
  const barTop = laneTop(shown.length) + 10
  const height = barTop + (bars.length > 0 ? bars.length * (BAR + 2) + 12 : 0) + 4
  const {window} = course
  const marks = shown.flatMap(({lane, name, rows}, index) => [
    markup`<text class="lane" x="0" y="${laneTop(index) + 4}">${name}</text><line class="rule" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${laneTop(index)}" y2="${laneTop(index)}"/>`,
    ...clusters(rows, at).map((one) => mark(lane, one.x, laneTop(index), one.count, one.label)),
  ])
  return markup`<div class="wide" role="region" aria-label="${title}" tabindex="0">
<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">
<title id="${id}-t">${title}</title>
<desc id="${id}-d">${description(course, lanes)}</desc>
${exposureBand(window, span, x, height)} ${axis(span, x, height)} ${join(marks, '\n')}
${bars.length === 0 ? undefined : markup`<text class="lane" x="0" y="${barTop + 8}">token lifetimes</text>`}
${join(
  bars.map((bar, index) => tokenBar(bar, barTop + index * (BAR + 2), x, span)),
  '\n',
)}
</svg>
</div>`
}

function overlaps(token: TokenBar, span: Span): boolean {
  return Date.parse(token.expires_at) >= span.from && Date.parse(token.issued_at) <= span.to
}

function exposureBand(window: Course['window'], span: Span, x: (ms: number) => number, height: number): Html {
  const edge = (instant: string | undefined, otherwise: number) => {
    const ms = instant === undefined ? Number.NaN : Date.parse(instant)
    return Math.min(span.to, Math.max(span.from, Number.isFinite(ms) ? ms : otherwise))
  }
  const [from, cut, until] = [edge(window.from, span.from), edge(window.contained_at, span.to), edge(window.until, span.to)]
  const band = (kind: string, a: number, b: number) =>
    b > a
      ? markup`<rect class="${kind}" x="${num(x(a))}" y="${TOP - 8}" width="${num(x(b) - x(a))}" height="${height - TOP + 4}"/>`
      : Html.own('')
  const named: {readonly from: number; readonly to: number; readonly row: number}[] = []
  const line = (name: string, instant: string | undefined, anchor: 'start' | 'end') => {
    const ms = instant === undefined ? Number.NaN : Date.parse(instant)
    if (!Number.isFinite(ms) || ms < span.from || ms > span.to) return Html.own('')
    const at = num(x(ms))
    const beside = x(ms) + (anchor === 'start' ? 3 : -3)
    const wide = name.length * LETTER
    const [left, right] = anchor === 'start' ? [beside, beside + wide] : [beside - wide, beside]
    const row = [0, 1].find((one) => !named.some((other) => other.row === one && left < other.to && right > other.from)) ?? 1
    named.push({from: left, to: right, row})
    return markup`<line class="edge" x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${height - 4}"/><text
class="edge"
x="${num(beside)}"
y="${TOP - 12 - row * 12}"
text-anchor="${anchor}">${name}</text>`
  }
  return join([
    band('open', from, cut),
    band('waiting', cut, until),
    line('leaked', window.from, 'end'),
    line('contained', window.contained_at, 'start'),
    line('all clear', window.until, 'end'),
  ])
}

const STEPS = [1, 5, 10, 15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000]

function axis(span: Span, x: (ms: number) => number, height: number): Html {
  const step = (STEPS.find((one) => (span.to - span.from) / 1000 / one <= 7) ?? 2_592_000) * 1000
  const ticks: Html[] = []
  for (let ms = Math.ceil(span.from / step) * step; ms <= span.to; ms += step) {
    const text = new Date(ms).toISOString()
    const label =
      step >= 86_400_000 ? text.slice(5, 10) : step >= 60_000 ? `${text.slice(8, 10)}. ${text.slice(11, 16)}` : text.slice(11, 19)
    const at = num(x(ms))
    ticks.push(
      markup`<line class="tick" x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${height - 4}"/><text
class="tick"
x="${at}"
y="10"
text-anchor="middle">${label}</text>`,
    )
  }
  return markup`<text class="tick" x="0" y="10">UTC</text>${ticks}`
}

function clusters(rows: readonly CourseRow[], at: (instant: string) => number): {x: number; count: number; label: string}[] {
  const found: {x: number; count: number; first: CourseRow; last: CourseRow}[] = []
  for (const row of rows) {
    const x = at(row.at)
    const last = found.at(-1)
    if (last && x - last.x < CLOSE) {
      last.count += 1
      last.last = row
    } else found.push({x, count: 1, first: row, last: row})
  }
  return found.map(({x, count, first, last}) => ({
    x,
    count,
    label: count === 1 ? `${first.at}: ${first.what}` : `${count}, from ${first.at} to ${last.at}`,
  }))
}

/** A shape for each lane: colour alone says nothing to some readers, nor on paper. */
function mark(lane: Lane, x: number, y: number, count: number, label: string): Html {
  const cx = num(x)
  const shape =
    lane === 'ours'
      ? markup`<rect x="${num(x - 4)}" y="${y - 4}" width="8" height="8"/>`
      : lane === 'refused'
        ? markup`<path d="M${num(x - 4)} ${y - 4}l8 8m0 -8l-8 8"/>`
        : lane === 'holder'
          ? markup`<path d="M${cx} ${y - 5}l5 9h-10z"/>`
          : lane === 'proof'
            ? markup`<path d="M${num(x - 5)} ${y}l4 4l6 -8"/>`
            : markup`<circle cx="${cx}" cy="${y}" r="4"/>`
  return markup`<g class="m ${lane}"><title>${label}</title>${shape}${count > 1 ? markup`<text x="${cx}" y="${y - 8}" text-anchor="middle">${count}</text>` : undefined}</g>`
}

interface Bar {
  readonly from: number
  readonly to: number
  readonly count: number
  readonly label: string
}

/** One bar a token; when there are many, one for those issued close together, from the first issue to the last `exp`. */
function groups(tokens: readonly TokenBar[]): Bar[] {
  const size = Math.max(1, Math.ceil(tokens.length / MAX_BARS))
  const bars: Bar[] = []
  for (let i = 0; i < tokens.length; i += size) {
    const some = tokens.slice(i, i + size)
    const to = Math.max(...some.map((one) => Date.parse(one.expires_at)))
    const [first, last] = [some[0]!, some.at(-1)!]
    bars.push({
      from: Date.parse(first.issued_at),
      to,
      count: some.length,
      label:
        some.length === 1
          ? `token for ${first.audience}, issued ${first.issued_at}, ends ${first.expires_at}`
          : `${some.length} tokens issued ${first.issued_at} to ${last.issued_at}, the last ends ${new Date(to).toISOString()}`,
    })
  }
  return bars
}

function tokenBar(bar: Bar, y: number, x: (ms: number) => number, span: Span): Html {
  const [from, to] = [Math.max(span.from, bar.from), Math.min(span.to, bar.to)]
  const end =
    bar.to <= span.to
      ? markup`<line class="exp" x1="${num(x(to))}" x2="${num(x(to))}" y1="${y - 1}" y2="${y + BAR + 1}"/>`
      : undefined
  return markup`<g class="token"><title>${bar.label}</title><rect x="${num(x(from))}" y="${y}" width="${num(Math.max(1, x(to) - x(from)))}" height="${BAR}"/>${end}</g>`
}

function description(course: Course, lanes: readonly {readonly name: string; readonly rows: readonly CourseRow[]}[]): string {
  const {window, tokens} = course
  const [leak, cut] = [parseRfc3339(window.from ?? ''), parseRfc3339(window.contained_at ?? '')]
  return [
    window.from === undefined ? 'When it leaked is not known.' : `Leaked ${window.from}.`,
    window.contained_at === undefined
      ? 'Not contained.'
      : `No new token since ${window.contained_at}${leak !== undefined && cut !== undefined ? `, ${humanDuration(cut - leak)} after the leak` : ''}.`,
    window.until === undefined ? '' : `All clear ${window.until}.`,
    ...lanes.filter(({rows}) => rows.length > 0).map(({name, rows}) => `${name}: ${rows.length}.`),
    tokens.length === 0 ? '' : `${tokens.length} token lifetimes as bars that end at their exp.`,
    'Each is a row of the table "Course of events".',
  ]
    .filter((one) => one !== '')
    .join(' ')
}

function num(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '')
}
