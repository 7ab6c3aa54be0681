import {deepEqual, equal, notEqual, ok} from 'node:assert/strict'
import {readFileSync, statSync} from 'node:fs'
import {describe, test} from 'node:test'
import {gzipSync} from 'node:zlib'

import {json, raw} from '../support/fault-server.ts'
import {drip, endless, faultServer, gzipBomb} from '../support/fault-server.ts'
import type {Answer, Arrived} from '../support/fault-server.ts'
import {AUTHORITY, GOOD, KEY} from '../support/certificates.ts'
import {assertInvariants, assertNoSecrets, assertTrail, scene, unattended} from '../support/incident.ts'
import type {Finished, Scene} from '../support/incident.ts'
import {interpose, secondOrigin} from '../support/interposer.ts'
import type {Interposed, SecondOrigin} from '../support/interposer.ts'
import {newHome, stanch} from '../support/run-stanch.ts'

/*
 * The built program on a network that is not on its side. A second origin listens all the while: nothing, not one byte,
 * may arrive there.
 */

const NOTHING = {connections: 0, bytes: 0}

/** Each step of the main flow, by the request that makes it. */
const STEPS: Readonly<Record<string, (one: Arrived) => boolean>> = {
  token: (one) => one.path === '/oauth/token' && one.body.includes('api%2Fv2'),
  'client read': (one) => one.method === 'GET' && /^\/api\/v2\/clients\/[^/]+/.test(one.path),
  'grant list': (one) => one.method === 'GET' && one.path.startsWith('/api/v2/client-grants?'),
  'API settings': (one) => one.method === 'GET' && one.path.startsWith('/api/v2/resource-servers'),
  log: (one) => one.method === 'GET' && one.path.startsWith('/api/v2/logs'),
  'grant delete': (one) => one.method === 'DELETE',
  rotate: (one) => one.method === 'POST' && one.path.endsWith('/rotate-secret'),
  probe: (one) => one.path === '/oauth/token' && one.body.includes('authorization_code'),
}

function respond(at: Scene, through: Interposed, env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  return at.run(unattended(at), {connection: through.connection, env})
}

/** Whatever came back: nobody was told a lie, and nothing was sent twice. */
function sound(at: Scene, ran: Finished): void {
  notEqual(ran.code, 0)
  ok([1, 2, 3, 4, 5, 6, 75].includes(ran.code), `${ran.code}: ${ran.stderr}`)
  notEqual(ran.document.status, 'contained')
  ok(!/\n\s+at /.test(ran.stderr), ran.stderr)
  ok(at.tenant.count('client_secret.rotate') <= 1)
  assertNoSecrets(at, [ran])
  if (at.tenant.changes().length > 0) assertTrail(at)
  if (ran.document.status !== undefined) assertInvariants(ran.document)
}

describe('redirects', () => {
  const redirect =
    (status: number, second: SecondOrigin): Answer =>
    (one, response) =>
      void response.writeHead(status, {location: `${second.origin}${one.path}`}).end()

  for (const [step, status] of [
    ['token', 301],
    ['token', 307],
    ['token', 308],
    ['client read', 302],
    ['grant list', 307],
    ['API settings', 308],
    ['log', 301],
    ['grant delete', 307],
    ['rotate', 307],
    ['rotate', 303],
    ['probe', 307],
  ] as const) {
    test(`${status} at "${step}" is not followed: the second origin hears nothing`, async (t) => {
      const at = await scene(t, {behaviour: {attacker: false, consumer: false}})
      const second = await secondOrigin(t)
      let redirected = 0
      const through = await interpose(t, at, (one) => {
        if (!STEPS[step]?.(one)) return undefined
        redirected += 1
        return redirect(status, second)
      })
      const ran = await respond(at, through)
      ok(redirected > 0, 'no request was redirected: this test proves nothing')
      deepEqual(second.heard(), NOTHING)
      sound(at, ran)
      if (['token', 'client read', 'grant list'].includes(step)) {
        equal(at.tenant.changes().length, 0)
        equal(ran.document.error?.code, 'auth0.redirected')
      }
      if (step === 'rotate') equal(at.tenant.count('client_secret.rotate'), 0)
    })
  }
})

