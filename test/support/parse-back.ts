import {equal, ok} from 'node:assert/strict'

/** RFC 4180, strictly: quoted cells only where they are whole, CRLF ends a line. Fails on all else. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let at = 0
  while (at < text.length) {
    const row: string[] = []
    for (;;) {
      const cell = /"((?:[^"]|"")*)"/y
      cell.lastIndex = at
      const found = cell.exec(text)
      ok(found, `no quoted cell at ${at}`)
      row.push((found[1] ?? '').replaceAll('""', '"'))
      at = cell.lastIndex
      if (text[at] === ',') {
        at += 1
        continue
      }
      equal(text.slice(at, at + 2), '\r\n', `a cell is followed by ${JSON.stringify(text.slice(at, at + 5))}`)
      at += 2
      break
    }
    rows.push(row)
  }
  return rows
}

export interface CefEvent {
  readonly head: readonly string[]
  readonly extension: ReadonlyMap<string, string>
}

/** ArcSight's Common Event Format: seven header fields, then keys. One line only. */
export function parseCef(line: string): CefEvent {
  ok(line.endsWith('\n'), 'the line does not end')
  const text = line.slice(0, -1)
  ok(!/[\r\n]/.test(text), 'more than one line')
  const head: string[] = []
  let field = ''
  let at = 0
  for (; at < text.length && head.length < 7; at++) {
    if (text[at] === '\\') field += text[++at] ?? ''
    else if (text[at] === '|') {
      head.push(field)
      field = ''
    } else field += text[at]
  }
  equal(head.length, 7)
  const extension = new Map<string, string>()
  const rest = text.slice(at)
  const keys = [...rest.matchAll(/(?<=^| )([A-Za-z0-9_]+)=/g)].filter((key) => !escaped(rest, key.index + key[0].length - 1))
  for (const [i, key] of keys.entries()) {
    const end = keys[i + 1]?.index
    const value = rest.slice(key.index + key[0].length, end === undefined ? undefined : end - 1)
    ok(!extension.has(key[1] ?? ''), `${key[1]} twice`)
    extension.set(
      key[1] ?? '',
      value.replaceAll(/\\(.)/g, (_, sign: string) => ({n: '\n', r: '\r'})[sign] ?? sign),
    )
  }
  return {head, extension}
}

function escaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text[at - 1 - backslashes] === '\\') backslashes += 1
  return backslashes % 2 === 1
}

/** JSON in which no object has a member twice: two readers would believe two things. */
export function parseJsonOnce(text: string): unknown {
  const value = JSON.parse(text) as unknown
  const indent = /^[{[]\n( +)/.exec(text)?.[1]?.length
  // one spelling but for escapes: written again, nothing is lost
  const again = JSON.stringify(value, null, indent)
  equal(memberCount(text), memberCount(again), 'a member stands twice')
  return value
}

function memberCount(text: string): number {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, '""').split('"":').length
}

/**
 * What a CommonMark reader sees as text of its own outside of code spans, line by line: the words of the page. Whatever
 * foreign text is in there is in code.
 */
export function withoutCodeSpans(line: string): {outside: string; code: string[]} {
  const code: string[] = []
  let outside = ''
  let at = 0
  while (at < line.length) {
    if (line[at] === '\\' && at + 1 < line.length) {
      outside += line.slice(at, at + 2)
      at += 2
      continue
    }
    if (line[at] !== '`') {
      outside += line[at++]
      continue
    }
    const fence = /`+/y
    fence.lastIndex = at
    const open = fence.exec(line)?.[0] ?? '`'
    const close = new RegExp(`(?<!\`)${open}(?!\`)`, 'g')
    close.lastIndex = at + open.length
    const end = close.exec(line)
    if (!end) {
      outside += open
      at += open.length
      continue
    }
    const inner = line.slice(at + open.length, end.index)
    code.push(/^ .*[^ ].* $/s.test(inner) ? inner.slice(1, -1) : inner)
    at = end.index + open.length
  }
  return {outside, code}
}
