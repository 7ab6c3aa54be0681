import {deepEqual, equal, notEqual, ok, throws} from 'node:assert/strict'
import {spawn, spawnSync} from 'node:child_process'
import {generateKeyPairSync} from 'node:crypto'
import {once} from 'node:events'
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {describe, test} from 'node:test'
import type {TestContext} from 'node:test'
import {gzipSync} from 'node:zlib'

import {disguises, filesOf, findCanaries, watched} from '../support/canaries.ts'
import {json, raw} from '../support/fault-server.ts'
import {scene} from '../support/incident.ts'
import type {Scene} from '../support/incident.ts'
import {interpose, secondOrigin} from '../support/interposer.ts'
import {MAIN, newHome, stanch} from '../support/run-stanch.ts'
import type {Ran} from '../support/run-stanch.ts'
import {ROOT} from '../support/tree.ts'
import {watchOutput, watchSecrets, watchTenant} from '../support/watch-secrets.ts'
import {Pty} from '../terminal/pty.ts'

/*
 * Every secret of the simulated tenant is a canary. After a whole incident none of them may be anywhere but in the delivery
 * that was chosen: not whole, not in part, not turned round, not encoded, not packed.
 */

const LINUX = process.platform === 'linux'
const CONNECTION = ['AUTH0_CLIENT_SECRET']

const bytes = (name: string, text: string) => ({name, bytes: Buffer.from(text)})

function secretsOf(at: Scene): string[] {
  const all = at.tenant.knownSecrets().filter((secret) => secret.length >= 8)
  ok(all.length > 3)
  return all
}

function respondArgv(at: Scene, sink: string): string[] {
  return [
    'respond',
    '--leak',
    at.leak.kind,
    '--client',
    at.client_id,
    '--credential-file',
    at.leak.file,
    '--reason',
    'x',
    '--deliver',
    sink,
    '--yes',
    '--json',
  ]
}

