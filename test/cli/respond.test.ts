import assert from 'node:assert/strict'
import {existsSync, readFileSync, readdirSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {suite, test} from 'node:test'

import {INVOICES, LEDGER, OPERATOR_SCOPES} from '../../src/simulator/scenarios/landscape.ts'
import {
  assertAllClear,
  assertInvariants,
  assertNoSecrets,
  assertTrail,
  gapCodes,
  outcomes,
  scene,
  verdicts,
  takeGrants,
  withoutStanch,
} from '../support/incident.ts'
import type {Document, Finished, Scene} from '../support/incident.ts'

/** Nothing of the tenant was touched, and nothing of the machine was written. */
function assertNothingSent(at: Scene): void {
  assert.deepEqual(at.requests, [])
}

function assertUnchanged(at: Scene): void {
  assert.deepEqual(at.tenant.changes(), [])
}

/** What must hold after every end-to-end run that had a plan. */
function assertSound(at: Scene, ran: Finished, deliveries: readonly string[] = [at.sink]): Document {
  assertInvariants(ran.document)
  assertTrail(at)
  assertNoSecrets(at, [ran], deliveries)
  assert.equal(ran.stdout.trim().startsWith('{'), true)
  return ran.document
}

function order(at: Scene): string[] {
  return at.tenant.changes().map((change) => change.operation)
}

suite('respond, unattended, on every practice scenario', {concurrency: 2}, () => {
  test('a leaked client secret: grants off, then rotated, handed over, proven, dated', async (t) => {
    const at = await scene(t)
    const ran = await at.respond()
    const result = assertSound(at, ran)
    assert.equal(ran.code, 0, ran.stderr)
    assert.equal(result.status, 'contained')
    assert.equal(result.simulated, true)
    assert.equal(result.error, undefined)
    assert.deepEqual(order(at), ['client_grant.delete', 'client_grant.delete', 'client_grant.delete', 'client_secret.rotate'])
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
    assert.deepEqual(at.tenant.grants(at.client_id), [])
    assert.equal(readFileSync(at.sink, 'utf8'), `${at.tenant.secretOf(at.client_id)}\n`)
    assert.equal(statSync(at.sink).mode & 0o777, 0o600)
    assert.deepEqual(verdicts(result), {
      old_secret_refused: 'proven',
      new_secret_accepted: 'proven',
      new_tokens_refused: 'proven',
      grants_absent: 'proven',
    })
    assert.equal(result.proof.filter((one) => one.claim === 'new_tokens_refused').length, 3)
    for (const proof of result.proof.filter((one) => one.claim.endsWith('_refused'))) assert.ok(proof.probes >= 3)
    assert.equal(at.tenant.count('token', at.client_id), 0, 'no probe minted a token')
    assert.equal(result.exposure.all_clear.state, 'open')
    assertAllClear(at, result)
    assert.equal(result.audit?.checkpoint.startsWith('stanch.local/'), true)
    assert.match(result.next.join('\n'), /stanch grant restore --incident inc-/)
  })

  test('a leaked Management API token that can read secrets: its grant goes, and the secret too', async (t) => {
    const at = await scene(t, {scenario: 'management-token'})
    const ran = await at.respond()
    const result = assertSound(at, ran)
    assert.equal(ran.code, 0, ran.stderr)
    assert.equal(result.status, 'contained')
    assert.deepEqual(order(at), ['client_grant.delete', 'client_secret.rotate'])
    assert.equal(at.tenant.grants(at.client_id).length, 2)
    assert.ok(gapCodes(result).includes('token_can_reopen'))
    assert.match(result.next[0] ?? '', /read:client_keys.*rotate again then/)
    assertAllClear(at, result)
  })

  test('a leaked Management API token that can read no secret: its grant goes, and the all clear is its own exp', async (t) => {
    const at = await scene(t, {scenario: 'management-token'})
    const token = at.tenant.issueToken({client_id: at.client_id, scope: 'read:users', age: 3000})
    writeFileSync(at.leak.file, token)
    const exp = (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {exp: number}).exp
    const ran = await at.respond('--deliver', `file:${at.sink}`)
    const result = assertSound(at, ran)
    assert.equal(result.status, 'contained', ran.stdout)
    assert.equal(ran.code, 0)
    assert.deepEqual(order(at), ['client_grant.delete'])
    assert.equal(existsSync(at.sink), false, 'nothing was rotated, so nothing was handed over')
    assert.equal(Date.parse(result.exposure.all_clear.worst_case_at) / 1000, exp)
  })

  test('a client with user grants, organisation ties and logins: what is not bounded is said', async (t) => {
    const at = await scene(t, {scenario: 'user-grant'})
    const ran = await at.respond()
    const result = assertSound(at, ran)
    assert.equal(result.status, 'contained')
    assert.deepEqual(
      at.tenant.grants(at.client_id).map((grant) => grant['subject_type']),
      ['user'],
    )
    assert.ok(gapCodes(result).includes('refresh_tokens'))
    assert.ok(gapCodes(result).includes('user_tokens'))
  })

  test('user grants go only when asked for', async (t) => {
    const at = await scene(t, {scenario: 'user-grant'})
    const ran = await at.respond('--include-user-grants')
    assert.equal(assertSound(at, ran).status, 'contained')
    assert.deepEqual(at.tenant.grants(at.client_id), [])
  })

  test('a third-party client falls back to a default grant: partial, the path is named, no token is minted to find out', async (t) => {
    const at = await scene(t, {scenario: 'third-party-default'})
    const ran = await at.respond()
    const result = assertSound(at, ran)
    assert.equal(ran.code, 6)
    assert.equal(result.status, 'partial')
    assert.equal(verdicts(result)['new_tokens_refused'], 'not_proven')
    assert.equal(verdicts(result)['old_secret_refused'], 'proven')
    assert.match(result.next.join('\n'), /still open: the default grant cgr_\w+ for third-party applications on/)
    assert.equal(at.tenant.count('token', at.client_id), 0)
    assertAllClear(at, result)
  })

  test('a third-party client reaches APIs by default grants alone: they count into the all clear', async (t) => {
    const at = await scene(t, {scenario: 'third-party-default'})
    at.tenant.addGrant({default_for: 'third_party_clients', audience: LEDGER, scope: ['post:entries']})
    const result = assertSound(at, await at.respond())
    assert.deepEqual(
      result.exposure.audiences.map((one) => one.audience),
      [INVOICES, LEDGER],
    )
  })

  test('a credential that may not rotate stops before anything is changed', async (t) => {
    const at = await scene(t, {scenario: 'missing-scope'})
    const ran = await at.respond()
    assert.equal(ran.code, 4)
    assert.equal(ran.document.error?.code, 'auth0.scope_missing')
    assert.match(ran.document.error?.message ?? '', /update:client_keys/)
    assertUnchanged(at)
    assert.deepEqual(
      at.records().filter((record) => ['incident.open', 'intent', 'plan'].includes(record.kind)),
      [],
    )
    assertNoSecrets(at, [ran])
  })

  test('what that credential may do it does: grants only', async (t) => {
    const at = await scene(t, {scenario: 'missing-scope'})
    const ran = await at.respond('--no-rotate')
    const result = assertSound(at, ran)
    assert.equal(ran.code, 0, ran.stdout)
    assert.equal(result.status, 'contained')
    assert.equal(verdicts(result)['old_secret_refused'], undefined)
    assert.equal(at.tenant.secretOf(at.client_id), at.leak.value)
  })

  test('a leaked private key is answered by its runbook, and nothing is sent', async (t) => {
    const at = await scene(t, {scenario: 'private-key'})
    const ran = await at.respond()
    assert.equal(ran.code, 2)
    assert.match(ran.document.error?.hint ?? '', /stanch runbook show private-key/)
    assertNothingSent(at)
  })

  test('a client that proves itself with a key is not rotated', async (t) => {
    const at = await scene(t, {scenario: 'private-key'})
    const ran = await at.run([
      'respond',
      '--leak',
      'client-secret',
      '--client',
      at.client_id,
      '--reason',
      'x',
      '--yes',
      '--deliver',
      `file:${at.sink}`,
    ])
    assert.equal(ran.code, 2)
    assertUnchanged(at)
    assertNoSecrets(at, [ran])
  })
})

suite('choices', {concurrency: 2}, () => {
  test('--keep-grants rotates only; grants and their tokens stay', async (t) => {
    const at = await scene(t)
    const ran = await at.respond('--keep-grants')
    const result = assertSound(at, ran)
    assert.equal(ran.code, 0)
    assert.equal(result.status, 'contained')
    assert.deepEqual(order(at), ['client_secret.rotate'])
    assert.equal(at.tenant.grants(at.client_id).length, 3)
    assert.deepEqual(Object.keys(verdicts(result)).sort(), ['new_secret_accepted', 'old_secret_refused'])
    assertAllClear(at, result)
  })

  test('--no-rotate without a secret to ask with: what was not asked is not proven', async (t) => {
    const at = await scene(t)
    const ran = await at.run(
      ['respond', '--leak', 'client-secret', '--client', at.client_id, '--reason', 'x', '--yes', '--no-rotate'],
      {connection: at.simulator.withToken(OPERATOR_SCOPES.filter((scope) => scope !== 'read:client_keys'))},
    )
    const result = assertSound(at, ran)
    assert.equal(ran.code, 6)
    assert.equal(result.status, 'partial')
    assert.equal(verdicts(result)['new_tokens_refused'], 'not_proven')
    assert.match(result.next.join('\n'), /stanch resume inc-\S+ --credential-file FILE/)
  })

  test('--keep-grants with --no-rotate changes nothing and claims nothing', async (t) => {
    const at = await scene(t)
    const ran = await at.respond('--keep-grants', '--no-rotate')
    assert.notEqual(ran.document.status, 'contained')
    assertUnchanged(at)
  })

  test('a window shorter than the propagation proves nothing, and is no failure', async (t) => {
    const at = await scene(t, {behaviour: {secret_propagation_seconds: 25}})
    const ran = await at.respond('--verify-window', '5s')
    const result = assertSound(at, ran)
    assert.equal(ran.code, 6)
    assert.equal(result.status, 'partial')
    assert.equal(verdicts(result)['old_secret_refused'], 'not_proven')
    assert.ok(gapCodes(result).includes('window_too_short'))
    assertAllClear(at, result, 'whenever')
  })

  test('--method set makes, seals and sets a secret of our own', async (t) => {
    const at = await scene(t)
    const ran = await at.respond('--method', 'set')
    const folder = path.join(at.home.data, 'incidents', String(ran.document.incident_id))
    const sealed = readdirSync(folder).map((name) => path.join(folder, name))
    const result = assertSound(at, ran, [at.sink, ...sealed])
    assert.equal(ran.code, 0, ran.stdout)
    assert.equal(result.status, 'contained')
    assert.equal(at.tenant.count('client_secret.set', at.client_id), 1)
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 0)
    assert.equal(readFileSync(at.sink, 'utf8'), `${at.tenant.secretOf(at.client_id)}\n`)
  })

  test('a delivery that fails after the rotation: the secret is in the incident folder, and the status is partial', async (t) => {
    const at = await scene(t)
    const ran = await at.respond('--deliver', 'exec:["/bin/false"]')
    const folder = path.join(at.home.data, 'incidents', String(ran.document.incident_id))
    const kept = readdirSync(folder)
      .filter((name) => name.startsWith('new-secret-'))
      .map((name) => path.join(folder, name))
    const result = assertSound(at, ran, kept)
    assert.equal(ran.code, 6)
    assert.equal(result.status, 'partial')
    assert.equal(result.delivery?.result, 'failed')
    assert.equal(readFileSync(kept[0] ?? '', 'utf8'), `${at.tenant.secretOf(at.client_id)}\n`)
    assert.equal(statSync(kept[0] ?? '').mode & 0o777, 0o600)
    assert.match(result.next[0] ?? '', /stanch secret deliver --incident inc-/)
  })
})

