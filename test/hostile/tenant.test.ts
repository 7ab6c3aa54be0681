import {deepEqual, equal, match, ok} from 'node:assert/strict'
import path from 'node:path'
import {describe, test} from 'node:test'
import type {TestContext} from 'node:test'

import {assertInvariants, assertTrail, scene, unattended} from '../support/incident.ts'
import type {Scene} from '../support/incident.ts'
import {parseCef, parseCsv, parseJsonOnce} from '../support/parse-back.ts'
import {MAIN, stanch} from '../support/run-stanch.ts'
import type {Ran} from '../support/run-stanch.ts'
import {notOurs, notText} from '../support/tty.ts'
import {ROOT} from '../support/tree.ts'
import {Pty} from '../terminal/pty.ts'
import {HOSTILE} from './strings.ts'

/*
 * A tenant whose administrator is the attacker: every name, description, audience, scope and user agent is theirs. The
 * built program looks at it, responds to a leak in it, and exports what it did.
 */

type Wire = Record<string, unknown>

/** All attempts in one name, so that one run of a command meets them all. */
const ALL = HOSTILE.map(({text}) => text.slice(0, 40)).join(' ')

interface Names {
  readonly client: string
  readonly api: string
  readonly audience: string
  readonly scope: string
  readonly agent: string
}

function everywhere(text: string): Names {
  return {client: text, api: text, audience: `https://api.example/${text.slice(0, 550)}`, scope: text.slice(0, 200), agent: text}
}

const shaped = (number: number) => HOSTILE.find(({tries}) => tries === `secret-shaped ${number}`)?.text ?? ''

/** The practice tenant, with these names on the leaked client, on one of its APIs, and in the log. */
async function hostileScene(t: TestContext, names: Names): Promise<Scene> {
  const at = await scene(t, {behaviour: {attacker: false, consumer: false}})
  const {world} = at.tenant
  const wire = world.clients.get(at.client_id)?.wire as Wire
  wire['name'] = names.client
  wire['description'] = names.client
  at.tenant.addResourceServer({name: names.api, identifier: names.audience, token_lifetime: 3600, scopes: [{value: names.scope}]})
  at.tenant.addGrant({client_id: at.client_id, audience: names.audience, scope: [names.scope]})
  at.tenant.addOrganization(names.client)
  at.tenant.issueToken({
    client_id: at.client_id,
    audience: names.audience,
    age: 600,
    from: {ip: '203.0.113.66', user_agent: names.agent},
  })
  return at
}

function assertText(ran: Ran, what: string): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const found = notText(ran[name].replaceAll('\r\n', '\n'))
    equal(found, undefined, `${what}: ${name} holds ${found}: ${JSON.stringify(ran[name].slice(0, 400))}`)
  }
}

const plain = (at: Scene, argv: readonly string[]) => stanch(at.home, argv, {env: at.simulator.connection})

/** What the leaked client's exports look like, once there is an incident. */
async function checkExports(at: Scene, id: string): Promise<void> {
  const records = at.records()
  for (const format of ['csv', 'cef', 'ecs', 'ocsf', 'jsonl']) {
    const ran = await plain(at, ['audit', 'export', '--format', format, '--incident', id])
    equal(ran.code, 0, `${format}: ${ran.stderr}`)
    assertText(ran, `audit export ${format}`)
    const lines = ran.stdout.split('\n').slice(0, -1)
    ok(lines.length > 10)
    if (format === 'csv') {
      const rows = parseCsv(ran.stdout).slice(1)
      for (const row of rows) deepEqual(JSON.parse(row.at(-1) ?? ''), records[Number(row[1])])
    } else if (format === 'cef') {
      for (const line of lines)
        deepEqual(
          JSON.parse(parseCef(`${line}\n`).extension.get('stanchRecord') ?? ''),
          records[Number(parseCef(`${line}\n`).extension.get('cn1'))],
        )
    } else for (const line of lines) parseJsonOnce(line)
  }
}

