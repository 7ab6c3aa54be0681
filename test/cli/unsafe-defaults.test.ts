import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'
import {pathToFileURL} from 'node:url'

import {EXIT} from '../../src/cli/exit-codes.ts'
import {reportOf} from '../../src/cli/error-report.ts'
import {MAIN, newHome, practiceTenant, stanch} from '../support/run-stanch.ts'
import {ROOT} from '../support/tree.ts'
import {Pty} from '../terminal/pty.ts'

interface ManifestCommand {
  readonly id: string
  readonly summary?: string
  readonly examples?: readonly unknown[]
  readonly relativePath: readonly string[]
}

const {commands} = JSON.parse(readFileSync(`${ROOT}oclif.manifest.json`, 'utf8')) as {commands: Record<string, ManifestCommand>}
const COMMANDS = Object.values(commands)
const SECRETS = [
  'kJ3-xW9_aQ5rT7yU1iO2pL4mN6bV8cZ0dF3gH5jK7lS9wE1qR2tY4uI6oP8aD0fG',
  'hunter2!hunter2',
  'Correct-Horse9',
  'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJlLWJ5dGVz',
]

test('the manifest holds the commands that these tests go through', () => {
  ok(COMMANDS.length >= 30, `${COMMANDS.length}`)
})

describe('code of others is not loaded', () => {
  /** A plugin as `plugins install` leaves it: oclif loads it from the data folder and runs its init hook. */
  const plant = (data: string, marker: string) => {
    const plugin = path.join(data, 'node_modules/evil')
    mkdirSync(plugin, {recursive: true})
    writeFileSync(
      path.join(data, 'package.json'),
      JSON.stringify({
        name: 'stanch',
        private: true,
        oclif: {schema: 1, plugins: [{name: 'evil', type: 'user', url: 'evil'}]},
        dependencies: {evil: '1.0.0'},
      }),
    )
    writeFileSync(
      path.join(plugin, 'package.json'),
      JSON.stringify({name: 'evil', version: '1.0.0', oclif: {hooks: {init: './hook.cjs'}, commands: './none'}}),
    )
    writeFileSync(
      path.join(plugin, 'hook.cjs'),
      `module.exports = async () => require('node:fs').writeFileSync(${JSON.stringify(marker)}, 'ran')`,
    )
  }

  test('a plugin planted in the data folder does not run, and would with the framework\u2019s defaults', async (t) => {
    const home = newHome(t)
    const marker = path.join(home.folder, 'marker')
    plant(home.data, marker)
    plant(path.join(home.folder, '.local/share/stanch'), marker)
    equal((await stanch(home, ['runbook', 'list'])).code, 0)
    equal((await stanch(home, ['--help'])).code, 0)
    equal(existsSync(marker), false)
    const stock = `import {run} from '@oclif/core/run'; await run(['runbook', 'list'], {root: ${JSON.stringify(ROOT)}})`
    spawnSync(process.execPath, ['--input-type=module', '-e', stock], {cwd: ROOT, env: {...home.env}, encoding: 'utf8'})
    equal(existsSync(marker), true, 'the plant is no plugin: this test proves nothing')
  })

  test('nothing of the working folder is loaded', async (t) => {
    const home = newHome(t)
    const marker = path.join(home.folder, 'marker')
    const bad = `require('node:fs').writeFileSync(${JSON.stringify(marker)}, 'ran')`
    for (const file of [
      '.stanchrc.js',
      'stanch.config.js',
      '.oclifrc.js',
      'node_modules/@oclif/core/index.js',
      'node_modules/pino/index.js',
    ]) {
      mkdirSync(path.dirname(path.join(home.folder, file)), {recursive: true})
      writeFileSync(path.join(home.folder, file), bad)
    }
    writeFileSync(path.join(home.folder, '.env'), 'STANCH_DATA_DIR=/nowhere\nAUTH0_DOMAIN=evil.example')
    writeFileSync(
      path.join(home.folder, 'package.json'),
      JSON.stringify({name: 'stanch', oclif: {bin: 'stanch', plugins: ['evil'], devPlugins: ['evil']}}),
    )
    const ran = await stanch(home, ['doctor', '--json'])
    equal(ran.json()['tenant'], null)
    equal(existsSync(marker), false)
  })

  test('a theme file changes nothing', async (t) => {
    const home = newHome(t)
    const plain = await stanch(home, ['drill', '--help'], {env: {FORCE_COLOR: '1'}})
    mkdirSync(home.config)
    writeFileSync(
      path.join(home.config, 'theme.json'),
      JSON.stringify({bin: 'red', command: 'bgRed', sectionHeader: 'magenta', flag: 'green'}),
    )
    const themed = await stanch(home, ['drill', '--help'], {env: {FORCE_COLOR: '1'}})
    equal(themed.stdout, plain.stdout)
  })
})

