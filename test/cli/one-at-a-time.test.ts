import assert from 'node:assert/strict'
import {existsSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {suite, test} from 'node:test'
import type {TestContext} from 'node:test'

import {assertTrail, gapCodes, outcomes, scene} from '../support/incident.ts'
import type {Document, Scene} from '../support/incident.ts'
import {newHome, stanch} from '../support/run-stanch.ts'
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

suite('on two machines nobody rotates twice unaware', () => {
  /** The other responder, with a data folder of their own. */
  const other = (t: TestContext) => {
    const home = newHome(t)
    return {
      home,
      respond: async (at: Scene) => {
        const sink = path.join(home.folder, 'new-secret')
        const argv = ['--leak', 'client-secret', '--client', at.client_id, '--credential-file', at.leak.file]
        const ran = await stanch(
          home,
          ['respond', ...argv, '--deliver', `file:${sink}`, '--reason', 'the other one', '--yes', '--json'],
          {
            env: at.simulator.connection,
          },
        )
        return {code: ran.code, document: ran.json() as unknown as Document, sink}
      },
    }
  }
  /** Each announces its changes in its own trail only. */
  const TWO_TRAILS = {intentOnDisk: () => true, behaviour: {attacker: false, consumer: false}}

  test('the later one finds that it was done, rotates nothing and says that it has no secret to hand over', async (t) => {
    const at = await scene(t, TWO_TRAILS)
    const first = await at.respond()
    assert.equal(first.document.status, 'contained', first.stdout)
    const {code, document, sink} = await other(t).respond(at)
    assert.deepEqual([code, document.status], [6, 'partial'])
    assert.deepEqual(outcomes(document, 'client_secret.rotate'), ['already'])
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
    assert.equal(existsSync(sink), false)
    assert.equal(readFileSync(at.sink, 'utf8'), `${at.tenant.secretOf(at.client_id)}\n`)
  })

  test('two whose rotations cross cannot be kept apart: the last one is told of the other, and which secret works', async (t) => {
    let crossed: Awaited<ReturnType<ReturnType<typeof other>['respond']>> | undefined
    let begun = false
    const colleague = other(t)
    const at: Scene = await scene(t, {
      ...TWO_TRAILS,
      watch: async (phase, request) => {
        if (begun || phase !== 'arrived' || request.operation !== 'client_secret.rotate') return undefined
        begun = true
        crossed = await colleague.respond(at)
        return undefined
      },
    })
    const last = await at.respond()
    assert.ok(crossed)
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 2)
    assert.ok(gapCodes(last.document).includes('rotated_by_another'), last.stdout)
    assert.equal(readFileSync(at.sink, 'utf8'), `${at.tenant.secretOf(at.client_id)}\n`, 'the last one has the secret in force')
    // Who was done before is told by the watch.
    const {document} = crossed
    assert.deepEqual(outcomes(document, 'client_secret.rotate'), ['done'])
    const watched = await stanch(colleague.home, ['watch', String(document.incident_id), '--exit-code', '--json'], {
      env: at.simulator.connection,
    })
    assert.match(watched.stdout, /"verdict":"new_credential"/)
  })
})
