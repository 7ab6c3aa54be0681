import {equal, match, ok} from 'node:assert/strict'
import {readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'

import {LEAK_KINDS} from '../../src/incident/leak.ts'
import {newHome, stanch} from '../support/run-stanch.ts'
import {ROOT} from '../support/tree.ts'

const shipped = (id: string) => readFileSync(path.join(ROOT, `runbooks/${id}.md`), 'utf8')

describe('stanch runbook', () => {
  test('list shows one for every kind of leak', async (t) => {
    const ran = await stanch(newHome(t), ['runbook', 'list', '--json'])
    const {runbooks} = ran.json() as {runbooks: {id: string; leak: string; sha256: string}[]}
    for (const kind of LEAK_KINDS)
      ok(
        runbooks.some((one) => one.leak === kind),
        kind,
      )
    ok(runbooks.every((one) => /^[0-9a-f]{64}$/.test(one.sha256)))
  })

  test('show prints the file as it is', async (t) => {
    const ran = await stanch(newHome(t), ['runbook', 'show', 'client-secret'])
    equal(ran.stdout, shipped('client-secret'))
  })

  test('a bare name is never a file of the working folder', async (t) => {
    const home = newHome(t)
    writeFileSync(path.join(home.folder, 'planted.md'), shipped('client-secret'))
    for (const ref of ['planted', 'planted.md']) {
      const ran = await stanch(home, ['runbook', 'show', ref, '--json'])
      equal(ran.code, 2)
      match(ran.stdout, /usage\.invalid/)
    }
    equal((await stanch(home, ['runbook', 'lint', 'planted.md'])).code, 2)
  })

  test('lint of a sound file exits 0, of a broken one 2 with the line', async (t) => {
    const home = newHome(t)
    const [sound, broken] = ['sound.md', 'broken.md'].map((name) => path.join(home.folder, name)) as [string, string]
    writeFileSync(sound, shipped('client-secret'))
    writeFileSync(broken, shipped('client-secret').replace('action: client_secret.rotate', 'action: client_secret.rotated'))
    equal((await stanch(home, ['runbook', 'lint', sound])).code, 0)
    equal((await stanch(home, ['runbook', 'lint', './sound.md'])).code, 0)
    const ran = await stanch(home, ['runbook', 'lint', broken])
    equal(ran.code, 2)
    match(ran.stdout, /broken\.md:\d+: /)
    const {ok: fine, problems} = (await stanch(home, ['runbook', 'lint', broken, '--json'])).json() as {
      ok: boolean
      problems: {line?: number}[]
    }
    equal(fine, false)
    ok(problems.some((one) => Number.isInteger(one.line)))
  })

  test('lint of a missing file, a folder and a binary file is exit 2 with one sentence', async (t) => {
    const home = newHome(t)
    writeFileSync(path.join(home.folder, 'binary'), Buffer.from([0xff, 0xfe, 0x00, 0x80]))
    for (const file of ['./missing.md', './', './binary']) {
      const ran = await stanch(home, ['runbook', 'lint', file])
      equal(ran.code, 2, file)
      match(ran.stderr, /^Error: /)
    }
  })
})
