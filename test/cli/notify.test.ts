import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {readFileSync, readdirSync} from 'node:fs'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import path from 'node:path'
import {describe, test} from 'node:test'
import type {TestContext} from 'node:test'

import {readTrail} from '../../src/trail/read-trail.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {contained, noSecrets, noSecretsOnDisk, run} from '../support/cli.ts'
import {scene} from '../support/incident.ts'
import {newHome, practiceTenant} from '../support/run-stanch.ts'
import {problemsOf} from '../support/schemas.ts'

async function receiver(t: TestContext, status = 200): Promise<{url: string; notices: any[]; texts: string[]}> {
  const texts: string[] = []
  const notices: any[] = []
  const http = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (part: string) => (body += part))
    request.on('end', () => {
      texts.push(`${JSON.stringify(request.headers)} ${body}`)
      notices.push(JSON.parse(body))
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    http.closeAllConnections()
    http.close()
  })
  return {url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/hooks/SECRETPATH`, notices, texts}
}

/** A command that keeps what it is told, a line each. */
function keeping(file: string): string {
  const keep = `let b='';process.stdin.on('data',d=>b+=d).on('end',()=>require('fs').appendFileSync(process.argv[1],b))`
  return `exec:${JSON.stringify([process.execPath, '-e', keep, file])}`
}

describe('--notify', () => {
  test('respond tells opened and contained, watch the tripwire and the all clear; each once, of the schema, without a secret, recorded', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const hook = await receiver(t)
    const {id, ran} = await contained(home, tenant, {more: ['--notify', `webhook:${hook.url}`, '--ticket', 'SEC-42']})
    deepEqual(
      hook.notices.map(({event}) => event),
      ['incident.opened', 'contained'],
    )
    const file = path.join(home.folder, 'told')
    const tell = ['--notify', 'webhook:env:HOOK', '--notify', keeping(file)]
    const watched = await run(home, ['watch', id, '--json', '--interval', '3600', ...tell], {
      env: {...tenant.connection, HOOK: hook.url},
    })
    equal(watched.code, 0, watched.stderr)
    const told = hook.notices.slice(2)
    const tripped = told.filter(({event}) => event === 'tripwire')
    ok(tripped.length > 0 && tripped.every(({seen}) => seen.record > 0))
    ok(!hook.texts.some((text) => text.includes('203.0.113.')), 'a chat is told the address of somebody')
    equal(told.filter(({event}) => event === 'all_clear').length, 1)
    equal(told.at(-1).event, 'all_clear')
    const ofCommand = readFileSync(file, 'utf8').trimEnd().split('\n')
    const sorted = (texts: readonly string[]) => [...texts].sort()
    deepEqual(sorted(ofCommand), sorted(told.map((notice) => JSON.stringify(notice))), 'a command is told the same')
    for (const notice of hook.notices) {
      deepEqual(problemsOf('notice', notice), [])
      equal(notice.incident_id, id)
    }
    equal(hook.notices[0].ticket, 'SEC-42')
    for (const secret of tenant.tenant.knownSecrets()) ok(!hook.texts.some((text) => text.includes(secret)))
    noSecrets(tenant, ran, watched)
    noSecretsOnDisk(tenant, home)
    const records = [...readTrail(path.join(home.data, 'trail-sim'))].filter((record) => record['action'] === 'notify')
    equal(records.length, hook.notices.length + ofCommand.length)
    ok(records.every((record) => record['verdict'] === 'delivered'))
    const host = `notify:webhook:${new URL(hook.url).host}`
    equal(records.filter((record) => record['target'] === host).length, hook.notices.length)
    ok(!JSON.stringify(records).includes('SECRETPATH'))
    equal(verifyFolder(path.join(home.data, 'trail-sim')).ok, true)
  })

  test('a receiver that refuses changes neither the result nor the exit status, and the record says so', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const hook = await receiver(t, 410)
    const {ran} = await contained(home, tenant, {more: ['--notify', `webhook:${hook.url}`, '--notify', 'exec:false']})
    equal((ran.json() as any).status, 'contained')
    const records = [...readTrail(path.join(home.data, 'trail-sim'))].filter((record) => record['action'] === 'notify')
    equal(records.length, 4)
    ok(records.every((record) => record['verdict'] === 'failed'))
    equal(hook.notices.length, 2)
  })

  test('a command and a webhook are told the same: opened, in doubt, contained when it was settled, each once', async (t) => {
    let settling = false
    const at = await scene(t, {
      watch: (phase, request) => {
        if (settling || phase !== 'effect' || request.operation !== 'client_grant.delete') return undefined
        at.tenant.fault({on: 'client_grants.list', do: 'status', status: 500, times: 5})
        return 'drop'
      },
    })
    const hook = await receiver(t)
    const file = path.join(at.home.folder, 'told')
    const tell = ['--notify', keeping(file), '--notify', `webhook:${hook.url}`]
    const doubted = await at.respond(...tell)
    deepEqual([doubted.code, doubted.document.status], [6, 'in_doubt'])
    at.tenant.clearFaults()
    settling = true
    const id = String(doubted.document.incident_id)
    const words = ['resume', id, '--yes', '--credential-file', at.leak.file, '--deliver', `file:${at.sink}`]
    const settled = await at.run([...words, ...tell])
    equal(settled.document.status, 'contained', settled.stdout)
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    const ofCommand = lines.map((line) => JSON.parse(line))
    for (const notices of [ofCommand, hook.notices]) {
      deepEqual(
        notices.map(({event}) => event),
        ['incident.opened', 'in_doubt', 'contained'],
      )
      for (const notice of notices) deepEqual(problemsOf('notice', notice), [])
      match(notices[1].text, new RegExp(`stanch resume ${id}`))
    }
    for (const secret of at.tenant.knownSecrets()) ok(!lines.join('\n').includes(secret))
    const told = at.records().filter((record) => record['action'] === 'notify')
    deepEqual([told.length, new Set(told.map((record) => record['verdict']))], [6, new Set(['delivered'])])
  })

  test('receivers that hang, say nothing, are not there or fail: contained as ever, a few seconds later at most, each on record', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    t.after(() => {
      silent.closeAllConnections()
      silent.close()
    })
    const hanging = '98765.4321'
    const targets = {
      'exec:sleep': `exec:sleep ${hanging}`,
      'exec:false': 'exec:false',
      [`webhook:127.0.0.1:${(silent.address() as AddressInfo).port}`]: `webhook:http://127.0.0.1:${(silent.address() as AddressInfo).port}/`,
      'webhook:127.0.0.1:9': 'webhook:http://127.0.0.1:9/',
    }
    const started = performance.now()
    const {ran} = await contained(home, tenant, {more: Object.values(targets).flatMap((target) => ['--notify', target])})
    ok(performance.now() - started < 30_000, `${performance.now() - started} ms`)
    equal((ran.json() as any).status, 'contained')
    const records = [...readTrail(path.join(home.data, 'trail-sim'))].filter((record) => record['action'] === 'notify')
    deepEqual(
      records.map((record) => `${String(record['verdict'])} ${String(record['target'])}`).sort(),
      Object.keys(targets)
        .flatMap((name) => [`failed notify:${name}`, `failed notify:${name}`])
        .sort(),
    )
    const running = readdirSync('/proc').filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(hanging)
      } catch {
        return false
      }
    })
    deepEqual(running, [], 'a command was left running')
  })

  test('the help of every command that tells says how, and that it is redacted', async (t) => {
    const home = newHome(t)
    for (const command of ['respond', 'execute', 'resume', 'grant delete', 'secret rotate', 'watch', 'drill'])
      match(
        (await run(home, [...command.split(' '), '--help'])).stdout.replaceAll(/\s+/g, ' '),
        /--notify=TARGET\.\.\. tell somebody: exec:COMMAND, webhook:URL or webhook:env:NAME; JSON, redacted; may be repeated/,
        command,
      )
  })

  test('what is no target is refused before anything is sent', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const words = ['grant', 'delete', '--client', tenant.practice.leak.client_id, '--all', '--reason', 'x', '--yes', '--json']
    for (const target of ['webhook:http://hooks.example/', 'exec:no-such-command-here', 'mail:x', 'webhook:env:NOT_SET'])
      equal((await run(home, [...words, '--notify', target], {env: tenant.connection})).code, 2, target)
    equal(tenant.tenant.changes().length, 0)
  })

  test('the drill tells, too', async (t) => {
    const home = newHome(t)
    const hook = await receiver(t)
    const ran = await run(home, ['drill', '--yes', '--json', '--notify', `webhook:${hook.url}`])
    equal(ran.code, 0, ran.stderr)
    deepEqual(
      hook.notices.map(({event, simulated}) => [event, simulated]),
      [
        ['incident.opened', true],
        ['contained', true],
      ],
    )
    match(hook.notices[1].text, /^SIMULATED: Incident inc-\S+ is contained: new tokens are refused, issued ones live until /)
  })
})
