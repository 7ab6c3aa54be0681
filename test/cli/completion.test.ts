import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'

import {completionScript, SHELLS} from '../../src/cli/completion.ts'
import type {CompletedCommand} from '../../src/cli/completion.ts'
import {KNOWN_CLIENTS} from '../../src/cli/known-clients.ts'
import {temporaryFolder} from '../support/folder.ts'
import {newHome, practiceTenant, stanch} from '../support/run-stanch.ts'
import {ROOT} from '../support/tree.ts'

const {commands} = JSON.parse(readFileSync(`${ROOT}oclif.manifest.json`, 'utf8')) as {commands: Record<string, CompletedCommand>}

describe('stanch completion', () => {
  for (const shell of SHELLS) {
    test(`${shell}: a script that names every command and flag and runs nothing`, async (t) => {
      const ran = await stanch(newHome(t), ['completion', shell])
      equal(ran.code, 0, ran.stderr)
      for (const {id, flags} of Object.values(commands)) {
        for (const word of id.split(':')) ok(ran.stdout.includes(word), id)
        for (const flag of Object.keys(flags)) ok(ran.stdout.includes(flag), `${id} ${flag}`)
      }
      ok(!/\$\(stanch|`|curl|eval/.test(ran.stdout))
    })
  }

  test('an unknown shell is exit 2', async (t) => {
    equal((await stanch(newHome(t), ['completion', 'powershell'])).code, 2)
    equal((await stanch(newHome(t), ['completion'])).code, 2)
  })

  test('names and summaries cannot break out of the script', () => {
    const hostile = (words: Partial<CompletedCommand>): CompletedCommand => ({id: 'good', flags: {}, ...words})
    for (const shell of SHELLS) {
      for (const id of ['a b', "a'b", 'a$(id)', 'a;id', '']) {
        let refused = false
        try {
          completionScript(shell, [hostile({id})])
        } catch {
          refused = true
        }
        ok(refused, id)
      }
      const script = completionScript(shell, [hostile({summary: "it's $(id) `id` \\' \n;id"})])
      ok(!script.split('\n').includes(';id'))
    }
  })

  const asked = (words: readonly string[], data = '/nowhere'): string[] => {
    const script = completionScript('bash', Object.values(commands))
    const quotedWords = words.map((word) => `'${word}'`).join(' ')
    const run = spawnSync(
      'bash',
      [
        '--norc',
        '-c',
        `${script}\nCOMP_WORDS=(${quotedWords}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _stanch; printf '%s\\n' "\${COMPREPLY[@]}"`,
      ],
      {encoding: 'utf8', env: {...process.env, STANCH_DATA_DIR: data, STANCH_CACHE_DIR: data, HOME: data}},
    )
    equal(run.stderr, '')
    return run.stdout.split('\n').filter((line) => line !== '')
  }

  test('bash completes topics, commands, flags and values', () => {
    deepEqual(asked(['stanch', 'dril']), ['drill'])
    ok(asked(['stanch', 'profile', '']).includes('remove'))
    deepEqual(asked(['stanch', 'profile', 'add', 'x', '--auth-m']), ['--auth-method'])
    deepEqual(asked(['stanch', 'profile', 'add', 'x', '--auth-method', '']), ['post', 'basic'])
    deepEqual(asked(['stanch', 'profile', 'add', 'x', '--secret-ref', '']), [])
    deepEqual(asked(['stanch', 'nothing', 'x']), [])
  })

  test('bash completes incident and client ids from the data folder alone, whatever is in it', (t) => {
    const data = temporaryFolder(t)
    for (const id of ['inc-20261122-k7m2xq', 'inc-20261122-aaaaaa', 'other'])
      mkdirSync(path.join(data, 'incidents', id), {recursive: true})
    mkdirSync(path.join(data, 'trail', 'records'), {recursive: true})
    writeFileSync(
      path.join(data, 'trail', 'records', '0'),
      '{"client_id":"A1b2C3"}\n{"client_id":"A1b2C3"}\n{"client_id":"Zz9-_"}\n{"client_id":"x$(id)"}\n{"client_id":"`id`"}\n',
    )
    const incidents = ['inc-20261122-aaaaaa', 'inc-20261122-k7m2xq']
    for (const words of [
      ['incident', 'show'],
      ['resume'],
      ['report'],
      ['audit', 'show', '--incident'],
      ['grant', 'restore', '--incident'],
    ])
      deepEqual(asked(['stanch', ...words, ''], data), incidents, words.join(' '))
    deepEqual(asked(['stanch', 'incident', 'close', 'inc-20261122-k'], data), ['inc-20261122-k7m2xq'])
    for (const words of [
      ['client', 'show'],
      ['exposure', '--client'],
      ['grant', 'list', '--client'],
    ])
      deepEqual(asked(['stanch', ...words, ''], data), ['A1b2C3', 'Zz9-_'], words.join(' '))
    ok(asked(['stanch', 'incident', 'close', '--ca'], data).includes('--cause'))
    deepEqual(asked(['stanch', 'incident', 'show', '']), [])
    deepEqual(asked(['stanch', 'client', 'show', '']), [])
  })

  test('names of clients are kept when a tenant is read, and lead to the id', async (t) => {
    const home = newHome(t)
    const simulator = await practiceTenant(t, home)
    const {connection} = simulator
    simulator.tenant.addClient({name: '$(touch x)\u001b[2J\nstanch'})
    equal((await stanch(home, ['client', 'list'], {env: connection})).code, 0)
    const kept = readFileSync(path.join(home.cache, KNOWN_CLIENTS.sim), 'utf8')
    equal(kept.split('\n').length - 1, simulator.tenant.clients().length)
    // oxlint-disable-next-line no-control-regex
    ok(!/[\u0000-\u0008\u000b-\u001f]/.test(kept), kept)
    const leaked = simulator.practice.leak.client_id
    deepEqual(asked(['stanch', 'exposure', '--client', 'billing'], home.cache), [leaked])
    deepEqual(asked(['stanch', 'exposure', '--client', leaked.slice(0, 9)], home.cache), [leaked])
    const several = asked(['stanch', 'client', 'show', ''], home.cache)
    ok(several.includes(`${leaked}  billing-sync`), several.join('\n'))
  })

  test('the scripts are sound to the shells that are here', (t) => {
    const folder = temporaryFolder(t)
    const present = SHELLS.filter((shell) => spawnSync(shell, ['-c', 'exit 0']).status === 0)
    ok(present.includes('bash'))
    for (const shell of present) {
      const file = path.join(folder, shell)
      writeFileSync(file, completionScript(shell, Object.values(commands)))
      const checked = spawnSync(shell, ['-n', file], {encoding: 'utf8'})
      equal(checked.status, 0, checked.stderr)
    }
    match(present.join(' '), /bash/)
  })
})
