import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {run} from '../support/cli.ts'
import {newHome, practiceTenant} from '../support/run-stanch.ts'

describe('stanch assess', () => {
  test('a partner application: the own grant is open now, the default grant takes over after the plan, and the plan says so', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home, {scenario: 'third-party-default'})
    const {client_id} = tenant.practice.leak
    const ran = await run(home, ['assess', '--client', client_id, '--json'], {env: tenant.connection})
    equal(ran.code, 0, ran.stderr)
    const found = ran.json() as any
    const open = (paths: any[]) => paths.filter((path) => path.open).map(({via, credential}) => [via, credential])
    deepEqual(open(found.before), [['client_grant', 'secret']])
    deepEqual(open(found.after), [['default_third_party_grant', 'new_secret']])
    equal(found.stays_open.length, 1)
    match(found.stays_open[0], /^the default grant cgr_\w+ for third-party applications .*Close it: take client_credentials out/)
    const people = await run(home, ['assess', '--client', client_id], {env: tenant.connection})
    match(people.stdout, /Ways to a new token: 1 open now, 1 after the plan/)
    match(people.stdout, /shut -> open .* default grant cgr_\w+, by new secret/)
    ok(people.stdout.split('\n').length <= 24, people.stdout)
    const planned = await run(home, ['plan', '--leak', 'client-secret', '--client', client_id, '--json'], {
      env: tenant.connection,
    })
    const {steps} = (planned.json() as any).plan
    ok(steps.some((step: any) => /^Is this way to new tokens shut: the default grant cgr_\w+ on https/.test(step.title)))
    deepEqual(
      steps.filter((step: any) => step.id.startsWith('close-path-')).map((step: any) => step.action),
      ['manual'],
    )
    const dry = await run(home, ['respond', '--leak', 'client-secret', '--client', client_id, '--dry-run', '--json'], {
      env: tenant.connection,
    })
    const gaps = (dry.json() as any).evidence_gaps.filter((gap: any) => gap.code === 'path_open')
    deepEqual([dry.code, gaps.map((gap: any) => gap.what)], [0, found.stays_open])
    deepEqual(tenant.tenant.changes(), [], 'nothing was changed')
  })

  test('a machine client of our own: nothing is left after the plan, everything with --keep-grants --no-rotate', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id} = tenant.practice.leak
    const open = async (...flags: string[]) => {
      const ran = await run(home, ['assess', '--client', client_id, ...flags, '--json'], {env: tenant.connection})
      return (ran.json() as any).after.filter((path: any) => path.open).length
    }
    deepEqual(
      [await open(), await open('--keep-grants'), await open('--no-rotate'), await open('--keep-grants', '--no-rotate')],
      [0, 0, 0, 3],
    )
  })

  test('a key instead of a secret is judged by its own runbook, and stays open: people carry that one out', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home, {scenario: 'private-key'})
    const ran = await run(home, ['assess', '--client', tenant.practice.leak.client_id, '--json'], {env: tenant.connection})
    const found = ran.json() as any
    equal(found.leak, 'private-key')
    ok(found.stays_open.every((one: string) => /to whoever has the key cred_/.test(one)))
    equal(found.stays_open.length, 3)
  })

  test('a client that is not there is an error, not a client without paths', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const ran = await run(home, ['assess', '--client', 'A'.repeat(32), '--json'], {env: tenant.connection})
    ok(ran.code > 0)
    equal((ran.json() as any).error.code, 'auth0.not_found')
  })
})
