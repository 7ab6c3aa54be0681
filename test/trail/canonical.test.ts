import {equal, ok} from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import {parseRecord} from '../../src/trail/format/record.ts'

const ENVELOPE = `{"v":1,"seq":7,"prev":"${'0'.repeat(64)}","salt":"${'A'.repeat(22)}","time":"2026-11-22T03:00:00.000Z","kind":"note"`

/** The rule as the format states it, without any shortcut. */
function isCanonical(line: string): boolean {
  try {
    return JSON.stringify(JSON.parse(line)) === line
  } catch {
    return false
  }
}

function accepts(line: string): boolean {
  try {
    parseRecord(line)
    return true
  } catch {
    return false
  }
}

const integer = fc.oneof(
  fc.integer({min: -2000, max: 2000}),
  fc.integer({min: -90, max: 90}).map((n) => n * 100),
  fc.maxSafeInteger(),
  fc.integer({min: 1, max: 9}).chain((n) => fc.integer({min: 0, max: 15}).map((zeros) => n * 10 ** zeros)),
)
const name = fc
  .stringMatching(/^[a-z][a-z0-9_]{0,8}$/)
  .filter((one) => !['v', 'seq', 'prev', 'salt', 'time', 'kind'].includes(one))
const value = fc.letrec<{value: unknown}>((tie) => ({
  value: fc.oneof(
    {maxDepth: 3},
    integer,
    fc.boolean(),
    fc.constant(null),
    fc.string({unit: 'binary', maxLength: 12}),
    fc.array(tie('value'), {maxLength: 4}),
    fc.dictionary(name, tie('value'), {maxKeys: 4}),
  ),
})).value
const members = fc.dictionary(name, value, {maxKeys: 6, noNullPrototype: true})

test('every record in canonical form is accepted, whatever its members hold', () => {
  fc.assert(
    fc.property(members, (extra) => {
      const inner = JSON.stringify(extra).slice(1, -1)
      const line = `${ENVELOPE}${inner === '' ? '' : ','}${inner}}`
      ok(isCanonical(line))
      equal(accepts(line), true, line)
    }),
    {numRuns: 2000},
  )
})

/** Other spellings of the same value, some shorter than the canonical one, some of the same length. */
const RESPELL: readonly ((line: string, at: number) => string)[] = [
  (line, at) => `${line.slice(0, at)} ${line.slice(at)}`,
  (line) =>
    line.replace(
      /([:,[])(-?\d+?)(0+)(?=[,}\]])/,
      (_all, before: string, digits: string, zeros: string) => `${before}${digits}e${zeros.length}`,
    ),
  (line) =>
    line.replace(
      /([:,[])(-?\d+?)(0+)(?=[,}\]])/g,
      (_all, before: string, digits: string, zeros: string) => `${before}${digits}e${zeros.length}`,
    ),
  (line) =>
    line.replace(
      /([:,[])(-?\d+?)(0+)(?=[,}\]])/,
      (_all, before: string, digits: string, zeros: string) =>
        `${before}${digits}e${zeros.length}${' '.repeat(Math.max(0, zeros.length - 2))}`,
    ),
  (line) => line.replace(/([:,[])(-?\d+)(?=[,}\]])/, '$1$2.0'),
  (line) => line.replace(/([:,[])0(?=[,}\]])/, '$1-0'),
  (line) => line.replace('"kind":"note"', '"kind":"note","kind":"note"'),
  (line) => line.replace(/"([a-z][a-z0-9_]*)":([^,{[]+),/, '"$1":$2,"$1":$2,'),
  (line) => line.replace('note', '\\u006eote'),
  (line) => line.replace(/\\n/, '\\u000a'),
  (line) => line.replace('}', ',}'),
]

test('another spelling is refused exactly when it is not what a compact writer makes of it', () => {
  let refused = 0
  fc.assert(
    fc.property(members, fc.nat({max: RESPELL.length - 1}), fc.nat(), (extra, which, at) => {
      const inner = JSON.stringify({size: 200, most: 100_000, ...extra}).slice(1, -1)
      const line = `${ENVELOPE},${inner}}`
      const spelled = RESPELL[which]!(line, at % line.length)
      if (isCanonical(spelled)) return
      refused++
      equal(accepts(spelled), false, spelled)
    }),
    {numRuns: 4000},
  )
  ok(refused > 1500)
})
