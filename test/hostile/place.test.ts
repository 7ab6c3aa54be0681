import {deepEqual, equal, ok} from 'node:assert/strict'
import {spawn, spawnSync} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'

import {environmentGaps, optionDanger} from '../../src/cli/environment-gaps.ts'
import {temporaryFolder} from '../support/folder.ts'
import {scene, unattended} from '../support/incident.ts'
import {MAIN, newHome, stanch} from '../support/run-stanch.ts'
import {ROOT} from '../support/tree.ts'

/*
 * The folder that a responder happens to stand in belongs to somebody else. Nothing in it is read, loaded or run, whatever
 * it is called; and what the environment does to the program is said.
 */

/** Files that some program reads from where it is started. Each would leave a mark if it ran, or point elsewhere if it was read. */
function plant(folder: string, marker: string): string[] {
  const js = `require('node:fs').appendFileSync(${JSON.stringify(marker)}, __filename + '\\n')`
  const shell = `#!/bin/sh\necho "$0" >> '${marker}'\n`
  const evil = 'http://127.0.0.1:9'
  const files: Record<string, string> = {
    '.env': `AUTH0_DOMAIN=${evil}\nAUTH0_CLIENT_ID=x\nAUTH0_CLIENT_SECRET=y\nNODE_TLS_REJECT_UNAUTHORIZED=0\nSTANCH_DATA_DIR=/nowhere\n`,
    '.env.local': `AUTH0_DOMAIN=${evil}\n`,
    '.env.production': `AUTH0_DOMAIN=${evil}\n`,
    '.npmrc': `registry=${evil}\nnode-options=--require ./evil.cjs\nscript-shell=./sh\n`,
    '.yarnrc': `registry "${evil}"\n`,
    '.yarnrc.yml': 'yarnPath: ./evil.cjs\n',
    '.node-version': '8\n',
    '.nvmrc': '8\n',
    '.tool-versions': 'nodejs 8.0.0\n',
    '.noderc': '--require ./evil.cjs\n',
    'node.config.json': '{"nodeOptions":{"import":["./evil.cjs"]}}',
    '.stanchrc': `{"domain":"${evil}"}`,
    '.stanchrc.json': `{"domain":"${evil}"}`,
    '.stanchrc.yaml': `domain: ${evil}\n`,
    '.stanchrc.js': js,
    '.stanchrc.cjs': js,
    'stanch.config.js': js,
    'stanch.config.mjs': js,
    'stanch.config.ts': js,
    'stanch.json': `{"domain":"${evil}"}`,
    'stanch.yaml': `domain: ${evil}\n`,
    'profiles.json': `{"version":1,"profiles":{"default":{"domain":"${evil}","token":"env:X"}}}`,
    'theme.json': '{"bin":"red"}',
    '.oclifrc': '{"plugins":["./evil"]}',
    '.oclifrc.js': js,
    'oclif.manifest.json': '{"commands":{"drill":{"id":"drill","pluginName":"evil"}}}',
    'package.json':
      '{"name":"stanch","type":"commonjs","main":"./evil.cjs","oclif":{"bin":"stanch","commands":"./commands","plugins":["./evil"],"devPlugins":["./evil"],"hooks":{"init":"./evil.cjs"}},"bin":{"stanch":"./evil.cjs"}}',
    'package-lock.json': '{}',
    'tsconfig.json': '{"compilerOptions":{"outDir":"dist"}}',
    'evil.cjs': js,
    'index.js': js,
    'main.js': js,
    'commands/drill.js': js,
    'hooks/init.js': js,
    'plugins/evil/package.json': '{"name":"evil","oclif":{"hooks":{"init":"./hook.js"}}}',
    'plugins/evil/hook.js': js,
    'node_modules/evil/package.json': '{"name":"evil","oclif":{"hooks":{"init":"./hook.js"}}}',
    'node_modules/evil/hook.js': js,
    'node_modules/@oclif/core/index.js': js,
    'node_modules/@oclif/core/run.js': js,
    'node_modules/undici/index.js': js,
    'node_modules/pino/index.js': js,
    'node_modules/yaml/index.js': js,
    'node_modules/.bin/stanch': shell,
    'runbooks/client-secret.md': '---\nformat: 1\nid: client-secret\n---\n',
    'dist/main.js': js,
    'dist/commands/drill.js': js,
    'data/trail/checkpoint': 'evil\n',
    '.git/config': '[core]\n\tfsmonitor = ./evil.cjs\n\thooksPath = .\n',
    '.gitconfig': '[alias]\n\tstatus = !./evil.cjs\n',
    '.editorconfig': 'root = true\n',
    '.tmux.conf': 'run-shell ./evil.cjs\n',
    '.direnv': js,
    '.envrc': 'export AUTH0_DOMAIN=evil\n',
    '.mise.toml': '[env]\nAUTH0_DOMAIN="evil"\n',
    'openssl.cnf': 'openssl_conf = evil\n',
    'resolv.conf': 'nameserver 127.0.0.1\n',
  }
  for (const name of ['sh', 'node', 'git', 'vault', 'cat', 'openssl', 'op', 'less', 'hostname', 'uname', 'whoami', 'stanch'])
    files[name] = shell
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), {recursive: true})
    writeFileSync(file, text)
    chmodSync(file, 0o755)
  }
  return Object.keys(files)
}

