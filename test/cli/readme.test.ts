import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {existsSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'

import {CAPABILITIES} from '../../src/incident/capabilities.ts'
import {blockOf, commandTable, normalised, withBlock} from '../support/readme-blocks.ts'
import {drillTranscript} from '../support/readme-transcript.ts'
import {ROOT} from '../support/tree.ts'

const README = readFileSync(`${ROOT}README.md`, 'utf8')
const {commands} = JSON.parse(readFileSync(`${ROOT}oclif.manifest.json`, 'utf8')) as {
  commands: Record<string, {id: string; flags: Record<string, unknown>}>
}

const REGENERATE = 'run: node test/support/readme-transcript.ts --write'

describe('README.md', () => {
  test('its drill is what the drill shows now', () => {
    const block = blockOf(README, 'transcript: drill')
      ?.replace(/^```text\n/, '')
      .replace(/\n```$/, '')
    ok(block, REGENERATE)
    deepEqual(normalised(block), normalised(drillTranscript()), REGENERATE)
  })

  test('its drill ends contained, with exit 0 and the score card', () => {
    const block = blockOf(README, 'transcript: drill') ?? ''
    match(block, /CONTAINED: new tokens are stopped, and that is proven/)
    match(block, /SIMULATED tenant; exit 0/)
    match(block, /attacker after containment: +0 token\(s\) minted/)
    match(
      block,
      /times: first safe act \d+ s, [^]*missed: [^]*\nWhere it stands: CONTAINED; all clear not before \S+; next: stanch incident show inc-/,
    )
  })

  test('its command table is that of the manifest', () => {
    equal(blockOf(README, 'commands: manifest'), commandTable(), REGENERATE)
  })

  test('every command and flag that it shows exists', () => {
    const ids = Object.keys(commands).map((id) => id.replaceAll(':', ' '))
    const shown = [...README.matchAll(/(?:npx )?stanch ((?:[a-z]+ ?)+)((?:[^`\n]|\\\n)*)/g)]
    let seen = 0
    for (const [, words = '', rest = ''] of shown) {
      const id = ids.filter((one) => `${words.trim()} `.startsWith(`${one} `)).sort((a, b) => b.length - a.length)[0]
      if (id === undefined) continue
      const known = commands[id.replaceAll(' ', ':')]?.flags ?? {}
      for (const [, flag = ''] of rest.split(/\s\|\s|\s#\s/)[0]?.matchAll(/(?<=\s)--([a-z-]+)/g) ?? []) {
        ok(flag in known || flag === 'json' || flag === 'help', `${id} --${flag}`)
        seen++
      }
    }
    ok(seen >= 5, `${seen}`)
  })

  test('no secret stands on a command line that it shows', () => {
    ok(!/--(client-)?secret[ =]|-d client_secret=|--token[ =]|Bearer [A-Za-z0-9]/.test(README))
  })

  test('its table of scopes names every scope of the capabilities that are for everybody', () => {
    const table = README.split('## Connect a tenant')[1]?.split('\n## ')[0] ?? ''
    for (const capability of CAPABILITIES.filter((one) => one.id !== 'setup')) {
      for (const scope of capability.scopes) {
        ok(table.includes(`\`${scope}\``), scope)
        if (capability.strong && capability.id !== 'credentials' && !scope.includes('organization'))
          match(table, new RegExp(`\`${scope}\` \\*\\*strong\\*\\*`))
      }
    }
  })

  test('its links lead to files that are there', () => {
    for (const [, target = ''] of README.matchAll(/\]\((?!https?:)([^)#]+)/g)) ok(existsSync(path.join(ROOT, target)), target)
  })

  test('it begins with what it is in five lines and the two commands', () => {
    const [title, , ...rest] = README.split('\n')
    equal(title, '# stanch')
    ok(rest.indexOf('') <= 5)
    match(README.slice(0, 1500), /npm ci && npm run drill\nnpm ci && npm test\n/)
  })
})

describe('the blocks', () => {
  const text = 'a\n<!-- x: y -->\n\nold\n\n<!-- /x -->\nb'

  test('are replaced and read back', () => {
    equal(blockOf(text, 'x: y'), 'old')
    equal(blockOf(withBlock(text, 'x: y', 'new'), 'x: y'), 'new')
  })

  test('that are not there are not made', () => {
    for (const broken of ['', 'a', '<!-- x: y -->', '<!-- /x --><!-- x: y -->']) {
      equal(blockOf(broken, 'x: y'), undefined)
      equal(withBlock(broken, 'x: y', 'new'), broken)
    }
  })

  test('normalising keeps what matters: another verdict, step or refusal is another transcript', () => {
    const said = normalised('12:00:00Z [1/2] done: rotate\nVerdict: CONTAINED')
    deepEqual(said, normalised('12:00:07Z [1/2] done: rotate\nVerdict: CONTAINED'))
    for (const other of [
      '12:00:00Z [1/2] done: delete\nVerdict: CONTAINED',
      '12:00:00Z [1/2] done: rotate\nVerdict: PARTIAL',
      'Verdict: CONTAINED',
    ]) {
      let same = true
      try {
        deepEqual(said, normalised(other))
      } catch {
        same = false
      }
      equal(same, false, other)
    }
  })
})
