/**
 * What may reach a terminal or a file that is shown on one: our own line feeds, and characters that are only seen. Written
 * down a second time, apart from the program, so that a gap in its own list shows.
 */
const NOT_TEXT = /[^\n\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]|\p{Default_Ignorable_Code_Point}/u

/** The first thing in `text` that a terminal would obey or that is not seen, as U+XXXX with its place; undefined when all is text. */
export function notText(text: string): string | undefined {
  const found = NOT_TEXT.exec(text)
  return found ? `U+${(found[0].codePointAt(0) ?? 0).toString(16).padStart(4, '0')} at ${found.index}` : undefined
}

/** Escape sequences that a prompt library needs: colours, and moves and erasures within the lines of its question. */
// oxlint-disable-next-line no-control-regex
const OWN = /\u001b\[(?:\d{1,3}(?:;\d{1,3}){0,4})?[mKJABCDGHh]|\u001b\[\?(?:25|2004)[hl]|\r/g

/** As `notText`, for what a terminal received from a program that asks questions. */
export function notOurs(raw: string): string | undefined {
  return notText(raw.replace(OWN, ''))
}
