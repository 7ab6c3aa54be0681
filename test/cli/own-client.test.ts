import assert from 'node:assert/strict'
import {readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {suite, test} from 'node:test'
import type {TestContext} from 'node:test'

import {OPERATOR_SCOPES} from '../../src/simulator/scenarios/landscape.ts'
import {assertAllClear, assertInvariants, assertTrail, outcomes, scene} from '../support/incident.ts'
import type {Scene, SceneOptions} from '../support/incident.ts'
import {Victim} from '../support/victim.ts'

/** What leaked is the credential that stanch is signed in with. */
async function ownLeak(
  t: TestContext,
  options: SceneOptions = {},
): Promise<{at: Scene; own: {client_id: string}; words: string[]}> {
  const at = await scene(t, options)
  const own = at.simulator.practice.operator
  const file = path.join(at.home.folder, 'own-secret')
  writeFileSync(file, own.client_secret, {mode: 0o600})
  const words = ['--credential-file', file, '--deliver', `file:${at.sink}`, '--yes']
  return {at, own, words}
}

function respondWords(client: string, words: readonly string[]): string[] {
  return ['respond', '--leak', 'client-secret', '--client', client, '--reason', 'our own secret leaked', ...words]
}

suite('the own credential leaked', () => {
  test('without --include-own nothing is touched', async (t) => {
    const {at, own, words} = await ownLeak(t)
    const ran = await at.run(respondWords(own.client_id, words))
    assert.equal(ran.code, 3)
    assert.match(ran.document.error?.code ?? '', /^guard\.own_/)
    assert.equal(at.tenant.changes().length, 0)
  })

  test('with it the responder cuts off the own access, is told so, and the way on is named', async (t) => {
    const {at, own, words} = await ownLeak(t)
    const ran = await at.run(respondWords(own.client_id, [...words, '--include-own']))
    const result = ran.document
    assert.equal(ran.code, 0, ran.stdout)
    assert.equal(result.status, 'contained')
    assertInvariants(result)
    assertTrail(at)
    assertAllClear({tenant: at.tenant, client_id: own.client_id}, result)
    assert.deepEqual(at.tenant.grants(own.client_id), [])
    assert.equal(at.tenant.count('client_secret.rotate', own.client_id), 1)
    assert.equal(readFileSync(at.sink, 'utf8'), `${at.tenant.secretOf(own.client_id)}\n`)
    assert.ok(
      result.next.some((one) => one.includes('signed in with this very client') && /until \d{4}-\d\d-\d\dT/.test(one)),
      result.next.join('\n'),
    )
    const restored = await at.run([
      'grant',
      'restore',
      '--incident',
      String(result.incident_id),
      '--restore-before-all-clear',
      '--yes',
    ])
    assert.equal(restored.code, 4, 'the old secret opens nothing any more')
    const other = at.simulator.withToken(OPERATOR_SCOPES)
    const again = await at.run(
      ['grant', 'restore', '--incident', String(result.incident_id), '--restore-before-all-clear', '--include-own', '--yes'],
      {connection: other},
    )
    assert.equal(again.document.status, 'restored', again.stdout)
  })

  test('the answer to the own rotation is lost with the process: another credential goes on, nothing is rotated again', async (t) => {
    const victim = new Victim((phase, request) => phase === 'effect' && request.operation === 'client_secret.rotate')
    const {at, own, words} = await ownLeak(t, {watch: victim.watch})
    assert.equal(await victim.run(at, respondWords(own.client_id, [...words, '--include-own'])), 'SIGKILL')
    at.tenant.clock.advance(60)
    const refused = await at.run(['resume', ...words, '--include-own'])
    assert.equal(refused.code, 4, 'the secret that stanch was signed in with is dead')
    const ran = await at.run(['resume', ...words, '--include-own'], {connection: at.simulator.withToken(OPERATOR_SCOPES)})
    assert.equal(ran.document.status, 'contained', ran.stdout)
    assert.deepEqual(outcomes(ran.document, 'client_secret.rotate'), ['done'])
    assert.equal(at.tenant.count('client_secret.rotate', own.client_id), 1)
    assert.equal(readFileSync(at.sink, 'utf8'), `${at.tenant.secretOf(own.client_id)}\n`)
    assertTrail(at)
  })
})
