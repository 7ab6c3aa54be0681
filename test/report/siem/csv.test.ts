import {deepEqual, equal, ok} from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {describe, test} from 'node:test'

import fc from 'fast-check'

import {CSV_HEAD, csvCell, csvLine} from '../../../src/report/siem/csv.ts'
import {leafHash} from '../../../src/trail/format/record.ts'
import {printable} from '../../../src/untrusted.ts'
import {eventOf, HOSTILE, INTENT, ORIGIN, OUTCOME, PLACES} from './events.ts'

/** RFC 4180 with every cell in quotes; throws on anything else. */
function rowsOf(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (let at = 0; at < text.length;) {
    equal(text[at], '"', `no quote at ${at}`)
    let cell = ''
    for (at++; ; at++) {
      ok(at < text.length, 'an open quote')
      if (text[at] === '"' && text[at + 1] === '"') {
        cell += '"'
        at++
      } else if (text[at] === '"') break
      else cell += text[at]
    }
    row.push(cell)
    at++
    if (text[at] === ',') at++
    else {
      equal(text.slice(at, at + 2), '\r\n')
      at += 2
      rows.push(row)
      row = []
    }
  }
  return rows
}

const [titles = []] = rowsOf(CSV_HEAD)

/** What a spreadsheet sees first, in the widest sense: blanks and invisible characters away, compatibility forms folded. */
const firstSign = (cell: string) => cell.normalize('NFKC').replace(/^[\s\p{Z}\p{C}]+/u, '')[0] ?? ''

describe('csv', () => {
  test('hostile text in any place stays one row of as many cells, and the last cell is the record', () => {
    for (const text of HOSTILE) {
      for (const place of PLACES) {
        const event = place(text)
        const rows = rowsOf(csvLine(event))
        equal(rows.length, 1)
        const row = Object.fromEntries((rows[0] ?? []).map((cell, i) => [titles[i], cell]))
        equal(rows[0]?.length, titles.length)
        deepEqual(JSON.parse(row['record'] ?? ''), event.record)
        equal(leafHash(JSON.stringify(JSON.parse(row['record'] ?? ''))), row['leaf'])
        deepEqual([row['origin'], row['seq'], row['leaf']], [ORIGIN, '7', event.leaf])
      }
    }
  })

  test('no cell begins with a formula, whatever blanks or widths it hides behind', () => {
    for (const text of HOSTILE)
      for (const place of PLACES)
        for (const cell of rowsOf(csvLine(place(text)))[0] ?? [])
          ok(!'=+-@\u2212\t\r\n'.includes(firstSign(cell)) || firstSign(cell) === '', JSON.stringify(cell))
  })

  test('a guarded cell is the text behind one quote mark, and harmless text has none', () => {
    for (const text of ['=1', '+1', '-1', '@x', ' =1', '\u3000＝1', '\t1', '\r1', '\u200b=1', '\u22121'])
      equal(rowsOf(`${csvCell(text)}\r\n`)[0]?.[0], `'${printable(text)}`, JSON.stringify(text))
    for (const text of ['client:AbC', "'=1", '1-1', 'a=b', '{"v":1}', '/api/v2', ' x', '漢字', ''])
      equal(rowsOf(`${csvCell(text)}\r\n`)[0]?.[0], text)
  })

  test('any text comes back as its printable form, in one line, and is never a formula', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({unit: 'binary'}),
          fc
            .constantFrom('=', '+', '-', '@', '＝', '\t', '"', ' ')
            .chain((sign) => fc.string({unit: 'binary'}).map((rest) => sign + rest)),
        ),
        (text) => {
          const cell = rowsOf(`${csvCell(text)}\r\n`)[0]?.[0] ?? ''
          const clean = printable(text, Infinity)
          ok(cell === clean || cell === `'${clean}`)
          ok(!/[\r\n\t]/.test(cell))
          ok(!'=+-@\u2212'.includes(firstSign(cell)) || firstSign(cell) === '')
        },
      ),
      {numRuns: 2000},
    )
  })

  test("Python's csv module reads the same", (t) => {
    const events = HOSTILE.flatMap((text) => PLACES.map((place) => place(text)))
    const script =
      'import csv,json,sys\nsys.stdin.reconfigure(encoding="utf-8",newline="")\ncsv.field_size_limit(1<<30)\nprint(json.dumps([r for r in csv.reader(sys.stdin, strict=True)]))'
    const text = CSV_HEAD + events.map((event) => csvLine(event)).join('')
    const {stdout, error} = spawnSync('python3', ['-c', script], {input: text, encoding: 'utf8', maxBuffer: 1 << 28})
    if (error) return t.skip('no python3')
    deepEqual(JSON.parse(stdout), rowsOf(text))
  })

  test('an outcome takes method and path from its intent', () => {
    const intent = eventOf('intent', INTENT, {seq: 6}).record
    const row = rowsOf(csvLine(eventOf('outcome', OUTCOME, {around: {intent}})))[0] ?? []
    equal(row[titles.indexOf('method')], 'POST')
    equal(row[titles.indexOf('status')], '403')
  })
})