describe('the scanner itself', () => {
  const secret = 'aB3-dE6_gH9kL2mN5pQ8rS1tU4vW7xY0'
  const planted: Record<string, string | Buffer> = {
    'raw': secret,
    'inside a longer text': `x${secret}y`,
    'base64': Buffer.from(secret).toString('base64'),
    'base64 after one byte': Buffer.from(`:${secret}`).toString('base64'),
    'base64 after two bytes': Buffer.from(`id${secret}`).toString('base64'),
    'base64url': Buffer.from(secret).toString('base64url'),
    'hex': Buffer.from(secret).toString('hex'),
    'upper hex': Buffer.from(secret).toString('hex').toUpperCase(),
    'percent': [...Buffer.from(secret)].map((byte) => `%${byte.toString(16)}`).join(''),
    'JSON escapes': Array.from(secret)
      .map((char) => `\\u00${char.charCodeAt(0).toString(16)}`)
      .join(''),
    'HTML escapes': Array.from(secret)
      .map((char) => `&#${char.charCodeAt(0)};`)
      .join(''),
    'reversed': Array.from(secret).toReversed().join(''),
    'its first 12 characters': secret.slice(0, 12),
    'its last 12 characters': secret.slice(-12),
    'gzip': gzipSync(secret),
    'gzip inside other bytes': Buffer.concat([Buffer.from('PK..'), gzipSync(`{"a":"${secret}"}`), Buffer.from('end')]),
  }
  for (const [how, text] of Object.entries(planted)) {
    test(`finds it ${how}`, () => {
      notEqual(findCanaries([secret], [{name: 'place', bytes: Buffer.from(text)}]).length, 0)
    })
  }

  test('a token is found by its signature, not by the header that all of them share', () => {
    const token = `${Buffer.from('{"alg":"RS256","typ":"JWT"}').toString('base64url')}.${'cGF5bG9hZA'.repeat(9)}.${'Zx9_'.repeat(12)}`
    deepEqual(findCanaries([token], [bytes('place', token.slice(0, 36))]), [])
    for (const part of [token, token.slice(-12), token.slice(token.lastIndexOf('.') + 1).slice(0, 12)])
      equal(findCanaries([token], [bytes('place', `x ${part} x`)]).length, 1)
  })

  test('a key in PEM is found by its body, however its lines are broken, not by the header that all of them share', () => {
    const {privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048})
    const pem = privateKey.export({type: 'pkcs8', format: 'pem'}).toString()
    const other = generateKeyPairSync('ed25519').privateKey.export({type: 'pkcs8', format: 'pem'}).toString()
    deepEqual(findCanaries([pem], [bytes('place', other)]), [])
    const body = pem.split('\n').slice(1, -2).join('').replace(/=+$/, '')
    for (const text of [pem, pem.replaceAll('\n', '\\n'), body, body.slice(-12)])
      equal(findCanaries([pem], [bytes('place', text)]).length, 1)
  })

  test('a run that printed a secret, and a file in the data folder that holds one, fail the test that made them', () => {
    const tenant = {knownSecrets: () => [secret]}
    const ends = (then: (folder: string) => void) => {
      const hooks: (() => void)[] = []
      const folder = mkdtempSync(path.join(tmpdir(), 'stanch-watched-'))
      watchSecrets({after: (hook: () => void) => void hooks.push(hook)} as unknown as TestContext, () => folder)
      mkdirSync(path.join(folder, 'data/incidents/inc-1'), {recursive: true})
      watchTenant(folder, tenant)
      then(folder)
      try {
        for (const hook of hooks) hook()
      } finally {
        rmSync(folder, {recursive: true})
      }
    }
    const out = {stdout: `{"a":"${Buffer.from(secret).toString('hex')}"}`, stderr: ''}
    throws(() => ends((folder) => watchOutput(folder, ['respond', '--json'], out)), /got out/)
    throws(() => ends((folder) => writeFileSync(path.join(folder, 'data/trail'), secret)), /got out/)
    ends((folder) => watchOutput(folder, ['token', 'get', '--reveal'], out))
    ends((folder) => writeFileSync(path.join(folder, 'data/incidents/inc-1/new-secret-1'), secret))
  })

  test('finds nothing where nothing is', () => {
    deepEqual(findCanaries([secret], [bytes('place', 'aB3-dE6_gH9 is not it')]), [])
    ok(disguises(secret).size > 20)
  })
})

