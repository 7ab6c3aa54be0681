import {deepEqual, equal, match, ok} from 'node:assert/strict'
import path from 'node:path'
import {test} from 'node:test'
import type {TestContext} from 'node:test'
import {systemClock} from '../../src/clock.ts'
import {startSimulator} from '../../src/simulator/server.ts'
import type {Simulator} from '../../src/simulator/server.ts'
import {displayWidth} from '../../src/report/width.ts'
import {temporaryFolder} from '../support/folder.ts'
import {unreadable} from '../terminal/palettes.ts'
import {Pty} from '../terminal/pty.ts'

/*
 * At 80x24 a question takes at most 18 rows on every road: all that was written since the last answer, and the row where
 * one answers. What the acts report stands for itself.
 */

const MAIN = path.resolve(import.meta.dirname, '../../dist/main.js')
const MOST_ROWS = 18

/** A row of what an act reports, or one that goes on with it. */
const REPORT = /^(?:\d\d:\d\d:\d\dZ \[\d+\/\d+\]|\d\d:\d\d:\d\dZ (?:proving|waiting)| {10}\S)/

class Walk {
  readonly terminal: Pty
  #answered = -1
  readonly asked: {readonly text: string; readonly rows: number}[] = []

  constructor(terminal: Pty) {
    this.terminal = terminal
  }

