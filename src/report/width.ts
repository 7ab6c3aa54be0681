import {quoted} from '../untrusted.ts'

/**
 * How many columns text takes in a terminal, counted as xterm, tmux and VTE do, code point by code point: East Asian wide
 * and fullwidth characters and emoji take two (Unicode 16 EastAsianWidth W and F, as ranges), marks that take no space of
 * their own none, all else one. A terminal that draws a whole cluster in less leaves blanks; none takes more.
 */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x23e9, 0x23ec],
  [0x23f0, 0x23f0],
  [0x23f3, 0x23f3],
  [0x25fd, 0x25fe],
  [0x2614, 0x2615],
  [0x2630, 0x2637],
  [0x2648, 0x2653],
  [0x267f, 0x267f],
  [0x268a, 0x268f],
  [0x2693, 0x2693],
  [0x26a1, 0x26a1],
  [0x26aa, 0x26ab],
  [0x26bd, 0x26be],
  [0x26c4, 0x26c5],
  [0x26ce, 0x26ce],
  [0x26d4, 0x26d4],
  [0x26ea, 0x26ea],
  [0x26f2, 0x26f3],
  [0x26f5, 0x26f5],
  [0x26fa, 0x26fa],
  [0x26fd, 0x26fd],
  [0x2705, 0x2705],
  [0x270a, 0x270b],
  [0x2728, 0x2728],
  [0x274c, 0x274c],
  [0x274e, 0x274e],
  [0x2753, 0x2755],
  [0x2757, 0x2757],
  [0x2795, 0x2797],
  [0x27b0, 0x27b0],
  [0x27bf, 0x27bf],
  [0x2b1b, 0x2b1c],
  [0x2b50, 0x2b50],
  [0x2b55, 0x2b55],
  [0x2e80, 0x303e],
  [0x3041, 0x3247],
  [0x3250, 0x4dbf],
  [0x4dc0, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2fb],
  [0x1d300, 0x1d376],
  [0x1f004, 0x1f004],
  [0x1f0cf, 0x1f0cf],
  [0x1f18e, 0x1f18e],
  [0x1f191, 0x1f19a],
  [0x1f1e6, 0x1f202],
  [0x1f210, 0x1f23b],
  [0x1f240, 0x1f248],
  [0x1f250, 0x1f251],
  [0x1f260, 0x1f265],
  [0x1f300, 0x1f320],
  [0x1f32d, 0x1f335],
  [0x1f337, 0x1f37c],
  [0x1f37e, 0x1f393],
  [0x1f3a0, 0x1f3ca],
  [0x1f3cf, 0x1f3d3],
  [0x1f3e0, 0x1f3f0],
  [0x1f3f4, 0x1f3f4],
  [0x1f3f8, 0x1f43e],
  [0x1f440, 0x1f440],
  [0x1f442, 0x1f4fc],
  [0x1f4ff, 0x1f53d],
  [0x1f54b, 0x1f54e],
  [0x1f550, 0x1f567],
  [0x1f57a, 0x1f57a],
  [0x1f595, 0x1f596],
  [0x1f5a4, 0x1f5a4],
  [0x1f5fb, 0x1f64f],
  [0x1f680, 0x1f6c5],
  [0x1f6cc, 0x1f6cc],
  [0x1f6d0, 0x1f6d2],
  [0x1f6d5, 0x1f6d7],
  [0x1f6dc, 0x1f6df],
  [0x1f6eb, 0x1f6ec],
  [0x1f6f4, 0x1f6fc],
  [0x1f7e0, 0x1f7eb],
  [0x1f7f0, 0x1f7f0],
  [0x1f90c, 0x1f93a],
  [0x1f93c, 0x1f945],
  [0x1f947, 0x1f9ff],
  [0x1fa70, 0x1faff],
  [0x20000, 0x2fffd],
  [0x30000, 0x3fffd],
]

/** Made when the first wide text comes: most runs never need it. */
let segmenter: Intl.Segmenter | undefined

function isWide(point: number): boolean {
  if (point < 0x1100) return false
  let low = 0
  let high = WIDE.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const [from, to] = WIDE[middle] ?? [0, 0]
    if (point < from) high = middle - 1
    else if (point > to) low = middle + 1
    else return true
  }
  return false
}

/** Marks without a space of their own, and vowels and finals that join the Korean syllable before them. */
const ZERO = /^[\p{Mn}\p{Me}\u1160-\u11ff]$/u

/** Two of them are a flag, as wide as one wide character. */
const REGIONAL = /^[\u{1f1e6}-\u{1f1ff}]$/u

function pointWidth(character: string): number {
  if (ZERO.test(character)) return 0
  return isWide(character.codePointAt(0) ?? 0) && !REGIONAL.test(character) ? 2 : 1
}

/** Characters as people see them, with their columns. */
function* clusters(text: string): Generator<{text: string; width: number}> {
  segmenter ??= new Intl.Segmenter('en', {granularity: 'grapheme'})
  for (const {segment} of segmenter.segment(text)) {
    let width = 0
    for (const character of segment) width += pointWidth(character)
    yield {text: segment, width}
  }
}

// oxlint-disable-next-line no-control-regex
const ASCII = /^[\u0020-\u007e]*$/

/** Columns of printable text (no escapes in it). */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const cluster of clusters(text)) width += cluster.width
  return width
}

/** `text` in at most `width` columns; what was cut is marked with `...` where there is room for it. */
export function cutToWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  const mark = width > 3 ? '...' : ''
  return firstColumns(text, width - mark.length) + mark
}

/** A foreign name in quotes, as `quoted` makes it, in at most `width` columns: what is cut is cut inside of the quotes. */
export function quotedWithin(text: string, width: number): string {
  return `"${cutToWidth(quoted(text, 200).slice(1, -1), width - 2)}"`
}

/** The longest beginning of `text` that fits `width` columns; empty when not even its first character does. */
function firstColumns(text: string, width: number): string {
  let taken = ''
  let used = 0
  for (const cluster of clusters(text)) {
    if (used + cluster.width > width) break
    taken += cluster.text
    used += cluster.width
  }
  return taken
}

/** `text` filled up with blanks to `width` columns. */
export function padTo(text: string, width: number, right = false): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return right ? blanks + text : text + blanks
}

/**
 * `text` as lines of at most `width` columns (at least 8), broken at blanks, a word that is too long anywhere. Lines
 * after the first are indented by `indent` columns. Blanks inside a line are kept, so that columns stay columns.
 */
export function wrap(text: string, width: number, indent = 0): string[] {
  const room = Math.max(8, width)
  if (displayWidth(text) <= room) return [text]
  const hang = ' '.repeat(Math.min(indent, room - 4))
  const lines: string[] = []
  let line = ''
  let bare = true
  for (const [, gap = '', rest = ''] of text.matchAll(/( *)([^ ]+)/g)) {
    let word = rest
    if (!bare && displayWidth(line) + gap.length + displayWidth(word) > room) {
      lines.push(line)
      line = hang
      bare = true
    } else line += bare ? gap.slice(0, room - 4) : gap
    while (displayWidth(line) + displayWidth(word) > room) {
      const part = firstColumns(word, room - displayWidth(line))
      lines.push(line + part)
      word = word.slice(part.length)
      line = hang
    }
    line += word
    bare = false
  }
  return [...lines, line]
}
