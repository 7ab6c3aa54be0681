import {printable} from '../../untrusted.ts'
import {personalParts} from '../personal.ts'

/** Longest foreign text that a page shows in one place, characters. */
const MAX_TEXT = 2000

/** Text that is HTML already. Only this file makes it, so only this file can forget to escape. */
export class Html {
  readonly text: string

  private constructor(text: string) {
    this.text = text
  }

  /** Our own markup; never anything that came from outside. */
  static own(text: string): Html {
    return new Html(text)
  }
}

export type Piece = string | number | undefined | Html | readonly Html[]

/** Foreign text as HTML text or as the value of a quoted attribute. */
export function escaped(text: string, max = MAX_TEXT): string {
  return printable(text, max).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** A template of our own markup; whatever is put into it is escaped, unless it is HTML already. */
export function markup(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  let text = parts[0] ?? ''
  pieces.forEach((piece, index) => {
    text += written(piece) + (parts[index + 1] ?? '')
  })
  return Html.own(text)
}

function written(piece: Piece): string {
  if (piece === undefined) return ''
  if (piece instanceof Html) return piece.text
  if (typeof piece === 'object') return piece.map((one) => one.text).join('')
  return escaped(String(piece))
}

export function join(pieces: readonly Html[], between = ''): Html {
  return Html.own(pieces.map((one) => one.text).join(between))
}

/** RFC 3339, UTC, inside of a sentence. */
const INSTANT = /\b(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)\b/

/** Foreign text in which what looks like personal data can be hidden by the page, and to whose instants it adds the reader's own. */
export function withPersonal(text: string): Html {
  const parts = printable(text, MAX_TEXT).split(INSTANT)
  return join(parts.map((part, index) => (index % 2 === 1 ? markup`<span class="at">${part}</span>` : blindable(part))))
}

function blindable(text: string): Html {
  return join(personalParts(text).map((part) => (part.personal ? personal(part.text) : markup`${part.text}`)))
}

export function personal(text: string): Html {
  return markup`<span class="p">${text}</span>`
}

/**
 * A command of ours at the end of a sentence. What comes before it has no quoted name: such a one was chosen by somebody
 * else and may look like anything.
 */
const COMMAND = /^([^'"]*?)(?:^|: | \((?:then: )?)(stanch [a-z][^();]*)(\)?|;[^]*)$/

/** One of our sentences: a command in it stands apart and is broken between its words only. */
export function sentence(text: string): Html {
  const shown = printable(text, MAX_TEXT)
  const [, before = '', command = '', after = ''] = COMMAND.exec(shown) ?? []
  if (command === '') return withPersonal(text)
  const words = join(
    command.split(' ').map((word) => markup`<span>${word}</span>`),
    ' ',
  )
  const rest = after === ')' ? '' : after
  return markup`${before === '' ? undefined : withPersonal(before)}${before === '' || /[?:]$/.test(before) ? '' : ':'} <code class="cmd">${words}</code>${withPersonal(rest)}`
}

/** An instant: UTC as text; the page adds the reader's zone. What is no instant stays text. */
export function instant(at: string): Html {
  return Number.isFinite(Date.parse(at)) ? markup`<time datetime="${at}">${utcText(at)} UTC</time>` : markup`${at}`
}

/** As `instant`, for a column whose heading says UTC. */
export function instantCell(at: string): Html {
  return Number.isFinite(Date.parse(at)) ? markup`<time>${utcText(at)}</time>` : markup`${at}`
}

function utcText(at: string): string {
  return new Date(Date.parse(at)).toISOString().slice(0, 19).replace('T', ' ')
}

/** Columns from which on a table is rows of blocks on a tablet and on paper too. */
const MANY = 5

/**
 * A table with a caption for those who do not see it. Where it is too narrow each row is a block whose cells say their
 * titles; the roles say that it is a table there too, since not every browser does.
 */
export function table(
  caption: string,
  titles: readonly string[],
  rows: readonly (readonly Piece[])[],
  /** Of a row, by its place: what a link leads to. */
  anchor?: (index: number) => string,
): Html {
  if (rows.length === 0) return Html.own('')
  const body = join(
    rows.map(
      (row, place) =>
        markup`<tr${anchor && markup` id="${anchor(place)}"`} role="row">
${join(row.map((cell, index) => markup`<td role="cell"${isLong(cell) ? Html.own(' class="long"') : undefined} data-th="${titles[index] ?? ''}">${cell}</td>`))}
</tr> `,
    ),
  )
  return tableOf(caption, titles, body, titles.length >= MANY ? 'many' : undefined)
}

/** Has it a word that would make its column wider than there is room for? */
function isLong(cell: Piece): boolean {
  return /[^\s]{19}/.test(written(cell).replaceAll(/<[^>]*>/g, ' '))
}

/** @param body rows, of which each and each cell has its role */
export function tableOf(caption: string, titles: readonly string[], body: Html, kind: string | undefined): Html {
  const head = join(titles.map((title) => markup`<th role="columnheader" scope="col">${title}</th>`))
  return markup`<div class="wide" role="region" aria-label="${caption}" tabindex="0">
<table role="table"${kind === undefined ? undefined : markup` class="${kind}"`}>
<caption>
${caption}
</caption>
<thead role="rowgroup">
<tr role="row">
${head}
</tr>
</thead>
<tbody role="rowgroup">
${body}
</tbody>
</table>
</div>`
}

/** A link to the row of a record in the course of events. */
export function recordLink(seq: number | undefined): Html {
  return seq === undefined ? Html.own('') : markup`<a href="#r${seq}">record&nbsp;${seq}</a>`
}
