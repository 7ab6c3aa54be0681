import {deepEqual, equal, ok} from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {describe, test} from 'node:test'

import {checkArchitecture, roomOf} from './support/architecture.ts'
import type {SourceFile, Wall} from './support/architecture.ts'
import {ROOT, dependenciesWithoutLine, linesWithoutDependency, placesOfOneMachine, readTree} from './support/tree.ts'

/** There are more; fewer means that the test looks in the wrong place. */
const LEAST_FILES = 60

const PACKAGE = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as Record<
  'dependencies' | 'devDependencies' | 'optionalDependencies',
  Record<string, string>
>

describe('the house', () => {
  test('every file of src respects every wall', () => {
    const violations = checkArchitecture(readTree('src'), LEAST_FILES)
    deepEqual(
      violations.map((one) => `${one.path}:${one.line} [${one.wall}] ${one.detail}`),
      [],
    )
  })

  test('no file names a place that exists on one machine only', () => {
    const files = readTree('')
    ok(files.some((file) => file.path === 'package.json') && files.length > LEAST_FILES)
    deepEqual(placesOfOneMachine(files), [])
  })

  test('every dependency has its line in CONTRIBUTING, and every line its dependency', () => {
    const contributing = readFileSync(`${ROOT}.github/CONTRIBUTING.md`, 'utf8')
    const names = Object.keys({...PACKAGE.dependencies, ...PACKAGE.devDependencies, ...PACKAGE.optionalDependencies})
    deepEqual(dependenciesWithoutLine(names, contributing), [])
    deepEqual(linesWithoutDependency(names, contributing), [])
  })
})

/** A small house in which everything is in order; each planted file is added to it. */
const SOUND: readonly SourceFile[] = [
  {path: 'src/errors.ts', text: 'export class StanchError extends Error {}\n'},
  {path: 'src/main.ts', text: "import {readFileSync} from 'node:fs'\nvoid import('./cli/run.ts')\nvoid readFileSync\n"},
  {
    path: 'src/cli/run.ts',
    text: "import {send} from '../auth0/transport.ts'\nimport pkg from '../../package.json' with {type: 'json'}\nexport const run = [send, pkg]\n",
  },
  {
    path: 'src/auth0/transport.ts',
    text: "import type {Client} from './resources/client.ts'\nexport const send = async (c: Client) => (await import('undici')).request(c.id)\n",
  },
  {
    path: 'src/auth0/resources/client.ts',
    text: "import * as v from 'valibot'\nexport interface Client {id: string}\nexport const schema = v.string()\n",
  },
  {path: 'src/incident/actions/index.ts', text: "export {plan} from '../plan.ts'\n"},
  {
    path: 'src/incident/plan.ts',
    text: "import {hash} from 'node:crypto'\nexport const plan = (ms: number) => hash('sha256', new Date(ms).toISOString())\n",
  },
  {path: 'src/incident/plan-file.ts', text: "import {string} from 'valibot'\nexport const text = string()\n"},
  {
    path: 'src/files/lock.ts',
    text: "const {DatabaseSync} = process.getBuiltinModule('node:sqlite')\nexport const lock = DatabaseSync\n",
  },
  {
    path: 'src/trail/format/record.ts',
    text: "import {StanchError} from '../../errors.ts'\nexport const fail = () => { throw new StanchError() }\n",
  },
  {
    path: 'src/trail/trail.ts',
    text: "import {fail} from './format/record.ts'\nimport {lock} from '../files/lock.ts'\nexport const open = [fail, lock, Date.now()]\n",
  },
  {path: 'src/tokens/assertion.ts', text: "import {randomUUID} from 'node:crypto'\nexport const jti = () => randomUUID()\n"},
  {
    path: 'src/dev/build.ts',
    text: "import {rolldown} from 'rolldown'\nimport {readFileSync} from 'node:fs'\nexport default [rolldown, readFileSync]\n",
  },
]

function wallsHit(...planted: SourceFile[]): Wall[] {
  const paths = new Set(planted.map((file) => file.path))
  const found = checkArchitecture([...SOUND.filter((file) => !paths.has(file.path)), ...planted])
  return [...new Set(found.map((one) => one.wall))]
}

