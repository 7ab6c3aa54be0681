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
    ok(people.stdout.split('\n').length <= 24, people.stdout + people.stderr)
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

  test('what stays open by an open policy stands on the plan, in JSON, in the result and in the report', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id} = tenant.practice.leak
    tenant.tenant.addResourceServer({
      identifier: 'https://open.example/',
      name: 'Open API',
      subject_type_authorization: {client: {policy: 'allow_all'}},
    })
    const words = ['--leak', 'client-secret', '--client', client_id, '--no-rotate']
    const found = (
      await run(home, ['assess', '--client', client_id, '--no-rotate', '--json'], {env: tenant.connection})
    ).json() as any
    const open = found.stays_open.find((one: string) => one.includes('https://open.example/'))
    match(open, /^an API lets every application in \(https:\/\/open\.example\/\)[^]*\. Close it: /)
    const people = await run(home, ['plan', ...words, '-o', `${home.folder}/plan.json`], {env: tenant.connection})
    const text = people.stdout.replaceAll(/\s+/g, ' ')
    ok(
      /stays open, \d+ way\(s\) to a token: .*an API lets every application in \(https:\/\/open\.example\/\)/.test(text),
      String([people.code, people.stdout, people.stderr]),
    )
    const planned = (await run(home, ['plan', ...words, '--json'], {env: tenant.connection})).json() as any
    ok(
      planned.plan.steps.some(
        (step: any) => step.id.startsWith('close-path-') && step.title.includes('the open policy of https://open.example/'),
      ),
    )
    const more = ['--reason', 'x', '--yes', '--json']
    const done = (await run(home, ['respond', ...words, ...more], {env: tenant.connection})).json() as any
    equal(done.status, 'partial')
    ok(done.evidence_gaps.some((gap: any) => gap.code === 'path_open' && gap.what.includes('https://open.example/')))
    ok(done.next.some((step: string) => step.startsWith('still open: an API lets every application in')))
    const report = await run(home, ['report', done.incident_id])
    match(report.stdout, /an API lets every application in \(https:\/\/open\.example\/\)/)
  })

  test('a client that is not there is an error, not a client without paths', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const ran = await run(home, ['assess', '--client', 'A'.repeat(32), '--json'], {env: tenant.connection})
    ok(ran.code > 0)
    equal((ran.json() as any).error.code, 'auth0.not_found')
  })
})
