import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'
import type {TestContext} from 'node:test'

import {readTrail} from '../../src/trail/read-trail.ts'
import {contained, fileOf, run} from '../support/cli.ts'
import {newHome, practiceTenant} from '../support/run-stanch.ts'
import type {Home, PracticeTenant} from '../support/run-stanch.ts'

const records = (home: Home): any[] => [...readTrail(path.join(home.data, 'trail-sim'))]

async function vkeyOf(home: Home): Promise<string> {
  return ((await run(home, ['audit', 'key', 'show', '--simulated', '--json'])).json() as any).vkey
}

describe('a second responder on a second machine', () => {
  test('countersigns the trail by text pasted both ways, again after it grew, and refuses it after a rollback', async (t) => {
    const [alice, bob] = [newHome(t), newHome(t)]
    const {id} = await contained(alice, await practiceTenant(t, alice))
    const request = await run(alice, ['audit', 'witness', 'request', '--simulated'])
    equal(request.code, 0, request.stderr)
    match(request.stdout, /^old 0\n\nstanch\.local\//)
    const sign = ['audit', 'witness', 'sign', '--simulated']
    equal((await run(bob, sign, {stdin: request.stdout})).code, 2, 'the key is needed the first time')
    const line = await run(bob, [...sign, '-', '--vkey', await vkeyOf(alice)], {stdin: request.stdout})
    equal(line.code, 0, line.stderr)
    const witness = /roster: (\S+)/.exec(line.stderr)?.[1] ?? ''
    equal(records(bob).filter(({kind}) => kind === 'witness.cosigned').length, 1)
    const add = ['audit', 'witness', 'add', '--simulated']
    equal((await run(alice, add, {stdin: line.stdout})).code, 2, 'whose key?')
    equal((await run(alice, [...add, '-', '--vkey', await vkeyOf(bob)], {stdin: line.stdout})).code, 5)
    const roster = fileOf(alice, 'roster', `witness bob ${witness}\n`)
    equal((await run(alice, [...add, fileOf(alice, 'line', line.stdout), '--roster', roster])).code, 0)
    const anchor = records(alice).find(({kind}) => kind === 'anchor')
    equal(anchor.type, 'cosignature')
    const size = String(anchor.size).padStart(12, '0')
    ok(readFileSync(path.join(alice.data, 'trail-sim/checkpoints', size), 'utf8').includes(line.stdout))
    equal((await run(alice, ['audit', 'verify', '--simulated'])).code, 0)
    // what was recorded since has no countersignature, and that is said; the bundle takes the checkpoint that has one
    const since = await run(alice, ['audit', 'verify', '--simulated', '--witness', witness])
    equal(since.code, 5)
    match(since.stdout, new RegExp(`no signature by .*: checkpoint; the first ${anchor.size} records have one`))
    const bundle = path.join(alice.folder, 'bundle')
    const bundled = await run(alice, ['bundle', id, '--output', bundle, '--json'])
    equal((bundled.json() as any).checkpoint.size, anchor.size)
    match(readFileSync(path.join(bundle, 'QUESTIONS.md'), 'utf8'), /countersigned in the checkpoint in the name of/)
    match((await run(alice, ['audit', 'verify', bundle, '--witness', witness])).stdout, /anchors: witness/)
    const other = await run(alice, ['audit', 'verify', bundle, '--witness', await vkeyOf(bob)])
    equal(other.code, 5)

    equal((await run(alice, ['incident', 'note', id, '--text', 'later'])).code, 0)
    const next = await run(alice, ['audit', 'witness', 'request', '--simulated'])
    match(next.stdout, new RegExp(`^old ${anchor.size}\n[A-Za-z0-9+/]{43}=\n`))
    const second = await run(bob, [...sign, '-', '--json'], {stdin: next.stdout})
    equal(second.code, 0, second.stdout)
    const stale = await run(bob, sign, {stdin: request.stdout})
    equal(stale.code, 5)
    match(stale.stderr, /rolled back/)
    equal((await run(bob, sign, {stdin: 'hello\n'})).code, 5)
    equal((await run(bob, sign, {stdin: ''})).code, 2)
  })

  async function planned(t: TestContext): Promise<{
    alice: Home
    bob: Home
    tenant: PracticeTenant
    plan: string
    hash: string
    execute: (...more: string[]) => ReturnType<typeof run>
  }> {
    const [alice, bob] = [newHome(t), newHome(t)]
    const tenant = await practiceTenant(t, alice)
    const {client_id, value} = tenant.practice.leak
    const plan = path.join(alice.folder, 'plan.json')
    equal(
      (
        await run(alice, ['plan', '--leak', 'client-secret', '--client', client_id, '--output', plan, '--json'], {
          env: tenant.connection,
        })
      ).code,
      0,
    )
    const hash = JSON.parse(readFileSync(plan, 'utf8')).plan_hash as string
    const leaked = fileOf(alice, 'leaked', value)
    const execute = (...more: string[]) =>
      run(
        alice,
        [
          'execute',
          plan,
          '--credential-file',
          leaked,
          '--deliver',
          `file:${alice.folder}/new`,
          '--reason',
          'x',
          '--yes',
          '--json',
          ...more,
        ],
        {env: tenant.connection},
      )
    return {alice, bob, tenant, plan, hash, execute}
  }

  test('approves a plan before it is carried out; without that nothing is sent', async (t) => {
    const {alice, bob, tenant, hash, execute} = await planned(t)
    const given = await run(bob, ['incident', 'approve', '--plan-hash', hash, '--simulated', '--json'])
    equal(given.code, 0, given.stdout)
    const {line, vkey} = given.json() as {line: string; vkey: string}
    const file = fileOf(alice, 'approval', `${line}\n`)
    const forged = fileOf(alice, 'forged', line.replace(hash, 'ab'.repeat(32)))
    const other = (
      (await run(bob, ['incident', 'approve', '--plan-hash', 'ab'.repeat(32), '--simulated', '--json'])).json() as any
    ).line
    const late = (
      (await run(bob, ['incident', 'approve', '--plan-hash', hash, '--emergency', '--simulated', '--json'])).json() as any
    ).line
    const own = (await run(alice, ['incident', 'approve', '--plan-hash', hash, '--simulated', '--json'])).json() as any as {
      line: string
      vkey: string
    }
    const changes = () => tenant.tenant.changes().length
    for (const [code, error, words] of [
      [3, 'guard.not_approved', ['--require-approval', vkey]],
      [5, 'audit.not_verified', ['--require-approval', vkey, '--approval', forged]],
      [3, 'guard.not_approved', ['--require-approval', vkey, '--approval', fileOf(alice, 'other', other)]],
      [3, 'guard.not_approved', ['--require-approval', vkey, '--approval', fileOf(alice, 'late', late)]],
      [3, 'guard.not_approved', ['--require-approval', own.vkey, '--approval', fileOf(alice, 'own', own.line)]],
      [5, 'audit.not_verified', ['--require-approval', 'nonsense', '--approval', file]],
      [2, 'input.unreadable', ['--require-approval', vkey, '--approval', '/nowhere']],
    ] as const) {
      const ran = await execute(...words)
      equal(ran.code, code, ran.stdout)
      equal((ran.json() as any).error.code, error)
    }
    equal(changes(), 0)
    const ran = await execute('--require-approval', vkey, '--approval', file)
    equal(ran.code, 0, ran.stdout + ran.stderr)
    const id = (ran.json() as any).incident_id
    const approval = records(alice).find(({kind, inc}) => kind === 'approval' && inc === id)
    equal(approval.plan_sha256, hash)
    equal(approval.via, `before: ${line}`)
    ok(approval.seq < records(alice).find(({kind}) => kind === 'intent').seq)
    ok(records(bob).some(({kind, via}) => kind === 'approval' && via === `given: ${line}`))
    // one approval without an incident speaks for one act
    const again = await execute('--require-approval', vkey, '--approval', file)
    equal((again.json() as any).error.code, 'guard.not_approved')
  })

  test('approves afterwards: recorded as an emergency, and only for a plan of that incident', async (t) => {
    const {alice, bob, hash, execute} = await planned(t)
    const ran = await execute()
    equal(ran.code, 0, ran.stdout)
    const id = (ran.json() as any).incident_id as string
    const approve = async (...words: string[]) =>
      (await run(bob, ['incident', 'approve', ...words, '--simulated', '--json'])).json() as any
    const {line, vkey} = await approve(id, '--plan-hash', hash)
    const add = (text: string, incident = id, key = vkey) =>
      run(alice, ['incident', 'approve', incident, '--add', text, '--vkey', key, '--json'])
    const added = await add(line)
    equal(added.code, 0, added.stdout)
    equal((added.json() as any).kind, 'emergency')
    equal(records(alice).find(({kind, inc}) => kind === 'approval' && inc === id).via, `emergency: ${line}`)
    equal((await add((await approve(id, '--plan-hash', 'ab'.repeat(32))).line)).code, 3)
    equal((await add((await approve('inc-20260101-aaaaaa', '--plan-hash', hash)).line)).code, 3)
    equal((await add(line.replace(hash, 'ab'.repeat(32)))).code, 5)
    equal((await add(line, 'inc-20260101-aaaaaa')).code, 2)
    equal((await add(fileOf(alice, 'line', line))).code, 0)
    equal((await run(alice, ['incident', 'approve', id, '--add', line])).code, 2)
    equal((await run(alice, ['incident', 'approve', '--add', line, '--vkey', vkey])).code, 2)
    equal((await run(bob, ['incident', 'approve', id, '--plan-hash', 'xyz'])).code, 2)
  })
})

describe('one incident of two responders', () => {
  test("is one timeline by the tenant's clock, each trail with its own verdict; one that does not verify is not mixed in", async (t) => {
    const [alice, bob] = [newHome(t), newHome(t)]
    const tenant = await practiceTenant(t, alice, {intentOnDisk: () => true})
    const {id, leaked, client} = await contained(alice, tenant)
    const words = [
      'secret',
      'rotate',
      '--client',
      client,
      '--deliver',
      `file:${bob.folder}/new`,
      '--credential-file',
      leaked,
      '--reason',
      'again',
      '--yes',
      '--json',
    ]
    const second = await run(bob, words, {env: tenant.connection})
    ok([0, 6].includes(second.code), second.stdout)
    const trail = path.join(bob.data, 'trail-sim')
    const ran = await run(alice, ['incident', 'show', id, '--with', trail, '--vkey', await vkeyOf(bob), '--json'])
    equal(ran.code, 0, ran.stdout)
    const {merged} = ran.json() as any
    equal(merged.sources.length, 2)
    deepEqual(
      merged.sources.map((one: any) => [one.verified, one.pinned]),
      [
        [true, false],
        [true, true],
      ],
    )
    const opened = merged.rows.filter(({record}: any) => record.kind === 'incident.open').map(({origin}: any) => origin)
    deepEqual(
      opened,
      merged.sources.map((one: any) => one.origin),
      'first the one, then the other',
    )
    ok(merged.rows.every((row: any, index: number) => index === 0 || row.at >= merged.rows[index - 1].at))
    match((await run(alice, ['incident', 'show', id, '--with', trail])).stdout, /Timeline, by the tenant's clock/)
    const segment = path.join(trail, 'records/000000000000.jsonl')
    writeFileSync(segment, readFileSync(segment, 'utf8').replace('"title":"again"', '"title":"Again"'))
    equal((await run(alice, ['incident', 'show', id, '--with', trail, '--json'])).code, 5)
    equal((await run(alice, ['incident', 'show', id, '--with', alice.folder, '--json'])).code, 2)
    equal((await run(alice, ['incident', 'show', id, '--with', trail, '--vkey', await vkeyOf(alice), '--json'])).code, 5)
  })
})
