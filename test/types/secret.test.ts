import {equal, match, ok} from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'
import {inspect} from 'node:util'

import {Secret} from '../../src/secret.ts'
import {temporaryFolder} from '../support/folder.ts'
import {ROOT} from '../support/tree.ts'

/** Ways to make text of a secret without meaning it: each must stop the build. Who calls String() or toString() meant it, and gets `[secret]`. */
const PLANTED: Readonly<Record<string, string>> = {
  'a template': 'export const text = `client_secret=${secret}`',
  'a template with a cast of its own': 'export const text = `${secret as unknown as Secret}`',
  'plus on the right': "export const text = 'client_secret=' + secret",
  'plus on the left': "export const text = secret + ''",
  'plus and assign': "export let text = ''\ntext += secret",
  'a place for text': 'export const text: string = secret',
  'an argument that is text': 'process.stdout.write(secret)',
}

describe('a secret does not become text by accident', () => {
  test('each of the usual accidents stops the build, by the compiler or by the linter', (t) => {
    const folder = temporaryFolder(t)
    mkdirSync(path.join(folder, 'src'))
    symlinkSync(`${ROOT}node_modules`, path.join(folder, 'node_modules'))
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}')
    writeFileSync(path.join(folder, 'src/secret.ts'), readFileSync(`${ROOT}src/secret.ts`))
    writeFileSync(
      path.join(folder, 'tsconfig.json'),
      readFileSync(`${ROOT}tsconfig.json`, 'utf8').replace('"include": ["src", "test"]', `"include": ["src"]`),
    )
    writeFileSync(path.join(folder, '.oxlintrc.json'), readFileSync(`${ROOT}.oxlintrc.json`))
    const names = Object.keys(PLANTED)
    for (const [index, name] of names.entries()) {
      writeFileSync(
        path.join(folder, `src/planted${index}.ts`),
        `import {Secret} from './secret.ts'\nconst secret = new Secret(process.argv[2] ?? '')\n${PLANTED[name]}\n`,
      )
    }
    writeFileSync(
      path.join(folder, 'src/sound.ts'),
      "import {Secret} from './secret.ts'\nexport const value = new Secret(process.argv[2] ?? '').reveal()\n",
    )
    const compiled = spawnSync(process.execPath, [`${ROOT}node_modules/typescript/bin/tsc`, '--noEmit', '-p', folder], {
      encoding: 'utf8',
    })
    const linted = spawnSync(
      process.execPath,
      [`${ROOT}node_modules/oxlint/bin/oxlint`, '--type-aware', '--deny-warnings', 'src'],
      {cwd: folder, encoding: 'utf8'},
    )
    const said = compiled.stdout + linted.stdout
    ok(!/sound\.ts/.test(said), said)
    for (const [index, name] of names.entries()) match(said, new RegExp(`planted${index}\\.ts`), `${name} went through`)
  })

  test('and where it does at run time, it says no more than that it is one', () => {
    const secret = new Secret('stnch-a-value-that-must-not-be-seen')
    const loose = secret as unknown as string
    for (const text of [
      `${loose}`,
      loose + '',
      String(loose),
      [loose].join(),
      JSON.stringify({loose}),
      inspect({deep: [loose]}),
      inspect(loose, {showHidden: true}),
      String(Object.values(secret)),
      JSON.stringify(Object.getOwnPropertyDescriptors(secret)),
    ]) {
      ok(!text.includes('must-not'), 'the value was said')
    }
    equal(`${loose}`, '[secret]')
    ok(!inspect(structuredClone(Object.assign({}, secret))).includes('must-not'))
  })
})