describe('no secret is anywhere but where it was delivered', () => {
  test(
    'after a whole incident: output, every file, argv and environment of the process tree',
    {skip: !LINUX && 'needs /proc'},
    async (t) => {
      const at = await scene(t, {behaviour: {attacker: false, consumer: false}})
      const taken = path.join(at.home.folder, 'taken')
      const script = path.join(at.home.folder, 'vault.sh')
      writeFileSync(script, `#!/bin/sh\ncat > '${taken}'\nsleep 0.1\n`, {mode: 0o700})
      const ran = await watched(at.home, respondArgv(at, `exec:${script} put x -`), {env: at.simulator.connection}, CONNECTION)
      equal(ran.code, 0, ran.stderr)
      equal(readFileSync(taken, 'utf8').trim(), at.tenant.secretOf(at.client_id))
      ok(ran.samples > 10)
      ok(
        ran.seen.some(({name}) => name === 'cmdline of a child'),
        'the command of the sink was never seen: this test proves nothing',
      )
      deepEqual(
        findCanaries(secretsOf(at), [
          bytes('stdout', ran.stdout),
          bytes('stderr', ran.stderr),
          ...ran.seen,
          ...filesOf(at.home.folder, [at.leak.file, taken]),
        ]),
        [],
      )
    },
  )

  test('after every export, report and restore of it, and at the most talkative level', async (t) => {
    const at = await scene(t, {behaviour: {attacker: false, consumer: false}})
    const loud = {DEBUG: '*', NODE_DEBUG: 'http,https,net,tls,stream,fs,module,undici,fetch,timer'}
    const ran = await at.respond('--log-level', 'trace')
    equal(ran.code, 0, ran.stderr)
    const id = ran.document.incident_id ?? ''
    const outputs = [ran]
    for (const argv of [
      ['audit', 'show', '--incident', id],
      ['audit', 'export', '--format', 'jsonl', '--incident', id],
      ['audit', 'export', '--format', 'ocsf', '--incident', id],
      ['report', id],
      ['bundle', id, '--output', path.join(at.home.folder, 'bundle')],
      ['doctor', '--log-level', 'trace'],
      ['secret', 'verify', '--client', at.client_id, '--credential-file', at.leak.file, '--log-level', 'trace'],
    ]) {
      outputs.push(await at.run(argv, {env: loud}))
    }
    const places = outputs.flatMap((one, i) => [bytes(`stdout ${i}`, one.stdout), bytes(`stderr ${i}`, one.stderr)])
    deepEqual(findCanaries(secretsOf(at), [...places, ...filesOf(at.home.folder, [at.leak.file, at.sink])]), [])
  })

  test('after all that comes after containment: hunt and its rules, watch and its notices, forms of the report, score card', async (t) => {
    const at = await scene(t)
    const told = path.join(at.home.folder, 'told')
    const script = path.join(at.home.folder, 'tell.sh')
    // What a pager gets, and what it could see besides.
    writeFileSync(script, `#!/bin/sh\n{ cat; env; tr '\\0' ' ' < /proc/$PPID/cmdline; } >> '${told}' 2>/dev/null\n`, {
      mode: 0o700,
    })
    const notify = ['--notify', `exec:${script}`]
    const ran = await at.respond('--log-level', 'trace', ...notify)
    equal(ran.code, 0, ran.stderr)
    const id = ran.document.incident_id ?? ''
    const into = (name: string) => ['-o', path.join(at.home.folder, name)]
    const outputs: Ran[] = [ran]
    for (const argv of [
      ['hunt', '--incident', id],
      ['hunt', '--incident', id, '--sigma', '-'],
      ['hunt', '--incident', id, '--sigma', path.join(at.home.folder, 'rules')],
      ['assess', '--client', at.client_id, '--leak', at.leak.kind],
      ['exposure', '--client', at.client_id, '--credential-file', at.leak.file],
      ['watch', id, '--exit-code', ...notify],
      ['incident', 'note', id, '--text', 'seen'],
      ['incident', 'show', id],
      ['incident', 'close', id, '--disposition', 'contained'],
      ...['md', 'html', 'json', 'text', 'chat', 'status'].map((form) => ['report', id, '--format', form]),
      ['report', id, '--format', 'html', '--view', 'partner', ...into('report.html')],
      ...['ocsf', 'ecs', 'cef', 'csv', 'jsonl'].map((form) => ['audit', 'export', '--format', form, '--incident', id]),
      ['bundle', id, '--blind', ...into('blind')],
      ['audit', 'reconcile', '--incident', id],
      ['drill', '--yes', '--report', path.join(at.home.folder, 'card.html'), ...notify],
      ['completion', 'bash'],
    ]) {
      const one = await stanch(at.home, argv, {env: {...at.simulator.connection, DEBUG: '*'}})
      ok(![1, 2].includes(one.code), `${argv.join(' ')}: exit ${one.code} ${one.stderr}`)
      outputs.push(one)
    }
    ok(existsSync(path.join(at.home.folder, 'card.html')) && existsSync(path.join(at.home.folder, 'report.html')))
    ok(readFileSync(told, 'utf8').includes('"event":"contained"'), 'nobody was told: this test proves nothing')
    const places = outputs.flatMap((one, i) => [bytes(`stdout ${i}`, one.stdout), bytes(`stderr ${i}`, one.stderr)])
    deepEqual(findCanaries(secretsOf(at), [...places, ...filesOf(at.home.folder, [at.leak.file, at.sink])]), [])
  })

  test('on a terminal: everything that it received, byte for byte', async (t) => {
    const at = await scene(t, {behaviour: {attacker: false, consumer: false}})
    const terminal = new Pty(t, path.relative(path.join(ROOT, 'test/terminal/fixtures'), MAIN), {
      args: ['respond', '--client', at.client_id, '--reason', 'x', '--deliver', `file:${at.sink}`],
      env: {...at.home.env, ...at.simulator.connection},
    })
    await terminal.see(/Paste, kind or Enter: \(not shown\)/)
    terminal.type(`${at.leak.value}\r`)
    await terminal.see(/When did it leak[^]*Answer/)
    terminal.type('\u0003')
    equal(await terminal.ended(), 130)
    deepEqual(findCanaries(secretsOf(at), [bytes('terminal', terminal.raw), ...filesOf(at.home.folder, [at.leak.file])]), [])
  })

  for (const [what, status, body] of [
    ['an error page that quotes the request', 500, (request: string) => raw(500, 'text/html', `<pre>${request}</pre>`)],
    [
      'JSON that is cut in the middle of the secret',
      200,
      (request: string) => raw(200, 'application/json', `{"client_secret":"${request}`),
    ],
    [
      'a refusal that quotes the secret',
      400,
      (request: string) => json(400, {error: 'invalid_request', error_description: request, message: request}),
    ],
    [
      'an error code that is the secret',
      403,
      (request: string) => json(403, {error: request, errorCode: request, statusCode: 403}),
    ],
  ] as const) {
    test(`a tenant that answers ${status} with ${what} makes nobody say it`, async (t) => {
      const at = await scene(t)
      const own = at.simulator.practice.operator.client_secret
      const through = await interpose(t, at, (one) =>
        one.path === '/oauth/token' || one.path.endsWith('rotate-secret')
          ? body(`${one.body} ${own} ${at.leak.value}`)
          : undefined,
      )
      const ran = await at.run(respondArgv(at, `file:${at.sink}`).slice(0, -1), {
        connection: through.connection,
        env: {NODE_DEBUG: 'undici'},
      })
      notEqual(ran.code, 0)
      deepEqual(
        findCanaries(
          [own, at.leak.value],
          [bytes('stdout', ran.stdout), bytes('stderr', ran.stderr), ...filesOf(at.home.folder, [at.leak.file])],
        ),
        [],
      )
    })
  }

  test('a second origin hears nothing of an incident, whatever the environment says', async (t) => {
    const at = await scene(t, {behaviour: {attacker: false, consumer: false}})
    const second = await secondOrigin(t)
    const env = {
      HTTP_PROXY: second.origin,
      HTTPS_PROXY: second.origin,
      NODE_USE_ENV_PROXY: '1',
      OTEL_EXPORTER_OTLP_ENDPOINT: second.origin,
    }
    const ran = await watched(
      at.home,
      respondArgv(at, `file:${at.sink}`),
      {env: {...at.simulator.connection, ...env}},
      CONNECTION,
    )
    equal(ran.code, 0, ran.stderr)
    deepEqual(second.heard(), {connections: 0, bytes: 0})
  })
})