const STRACE = process.platform === 'linux' && spawnSync('strace', ['-V']).status === 0

/** Runs the program in `cwd` and gives every path below `cwd` that it touched. */
async function touched(
  cwd: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  how: 'strace' | 'preload',
): Promise<{code: number; paths: string[]; text: string}> {
  const log = path.join(temporary, `${how}-${Math.random()}`)
  const words =
    how === 'strace'
      ? ['strace', '-f', '-qq', '-s', '300', '-e', 'trace=file', '-o', log, process.execPath, MAIN, ...argv]
      : [process.execPath, '--import', path.join(ROOT, 'test/support/record-opens.ts'), MAIN, ...argv]
  const child = spawn(words[0] ?? '', words.slice(1), {
    cwd,
    env: {...env, STANCH_OPENS: log, NODE_NO_WARNINGS: '1'},
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? -1)))
  const lines = readFileSync(log, 'utf8').split('\n')
  ok(
    lines.some((line) => line.includes('/dist/chunks/')),
    'not even its own files were recorded: this test proves nothing',
  )
  const paths = lines.flatMap((line) =>
    how === 'strace'
      ? [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((found) => found[1] ?? '')
      : [line.slice(line.indexOf(' ') + 1)],
  )
  const inside = paths.filter(
    (one) =>
      one !== '' &&
      (path.isAbsolute(one)
        ? one.startsWith(`${cwd}/`)
        : how === 'strace' && existsSync(path.join(cwd, one)) && !/^\.?$/.test(one)),
  )
  return {code, paths: [...new Set(inside)], text}
}

let temporary = ''

describe('a hostile folder', () => {
  for (const how of ['strace', 'preload'] as const) {
    test(
      `nothing of it is read, loaded or run: a drill, a look and a refusal (${how})`,
      {skip: how === 'strace' && !STRACE && 'needs strace'},
      async (t) => {
        const home = newHome(t)
        temporary = temporaryFolder(t)
        const cwd = path.join(temporary, 'hostile')
        mkdirSync(cwd)
        const marker = path.join(temporary, 'marker')
        ok(plant(cwd, marker).length >= 40)
        // an entry of PATH that is empty or a dot means the current folder to a shell
        const env = {...home.env, PATH: `:.:${home.env['PATH']}`}
        const allowed = ['node_modules/.bin/stanch', 'node_modules/stanch', 'package.json'].map((one) => path.join(cwd, one))
        for (const [argv, code] of [
          [['drill', '--yes', '--json'], 0],
          [['doctor', '--json'], undefined],
          [['client', 'list', '--json'], 2],
          [['runbook', 'show', 'client-secret', '--json'], 0],
        ] as [string[], number | undefined][]) {
          const ran = await touched(cwd, argv, env, how)
          if (code !== undefined) equal(ran.code, code, ran.text)
          // doctor looks whether something here is called stanch, to warn of it
          deepEqual(
            ran.paths.filter((one) => !(argv[0] === 'doctor' && allowed.includes(one))),
            [],
            argv.join(' '),
          )
          ok(!ran.text.includes('127.0.0.1:9'))
        }
        equal(existsSync(marker), false, existsSync(marker) ? readFileSync(marker, 'utf8') : '')
      },
    )
  }

  test('commands of sinks and references are never taken from it', async (t) => {
    const at = await scene(t, {behaviour: {attacker: false, consumer: false}})
    const cwd = temporaryFolder(t)
    const marker = path.join(at.home.folder, 'marker')
    plant(cwd, marker)
    const taken = path.join(at.home.folder, 'taken')
    const ran = await at.respond('--deliver', `exec:${JSON.stringify(['tee', taken])}`)
    equal(ran.code, 0, ran.stderr)
    const again = await stanch(
      at.home,
      ['secret', 'deliver', '--incident', ran.document.incident_id ?? '', '--deliver', 'exec:vault put', '--json'],
      {
        cwd,
        env: {...at.simulator.connection, PATH: `.::${at.home.env['PATH']}`},
      },
    )
    equal(again.code, 2, again.stdout)
    equal(existsSync(marker), false)
  })

  test('a profile that was planted there is not found', async (t) => {
    const home = newHome(t)
    const cwd = temporaryFolder(t)
    plant(cwd, path.join(home.folder, 'marker'))
    const ran = await stanch(home, ['client', 'list', '--profile', 'default', '--json'], {cwd})
    equal(ran.code, 2)
    equal((ran.json()['error'] as {code: string}).code, 'config.no_connection')
  })
})

