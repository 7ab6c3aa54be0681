import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {spawn} from 'node:child_process'
import type {ChildProcess} from 'node:child_process'
import path from 'node:path'
import {describe, test} from 'node:test'
import type {TestContext} from 'node:test'

import pty from '@lydell/node-pty'
import xterm from '@xterm/headless'

import {readTrail} from '../../src/trail/read-trail.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {contained, noSecrets, noSecretsOnDisk, run} from '../support/cli.ts'
import {MAIN, newHome, practiceTenant} from '../support/run-stanch.ts'
import type {Home, PracticeTenant} from '../support/run-stanch.ts'
import {problemsOf} from '../support/schemas.ts'
import {notOurs} from '../support/tty.ts'

async function prepared(t: TestContext): Promise<{home: Home; tenant: PracticeTenant; id: string; env: Record<string, string>}> {
  const home = newHome(t)
  const tenant = await practiceTenant(t, home)
  const {id} = await contained(home, tenant)
  return {home, tenant, id, env: {...home.env, ...tenant.connection}}
}

const ATTACKER = '203.0.113.66'

type Line = Record<string, any>

interface Streaming {
  readonly child: ChildProcess
  readonly lines: Line[]
  readonly stderr: () => string
  /** Resolves as soon as a line fits, or the program has ended. */
  until(fits: (line: Line) => boolean): Promise<void>
  ended(): Promise<number | null>
}

function stream(t: TestContext, at: {home: Home; env: Record<string, string>}, argv: readonly string[]): Streaming {
  const child = spawn(process.execPath, [MAIN, 'watch', ...argv], {
    cwd: at.home.folder,
    env: at.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => void child.kill('SIGKILL'))
  const lines: Line[] = []
  let rest = ''
  let stderr = ''
  let look = () => {}
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) lines.push(argv.includes('--json') ? (JSON.parse(part) as Line) : {text: part})
    look()
  })
  const end = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    child,
    lines,
    stderr: () => stderr,
    until: (fits) =>
      Promise.race([
        end.then(() => {}),
        new Promise<void>((resolve) => {
          look = () => void (lines.some(fits) && resolve())
          look()
        }),
      ]),
    ended: () => end,
  }
}

function uses(home: Home): number {
  return [...readTrail(path.join(home.data, 'trail-sim'))]
    .filter((record) => record['action'] === 'watch' && record['verdict'] === 'tripwire')
    .reduce((sum, record) => sum + Number(record['count']), 0)
}

/**
 * Uses of the old secret by the attacker that the tenant logged after containment. The owner's own consumer, which the log
 * knows from before the leak, fails too, and is no tripwire.
 */
function logged(tenant: PracticeTenant): number {
  const {client_id} = tenant.practice.leak
  return tenant.tenant
    .logs()
    .filter((one) => one['type'] === 'feccft' && one['client_id'] === client_id && one['ip'] === ATTACKER).length
}

