import assert from 'node:assert/strict'
import test from 'node:test'
import {isCode} from '../../src/errors.ts'
import type {ChoiceDecision, ConfirmDecision, ProgressEvent, TextDecision, TypedDecision} from '../../src/execution/responder.ts'
import {unattendedResponder} from '../../src/terminal/unattended.ts'

const WHY = {why: 'w', effect: 'e', undo: 'u'}
const confirm: ConfirmDecision = {...WHY, id: 'plan.confirm', kind: 'confirm', ask: 'Go on?', unattended: false}
const typed: TypedDecision = {...WHY, id: 'plan.typed', kind: 'typed', ask: 'Go on?', expected: 'abc', unattended: false}
const choice: ChoiceDecision = {
  ...WHY,
  id: 'leak',
  kind: 'choice',
  ask: 'What?',
  unattended: 'refuse',
  choices: [
    {value: 'a', label: 'A'},
    {value: 'b', label: 'B'},
  ],
}
const text: TextDecision = {
  ...WHY,
  id: 'reason',
  kind: 'text',
  ask: 'Why?',
  unattended: 'none given',
  check: (t) => (t === 'bad' ? 'not that' : undefined),
}

function responder(answers: Record<string, string> = {}) {
  const events: ProgressEvent[] = []
  return {events, ...unattendedResponder({progress: {notify: (event) => void events.push(event)}, answers})}
}

test('nobody there means nothing happens', async () => {
  const nobody = responder()
  assert.equal(nobody.attended, false)
  assert.equal(await nobody.decide(confirm), false)
  assert.equal(await nobody.decide(typed), false)
  assert.equal(await nobody.decide(text), 'none given')
  await assert.rejects(nobody.decide(choice), (error) => isCode(error, 'consent.missing'))
})

test('a flag answers exactly its own question', async () => {
  const flags = responder({'plan.confirm': 'yes', 'leak': 'b', 'reason': 'found on GitHub'})
  assert.equal(await flags.decide(confirm), true)
  assert.equal(await flags.decide({...confirm, id: 'other'}), false)
  assert.equal(await flags.decide(typed), false)
  assert.equal(await flags.decide(choice), 'b')
  assert.equal(await flags.decide(text), 'found on GitHub')
})

test('a choice with a safe answer takes it', async () => {
  assert.equal(await responder().decide({...choice, unattended: 'a'}), 'a')
})

test('a flag that is no answer is a usage error, never the safe answer', async () => {
  const usage = (error: unknown) => isCode(error, 'usage.invalid')
  await assert.rejects(responder({'plan.confirm': 'true'}).decide(confirm), usage)
  await assert.rejects(responder({'plan.confirm': ''}).decide(confirm), usage)
  await assert.rejects(responder({'plan.typed': 'abc'}).decide(typed), usage)
  await assert.rejects(responder({leak: 'c'}).decide({...choice, unattended: 'a'}), usage)
  await assert.rejects(responder({leak: 'refuse'}).decide(choice), usage)
  await assert.rejects(responder({reason: 'bad'}).decide(text), usage)
})

test('names of objects are no answers', async () => {
  assert.equal(await responder().decide({...confirm, id: 'constructor'}), false)
  assert.equal(await responder().decide({...text, id: '__proto__'}), 'none given')
})

test('progress is passed on', () => {
  const nobody = responder()
  nobody.notify({kind: 'note', text: 'x'})
  assert.equal(nobody.events.length, 1)
})