suite('nothing is sent before it is clear that all is there', {concurrency: 2}, () => {
  const refused: readonly [string, (at: Scene) => readonly string[], string, number][] = [
    [
      'without a reason',
      (at) => ['respond', '--leak', 'client-secret', '--client', at.client_id, '--yes', '--deliver', `file:${at.sink}`],
      'usage.missing_reason',
      2,
    ],
    [
      'without a sink',
      (at) => ['respond', '--leak', 'client-secret', '--client', at.client_id, '--yes', '--reason', 'x'],
      'usage.missing_sink',
      2,
    ],
    [
      'without consent',
      (at) => ['respond', '--leak', 'client-secret', '--client', at.client_id, '--reason', 'x', '--deliver', `file:${at.sink}`],
      'consent.missing',
      3,
    ],
    [
      'without a kind of leak',
      (at) => ['respond', '--client', at.client_id, '--yes', '--reason', 'x', '--deliver', `file:${at.sink}`],
      'usage.missing_flag',
      2,
    ],
    [
      'with the prompt as the sink of nobody',
      (at) => ['respond', '--leak', 'client-secret', '--client', at.client_id, '--yes', '--reason', 'x', '--deliver', 'prompt'],
      'usage.missing_sink',
      2,
    ],
    [
      'with a sink that is none',
      (at) => ['respond', '--leak', 'client-secret', '--client', at.client_id, '--yes', '--reason', 'x', '--deliver', 'mail:me'],
      'sink.invalid',
      2,
    ],
    [
      'with a leaked value that cannot be read',
      (at) => [
        'respond',
        '--leak',
        'client-secret',
        '--client',
        at.client_id,
        '--yes',
        '--reason',
        'x',
        '--deliver',
        `file:${at.sink}`,
        '--credential-file',
        '/nonexistent',
      ],
      'input.unreadable',
      2,
    ],
    [
      'with a runbook of the working directory',
      (at) => [
        'respond',
        '--leak',
        'client-secret',
        '--client',
        at.client_id,
        '--yes',
        '--reason',
        'x',
        '--deliver',
        `file:${at.sink}`,
        '--runbook',
        'mine',
      ],
      'usage.invalid',
      2,
    ],
    [
      'grant delete without consent',
      (at) => ['grant', 'delete', '--client', at.client_id, '--all', '--reason', 'x'],
      'consent.missing',
      3,
    ],
    [
      'grant delete that does not say which',
      (at) => ['grant', 'delete', '--client', at.client_id, '--yes', '--reason', 'x'],
      'usage.missing_flag',
      2,
    ],
    [
      'secret rotate without a sink',
      (at) => ['secret', 'rotate', '--client', at.client_id, '--yes', '--reason', 'x'],
      'usage.missing_sink',
      2,
    ],
    ['a plan that is no file', () => ['execute', '/nonexistent', '--yes', '--reason', 'x'], 'input.unreadable', 2],
  ]
  for (const [title, words, code, exit] of refused) {
    test(title, async (t) => {
      const at = await scene(t)
      const ran = await at.run(words(at))
      assert.equal(ran.document.error?.code, code)
      assert.equal(ran.code, exit)
      assertNothingSent(at)
      assert.equal(existsSync(path.join(at.home.data, 'trail-sim')), false)
    })
  }

  test('a sink whose file is taken, or whose folder is missing, is refused before the first change', async (t) => {
    const at = await scene(t)
    writeFileSync(at.sink, 'somebody else\n')
    const taken = await at.respond()
    assert.equal(taken.document.error?.code, 'sink.invalid')
    assert.equal(taken.code, 2)
    const missing = await at.respond('--deliver', `file:${path.join(at.home.folder, 'no', 'such')}`)
    assert.equal(missing.code, 2)
    assertUnchanged(at)
    assert.equal(readFileSync(at.sink, 'utf8'), 'somebody else\n')
  })
})

