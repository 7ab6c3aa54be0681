import {equal, ok} from 'node:assert/strict'
import {test} from 'node:test'
import type {TestContext} from 'node:test'
import path from 'node:path'
import {systemClock} from '../../src/clock.ts'
import {startSimulator} from '../../src/simulator/server.ts'
import type {Simulator} from '../../src/simulator/server.ts'
import {hasIntent} from '../../src/trail/intents.ts'
import {temporaryFolder} from '../support/folder.ts'
import {Pty} from '../terminal/pty.ts'

/*
 * The guided flow in a real terminal of 80x24, against a tenant that refuses every change without a durable intent.
 * Each test waits for a text on the screen, never for time.
 */

const MAIN = path.resolve(import.meta.dirname, '../../dist/main.js')

interface Bench {
  readonly simulator: Simulator
  readonly env: Record<string, string>
  readonly folder: string
}

async function bench(t: TestContext, scenario = 'client-secret', connected = true): Promise<Bench> {
  const folder = temporaryFolder(t)
  const trail = path.join(folder, 'data', 'trail-sim')
  const simulator = await startSimulator({
    clock: systemClock,
    scenario,
    behaviour: {attacker: false, consumer: false},
    intentOnDisk: (correlationId) => hasIntent(trail, correlationId),
  })
  t.after(() => simulator.stop())
  const {client_id, client_secret} = simulator.practice.operator
  return {
    simulator,
    folder,
    env: {
      STANCH_DATA_DIR: path.join(folder, 'data'),
      STANCH_CONFIG_DIR: path.join(folder, 'config'),
      STANCH_CACHE_DIR: path.join(folder, 'cache'),
      TZ: 'Europe/Berlin',
      ...(connected ? {AUTH0_DOMAIN: simulator.origin, AUTH0_CLIENT_ID: client_id, AUTH0_CLIENT_SECRET: client_secret} : {}),
    },
  }
}

/** One question: what the screen shows when it is asked, and what is typed. */
type Step = readonly [see: RegExp, type: (b: Bench) => string]

