import {doesNotMatch, equal} from 'node:assert/strict'
import {mkdirSync, truncateSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'

import {newHome, practiceTenant, stanch} from '../support/run-stanch.ts'
import {ROOT} from '../support/tree.ts'
import {Pty} from '../terminal/pty.ts'

const MAIN = path.relative(path.join(ROOT, 'test/terminal/fixtures'), path.join(ROOT, 'dist/main.js'))

test('whoever sits at a terminal is told what a slow tenant is waited for; a pipe is not', async (t) => {
  const home = newHome(t)
  const simulator = await practiceTenant(t, home, {behaviour: {attacker: false, consumer: false}, roundTripMs: 700})
  const argv = ['exposure', '--client', simulator.practice.leak.client_id]
  const terminal = new Pty(t, MAIN, {args: argv, env: {...home.env, ...simulator.connection}})
  await terminal.see(/^reading the tenant \.\.\.$/m)
  await terminal.see(/^All clear: {2}not before/m)
  equal(await terminal.ended(), 0)
  const piped = await stanch(home, argv, {env: simulator.connection})
  equal(piped.code, 0)
  doesNotMatch(piped.stderr, /reading the tenant/)
})

for (const [argv, what] of [
  [['client', 'list'], 'reading the applications'],
  [['grant', 'list', '--client'], 'reading the grants'],
  [['hunt', '--client'], "reading the tenant's log"],
  [['doctor'], 'looking at machine and tenant'],
] as const)
  test(`stanch ${argv[0]} says so, too`, async (t) => {
    const home = newHome(t)
    const simulator = await practiceTenant(t, home, {behaviour: {attacker: false, consumer: false}, roundTripMs: 700})
    const args = argv.at(-1) === '--client' ? [...argv, simulator.practice.leak.client_id] : [...argv]
    const terminal = new Pty(t, MAIN, {args, env: {...home.env, ...simulator.connection}})
    await terminal.see(new RegExp(`^${what} \\.\\.\\.$`, 'm'))
    await terminal.ended()
  })

test('a large trail is announced before it is gone through, a small one is not', async (t) => {
  const home = newHome(t)
  const records = path.join(home.data, 'trail', 'records')
  mkdirSync(records, {recursive: true})
  writeFileSync(path.join(records, '000000000000.jsonl'), '')
  const small = new Pty(t, MAIN, {args: ['audit', 'verify'], env: home.env})
  await small.ended()
  doesNotMatch(small.history(), /MB of records/)
  truncateSync(path.join(records, '000000000000.jsonl'), 9 << 20)
  const verify = new Pty(t, MAIN, {args: ['audit', 'verify'], env: home.env})
  await verify.see(/^verifying: 9 MB of records \.\.\.$/m)
  const report = new Pty(t, MAIN, {args: ['report', 'inc-20261122-abc234'], env: home.env})
  await report.see(/^reading the trail: 9 MB of records \.\.\.$/m)
})
