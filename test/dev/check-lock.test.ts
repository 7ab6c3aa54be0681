import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {describe, test} from 'node:test'

import {lockProblems} from '../../src/dev/check-lock.ts'
import {ROOT} from '../support/tree.ts'

type Lock = Parameters<typeof lockProblems>[0]
type Entry = NonNullable<Lock['packages']>[string]

const SHA = 'sha512-0000'
const MANIFEST = {dependencies: {tool: '1.0.0'}, optionalDependencies: {native: '2.0.0'}, devDependencies: {}}
const SOUND: Record<string, Entry> = {
  '': {dependencies: {tool: '1.0.0'}, optionalDependencies: {native: '2.0.0'}},
  'node_modules/tool': {version: '1.0.0', integrity: SHA, dependencies: {deep: '^3'}, optionalDependencies: {'tool-linux': '1'}},
  'node_modules/tool/node_modules/deep': {version: '3.0.0', integrity: SHA, dependencies: {native: '2'}},
  'node_modules/tool-linux': {
    version: '1.0.0',
    integrity: SHA,
    resolved: 'https://registry.npmjs.org/tool-linux/-/tool-linux-1.0.0.tgz',
  },
  'node_modules/native': {version: '2.0.0', integrity: SHA},
}

/** The sound lock with some entries replaced; undefined takes an entry out. */
function planted(changes: Record<string, Entry | undefined>, manifest = MANIFEST): string[] {
  const packages = Object.fromEntries(
    Object.entries({...SOUND, ...changes}).filter(([, entry]) => entry !== undefined),
  ) as Record<string, Entry>
  return lockProblems({lockfileVersion: 3, packages}, manifest)
}

describe('the lock file', () => {
  test('of this project is sound', () => {
    const read = (name: string) => JSON.parse(readFileSync(ROOT + name, 'utf8')) as never
    deepEqual(lockProblems(read('package-lock.json'), read('package.json')), [])
  })

  test('that is sound has no problem', () => deepEqual(planted({}), []))

  const refused: readonly (readonly [string, string[], RegExp])[] = [
    [
      'an optional dependency of a tool that has no entry',
      planted({'node_modules/tool-linux': undefined}),
      /tool-linux, an optional dependency .* has no entry/,
    ],
    [
      'an optional dependency of ours that has no entry',
      planted({'node_modules/native': undefined}),
      /native \(optionalDependencies\) has no entry/,
    ],
    [
      'a dependency of a tool that has no entry',
      planted({'node_modules/tool/node_modules/deep': undefined}),
      /deep, a dependency .* has no entry/,
    ],
    [
      'an entry where Node would not look',
      planted({
        'node_modules/tool/node_modules/deep': undefined,
        'node_modules/native/node_modules/deep': {version: '3.0.0', integrity: SHA},
      }),
      /deep, a dependency/,
    ],
    ['an entry without integrity', planted({'node_modules/native': {version: '2.0.0'}}), /native has no integrity/],
    [
      'an entry with an old integrity',
      planted({'node_modules/native': {version: '2.0.0', integrity: 'sha1-00'}}),
      /weak integrity/,
    ],
    [
      'an install script',
      planted({'node_modules/native': {version: '2.0.0', integrity: SHA, hasInstallScript: true}}),
      /native has an install script/,
    ],
    ['a link to a folder', planted({'node_modules/native': {link: true, resolved: '../native', version: '2.0.0'}}), /is a link/],
    [
      'a tarball over plain http',
      planted({'node_modules/native': {version: '2.0.0', integrity: SHA, resolved: 'http://x/y.tgz'}}),
      /not come from a registry over https/,
    ],
    [
      'a tarball from git',
      planted({'node_modules/native': {version: '2.0.0', integrity: SHA, resolved: 'git+ssh://x/y'}}),
      /not come from a registry over https/,
    ],
    [
      'a dependency that package.json does not have',
      planted({}, {...MANIFEST, optionalDependencies: {} as never}),
      /lists native .* package\.json does not/,
    ],
    [
      'a dependency that only package.json has',
      planted({}, {...MANIFEST, devDependencies: {extra: '1.0.0'}}),
      /extra 1\.0\.0, the lock file for nothing/,
    ],
    [
      'another version than package.json asks for',
      planted({}, {...MANIFEST, dependencies: {tool: '1.0.1'}}),
      /asks for tool 1\.0\.1, the lock file for 1\.0\.0/,
    ],
    ['a range', planted({}, {...MANIFEST, dependencies: {tool: '^1.0.0'}}), /every version must be exact/],
  ]
  for (const [what, problems, message] of refused) {
    test(`with ${what} is refused`, () => {
      ok(problems.length > 0)
      match(problems.join('\n'), message)
    })
  }

  test('that is empty or of another version is refused, not passed', () => {
    equal(lockProblems({lockfileVersion: 3, packages: {}}, MANIFEST).length, 1)
    equal(lockProblems({lockfileVersion: 3}, MANIFEST).length, 1)
    equal(lockProblems({lockfileVersion: 1}, MANIFEST).length, 1)
    equal(lockProblems({}, MANIFEST).length, 1)
  })
})
