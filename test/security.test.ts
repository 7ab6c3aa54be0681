import {deepEqual, equal, ok} from 'node:assert/strict'
import {existsSync, readFileSync} from 'node:fs'
import {test} from 'node:test'

import {ROOT} from './support/tree.ts'

/** Each row of the table in SECURITY.md: the promise and the tests that are named for it. */
function promises(page: string): {id: string; tests: {file: string; title?: string}[]}[] {
  return [...page.matchAll(/^\| (P\d+) \| [^|]+ \| ([^|]+) \|$/gm)].map(([, id = '', held = '']) => ({
    id,
    tests: [...held.matchAll(/`([^`]+)`(?: "([^"]+)")?/g)].map(([, file = '', title]) => ({
      file,
      ...(title === undefined ? {} : {title}),
    })),
  }))
}

/** What is named and does not exist. */
function missing(page: string): string[] {
  return promises(page).flatMap(({id, tests}) => [
    ...(tests.length === 0 ? [`${id}: no test`] : []),
    ...tests.flatMap(({file, title}) => {
      if (!file.startsWith('test/') || !existsSync(ROOT + file)) return [`${id}: there is no ${file}`]
      return title !== undefined &&
        !readFileSync(ROOT + file, 'utf8')
          .replaceAll("\\'", "'")
          .includes(title)
        ? [`${id}: ${file} has no "${title}"`]
        : []
    }),
  ])
}

const PAGE = readFileSync(`${ROOT}.github/SECURITY.md`, 'utf8')

test('every one of the twenty promises names tests, and every test that is named exists', () => {
  deepEqual(
    promises(PAGE).map(({id}) => id),
    Array.from({length: 20}, (_, i) => `P${i + 1}`),
  )
  deepEqual(missing(PAGE), [])
})

test('a test that was renamed or removed is noticed', () => {
  equal(missing(PAGE.replace('test/hostile/place.test.ts', 'test/hostile/nowhere.test.ts')).length, 1)
  equal(missing(PAGE.replace('nothing of it is read', 'something of it is read')).length, 1)
  ok(missing('| P1 | a promise | trust us |').length === 1)
})
