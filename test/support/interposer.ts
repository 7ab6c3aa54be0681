import {once} from 'node:events'
import {createServer, request as ask} from 'node:http'
import type {AddressInfo} from 'node:net'
import {createServer as listen} from 'node:net'
import type {TestContext} from 'node:test'

import type {Answer, Arrived} from './fault-server.ts'
import type {Scene} from './incident.ts'

export interface Interposed {
  /** Connects the built program to the interposer instead of the tenant. */
  readonly connection: Readonly<Record<string, string>>
  readonly arrived: readonly Arrived[]
}

/**
 * Stands between the program and the simulated tenant like a broken or hostile network: what `instead` gives an answer for
 * never reaches the tenant; all else is passed on as it is.
 */
export async function interpose(
  t: TestContext,
  at: Pick<Scene, 'simulator'>,
  instead: (request: Arrived) => Answer | undefined,
): Promise<Interposed> {
  const arrived: Arrived[] = []
  const tenant = new URL(at.simulator.origin)
  const server = createServer((request, response) => {
    response.on('error', () => undefined)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const one = {method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: body.toString()}
      arrived.push(one)
      const answer = one.path.startsWith('/.stanch/') ? undefined : instead(one)
      if (answer) return answer(one, response)
      const onward = ask(
        {
          host: tenant.hostname,
          port: tenant.port,
          method: one.method,
          path: one.path,
          headers: {...one.headers, host: tenant.host},
        },
        (answered) => {
          response.writeHead(answered.statusCode ?? 502, answered.headers)
          answered.pipe(response)
        },
      )
      onward.on('error', () => response.destroy())
      onward.end(body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const {port} = server.address() as AddressInfo
  const {AUTH0_DOMAIN: _own, ...credential} = at.simulator.connection
  return {
    arrived,
    connection: {...credential, AUTH0_DOMAIN: `http://127.0.0.1:${port}`, AUTH0_AUDIENCE: `${at.simulator.origin}/api/v2/`},
  }
}

export interface SecondOrigin {
  readonly origin: string
  readonly port: number
  /** Every byte that anybody sent here, and how many connections there were. */
  readonly heard: () => {readonly connections: number; readonly bytes: number}
}

/** A place where nothing of ours may ever arrive: it listens, says nothing and counts. */
export async function secondOrigin(t: TestContext): Promise<SecondOrigin> {
  let connections = 0
  let bytes = 0
  const server = listen((socket) => {
    connections += 1
    socket.on('data', (chunk) => void (bytes += chunk.length))
    socket.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => void server.close())
  const {port} = server.address() as AddressInfo
  return {origin: `http://127.0.0.1:${port}`, port, heard: () => ({connections, bytes})}
}