/** `[wall, path, text]`: each of these alone must be seen, and as nothing else. */
const PLANTED: readonly (readonly [Wall, string, string])[] = [
  ['room', 'src/incident/x.ts', "import {send} from '../auth0/transport.ts'"],
  ['room', 'src/incident/x.ts', "import type {send} from '../auth0/transport.ts'"],
  ['room', 'src/incident/x.ts', "import {type send} from '../auth0/transport.ts'"],
  ['room', 'src/incident/x.ts', "export {send} from '../auth0/transport.ts'\nexport const own = 1"],
  ['room', 'src/incident/x.ts', "export const late = () => import('../auth0/transport.ts')"],
  ['room', 'src/incident/x.ts', 'export const late = () => import(`../auth0/transport.ts`)'],
  ['room', 'src/incident/x.ts', "export type S = typeof import('../auth0/transport.ts')"],
  ['room', 'src/auth0/resources/x.ts', "import {send} from '../transport.ts'"],
  ['room', 'src/trail/format/x.ts', "import {open} from '../trail.ts'"],
  ['room', 'src/trail/x.ts', "import {plan} from '../incident/plan.ts'"],
  ['room', 'src/files/x.ts', "import {plan} from '../incident/plan.ts'"],
  ['room', 'src/tokens/x.ts', "import type {Client} from '../auth0/resources/client.ts'"],
  ['room', 'src/config/x.ts', "import {jti} from '../tokens/assertion.ts'"],
  ['room', 'src/delivery/x.ts', "import {open} from '../trail/trail.ts'"],
  ['room', 'src/auth0/x.ts', "import {lock} from '../files/lock.ts'"],
  ['room', 'src/runbooks/x.ts', "import {send} from '../auth0/transport.ts'"],
  ['room', 'src/report/x.ts', "import {open} from '../trail/trail.ts'"],
  ['room', 'src/execution/x.ts', "import {run} from '../cli/run.ts'"],
  ['room', 'src/execution/x.ts', "import {lock} from '../files/lock.ts'"],
  ['room', 'src/terminal/x.ts', "import {send} from '../auth0/transport.ts'"],
  ['room', 'src/simulator/x.ts', "import {open} from '../trail/trail.ts'"],
  ['room', 'src/commands/x.ts', "import {send} from '../auth0/transport.ts'"],
  ['room', 'src/commands/x.ts', "import {lock} from '../files/lock.ts'"],
  ['room', 'src/page/x.ts', "import {plan} from '../incident/plan.ts'"],
  ['room', 'src/page/x.ts', "import {open} from '../trail/trail.ts'"],
  ['builtin home', 'src/page/x.ts', "import {hash} from 'node:crypto'"],
  ['package home', 'src/report/x.ts', "import {sha256} from '@noble/hashes/sha2.js'"],
  ['room', 'src/clock.ts', "import {plan} from './incident/plan.ts'"],
  ['room', 'src/main.ts', "import {run} from './cli/run.ts'"],
  ['room', 'src/main.ts', "void import('./incident/plan.ts')"],
  ['dev', 'src/cli/x.ts', "import build from '../dev/build.ts'"],
  ['test', 'src/cli/x.ts', "import {fake} from '../../test/support/fake.ts'"],
  ['outside src', 'src/report/x.ts', "import pkg from '../../package.json' with {type: 'json'}"],
  ['outside src', 'src/cli/x.ts', "import x from '/etc/x.ts'"],
  ['outside src', 'src/cli/x.ts', "void import('data:text/javascript,0')"],
  ['missing file', 'src/report/x.ts', "import {gone} from './gone.ts'"],
  ['extension', 'src/report/x.ts', "import {plan} from '../incident/plan'"],
  ['extension', 'src/report/x.ts', "import {plan} from '../incident/plan.js'"],
  ['package home', 'src/execution/x.ts', "import {request} from 'undici'"],
  ['package home', 'src/execution/x.ts', "export const late = () => import('undici')"],
  ['package home', 'src/auth0/x.ts', "import type {JWTPayload} from 'jose'"],
  ['package home', 'src/incident/x.ts', "import {string} from 'valibot'"],
  ['package home', 'src/terminal/x.ts', "import {Command} from '@oclif/core/command'"],
  ['package home', 'src/cli/x.ts', "import {select} from '@inquirer/prompts'"],
  ['package home', 'src/execution/x.ts', "import {pino} from 'pino'"],
  ['package home', 'src/incident/x.ts', "import {parse} from 'yaml'"],
  ['package home', 'src/cli/x.ts', "import chalk from 'chalk'"],
  ['package home', 'src/cli/x.ts', "import {rolldown} from 'rolldown'"],
  ['package home', 'src/cli/x.ts', "const undici = require('undici')"],
  ['builtin home', 'src/delivery/x.ts', "import {readFileSync} from 'node:fs'"],
  ['builtin home', 'src/delivery/x.ts', "import {readFileSync} from 'fs'"],
  ['builtin home', 'src/delivery/x.ts', "import {readFile} from 'node:fs/promises'"],
  ['builtin home', 'src/cli/x.ts', "import type {Stats} from 'node:fs'"],
  ['builtin home', 'src/trail/x.ts', "import {DatabaseSync} from 'node:sqlite'"],
  ['builtin home', 'src/trail/x.ts', "const sqlite = process.getBuiltinModule('node:sqlite')"],
  ['builtin home', 'src/cli/x.ts', "const inspector = process.getBuiltinModule('node:inspector')"],
  ['builtin home', 'src/trail/x.ts', "const fs = process.getBuiltinModule('fs')"],
  ['builtin home', 'src/trail/x.ts', "const fs = process['getBuiltinModule']('fs')"],
  ['builtin home', 'src/execution/x.ts', "import {spawn} from 'node:child_process'"],
  ['builtin home', 'src/auth0/x.ts', "import {createServer} from 'node:http'"],
  ['builtin home', 'src/cli/x.ts', "import {Worker} from 'node:worker_threads'"],
  ['builtin home', 'src/incident/x.ts', "import {setTimeout as wait} from 'node:timers/promises'"],
  ['builtin home', 'src/report/x.ts', "import {hostname} from 'node:os'"],
  ['computed import', 'src/cli/x.ts', 'export const load = (name: string) => import(name)'],
  ['computed import', 'src/cli/x.ts', 'export const load = (name: string) => import(`./${name}.ts`)'],
  [
    'computed import',
    'src/cli/x.ts',
    "import {createRequire} from 'node:module'\nexport const load = createRequire(import.meta.url)",
  ],
  ['computed import', 'src/files/x.ts', 'export const load = (name: string) => process.getBuiltinModule(name)'],
  ['barrel', 'src/trail/index.ts', "import {open} from './trail.ts'\nexport const twice = [open, open]"],
  ['barrel', 'src/trail/all.ts', "export {open} from './trail.ts'"],
  ['barrel', 'src/trail/all.ts', "export * from './trail.ts'\nexport const own = 1"],
  ['bare error', 'src/cli/x.ts', "throw new Error('no')"],
  ['bare error', 'src/cli/x.ts', "throw Error('no')"],
  ['bare error', 'src/cli/x.ts', "export const f = () => { throw new TypeError('no') }"],
  ['bare error', 'src/cli/x.ts', "export const f = () => Promise.reject(new Error('no'))"],
  ['bare error', 'src/cli/x.ts', "export const f = new Promise((_, reject) => reject(new RangeError('no')))"],
  ['impure', 'src/incident/x.ts', 'export const at = Date.now()'],
  ['impure', 'src/incident/x.ts', "export const at = Date['now']()"],
  ['impure', 'src/incident/x.ts', 'export const at = new Date()'],
  ['impure', 'src/incident/x.ts', 'export const at = new Date'],
  ['impure', 'src/incident/x.ts', 'export const at = Date()'],
  ['impure', 'src/report/x.ts', 'export const chance = Math.random()'],
  ['impure', 'src/tokens/x.ts', 'export const home = process.env'],
  ['impure', 'src/tokens/x.ts', 'const {env} = process'],
  ['impure', 'src/tokens/x.ts', 'const {getBuiltinModule} = process'],
  ['builtin home', 'src/tokens/x.ts', "const fs = process.getBuiltinModule('node:fs')"],
  ['impure', 'src/auth0/resources/x.ts', 'export const got = fetch'],
  ['impure', 'src/trail/format/x.ts', 'setTimeout(() => {}, 1)'],
  ['impure', 'src/incident/x.ts', 'export const t = performance.now()'],
  ['impure', 'src/incident/x.ts', "export const p = globalThis['process']"],
  ['impure', 'src/incident/x.ts', 'console.log(1)'],
  ['impure', 'src/incident/x.ts', "import {randomBytes} from 'node:crypto'"],
  ['impure', 'src/incident/x.ts', "import * as c from 'node:crypto'\nexport const id = c.randomUUID()"],
  ['unknown room', 'src/utils/x.ts', 'export const a = 1'],
  ['unknown room', 'src/helpers.ts', 'export const a = 1'],
  ['syntax', 'src/cli/x.ts', 'export const = 1'],
]

