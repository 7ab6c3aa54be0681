import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import {breakAtBlanks, fitted, labelled, layOut, textWidth} from '../../src/terminal/screen.ts'
import {canMove, styleFor, usesColour} from '../../src/terminal/style.ts'
import {table} from '../../src/terminal/table.ts'
import {contrast, unreadable} from './palettes.ts'
import {cutToWidth, displayWidth, padTo, quotedWithin, wrap} from '../../src/report/width.ts'

test('wide characters, emoji and combining marks have the columns that terminals give them', () => {
  for (const [text, columns] of [
    ['', 0],
    ['abc', 3],
    ['日本語', 6],
    ['한국', 4],
    ['ｆｕｌｌ', 8],
    ['é', 1],
    ['e\u0301', 1],
    ['🔥', 2],
    // a skin tone is a character of its own in xterm, tmux and VTE
    ['👩🏽', 4],
    ['🇩🇪', 2],
    ['Zoë', 3],
    ['עברית', 5],
    ['ภาษาไทย', 7],
    ['น้ำ', 2],
    ['हिन्दी', 5],
    ['\u1100\u1161\u11a8', 2],
    ['日\u0301', 2],
    ['—', 1],
  ] as const) {
    assert.equal(displayWidth(text), columns, JSON.stringify(text))
  }
})

test('cut text fits and says that it was cut', () => {
  assert.equal(cutToWidth('billing-sync', 12), 'billing-sync')
  assert.equal(cutToWidth('billing-sync', 8), 'billi...')
  assert.equal(cutToWidth('日本語日本語', 7), '日本...')
  assert.equal(cutToWidth('abcdef', 3), 'abc')
  assert.equal(padTo('日', 4), '日  ')
  assert.equal(padTo('7', 3, true), '  7')
})

const words = fc
  .array(fc.string({unit: fc.constantFrom('a', 'b', '-', '日', '🔥', 'é'), maxLength: 60}), {maxLength: 12})
  .map((all) => all.join(' '))

test('wrapped lines fit their width and lose no word, whatever the text', () => {
  fc.assert(
    fc.property(words, fc.integer({min: 8, max: 100}), fc.integer({min: 0, max: 10}), (text, width, indent) => {
      const lines = wrap(text, width, indent)
      for (const line of lines) assert.ok(displayWidth(line) <= width, `${JSON.stringify(line)} is wider than ${width}`)
      assert.equal(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''))
      assert.ok(lines.length <= text.length + 1)
    }),
    {numRuns: 300},
  )
})

test('cut text never exceeds its width, whatever the text', () => {
  fc.assert(
    fc.property(words, fc.integer({min: 4, max: 60}), (text, width) => assert.ok(displayWidth(cutToWidth(text, width)) <= width)),
    {numRuns: 300},
  )
})

test('a table stays within its width, keeps ids whole and lines its columns up', () => {
  const id = 'cgr_0123456789abcdefghij'
  const lines = table(
    [
      [id, '"日本語の長い名前を持つアプリケーション"', '3'],
      ['cgr_2', '"billing-sync, a client with quite a long name that does not fit"', '12'],
    ],
    {columns: [{title: 'GRANT', keep: true}, {title: 'NAME'}, {title: 'TOKENS', right: true}], width: 60},
  )
  assert.equal(lines.length, 3)
  for (const line of lines) assert.ok(displayWidth(line) <= 60, line)
  assert.ok(lines[1]?.startsWith(id))
  assert.match(lines[1] ?? '', /\.\.\. +3$/)
  assert.match(lines[2] ?? '', / 12$/)
})

test('a cell that may wrap goes on below itself', () => {
  const lines = table([['a', 'one two three four five six seven']], {
    columns: [{title: 'A'}, {title: 'B', wrap: true}],
    width: 24,
  })
  assert.deepEqual(lines.slice(1), ['a  one two three four', '   five six seven'])
})

test('hostile cells become harmless text in one line', () => {
  const lines = table([['\u001b[2J\n\u202eevil\t']], {columns: [{title: 'NAME'}]})
  assert.equal(lines.length, 2)
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(lines.join(''), /[\u0000-\u001f\u202e]/)
})

test('missing cells and no rows are no reason to fail', () => {
  assert.deepEqual(table([], {columns: [{title: 'A'}, {title: 'B'}]}), ['A  B'])
  assert.deepEqual(table([['x']], {columns: [{title: 'A'}, {title: 'B'}]}), ['A  B', 'x'])
})

test('the text width follows the terminal between 40 and 100 columns and leaves one free', () => {
  assert.deepEqual([undefined, 80, 20, 300].map(textWidth), [79, 79, 39, 99])
})

test('lines continue under the text of their label or item', () => {
  const [first, second] = layOut([`Why:     ${'because '.repeat(12)}`], 60)
  assert.match(first ?? '', /^Why: {5}because/)
  assert.match(second ?? '', /^ {9}because/)
  assert.match(layOut([`  - ${'item '.repeat(20)}`], 50)[1] ?? '', /^ {4}item/)
})

