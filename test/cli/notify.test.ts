import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import path from 'node:path'
import {describe, test} from 'node:test'
import type {TestContext} from 'node:test'

import {readTrail} from '../../src/trail/read-trail.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {contained, noSecrets, noSecretsOnDisk, run} from '../support/cli.ts'
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
    const watched = await run(home, ['watch', id, '--json', '--interval', '3600', '--notify', 'webhook:env:HOOK'], {
      env: {...tenant.connection, HOOK: hook.url},
    })
    equal(watched.code, 0, watched.stderr)
    const told = hook.notices.slice(2)
    ok(told.some(({event, seen}) => event === 'tripwire' && seen.ip === '203.0.113.66'))
    equal(told.filter(({event}) => event === 'all_clear').length, 1)
    equal(told.at(-1).event, 'all_clear')
    for (const notice of hook.notices) {
      deepEqual(problemsOf('notice', notice), [])
      equal(notice.incident_id, id)
    }
    equal(hook.notices[0].ticket, 'SEC-42')
    for (const secret of tenant.tenant.knownSecrets()) ok(!hook.texts.some((text) => text.includes(secret)))
    noSecrets(tenant, ran, watched)
    noSecretsOnDisk(tenant, home)
    const records = [...readTrail(path.join(home.data, 'trail-sim'))].filter((record) => record['action'] === 'notify')
    equal(records.length, hook.notices.length)
    ok(
      records.every(
        (record) => record['verdict'] === 'delivered' && record['target'] === `notify:webhook:${new URL(hook.url).host}`,
      ),
    )
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