describe('the test of the house', () => {
  test('a sound house has no violation', () => {
    deepEqual(checkArchitecture(SOUND), [])
  })

  for (const [wall, path, text] of PLANTED) {
    test(`${wall}: seen in ${path}: ${text.replaceAll('\n', ' ; ')}`, () => {
      deepEqual(wallsHit({path, text: `${text}\n`}), [wall])
    })
  }

  test('no files, or fewer than expected, is a violation', () => {
    equal(checkArchitecture([])[0]?.wall, 'nothing seen')
    equal(checkArchitecture(SOUND, SOUND.length + 1)[0]?.wall, 'nothing seen')
  })

  test('names in other places are not taken for what they sound like', () => {
    const text = [
      '// Date.now() and process.env in a comment',
      "export const said = 'new Date() and Math.random()'",
      'export interface Facts {process: string; performance: number}',
      'export const read = (facts: Facts) => facts.process',
      'export const at = (ms: number) => new Date(ms)',
      "export const title = {process: 'x', fetch: 1}",
    ].join('\n')
    deepEqual(wallsHit({path: 'src/incident/x.ts', text}), [])
  })

  test('the line of a violation is the line of the import', () => {
    const found = checkArchitecture([
      ...SOUND,
      {path: 'src/incident/x.ts', text: "\n\nimport {send} from '../auth0/transport.ts'\n"},
    ])
    equal(found[0]?.line, 3)
  })

  test('a room is found by its longest prefix', () => {
    equal(roomOf('src/auth0/resources/client.ts'), 'auth0/resources')
    equal(roomOf('src/auth0/resources-of-mine.ts'), 'auth0')
    equal(roomOf('src/trail/format/tree.ts'), 'trail/format')
    equal(roomOf('src/incident/actions/manual.ts'), 'incident')
    equal(roomOf('src/errors.ts'), 'errors.ts')
    equal(roomOf('test/x.ts'), undefined)
  })

  test('a place of one machine is seen, and the recordings only where the slow suites run', () => {
    const beside = ['..', 'shared', 'recordings'].join('/')
    equal(placesOfOneMachine([{path: 'src/a.ts', text: `x ${beside}`}]).length, 1)
    equal(placesOfOneMachine([{path: 'README.md', text: ['', 'work', 'main', 'x'].join('/')}]).length, 1)
    equal(placesOfOneMachine([{path: '.ci/run', text: beside}]).length, 0)
  })

  test('a dependency without a line is seen, and a line without a dependency', () => {
    const text = '# x\n\n## Dependencies\n\n- `jose`: tokens\n- `gone`: was there\n\n## Next\n\n- `other`: not a dependency\n'
    deepEqual(dependenciesWithoutLine(['jose', 'undici', 'jos'], text), ['undici', 'jos'])
    deepEqual(linesWithoutDependency(['jose', 'undici'], text), ['gone'])
  })
})
