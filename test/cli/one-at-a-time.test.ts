import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {suite, test} from 'node:test'

import {assertTrail, scene} from '../support/incident.ts'
import type {Scene} from '../support/incident.ts'
import {Victim} from '../support/victim.ts'

function words(at: Scene): string[] {
  return ['--credential-file', at.leak.file, '--deliver', `file:${at.sink}`, '--yes']
}

function others(at: Scene): string[][] {
  const client = ['--client', at.client_id, '--reason', 'the other one']
  return [
    ['respond', '--leak', 'client-secret', ...client, ...words(at)],
    ['secret', 'rotate', ...client, '--credential-file', at.leak.file, '--deliver', `file:${at.sink}-2`, '--yes'],
    ['grant', 'delete', '--all', ...client, '--yes'],
    ['resume', ...words(at)],
  ]
}

suite('from one machine one process at a time works on a client', () => {
  test('while one rotates, every other one is told so before it sends a change; afterwards the way is free', async (t) => {
    const told: {code: number; error: string | undefined; message: string | undefined}[] = []
    let begun = false
    const at: Scene = await scene(t, {
      watch: async (phase, request) => {
        if (begun || phase !== 'arrived' || request.operation !== 'client_secret.rotate') return undefined
        begun = true
        for (const argv of others(at)) {
          const {code, document} = await at.run(argv)
          told.push({code, error: document.error?.code, message: document.error?.message})
        }
        return undefined
      },
    })
    const first = await at.respond()
    assert.equal(first.document.status, 'contained', first.stdout)
    assert.equal(told.length, 4)
    for (const one of told) {
      assert.deepEqual([one.code, one.error], [3, 'guard.live_incident'])
      assert.match(one.message ?? '', /at work on client .* right now\. Nothing was changed\.$/)
    }
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
    assertTrail(at)
    const later = await at.run(['grant', 'restore', '--incident', String(first.document.incident_id), '--yes'])
    assert.equal(later.document.status, 'restored', later.stdout)
  })

  test('two that resume a killed incident at once rotate once between them', async (t) => {
    const victim = new Victim((phase, request) => phase === 'arrived' && request.operation === 'client_secret.rotate')
    const at = await scene(t, {watch: victim.watch})
    const first = ['respond', '--leak', 'client-secret', '--client', at.client_id, '--reason', 'killed', ...words(at)]
    assert.equal(await victim.run(at, first), 'SIGKILL')
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 0)
    const both = await Promise.all([at.run(['resume', ...words(at)]), at.run(['resume', ...words(at)])])
    assert.ok(both.some((one) => one.document.status === 'contained'))
    for (const {document} of both)
      assert.ok(
        document.status === 'contained' || ['guard.live_incident', 'incident.unknown'].includes(document.error?.code ?? ''),
      )
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
    assert.equal(readFileSync(at.sink, 'utf8'), `${at.tenant.secretOf(at.client_id)}\n`)
    assertTrail(at)
  })
})
