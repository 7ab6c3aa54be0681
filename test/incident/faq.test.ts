import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {answerFaq} from '../../src/incident/faq.ts'
import type {FaqFacts} from '../../src/incident/faq.ts'

const FACTS: FaqFacts = {
  domain: 'acme.eu.auth0.com',
  lifetimes: [
    {audience: 'https://acme.eu.auth0.com/api/v2/', name: 'Auth0 Management API', token_lifetime: 86_400},
    {audience: 'https://billing.example', token_lifetime: 7200},
    {audience: 'https://hidden.example', name: 'Hidden'},
  ],
}

const textOf = (id: string, facts?: FaqFacts) =>
  answerFaq(facts)
    .find((entry) => entry.id === id)
    ?.answer.join(' ') ?? ''

describe('the compromise FAQ', () => {
  test('answers every question of the Auth0 pages', () => {
    deepEqual(
      answerFaq().map((entry) => entry.id),
      [
        'token-lifetime',
        'why-expire',
        'change-lifetime',
        'refresh-token',
        'revoke-token',
        'client-secret',
        'machine-client',
        'token-by-hand',
        'token-production',
        'token-frontend',
        'use-token',
      ],
    )
  })

  test('each answer has a command, a source and lines that fit 78 columns', () => {
    for (const entry of [...answerFaq(), ...answerFaq(FACTS)]) {
      ok(entry.commands.length > 0 && entry.sources.length > 0, entry.id)
      ok(
        entry.commands.some((command) => command.includes('stanch ')),
        entry.id,
      )
      for (const line of entry.answer) ok(line.length <= 78, `${entry.id}: ${line}`)
      ok(entry.question.endsWith('?') && entry.question.length <= 78)
    }
  })

  test('says both where the pages are out of date', () => {
    match(textOf('change-lifetime'), /Yes, today/)
    match(textOf('change-lifetime'), /Older pages say that it cannot be changed; they are out of date/)
    match(textOf('token-frontend'), /delete:current_user_metadata stands on older pages/)
  })

  test('never says that an access token can be revoked', () => {
    for (const entry of answerFaq(FACTS)) {
      ok(!/(revoke|revokes|revoked) (the|this|an|your) (access )?token/i.test(entry.answer.join(' ')), entry.id)
    }
    match(textOf('revoke-token'), /^No\./)
  })

  test("names this tenant's own lifetimes and does not invent the one it cannot read", () => {
    for (const id of ['token-lifetime', 'change-lifetime', 'revoke-token']) {
      const text = textOf(id, FACTS)
      match(text, /On acme\.eu\.auth0\.com today:/)
      match(text, /- Auth0 Management API: 86400 s \(1 d 0 h\)/)
      match(text, /- https:\/\/billing\.example: 7200 s \(2 h 00 m\)/)
      match(text, /- Hidden: not readable: up to 30 d/)
      ok(!/On \S+ today:/.test(textOf(id)), 'without a tenant there are no facts')
    }
    match(textOf('token-lifetime', {domain: 'acme.eu.auth0.com', lifetimes: []}), /no lifetime could be read .*30 days/)
  })

  test('uses the domain of the tenant in what is to be run', () => {
    const production = answerFaq(FACTS).find((entry) => entry.id === 'token-production')
    deepEqual(production?.commands, [
      'stanch token get --audience https://acme.eu.auth0.com/api/v2/',
      'stanch token get --audience https://acme.eu.auth0.com/api/v2/ --encoding json',
    ])
  })

  test('shows hostile names as text, cut to the line', () => {
    const hostile = {
      domain: 'a\u001b[2J.example',
      lifetimes: [{audience: `https://x/${'y'.repeat(500)}`, name: 'n\u202e\n## fake', token_lifetime: 60}],
    }
    for (const entry of answerFaq(hostile)) {
      for (const line of [...entry.answer, ...entry.commands]) {
        // oxlint-disable-next-line no-control-regex
        ok(!/[\u0000-\u001f\u202e]/.test(line), JSON.stringify(line))
      }
      for (const line of entry.answer) ok(line.length <= 78)
    }
    equal(textOf('token-lifetime', hostile).includes('n\\u202e\\u000a## fake: 60 s'), true)
  })
})
