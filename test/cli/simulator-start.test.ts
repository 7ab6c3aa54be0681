import {equal, match, ok} from 'node:assert/strict'
import {spawn} from 'node:child_process'
import type {ChildProcess} from 'node:child_process'
import {existsSync, readFileSync, statSync} from 'node:fs'
import {once} from 'node:events'
import {describe, test} from 'node:test'
import type {TestContext} from 'node:test'

import {MAIN, newHome, stanch} from '../support/run-stanch.ts'
import type {Home} from '../support/run-stanch.ts'

interface Ready {
  readonly origin: string
  readonly operator: {readonly client_id: string}
  readonly env_file: string
  readonly leak: {readonly kind: string; readonly client_id: string; readonly file: string}
  readonly ca_file?: string
}

/** Starts it and waits for its first output to be whole: a JSON document, or lines that end with the practice command. */
async function started(
  t: TestContext,
  home: Home,
  argv: readonly string[],
): Promise<{child: ChildProcess; text: string; ready: () => Ready; end: (signal: NodeJS.Signals) => Promise<number>}> {
  const child = spawn(process.execPath, [MAIN, 'simulator', 'start', ...argv], {
    cwd: home.folder,
    env: {...home.env},
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => void child.kill('SIGKILL'))
  let text = ''
  for await (const part of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
    text += part
    if (argv.includes('--json') ? isJson(text) : /^ {2}stanch respond --yes .*\n/m.test(text)) break
  }
  return {
    child,
    text,
    ready: () => JSON.parse(text) as Ready,
    async end(signal) {
      const ended = once(child, 'exit') as Promise<[number | null]>
      child.kill(signal)
      return (await ended)[0] ?? -1
    },
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** What `set -a; . FILE` would put into the environment. */
function environmentOf(file: string): Record<string, string> {
  return Object.fromEntries(
    [...readFileSync(file, 'utf8').matchAll(/^([A-Z0-9_]+)='([^']*)'$/gm)].map((match) => [match[1] ?? '', match[2] ?? '']),
  )
}

describe('stanch simulator start', () => {
  test('one JSON document when it is ready, without a secret; its files are 0600 and connect', async (t) => {
    const home = newHome(t)
    const {ready, text, end} = await started(t, home, ['--json', '--seed', '5'])
    const {env_file, leak, operator, origin} = ready()
    const env = environmentOf(env_file)
    equal(env['AUTH0_DOMAIN'], origin)
    equal(env['AUTH0_CLIENT_ID'], operator.client_id)
    for (const file of [env_file, leak.file]) equal(statSync(file).mode & 0o777, 0o600)
    for (const secret of [env['AUTH0_CLIENT_SECRET'] ?? '-', readFileSync(leak.file, 'utf8')]) ok(!text.includes(secret))
    const doctor = await stanch(home, ['doctor', '--json'], {env})
    equal(doctor.code, 0, doctor.stdout)
    equal(doctor.json()['simulated'], true)
    equal(await end('SIGTERM'), 0)
    equal(existsSync(env_file) || existsSync(leak.file), false)
  })

  test('an incident is worked on it end to end, over TLS with its own certificate', async (t) => {
    const home = newHome(t)
    const {ready, end} = await started(t, home, ['--json', '--tls'])
    const {env_file, leak, origin, ca_file} = ready()
    match(origin, /^https:/)
    ok(readFileSync(ca_file ?? '', 'utf8').startsWith('-----BEGIN CERTIFICATE-----'))
    const env = environmentOf(env_file)
    const argv = [
      'respond',
      '--yes',
      '--json',
      '--leak',
      leak.kind,
      '--client',
      leak.client_id,
      '--credential-file',
      leak.file,
      '--reason',
      'practice',
      '--deliver',
      `file:${home.folder}/new`,
    ]
    const ran = await stanch(home, argv, {env})
    equal(ran.code, 0, ran.stdout + ran.stderr)
    equal(ran.json()['status'], 'contained')
    const {STANCH_CA_FILE: _, ...without} = env
    equal((await stanch(home, ['doctor', '--json'], {env: without})).code, 75)
    equal(await end('SIGINT'), 0)
  })

  test('people see that it is simulated and how to connect', async (t) => {
    const home = newHome(t)
    const {text, end} = await started(t, home, ['management-token'])
    match(text, /^SIMULATED tenant at http:\/\/127\.0\.0\.1:\d+, scenario management-token/)
    match(text, /export AUTH0_CLIENT_SECRET=\S+ +# SIMULATED/)
    match(text, /set -a; \. \S+env; set \+a/)
    equal(await end('SIGINT'), 0)
  })

  test('changes that no trail announces are refused, unless it is told to take them', async (t) => {
    for (const [argv, status] of [
      [[], 418],
      [['--no-intent-check'], 200],
    ] as const) {
      const home = newHome(t)
      const {ready, end} = await started(t, home, ['--json', ...argv])
      const {origin, env_file, leak} = ready()
      const env = environmentOf(env_file)
      const form = {
        grant_type: 'client_credentials',
        client_id: env['AUTH0_CLIENT_ID'],
        client_secret: env['AUTH0_CLIENT_SECRET'],
        audience: `${origin}/api/v2/`,
      }
      const token = (await (
        await fetch(`${origin}/oauth/token`, {
          method: 'POST',
          headers: {'content-type': 'application/json'},
          body: JSON.stringify(form),
        })
      ).json()) as {access_token: string}
      const rotated = await fetch(`${origin}/api/v2/clients/${leak.client_id}/rotate-secret`, {
        method: 'POST',
        headers: {authorization: `Bearer ${token.access_token}`},
      })
      equal(rotated.status, status)
      equal(await end('SIGTERM'), 0)
    }
  })

  test('faults given as JSON hit', async (t) => {
    const home = newHome(t)
    const {ready, end} = await started(t, home, [
      '--json',
      '--fault',
      '{"on":"token","do":"status","status":403,"times":9}',
      '--rate-plan',
      'free',
      '--round-trip',
      '1',
    ])
    const doctor = await stanch(home, ['doctor', '--json'], {env: environmentOf(ready().env_file)})
    equal(doctor.code === 0, false)
    equal(await end('SIGTERM'), 0)
  })

  for (const argv of [
    ['nowhere'],
    ['--fault', 'x'],
    ['--fault', '{"on":"token"}'],
    ['--fault', '{"on":"token","do":"explode"}'],
    ['--port', '0'],
    ['--port', '70000'],
    ['--rate-plan', 'gold'],
  ]) {
    test(`${argv.join(' ')}: exit 2`, async (t) => {
      equal((await stanch(newHome(t), ['simulator', 'start', ...argv])).code, 2)
    })
  }
})