describe('standard input never becomes an argument', () => {
  for (const {id, relativePath} of COMMANDS) {
    test(`${id}: every argument ignores it`, async () => {
      const loaded = (await import(pathToFileURL(path.join(ROOT, ...relativePath)).href)) as {
        default: {args?: Record<string, {ignoreStdin?: boolean}>}
      }
      for (const [name, arg] of Object.entries(loaded.default.args ?? {})) equal(arg.ignoreStdin, true, name)
    })
  }

  test('a value in a pipe does not stand for a missing argument', async (t) => {
    const ran = await stanch(newHome(t), ['runbook', 'show'], {stdin: 'client-secret\n'})
    equal(ran.code, 2)
    match(ran.stderr, /Missing 1 required arg/)
  })
})

describe('what is printed', () => {
  test('an error shows its named fields only: no headers, no cause, no stack', () => {
    const error = Object.assign(new TypeError('request failed: Bearer abcdefgh'), {
      request: {headers: {authorization: 'Bearer abcdefgh'}},
      response: {body: 'client_secret=abcdefgh'},
      cause: new RangeError('caused by abcdefgh'),
    })
    for (const one of [error, Object.assign({}, error), 'abcdefgh', undefined, null, new AggregateError([error], 'abcdefgh')]) {
      const report = reportOf(one)
      deepEqual(
        Object.keys(report).filter((key) => !['code', 'message', 'hint', 'exit'].includes(key)),
        [],
      )
      ok(!JSON.stringify(report).includes('abcdefgh'))
      equal(report.exit, 1)
    }
  })

  test('a defect in a command prints one document with --json and one sentence without, and nothing of the error', async (t) => {
    const home = newHome(t)
    const crash =
      "process.getuid = () => { throw Object.assign(new Error('Bearer abcdefgh'), {request: {headers: {authorization: 'Bearer abcdefgh'}}}) }"
    const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(crash)}`]
    const json = await stanch(home, ['doctor', '--json'], {nodeArgs})
    equal(json.code, 1)
    deepEqual(Object.keys(json.json()), ['error'])
    const plain = await stanch(home, ['doctor'], {nodeArgs})
    for (const text of [json.stdout, json.stderr, plain.stdout, plain.stderr]) {
      ok(!text.includes('abcdefgh'))
      ok(!/\n\s+at /.test(text))
    }
  })

  test('the most talkative log level shows no secret and no token', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const ran = await stanch(home, ['doctor', '--log-level', 'trace', '--json'], {env: tenant.connection})
    equal(ran.code, 0)
    ok(ran.stderr.length > 0, 'nothing was logged: this test proves nothing')
    for (const secret of [tenant.practice.operator.client_secret, 'eyJ', 'Bearer'])
      ok(!(ran.stdout + ran.stderr).includes(secret), secret)
  })

  test('DEBUG=* adds nothing', async (t) => {
    const home = newHome(t)
    const argv = ['token', 'inspect', '--offline', '--json']
    const stdin = SECRETS[3] ?? ''
    const [quiet, loud] = [
      await stanch(home, argv, {stdin}),
      await stanch(home, argv, {stdin, env: {DEBUG: '*', NODE_DEBUG: ''}}),
    ]
    equal(loud.stderr, quiet.stderr)
    equal(loud.code, quiet.code)
  })

  for (const NODE_ENV of ['development', 'test']) {
    test(`NODE_ENV=${NODE_ENV} runs what was built, and says nothing more`, async (t) => {
      const [plain, changed] = [
        await stanch(newHome(t), ['runbook', 'list']),
        await stanch(newHome(t), ['runbook', 'list'], {env: {NODE_ENV}}),
      ]
      deepEqual(changed, {...changed, code: 0, stdout: plain.stdout, stderr: plain.stderr})
    })
  }

  test('STANCH_CONTENT_TYPE=json does not turn JSON on', async (t) => {
    const ran = await stanch(newHome(t), ['runbook', 'list'], {env: {STANCH_CONTENT_TYPE: 'json'}})
    match(ran.stdout, /^id +leak/)
  })

  for (const secret of SECRETS) {
    for (const argv of [
      ['drill', '--client-secret', secret],
      ['drill', `--client-secret=${secret}`],
      ['drill', 'client-secret', secret],
      ['drill', `--seed=${secret}`],
      ['profile', 'add', 'x', '--signing-alg', secret],
      ['secret', 'rotate', `--secret=${secret}`, '--json'],
      ['token', 'inspect', secret],
    ]) {
      test(`${argv.join(' ').replace(secret, `SECRET(${secret.length})`)}: exit 2, and the value is not repeated`, async (t) => {
        const ran = await stanch(newHome(t), argv)
        equal(ran.code, 2)
        ok(!(ran.stdout + ran.stderr).includes(secret), ran.stdout + ran.stderr)
      })
    }
  }
})

describe('nobody there', () => {
  test('an unknown command is suggested, never run', async (t) => {
    for (const stdin of ['', 'y\n', '\n']) {
      const home = newHome(t)
      const ran = await stanch(home, ['dril', '--yes'], {stdin})
      equal(ran.code, 2)
      match(ran.stderr, /Did you mean: stanch drill/)
      deepEqual(readdirSync(home.data), [])
    }
    const json = await stanch(newHome(t), ['grant', 'delet', '--json'])
    equal((json.json()['error'] as {code: string}).code, 'usage.unknown_command')
  })

  for (const argv of [
    [],
    ['respond'],
    ['setup'],
    ['resume'],
    ['grant', 'delete', '--client', 'abc', '--all'],
    ['secret', 'rotate', '--client', 'abc'],
  ]) {
    test(`"${['stanch', ...argv].join(' ')}" without a terminal asks nothing and changes nothing`, async (t) => {
      const home = newHome(t)
      const tenant = await practiceTenant(t, home)
      const ran = await stanch(home, argv, {env: tenant.connection, stdin: 'y\ny\ny\n'})
      ok(argv.length === 0 ? ran.code === 0 || ran.code === 2 : [2, 3].includes(ran.code), `${ran.code} ${ran.stderr}`)
      deepEqual(tenant.tenant.changes(), [])
      ok(!/\n\s+at /.test(ran.stderr))
      // oxlint-disable-next-line no-control-regex
      ok(!/\u001b\[/.test(ran.stdout + ran.stderr))
    })
  }
})

describe('ends', () => {
  test('Ctrl-C at a question is 130, with a sentence and no stack', async (t) => {
    const home = newHome(t)
    const pty = new Pty(t, path.relative(path.join(ROOT, 'test/terminal/fixtures'), MAIN), {args: ['drill'], env: {...home.env}})
    await pty.see('Answer')
    pty.type('\u0003')
    equal(await pty.ended(), 130)
    const shown = pty.history()
    ok(!/ExitPromptError|\n\s+at |Error:.*User force closed/.test(shown), shown)
    match(shown, /nterrupted/)
  })

  test('SIGINT in the moment before a question ends there, too', async (t) => {
    const home = newHome(t)
    const pty = new Pty(t, path.relative(path.join(ROOT, 'test/terminal/fixtures'), MAIN), {args: ['drill'], env: {...home.env}})
    await pty.see('Leaked: client-secret')
    pty.type('\u0003')
    equal(await pty.ended(), 130)
  })

  test('a reader that goes away early is no error', (t) => {
    const home = newHome(t)
    for (const argv of ['--help', 'runbook show client-secret', 'completion bash', 'faq']) {
      const script = `"${process.execPath}" "${MAIN}" ${argv} | head -n 1 > /dev/null; exit "\${PIPESTATUS[0]}"`
      const run = spawnSync('bash', ['-c', script], {env: {...home.env}, encoding: 'utf8'})
      equal(run.status, 0, `${argv}: ${run.stderr}`)
      equal(run.stderr, '')
    }
  })

  test('a Node that is too old gets one sentence and exit 2, before anything is loaded', async (t) => {
    const old = "Object.defineProperty(process, 'versions', {value: {...process.versions, node: 'VERSION'}})"
    for (const version of ['22.22.1', '20.19.5', '18.0.0', '9.99.99']) {
      const home = newHome(t)
      const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(old.replace('VERSION', version))}`]
      const ran = await stanch(home, ['drill', '--yes'], {nodeArgs})
      equal(ran.code, 2)
      equal(ran.stdout, '')
      match(
        ran.stderr,
        new RegExp(`^stanch needs Node 22\\.22\\.2 or newer; this is ${version.replaceAll('.', '\\.')}\\.[^\\n]*\\n$`),
      )
      deepEqual(readdirSync(home.data), [])
      equal(existsSync(home.cache), false)
    }
    const newer = await stanch(newHome(t), ['--version'], {
      nodeArgs: ['--import', `data:text/javascript,${encodeURIComponent(old.replace('VERSION', '100.0.0'))}`],
    })
    equal(newer.code, 0)
  })

  test('an older Node of this system, where there is one, says the same', async (t) => {
    const home = newHome(t)
    const candidates = ['/usr/local/bin/node', '/usr/bin/node'].filter(
      (node) => Number(/^v(\d+)/.exec(spawnSync(node, ['--version'], {encoding: 'utf8'}).stdout ?? '')?.[1] ?? 99) < 22,
    )
    t.diagnostic(`older Nodes here: ${candidates.join(', ') || 'none, so only the version guard above was tried'}`)
    for (const node of candidates) {
      const ran = await stanch(home, ['drill', '--yes'], {node})
      equal(ran.code, 2)
      match(ran.stderr, /^stanch needs Node [^\n]*\n$/)
    }
  })

  test('a data folder that cannot be made is exit 7, before anything is changed', async (t) => {
    const home = newHome(t)
    const file = path.join(home.folder, 'file')
    writeFileSync(file, '')
    const tenant = await practiceTenant(t, home)
    const {leak} = tenant.practice
    writeFileSync(path.join(home.folder, 'leaked'), leak.value, {mode: 0o600})
    const argv = [
      'respond',
      '--yes',
      '--json',
      '--leak',
      leak.kind,
      '--client',
      leak.client_id,
      '--credential-file',
      'leaked',
      '--reason',
      'x',
      '--deliver',
      'file:./new',
    ]
    const ran = await stanch(home, argv, {env: {...tenant.connection, STANCH_DATA_DIR: path.join(file, 'data')}})
    equal(ran.code, 7, ran.stdout + ran.stderr)
    deepEqual(tenant.tenant.changes(), [])
  })

  test('every status of an error stands in the table of exit codes', () => {
    const table = readFileSync(`${ROOT}README.md`, 'utf8').split('## Exit codes')[1] ?? ''
    const told = new Set([...table.matchAll(/^\| (\d+) \|/gm)].map((row) => Number(row[1])))
    for (const [code, status] of Object.entries(EXIT)) ok(told.has(status), `${code} ${status}`)
    deepEqual(
      [...told].sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 10, 75, 130],
    )
  })
})

describe('help', () => {
  for (const {id, summary, examples} of COMMANDS) {
    test(`${id}: a summary of one line in lower case and at least two examples`, () => {
      match(summary ?? '', /^[^A-Z\n][^\n]{9,119}$/)
      ok(!(summary ?? '').endsWith('.'))
      ok((examples ?? []).length >= 2)
    })
  }

  test('every command explains itself with no folder, no connection and a broken profile file', async (t) => {
    const home = newHome(t)
    mkdirSync(home.config)
    writeFileSync(path.join(home.config, 'profiles.json'), '{broken')
    const env = {
      HOME: '/nowhere',
      STANCH_DATA_DIR: '/nowhere/data',
      STANCH_CACHE_DIR: '/nowhere/cache',
      AUTH0_DOMAIN: 'http://broken',
    }
    for (const {id} of COMMANDS) {
      const ran = await stanch(home, [...id.split(':'), '--help'], {env})
      equal(ran.code, 0, id)
      equal(ran.stderr, '', id)
      match(ran.stdout, /USAGE/)
      match(ran.stdout, /EXAMPLES/)
    }
  })
})
