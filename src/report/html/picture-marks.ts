import type {CourseRow, Lane, TokenBar} from '../report-course.ts'
import type {Html} from './markup.ts'
import {markup} from './markup.ts'

/** A stretch of time, milliseconds. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Units that a digit above a mark takes. */
const DIGIT = 8
/** Bars of tokens that are drawn one by one; more are drawn as groups. */
const MAX_BARS = 24
/** Height of the bar of a token. */
export const BAR = 5
/** Marks of one lane closer than this are one mark with a number. */
const CLOSE = 9

interface Cluster {
  readonly x: number
  readonly count: number
  readonly first: CourseRow
  readonly last: CourseRow
}

/** Rows whose marks, or whose numbers above them, would touch are one mark. */
export function clusters(
  rows: readonly CourseRow[],
  at: (instant: string) => number,
): {x: number; count: number; label: string}[] {
  const found: Cluster[] = []
  for (const row of rows) {
    found.push({x: at(row.at), count: 1, first: row, last: row})
    for (
      let last = found.at(-1), before = found.at(-2);
      last && before && touch(before, last);
      last = found.at(-1), before = found.at(-2)
    )
      found.splice(-2, 2, {x: before.x, count: before.count + last.count, first: before.first, last: last.last})
  }
  return found.map(({x, count, first, last}) => ({
    x,
    count,
    label: count === 1 ? `${first.at}: ${first.what}` : `${count}, from ${first.at} to ${last.at}`,
  }))
}

function touch(one: Cluster, other: Cluster): boolean {
  const wide = ({count}: Cluster) => (count > 1 ? String(count).length * DIGIT : 0)
  return other.x - one.x < Math.max(CLOSE, (wide(one) + wide(other)) / 2 + 2)
}

/** A shape for each lane: colour alone says nothing to some readers, nor on paper. */
export function mark(lane: Lane, x: number, y: number, count: number, label: string): Html {
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
  return markup`<g class="m ${lane}"><title>${label}</title>${shape}${count > 1 ? markup`<text x="${cx}" y="${y - 9}" text-anchor="middle">${count}</text>` : undefined}</g>`
}

interface Bar {
  readonly from: number
  readonly to: number
  readonly count: number
  readonly label: string
}

/** One bar a token; when there are many, one for those issued close together, from the first issue to the last `exp`. */
export function groups(tokens: readonly TokenBar[]): Bar[] {
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

export function tokenBar(bar: Bar, y: number, x: (ms: number) => number, span: Span): Html {
  const [from, to] = [Math.max(span.from, bar.from), Math.min(span.to, bar.to)]
  const end =
    bar.to <= span.to
      ? markup`<line class="exp" x1="${num(x(to))}" x2="${num(x(to))}" y1="${y - 1}" y2="${y + BAR + 1}"/>`
      : undefined
  return markup`<g class="token"><title>${bar.label}</title><rect x="${num(x(from))}" y="${y}" width="${num(Math.max(1, x(to) - x(from)))}" height="${BAR}"/>${end}</g>`
}

/** A coordinate. */
export function num(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '')
}
