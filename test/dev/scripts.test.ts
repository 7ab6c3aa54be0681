import {equal, match} from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'

const {scripts} = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

test('no test script ends the runner by force: results that are still in a pipe would be lost, failures among them', () => {
  equal(
    Object.entries(scripts).find(([, script]) => script.includes('force-exit')),
    undefined,
  )
})

test('a test that never ends is ended by the runner', () => match(scripts['unit'] ?? '', /--test-timeout=\d{5,6} /))