const PASTE: Step = [/Paste, kind or Enter: \(not shown\)/, (b) => b.simulator.practice.leak.value]
const DOMAIN: Step = [/Your tenant's domain/, (b) => b.simulator.origin]
const CREDENTIAL: Step = [
  /Token, or "client_id client_secret"/,
  (b) => `${b.simulator.practice.operator.client_id} ${b.simulator.practice.operator.client_secret}`,
]
/** Those that a person may choose from: not the one that stanch acts with. */
const offered = (b: Bench) =>
  b.simulator.tenant
    .clients()
    .filter((one) => one['global'] !== true && one['client_id'] !== b.simulator.practice.operator.client_id)
const CLIENT: Step = [
  /Whose is it\?[^]*Type a number/,
  (b) => String(1 + offered(b).findIndex((one) => one['client_id'] === b.simulator.practice.leak.client_id)),
]
const WHEN: Step = [/When did it leak[^]*Answer/, () => '2h ago, now']
const WAY: Step = [/Which way\?[^]*Type a number/, () => '1']
const CONFIRM: Step = [/Carry out steps? \d[^]*to go on, no to stop/, (b) => b.simulator.practice.leak.client_id.slice(-6)]

/** Ends only when the last words are on the screen: a terminal may hand over its last bytes after the program is gone. */
async function endsWith(terminal: Pty, words: RegExp, code: number): Promise<void> {
  await terminal.see(words)
  equal(await terminal.ended(), code)
}

async function answer(terminal: Pty, b: Bench, steps: readonly Step[]): Promise<void> {
  for (const [see, type] of steps) {
    await terminal.see(see)
    terminal.type(`${type(b)}\r`)
  }
}

test('from nothing at hand to contained takes at most seven questions, and says all that a responder must know', async (t) => {
  const b = await bench(t, 'client-secret', false)
  const terminal = new Pty(t, MAIN, {env: b.env})
  const questions = [PASTE, DOMAIN, CREDENTIAL, CLIENT, WHEN, WAY, CONFIRM]
  await answer(terminal, b, questions)
  ok(questions.length <= 7)
  await terminal.see(/Give the 3 grant\(s\) back now\?/)
  terminal.type('no\r')
  await endsWith(terminal, /tenant; exit 0/, 0)
  const seen = terminal.history().replaceAll(/\s+/g, ' ')
  // The prompts that were really shown: hidden ones and those that begin with the question sign.
  equal(seen.match(/\(not shown\) received|> (?:Your tenant|Type a number|Answer|Type [A-Za-z0-9]+ to go on)/g)?.length, 7)
  for (const text of [
    'No tenant is configured yet',
    'That is a client secret (likely). because 64 characters of A-Z a-z 0-9 _ -',
    'Alive: yes: the token endpoint takes it and refuses only our made-up code',
    'It can do (scopes, worst first): ',
    'SIMULATED tenant',
    '[undo:',
    'CONTAINED: new tokens are stopped, and that is proven',
    'stopped: the old secret is refused',
    'UTC (',
    'Europe/Berlin)',
    'cannot be revoked',
    'New secret:',
    'Checkpoint of the audit trail, to paste into the ticket',
    'A message for the ticket or the chat, without secrets',
    'SIMULATED tenant; exit 0',
  ])
    ok(seen.includes(text), `the screen never showed: ${text}`)
  equal(b.simulator.tenant.count('client_secret.rotate'), 1)
  equal(b.simulator.tenant.count('client_grant.delete'), 3)
  equal(b.simulator.tenant.unlogged(), 0)
  for (const secret of b.simulator.tenant.knownSecrets()) ok(!terminal.raw.includes(secret), 'a secret reached the terminal')
})

test('the message for the ticket has at most ten lines', async (t) => {
  const b = await bench(t)
  const terminal = new Pty(t, MAIN, {env: b.env, columns: 200})
  await answer(terminal, b, [PASTE, CLIENT, WHEN, WAY, CONFIRM])
  await terminal.see(/Give the 3 grant/)
  terminal.type('no\r')
  await endsWith(terminal, /tenant; exit 0/, 0)
  const after = terminal.history().split('A message for the ticket or the chat, without secrets:')[1] ?? ''
  const message = after
    .split('\n')
    .slice(1)
    .findIndex((line) => !line.startsWith('  '))
  ok(message > 3 && message <= 10, `${message} lines`)
})

test('the grants can be given back at the end, with a confirmation of their own', async (t) => {
  const b = await bench(t)
  const terminal = new Pty(t, MAIN, {env: b.env})
  await answer(terminal, b, [PASTE, CLIENT, WHEN, WAY, CONFIRM])
  await terminal.see(/Give the 3 grant\(s\) back now\?/)
  terminal.type('yes\r')
  await answer(terminal, b, [CONFIRM])
  await endsWith(terminal, /tenant; exit 0/, 0)
  equal(b.simulator.tenant.grants(b.simulator.practice.leak.client_id).length, 3)
  ok(terminal.history().includes('RESTORED'))
})

test('a token that leaked names its own client and lifetime, and is asked about no more than that', async (t) => {
  const b = await bench(t, 'management-token')
  const terminal = new Pty(t, MAIN, {env: b.env})
  await terminal.see(PASTE[0])
  terminal.type(`${b.simulator.practice.leak.value}\r`)
  await terminal.see(/When did it leak/)
  const seen = terminal.history()
  ok(/Leaked: management-token of /.test(seen) && /cannot be revoked, ends in /.test(seen.replaceAll(/\s+/g, ' ')))
  ok(!seen.includes('Whose is it?'))
  terminal.type('\u0003')
  equal(await terminal.ended(), 130)
  equal(b.simulator.tenant.changes().length, 0)
})

test('who does not know whose secret it is has it compared, and is asked no more than that', async (t) => {
  const b = await bench(t)
  const terminal = new Pty(t, MAIN, {env: b.env})
  await answer(terminal, b, [PASTE])
  await terminal.see(/Whose is it\?[^]*Type a number/)
  const listed = terminal.rows().filter((row) => /^ +\d+\. /.test(row))
  equal(listed.length, offered(b).length + 1)
  ok(!listed.some((row) => row.includes(b.simulator.practice.operator.client_id)), 'the own client can be taken by mistake')
  ok(/Not in the list: "stanch responder"/.test(terminal.rows().join(' ').replaceAll(/\s+/g, ' ')))
  await answer(terminal, b, [[/Whose is it\?[^]*Type a number/, () => String(offered(b).length + 1)]])
  await terminal.see(/Whose: client [A-Za-z0-9]{32} "billing-sync"/)
  await terminal.see(WHEN[0])
  terminal.type('\u0003')
  equal(await terminal.ended(), 130)
  equal(b.simulator.tenant.unlogged(), 0)
  equal(b.simulator.tenant.changes().length, 0)
  for (const secret of b.simulator.tenant.knownSecrets()) ok(!terminal.raw.includes(secret), 'a secret reached the terminal')
})

test('a kind that people contain is answered with its runbook, and nothing is sent', async (t) => {
  const b = await bench(t)
  const terminal = new Pty(t, MAIN, {env: b.env})
  await terminal.see(PASTE[0])
  terminal.type('refresh-token\r')
  await endsWith(terminal, /stanch runbook show refresh-token/, 0)
  ok(terminal.history().includes('stanch runbook show refresh-token'))
  equal(b.simulator.tenant.changes().length, 0)
})

const QUESTIONS = [PASTE, CLIENT, WHEN, WAY, CONFIRM]
for (let at = 0; at < QUESTIONS.length; at++) {
  test(`Ctrl-C at question ${at + 1} changes nothing and ends with 130, without a stack`, async (t) => {
    const b = await bench(t)
    const terminal = new Pty(t, MAIN, {env: b.env})
    await answer(terminal, b, QUESTIONS.slice(0, at))
    await terminal.see((QUESTIONS[at] as Step)[0])
    terminal.type('\u0003')
    await endsWith(terminal, /code interrupted, exit 130/, 130)
    equal(b.simulator.tenant.changes().length, 0)
    ok(!/\n\s+at .*\.js/.test(terminal.history()), 'a stack was shown')
    ok(/[Ii]nterrupted/.test(terminal.history()))
  })
}

test('three wrong confirmations and a no both decline: nothing is changed, exit 3', async (t) => {
  for (const typed of [['wrong1', 'wrong2', 'wrong3'], ['no']]) {
    const b = await bench(t)
    const terminal = new Pty(t, MAIN, {env: b.env})
    await answer(terminal, b, [PASTE, CLIENT, WHEN, WAY])
    for (const [index, text] of typed.entries()) {
      await terminal.see(index === 0 ? CONFIRM[0] : new RegExp(`That is not[^]*${index === 1 ? '2 tries' : 'One try'}`))
      terminal.type(`${text}\r`)
    }
    await endsWith(terminal, /tenant; exit 3/, 3)
    ok(terminal.history().includes('DECLINED'))
    equal(b.simulator.tenant.changes().length, 0)
  }
})

test('each question fits a terminal of 80x24: its first line is still on the screen when it is asked', async (t) => {
  const b = await bench(t)
  const terminal = new Pty(t, MAIN, {env: b.env})
  const first: readonly RegExp[] = [
    /What leaked\?/,
    /Whose is it\?/,
    /When did it leak/,
    /Deleting the grants stops/,
    /Plan for client/,
  ]
  for (const [index, question] of QUESTIONS.entries()) {
    await terminal.see(question[0])
    ok((first[index] as RegExp).test(terminal.rows().join('\n')), `question ${index + 1} is longer than the screen`)
    if (index < QUESTIONS.length - 1) terminal.type(`${question[1](b)}\r`)
  }
  terminal.type('\u0003')
  equal(await terminal.ended(), 130)
})
