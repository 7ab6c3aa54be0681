import {deepEqual, equal, ok} from 'node:assert/strict'
import {readdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import type {TestContext} from 'node:test'
import {newHome, stanch} from '../support/run-stanch.ts'
import {ROOT} from '../support/tree.ts'

/*
 * How long a start takes depends on the machine (`test/bench/run.ts` measures it); what is loaded at a start does not.
 * Each built-in module below costs a millisecond or more, each file of ours a half.
 */

const HEAVY = ['fs/promises', 'readline', 'child_process', 'crypto', 'perf_hooks', 'http', 'https', 'internal/fs/streams', 'url']
const SAMPLE = path.join(ROOT, 'test/bench/sample-token.txt')

/** Runs stanch with a folder for compiled code of its own; gives built-in modules beyond bare Node's, and how many files of ours. */
async function loaded(t: TestContext, args: readonly string[]): Promise<{builtins: string[]; files: number}> {
  const home = newHome(t)
  const spy = path.join(home.folder, 'spy.cjs')
  writeFileSync(
    spy,
    "const before = new Set(process.moduleLoadList)\nprocess.on('exit', () => {\n  const now = process.moduleLoadList.filter((one) => !before.has(one))\n  require('node:fs').writeSync(2, 'LOADED ' + JSON.stringify(now) + '\\n')\n})\n",
  )
  const ran = await stanch(home, args, {nodeArgs: ['--require', spy]})
  equal(ran.code, 0, ran.stderr)
  const list = JSON.parse(/LOADED (.*)/.exec(ran.stderr)?.[1] ?? '[]') as string[]
  const compiled = readdirSync(path.join(home.cache, 'compile'), {recursive: true, withFileTypes: true})
  return {
    builtins: list.filter((one) => one.startsWith('NativeModule ')).map((one) => one.slice('NativeModule '.length)),
    files: compiled.filter((entry) => entry.isFile()).length,
  }
}

for (const args of [['--version'], ['token', 'inspect', '--offline', '--file', SAMPLE]]) {
  test(`stanch ${args.slice(0, 3).join(' ')} loads no heavy built-in module and at most four files`, async (t) => {
    const {builtins, files} = await loaded(t, args)
    ok(builtins.includes('os'), 'nothing was seen: the spy does not see what is loaded')
    deepEqual(
      builtins.filter((one) => HEAVY.includes(one)),
      [],
    )
    ok(files > 0 && files <= 4, `${files} files`)
  })
}

test('the spy sees a heavy module where one is loaded', async (t) => {
  const {builtins} = await loaded(t, ['runbook', 'list'])
  ok(
    builtins.some((one) => HEAVY.includes(one)),
    builtins.join(' '),
  )
})
