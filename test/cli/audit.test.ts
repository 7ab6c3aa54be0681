import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {hash} from 'node:crypto'
import {appendFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'

import {contained, fileOf, noSecrets, run} from '../support/cli.ts'
import {newHome, practiceTenant} from '../support/run-stanch.ts'
import {ROOT} from '../support/tree.ts'
import {Pty} from '../terminal/pty.ts'

const PTY_MAIN = path.relative(path.join(ROOT, 'test/terminal/fixtures'), path.join(ROOT, 'dist/main.js'))
const VECTOR = path.join(ROOT, 'test/vectors/trail/stanch-audit-1')
const VKEY = 'stanch.local/0123456789abcdef+3e7c77f9+AVgP8uoNkkPoV5ZbmrDVoM2anOAjx8tFMJcv5LU9yPh+'
const FIRST = '025f7e2b32723e6401f37bd6ee3e1be27b16225f2cac908f8bbc593bd5060b19'

describe('stanch audit show', () => {
  test('one incident as records, and for people in at most three lines each: whole in a pipe, as wide as the terminal otherwise', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id, client} = await contained(home, tenant)
    const ran = await run(home, ['audit', 'show', '--incident', id, '--json'])
    equal(ran.code, 0, ran.stderr)
    const records = ran.json() as any
    ok(Array.isArray(records) && records.length > 20)
    ok(records.every((one: any) => one.inc === id && one.mode === 'sim'))
    deepEqual(
      records.map((one: any) => one.iseq),
      records.map((_: unknown, index: number) => index),
    )
    const lines = await run(home, ['audit', 'show', '--incident', id])
    const printed = lines.stdout.trimEnd().split('\n')
    ok(printed.some((line) => line.length > 80))
    ok(!lines.stdout.includes('...\n'), lines.stdout)
    const terminal = new Pty(t, PTY_MAIN, {args: ['audit', 'show', '--incident', id], env: home.env})
    await terminal.see(`#${records.at(-1).seq}`)
    const screen = terminal.history().trimEnd().split('\n')
    const shown = screen.slice(screen.findIndex((line) => /^#\d/.test(line)))
    ok(shown.some((line) => line.endsWith('...')))
    equal(shown.filter((line) => /^#\d/.test(line)).length, records.length)
    ok(shown.length <= 3 * records.length, 'a line that is wider than the terminal takes another row')
    ok(shown.every((line) => line.length <= 79))
    ok(printed.length <= 3 * records.length)
    equal(printed.filter((line) => line.startsWith('#')).length, records.length)
    match(
      lines.stdout,
      new RegExp(
        `^#\\d+ +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\dZ {2}SIM {3}intent {2}client_secret\\.rotate\n {7}${id} {2}client:${client}$`,
        'm',
      ),
    )
    match(lines.stderr, /^SIMULATED trail in /m)
    noSecrets(tenant, ran, lines)
  })

  test('a session names the build that ran, whose list of files says what it was', async (t) => {
    const home = newHome(t)
    await contained(home, await practiceTenant(t, home))
    const [session] = (await run(home, ['audit', 'show', '--simulated', '--kind', 'session.open', '--json'])).json() as any
    const list = readFileSync(path.join(ROOT, 'dist/SHA256SUMS'))
    equal(session.build, hash('sha256', list, 'hex'))
    const lines = list.toString('utf8').trimEnd().split('\n')
    ok(lines.some((line) => line.endsWith('  main.js')) && lines.some((line) => line.endsWith('  commands/audit/show.js')))
    for (const line of lines) {
      const [sha256 = '', name = ''] = line.split('  ')
      equal(hash('sha256', readFileSync(path.join(ROOT, 'dist', name)), 'hex'), sha256, name)
    }
  })

  test('--kind and --since choose; the real trail is the default and has nothing of a drill', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    await contained(home, tenant)
    const show = async (argv: readonly string[]) => (await run(home, ['audit', 'show', '--json', ...argv])).json() as any
    deepEqual(await show([]), [])
    const intents = await show(['--simulated', '--kind', 'intent'])
    ok(intents.length > 3 && intents.every((one: any) => one.kind === 'intent'))
    equal((await show(['--simulated', '--kind', 'intent', '--since', '1h'])).length, intents.length)
    deepEqual(await show(['--simulated', '--since', '2999-01-01T00:00:00Z']), [])
  })

  test('an unknown kind, moment or incident, or a real trail for a simulated incident: exit 2', async (t) => {
    const home = newHome(t)
    for (const argv of [['--kind', 'gossip'], ['--since', 'lately'], ['--incident', 'inc-20260101-aaaaaa'], ['extra']]) {
      equal((await run(home, ['audit', 'show', ...argv])).code, 2, argv.join(' '))
    }
  })
})

describe('stanch audit verify', () => {
  test('a fresh trail verifies; the first line says verdict, simulated, sizes, root and anchors', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {ran: worked} = await contained(home, tenant)
    const {audit} = worked.json() as any
    const lines = await run(home, ['audit', 'verify', '--simulated', '--known', fileOf(home, 'ticket', audit.checkpoint)])
    equal(lines.code, 0, lines.stdout)
    match(lines.stdout, /^VERIFIED: SIMULATED trail, \d+ records, \d+ signed, root [0-9a-f]{64}, anchors: known_checkpoint\n/)
    const found = (await run(home, ['audit', 'verify', '--simulated', '--json'])).json() as any
    deepEqual(Object.keys(found), [
      'ok',
      'complete',
      'form',
      'records',
      'size',
      'root_hash',
      'checkpoints',
      'signer',
      'mode',
      'anchors',
      'findings',
      'signer_from',
      'not_excluded',
    ])
    equal(found.ok, true)
    equal(found.complete, true)
    equal(found.records, found.size)
    // the folder may be named, too, and a copy verifies like the original
    cpSync(path.join(home.data, 'trail-sim'), path.join(home.folder, 'copy'), {recursive: true})
    equal((await run(home, ['audit', 'verify', './copy'], {cwd: home.folder})).code, 0)
  })

  test('a changed byte, a cut record, a missing segment: exit 5; a checkpoint of a later state that is held outside: exit 5', async (t) => {
    const home = newHome(t)
    const verify = async (change: (folder: string) => void, more: readonly string[] = []) => {
      const folder = path.join(home.folder, `log-${readdirSync(home.folder).length}`)
      cpSync(VECTOR, folder, {recursive: true})
      change(folder)
      return (await run(home, ['audit', 'verify', folder, '--vkey', VKEY, '--first', FIRST, ...more])).code
    }
    const segment = (folder: string) => path.join(folder, 'records/000000000000.jsonl')
    const edit = (work: (text: string) => string) => (folder: string) =>
      writeFileSync(segment(folder), work(readFileSync(segment(folder), 'utf8')))
    equal(await verify(() => {}), 0)
    equal(await verify(edit((text) => text.replace('Client secret in a public', 'Client secret in a privat'))), 5)
    equal(await verify(edit((text) => text.split('\n').slice(0, -2).join('\n') + '\n')), 5)
    equal(await verify((folder) => rmSync(segment(folder))), 5)
    equal(await verify((folder) => rmSync(path.join(folder, 'checkpoint'))), 5)
    const later = fileOf(home, 'later', 'stanch.local/0123456789abcdef 12 ZLcK3snyoip1fjvfYTQajDGfWL18gk7T2BrvgK/flQM=\n')
    equal(await verify(() => {}, ['--known', later]), 5)
    equal(
      await verify(() => {}, [
        '--known',
        fileOf(home, 'now', 'stanch.local/0123456789abcdef 9 ZLcK3snyoip1fjvfYTQajDGfWL18gk7T2BrvgK/flQM=\n'),
      ]),
      0,
    )
  })

  test('--evidence hashes what records name: changed is exit 5, absent exit 6, and without it nobody looked', async (t) => {
    const home = newHome(t)
    await contained(home, await practiceTenant(t, home))
    const folder = path.join(home.data, 'trail-sim/evidence')
    const verify = (...more: string[]) => run(home, ['audit', 'verify', '--simulated', '--json', ...more])
    equal((await verify('--evidence')).code, 0)
    const [name = ''] = readdirSync(folder)
    const bytes = readFileSync(path.join(folder, name))
    writeFileSync(path.join(folder, name), Buffer.concat([bytes, Buffer.from('x')]))
    const changed = await verify('--evidence')
    equal(changed.code, 5)
    ok((changed.json() as any).findings.some((one: any) => one.kind === 'evidence altered' && one.detail.includes(name)))
    equal((await verify()).code, 0)
    rmSync(path.join(folder, name))
    const absent = await verify('--evidence')
    equal(absent.code, 6)
    ok((absent.json() as any).findings.some((one: any) => one.kind === 'evidence not here' && one.detail === name && one.seq > 0))
    equal((await verify('--evidence', '--quick')).code, 2)
  })

  test('records that no checkpoint covers are incomplete: exit 6', async (t) => {
    const home = newHome(t)
    const folder = path.join(home.folder, 'log')
    cpSync(VECTOR, folder, {recursive: true})
    appendFileSync(path.join(folder, 'records/000000000000.jsonl'), '{"torn')
    const ran = await run(home, ['audit', 'verify', folder])
    equal(ran.code, 6)
    match(ran.stdout, /^VERIFIED BUT INCOMPLETE: /)
  })

  test('nothing to verify is not verified: exit 5', async (t) => {
    const home = newHome(t)
    for (const argv of [[], ['--simulated'], [home.folder], ['/nowhere/at/all']]) {
      const ran = await run(home, ['audit', 'verify', '--json', ...argv])
      equal(ran.code, 5, argv.join(' '))
      equal((ran.json() as any).ok, false)
    }
    deepEqual(readdirSync(home.data), [])
  })

  test('where no trail is, that is said instead of a verdict; one of drills is named', async (t) => {
    const home = newHome(t)
    const none = await run(home, ['audit', 'verify'])
    equal(none.code, 5)
    match(none.stdout, /^There is no REAL trail on this machine: nothing was recorded here yet\.$/m)
    ok(!none.stdout.includes('NOT VERIFIED') && !none.stdout.includes('--simulated'))
    const shown = await run(home, ['audit', 'show'])
    equal(shown.code, 0)
    match(shown.stderr, /^There is no REAL trail on this machine/m)
    equal((await run(home, ['drill', '--yes', '--json'])).code, 0)
    for (const command of ['verify', 'show']) {
      const real = await run(home, ['audit', command])
      match(`${real.stdout}${real.stderr}`, /^There is no REAL trail[^]*^A SIMULATED one, of drills, is here: add --simulated$/m)
    }
    match((await run(home, ['audit', 'verify', '--simulated'])).stdout, /^VERIFIED/)
  })

  test("another key or first record than the log's is exit 5; anchors that are none, and a folder with --simulated, are exit 2", async (t) => {
    const home = newHome(t)
    equal((await run(home, ['audit', 'verify', VECTOR, '--first', 'f'.repeat(64)])).code, 5)
    equal(
      (await run(home, ['audit', 'verify', VECTOR, '--vkey', VKEY.replace('0123456789abcdef+', 'fedcba9876543210+')])).code,
      5,
    )
    equal((await run(home, ['audit', 'verify', VECTOR, '--first', 'short'])).code, 2)
    equal((await run(home, ['audit', 'verify', VECTOR, '--known', '/nowhere'])).code, 2)
    equal((await run(home, ['audit', 'verify', VECTOR, '--simulated'])).code, 2)
  })
})
