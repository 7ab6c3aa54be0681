import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {existsSync, readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'

import {contained, noSecrets, run} from '../support/cli.ts'
import {newHome, practiceTenant} from '../support/run-stanch.ts'
import type {PracticeTenant} from '../support/run-stanch.ts'
import {problemsOf} from '../support/schemas.ts'

const THIEF = '203.0.113.66'

/** The attacker makes a client with the leaked one, as the tenant would show and log it. */
function plant(tenant: PracticeTenant): string {
  const {client_id} = tenant.tenant.addClient({name: 'health-check'})
  tenant.tenant.world.logs.add({
    type: 'sapi',
    description: 'Create a client',
    client_id: tenant.practice.leak.client_id,
    client_name: '',
    ip: THIEF,
    user_agent: 'Other 0.0.0 / Other 0.0.0',
    details: {
      request: {method: 'post', path: '/api/v2/clients', userAgent: 'curl/8.9.1', ip: THIEF, channel: 'api', body: {}, auth: {}},
      response: {statusCode: 201, body: {client_id, name: 'health-check'}},
    },
  })
  return client_id
}

describe('stanch hunt', () => {
  test('after containment it names the thief, what he planted and how to remove it; it changes nothing and is written down', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id} = await contained(home, tenant)
    const planted = plant(tenant)
    tenant.tenant.clock.advance(60)
    const before = tenant.tenant.changes()
    const ran = await run(home, ['hunt', '--incident', id, '--json'], {env: tenant.connection})
    equal(ran.code, 0, ran.stderr)
    const hunted = ran.json() as any
    deepEqual(problemsOf('hunt', hunted), [])
    deepEqual(tenant.tenant.changes(), before, 'only GETs')
    ok(hunted.suspects.ips.includes(THIEF))
    ok(!hunted.suspects.ips.includes('127.0.0.1'), 'we are not our own suspect')
    ok(hunted.client_ids.includes(planted))
    const [item] = hunted.inventory
    equal(item.object.id, planted)
    match(item.remove, /delete the client/)
    ok(hunted.findings.some((one: any) => one.verdict === 'ours'))
    noSecrets(tenant, ran)

    ok(existsSync(path.join(home.data, 'trail-sim', 'evidence', hunted.evidence)))
    const open = await run(home, ['incident', 'close', id, '--disposition', 'accepted', '--json'], {env: tenant.connection})
    ok(JSON.stringify(open.json()).includes(`hunt.H9:client:${planted}`), 'a close names it')

    // Gone from the tenant, whoever removed it: no item any more.
    tenant.tenant.world.clients.delete(planted)
    const after = (await run(home, ['hunt', '--incident', id, '--json'], {env: tenant.connection})).json() as any
    deepEqual(after.inventory, [])
  })

  test('without a connection the saved log is enough; in a pipe nothing is left out, the worst first', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id} = await contained(home, tenant)
    const ran = await run(home, ['hunt', '--incident', id])
    equal(ran.code, 0, ran.stderr)
    match(ran.stderr, /No connection to the tenant/)
    const lines = ran.stdout.trimEnd().split('\n')
    match(lines[0] ?? '', /^Hunt: \d+ HOSTILE, \d+ SUSPECT/)
    ok(lines.findIndex((line) => line.startsWith('SUSPECT')) < lines.findIndex((line) => line.startsWith('To remove')))
    match(ran.stdout, /Not seen: reads of the Management API/)
    ok(!ran.stdout.includes('--json'), ran.stdout)
  })

  test('a client without an incident is hunted in the tenant alone, and nothing is written down', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id} = tenant.practice.leak
    const ask = async (more: readonly string[]) => {
      const ran = await run(home, ['hunt', '--client', client_id, '--json', ...more], {env: tenant.connection})
      equal(ran.code, 0, ran.stderr)
      return ran.json() as any
    }
    const strict = await ask(['--leaked-at', new Date((tenant.tenant.clock.now() - 50 * 60) * 1000).toISOString()])
    deepEqual(strict.suspects.ips, [THIEF])
    equal(strict.evidence, undefined)
    equal(existsSync(path.join(home.data, 'trail-sim')), false)
    const kind = await ask([
      '--leaked-at',
      new Date((tenant.tenant.clock.now() - 50 * 60) * 1000).toISOString(),
      '--known',
      '203.0.113.0/24',
    ])
    deepEqual(kind.suspects.ips, [])
  })

  test('nothing to hunt in, an unknown incident and a wrong address are refused with what to do', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    for (const [argv, code] of [
      [['hunt'], 2],
      [['hunt', '--incident', 'inc-20261122-aaaaaa'], 2],
      [['hunt', '--client', 'abc', '--known', '300.1.1.1'], 2],
      [['hunt', '--client', 'abc', '--since', 'yesterday'], 2],
    ] as const) {
      const ran = await run(home, [...argv, '--json'], {env: tenant.connection})
      equal(ran.code, code, `${argv.join(' ')}: ${ran.stdout}`)
      ok((ran.json() as any).error.hint ?? (ran.json() as any).error.message)
    }
  })

  test('the questions are written as Sigma rules, one file each, without a tenant', async (t) => {
    const home = newHome(t)
    const ran = await run(home, ['hunt', '--sigma', 'rules'])
    equal(ran.code, 0, ran.stderr)
    const files = readdirSync(path.join(home.folder, 'rules')).filter((name) => name.endsWith('.yml'))
    equal(files.length, 31)
    ok(readFileSync(path.join(home.folder, 'rules', files[0] ?? ''), 'utf8').startsWith('title: '))
    match((await run(home, ['hunt', '--sigma', '-'])).stdout, /^title: H1 /)
  })
})
