import {humanDuration, parseRfc3339} from '../../clock.ts'
import type {Course, CourseRow, Lane, TokenBar} from '../report-course.ts'
import {Html, markup, join} from './markup.ts'
import {BAR, clusters, groups, mark, num, tokenBar} from './picture-marks.ts'
import type {Span} from './picture-marks.ts'

/** Units of a picture; the page scales it. */
interface Shape {
  readonly name: 'full' | 'narrow'
  readonly width: number
  /** Where the axis begins: beside the names of the lanes, or below them. */
  readonly left: number
  readonly lane: number
  /** Of a name above its line. */
  readonly above: number
}

const FULL: Shape = {name: 'full', width: 1000, left: 160, lane: 34, above: 0}
/** For a phone: scaled down, the letters of the full one could not be read there. */
const NARROW: Shape = {name: 'narrow', width: 400, left: 8, lane: 56, above: 28}
const RIGHT = 16
const TOP = 66
/** Units that a letter of an edge's name takes, at most; names that would touch stand one above the other. */
const LETTER = 8.5
/** Units that a character of an instant on the axis takes. */
const DIGIT_OF_TICK = 8

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
  if (own.length === 0) return undefined
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
 * A picture of the course of events, once for a wide page and once for a phone; the table below it holds the same, so its
 * text is a summary.
 *
 * @param lifetimes whether token lifetimes are drawn: over some minutes each would be a bar from edge to edge
 */
export function picture(id: string, title: string, course: Course, span: Span, lifetimes = true): Html {
  return markup`<div class="wide" role="region" aria-label="${title}" tabindex="0">
${drawn(id, title, course, span, {lifetimes, shape: FULL})}
${drawn(`${id}n`, title, course, span, {lifetimes, shape: NARROW})}
</div>`
}

interface Drawing {
  readonly lifetimes: boolean
  readonly shape: Shape
}

function drawn(id: string, title: string, course: Course, span: Span, {lifetimes, shape}: Drawing): Html {
  const x = (ms: number) => shape.left + ((ms - span.from) / (span.to - span.from)) * (shape.width - shape.left - RIGHT)
  const at = (instant: string) => x(Date.parse(instant))
  const inside = (instant: string) => Date.parse(instant) >= span.from && Date.parse(instant) <= span.to
  const lanes = LANES.map(([lane, name, belongs = (row: CourseRow) => row.lane === lane]) => ({
    lane,
    name,
    rows: course.rows.filter((row) => belongs(row) && inside(row.at)),
  }))
  const shown = lanes.filter(({rows}) => rows.length > 0)
  const bars = lifetimes ? groups(course.tokens.filter((one) => overlaps(one, span))) : []
  const laneTop = (index: number) => TOP + 24 + shape.above + index * shape.lane
  const barTop = TOP + 24 + shown.length * shape.lane + shape.above
  const height = barTop + (bars.length > 0 ? bars.length * (BAR + 2) + 12 : 0) + 4
  const {window} = course
  const named = (name: string, y: number) => markup`<text class="lane" x="0" y="${y - shape.above}">${name}</text>`
  const marks = shown.flatMap(({lane, name, rows}, index) => [
    markup`${named(name, laneTop(index) + 4)}<line class="rule" x1="${shape.left}" x2="${shape.width - RIGHT}" y1="${laneTop(index)}" y2="${laneTop(index)}"/>`,
    ...clusters(rows, at).map((one) => mark(lane, one.x, laneTop(index), one.count, one.label)),
  ])
  const frame = {span, x, height, shape}
  return markup`<svg class="${shape.name}" viewBox="0 0 ${shape.width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">
<title id="${id}-t">${title}</title>
<desc id="${id}-d">${description(course, lanes)}</desc>
${exposureBand(window, frame)} ${axis(frame)} ${join(marks, '\n')}
${bars.length === 0 ? undefined : named('token lifetimes', barTop + 8)}
${join(
  bars.map((bar, index) => tokenBar(bar, barTop + index * (BAR + 2), x, span)),
  '\n',
)}
</svg>`
}

/** What the parts of one drawing share. */
interface Frame {
  readonly span: Span
  readonly x: (ms: number) => number
  readonly height: number
  readonly shape: Shape
}

function overlaps(token: TokenBar, span: Span): boolean {
  return Date.parse(token.expires_at) >= span.from && Date.parse(token.issued_at) <= span.to
}

function exposureBand(window: Course['window'], {span, x, height, shape}: Frame): Html {
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
    const wide = name.length * LETTER
    // A name that would leave the picture stands on the other side of its line.
    const side = anchor === 'start' && x(ms) + wide > shape.width ? 'end' : anchor === 'end' && x(ms) < wide ? 'start' : anchor
    const beside = x(ms) + (side === 'start' ? 3 : -3)
    const [left, right] = side === 'start' ? [beside, beside + wide] : [beside - wide, beside]
    const free = (one: number) => !named.some((other) => other.row === one && left < other.to && right > other.from)
    const row = [0, 1, 2].find(free) ?? 2
    named.push({from: left, to: right, row})
    return markup`<line class="edge" x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${height - 4}"/><text
class="edge"
x="${num(beside)}"
y="${TOP - 12 - row * 14}"
text-anchor="${side}">${name}</text>`
  }
  return join([
    band('open', from, cut),
    band('waiting', cut, until),
    line('leaked', window.from, 'end'),
    line('contained', window.contained_at, 'start'),
    line('all clear', window.until, 'end'),
  ])
}

const STEPS = [
  1, 5, 10, 15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000, 2_592_000,
  7_776_000, 15_552_000,
]

/** An instant of the axis, as exactly as the step between two of them needs; `step` in seconds. */
function tickLabel(ms: number, step: number): string {
  const text = new Date(ms).toISOString()
  return step >= 86_400 ? text.slice(5, 10) : step >= 60 ? `${text.slice(5, 10)} ${text.slice(11, 16)}` : text.slice(11, 19)
}

function axis({span, x, height, shape}: Frame): Html {
  const roomFor = (label: string) => label.length * DIGIT_OF_TICK + 8
  const step = STEPS.find((one) => x(span.from + one * 1000) - x(span.from) >= roomFor(tickLabel(span.from, one))) ?? 31_536_000
  const ticks: Html[] = []
  let labelled = false
  for (let ms = Math.ceil(span.from / (step * 1000)) * step * 1000; ms <= span.to; ms += step * 1000) {
    const label = tickLabel(ms, step)
    const at = num(x(ms))
    const half = roomFor(label) / 2
    ticks.push(markup`<line class="tick" x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${height - 4}"/>`)
    // A label that would leave the picture is left to its neighbours, if there are any.
    const inside = Math.min(Math.max(x(ms), half), shape.width - half)
    if (inside !== x(ms) && ms + step * 1000 <= span.to) continue
    if (inside !== x(ms) && labelled) continue
    labelled = true
    ticks.push(markup`<text
class="tick"
x="${num(inside)}"
y="12"
text-anchor="middle">${label}</text>`)
  }
  return markup`${shape.left > 100 ? markup`<text class="tick" x="0" y="12">UTC</text>` : undefined}${ticks}`
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
