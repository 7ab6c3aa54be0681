import assert from 'node:assert/strict'
import {createHash, generateKeyPairSync} from 'node:crypto'
import test, {type TestContext} from 'node:test'
import type {ChoiceDecision, Decision} from '../../src/execution/responder.ts'
import {unreadable} from './palettes.ts'
import {Pty} from './pty.ts'

const WHY = {why: 'WHY-TEXT', effect: 'EFFECT-TEXT', undo: 'UNDO-TEXT'}
const confirm = (id = 'a'): Decision => ({...WHY, id, kind: 'confirm', ask: `Go on with ${id}?`, unattended: false})
const typed: Decision = {
  ...WHY,
  id: 't',
  kind: 'typed',
  ask: 'Carry out 3 changes on acme?',
  expected: 'Xy12Zz',
  unattended: false,
}
const choice = (count: number): ChoiceDecision => ({
  ...WHY,
  id: 'c',
  kind: 'choice',
  ask: 'What leaked?',
  unattended: 'refuse',
  choices: Array.from({length: count}, (_, i) => ({
    value: `v${i + 1}`,
    label: `choice number ${i + 1}`,
    detail: `detail ${i + 1}`,
  })),
})
const text: Decision = {...WHY, id: 'x', kind: 'text', ask: 'Why is this done?', unattended: ''}
const ask = (t: TestContext, decisions: Decision[], env: Record<string, string> = {}, columns = 80) =>
  new Pty(t, 'questions.ts', {args: [JSON.stringify(decisions)], env, columns})

test('yes and no are typed out; Enter alone and other words answer nothing', async (t) => {
  const terminal = ask(t, [confirm('a'), confirm('b')])
  await terminal.see('Type yes or no (? explains):')
  terminal.type('\r')
  await terminal.see('Please type yes or no.')
  terminal.type('maybe\r')
  await terminal.see('maybe')
  assert.doesNotMatch(terminal.history(), /ANSWER/)
  terminal.type('\u007f\u007f\u007f\u007f\u007fyes\r')
  await terminal.see('ANSWER true')
  await terminal.see('Go on with b?')
  terminal.type('n\r')
  await terminal.see('ANSWER false')
  assert.equal(await terminal.ended(), 0)
})

test('a question mark explains why, what happens and how it is undone, and asks again', async (t) => {
  const terminal = ask(t, [confirm()])
  await terminal.see('Type yes or no')
  terminal.type('?\r')
  await terminal.see(/explains\): \?\s+Why: +WHY-TEXT\s+Effect: +EFFECT-TEXT\s+Undo: +UNDO-TEXT\s+[^]*Type yes or no[^]*: *\s*$/)
  terminal.type('yes\r')
  await terminal.see('ANSWER true')
})

for (const [name, key] of [
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
] as const) {
  for (const [kind, decision] of [
    ['a confirmation', confirm()],
    ['a search', choice(12)],
  ] as const) {
    test(`${name} at ${kind} ends with 130 and no stack`, async (t) => {
      const terminal = ask(t, [decision])
      await terminal.see(/Type yes|Search/)
      terminal.type(key)
      assert.equal(await terminal.ended(), 130)
      await terminal.see('STOPPED interrupted')
      assert.doesNotMatch(terminal.raw, /Error|\bat .*\.js:/)
    })
  }
}

test('a typed confirmation shows what to type and declines after three wrong tries', async (t) => {
  const terminal = ask(t, [typed])
  await terminal.see('Type Xy12Zz to go on, no to stop')
  terminal.type('xy12zz\r')
  await terminal.see('2 tries left')
  terminal.type('yes\r')
  await terminal.see('One try left')
  terminal.type('\r')
  await terminal.see('ANSWER false')
})

test('a typed confirmation is given by the exact text and declined at once by no', async (t) => {
  const terminal = ask(t, [typed, {...typed, id: 't2', ask: 'And now?'}])
  await terminal.see('Type Xy12Zz')
  terminal.type('Xy12Zz\r')
  await terminal.see('ANSWER true')
  await terminal.see('And now?')
  terminal.type('no\r')
  await terminal.see('ANSWER false')
})

test('a choice is taken by its number, and none is preselected', async (t) => {
  const terminal = ask(t, [choice(3)])
  await terminal.see('Type a number from 1 to 3')
  terminal.type('\r')
  await terminal.see('is not among them')
  terminal.type('4\r')
  await terminal.see('"4" is not among them')
  assert.doesNotMatch(terminal.history(), /ANSWER/)
  terminal.type('\u007f2\r')
  await terminal.see('ANSWER "v2"')
})

test('more than ten choices are searched by typing; nothing is taken before something was typed', async (t) => {
  const terminal = ask(t, [choice(40)])
  await terminal.see('40 to choose from')
  terminal.type('\r')
  terminal.type('?')
  await terminal.see('WHY-TEXT')
  assert.doesNotMatch(terminal.history(), /ANSWER/)
  terminal.type('\u007f')
  terminal.type('number 27')
  await terminal.see('> choice number 27')
  await terminal.see('detail 27')
  await terminal.see('1 found; arrows move')
  terminal.type('\r')
  await terminal.see('ANSWER "v27"')
  assert.deepEqual(unreadable(terminal.raw), [])
})

