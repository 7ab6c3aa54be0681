import {deepEqual, equal, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import fc from 'fast-check'

import {cefHeader, cefLine, cefValue} from '../../../src/report/siem/cef.ts'
import type {TrailEvent} from '../../../src/report/siem/event.ts'
import {leafHash} from '../../../src/trail/format/record.ts'
import {printable} from '../../../src/untrusted.ts'
import {eventOf, HOSTILE, INTENT, ORIGIN, OUTCOME, PLACES} from './events.ts'

/** Header fields and extension of one line, as the format's guide has it: bars and equals signs count unless escaped. */
function parse(line: string): {head: string[]; extension: Map<string, string>} {
  ok(line.endsWith('\n') && !line.slice(0, -1).includes('\n') && !line.includes('\r'))
  const match = /^((?:[^|\\]|\\.)*(?:\|(?:[^|\\]|\\.)*){6})\|(.*)\n$/u.exec(line)
  ok(match, 'not seven fields')
  const head = [...(match[1] ?? '').matchAll(/((?:[^|\\]|\\.)*)(?:\||$)/gu)]
    .slice(0, 7)
    .map(([, field = '']) => field.replaceAll(/\\([\\|])/g, '$1'))
  const extension = new Map<string, string>()
  const text = ` ${match[2] ?? ''}`
  const keys = [...text.matchAll(/ ([A-Za-z0-9_]+)=/g)]
  for (const [i, key] of keys.entries()) {
    const value = text.slice(key.index + key[0].length, keys[i + 1]?.index)
    ok(!extension.has(key[1] ?? ''), `${key[1]} stands twice`)
    extension.set(key[1] ?? '', unescape(value))
  }
  return {head, extension}
}

function unescape(value: string): string {
  return value.replaceAll(/\\(.)/g, (whole, sign: string) => ({n: '\n', r: '\r', '\\': '\\', '=': '='})[sign] ?? `BAD ${whole}`)
}

/** What the text is after the escapes that have no form in CEF. */
const shown = (text: string) =>
  text
    .split(/([\r\n])/)
    .map((part) => (/^[\r\n]$/.test(part) ? part : printable(part, Infinity)))
    .join('')

function check(event: TrailEvent): Map<string, string> {
  const {head, extension} = parse(cefLine(event, '0.1.0'))
  deepEqual(head.slice(0, 4), ['CEF:0', 'stanch', 'stanch', '0.1.0'])
  ok(/^\d+$/.test(head[6] ?? ''))
  deepEqual(JSON.parse(extension.get('stanchRecord') ?? ''), event.record)
  equal(leafHash(JSON.stringify(JSON.parse(extension.get('stanchRecord') ?? ''))), extension.get('cs2'))
  deepEqual([extension.get('cs1'), extension.get('cn1'), extension.get('cs2')], [ORIGIN, '7', event.leaf])
  deepEqual([extension.get('cs1Label'), extension.get('cn1Label'), extension.get('cs2Label')], ['origin', 'seq', 'leaf'])
  return extension
}

describe('cef', () => {
  test('hostile text in any place makes no field, no key and no line', () => {
    for (const text of HOSTILE) for (const place of PLACES) check(place(text))
  })

  test('keys are a closed list, whatever the record holds', () => {
    const keys = new Set(HOSTILE.flatMap((text) => PLACES.flatMap((place) => [...check(place(text)).keys()])))
    ok(
      [...keys].every((key) =>
        /^(rt|externalId|cat|act|outcome|reason|suser|suid|shost|dhost|requestMethod|request|c[ns][1-6](Label)?|stanchRecord)$/.test(
          key,
        ),
      ),
      [...keys].join(' '),
    )
  })

  test('a value comes back as it was, but for controls that become escapes', () => {
    for (const text of HOSTILE) equal(unescape(cefValue(text)), shown(text))
    const extension = check(eventOf('outcome', {...OUTCOME, error: {code: 'a=b\\c|d\ne', text: ''}}))
    equal(extension.get('reason'), 'a=b\\c|d\ne')
    equal(extension.get('outcome'), 'failure')
  })

  test('the same for any text, and a header field never ends early', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), (text) => {
        equal(unescape(cefValue(text)), shown(text))
        const field = cefHeader(text)
        ok(!/[\r\n]/.test(field))
        equal(field.replaceAll(/\\([\\|])/g, '$1'), printable(text, Infinity))
        ok(!/(^|[^\\])(\\\\)*\|/.test(field))
      }),
      {numRuns: 1000},
    )
    fc.assert(
      fc.property(
        fc.string({unit: 'binary', maxLength: 40}),
        fc.nat(PLACES.length - 1),
        (text, place) => void check((PLACES[place] as (typeof PLACES)[number])(text)),
      ),
      {numRuns: 300},
    )
  })

  test('an intent is no success', () => {
    equal(check(eventOf('intent', INTENT)).get('outcome'), 'intended')
  })
})
