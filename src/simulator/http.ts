import type {IncomingMessage, ServerResponse} from 'node:http'
import type {Fault} from './faults.ts'
import type {World} from './state.ts'
import {apiError, Refusal, type Answer} from './wire.ts'

/** Bytes; Auth0 documents 1 MB for bodies. */
const MAX_BODY = 1_048_576

/** The body of a request, decoded by its media type. Undefined when there is none. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY) throw new Refusal(apiError(413, 'Payload content length greater than maximum allowed: 1048576'))
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  if (text === '') return undefined
  if ((request.headers['content-type'] ?? '').includes('application/x-www-form-urlencoded')) {
    return Object.fromEntries(new URLSearchParams(text))
  }
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Refusal(apiError(400, 'Invalid request payload JSON format'))
  }
}

/** Writes an answer with the headers of the real service; the Date is the tenant's. */
export function send(world: World, response: ServerResponse, answer: Answer): void {
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body)
  response.writeHead(answer.status, {
    date: new Date(world.time.ms()).toUTCString(),
    'x-auth0-requestid': world.random.requestId(),
    'cache-control': 'no-cache',
    ...(text === '' ? {} : {'content-type': 'application/json; charset=utf-8'}),
    'content-length': Buffer.byteLength(text),
    ...answer.headers,
  })
  response.end(text)
}

/**
 * What the client gets to see when a fault hits. `answer` is there when the request took effect before.
 * Returns the status that left, 0 when none did.
 */
export function sendFaulty(world: World, response: ServerResponse, fault: Fault, answer: Answer | undefined): number {
  // A 204 has no body that could be damaged.
  const status = fault.status ?? (answer === undefined || answer.status === 204 ? 200 : answer.status)
  const raw = (code: number, type: string, text: string) => {
    response.writeHead(code, {
      date: new Date(world.time.ms()).toUTCString(),
      'content-type': type,
      'content-length': Buffer.byteLength(text),
    })
    response.end(text)
    return code
  }
  switch (fault.do) {
    case 'lose_change_and_answer':
    case 'lose_answer':
      response.socket?.destroy()
      return 0
    case 'slow':
      if (answer) send(world, response, answer)
      else response.socket?.destroy()
      return answer?.status ?? 0
    case 'cut': {
      const text = JSON.stringify(answer?.body ?? {})
      response.writeHead(status, {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(text) + 16,
      })
      response.write(text.slice(0, Math.floor(text.length / 2)), () => response.socket?.destroy())
      return 0
    }
    case 'garbage':
      return raw(status, 'application/json; charset=utf-8', '\u0000\ufffd{"client_secret": garbage')
    case 'empty':
      return raw(status, 'application/json; charset=utf-8', '')
    case 'html':
      return raw(fault.status ?? 502, 'text/html', '<html><body><h1>502 Bad Gateway</h1></body></html>')
    case 'status': {
      const code = fault.status ?? 500
      const headers = fault.retry_after === undefined ? {} : {'retry-after': String(fault.retry_after)}
      const message = code === 429 ? 'Global limit has been reached' : 'Injected fault'
      send(world, response, {...apiError(code, message, code === 429 ? 'too_many_requests' : undefined), headers})
      return code
    }
  }
}
