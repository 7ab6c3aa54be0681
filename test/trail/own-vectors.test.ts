import {deepEqual, ok} from 'node:assert/strict'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {after, test} from 'node:test'

import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {writeFiles} from '../support/damaged-log.ts'
import {isCurrent, readVectors} from '../vectors/make.ts'

const base = mkdtempSync(join(tmpdir(), 'stanch-vectors-'))
after(() => rmSync(base, {recursive: true, force: true}))
const vectors = readVectors()

test('the file holds what the script makes (after a deliberate change: node test/vectors/make.ts --write)', () => ok(isCurrent()))

test('there are at least 150, and at least 100 of them must fail', () => {
  ok(vectors.length >= 150)
  ok(vectors.filter(({exit}) => exit === 1).length >= 100)
})

for (const {name, files, trust, exit, reason} of vectors) {
  test(`vector: ${name}`, () => {
    const folder = join(base, 'vector')
    writeFiles(folder, files)
    const {ok: good, complete, findings} = verifyFolder(folder, trust)
    const deciding = findings.filter(({severity}) => severity !== 'note').map(({kind}) => kind)
    deepEqual(
      [good ? (complete ? 0 : 3) : 1, reason === undefined || deciding.includes(reason)],
      [exit, true],
      `${reason}; found: ${JSON.stringify(findings)}`,
    )
  })
}