test('a search that finds nothing takes nothing', async (t) => {
  const terminal = ask(t, [choice(12)])
  await terminal.see('12 to choose from')
  terminal.type('nowhere')
  await terminal.see('No results found')
  assert.deepEqual(unreadable(terminal.raw), [])
  terminal.type('\r\u0003')
  await terminal.see('STOPPED interrupted')
})

test('a question with 17 lines above it fits 80x24', async (t) => {
  const screen = Array.from({length: 17}, (_, i) => `line ${i + 1} ${'x'.repeat(60)}`)
  const terminal = ask(t, [{...confirm(), screen}])
  await terminal.see('Type yes or no')
  assert.ok(
    terminal.rows().some((row) => row.startsWith('line 1 ')),
    'the first line is still on the screen',
  )
  assert.ok(terminal.rows().every((row) => row.length <= 80))
})

test('hostile text in a question reaches the terminal as text', async (t) => {
  const hostile = '\u001b]0;owned\u0007\u001b[2J\r\u202eevil\u009b31m'
  const terminal = ask(t, [
    {...confirm(), ask: `Rotate ${hostile}?`, screen: [hostile], why: hostile},
    {...choice(2), choices: [{value: 'a', label: hostile, detail: hostile}]},
  ])
  await terminal.see('Type yes or no')
  terminal.type('?\r')
  await terminal.see(/Effect:[^]*Effect:[^]*Type yes or no[^]*:\s*$/)
  terminal.type('yes\r')
  await terminal.see('Type 1')
  terminal.type('1\r')
  await terminal.see('ANSWER "a"')
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(terminal.raw, /\u001b\]0|\u0007|\u202e|\u009b|\u001b\[2J/)
  assert.match(terminal.history(), /\\u202eevil/)
})

test('a text answer may be anything but empty checks, and loses blanks at its ends', async (t) => {
  const terminal = ask(t, [text])
  await terminal.see('Answer (? explains):')
  terminal.type('  the secret is on GitHub  \r')
  await terminal.see('ANSWER "the secret is on GitHub"')
})

test('TERM=dumb is asked in plain lines without one escape sequence', async (t) => {
  const terminal = ask(t, [confirm(), choice(12)], {TERM: 'dumb'})
  await terminal.see('Type yes or no')
  terminal.type('?\n')
  await terminal.see('WHY-TEXT')
  terminal.type('yes\n')
  await terminal.see('ANSWER true')
  await terminal.see('Search:')
  terminal.type('number 12\n')
  await terminal.see('1  choice number 12')
  terminal.type('1\n')
  await terminal.see('ANSWER "v12"')
  assert.equal(await terminal.ended(), 0)
  assert.ok(!terminal.raw.includes('\u001b'))
})

test('Ctrl-C at a plain question is an interruption too', async (t) => {
  const terminal = ask(t, [confirm()], {TERM: 'dumb'})
  await terminal.see('Type yes or no')
  terminal.type('\u0003')
  assert.equal(await terminal.ended(), 130)
  await terminal.see('STOPPED interrupted')
})

