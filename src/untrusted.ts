/**
 * Text that somebody else chose: names, descriptions, error texts, log entries of the tenant; file names; pasted
 * strings. It reaches a terminal, a page or a table only through here.
 *
 * What is escaped, and why: C0, DEL and C1 move the cursor, recolour, retitle or beep; bidi controls reorder what is
 * read; zero-width, filler and other invisible characters hide differences; line separators fake a new line; a lone
 * surrogate is not text; what Unicode leaves to private use or to the future looks as each font likes.
 */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

function escaped(match: string): string {
  let out = ''
  for (let i = 0; i < match.length; i++) out += `\\u${match.charCodeAt(i).toString(16).padStart(4, '0')}`
  return out
}

/**
 * `text` with nothing left that a terminal would obey; longer than `max` characters it is cut and marked with `...`.
 * Idempotent on text that is already clean.
 */
export function printable(text: string, max = 200): string {
  const clean = text.replace(UNSAFE, escaped)
  if (clean.length <= max) return clean
  const cut = clean.slice(0, Math.max(0, max - 3))
  // do not leave half a surrogate pair behind
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}...`
}

/**
 * A foreign name beside an id: printable, cut and in double quotes, so that it cannot pass for our own words. A quote
 * mark inside is written as its number: with a backslash before it, a name that ends in a backslash could close the quotes.
 */
export function quoted(text: string, max = 60): string {
  return `"${printable(text, max).replaceAll('"', '\\u0022')}"`
}

/**
 * JSON text whose strings hold no character that a terminal would obey (design promise 12): C0 is escaped by JSON
 * itself, DEL, C1, bidi, zero-width and the rest of the list above by us. Parses back to the same value.
 */
export function safeJson(value: unknown, indent?: number): string {
  // `json` holds structural newlines when indented; those are ours. Inside strings JSON.stringify has escaped C0 already.
  const json = JSON.stringify(value, null, indent)
  return json.replace(UNSAFE, (match) => (match === '\n' ? match : escaped(match)))
}

/**
 * A word of a command line that somebody may paste into a POSIX shell: in single quotes where it holds more than plain
 * characters. Ids of users hold a `|`, and what stands behind it may be chosen by the one who made the user.
 */
export function shellWord(text: string): string {
  return /^[\w.:@%+=,/-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
