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

/** Foreign text in which what looks like personal data can be hidden by the page. */
export function withPersonal(text: string): Html {
  return join(
    personalParts(printable(text, MAX_TEXT)).map((part) => (part.personal ? personal(part.text) : markup`${part.text}`)),
  )
}

export function personal(text: string): Html {
  return markup`<span class="p">${text}</span>`
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

/** A table with a caption for those who do not see it; on a phone each row is a block whose cells say their titles. */
export function table(caption: string, titles: readonly string[], rows: readonly (readonly Piece[])[]): Html {
  if (rows.length === 0) return Html.own('')
  const head = join(titles.map((title) => markup`<th scope="col">${title}</th>`))
  const body = join(
    rows.map(
      (row) =>
        markup`<tr>
${join(row.map((cell, index) => markup`<td data-th="${titles[index] ?? ''}">${cell}</td>`))}
</tr> `,
    ),
  )
  return markup`<div class="wide" role="region" aria-label="${caption}" tabindex="0">
<table>
<caption>
${caption}
</caption>
<thead>
<tr>
${head}
</tr>
</thead>
<tbody>
${body}
</tbody>
</table>
</div>`
}

/** A link to the row of a record in the course of events. */
export function recordLink(seq: number | undefined): Html {
  return seq === undefined ? Html.own('') : markup`<a href="#r${seq}">record&nbsp;${seq}</a>`
}
