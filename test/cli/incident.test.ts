import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {existsSync, readdirSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'

import {contained, noSecrets, run} from '../support/cli.ts'
import {newHome, practiceTenant} from '../support/run-stanch.ts'

describe('stanch incident', () => {
  test('list: none at all on a new machine, and nothing is made by looking', async (t) => {
    const home = newHome(t)
    const ran = await run(home, ['incident', 'list', '--json'])
    equal(ran.code, 0, ran.stderr)
    deepEqual(ran.json(), {incidents: []})
    match((await run(home, ['incident', 'list'])).stdout, /^No incident on this machine/)
    deepEqual(readdirSync(home.data), [])
  })

  test('list and show: the state by replay, without a connection', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {
      id,
      client,
      ran: worked,
    } = await contained(home, tenant, {more: ['--leaked-at', '2026-01-02T03:04:05Z', '--ticket', 'SEC-42']})
    const result = worked.json() as any
    const list = (await run(home, ['incident', 'list', '--json'])).json() as any
    equal(list.incidents.length, 1)
    const [row] = list.incidents
    deepEqual(
      {...row, opened_at: undefined},
      {
        incident_id: id,
        simulated: true,
        status: 'contained',
        live: false,
        tenant: tenant.host,
        client_id: client,
        leak: 'client-secret',
        title: 'a test',
        ticket: 'SEC-42',
        opened_at: undefined,
      },
    )
    deepEqual(((await run(home, ['incident', 'list', '--simulated', '--json'])).json() as any).incidents, list.incidents)

    const shown = await run(home, ['incident', 'show', id, '--json'])
    equal(shown.code, 0, shown.stderr)
    const view = shown.json() as any
    equal(view.plan_hash, result.plan_hash)
    equal(view.leaked_at, '2026-01-02T03:04:05Z')
    equal(view.operations.filter((one: any) => one.action === 'client_grant.delete' && one.result === 'ok').length, 3)
    equal(view.operations.filter((one: any) => one.action === 'client_secret.rotate').length, 1)
    deepEqual(view.proof, result.proof)
    equal(view.all_clear.worst_case_at, result.exposure.all_clear.worst_case_at)
    ok(view.open_questions.some((one: string) => /owner of the application/.test(one)))
    ok(view.next.some((one: string) => one.includes(`stanch grant restore --incident ${id}`)))
    const lines = await run(home, ['incident', 'show', id])
    match(lines.stdout, new RegExp(`^Incident: {3}${id} \\(SIMULATED\\), contained$`, 'm'))
    match(lines.stdout, /stopped: the old secret is refused/)
    noSecrets(tenant, shown, lines)
  })

  test('note: the words stand in the trail, which still verifies', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id} = await contained(home, tenant)
    const text = 'called the owner: "new secret is in" ✓'
    const ran = await run(home, ['incident', 'note', id, '--text', text, '--json'])
    equal(ran.code, 0, ran.stderr)
    deepEqual(Object.keys(ran.json()), ['incident_id', 'simulated', 'records', 'root_hash'])
    const [note] = (await run(home, ['audit', 'show', '--incident', id, '--kind', 'note', '--json'])).json() as any
    equal(note.text, text)
    equal((await run(home, ['audit', 'verify', '--simulated'])).code, 0)
  })

  test("note: a secret of the tenant's shape is refused and not repeated; too much and nothing are exit 2", async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id, client} = await contained(home, tenant)
    const token = tenant.tenant.issueToken({client_id: client})
    const ran = await run(home, ['incident', 'note', id, '--text', `the token was ${token}`])
    equal(ran.code, 2)
    ok(!(ran.stdout + ran.stderr).includes(token))
    equal((await run(home, ['incident', 'note', id, '--text', ' '])).code, 2)
    equal((await run(home, ['incident', 'note', id, '--text', 'x'.repeat(4001)])).code, 2)
    equal((await run(home, ['incident', 'note', id])).code, 2)
    equal((await run(home, ['audit', 'verify', '--simulated'])).code, 0)
  })

  test('update: ticket, instants and title change what is shown; a step that is signed off leaves "next"', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id} = await contained(home, tenant)
    const show = async () => (await run(home, ['incident', 'show', id, '--json'])).json() as any
    const before = await show()
    ok(before.next.some((one: string) => one.includes('--done deploy-new-secret')))
    const learned = [
      '--ticket',
      'SEC-7',
      '--aware-at',
      '2026-02-03T04:05:06Z',
      '--leaked-at',
      'unknown',
      '--title',
      'billing leak',
    ]
    const ran = await run(home, ['incident', 'update', id, ...learned, '--done', 'deploy-new-secret', '--done', 'tell-owner'])
    equal(ran.code, 0, ran.stderr)
    const after = await show()
    equal(after.ticket, 'SEC-7')
    equal(after.aware_at, '2026-02-03T04:05:06Z')
    equal(after.leaked_at, 'unknown')
    equal(after.title, 'billing leak')
    deepEqual(after.signed_off, {'deploy-new-secret': 'done', 'tell-owner': 'done'})
    ok(!after.next.some((one: string) => /--done (deploy-new-secret|tell-owner)/.test(one)))
    ok(after.next.some((one: string) => one.includes('--done remove-leak')))
    const decisions = (await run(home, ['audit', 'show', '--incident', id, '--kind', 'decision', '--json'])).json() as any
    ok(decisions.some((one: any) => one.question === 'manual.tell-owner' && one.answer === 'done'))
    equal((await run(home, ['audit', 'verify', '--simulated'])).code, 0)
  })

  test('update: a step that no plan of the incident has, a wrong instant, nothing at all: exit 2 and no record', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id} = await contained(home, tenant)
    const records = async () => ((await run(home, ['audit', 'show', '--simulated', '--json'])).json() as any).length as number
    const before = await records()
    const wrong = await run(home, ['incident', 'update', id, '--done', 'rotate', '--json'])
    equal(wrong.code, 2)
    match((wrong.json() as any).error.hint, /deploy-new-secret, remove-leak, tell-owner/)
    equal((await run(home, ['incident', 'update', id, '--leaked-at', 'yesterday'])).code, 2)
    equal((await run(home, ['incident', 'update', id])).code, 2)
    equal(await records(), before)
  })

  test('an unknown incident is exit 2 for every command, and makes no trail', async (t) => {
    const home = newHome(t)
    for (const argv of [['show'], ['note', '--text', 'x'], ['update', '--ticket', 'T']]) {
      const ran = await run(home, ['incident', argv[0] ?? '', 'inc-20260101-aaaaaa', ...argv.slice(1), '--json'])
      equal(ran.code, 2)
      equal((ran.json() as any).error.code, 'incident.unknown')
    }
    equal((await run(home, ['incident', 'show'])).code, 2)
    ok(!existsSync(path.join(home.data, 'trail')) && !existsSync(path.join(home.data, 'trail-sim')))
  })

  test('a trail that was changed is not written on', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id} = await contained(home, tenant)
    const {readFileSync, writeFileSync} = await import('node:fs')
    const segment = path.join(home.data, 'trail-sim/records/000000000000.jsonl')
    const text = readFileSync(segment, 'utf8').replace('"title":"a test"', '"title":"A test"')
    writeFileSync(segment, text)
    const ran = await run(home, ['incident', 'note', id, '--text', 'x', '--json'])
    ok([5, 7].includes(ran.code), String(ran.code))
    equal(readFileSync(segment, 'utf8'), text)
  })
})