suite('guardrails', {concurrency: 2}, () => {
  test('the own client is not touched', async (t) => {
    const at = await scene(t)
    const own = at.simulator.practice.operator.client_id
    const ran = await at.run([
      'respond',
      '--leak',
      'client-secret',
      '--client',
      own,
      '--reason',
      'x',
      '--yes',
      '--deliver',
      `file:${at.sink}`,
    ])
    assert.equal(ran.code, 3)
    assert.equal(ran.document.error?.code, 'guard.own_client')
    assertUnchanged(at)
    assertNoSecrets(at, [ran])
  })

  test('nor by grant delete and secret rotate', async (t) => {
    const at = await scene(t)
    const own = at.simulator.practice.operator.client_id
    for (const words of [
      ['grant', 'delete', '--all'],
      ['secret', 'rotate', '--deliver', `file:${at.sink}`],
    ]) {
      const ran = await at.run([...words, '--client', own, '--reason', 'x', '--yes'])
      assert.equal(ran.code, 3)
      assert.equal(ran.document.error?.code, 'guard.own_client')
    }
    assertUnchanged(at)
  })

  test('the leaked credential is no credential to respond with', async (t) => {
    const at = await scene(t)
    at.tenant.grants(at.client_id)
    const connection = {AUTH0_DOMAIN: at.simulator.origin, AUTH0_CLIENT_ID: at.client_id, AUTH0_CLIENT_SECRET: at.leak.value}
    const other = at.simulator.practice.operator.client_id
    const ran = await at.run(
      [
        'respond',
        '--leak',
        'client-secret',
        '--client',
        other,
        '--credential-file',
        at.leak.file,
        '--reason',
        'x',
        '--yes',
        '--deliver',
        `file:${at.sink}`,
      ],
      {connection},
    )
    assert.equal(ran.code, 3)
    assert.equal(ran.document.error?.code, 'guard.own_credential')
    assertUnchanged(at)
  })

  test('the cap holds, and says what it would take', async (t) => {
    const at = await scene(t)
    const ran = await at.respond('--max-actions', '3')
    assert.equal(ran.code, 3)
    assert.equal(ran.document.error?.code, 'guard.too_many_actions')
    assert.match(ran.document.error?.hint ?? '', /--max-actions 4/)
    assertUnchanged(at)
  })

  test('a second incident on a client with a live one is refused, naming it', async (t) => {
    const at = await scene(t)
    const first = await at.respond('--verify-window', '5s')
    assert.equal(first.document.status, 'partial')
    const before = at.tenant.changes().length
    const second = await at.respond('--deliver', `file:${at.sink}2`)
    assert.equal(second.code, 3)
    assert.equal(second.document.error?.code, 'guard.live_incident')
    assert.match(second.document.error?.hint ?? '', new RegExp(`stanch resume ${first.document.incident_id}`))
    assert.equal(at.tenant.changes().length, before)
  })

  test('a client that is not there ends it before a trail is opened', async (t) => {
    const at = await scene(t)
    const ran = await at.run([
      'respond',
      '--leak',
      'client-secret',
      '--client',
      'nobody',
      '--reason',
      'x',
      '--yes',
      '--deliver',
      `file:${at.sink}`,
    ])
    assert.equal(ran.code, 2)
    assert.equal(ran.document.error?.code, 'auth0.not_found')
    assertUnchanged(at)
  })

  test('a grant whose organisation ties cannot be saved is not deleted', async (t) => {
    const at = await scene(t, {scenario: 'user-grant'})
    const connection = at.simulator.withToken(OPERATOR_SCOPES.filter((scope) => scope !== 'read:organization_client_grants'))
    const words = [
      'respond',
      '--leak',
      'client-secret',
      '--client',
      at.client_id,
      '--reason',
      'x',
      '--yes',
      '--deliver',
      `file:${at.sink}`,
    ]
    const ran = await at.run(words, {connection})
    assert.equal(ran.code, 3)
    assert.equal(ran.document.error?.code, 'guard.organization_ties')
    assertUnchanged(at)
    const kept = await at.run([...words, '--keep-grants'], {connection})
    assert.deepEqual(outcomes(kept.document, 'client_secret.rotate'), ['done'])
  })

  test('a system grant is left, and the path it keeps open is named', async (t) => {
    const at = await scene(t)
    const id = at.tenant.addGrant({client_id: at.client_id, audience: `${at.simulator.origin}/me/`, scope: [], is_system: true})
    const ran = await at.respond('--no-rotate')
    const result = assertSound(at, ran)
    assert.equal(ran.code, 6)
    assert.equal(result.status, 'partial')
    assert.match(result.next.join('\n'), new RegExp(`still open: grant ${id} .*system grant`))
    assert.deepEqual(
      at.tenant.grants(at.client_id).map((grant) => grant['id']),
      [id],
    )
  })

  test("somebody else's rotation since the leak is not repeated", async (t) => {
    const at = await scene(t)
    await withoutStanch(at, 'POST', `clients/${at.client_id}/rotate-secret`)
    at.tenant.clock.advance(60)
    const ran = await at.respond()
    const result = ran.document
    assertInvariants(result)
    assert.deepEqual(outcomes(result, 'client_secret.rotate'), ['already'])
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
    assert.equal(verdicts(result)['old_secret_refused'], 'proven')
    assert.ok(at.records().some((record) => record.kind === 'decision' && record['question'] === 'rotation.already'))
    assertNoSecrets(at, [ran])
  })

  test('the same command a second time leaves the new secret alone; a leak after the rotation does not', async (t) => {
    const ago = (at: Scene, seconds: number) => ['--leaked-at', new Date((at.tenant.clock.now() - seconds) * 1000).toISOString()]
    for (const [minutes, leaked, outcome] of [
      [1, undefined, 'already'],
      [120, 10_800, 'already'],
      [120, 600, 'done'],
      [120, undefined, 'done'],
    ] as const) {
      const at = await scene(t)
      assert.equal((await at.respond()).code, 0)
      const inForce = at.tenant.secretOf(at.client_id)
      at.tenant.clock.advance(minutes * 60)
      const again = await at.respond('--deliver', `file:${at.sink}-2`, ...(leaked === undefined ? [] : ago(at, leaked)))
      assertInvariants(again.document)
      assert.deepEqual(outcomes(again.document, 'client_secret.rotate'), [outcome], again.stderr)
      assert.equal(verdicts(again.document)['old_secret_refused'], 'proven')
      assert.equal(at.tenant.secretOf(at.client_id) === inForce, outcome === 'already')
      const asked = at.records().filter((record) => record.kind === 'decision' && record['question'] === 'rotation.already')
      assert.deepEqual(
        asked.map((record) => record['answer']),
        outcome === 'already' ? ['already'] : [],
      )
    }
  })

  test('a leaked value that was not in force proves nothing about the rotation', async (t) => {
    for (const reads of [true, false]) {
      const at = await scene(t)
      writeFileSync(at.leak.file, 'x'.repeat(64))
      const connection = reads
        ? at.simulator.connection
        : at.simulator.withToken(OPERATOR_SCOPES.filter((scope) => scope !== 'read:client_keys'))
      const ran = await at.run(
        [
          'respond',
          '--leak',
          'client-secret',
          '--client',
          at.client_id,
          '--credential-file',
          at.leak.file,
          '--reason',
          'x',
          '--yes',
          '--deliver',
          `file:${at.sink}`,
        ],
        {connection},
      )
      assertInvariants(ran.document)
      // With the fingerprint read the true old secret is probed; without it there is nothing to probe with.
      assert.equal(verdicts(ran.document)['old_secret_refused'], reads ? 'proven' : 'not_proven')
      assert.equal(gapCodes(ran.document).includes('leaked_not_in_force'), true, 'the wrong value is named')
    }
  })
})

