import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type {ProgressEvent} from '../../src/execution/responder.ts'
import type {PlanStep} from '../../src/incident/plan.ts'
import {Progress} from '../../src/terminal/progress.ts'

/** Back to the beginning of the line, and wipe it. */
const REWRITE = '\r\u001b[2K'

const START = Date.parse('2026-11-22T03:00:00Z')

function step(id: string, title = `Delete grant ${id}`): PlanStep {
  return {
    id,
    from: 'cut',
    target: `grant:${id}`,
    undo: 'grant restore',
    title,
    scopes: [],
    action: 'exposure',
    args: {client_id: 'c', audiences: []},
  }
}

function setUp(options: {tty?: boolean; env?: NodeJS.ProcessEnv; columns?: number} = {}) {
  let written = ''
  let now = START
  let tick: (() => void) | undefined
  const progress = new Progress({
    output: {isTTY: options.tty ?? false, columns: options.columns ?? 80, write: (text) => void (written += text)},
    env: options.env ?? {},
    clock: {now: () => now, monotonic: () => now - START},
    everySecond: (each) => {
      tick = each
      return () => (tick = undefined)
    },
  })
  return {
    progress,
    written: () => written,
    lines: () => written.split('\n').filter(Boolean),
    ticking: () => tick !== undefined,
    pass: (seconds: number) => {
      now += seconds * 1000
      tick?.()
    },
  }
}

const probe = (refusals: number, seconds_left: number): ProgressEvent => ({
  kind: 'probe',
  claim: 'old_secret_refused',
  refusals,
  wanted: 3,
  seconds_left,
})

test('each act is a line with its UTC time, its number and its outcome in words', () => {
  const {progress, lines} = setUp()
  progress.notify({kind: 'step_begins', step: step('a'), number: 1, of: 2})
  progress.notify({kind: 'step_begins', step: step('b'), number: 2, of: 2})
  progress.notify({kind: 'step_ends', step: step('b'), outcome: 'in_doubt', detail: 'no answer', at: '2026-11-22T03:00:07Z'})
  progress.notify({kind: 'step_ends', step: step('a'), outcome: 'done', at: '2026-11-22T03:00:08Z'})
  assert.deepEqual(lines(), [
    '03:00:00Z [1/2] Delete grant a ...',
    '03:00:00Z [2/2] Delete grant b ...',
    '03:00:07Z [2/2] IN DOUBT: Delete grant b (no answer)',
    '03:00:08Z [1/2] done: Delete grant a',
  ])
})

test('without a terminal a countdown is a plain line about every 10 s and at every piece of news', () => {
  const {progress, lines} = setUp()
  for (const event of [
    probe(1, 40),
    probe(1, 38),
    probe(1, 31),
    probe(1, 30),
    probe(1, 25),
    probe(2, 24),
    probe(2, 20),
    probe(2, 0),
    probe(2, 0),
  ])
    progress.notify(event)
  assert.deepEqual(
    lines().map((line) => line.slice(10)),
    [
      'proving: old secret refused, 1 of 3, 40 s left',
      'proving: old secret refused, 1 of 3, 30 s left',
      'proving: old secret refused, 2 of 3, 24 s left',
      'proving: old secret refused, 2 of 3, 0 s left',
    ],
  )
})

test('without a terminal there is no escape and no carriage return, forced colour or not', () => {
  const {progress, written} = setUp({env: {TERM: 'xterm'}})
  progress.notify({kind: 'warning', text: 'careful'})
  progress.notify(probe(1, 40))
  progress.notify({kind: 'note', text: 'x'})
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(written(), /[\u001b\r]/)
})

test('on a dumb terminal nothing is written over', () => {
  const {progress, written} = setUp({tty: true, env: {TERM: 'dumb'}})
  progress.notify(probe(1, 40))
  progress.notify(probe(1, 39))
  assert.equal(written(), '03:00:00Z proving: old secret refused, 1 of 3, 40 s left\n')
})

test('on a terminal the countdown goes on by itself and stops for the next line', () => {
  const {progress, written, pass, ticking} = setUp({tty: true, env: {NO_COLOR: '1'}})
  progress.notify(probe(1, 40))
  pass(1)
  pass(1)
  assert.deepEqual(
    written()
      .split(REWRITE)
      .map((line) => line.slice(-9)),
    ['', '40 s left', '39 s left', '38 s left'],
  )
  progress.notify({kind: 'note', text: 'next'})
  assert.ok(written().endsWith(`${REWRITE}03:00:02Z next\n`))
  assert.ok(!ticking(), 'no timer is left behind')
})

test('the countdown never goes below zero and never needs two lines', () => {
  const {progress, written, pass} = setUp({tty: true, env: {NO_COLOR: '1'}, columns: 40})
  progress.notify({kind: 'waits', why: 'the tenant answers again, which may take a good while', seconds_left: 2})
  pass(5)
  for (const line of written().split(REWRITE)) assert.ok(line.length < 40)
  progress.notify(probe(3, 1))
  pass(60)
  assert.doesNotMatch(written(), /-\d/)
  progress.close()
})

test('close takes the countdown away, once', () => {
  const {progress, written, ticking} = setUp({tty: true})
  progress.notify(probe(1, 40))
  progress.close()
  const after = written()
  progress.close()
  assert.equal(written(), after)
  assert.ok(after.endsWith(REWRITE) && !ticking())
})

test('whatever the tenant puts into an event, the terminal gets no control character from it', () => {
  const hostile = fc.string({
    unit: fc.constantFrom(
      'a',
      ' ',
      '\u001b',
      ']',
      '[',
      '0',
      ';',
      '\u0007',
      '\r',
      '\n',
      '\b',
      '\u009b',
      '\u202e',
      '\u200b',
      'J',
      '日',
    ),
    maxLength: 80,
  })
  fc.assert(
    fc.property(hostile, hostile, (one, two) => {
      const {progress, written} = setUp()
      progress.notify({kind: 'screen', lines: [one, two]})
      progress.notify({kind: 'note', text: one})
      progress.notify({kind: 'warning', text: two})
      progress.notify({kind: 'step_begins', step: step('a', one), number: 1, of: 1})
      progress.notify({kind: 'step_ends', step: step('a', one), outcome: 'refused', detail: two, at: one})
      progress.notify({kind: 'probe', claim: one, refusals: 0, wanted: 3, seconds_left: 5})
      progress.notify({kind: 'waits', why: two, seconds_left: 5})
      // oxlint-disable-next-line no-control-regex
      assert.doesNotMatch(written(), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u200b]/)
    }),
    {numRuns: 200},
  )
})

test('where a countdown is plain lines, one that is too long for the terminal is broken at blanks', () => {
  const {progress, lines} = setUp({tty: true, env: {TERM: 'dumb'}, columns: 60})
  progress.notify({
    kind: 'probe',
    claim: 'new_tokens_refused https://invoices.acme.example/',
    refusals: 4,
    wanted: 3,
    seconds_left: 23,
  })
  assert.ok(lines().length > 1 && lines().every((line) => line.length < 60), lines().join('\n'))
  assert.match(lines().join(' ').replaceAll(/\s+/g, ' '), /4 in a row, 3 needed, 23 s left$/)
})