test('what does not fit is counted where it stood, never dropped silently; the longest part gives way first', () => {
  const part = (name: string, count: number, least = 1) => ({
    lines: Array.from({length: count}, (_, i) => `${name} ${i + 1}`),
    least,
  })
  const screen = ['head', part('a', 6), 'middle', part('b', 3), 'end']
  assert.deepEqual(fitted(screen, 12, '?', 80), {
    lines: ['head', 'a 1', 'a 2', 'a 3', 'a 4', 'a 5', 'a 6', 'middle', 'b 1', 'b 2', 'b 3', 'end'],
    whole: true,
  })
  assert.deepEqual(fitted(screen, 11, '?', 80), {
    lines: ['head', 'a 1', 'a 2', 'a 3', 'a 4', '  ... and 2 more: ?', 'middle', 'b 1', 'b 2', 'b 3', 'end'],
    whole: false,
  })
  assert.deepEqual(fitted(screen, 7, '?', 80).lines, [
    'head',
    'a 1',
    '  ... and 5 more: ?',
    'middle',
    'b 1',
    '  ... and 2 more: ?',
    'end',
  ])
  // never below what was asked for, however short the terminal is
  assert.deepEqual(fitted(screen, 1, '?', 80).lines.length, 7)
  assert.deepEqual(fitted([part('c', 2)], 1, '?', 80).lines, ['c 1', 'c 2'], 'one row is shown rather than counted')
  assert.deepEqual(fitted([{lines: ['d', 'x '.repeat(60)], least: 1}], 2, '?', 80).lines, ['d', '  ... and 1 more: ?'])
})

test('whatever the parts, a fitted screen has the rows asked for or all of its least, and every line is shown or counted', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          lines: fc.array(fc.string({unit: fc.constantFrom('a', '日', ' '), maxLength: 200}), {maxLength: 20}),
          least: fc.integer({min: 0, max: 4}),
        }),
        {maxLength: 6},
      ),
      fc.integer({min: 1, max: 40}),
      (parts, rows) => {
        const {lines, whole} = fitted(parts, rows, '?', 80)
        const all = fitted(parts, 1000, '?', 80)
        assert.ok(all.whole)
        if (all.lines.length <= rows) assert.deepEqual(lines, all.lines)
        const counts = lines.flatMap((line) => /^ {2}\.\.\. and (\d+) more: \?$/.exec(line)?.[1] ?? [])
        assert.equal(counts.length > 0, !whole)
        const least = fitted(parts, 0, '?', 80).lines.length
        assert.ok(lines.length <= Math.max(rows, least), `${lines.length} rows`)
      },
    ),
    {numRuns: 300},
  )
})

test('labels are lined up', () => {
  assert.deepEqual(
    labelled([
      ['Why', 'a'],
      ['Effect', 'b'],
    ]),
    ['Why:     a', 'Effect:  b'],
  )
})

for (const [why, stream, env, colour] of [
  ['a terminal', {isTTY: true}, {}, true],
  ['a pipe', {}, {}, false],
  ['a dumb terminal', {isTTY: true}, {TERM: 'dumb'}, false],
  ['NO_COLOR', {isTTY: true}, {NO_COLOR: '1'}, false],
  ['an empty NO_COLOR', {isTTY: true}, {NO_COLOR: ''}, true],
  ['FORCE_COLOR in a pipe', {}, {FORCE_COLOR: '1'}, true],
  ['FORCE_COLOR=0', {isTTY: true}, {FORCE_COLOR: '0'}, false],
  ['NO_COLOR against FORCE_COLOR', {isTTY: true}, {NO_COLOR: '1', FORCE_COLOR: '1'}, false],
] as const) {
  test(`${why} has ${colour ? '' : 'no '}colour`, () => {
    assert.equal(usesColour(stream, env), colour)
    assert.equal(styleFor(stream, env).bad('x') === 'x', !colour)
  })
}

test('a line is written over on a terminal that can move only', () => {
  assert.equal(canMove({isTTY: true}, {TERM: 'xterm'}), true)
  assert.equal(canMove({isTTY: true}, {TERM: 'dumb'}), false)
  assert.equal(canMove({}, {TERM: 'xterm'}), false)
  assert.equal(canMove({}, {FORCE_COLOR: '1'}), false, 'forced colour is no terminal')
})

test('what is said beside a result is broken at blanks, and never where a key or a path would be torn', () => {
  const key = 'k'.repeat(90)
  assert.deepEqual(breakAtBlanks(`Your key, for the roster: ${key}`, 80), [`Your key, for the roster: ${key}`])
  const lines = breakAtBlanks(`  next: ${'Set AUTH0_DOMAIN '.repeat(9)}`, 80)
  assert.ok(lines.length > 1 && lines.every((line) => line.length < 80 && !line.endsWith('AUTH0_')), lines.join('\n'))
  assert.match(lines[1] ?? '', /^ {2}\S/)
})

test('the colours that are used can be read on light and on dark palettes; no other would be', () => {
  const style = styleFor({isTTY: true}, {})
  for (const [name, paint] of Object.entries(style)) assert.deepEqual(unreadable((paint as (text: string) => string)(name)), [])
  // what finds nothing there finds what is wrong
  for (const code of ['2', '32', '33', '34', '36', '90', '1;33', '38;5;3', '31'])
    assert.equal(unreadable(`a \u001b[${code}mb\u001b[0m`).length > 0, true, code)
  assert.deepEqual(unreadable('a\u001b[31m'), [])
  // why the others are not used
  assert.ok(contrast('#ffffff', '#00cd00') < 3 && contrast('#ffffff', '#cdcd00') < 3 && contrast('#ffffff', '#00cdcd') < 3)
})

test('a name in quotes keeps its closing quote however narrow it is, and no other', () => {
  assert.equal(quotedWithin('billing-sync', 40), '"billing-sync"')
  assert.equal(quotedWithin('billing-sync', 10), '"billi..."')
  assert.equal(quotedWithin('日本語日本語', 9), '"日本..."')
  assert.equal(quotedWithin('a" on REAL tenant "b', 60), '"a\\u0022 on REAL tenant \\u0022b"')
})