suite('an incident that goes on', {concurrency: 2}, () => {
  test('a grant that came back: resume stops, grant delete takes it, and the incident is contained', async (t) => {
    let probes = 0
    const at = await scene(t, {
      watch: (phase, request) => {
        if (phase !== 'arrived' || request.operation !== 'token' || at.tenant.count('client_secret.rotate') === 0) return
        probes += 1
        if (probes === 6) at.tenant.addGrant({client_id: at.client_id, audience: INVOICES, scope: ['read:invoices']})
      },
    })
    const first = await at.respond()
    const id = String(first.document.incident_id)
    assert.equal(first.document.status, 'partial')
    assert.match(
      first.document.next.join('\n'),
      new RegExp(`stanch grant delete --client ${at.client_id} --all --incident ${id}`),
    )
    const stopped = await at.run(['resume', id, '--yes', '--credential-file', at.leak.file])
    assert.equal(stopped.document.error?.code, 'guard.tenant_moved')
    const taken = await at.run(takeGrants(at, id))
    assert.equal(assertSound(at, taken).status, 'contained')
    assert.equal(taken.document.exposure.audiences.length, 3, 'the APIs of the grants that went before count still')
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
    assertAllClear(at, taken.document, 'whenever')
    assertNoSecrets(at, [first, stopped, taken])
  })

  test('a window that was too short: resume keeps to the confirmed one, secret verify takes its time; nothing is changed', async (t) => {
    const at = await scene(t)
    const first = await at.respond('--verify-window', '5s')
    assert.equal(first.document.status, 'partial')
    const before = at.tenant.changes().length
    const plain = await at.run(['resume', String(first.document.incident_id), '--credential-file', at.leak.file])
    assert.equal(at.tenant.changes().length, before)
    assert.equal(plain.document.status, 'partial', 'the window is part of the plan that was confirmed')
    assert.match(first.document.next.join('\n'), /stanch secret verify --client/)
    const verified = await at.run(['secret', 'verify', '--client', at.client_id, '--credential-file', at.leak.file])
    assert.equal(verified.code, 0, verified.stdout)
    assert.equal(at.tenant.changes().length, before)
    assertTrail(at)
  })

  test('an incident that is not there, or none that is unfinished', async (t) => {
    const at = await scene(t)
    const none = await at.run(['resume'])
    assert.equal(none.code, 2)
    assert.equal(none.document.error?.code, 'incident.unknown')
    const other = await at.run(['resume', 'inc-20260101-abcdef'])
    assert.equal(other.code, 2)
    assertUnchanged(at)
  })
})

