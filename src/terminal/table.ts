import {printable} from '../untrusted.ts'
import {cutToWidth, displayWidth, padTo, wrap} from '../report/width.ts'

export interface Column {
  readonly title: string
  /** Numbers stand on the right. */
  readonly right?: boolean
  /** Never cut or wrapped: ids, instants, whatever is copied. */
  readonly keep?: boolean
  /** Too long a cell goes on in the next line instead of being cut. */
  readonly wrap?: boolean
}

const GAP = 2

/**
 * Rows under their titles, as lines of at most `width` columns (80), without boxes. Cells are foreign text and made
 * printable here. Columns that may be cut share the shortage, widest first; `keep` columns alone may exceed the width.
 */
export function table(rows: readonly (readonly string[])[], options: {columns: readonly Column[]; width?: number}): string[] {
  const {columns} = options
  const cells = [columns.map((column) => column.title), ...rows].map((row) =>
    columns.map((_, i) => printable(row[i] ?? '', 1000)),
  )
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => displayWidth(row[i] ?? ''))))
  narrow(columns, widths, (options.width ?? 80) - GAP * (columns.length - 1))
  return cells.flatMap((row) => lay(row, columns, widths))
}

/** Takes one column at a time from the widest cell column that may be cut, down to 8 or its title. */
function narrow(columns: readonly Column[], widths: number[], room: number): void {
  const least = columns.map((column, i) =>
    column.keep ? (widths[i] ?? 0) : Math.min(widths[i] ?? 0, Math.max(8, displayWidth(column.title))),
  )
  let excess = widths.reduce((sum, width) => sum + width, 0) - room
  while (excess > 0) {
    let widest = -1
    for (const [i, width] of widths.entries()) {
      if (width > (least[i] ?? 0) && (widest < 0 || width > (widths[widest] ?? 0))) widest = i
    }
    if (widest < 0) return
    widths[widest] = (widths[widest] ?? 0) - 1
    excess--
  }
}

function lay(row: readonly string[], columns: readonly Column[], widths: readonly number[]): string[] {
  const parts = columns.map((column, i) => {
    const text = row[i] ?? ''
    const width = widths[i] ?? 0
    return column.wrap ? wrap(text, width) : [cutToWidth(text, width)]
  })
  const height = Math.max(1, ...parts.map((part) => part.length))
  return Array.from({length: height}, (_, line) =>
    parts
      .map((part, i) => padTo(part[line] ?? '', widths[i] ?? 0, columns[i]?.right ?? false))
      .join(' '.repeat(GAP))
      .trimEnd(),
  )
}
