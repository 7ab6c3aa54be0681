import {deepEqual, equal, match, ok, rejects, throws} from 'node:assert/strict'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, test} from 'node:test'

import {LEAK_KINDS} from '../../src/incident/leak.ts'
import {planHash} from '../../src/incident/plan.ts'
import {compilePlan} from '../../src/runbooks/compile.ts'
import {lintRunbookFile, loadRunbook, shippedRunbooks} from '../../src/runbooks/load.ts'
import {parseRunbook} from '../../src/runbooks/parse.ts'
import {SHIPPED, choices, facts, runbookText, shippedText} from '../support/runbooks.ts'

describe('the shipped runbooks', () => {
  test('there is one for each kind of leak, and each says that it is for it', async () => {
    deepEqual(shippedRunbooks(SHIPPED), [...LEAK_KINDS].sort())
    for (const kind of LEAK_KINDS) {
      deepEqual(await lintRunbookFile(kind, SHIPPED), [])
      equal((await loadRunbook(kind, SHIPPED)).leak, kind)
    }
  })

  test('only the two kinds that stanch contains by itself hold other than manual steps', async () => {
    for (const kind of LEAK_KINDS) {
      const {steps} = await loadRunbook(kind, SHIPPED)
      const automatic = steps.some((step) => step.action !== 'manual')
      equal(automatic, kind === 'client-secret' || kind === 'management-token', kind)
    }
  })

  test('no example puts a secret on a command line', () => {
    for (const kind of LEAK_KINDS) {
      const commands = shippedText(kind)
      ok(!/Bearer (?!<)/.test(commands), kind)
      ok(
        !/(client_secret|token|password)=[^@<\s`]/.test(
          commands.replaceAll('client_secret=-', '').replaceAll('type=refresh_token', ''),
        ),
        kind,
      )
    }
  })

  test('a secret of a client: save, grants off, rotate, deliver, verify, exposure, then people', async () => {
    const plan = compilePlan(await loadRunbook('client-secret', SHIPPED), facts(), choices())
    deepEqual(
      plan.steps.map((step) => step.id),
      [
        'save-logs',
        'grants-off:cgr_management',
        'grants-off:cgr_billing',
        'rotate',
        'deliver',
        'verify',
        'exposure',
        'deploy-new-secret',
        'remove-leak',
        'tell-owner',
      ],
    )
  })

  test('choices leave steps out and never move them', async () => {
    const runbook = await loadRunbook('client-secret', SHIPPED)
    const actions = (changed: Parameters<typeof choices>[0]) =>
      compilePlan(runbook, facts(), choices(changed)).steps.map((step) => step.from)
    ok(!actions({keep_grants: true}).includes('grants-off'))
    ok(!actions({rotate: false}).includes('rotate') && !actions({rotate: false}).includes('deliver'))
    deepEqual(actions({include_user_grants: true}).slice(0, 5), [
      'save-logs',
      'grants-off',
      'grants-off',
      'user-grants-off',
      'rotate',
    ])
  })

  test('a management token: only the grant of that API, and a rotation only if the token could read secrets', async () => {
    const runbook = await loadRunbook('management-token', SHIPPED)
    const steps = (scope: string[], changed = {}) =>
      compilePlan(runbook, facts(scope), choices(changed)).steps.map((step) => step.id)
    const harmless = steps(['read:users'])
    deepEqual(harmless.slice(0, 4), ['save-logs', 'grant-off:cgr_management', 'verify', 'exposure'])
    ok(!harmless.includes('rotate'))
    const strong = steps(['read:client_keys'])
    deepEqual(strong.slice(0, 7), [
      'save-logs',
      'grant-off:cgr_management',
      'rotate',
      'deliver',
      'verify',
      'verify-secret',
      'exposure',
    ])
    ok(!steps(['read:client_keys'], {rotate: false}).some((id) => ['rotate', 'deliver', 'verify-secret'].includes(id)))
  })
})

describe('a compiled plan', () => {
  test('has the order of the file: two steps swapped there are swapped in the plan', async () => {
    const text = shippedText('client-secret')
    const grantsOff = /  - id: grants-off\n[^]*?(?=  - id: user-grants-off)/.exec(text)?.[0] ?? ''
    const rotate = /  - id: rotate\n[^]*?(?=  - id: verify)/.exec(text)?.[0] ?? ''
    ok(grantsOff && rotate)
    const swapped = text.replace(rotate, '').replace(grantsOff, rotate + grantsOff)
    const order = async (file: string) =>
      compilePlan(await parseRunbook(file, 'x'), facts(), choices()).steps.map((step) => step.id)
    const before = await order(text)
    const after = await order(swapped)
    ok(before.indexOf('grants-off:cgr_billing') < before.indexOf('rotate'))
    ok(after.indexOf('rotate') < after.indexOf('grants-off:cgr_management'))
    deepEqual([...before].sort(), [...after].sort())
  })

  test('names its runbook by the hash of the bytes, so that a changed word changes the plan hash', async () => {
    const text = shippedText('client-secret')
    const plan = async (file: string) => compilePlan(await parseRunbook(file, 'x'), facts(), choices())
    const one = await plan(text)
    equal(planHash(one), planHash(await plan(text)))
    const other = await plan(text.replace('Send no secret', 'Never send a secret'))
    deepEqual(other.steps, one.steps)
    ok(planHash(other) !== planHash(one))
  })

  test('never deletes one grant twice', async () => {
    const text = runbookText({
      steps:
        '  - {id: off, action: client_grant.delete, args: {subject: client}}\n  - {id: again, action: client_grant.delete, args: {subject: client, audience: leaked}}',
      page: '# Ours\n\n## off: Off\n\nx\n\n## again: Again\n\nx',
    })
    const runbook = await parseRunbook(text, 'x')
    throws(() => compilePlan(runbook, facts(), choices()), {code: 'runbook.invalid'})
  })
})

describe('a reference to a runbook', () => {
  test('without a slash is a shipped id and nothing else', async () => {
    const here = mkdtempSync(join(tmpdir(), 'stanch-runbook-'))
    const before = process.cwd()
    try {
      writeFileSync(join(here, 'ours.md'), runbookText())
      process.chdir(here)
      for (const ref of ['ours', 'ours.md', 'README', '', 'Client-Secret', 'constructor']) {
        await rejects(loadRunbook(ref, SHIPPED), {code: 'usage.invalid'})
      }
      equal((await loadRunbook('./ours.md', SHIPPED)).id, 'ours')
      equal((await loadRunbook(join(here, 'ours.md'), SHIPPED)).id, 'ours')
    } finally {
      process.chdir(before)
      rmSync(here, {recursive: true})
    }
  })

  test('to a file that is missing, a folder, too large or not UTF-8 is refused', async () => {
    const here = mkdtempSync(join(tmpdir(), 'stanch-runbook-'))
    try {
      await rejects(loadRunbook(`${here}/none.md`, SHIPPED), {code: 'input.unreadable'})
      await rejects(loadRunbook(`${here}/`, SHIPPED), {code: 'input.unreadable'})
      writeFileSync(join(here, 'big.md'), 'x'.repeat(300_000))
      await rejects(loadRunbook(`${here}/big.md`, SHIPPED), {code: 'input.too_large'})
      writeFileSync(join(here, 'latin.md'), Buffer.from([0x2d, 0x2d, 0x2d, 0x0a, 0xe9]))
      await rejects(loadRunbook(`${here}/latin.md`, SHIPPED), {code: 'runbook.invalid', message: /not UTF-8/})
    } finally {
      rmSync(here, {recursive: true})
    }
  })

  test('to a shipped file that calls itself otherwise is refused', async () => {
    const shipped = mkdtempSync(join(tmpdir(), 'stanch-runbook-'))
    try {
      writeFileSync(join(shipped, 'client-secret.md'), runbookText())
      await rejects(loadRunbook('client-secret', shipped), {code: 'runbook.invalid'})
      match((await lintRunbookFile('client-secret', shipped))[0]?.message ?? '', /not the file's name/)
      deepEqual(shippedRunbooks(join(shipped, 'none')), [])
    } finally {
      rmSync(shipped, {recursive: true})
    }
  })
})
