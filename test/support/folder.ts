import {mkdtempSync, realpathSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import type {TestContext} from 'node:test'

/** A private folder (0700) that is gone after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'stanch-test-')))
  t.after(() => rmSync(folder, {recursive: true, force: true}))
  return folder
}
