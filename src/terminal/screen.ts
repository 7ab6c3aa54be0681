import {printable} from '../untrusted.ts'
import {displayWidth, wrap} from '../report/width.ts'

/** Rows that a question may take at 80x24 with all that is said since the last answer, its own answer's row included. */
const SCREEN_ROWS = 18

/** Rows that stay free above a question on a terminal that is taller than 24. */
const ABOVE = 6

/** Rows that a question may take on a terminal of `rows` rows. */
export function questionRows(rows = 24): number {
  return Math.max(SCREEN_ROWS, rows - ABOVE)
}

/** Rows of the last screen, so that it stays whole at 80x24 above the exit line and the shell's next prompt. */
export const LAST_ROWS = 20

/** Narrowest and widest text; wider terminals get lines that are still easy to read. */
const NARROWEST = 40
const WIDEST = 100

/** Columns to use in a terminal of `columns` columns; 80 when that is unknown. One column is left free. */
export function textWidth(columns: number | undefined): number {
  return Math.min(WIDEST, Math.max(NARROWEST, columns ?? 80)) - 1
}

/** A path or a command alone in its line: it is copied, and a break of ours in it would be copied, too. */
const COPIED = /^ +(?:(?:file|sealed):|\/|[A-Z]:\\|stanch )/

/** Lines as a terminal shows them: nothing in them that it would obey, wrapped, continued under their own beginning. */
export function layOut(lines: readonly string[], columns: number | undefined): string[] {
  const width = textWidth(columns)
  return lines.flatMap((line) => {
    const shown = printable(line, COPIED.test(line) ? 4200 : 2000)
    return COPIED.test(line) ? [shown] : wrap(shown, width, indentOf(line))
  })
}

/**
 * A line of what is said beside a result, broken at blanks for this terminal. Where a word of it is wider than the
 * terminal it stays whole: keys and paths are copied.
 */
export function breakAtBlanks(line: string, columns: number | undefined): string[] {
  const width = textWidth(columns)
  if (line.split(' ').some((word) => displayWidth(word) >= width)) return [line]
  return wrap(line, width, indentOf(line))
}

/** Rows that laid-out lines take: the terminal itself breaks those that are copied whole. */
export function rowsOf(lines: readonly string[], columns: number | undefined): number {
  return lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(displayWidth(line) / (columns ?? 80))), 0)
}

/**
 * The last screen: `head`, then as many of the `items` of what is next as fit into `rows`; the rest is counted and named
 * by `where`. The first item is always there.
 */
export function lastScreen(
  head: readonly string[],
  items: readonly (readonly string[])[],
  rows: number,
  where: string,
  columns: number | undefined,
): string[] {
  const lines = layOut(head, columns)
  for (const [index, item] of items.entries()) {
    const more = layOut([...(index === 0 ? ['Next:'] : []), ...item], columns)
    const rest = index < items.length - 1 ? 1 : 0
    if (index > 0 && rowsOf([...lines, ...more], columns) + rest > rows) {
      return [...lines, ...layOut([`  ... and ${items.length - index} more: ${where}`], columns)]
    }
    lines.push(...more)
  }
  return lines
}

/** Wrapped lines continue behind a `label:  ` or under the text of a `- ` item. */
function indentOf(line: string): number {
  const lead = /^ *(?:- |\d+[.)] |[A-Z][^ ]*(?: [^ ]+){0,2}: {2,})?/.exec(line)?.[0].length ?? 0
  return Math.min(lead, 24)
}

/** Lines that belong together; where rows are short they give way from their end, but never to fewer than `least`. */
export interface Part {
  readonly lines: readonly string[]
  readonly least: number
}

/**
 * A screen in at most `rows` rows, as far as its parts can give way: the longest first, of two the later. What is left
 * out is counted where it stood, with `where` it is to be seen.
 */
export function fitted(
  screen: readonly (string | Part)[],
  rows: number,
  where: string,
  columns: number | undefined,
): {readonly lines: string[]; readonly whole: boolean} {
  const parts = screen.map((one) => {
    const {lines, least} = typeof one === 'string' ? {lines: [one], least: 1} : one
    return {lines: lines.map((line) => layOut([line], columns)), least, shown: lines.length}
  })
  const folded = ({lines, shown}: (typeof parts)[number]): boolean => {
    const left = lines.slice(shown)
    // one row is shown rather than counted in a row
    return left.length > 1 || (left.length === 1 && rowsOf(left[0] ?? [], columns) > 1)
  }
  const linesOf = (part: (typeof parts)[number]): string[] =>
    folded(part)
      ? [
          ...part.lines.slice(0, part.shown).flat(),
          ...layOut([`  ... and ${part.lines.length - part.shown} more: ${where}`], columns),
        ]
      : part.lines.flat()
  const excess = () => rowsOf(parts.flatMap(linesOf), columns) > rows
  while (excess()) {
    const [longest] = parts
      .filter((part) => part.shown > part.least)
      .toReversed()
      .toSorted((a, b) => b.shown - a.shown)
    if (!longest) break
    longest.shown--
  }
  return {lines: parts.flatMap(linesOf), whole: !parts.some(folded)}
}

/** `Label:      text` pairs with their texts in one column. */
export function labelled(pairs: readonly (readonly [label: string, text: string])[]): string[] {
  const width = Math.max(0, ...pairs.map(([label]) => label.length)) + 3
  return pairs.map(([label, text]) => `${`${label}:`.padEnd(width)}${text}`)
}
