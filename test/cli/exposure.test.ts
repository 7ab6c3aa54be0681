import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {existsSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'

import {rfc3339} from '../../src/clock.ts'
import {INVOICES} from '../../src/simulator/scenarios/landscape.ts'
import {contained, fileOf, NOBODY, noSecrets, run} from '../support/cli.ts'
import {newHome, practiceTenant} from '../support/run-stanch.ts'

describe('stanch exposure', () => {
  test('before anything was done it stays open and counts from now; only reads are sent and nothing is written down', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id} = tenant.practice.leak
    const leaked_at = rfc3339(tenant.tenant.clock.now() - 1800)
    const ran = await run(home, ['exposure', '--client', client_id, '--leaked-at', leaked_at, '--json'], {env: tenant.connection})
    equal(ran.code, 0, ran.stderr)
    const exposure = ran.json() as any
    deepEqual(Object.keys(exposure), ['client_id', 'computed_at', 'audiences', 'all_clear', 'evidence_gaps', 'consumers'])
    equal(exposure.audiences.length, 3)
    equal(exposure.all_clear.state, 'open')
    match(exposure.all_clear.basis, /^not contained yet/)
    equal(Date.parse(exposure.all_clear.worst_case_at) - Date.parse(exposure.computed_at), (86_400 + 60) * 1000)
    ok(exposure.evidence_gaps.length > 0)
    deepEqual(tenant.tenant.changes(), [])
    equal(existsSync(path.join(home.data, 'trail-sim')), false)
    noSecrets(tenant, ran)
  })

  test('when nobody says when it leaked, tokens from before the log count with 30 days, in every form', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const argv = ['exposure', '--client', tenant.practice.leak.client_id]
    const exposure = (await run(home, [...argv, '--json'], {env: tenant.connection})).json() as any
    const begins = Math.min(...tenant.tenant.logs().map((entry) => Date.parse(String(entry['date']))))
    const until = rfc3339(Math.floor(begins / 1000) + 30 + 2_592_000 + 60)
    equal(exposure.all_clear.worst_case_at, until)
    for (const one of exposure.audiences) {
      deepEqual([one.worst_case_until, one.older_until], [until, until])
      equal(one.lifetime_source, 'tenant')
    }
    const gap = exposure.evidence_gaps.find((one: any) => one.code === 'lifetime_history')
    match(gap.why, new RegExp(`--leaked-at.*counted with 30 days, until ${until}`))
    match(exposure.all_clear.basis, /before the log at hand begins are counted with 30 days/)
    const text = (await run(home, argv, {env: tenant.connection})).stdout.replaceAll(/\s+/g, ' ')
    ok(text.includes(`worst case: ${until}`), text)
    match(text, new RegExp(`may have got a larger lifetime: counted until ${until}`))
    match(text, /token\(s\) by client credentials in the log/)
    // Nothing is contained, so it moves with the clock between the two looks.
    const [, ruled = ''] = / (\S+Z) if no lifetime was larger before the log begins/.exec(text) ?? []
    ok(exposure.all_clear.ruled_at <= ruled && ruled < until, text)
  })

  test('--exit-code gives 10 while tokens live, and 0 without it', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const argv = ['exposure', '--client', tenant.practice.leak.client_id]
    equal((await run(home, [...argv, '--exit-code'], {env: tenant.connection})).code, 10)
    const plain = await run(home, argv, {env: tenant.connection})
    equal(plain.code, 0)
    match(plain.stdout, /^All clear: {2}not before .* UTC.*, in \d/m)
  })

  test('after a proven containment the instant stands still, the deleted grants still count, and it becomes clear when it has passed', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id, client, ran} = await contained(home, tenant)
    const promised = (ran.json() as any).exposure.all_clear.worst_case_at as string
    const ask = async (more: readonly string[] = []) =>
      run(home, ['exposure', '--client', client, '--exit-code', '--json', ...more], {env: tenant.connection})
    const first = await ask()
    equal(first.code, 10)
    const open = first.json() as any
    equal(open.audiences.length, 3, 'the grants are gone, their tokens are not')
    ok(open.audiences.every((one: any) => one.contained_at !== undefined && one.lifetime_source === 'tenant'))
    equal(open.all_clear.worst_case_at, promised)
    match(open.all_clear.basis, new RegExp(`incident ${id}`))
    ok(open.evidence_gaps.some((gap: any) => gap.code === 'other_leak'))

    tenant.tenant.clock.advance(3600)
    equal(((await ask()).json() as any).all_clear.worst_case_at, promised)
    tenant.tenant.clock.advance(86_400)
    const last = await ask()
    equal((last.json() as any).all_clear.state, 'clear')
    equal(last.code, 0)
    // another leak, after that containment: nothing of it counts
    const again = await ask([
      '--leaked-at',
      new Date((tenant.tenant.clock.now() - 60) * 1000).toISOString().replace(/\.\d+Z/, 'Z'),
    ])
    equal((again.json() as any).all_clear.state, 'open')
    equal(again.code, 10)
  })

  test('a grant that somebody else deleted leaves its tokens in the exposure', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id} = tenant.practice.leak
    for (const grant of tenant.tenant.grants(client_id)) tenant.tenant.removeGrant(String(grant['id']))
    const exposure = (await run(home, ['exposure', '--client', client_id, '--json'], {env: tenant.connection})).json() as any
    equal(exposure.all_clear.state, 'open')
    ok(exposure.audiences.some((one: any) => one.audience === INVOICES && /grant that is gone/.test(one.paths[0])))
  })

  test('with the leaked token at hand its own exp is the all clear, where it could not read secrets', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id} = tenant.practice.leak
    const token = tenant.tenant.issueToken({client_id, scope: 'read:users', age: 600, lifetime: 7200})
    const ran = await run(home, ['exposure', '--client', client_id, '--credential-file', '-', '--json'], {
      env: tenant.connection,
      stdin: `Authorization: Bearer ${token}`,
    })
    const exposure = ran.json() as any
    equal(ran.code, 0, ran.stderr)
    deepEqual(exposure.audiences, [])
    const left = (Date.parse(exposure.all_clear.worst_case_at) - Date.parse(exposure.computed_at)) / 1000
    ok(left > 6500 && left <= 6600, String(left))
    noSecrets(tenant, ran)
  })

  test('wrong flags are exit 2, an unknown client 2, no scope 4, nobody there 75', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id} = tenant.practice.leak
    equal((await run(home, ['exposure'], {env: tenant.connection})).code, 2)
    equal((await run(home, ['exposure', '--client', client_id, '--leaked-at', 'yesterday'], {env: tenant.connection})).code, 2)
    equal(
      (
        await run(home, ['exposure', '--client', client_id, '--credential-file', fileOf(home, 'empty', '')], {
          env: tenant.connection,
        })
      ).code,
      2,
    )
    equal((await run(home, ['exposure', '--client', 'Zz9Zz9Zz9Zz9Zz9Zz9Zz9Zz9Zz9Zz9Zz'], {env: tenant.connection})).code, 2)
    equal((await run(home, ['exposure', '--client', client_id], {env: tenant.withToken(['read:clients'])})).code, 4)
    equal((await run(home, ['exposure', '--client', client_id])).code, 2)
    equal((await run(home, ['exposure', '--client', client_id], {env: NOBODY})).code, 75)
  })
})
