import {deepEqual, equal, ok} from 'node:assert/strict'
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import type {TestContext} from 'node:test'
import {systemClock} from '../../src/clock.ts'
import {startSimulator} from '../../src/simulator/server.ts'
import {hasIntent} from '../../src/trail/intents.ts'
import {temporaryFolder} from '../support/folder.ts'
import {unreadable} from '../terminal/palettes.ts'
import {Pty} from '../terminal/pty.ts'

/*
 * The screens of the guided flow as a person sees them, one for each question and the last one, held against what was
 * read and approved. What differs from run to run is masked: instants, ports, ids, hashes and folders.
 * A wanted change: UPDATE_SCREENS=1 node --test test/cli/guided-screens.test.ts, then read the difference.
 */

const MAIN = path.resolve(import.meta.dirname, '../../dist/main.js')
const SCREENS = path.join(import.meta.dirname, 'screens')

/** Most rows that a question may take at 80x24, its prompt included; a taller terminal has more. */
const MOST_ROWS = 18

interface Terminal {
  readonly name: string
  readonly columns: number
  readonly rows: number
  readonly env: Readonly<Record<string, string>>
}

const TERMINALS: readonly Terminal[] = [
  {name: '80x24', columns: 80, rows: 24, env: {}},
  {name: '120x40', columns: 120, rows: 40, env: {}},
  {name: '80x24-dumb', columns: 80, rows: 24, env: {TERM: 'dumb', NO_COLOR: '1'}},
]

/** What begins each question on the screen, what shows that it is asked, and what is typed. */
async function walk(t: TestContext, {columns, rows, env}: Terminal): Promise<{shots: Map<string, string[]>; raw: string}> {
  const folder = temporaryFolder(t)
  const simulator = await startSimulator({
    clock: systemClock,
    seed: 7,
    behaviour: {attacker: false, consumer: false},
    intentOnDisk: (id) => hasIntent(path.join(folder, 'data', 'trail-sim'), id),
  })
  t.after(() => simulator.stop())
  const {operator, leak} = simulator.practice
  const applications = simulator.tenant
    .clients()
    .filter((one) => one['global'] !== true && one['client_id'] !== operator.client_id)
  const terminal = new Pty(t, MAIN, {
    columns,
    rows,
    env: {
      STANCH_DATA_DIR: path.join(folder, 'data'),
      STANCH_CONFIG_DIR: path.join(folder, 'config'),
      STANCH_CACHE_DIR: path.join(folder, 'cache'),
      // a zone of its own name whose day is always that of UTC
      TZ: 'Africa/Accra',
      ...env,
    },
  })
  const steps: readonly (readonly [name: string, first: RegExp, see: RegExp, type: string])[] = [
    ['1 what leaked', /^What leaked\?/, /Paste, kind or Enter: \(not shown\)/, leak.value],
    ['2 which tenant', /^Which tenant/, /Your tenant's domain[^]*:\s*$/, simulator.origin],
    [
      '3 who acts',
      /^Whom do you act as/,
      /Token, or "client_id client_secret": \(not shown\)\s*$/,
      `${operator.client_id} ${operator.client_secret}`,
    ],
    [
      '4 whose is it',
      /^Whose is it\?/,
      /Whose is it\?[^]*Type a number[^]*:\s*$/,
      String(1 + applications.findIndex((one) => one['client_id'] === leak.client_id)),
    ],
    ['5 when', /^SIMULATED tenant \S+$/, /When did it leak[^]*Answer[^]*:\s*$/, '2h ago, now'],
    ['6 which way', /^Deleting the grants stops/, /Which way\?[^]*Type a number[^]*:\s*$/, '1'],
    ['7 the plan', /^Plan for client/, /Carry out steps[^]*to go on, no to stop[^]*:\s*$/, leak.client_id.slice(-6)],
    ['8 give back', /^SIMULATED tenant, CONTAINED; all clear/, /Give the 3 grant\(s\) back now\?[^]*yes or no[^]*:\s*$/, 'no'],
  ]
  const shots = new Map<string, string[]>()
  const shot = (name: string, first: RegExp) => {
    const visible = terminal.rows()
    const from = visible.findIndex((row) => first.test(row))
    ok(from >= 0, `${name}: its first line is not on the screen:\n${visible.join('\n')}`)
    const whole = terminal.lines()
    shots.set(
      name,
      whole
        .slice(whole.findIndex((line) => first.test(line)))
        .join('\n')
        .trimEnd()
        .split('\n'),
    )
  }
  for (const [name, first, see, type] of steps) {
    await terminal.see(see)
    shot(name, first)
    terminal.type(`${type}\r`)
  }
  await terminal.see(/tenant; exit 0/)
  equal(await terminal.ended(), 0)
  shot('9 the last screen', /^SIMULATED tenant .*, client/)
  for (const secret of simulator.tenant.knownSecrets()) ok(!terminal.raw.includes(secret), 'a secret reached the terminal')
  return {shots, raw: terminal.raw}
}

/** The same number of characters, so that lines keep their breaks. */
function masked(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d/g, 'YYYY-MM-DD$1hh:mm:ss')
    .replaceAll(/\d{4}-\d\d-\d\d/g, 'YYYY-MM-DD')
    .replaceAll(/\b\d\d:\d\d:\d\d/g, 'hh:mm:ss')
    .replaceAll(/^ {4}in [^:]*: /gm, '    in LONG: ')
    .replaceAll(/127\.0\.0\.1:\d{4,5}/g, '127.0.0.1:PORT.')
    .replaceAll(/inc-\d{8}-[a-z0-9]{6}/g, 'inc-YYYYMMDD-xxxxxx')
    .replaceAll(/file:\S+\/incidents\/(\S+)\/new-secret-\S+/g, 'file:DATA/incidents/$1/new-secret-WHEN')
}

for (const terminal of TERMINALS) {
  test(`the screens of the guided flow at ${terminal.name} are the approved ones, and each question fits`, async (t) => {
    const {shots, raw} = await walk(t, terminal)
    equal(shots.size, 9)
    for (const [name, lines] of shots) {
      const most = name.startsWith('9') ? terminal.rows : Math.max(MOST_ROWS, terminal.rows - 6)
      ok(lines.length <= most, `${name} takes ${lines.length} rows:\n${lines.join('\n')}`)
    }
    deepEqual(unreadable(raw), [])
    // oxlint-disable-next-line no-control-regex
    if (terminal.env['NO_COLOR']) ok(!/\u001b\[/.test(raw), 'an escape sequence on a terminal that knows none')
    const text = masked([...shots].map(([name, lines]) => `===== ${name} =====\n${lines.join('\n')}\n`).join('\n'))
    const file = path.join(SCREENS, `${terminal.name}.txt`)
    if (process.env['UPDATE_SCREENS']) {
      mkdirSync(SCREENS, {recursive: true})
      writeFileSync(file, text)
    }
    ok(existsSync(file), `${file} is missing`)
    equal(text, readFileSync(file, 'utf8'))
  })
}

test('the last screen answers at one glance: simulated or real, verdict, all clear, where the secret is, what is next', () => {
  for (const {name} of TERMINALS) {
    const last = readFileSync(path.join(SCREENS, `${name}.txt`), 'utf8').split('===== 9 the last screen =====\n')[1] ?? ''
    for (const text of ['SIMULATED tenant', 'Verdict:', 'All clear:', 'New secret:', 'Next:', 'exit 0'])
      ok(last.includes(text), `${name}: ${text}`)
  }
})