describe('stanch watch', () => {
  test('a stream for a bot: one document a line, each of its schema, to the all clear', async (t) => {
    const at = await prepared(t)
    const ran = await run(at.home, ['watch', '--json', '--interval', '3600'], {env: at.tenant.connection})
    equal(ran.code, 0, ran.stderr)
    const lines = ran.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
    for (const line of lines) deepEqual(problemsOf('watch', line), [], JSON.stringify(line))
    deepEqual(
      [lines[0]?.['type'], lines.at(-1)?.['type'], lines.at(-1)?.['state'], lines.at(-1)?.['exit']],
      ['watching', 'ended', 'clear', 0],
    )
    equal(uses(at.home), logged(at.tenant))
    const events = lines.filter((line) => line['type'] === 'event')
    ok(events.some((event) => event['verdict'] === 'tripwire' && event['ip'] === ATTACKER))
    equal(verifyFolder(path.join(at.home.data, 'trail-sim')).ok, true)
    noSecrets(at.tenant, ran)
    noSecretsOnDisk(at.tenant, at.home)
    const show = await run(at.home, ['audit', 'show', '--incident', at.id])
    match(show.stdout, /watch/)
  })

  test('a log stream that Auth0 suspends without a word in the log is seen at both ends where the scope allows it', async (t) => {
    const at = await prepared(t)
    const {world} = at.tenant.tenant
    const grant = [...world.grants.values()].find(({wire}) => wire.client_id === at.tenant.practice.operator.client_id)
    const scopes = grant?.wire['scope'] as string[]
    scopes.push('read:log_streams')
    const secret = 'Bearer of-the-siem-that-nobody-may-see'
    world.everySecret.add(secret)
    const stream = (n: number, status: string) => ({
      id: `lst_${String(n).padStart(16, '0')}`,
      name: `siem ${n}`,
      type: 'http',
      status,
      sink: {httpAuthorization: secret},
    })
    world.logStreams.push(stream(1, 'active'), stream(2, 'suspended'))
    const first = await run(at.home, ['watch', '--exit-code', '--json'], {env: at.tenant.connection})
    ok(!first.stdout.includes('lst_'), 'one look alone does not read them')
    match(first.stdout, /log_streams_by_log_only/)
    const ran = await run(at.home, ['watch', '--json', '--interval', '3600'], {env: at.tenant.connection})
    equal(ran.code, 0, ran.stderr)
    const lines = ran.stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]))
    deepEqual(
      lines.filter(({verdict}) => verdict === 'log_stream_paused').map(({finding}) => finding),
      ['log stream "siem 2" (http) is suspended: no event reaches it'],
    )
    match(ran.stdout, /log_streams_at_ends/)
    const reads = [...readTrail(path.join(at.home.data, 'trail-sim'))].filter((one) => one['action'] === 'log_streams.read')
    deepEqual(
      reads.map((one) => [one.kind, one['result']]),
      [
        ['intent', undefined],
        ['outcome', 'ok'],
        ['intent', undefined],
        ['outcome', 'ok'],
      ],
    )
    const reconciled = await run(at.home, ['audit', 'reconcile', '--incident', at.id, '--wait'], {env: at.tenant.connection})
    equal(reconciled.code, 0, reconciled.stdout)
    noSecrets(at.tenant, first, ran, reconciled)
    noSecretsOnDisk(at.tenant, at.home)
  })

  test('killed in the middle and begun again: nothing is missed, nothing is told twice', async (t) => {
    const at = await prepared(t)
    const seqs: number[] = []
    for (const wanted of [1, 4, 9]) {
      const one = stream(t, at, [at.id, '--json', '--interval', '300'])
      let seen = 0
      await one.until((line) => line['type'] === 'event' && ++seen >= wanted)
      one.child.kill('SIGKILL')
      await one.ended()
      seqs.push(...one.lines.filter((line) => line['type'] === 'event').map((line) => Number(line['seq'])))
    }
    const last = stream(t, at, [at.id, '--json', '--interval', '3600'])
    equal(await last.ended(), 0, last.stderr())
    seqs.push(...last.lines.filter((line) => line['type'] === 'event').map((line) => Number(line['seq'])))
    equal(new Set(seqs).size, seqs.length)
    equal(uses(at.home), logged(at.tenant))
    equal(verifyFolder(path.join(at.home.data, 'trail-sim')).ok, true)
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} leaves it with 130, everything written down, and says how to go on`, async (t) => {
      const at = await prepared(t)
      const one = stream(t, at, [at.id, '--json', '--interval', '60'])
      await one.until((line) => line['type'] === 'state')
      one.child.kill(signal)
      equal(await one.ended(), 130, one.stderr())
      const error = one.lines.at(-1) ?? {}
      deepEqual(problemsOf('error', error), [])
      match(error['error'].hint, new RegExp(`stanch watch ${at.id}`))
      equal(error['error'].code, 'interrupted')
      const closing = [...readTrail(path.join(at.home.data, 'trail-sim'))].findLast((record) => record.kind === 'session.close')
      equal(closing?.['reason'], 'interrupted')
    })
  }

  test('one look for a script: 10 while tokens live, 2 for what is no incident, 3 for an incident of another tenant', async (t) => {
    const at = await prepared(t)
    const ran = await run(at.home, ['watch', at.id, '--exit-code'], {env: at.tenant.connection})
    equal(ran.code, 10, ran.stderr)
    match(ran.stdout, /CONTAINED: new tokens are refused, older ones still live\. All clear in (?:2\d h|1 d)/)
    equal((await run(at.home, ['watch', 'inc-20260101-aaaaaa', '--exit-code'], {env: at.tenant.connection})).code, 2)
    const other = await practiceTenant(t, at.home, {seed: 8})
    const moved = await run(at.home, ['watch', at.id, '--exit-code', '--json'], {env: other.connection})
    equal(moved.code, 3)
    deepEqual(problemsOf('error', moved.json()), [])
  })

  test('where no line can be written over it prints lines, and no more than there is news', async (t) => {
    const at = await prepared(t)
    const ran = await run(at.home, ['watch', at.id, '--interval', '3600'], {env: {...at.tenant.connection, TERM: 'dumb'}})
    equal(ran.code, 0, ran.stderr)
    match(ran.stdout, /^\S+ ALL CLEAR/)
    const lines = ran.stderr.trimEnd().split('\n')
    ok(lines.some((line) => /tripwire: the old secret was tried and refused/.test(line)))
    ok(!ran.stderr.includes('\u001b'))
  })

  test('on a terminal it is one screen, written over in place; state, time left and next act stay in sight', async (t) => {
    const at = await prepared(t)
    const screen = new xterm.Terminal({cols: 80, rows: 24, scrollback: 1000, allowProposedApi: true})
    const child = pty.spawn(process.execPath, [MAIN, 'watch', at.id, '--interval', '60'], {
      name: 'xterm-256color',
      cols: 80,
      rows: 24,
      cwd: at.home.folder,
      env: {...at.env, TERM: 'xterm-256color', TZ: 'Europe/Berlin'},
    })
    let raw = ''
    let writes = 0
    const drawn = new Promise<void>((resolve) => {
      child.onData((data) => {
        raw += data
        screen.write(data, () => {
          if (++writes === 40) resolve()
        })
      })
    })
    const exit = new Promise<number>((resolve) => child.onExit(({exitCode}) => resolve(exitCode)))
    t.after(() => {
      child.kill('SIGKILL')
      screen.dispose()
    })
    await drawn
    child.kill('SIGINT')
    equal(await exit, 130)
    await new Promise<void>((resolve) => screen.write('', resolve))
    const {active} = screen.buffer
    const rows = Array.from({length: active.length}, (_, i) => active.getLine(i)?.translateToString(true) ?? '')
    const text = rows.join('\n')
    equal(rows.filter((row) => row.startsWith('CONTAINED')).length, 1, text)
    equal(rows.filter((row) => row.startsWith('All clear in')).length, 1)
    equal(rows.filter((row) => row.startsWith('Next: ')).length, 1)
    match(text, /All clear in (?:2\d h \d\d m|1 d 0 h): \S+ \S+ UTC \(\S+ Europe\/Berlin\)/)
    match(text, /next: Go on from here: stanch watch inc-/)
    ok(active.length <= 40, 'the block stays where it is')
    equal(notOurs(raw), undefined)
    // oxlint-disable-next-line no-control-regex -- what a screen that flickers would send
    ok(!/\u001b\[2J|\u001b\[\?1049h|\u001b\[\?25l/.test(raw))
  })
})
