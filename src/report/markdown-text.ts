import {printable} from '../untrusted.ts'

/**
 * Foreign text in Markdown: always a code span. Nothing in one is a link, an image, HTML or emphasis, whatever it holds;
 * the fence is longer than any run of backticks inside.
 */
export function code(text: string, max = 300): string {
  const clean = printable(text, max)
  if (clean === '') return '(empty)'
  const longest = Math.max(0, ...[...clean.matchAll(/`+/g)].map((run) => run[0].length))
  const fence = '`'.repeat(longest + 1)
  // A reader strips one blank at each end, if there is one at both and something in between.
  const pad = /^[` ]|[` ]$/.test(clean) && /[^ ]/.test(clean) ? ' ' : ''
  return `${fence}${pad}${clean}${pad}${fence}`
}

/** As `code`, for a table: a bar inside would begin a new cell, and not all readers agree on how to escape one. */
export function cell(text: string, max = 300): string {
  return code(text, max).replaceAll('|', String.raw`\u007c`)
}

/** A table of our own words and of `cell`s. */
export function tableLines(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [titles, titles.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`)
}

/** `record 8`, `records 8, 9, 10`; at most 12 of them. */
export function recordsText(seqs: readonly number[]): string {
  const sorted = [...new Set(seqs)].toSorted((a, b) => a - b)
  const shown = sorted.slice(0, 12).join(', ')
  const more = sorted.length > 12 ? ` and ${sorted.length - 12} more, the last ${sorted.at(-1)}` : ''
  return `${sorted.length === 1 ? 'record' : 'records'} ${shown}${more}`
}