describe('a network in between', () => {
  const portal = raw(200, 'text/html', '<html><form action="/login">Welcome to the hotel</form></html>')

  test('a captive portal that answers everything with a page and 200 is no tenant: exit 75, nothing concluded', async (t) => {
    const at = await scene(t)
    const ran = await respond(at, await interpose(t, at, () => portal))
    equal(ran.code, 75)
    equal(ran.document.error?.code, 'auth0.unexpected_answer')
    sound(at, ran)
    equal(at.tenant.changes().length, 0)
  })

  for (const step of ['grant delete', 'rotate', 'probe'] as const) {
    test(`a portal that comes up at "${step}" proves nothing`, async (t) => {
      const at = await scene(t, {behaviour: {attacker: false, consumer: false}})
      const ran = await respond(at, await interpose(t, at, (one) => (STEPS[step]?.(one) ? portal : undefined)))
      sound(at, ran)
      if (step === 'rotate') equal(at.tenant.count('client_secret.rotate'), 0)
      if (step === 'grant delete') return
      for (const proof of ran.document.proof ?? []) if (proof.claim === 'old_secret_refused') notEqual(proof.verdict, 'proven')
    })
  }

  test('another client than the one that was asked for is never acted on', async (t) => {
    const at = await scene(t)
    const other = at.tenant.addClient({name: 'innocent'})
    const through = await interpose(t, at, (one) =>
      STEPS['client read']?.(one)
        ? json(200, {client_id: other.client_id, name: 'innocent', client_secret: other.client_secret})
        : undefined,
    )
    const ran = await respond(at, through)
    equal(ran.document.error?.code, 'auth0.unexpected_answer')
    equal(at.tenant.changes().length, 0)
    sound(at, ran)
  })

  test('a grant of another client in the list is never deleted', async (t) => {
    const at = await scene(t)
    const other = at.tenant.addClient({name: 'innocent'})
    const id = at.tenant.addGrant({
      client_id: other.client_id,
      audience: 'https://invoices.acme.example/',
      scope: ['read:invoices'],
    })
    const foreign = at.tenant.grants(other.client_id)
    const through = await interpose(t, at, (one) =>
      STEPS['grant list']?.(one)
        ? json(200, {client_grants: foreign, next: undefined, start: 0, limit: 100, total: 1})
        : undefined,
    )
    const ran = await respond(at, through)
    notEqual(ran.code, 0)
    ok(!at.tenant.changes().some((change) => change.path.includes(id)))
    equal(at.tenant.grants(other.client_id).length, 1)
  })

  test('a rotation that is answered for another client is in doubt until it was looked at, and the right secret is handed over', async (t) => {
    const at = await scene(t, {behaviour: {attacker: false, consumer: false}})
    const other = at.tenant.addClient({name: 'innocent'})
    const through = await interpose(t, at, (one) =>
      STEPS['rotate']?.(one)
        ? json(200, {client_id: other.client_id, name: 'innocent', client_secret: other.client_secret})
        : undefined,
    )
    const ran = await respond(at, through)
    ok(at.tenant.count('client_secret.rotate') === 0)
    notEqual(ran.document.status, 'contained')
    let delivered = ''
    try {
      delivered = readFileSync(at.sink, 'utf8')
    } catch {
      // nothing was handed over
    }
    ok(!delivered.includes(other.client_secret))
    assertTrail(at)
  })

  for (const [what, answer] of [
    ['a bomb of 20 MB in 20 kB', gzipBomb],
    ['a body that never ends', endless],
    [
      'a compressed body that nobody asked for',
      ((_, response) =>
        void response
          .writeHead(200, {'content-type': 'application/json', 'content-encoding': 'gzip'})
          .end(gzipSync('{}'))) as Answer,
    ],
    ['JSON nested a million deep', raw(200, 'application/json', '['.repeat(1_000_000))],
    ['a member given twice', raw(200, 'application/json', '{"client_id":"a","client_id":"b"}')],
    ['bytes that are no UTF-8', raw(200, 'application/json', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]))],
  ] as const) {
    test(`${what} ends the look, not the machine`, async (t) => {
      const at = await scene(t)
      const ran = await respond(at, await interpose(t, at, (one) => (STEPS['client read']?.(one) ? answer : undefined)))
      equal(ran.code, 75, ran.stdout)
      equal(at.tenant.changes().length, 0)
      sound(at, ran)
    })
  }

  test(
    'a tenant that drips is given up after its deadline',
    {skip: process.env['STANCH_LONG'] === undefined && 'takes minutes: STANCH_LONG=1'},
    async (t) => {
      const at = await scene(t)
      const ran = await respond(at, await interpose(t, at, (one) => (STEPS['client read']?.(one) ? drip : undefined)))
      equal(ran.code, 75)
      sound(at, ran)
    },
  )
})

