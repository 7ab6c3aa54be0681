import {createServer as createHttpServer} from 'node:http'
import {createServer as createHttpsServer} from 'node:https'
import type {AddressInfo} from 'node:net'
import {gzipSync} from 'node:zlib'

import type {Act, Captured, Exchange} from './front.ts'
import type {NetworkStep} from './steps.ts'

/** How an answer is spoilt: `real` is what the tenant would have said, with or without having acted. */
export type Spoil = (exchange: Exchange, real: Captured) => Promise<void> | void

const JSON_TYPE = {'content-type': 'application/json; charset=utf-8'}

/** What the tenant would say if it acted: for faults that take the request away before it does. */
const PRETENDED: Readonly<Record<string, string>> = {
  n1: '{"access_token":"eyJhbGciOiJub25lIn0.e30.x","expires_in":86400,"token_type":"Bearer"}',
  n5: '{}',
  n6: '{"client_id":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","client_secret":"made-up-by-a-broken-proxy-0123456789"}',
  n7: '{"access_token":"eyJhbGciOiJub25lIn0.e30.x","expires_in":86400,"token_type":"Bearer"}',
}

/** Meets the first `times` requests of a step; lets the tenant act before when `effect`. */
export function meet(step: NetworkStep, effect: boolean, times: number, spoil: Spoil): Act {
  let met = 0
  return async (exchange) => {
    if (exchange.seen.step !== step || met >= times) return 'pass'
    met += 1
    const acts = effect || exchange.seen.method === 'GET'
    const real = acts ? await exchange.effect() : {status: 200, headers: JSON_TYPE, text: PRETENDED[step] ?? '{}'}
    return spoil(exchange, real)
  }
}

function raw({response}: Exchange, status: number, headers: Record<string, string | number>, text: string | Buffer): void {
  response.writeHead(status, {'date': new Date().toUTCString(), ...headers, 'content-length': Buffer.byteLength(text)})
  response.end(text)
}

function bodyOf(real: Captured): string {
  return real.text === '' ? '{"an":"answer that has a body"}' : real.text
}

function api(status: number, headers: Record<string, string | number> = {}): Spoil {
  return (exchange, real) => {
    const oauth = exchange.seen.path.startsWith('/oauth/')
    const body = oauth
      ? {
          error:
            status === 429
              ? 'too_many_requests'
              : status === 401
                ? 'access_denied'
                : status === 403
                  ? 'unauthorized_client'
                  : 'server_error',
          error_description: 'Injected',
        }
      : {statusCode: status, error: 'Injected', message: 'Injected fault'}
    const date = real.headers['date'] === undefined ? {} : {date: String(real.headers['date'])}
    raw(exchange, status, {...JSON_TYPE, ...date, ...headers}, JSON.stringify(body))
  }
}

const reset: Spoil = ({request}) => void request.socket.resetAndDestroy()

const RETRY_AFTER = ['soon', '-5', 'Wed, 21 Oct 2099 07:28:00 GMT']
const DEEP = 20_000

/** Spoilt answers by the plan's names. Those that need no answer at all, or another server, are in section E itself. */
export const SPOILS: Readonly<Record<string, Spoil>> = {
  E5: reset,
  E6: reset,
  E7: ({response, request}, real) => {
    const text = bodyOf(real)
    response.writeHead(real.status === 204 ? 200 : real.status, {...JSON_TYPE, 'content-length': Buffer.byteLength(text)})
    response.write(text.slice(0, Math.floor(text.length / 2)), () => request.socket.resetAndDestroy())
  },
  E8: ({response}) => void response.destroy(),
  E10: () => {},
  E11: ({response}, real) => {
    const text = bodyOf(real).padEnd(4000, ' ')
    response.writeHead(real.status === 204 ? 200 : real.status, {...JSON_TYPE, 'content-length': text.length})
    let at = 0
    const timer = setInterval(() => {
      if (response.destroyed || at >= text.length) return clearInterval(timer)
      response.write(text[at++])
    }, 50)
    response.on('close', () => clearInterval(timer))
  },
  E12: async ({response}) => {
    response.writeHead(200, JSON_TYPE)
    const block = Buffer.alloc(65_536, ' ')
    // Endless is 64 MB here: more than sixty times of what may be read.
    for (let sent = 0; sent < 1000 && !response.destroyed; sent++) {
      if (!response.write(block)) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
    }
    response.end()
  },
  E13: (exchange) => raw(exchange, 200, {...JSON_TYPE, 'content-encoding': 'gzip'}, BOMB),
  E14: (exchange, real) =>
    raw(exchange, real.status === 204 ? 200 : real.status, {...JSON_TYPE, 'x-padding': 'p'.repeat(100_000)}, bodyOf(real)),
  E15: api(400),
  E16: api(401),
  E17: api(403),
  E18: api(404),
  E19: api(408),
  E20: api(409),
  E21: api(429),
  E22: api(429, {'retry-after': '1'}),
  E23: api(429, {'retry-after': '86400'}),
  E24: (exchange, real) =>
    api(429, {'retry-after': RETRY_AFTER[Number(exchange.seen.step.slice(1)) % 3] ?? 'soon'})(exchange, real),
  E25: api(500),
  E26: api(502),
  E27: api(503),
  E28: api(504),
  E29: (exchange, real) => raw(exchange, 200, JSON_TYPE, bodyOf(real).slice(0, -5)),
  E30: (exchange) => raw(exchange, 200, JSON_TYPE, '\u0000\ufffd{"client_secret": garbage'),
  E31: (exchange) => raw(exchange, 200, JSON_TYPE, ''),
  E32: (exchange) =>
    raw(exchange, 200, {'content-type': 'text/html'}, '<html><form action="/login">Welcome to the hotel</form></html>'),
  E33: (exchange, real) => raw(exchange, 200, JSON_TYPE, wrongShape(exchange.seen.step, real)),
  E34: (exchange, real) =>
    raw(
      exchange,
      200,
      JSON_TYPE,
      bodyOf(real).replace(/^[{[]/, (open) => (open === '{' ? '{"twice":1,"twice":2,' : '[{"twice":1,"twice":2},')),
    ),
}

function wrongShape(step: string, real: Captured): string {
  switch (step) {
    case 'n1':
      return '{"access_token":12,"expires_in":"soon","token_type":{}}'
    case 'n2':
      return bodyOf(real).replace(/"client_id":"[^"]*"/, '"client_id":"AnotherClientAltogether000000000"')
    case 'n3':
      return 'null'
    case 'n4':
      return '{"__proto__":{"token_lifetime":1},"constructor":{"prototype":{}}}'
    case 'n5':
      return `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`
    case 'n6':
      return PRETENDED['n6'] ?? ''
    case 'n7':
      return 'null'
    default:
      return '{"client_grants":{"0":{}}}'
  }
}

/** 8 MB that come as 8 kB. */
const BOMB = gzipSync(Buffer.alloc(8_000_000, ' '))

/** A server that nothing may be told: it counts the bytes of requests that it could read. */
export interface Stranger {
  readonly port: number
  bytes(): number
  close(): void
}

export async function stranger(tls?: {readonly key: string; readonly cert: string}): Promise<Stranger> {
  let bytes = 0
  const server = tls ? createHttpsServer(tls) : createHttpServer()
  server.on('request', (request, response) => {
    bytes += request.rawHeaders.join('').length + 1
    request.on('data', (chunk: Buffer) => (bytes += chunk.length))
    response.writeHead(200, JSON_TYPE).end('{}')
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    bytes: () => bytes,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