test('NO_COLOR leaves no colour in the bytes', async (t) => {
  const terminal = ask(t, [confirm()], {NO_COLOR: '1'})
  await terminal.see('Type yes or no')
  terminal.type('what\r')
  await terminal.see('Please type')
  terminal.type('\u0003')
  await terminal.ended()
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(terminal.raw, /\u001b\[[\d;]*m/)
})

const PEM = generateKeyPairSync('rsa', {modulusLength: 2048}).privateKey.export({type: 'pkcs8', format: 'pem'}).toString()
const hash = (value: string) => `HASH ${createHash('sha256').update(value).digest('hex').slice(0, 16)} raw=false`
const SECRET = 'stnchCanary_0123456789-abcdefghijklmnop'

for (const [what, keys, value] of [
  ['typed with a correction', `x${SECRET}y\u007f\u0001`.replace('x', '').replace('\u0001', '') + '\r', SECRET],
  ['pasted with marks', `\u001b[200~${SECRET}\u001b[201~\r`, SECRET],
  ['pasted over two lines with marks', `\u001b[200~${SECRET.slice(0, 20)}\n${SECRET.slice(20)}\n\u001b[201~\r`, SECRET],
  ['retyped after Ctrl-U', `wrong\u0015${SECRET}\r`, SECRET],
  ['typed among arrow keys', `${SECRET.slice(0, 5)}\u001b[D\u001b[1;5C\u001bOA${SECRET.slice(5)}\r`, SECRET],
  ['a PEM key pasted without marks', PEM.replaceAll('\n', '\r'), PEM.trim()],
  ['a PEM key pasted with marks', `\u001b[200~${PEM}\u001b[201~\r`, PEM.trim()],
] as const) {
  test(`a hidden answer is read whole and never echoed: ${what}`, async (t) => {
    const terminal = new Pty(t, 'hidden.ts')
    await terminal.see('(not shown)')
    terminal.type(keys)
    await terminal.see(hash(value))
    assert.equal(await terminal.ended(), 0)
    for (let at = 0; at + 8 < value.length; at += 4) assert.ok(!terminal.raw.includes(value.slice(at, at + 8)))
  })
}

test('Ctrl-C while a secret is typed ends with 130, shows nothing and gives the terminal back', async (t) => {
  const terminal = new Pty(t, 'hidden.ts')
  await terminal.see('(not shown)')
  terminal.type(SECRET.slice(0, 12))
  terminal.type('\u0003')
  await terminal.see('STOPPED interrupted raw=false')
  assert.equal(await terminal.ended(), 130)
  assert.ok(!terminal.raw.includes(SECRET.slice(0, 8)))
})

test('an empty secret is asked for three times', async (t) => {
  const terminal = new Pty(t, 'hidden.ts')
  for (let i = 1; i <= 3; i++) {
    await terminal.see(new RegExp(`(?:not shown[^]*){${i}}`))
    terminal.type('\r')
  }
  await terminal.see('STOPPED input.invalid')
})

test('a secret is shown on the other screen only and is gone after Enter', async (t) => {
  const terminal = new Pty(t, 'show.ts', {args: [SECRET]})
  await terminal.see(SECRET)
  assert.ok(!terminal.rows().join().includes('BEFORE'), 'it is not the screen from before')
  terminal.type('x\r')
  await terminal.see('AFTER')
  await terminal.see('BEFORE')
  assert.ok(!terminal.history().includes(SECRET.slice(0, 10)))
  assert.equal(await terminal.ended(), 0)
})

test("Ctrl-C on the secret's screen wipes it and counts as not taken", async (t) => {
  const terminal = new Pty(t, 'show.ts', {args: [SECRET]})
  await terminal.see(SECRET)
  terminal.type('\u0003')
  await terminal.see('STOPPED interrupted')
  assert.ok(!terminal.history().includes(SECRET.slice(0, 10)))
})

test('a terminal without a second screen is not shown a secret', async (t) => {
  const terminal = new Pty(t, 'show.ts', {args: [SECRET], env: {TERM: 'dumb'}})
  await terminal.see('STOPPED usage.no_terminal')
  assert.ok(!terminal.raw.includes(SECRET))
})

test('the countdown counts in one line by itself and makes room for the next line', async (t) => {
  const terminal = new Pty(t, 'progress.ts')
  await terminal.see('proving: old secret refused, 1 of 3, 1 m 40 s left')
  await terminal.see('1 m 38 s left')
  assert.equal(terminal.rows().filter((row) => row.includes('proving')).length, 1)
  terminal.type('x')
  await terminal.see('goes on')
  assert.equal(await terminal.ended(), 0)
  assert.ok(!terminal.rows().join().includes('proving'))
})

test('in 40 columns long lines are wrapped and every word is still there', async (t) => {
  const words = Array.from({length: 30}, (_, i) => `word${i}`)
  const terminal = ask(t, [{...confirm(), screen: [words.join(' ')]}], {}, 40)
  await terminal.see('explains):')
  const shown = terminal.rows().join(' ')
  for (const word of words) assert.match(shown, new RegExp(`\\b${word}\\b`))
})

test('lines behind the end of a paste without marks never reach the screen or the next question', async (t) => {
  const terminal = new Pty(t, 'hidden.ts')
  await terminal.see('(not shown)')
  terminal.type(`${SECRET}\r${SECRET.split('').toReversed().join('')}\r`)
  await terminal.see(hash(SECRET))
  await terminal.ended()
  assert.ok(!terminal.raw.includes(SECRET.split('').toReversed().join('').slice(0, 8)))
})

test('secrets, questions, a countdown and the other screen follow each other on one terminal', async (t) => {
  const terminal = new Pty(t, 'mixed.ts')
  await terminal.see('First (not shown)')
  terminal.type(`${SECRET}\r`)
  await terminal.see('Go on?')
  await terminal.see('Type yes or no')
  terminal.type('yes\r')
  await terminal.see('ONE true')
  await terminal.see(/And now\?[^]*Type yes or no/)
  assert.ok(!terminal.rows().join().includes('proving'), 'the countdown made room for the question')
  terminal.type('no\r')
  await terminal.see('TWO false')
  await terminal.see('Second (not shown)')
  terminal.type(`\u001b[200~${SECRET}\u001b[201~\r`)
  await terminal.see('Enter wipes this screen')
  terminal.type('\r')
  await terminal.see('SAME true')
  assert.equal(await terminal.ended(), 0)
  assert.ok(!terminal.history().includes(SECRET.slice(0, 10)))
})