describe('the environment', () => {
  for (const [what, env] of [
    [
      'proxy variables',
      (proxy: string) => ({
        HTTP_PROXY: proxy,
        HTTPS_PROXY: proxy,
        ALL_PROXY: proxy,
        http_proxy: proxy,
        https_proxy: proxy,
        all_proxy: proxy,
      }),
    ],
    [
      'proxy variables and NODE_USE_ENV_PROXY',
      (proxy: string) => ({NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: ''}),
    ],
    [
      'npm\u2019s proxy settings',
      (proxy: string) => ({npm_config_proxy: proxy, npm_config_https_proxy: proxy, GLOBAL_AGENT_HTTP_PROXY: proxy}),
    ],
  ] as const) {
    test(`${what} send nothing anywhere: a whole incident goes to the tenant alone`, async (t) => {
      const at = await scene(t, {behaviour: {attacker: false, consumer: false}})
      const second = await secondOrigin(t)
      const ran = await at.respond()
      equal(ran.code, 0)
      const looked = await at.run(['client', 'list'], {env: env(second.origin)})
      equal(looked.code, 0, looked.stderr)
      const again = await at.run(['secret', 'verify', '--client', at.client_id, '--credential-file', at.leak.file], {
        env: env(second.origin),
      })
      ok([0, 2, 5, 6].includes(again.code), again.stderr)
      deepEqual(second.heard(), NOTHING)
    })
  }

  test('a proxy that was asked for never sees a plain http origin', async (t) => {
    const at = await scene(t)
    const second = await secondOrigin(t)
    const ran = await at.run(['client', 'list', '--proxy', second.origin])
    equal(ran.document.error?.code, 'config.insecure')
    deepEqual(second.heard(), NOTHING)
  })

  for (const env of [{}, {NODE_TLS_REJECT_UNAUTHORIZED: '0'}, {NODE_OPTIONS: '--use-openssl-ca'}] as Record<string, string>[]) {
    test(`a certificate that nobody vouches for gets no credential${Object.entries(env)
      .map(([name, value]) => `, with ${name}=${value}`)
      .join('')}`, async (t) => {
      const server = await faultServer({tls: {key: KEY, cert: GOOD}})
      t.after(() => server.stop())
      const home = newHome(t)
      const ran = await stanch(home, ['client', 'list', '--json'], {
        env: {
          AUTH0_DOMAIN: server.origin,
          AUTH0_CLIENT_ID: 'A'.repeat(32),
          AUTH0_CLIENT_SECRET: 'a-secret-that-stays-here',
          ...env,
        },
      })
      ok([2, 75].includes(ran.code), ran.stdout + ran.stderr)
      equal(server.arrived.length, 0)
      ok(!(ran.stdout + ran.stderr).includes('a-secret-that-stays-here'))
    })
  }

  test('with checks turned off no real tenant is talked to at all, not even by name', async (t) => {
    const home = newHome(t)
    const ran = await stanch(home, ['client', 'list', '--json'], {
      env: {
        NODE_TLS_REJECT_UNAUTHORIZED: '0',
        AUTH0_DOMAIN: 'acme.eu.auth0.com.invalid',
        AUTH0_CLIENT_ID: 'A'.repeat(32),
        AUTH0_CLIENT_SECRET: 'a-secret-that-stays-here',
      },
    })
    equal(ran.code, 2)
    equal((ran.json()['error'] as {code: string}).code, 'config.insecure')
  })

  test('an authority that was named vouches for a loopback tenant, and only then is a request sent', async (t) => {
    const server = await faultServer({tls: {key: KEY, cert: GOOD}})
    t.after(() => server.stop())
    const home = newHome(t)
    const file = `${home.folder}/ca.pem`
    const {writeFileSync} = await import('node:fs')
    writeFileSync(file, AUTHORITY)
    ok(statSync(file).size > 0)
    await stanch(home, ['client', 'list', '--json'], {
      env: {
        STANCH_CA_FILE: file,
        AUTH0_DOMAIN: server.origin,
        AUTH0_CLIENT_ID: 'A'.repeat(32),
        AUTH0_CLIENT_SECRET: 'a-secret-that-stays-here',
      },
    })
    ok(server.arrived.length > 0)
  })
})