describe('a tenant whose text is hostile', () => {
  test('client list shows every one of the names as text, and as JSON reads them back', async (t) => {
    const at = await scene(t)
    for (const {text} of HOSTILE) at.tenant.addClient({name: text, description: text})
    const listed = await plain(at, ['client', 'list'])
    equal(listed.code, 0, listed.stderr)
    assertText(listed, 'client list')
    ok(listed.stdout.split('\n').length > HOSTILE.length)
    const json = await plain(at, ['client', 'list', '--json'])
    assertText(json, 'client list --json')
    const {clients} = parseJsonOnce(json.stdout) as {clients: {name: string}[]}
    const names = new Set(clients.map((one) => one.name))
    for (const {tries, text} of HOSTILE) ok(tries.startsWith('secret-shaped') || names.has(text.toWellFormed()), tries)
  })

  test('every reading command prints nothing but text', async (t) => {
    const at = await hostileScene(t, everywhere(ALL))
    for (const argv of [
      ['client', 'show', at.client_id],
      ['grant', 'list', '--client', at.client_id],
      ['exposure', '--client', at.client_id],
      ['plan', '--leak', 'client-secret', '--client', at.client_id],
      [
        'respond',
        '--leak',
        'client-secret',
        '--client',
        at.client_id,
        '--reason',
        'x',
        '--deliver',
        'file:./new',
        '--yes',
        '--dry-run',
      ],
      ['client', 'show', at.client_id, '--json'],
      ['exposure', '--client', at.client_id, '--json'],
      ['plan', '--leak', 'client-secret', '--client', at.client_id, '--json'],
    ]) {
      const ran = await plain(at, argv)
      assertText(ran, argv.join(' '))
      ok([0, 2, 3, 6].includes(ran.code), `${argv.join(' ')}: ${ran.code} ${ran.stderr}`)
      if (argv.includes('--json')) parseJsonOnce(ran.stdout)
    }
    equal(at.tenant.changes().length, 0)
  })

  for (const [what, names] of [
    ['of every kind', everywhere(ALL.toWellFormed())],
    ['that is not well-formed', {...everywhere('a\ud800b\udfff'), audience: 'https://api.example/plain'}],
    ['that is very long', everywhere('x'.repeat(5000))],
    [
      'that names members of objects',
      {client: '__proto__', api: 'constructor', audience: '__proto__', scope: '__proto__', agent: 'toString'},
    ],
    ['that is shaped like a token', {...everywhere(shaped(1)), audience: 'https://api.example/plain', scope: 'read:x'}],
    ['that is shaped like a private key', {...everywhere(shaped(3)), audience: 'https://api.example/plain', scope: 'read:x'}],
  ] as const) {
    test(`text ${what} stops no incident: contained, recorded, shown and exported as text`, async (t) => {
      const at = await hostileScene(t, names)
      const argv = unattended(at)
      const ran = await plain(at, argv)
      assertText(ran, 'respond')
      equal(ran.code, 0, ran.stderr + ran.stdout)
      equal(at.tenant.count('client_secret.rotate'), 1)
      equal(at.tenant.count('client_grant.delete'), 4)
      assertTrail(at)
      const shown = await at.run(['incident', 'list'])
      const id = String((shown.json()['incidents'] as {incident_id: string}[])[0]?.incident_id)
      const looks = [
        ['incident', 'show', id],
        ['audit', 'show', '--incident', id],
        ['report', id],
        ['incident', 'list'],
        ['audit', 'verify', path.join(at.home.data, 'trail-sim')],
        ['incident', 'show', id, '--json'],
        ['report', id, '--format', 'json'],
      ]
      // the first name holds every attempt; the others are there for what they do to the road, not to the screens
      for (const one of what === 'of every kind' ? looks : looks.slice(0, 1)) {
        const looked = await plain(at, one)
        assertText(looked, one.join(' '))
        ok([0, 2, 6].includes(looked.code), `${one.join(' ')}: ${looked.code} ${looked.stderr}`)
      }
      if (what === 'of every kind') await checkExports(at, id)
      const back = await at.run(['grant', 'restore', '--incident', id, '--reason', 'x', '--yes', '--restore-before-all-clear'])
      assertText(back, 'grant restore')
      equal(back.code, 0, back.stderr + back.stdout)
      assertInvariants(back.document)
      equal(at.tenant.grants(at.client_id).length, 4)
      ok(at.tenant.grants(at.client_id).some((grant) => grant['audience'] === names.audience))
    })
  }
})

describe('the screen that is confirmed', () => {
  /** Names that pretend to be another client, more of our own screen, or its end. */
  const SPOOFS = [
    'billing-sync" on SIMULATED tenant test.auth0.com, client "x',
    'billing-sync\\',
    'b\u0456lling\n  5. nothing else  [undo: all]\u202e',
    '\u001b[2K\u001b[1G\u001b]0;safe\u0007\u200bCarry out steps 2 to 2 (0 changes)?',
  ]

  test('tells two clients with look-alike names apart by their ids, and asks for a part of the id', async (t) => {
    const at = await scene(t)
    for (const name of SPOOFS) at.tenant.addClient({name})
    const listed = (await plain(at, ['client', 'list'])).stdout
    for (const client of at.tenant.clients().filter((one) => one['global'] !== true))
      ok(listed.includes(String(client['client_id'])))
  })

  for (const [index, name] of SPOOFS.entries()) {
    test(`name ${index + 1} is shown as a name in quotes beside the id, and only text reaches the terminal`, async (t) => {
      const at = await scene(t)
      const wire = at.tenant.world.clients.get(at.client_id)?.wire as Wire
      wire['name'] = name
      const terminal = new Pty(t, path.relative(path.join(ROOT, 'test/terminal/fixtures'), MAIN), {
        args: ['respond', '--leak', 'client-secret', '--client', at.client_id, '--reason', 'x', '--deliver', `file:${at.sink}`],
        env: {...at.home.env, ...at.simulator.connection},
        columns: 200,
      })
      await terminal.see(/When did it leak[^]*Answer/)
      terminal.type('2h ago, now\r')
      await terminal.see(/Which way\?[^]*Type a number/)
      terminal.type('1\r')
      await terminal.see(/Type \S+ to go on, no to stop/)
      const found = notOurs(terminal.raw)
      equal(found, undefined, `${found}: ${JSON.stringify(terminal.raw.slice(0, 600))}`)
      const screen = terminal.history()
      match(screen, /^Carry out steps 2 to \d+ \(\d+ changes\) on SIMULATED tenant [\w.:]+\?$/m)
      const asked = /^Plan for client (\S+) ("[^"]*"):$/m.exec(screen)
      ok(asked, screen)
      equal(asked[1], at.client_id)
      match(screen, new RegExp(`Type ${at.client_id.slice(-6)} to go on`))
      // as many steps as the plan has
      equal(screen.slice(screen.indexOf('Plan for client')).match(/^ {2}\d+\. /gm)?.length, 8, screen)
      terminal.type('no\r')
      equal(await terminal.ended(), 3)
      equal(at.tenant.changes().length, 0)
    })
  }
})