describe('a crash', () => {
  /** Throws in the middle of the work, when a secret is in memory: at the first durable write of a delivery. */
  const crash = (how: string) =>
    `data:text/javascript,${encodeURIComponent(`import fs from 'node:fs'; import {syncBuiltinESMExports} from 'node:module'; const open = fs.openSync; fs.openSync = (file, ...rest) => { if (String(file).includes('new-secret')) { ${how} } return open(file, ...rest) }; syncBuiltinESMExports()`)}`

  for (const [what, how] of [
    [
      'an exception that nobody catches',
      "setImmediate(() => { throw Object.assign(new Error('x'), {secret: process.env.AUTH0_CLIENT_SECRET}) })",
    ],
    [
      'a promise that nobody awaits',
      "Promise.reject(Object.assign(new Error('x'), {config: {headers: {authorization: 'Bearer ' + process.env.AUTH0_CLIENT_SECRET}}}))",
    ],
    ['a diagnostic report that is asked for', 'process.report.writeReport()'],
  ] as const) {
    test(`${what} shows no secret`, async (t) => {
      const at = await scene(t, {behaviour: {attacker: false, consumer: false}})
      const ran = await watched(
        at.home,
        respondArgv(at, `file:${at.sink}`),
        {env: at.simulator.connection, nodeArgs: ['--import', crash(how)]},
        CONNECTION,
      )
      ok(typeof ran.code === 'number')
      const own = [at.simulator.practice.operator.client_secret, at.leak.value, ...at.tenant.knownSecrets()].filter(
        (one) => one.length >= 8,
      )
      deepEqual(
        findCanaries(own, [
          bytes('stdout', ran.stdout),
          bytes('stderr', ran.stderr),
          ...filesOf(at.home.folder, [at.leak.file, at.sink]),
        ]),
        [],
      )
    })
  }

  test(
    'SIGUSR1 opens no inspector, and a fatal signal leaves no report with the environment in it',
    {skip: !LINUX && 'needs signals'},
    (t) => {
      const home = newHome(t)
      const script = `
      const {spawn} = require('node:child_process')
      const child = spawn(process.execPath, [${JSON.stringify(MAIN)}, 'simulator', 'start'], {env: {...process.env, CANARY: 'stnch-environment-canary'}, cwd: ${JSON.stringify(home.folder)}})
      let text = ''
      child.stderr.on('data', (chunk) => (text += chunk))
      child.stdout.on('data', () => { child.kill('SIGUSR1'); setTimeout(() => child.kill('SIGTERM'), 300) })
      child.on('close', () => console.log(JSON.stringify({text})))`
      const ran = spawnSync(process.execPath, ['-e', script], {env: {...home.env}, encoding: 'utf8', timeout: 30_000})
      ok(!/Debugger listening/.test(ran.stdout), ran.stdout)
      deepEqual(findCanaries(['stnch-environment-canary'], [...filesOf(home.folder)]), [])
    },
  )

  /** Can this machine write a core file where the process stands? */
  const dumps =
    LINUX &&
    /^core(\.%p)?\n$/.test(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')) &&
    /Max core file size\s+unlimited/.test(
      spawnSync('sh', ['-c', 'ulimit -c unlimited; cat /proc/self/limits'], {encoding: 'utf8'}).stdout,
    )

  test(
    'a core dump in the middle of the work holds no secret',
    {skip: !dumps && 'no core file can be written here'},
    async (t) => {
      const at = await scene(t, {behaviour: {attacker: false, consumer: false}})
      const folder = path.join(at.home.folder, 'dumps')
      mkdirSync(folder)
      const words = [
        process.execPath,
        '--import',
        crash("process.kill(process.pid, 'SIGABRT')"),
        MAIN,
        ...respondArgv(at, `file:${at.sink}`),
      ]
      const child = spawn('sh', ['-c', 'ulimit -c unlimited; exec "$@"', 'sh', ...words], {
        cwd: folder,
        env: {...at.home.env, ...at.simulator.connection},
        stdio: 'ignore',
      })
      const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
      equal(signal, 'SIGABRT')
      const cores = [...filesOf(folder)]
      equal(cores.length, 1, 'there is no dump: this test proves nothing')
      ok((cores[0]?.bytes.length ?? 0) < 16 << 20, `a dump of ${cores[0]?.bytes.length} bytes holds memory`)
      deepEqual(findCanaries(secretsOf(at), cores), [])
    },
  )

  test('doctor says what a core dump would hold', {skip: !existsSync('/proc/self/limits') && 'needs /proc'}, (t) => {
    const home = newHome(t)
    const shell = (limit: string) =>
      spawnSync('sh', ['-c', `ulimit -c ${limit} 2>/dev/null; exec "${process.execPath}" "${MAIN}" doctor --json`], {
        env: {...home.env},
        encoding: 'utf8',
      })
    const said = (ran: {stdout: string}) =>
      (JSON.parse(ran.stdout) as {checks: {check: string; ok: string; detail: string}[]}).checks.find(
        ({check}) => check === 'core-dumps',
      )
    equal(said(shell('0'))?.detail, 'off')
    if (dumps)
      deepEqual([said(shell('unlimited'))?.ok, /none of its memory/.test(said(shell('unlimited'))?.detail ?? '')], ['ok', true])
  })
})