describe('what the environment does to the program is said', () => {
  const clean = {env: {PATH: '/usr/bin'}, execArgv: [], tls: true}

  test('a clean environment leaves nothing to say', () => deepEqual(environmentGaps(clean), []))

  for (const [what, changed, name] of [
    ['NODE_OPTIONS that load code', {env: {NODE_OPTIONS: '--max-old-space-size=512 --import=./x.js'}}, 'NODE_OPTIONS'],
    ['NODE_OPTIONS that open a debugger', {env: {NODE_OPTIONS: '--inspect'}}, 'NODE_OPTIONS'],
    ['NODE_OPTIONS that are harmless', {env: {NODE_OPTIONS: '--max-old-space-size=512'}}, 'NODE_OPTIONS'],
    ['a debugger on the command line', {execArgv: ['--inspect-brk=0']}, 'options of Node'],
    ['a preload on the command line', {execArgv: ['--require', './x.cjs']}, 'options of Node'],
    ['a file with keys of TLS', {execArgv: ['--tls-keylog=/tmp/x']}, 'options of Node'],
    ['checks of certificates off', {env: {NODE_TLS_REJECT_UNAUTHORIZED: '0'}}, 'NODE_TLS_REJECT_UNAUTHORIZED'],
    ['another authority', {env: {NODE_EXTRA_CA_CERTS: '/x.pem'}}, 'NODE_EXTRA_CA_CERTS'],
    ['the debugging output of Node', {env: {NODE_DEBUG: 'http'}}, 'NODE_DEBUG'],
    ['a debugger that somebody opened', {inspector: 'ws://127.0.0.1:9229/x'}, 'inspector'],
    ['a library in between', {env: {LD_PRELOAD: '/x.so'}}, 'LD_PRELOAD'],
  ] as const) {
    test(`${what}: one gap that names it`, () =>
      deepEqual(
        environmentGaps({...clean, ...changed}).map(({code, what: told}) => [code, told]),
        [['environment', name]],
      ))
  }

  test('what vouches for certificates does not matter where there are none', () => {
    deepEqual(environmentGaps({...clean, tls: false, env: {NODE_EXTRA_CA_CERTS: '/x.pem'}}), [])
  })

  test('of several options each danger is named', () => {
    const [gap] = environmentGaps({...clean, env: {NODE_OPTIONS: '--require x.cjs --inspect --import y.mjs'}})
    ok(gap?.why.endsWith('it loads code into stanch, and it opens memory or connections to others'), gap?.why)
  })

  test('an option is judged by its name', () => {
    equal(optionDanger('--inspect-port=0'), 'opens memory or connections to others')
    equal(optionDanger('--important'), undefined)
    equal(optionDanger('-r'), 'loads code into stanch')
  })

  test('doctor and the incident say it: its records, its result and its exit stay what they are', async (t) => {
    const at = await scene(t, {behaviour: {attacker: false, consumer: false}})
    const env = {NODE_OPTIONS: '--inspect-port=127.0.0.1:0 --max-old-space-size=2048'}
    const examined = await stanch(at.home, ['doctor', '--json'], {env})
    ok(
      (examined.json()['checks'] as {check: string; ok: string}[]).some(
        (one) => one.check === 'node-options' && one.ok === 'fail',
      ),
    )
    const ran = await at.run(unattended(at), {env})
    equal(ran.code, 0, ran.stderr)
    ok(ran.document.evidence_gaps.some((gap) => gap.code === 'environment' && gap.what === 'NODE_OPTIONS'))
    const records = at.records()
    const opened = records.findIndex(({kind}) => kind === 'incident.open')
    const said = records.findIndex(({kind, what}) => kind === 'gap' && what === 'NODE_OPTIONS')
    ok(opened > 0 && said > opened)
    deepEqual(
      records.slice(opened + 1, said).filter(({kind}) => kind !== 'auth'),
      [],
      'it was said after something else than who acts',
    )
    ok(records.findIndex(({kind, inc}) => kind === 'intent' && inc !== undefined) > said, 'it was said after the first act')
  })
})
