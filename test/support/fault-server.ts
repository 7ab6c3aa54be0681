import {once} from 'node:events'
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http'
import {createServer as createTlsServer} from 'node:https'
import type {AddressInfo} from 'node:net'
import {gzipSync} from 'node:zlib'

/** One request as it arrived, read to its end. */
export interface Arrived {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export type Answer = (request: Arrived, response: ServerResponse) => void

export interface FaultServer {
  readonly origin: string
  readonly port: number
  readonly arrived: Arrived[]
  /** TCP connections accepted, TLS handshakes that failed included. */
  readonly connections: () => number
  /** What the next requests get, in order; the last one stays. */
  answer(...answers: readonly Answer[]): void
  stop(): Promise<void>
}

/** A server on loopback that answers exactly as badly as it is told to. */
export async function faultServer(
  options: {readonly tls?: {readonly key: string; readonly cert: string}} = {},
): Promise<FaultServer> {
  const arrived: Arrived[] = []
  let answers: readonly Answer[] = [json(200, {})]
  let connections = 0
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    response.on('error', () => undefined)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      const one = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      }
      arrived.push(one)
      const [next, ...rest] = answers
      if (rest.length > 0) answers = rest
      next?.(one, response)
    })
  }
  const server: Server = options.tls ? createTlsServer({...options.tls}, listener) : createServer(listener)
  server.on('connection', () => void connections++)
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const {port} = server.address() as AddressInfo
  return {
    origin: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    arrived,
    connections: () => connections,
    answer: (...next) => void (answers = next),
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_request, response) =>
    void response.writeHead(status, {'content-type': 'application/json; charset=utf-8', ...headers}).end(JSON.stringify(body))
}

export function raw(status: number, type: string, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_request, response) =>
    void response.writeHead(status, {...(type !== '' && {'content-type': type}), ...headers}).end(body)
}

/** The request arrived whole; the connection dies before a byte of the answer. */
export const lost: Answer = (_request, response) => void response.socket?.resetAndDestroy()

/** Headers and the first half of a JSON body, then the connection dies. */
export const cut: Answer = (_request, response) => {
  response.writeHead(200, {'content-type': 'application/json', 'content-length': '1000'})
  response.write('{"client_id":"')
  setImmediate(() => response.socket?.resetAndDestroy())
}

/** A JSON string that never ends, as fast as it is read. */
export const endless: Answer = (_request, response) => {
  response.writeHead(200, {'content-type': 'application/json'})
  const chunk = Buffer.alloc(64 * 1024, 'a')
  response.write('"')
  const more = () => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once('drain', more)
  }
  more()
}

/** One byte every 20 ms: each of them resets an idle timer, so that only a total deadline ends it. */
export const drip: Answer = (_request, response) => {
  response.writeHead(200, {'content-type': 'application/json'})
  const timer = setInterval(() => void response.write(' '), 20)
  response.on('close', () => clearInterval(timer))
}

/** Says nothing at all. */
export const silent: Answer = () => undefined

/** 200 MB of zeros in 200 kB. */
export const gzipBomb: Answer = (_request, response) =>
  void response
    .writeHead(200, {'content-type': 'application/json', 'content-encoding': 'gzip'})
    .end(gzipSync(Buffer.alloc(20 * 1024 * 1024)))

/** Not HTTP. */
export const garbage: Answer = (_request, response) => void response.socket?.end('\u0000\u0001 secret-canary-in-garbage \r\n\r\n')
