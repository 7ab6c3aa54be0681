import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {answerFaq} from '../../src/incident/faq.ts'
import {findFaq} from '../../src/incident/find-faq.ts'
import {newHome, practiceTenant, stanch} from '../support/run-stanch.ts'

const idsFor = (asked: string) => findFaq(answerFaq(), asked).map((entry) => entry.id)

describe('finding a question', () => {
  test('an id chooses its own entry and nothing beside it', () => {
    for (const {id} of answerFaq()) deepEqual(idsFor(id), [id])
  })

  for (const [asked, id] of [
    ['can I revoke it', 'revoke-token'],
    ['what if the client secret leaked?', 'client-secret'],
    ['get a token from the frontend', 'token-frontend'],
    ['REFRESH', 'refresh-token'],
    ['use it in production', 'token-production'],
  ] as const) {
    test(`"${asked}" means ${id}`, () => ok(idsFor(asked).includes(id), idsFor(asked).join()))
  }

  for (const asked of ['', '   ', 'is it the token', 'zebra', '%%%', 'x'.repeat(5000)]) {
    test(`${JSON.stringify(asked.slice(0, 20))} chooses nothing`, () => deepEqual(idsFor(asked), []))
  }
})

describe('stanch faq', () => {
  test('answers offline, with no tenant in the result', async (t) => {
    const ran = await stanch(newHome(t), ['faq', 'revoke-token', '--json'])
    equal(ran.code, 0, ran.stderr)
    equal(ran.json()['tenant'], null)
    deepEqual(
      (ran.json()['answers'] as {id: string}[]).map((one) => one.id),
      ['revoke-token'],
    )
  })

  test('without a question lists them all', async (t) => {
    const ran = await stanch(newHome(t), ['faq'])
    for (const {id, question} of answerFaq()) match(ran.stdout, new RegExp(`^${id} +${question.replaceAll('?', '\\?')}$`, 'm'))
  })

  test('an unknown question is exit 2 and lists the ids', async (t) => {
    const ran = await stanch(newHome(t), ['faq', 'zebra', '--json'])
    equal(ran.code, 2)
    const {error} = ran.json() as {error: {code: string; hint: string}}
    equal(error.code, 'usage.invalid')
    for (const {id} of answerFaq()) ok(error.hint.includes(id))
  })

  test('a connected tenant puts its own lifetimes into the answer', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const ran = await stanch(home, ['faq', 'token-lifetime', '--json'], {env: tenant.connection})
    equal(ran.json()['tenant'], tenant.host)
    match(ran.stdout, /Ledger API: 7200 s/)
    equal(tenant.tenant.changes().length, 0)
  })

  test('a tenant that refuses the credential gives the general answer and says why', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const ran = await stanch(home, ['faq', 'token-lifetime', '--json'], {
      env: {...tenant.connection, AUTH0_CLIENT_SECRET: 'not-this-one'},
    })
    equal(ran.code, 0)
    equal(ran.json()['tenant'], null)
    match(ran.stderr, /could not be read/)
  })

  test('a connection that is set up wrongly is an error, not a general answer', async (t) => {
    const ran = await stanch(newHome(t), ['faq', 'token-lifetime'], {
      env: {AUTH0_DOMAIN: 'http://acme.example', AUTH0_CLIENT_ID: 'a', AUTH0_CLIENT_SECRET: 'b'},
    })
    equal(ran.code, 2)
    match(ran.stderr, /code config\.insecure/)
    equal((await stanch(newHome(t), ['faq', '--profile', 'nowhere'])).code, 2)
  })
})