suite('dry run', {concurrency: 2}, () => {
  for (const [title, words] of [
    [
      'respond',
      (at: Scene) => ['respond', '--leak', 'client-secret', '--client', at.client_id, '--credential-file', at.leak.file],
    ],
    ['grant delete', (at: Scene) => ['grant', 'delete', '--client', at.client_id, '--all']],
    ['secret rotate', (at: Scene) => ['secret', 'rotate', '--client', at.client_id]],
  ] as const) {
    test(`${title}: reads and one token request, no probe, no record`, async (t) => {
      const at = await scene(t)
      const ran = await at.run([...words(at), '--dry-run'])
      assert.equal(ran.code, 0, ran.stdout)
      assert.equal(ran.document.status, 'planned')
      assert.equal(ran.document.incident_id, undefined)
      assert.ok(ran.document.actions.every((action) => action.outcome === 'not_attempted'))
      assert.deepEqual(ran.document.proof, [])
      assertInvariants(ran.document)
      assertUnchanged(at)
      assert.ok(at.requests.length > 3)
      assert.deepEqual([...new Set(at.requests.filter((one) => one.operation !== 'token').map((one) => one.method))], ['GET'])
      assert.equal(at.requests.filter((one) => one.operation === 'token').length, 1)
      assert.equal(
        at.tenant
          .logs()
          .some(
            (entry) =>
              ['feccft', 'feacft', 'mgmt_api_read'].includes(String(entry['type'])) &&
              entry['client_id'] === at.client_id &&
              entry['ip'] === '127.0.0.1',
          ),
        false,
      )
      assert.equal(existsSync(path.join(at.home.data, 'trail-sim')), false)
      assert.equal(existsSync(path.join(at.home.data, 'incidents')), false)
      assertNoSecrets(at, [ran])
    })
  }
})