  /** Waits for a question, counts its rows, answers. */
  async answer(see: RegExp, type: string | (() => string), report = REPORT): Promise<string> {
    await this.terminal.see(see)
    const all = this.terminal.history().trimEnd().split('\n')
    const since = all.slice(this.#answered + 1)
    const own = since.slice(since.findLastIndex((row) => report.test(row)) + 1)
    const text = own.join('\n')
    ok(own.length <= MOST_ROWS, `${see} takes ${own.length} rows:\n${text}`)
    for (const row of own) ok(displayWidth(row) <= 80, row)
    this.asked.push({text, rows: own.length})
    this.#answered = this.terminal.cursor()
    this.terminal.type(`${typeof type === 'string' ? type : type()}\r`)
    return text
  }
}

interface Bench {
  readonly simulator: Simulator
  readonly env: Record<string, string>
  readonly connection: Record<string, string>
}

async function bench(t: TestContext, scenario = 'client-secret'): Promise<Bench> {
  const folder = temporaryFolder(t)
  const simulator = await startSimulator({
    clock: systemClock,
    seed: 7,
    scenario,
    behaviour: {attacker: false, consumer: false, log_delay_seconds: 0},
  })
  t.after(() => simulator.stop())
  const {client_id, client_secret} = simulator.practice.operator
  return {
    simulator,
    env: {
      STANCH_DATA_DIR: path.join(folder, 'data'),
      STANCH_CONFIG_DIR: path.join(folder, 'config'),
      STANCH_CACHE_DIR: path.join(folder, 'cache'),
      TZ: 'America/Argentina/ComodRivadavia',
    },
    connection: {AUTH0_DOMAIN: simulator.origin, AUTH0_CLIENT_ID: client_id, AUTH0_CLIENT_SECRET: client_secret},
  }
}

const PASTE = /Paste, kind or Enter: \(not shown\)\s*$/
const DOMAIN = /Your tenant's domain[^]*:\s*$/
const CREDENTIAL = /Token, or "client_id client_secret": \(not shown\)\s*$/
const WHOSE = /Whose is it\?[^]*Type a number[^]*:\s*$/
const WHEN = /When did it leak[^]*Answer[^]*:\s*$/
const WAY = /Which way\?[^]*Type a number[^]*:\s*$/
const PLAN = /Carry out step[^]*to go on, no to stop[^]*:\s*$/

/** The number under which the question about the client offers `id`. */
function numberOf(terminal: Pty, id: string): string {
  return /^ *(\d+)\. .*$/m.exec(terminal.rows().find((row) => row.includes(id)) ?? '')?.[1] ?? 'none'
}

/** Every question says why it is asked, what the answer does and how it is undone, or says how to see it. */
function explained(walk: Walk): void {
  deepEqual(unreadable(walk.terminal.raw), [])
  for (const {text} of walk.asked) ok(/^Why: [^]*^Effect: [^]*^Undo: |\? explains/m.test(text), text)
}

for (const scenario of ['client-secret', 'management-token', 'missing-scope', 'third-party-default', 'user-grant']) {
  for (const connected of [true, false]) {
    test(`no question takes more rows: ${scenario}, ${connected ? 'connected by the environment' : 'nothing at hand'}`, async (t) => {
      const {simulator, env, connection} = await bench(t, scenario)
      const {leak, operator} = simulator.practice
      const walk = new Walk(new Pty(t, MAIN, {env: connected ? {...env, ...connection} : env}))
      await walk.answer(PASTE, leak.value)
      if (!connected) {
        await walk.answer(DOMAIN, simulator.origin)
        await walk.answer(CREDENTIAL, `${operator.client_id} ${operator.client_secret}`)
      }
      if (scenario !== 'management-token') {
        await walk.terminal.see(WHOSE)
        await walk.answer(WHOSE, numberOf(walk.terminal, leak.client_id))
      }
      const when = await walk.answer(WHEN, 'unknown')
      match(when, /SIMULATED tenant[^]*Leaked: [^]*Alive: yes[^]*the last token would die in[^]*UTC/)
      match(await walk.answer(WAY, '1'), /SIMULATED tenant/)
      if (scenario === 'missing-scope') await walk.answer(/leave the rest to people[^]*yes or no[^]*:\s*$/, 'yes')
      match(await walk.answer(PLAN, 'no'), /rotate the client secret[^]*SIMULATED tenant/)
      equal(await walk.terminal.ended(), 3)
      explained(walk)
    })
  }
}

/** A client that can do everything, everywhere, under a name as wide as names get. */
function widen(simulator: Simulator, apis: number): void {
  const {tenant, practice} = simulator
  for (let i = 0; i < apis; i++) {
    const identifier = `https://api-${i}.${'very-long-label.'.repeat(6)}example/`
    tenant.addResourceServer({
      name: `請求書サービス 👩🏽‍🚀 ${i} ${'長'.repeat(60)}`,
      identifier,
      token_lifetime: 60 * (i + 1),
      scopes: [{value: 'read:all'}],
    })
    tenant.addGrant({client_id: practice.leak.client_id, audience: identifier, scope: ['read:all']})
  }
}

test('no question takes more rows where a client has 200 grants, and ? shows them all', async (t) => {
  const {simulator, env, connection} = await bench(t)
  widen(simulator, 200)
  const {leak} = simulator.practice
  const args = ['respond', '--max-actions', '1000']
  const walk = new Walk(new Pty(t, MAIN, {args, env: {...env, ...connection}}))
  await walk.answer(PASTE, leak.value)
  await walk.terminal.see(WHOSE)
  await walk.answer(WHOSE, numberOf(walk.terminal, leak.client_id))
  match(await walk.answer(WHEN, '2h ago, now'), /and \d{3} more: \?, or stanch client show [A-Za-z0-9]{32}\n/)
  match(await walk.answer(WAY, '1'), /and 20\d more: \? shows all/)
  const plan = await walk.answer(PLAN, '?')
  match(
    plan,
    /and 20\d more: \? shows all\n[^]*\[undo of 2 to 204: [^]*205\. rotate the client secret[^]*steps 2 to 205 \(204 changes\)/,
  )
  await walk.terminal.see(/Undo:[^]*to go on, no to stop[^]*:\s*$/)
  for (const step of [2, 100, 204]) match(walk.terminal.history(), new RegExp(`^ {2}${step}\\. delete the client grant`, 'm'))
  walk.terminal.type('no\r')
  equal(await walk.terminal.ended(), 3)
  explained(walk)
})

test('no question takes more rows among many applications with wide names: they are searched', async (t) => {
  const {simulator, env, connection} = await bench(t)
  for (let i = 0; i < 300; i++) simulator.tenant.addClient({name: `${'請求書'.repeat(20)} ${i}`, app_type: 'non_interactive'})
  const {leak} = simulator.practice
  const walk = new Walk(new Pty(t, MAIN, {env: {...env, ...connection}}))
  await walk.answer(PASTE, leak.value)
  await walk.answer(/Whose is it\?[^]*303 to choose from/, '\u001b[D請求')
  await walk.terminal.see(/Search:[^]*請求書/)
  const shown = walk.terminal.history().trimEnd().split('\n')
  ok(shown.length - shown.findIndex((row) => row.startsWith('That is')) <= MOST_ROWS, shown.join('\n'))
  walk.terminal.type('\u0003')
  equal(await walk.terminal.ended(), 130)
  deepEqual(unreadable(walk.terminal.raw), [])
})

test('no question takes more rows among ten applications with wide names', async (t) => {
  const {simulator, env, connection} = await bench(t)
  for (let i = 0; i < 7; i++) simulator.tenant.addClient({name: `${'請求書'.repeat(20)} ${i}`, app_type: 'non_interactive'})
  const walk = new Walk(new Pty(t, MAIN, {env: {...env, ...connection}}))
  await walk.answer(PASTE, simulator.practice.leak.value)
  const text = await walk.answer(/Whose is it\?[^]*Type a number from 1 to 10[^]*:\s*$/, '\u0003')
  equal(text.split('\n').filter((row) => /^ +\d+\. /.test(row)).length, 10)
  equal(await walk.terminal.ended(), 130)
})

test('no question takes more rows with flags for the first questions, after a rotation by others, and on resume', async (t) => {
  const {simulator, env, connection} = await bench(t)
  const {leak, operator} = simulator.practice
  const post = async (at: string, body: object, token?: string) =>
    (await (
      await fetch(`${simulator.origin}${at}`, {
        method: 'POST',
        headers: {'content-type': 'application/json', ...(token === undefined ? {} : {authorization: `Bearer ${token}`})},
        body: JSON.stringify(body),
      })
    ).json()) as {access_token?: string}
  const {access_token: token} = await post('/oauth/token', {
    ...operator,
    grant_type: 'client_credentials',
    audience: `${simulator.origin}/api/v2/`,
  })
  await post(`/api/v2/clients/${leak.client_id}/rotate-secret`, {}, token)
  const flags = [
    'respond',
    '--leak',
    'client-secret',
    '--client',
    leak.client_id,
    '--leaked-at',
    new Date(Date.now() - 3_600_000).toISOString(),
  ]
  const walk = new Walk(new Pty(t, MAIN, {args: flags, env: {...env, ...connection}}))
  // what the credential can do is a screen of its own where nothing is asked below it
  match(await walk.answer(WAY, '1', /^If no more were|^h: \d{4}/), /^\nDeleting the grants stops/)
  await walk.answer(/Is that the response\s+to this leak\?[^]*Type a number[^]*:\s*$/, '2')
  await walk.answer(PLAN, '\u0003')
  equal(await walk.terminal.ended(), 130)
  explained(walk)

  const id = /inc-\d{8}-[a-z0-9]{6}/.exec(walk.terminal.history())?.[0] ?? ''
  const again = new Walk(new Pty(t, MAIN, {args: ['resume', id], env: {...env, ...connection}}))
  await again.answer(/Is that the response[^]*Type a number[^]*:\s*$/, '1')
  await again.answer(PLAN, 'no')
  equal(await again.terminal.ended(), 3)
})

test('the message for the ticket names only the APIs that lost a grant, and no rotation that nobody made', async (t) => {
  const {simulator, env, connection} = await bench(t, 'management-token')
  const walk = new Walk(new Pty(t, MAIN, {env: {...env, ...connection}}))
  await walk.answer(PASTE, simulator.practice.leak.value)
  await walk.answer(WHEN, 'unknown')
  await walk.answer(WAY, '2')
  await walk.answer(PLAN, simulator.practice.leak.client_id.slice(-6))
  await walk.terminal.see(/tenant; exit 6/)
  const text = walk.terminal.history().replaceAll(/\s+/g, ' ')
  match(text, /Breaks: this client gets no token for Auth0 Management API until its grants are given back\./)
  match(text, /Until then an issued token could undo this; the secret was not rotated\./)
})

/** The operator's grant with these scopes alone. */
function operatorMay(simulator: Simulator, scope: readonly string[]): void {
  const {tenant, practice} = simulator
  for (const grant of tenant.grants(practice.operator.client_id)) tenant.removeGrant(String(grant['id']))
  tenant.addGrant({client_id: practice.operator.client_id, audience: tenant.world.audience, scope})
}

const ALL_SCOPES = [
  'clients',
  'client_keys',
  'users',
  'actions',
  'connections',
  'log_streams',
  'client_grants',
  'resource_servers',
]

for (const [name, change, include] of [
  [
    'a client without a grant, a credential that reads neither log nor lifetimes nor writes',
    ({tenant, practice}: Simulator) => {
      for (const grant of tenant.grants(practice.leak.client_id)) tenant.removeGrant(String(grant['id']))
    },
    ['read:clients', 'read:client_grants'],
  ],
  ['a credential that may only look', () => {}, ['read:clients', 'read:client_grants']],
  [
    'the most powerful token there is, of a client with many grants',
    (simulator: Simulator) => {
      const {tenant, practice} = simulator
      const own = tenant.grants(practice.leak.client_id).find((grant) => grant['audience'] === tenant.world.audience)
      if (own) tenant.removeGrant(String(own['id']))
      const scope = ALL_SCOPES.flatMap((one) => ['read', 'create', 'update', 'delete'].map((verb) => `${verb}:${one}`))
      tenant.addGrant({client_id: practice.leak.client_id, audience: tenant.world.audience, scope})
      widen(simulator, 15)
    },
    undefined,
  ],
] as const) {
  test(`no question takes more rows: ${name}`, async (t) => {
    const {simulator, env, connection} = await bench(t)
    change(simulator)
    if (include) operatorMay(simulator, include)
    const {leak} = simulator.practice
    const walk = new Walk(new Pty(t, MAIN, {env: {...env, ...connection}}))
    await walk.answer(PASTE, leak.value)
    await walk.terminal.see(WHOSE)
    await walk.answer(WHOSE, numberOf(walk.terminal, leak.client_id))
    await walk.answer(WHEN, 'unknown')
    const grants = simulator.tenant.grants(leak.client_id).length > 0
    // without a grant there is nothing to choose between
    const way = grants ? await walk.answer(WAY, '1') : ''
    // what was not seen is not nothing
    if (include && grants) match(way, /how much it is used is not known: no log/)
    ok(!include || !/ 0 token\(s\)/.test(way), way)
    if (include) await walk.answer(/leave the rest to people[^]*yes or no[^]*:\s*$/, 'yes')
    await walk.answer(PLAN, 'no')
    equal(await walk.terminal.ended(), 3)
    explained(walk)
  })
}

for (const scenario of ['client-secret', 'private-key']) {
  test(`no question takes more rows in a drill: ${scenario}`, async (t) => {
    const {env} = await bench(t)
    const walk = new Walk(new Pty(t, MAIN, {args: ['drill', scenario], env}))
    match(await walk.answer(WHEN, '2h ago'), /nothing leaves\s+this machine/)
    if (scenario === 'client-secret') await walk.answer(WAY, '1')
    const plan = await walk.answer(
      /Carry out [^]*to go on, no to stop[^]*:\s*$/,
      scenario === 'private-key' ? () => 'no' : () => codeOf(walk),
    )
    if (scenario === 'private-key') match(plan, /^ {2}\d+ step\(s\) for people$/m)
    else {
      await walk.answer(/grant\(s\) back now\?[^]*yes or no[^]*:\s*$/, 'yes')
      const back = await walk.answer(/give back the grant[^]*Carry out [^]*to go on, no to stop[^]*:\s*$/, 'no')
      ok(!back.includes('Users fail'), 'giving back takes nothing')
    }
    await walk.terminal.see(/Score card of the drill/)
    await walk.terminal.ended()
    explained(walk)
  })
}

/** What is to be typed to confirm. */
function codeOf({terminal}: Walk): string {
  return /Type (\w{6}) to go on/.exec(terminal.rows().join('\n'))?.[1] ?? ''
}
