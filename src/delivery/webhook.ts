import {request as httpRequest} from 'node:http'
import {request as httpsRequest} from 'node:https'

import {StanchError, systemCode} from '../errors.ts'
import {quoted} from '../untrusted.ts'

const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/

/**
 * An address that notifications may go to: https, or http to this very machine.
 *
 * @throws sink.invalid for everything else; the text is not repeated, because such an address is often a secret itself
 */
export function webhookUrl(text: string): URL {
  const url = text.length <= 2048 && URL.canParse(text) ? new URL(text) : undefined
  if (
    !url ||
    (url.protocol !== 'https:' && url.protocol !== 'http:') ||
    url.username !== '' ||
    url.password !== '' ||
    url.hash !== ''
  ) {
    throw new StanchError('sink.invalid', 'webhook: needs an https address without a user and without a fragment.')
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    throw new StanchError('sink.invalid', `Plain http to ${quoted(url.host)} would show the incident to everybody on the way.`, {
      hint: 'Use https. Plain http is accepted for loopback addresses only.',
    })
  }
  return url
}

/**
 * Posts a JSON text once. TLS is verified whatever the environment says, no redirect is followed, no credential is
 * sent, no proxy is used, and of the answer only the status is looked at.
 *
 * @returns its status; rejects with the system's error name, `timeout` or `stopped` as the message of `delivery.failed`
 */
export function postJson(
  url: URL,
  body: string,
  options: {readonly seconds: number; readonly signal?: AbortSignal | undefined},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new StanchError('delivery.failed', why))
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const call = send(url, {
      method: 'POST',
      agent: false,
      rejectUnauthorized: true,
      headers: {'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'user-agent': 'stanch'},
    })
    const stop = () => call.destroy(new StanchError('delivery.failed', 'stopped'))
    const timer = setTimeout(() => call.destroy(new StanchError('delivery.failed', 'timeout')), options.seconds * 1000)
    const end = () => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', stop)
    }
    options.signal?.addEventListener('abort', stop, {once: true})
    call.once('error', (error) => {
      end()
      fail(error instanceof StanchError ? error.message : (systemCode(error) ?? 'no answer'))
    })
    call.once('response', (answer) => {
      end()
      // What it says is of no interest, and might be endless.
      answer.destroy()
      resolve(answer.statusCode ?? 0)
    })
    if (options.signal?.aborted) stop()
    else call.end(body)
  })
}