suite('single-purpose commands', {concurrency: 2}, () => {
  test('grant delete: one API, proven, and given back in words', async (t) => {
    const at = await scene(t)
    const ran = await at.run([
      'grant',
      'delete',
      '--client',
      at.client_id,
      '--audience',
      INVOICES,
      '--reason',
      'x',
      '--yes',
      '--credential-file',
      at.leak.file,
    ])
    const result = assertSound(at, ran)
    assert.deepEqual(order(at), ['client_grant.delete'])
    assert.equal(
      at.tenant.grants(at.client_id).some((grant) => grant['audience'] === INVOICES),
      false,
    )
    assert.equal(verdicts(result)['new_tokens_refused'], 'proven')
    assert.equal(result.exposure.audiences.find((one) => one.audience === INVOICES)?.contained_at === undefined, false)
    assert.equal(result.exposure.audiences.find((one) => one.audience === LEDGER)?.contained_at, undefined)
    // Done and proven, but what leaked still gets tokens for the other two.
    assert.equal(ran.code, 6, ran.stdout)
    assert.equal(result.next.filter((one) => one.startsWith('still open: grant')).length, 2)
  })

  test('grant delete of what is not there is an error, not a success', async (t) => {
    const at = await scene(t)
    const ran = await at.run(['grant', 'delete', '--client', at.client_id, '--grant', 'cgr_none', '--reason', 'x', '--yes'])
    assert.equal(ran.document.error?.code, 'auth0.not_found')
    assert.equal(ran.code, 2)
    assertUnchanged(at)
  })

  for (const method of ['rotate', 'set'] as const) {
    test(`secret rotate --method ${method}`, async (t) => {
      const at = await scene(t)
      const ran = await at.run([
        'secret',
        'rotate',
        '--client',
        at.client_id,
        '--method',
        method,
        '--reason',
        'x',
        '--yes',
        '--deliver',
        `file:${at.sink}`,
      ])
      const folder = path.join(at.home.data, 'incidents', String(ran.document.incident_id))
      const result = assertSound(at, ran, [
        at.sink,
        ...(existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : []),
      ])
      assert.equal(ran.code, 0, ran.stdout)
      assert.equal(result.status, 'contained')
      assert.deepEqual(
        order(at),
        [method === 'set' ? 'client_secret.set' : 'client_secret.rotate'].map((one) =>
          one === 'client_secret.set' ? at.tenant.changes()[0]?.operation : one,
        ),
      )
      assert.equal(at.tenant.count(`client_secret.${method}`, at.client_id), 1)
      assert.equal(readFileSync(at.sink, 'utf8'), `${at.tenant.secretOf(at.client_id)}\n`)
    })
  }
})

