import {equal, match, ok, rejects} from 'node:assert/strict'
import {execFile} from 'node:child_process'
import {once} from 'node:events'
import {createServer} from 'node:net'
import type {AddressInfo} from 'node:net'
import {test} from 'node:test'
import {promisify} from 'node:util'
import {parseOrigin} from '../../src/auth0/origin.ts'
import {Tenant} from '../../src/auth0/tenant.ts'
import {silentLogger} from '../../src/logger.ts'
import {granted, instantClock, OPERATOR, tenantAt} from './support.ts'
import {AUTHORITY, EXPIRED, GOOD, KEY, NOT_YET, OTHER_HOST} from '../support/certificates.ts'
import {faultServer} from '../support/fault-server.ts'

const run = promisify(execFile)

test('a certificate of a trusted authority for this host is accepted', async () => {
  const server = await faultServer({tls: {key: KEY, cert: GOOD}})
  const tenant = await tenantAt(server, {ca: AUTHORITY})
  server.answer(granted())
  equal((await tenant.operator()).minted, true)
  await tenant.close()
  await server.stop()
})

for (const [what, cert, ca, cause] of [
  ['that expired', EXPIRED, AUTHORITY, /expired/],
  ['that is not valid yet', NOT_YET, AUTHORITY, /not valid yet/],
  ['for another host', OTHER_HOST, AUTHORITY, /another host/],
  ['of an authority nobody trusts', GOOD, undefined, /not trusted/],
] as const) {
  test(`a certificate ${what} is refused at once: no request, no repeat, and the error says why`, async () => {
    const server = await faultServer({tls: {key: KEY, cert}})
    server.answer(granted())
    const clock = instantClock()
    const tenant = await tenantAt(server, {clock, ...(ca !== undefined && {ca})})
    await rejects(tenant.operator(), (error: Error & {code?: string}) => {
      equal(error.code, 'auth0.insecure')
      match(error.message, cause)
      return true
    })
    equal(server.arrived.length, 0)
    equal(clock.slept.length, 0)
    const {sent} = await tenant.change({kind: 'client_secret.rotate', client_id: 'ClientA'}, 'c')
    equal(sent.kind, 'not_sent')
    await tenant.close()
    await server.stop()
  })
}

/** Runs the operator's token request in a process of its own, with this environment, and tells how it ended. */
async function inProcess(origin: string, env: Readonly<Record<string, string>>, ca?: string): Promise<string> {
  const {stdout} = await run(process.execPath, ['test/auth0/token-process.ts', origin, ca ?? ''], {
    env: {PATH: process.env['PATH'], NODE_NO_WARNINGS: '1', ...env},
    timeout: 30_000,
  })
  return stdout.trim()
}

test('NODE_TLS_REJECT_UNAUTHORIZED=0 opens nothing: an untrusted certificate on loopback is refused all the same', async () => {
  const server = await faultServer({tls: {key: KEY, cert: GOOD}})
  server.answer(granted())
  equal(await inProcess(server.origin, {NODE_TLS_REJECT_UNAUTHORIZED: '0'}), 'auth0.insecure')
  equal(await inProcess(server.origin, {NODE_TLS_REJECT_UNAUTHORIZED: '0'}, AUTHORITY), 'granted')
  equal(server.arrived.length, 1)
  await server.stop()
})

test('NODE_TLS_REJECT_UNAUTHORIZED=0 and an origin beyond loopback do not go together', async () => {
  equal(await inProcess('https://acme.invalid', {NODE_TLS_REJECT_UNAUTHORIZED: '0'}), 'config.insecure')
})

test('proxies in the environment are not used, with NODE_USE_ENV_PROXY or without', async () => {
  const server = await faultServer()
  server.answer(granted())
  let proxied = 0
  const proxy = createServer((socket) => {
    proxied++
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  for (const use of ['0', '1']) {
    const env = {
      NODE_USE_ENV_PROXY: use,
      HTTP_PROXY: url,
      HTTPS_PROXY: url,
      http_proxy: url,
      https_proxy: url,
      ALL_PROXY: url,
      NO_PROXY: '',
    }
    equal(await inProcess(server.origin, env), 'granted')
  }
  equal(proxied, 0)
  proxy.close()
  await server.stop()
})

test('a proxy that was asked for sees the name of the host and nothing else', async () => {
  const server = await faultServer({tls: {key: KEY, cert: GOOD}})
  server.answer(granted())
  let seen = ''
  const proxy = createServer((socket) => {
    socket.once('data', (bytes) => {
      seen += bytes.toString('latin1')
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    })
    socket.on('error', () => undefined)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const tenant = await tenantAt(server, {ca: AUTHORITY, proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`})
  await rejects(tenant.operator(), {code: 'auth0.unreachable'})
  match(seen, new RegExp(`^CONNECT 127\\.0\\.0\\.1:${server.port} `))
  ok(!seen.includes('operator-secret-canary') && !/authorization/i.test(seen))
  equal(server.connections(), 0)
  await tenant.close()
  proxy.close()
  await server.stop()
})

test('a proxy for plain http, or one that is no http URL, is refused', async () => {
  const shared = {credential: OPERATOR, clock: instantClock(), logger: silentLogger, userAgent: 'stanch/test'}
  await rejects(Tenant.connect({...shared, origin: parseOrigin('http://127.0.0.1:1'), proxy: 'http://127.0.0.1:2'}), {
    code: 'config.insecure',
  })
  for (const proxy of ['socks5://127.0.0.1:2', 'nonsense', '']) {
    await rejects(Tenant.connect({...shared, origin: parseOrigin('acme.eu.auth0.com'), proxy}), {code: 'config.invalid'})
  }
})