suite('plan, then execute', {concurrency: 2}, () => {
  async function planned(at: Scene): Promise<{file: string; hash: string; ran: Finished}> {
    const file = path.join(at.home.folder, 'plan.json')
    const ran = await at.run(['plan', '--leak', 'client-secret', '--client', at.client_id, '-o', file])
    assert.equal(ran.code, 0, ran.stdout)
    return {file, hash: (ran.document as unknown as {plan_hash: string}).plan_hash, ran}
  }
  const execute = (at: Scene, file: string, ...more: string[]) =>
    at.run([
      'execute',
      file,
      '--reason',
      'x',
      '--yes',
      '--deliver',
      `file:${at.sink}`,
      '--credential-file',
      at.leak.file,
      ...more,
    ])

  test('plan sends reads only; execute carries out exactly that', async (t) => {
    const at = await scene(t)
    const {file, hash, ran: plan} = await planned(at)
    assertUnchanged(at)
    assert.equal(existsSync(path.join(at.home.data, 'trail-sim')), false)
    const ran = await execute(at, file, '--plan-hash', hash)
    const result = assertSound(at, ran)
    assertNoSecrets(at, [plan])
    assert.equal(ran.code, 0, ran.stdout)
    assert.equal(result.status, 'contained')
    assert.equal(result.plan_hash, hash)
  })

  test('the same tenant gives the same hash, and an existing file is left alone', async (t) => {
    const at = await scene(t)
    const {file, hash} = await planned(at)
    at.tenant.clock.advance(120)
    const again = await at.run(['plan', '--leak', 'client-secret', '--client', at.client_id])
    assert.equal((again.document as unknown as {plan_hash: string}).plan_hash, hash)
    const text = readFileSync(file, 'utf8')
    const refused = await at.run(['plan', '--leak', 'client-secret', '--client', at.client_id, '-o', file])
    assert.notEqual(refused.code, 0)
    assert.equal(readFileSync(file, 'utf8'), text)
  })

  test('another hash, or a changed file, is refused before anything is sent', async (t) => {
    const at = await scene(t)
    const {file, hash} = await planned(at)
    at.requests.length = 0
    const other = await execute(at, file, '--plan-hash', '0'.repeat(64))
    assert.equal(other.document.error?.code, 'plan.hash_mismatch')
    assert.equal(other.code, 3)
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"verify_window_seconds": 40/, '"verify_window_seconds": 5'))
    const changed = await execute(at, file, '--plan-hash', hash)
    assert.equal(changed.document.error?.code, 'plan.hash_mismatch')
    writeFileSync(file, '{"plan": 1}')
    assert.equal((await execute(at, file)).document.error?.code, 'plan.invalid')
    assertNothingSent(at)
  })

  test('a tenant that has moved stops it: a grant gone, a grant added, a grant changed', async (t) => {
    const moves: ((at: Scene) => void)[] = [
      (at) => at.tenant.removeGrant(String(at.tenant.grants(at.client_id)[0]?.['id'])),
      (at) => void at.tenant.addGrant({client_id: at.client_id, audience: `${at.simulator.origin}/other`, scope: []}),
      (at) => {
        const [grant] = [...at.tenant.world.grants.values()].filter((one) => one.wire.client_id === at.client_id)
        if (grant) grant.wire['scope'] = ['read:everything']
      },
    ]
    for (const move of moves) {
      const at = await scene(t)
      const {file} = await planned(at)
      move(at)
      const ran = await execute(at, file)
      assert.equal(ran.code, 3)
      assert.equal(ran.document.error?.code, 'guard.tenant_moved')
      assertUnchanged(at)
    }
  })

  test('a plan for another tenant is refused there', async (t) => {
    const [at, elsewhere] = [await scene(t), await scene(t)]
    const {file} = await planned(at)
    const ran = await execute(elsewhere, file)
    assert.equal(ran.code, 3)
    assert.equal(ran.document.error?.code, 'guard.tenant_moved')
    assertUnchanged(elsewhere)
  })
})
